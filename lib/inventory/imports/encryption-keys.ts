/** Import of the register of keys that encrypt Secrets, with their cryptoperiods. */
import { z } from "zod";
import { encryptionKey } from "../registers/encryption-keys";
import { documentImport } from "./types";

export const encryptionKeysImport = documentImport(
  {
    id: "encryption-keys",
    title: "Keys that encrypt Secrets",
    nature: "register",
    description:
      "Each key by the name that the encryption configuration gives it, when it was made, and how long it may be used. Never the key itself.",
    howToGet: "From the key inventory that you keep for requirement 12.3.3 and the key policy (3.7.4).",
    controls: ["sec-encryption-provider-strong", "sec-secrets-reencrypted"],
    example: `keys:
  - key: key2
    createdAt: 2026-05-07
    cryptoperiodDays: 365
    isRotatedAutomatically: false
    protectsAccountDataKeys: false
`,
  },
  z.strictObject({ keys: z.array(encryptionKey).max(500) }),
  ({ keys }) => ({ registers: { encryptionKeys: keys } }),
);
