/** Import of TLS handshakes: which versions and ciphers each listener accepted. */
import { z } from "zod";
import { TLS_VERSIONS } from "../imported-exposure";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

export const tlsProbesImport = documentImport(
  {
    id: "tls-probes",
    title: "TLS handshakes",
    nature: "fact",
    description:
      "Which protocol versions and ciphers each listener accepted when every version was tried. What was not tried is not known.",
    howToGet:
      "Try the cluster's own listener, not a CDN before it: testssl.sh --ip ADDRESS --protocols --each-cipher --jsonfile out.json HOST:443, or nmap --script ssl-enum-ciphers -p 443 HOST. A modern openssl refuses TLS 1.1 by itself, so its failure proves nothing.",
    controls: ["tls-protocol-floor"],
    example: `probes:
  - host: pay.example.com
    port: 443
    checkedAt: 2026-11-20T09:00:00Z
    versions:
      - { version: TLSv1.0, isAccepted: false }
      - { version: TLSv1.1, isAccepted: false }
      - { version: TLSv1.2, isAccepted: true, ciphers: [ECDHE-RSA-AES128-GCM-SHA256] }
      - { version: TLSv1.3, isAccepted: true, ciphers: [TLS_AES_128_GCM_SHA256] }
`,
  },
  z.strictObject({
    probes: z
      .array(
        z.strictObject({
          host: label,
          port: z.int().min(1).max(65_535),
          checkedAt: time,
          versions: z
            .array(
              z.strictObject({
                version: z.enum(TLS_VERSIONS),
                isAccepted: z.boolean(),
                ciphers: z.array(label).max(500).optional(),
              }),
            )
            .min(1)
            .max(TLS_VERSIONS.length),
        }),
      )
      .min(1)
      .max(2000),
  }),
  ({ probes }, origin) => ({ facts: { tlsProbes: probes.map((probe) => ({ origin, ...probe })) } }),
);
