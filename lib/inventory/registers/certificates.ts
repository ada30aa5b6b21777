/** The inventory of certificates that protect account data on its way (PCI DSS 4.2.1.1). */
import { z } from "zod";
import { moment, name, words } from "./approval";

const fingerprint = z
  .string()
  .transform((text) => text.replaceAll(":", "").toLowerCase())
  .refine((text) => /^[0-9a-f]{64}$/.test(text), "must be a SHA-256 fingerprint");

export const certificateEntry = z.strictObject({
  /** Which certificate: one of these. */
  certificate: z.union([
    z.strictObject({ fingerprint }),
    z.strictObject({ namespace: name, secret: name }),
    z.strictObject({ host: name }),
    /** Outside the cluster, in words. */
    z.strictObject({ elsewhere: name }),
  ]),
  owner: name,
  purpose: words,
  /** Days for which its key may be used. */
  cryptoperiodDays: z.int().min(1).max(3650).optional(),
  reviewedAt: moment,
  reviewedBy: name,
});
export type CertificateEntry = z.output<typeof certificateEntry>;
