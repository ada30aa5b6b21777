/** Import of the inventory of certificates. */
import { z } from "zod";
import { certificateEntry } from "../registers/certificates";
import { documentImport } from "./types";

export const certificateRegisterImport = documentImport(
  {
    id: "certificate-register",
    title: "Inventory of certificates",
    nature: "register",
    description:
      "Who owns each certificate that protects account data on its way, what it is for and when it was last reviewed. Certificates outside the cluster belong here too.",
    howToGet: "From the certificate inventory; name each certificate by fingerprint, by its Secret or by its host.",
    controls: ["tls-cert-inventory"],
    example: `certificates:
  - certificate: { namespace: cde-frontend, secret: pay-tls }
    owner: Platform team
    purpose: Public checkout page
    reviewedAt: 2026-09-01
    reviewedBy: maria.keller@example.com
  - certificate: { elsewhere: CDN edge for pay.example.com }
    owner: Web team
    purpose: Public checkout page at the CDN
    reviewedAt: 2026-09-01
    reviewedBy: maria.keller@example.com
`,
  },
  z.strictObject({ certificates: z.array(certificateEntry).max(20_000) }),
  ({ certificates }) => ({ registers: { certificates } }),
);
