/** Keys that encrypt Secrets at rest, with their age and how long each may be used (PCI DSS 3.7.4). */
import { z } from "zod";
import { moment, name } from "./approval";

export const encryptionKey = z.strictObject({
  /** Name of the key in the encryption configuration, or of the KMS key. */
  key: name,
  createdAt: moment,
  /** How long it may be used, as the key policy defines it. */
  cryptoperiodDays: z.number().int().min(1).max(3660),
  /** Something changes it by itself, so that aesgcm's limit of writes is kept. */
  isRotatedAutomatically: z.boolean().default(false),
  /** Secrets under it hold keys that protect account data; then a key beside them on the same host isn't enough. */
  protectsAccountDataKeys: z.boolean().default(false),
});
export type EncryptionKeyEntry = z.output<typeof encryptionKey>;
