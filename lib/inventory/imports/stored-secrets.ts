/** Import of how Secrets are stored in etcd: counts by prefix, or the record that all were written again. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

const count = z.number().int().min(0).max(10_000_000);

export const storedSecretsImport = documentImport(
  {
    id: "stored-secrets",
    title: "How Secrets are stored in etcd",
    nature: "fact",
    description:
      "How many values of Secrets begin with which prefix of encryption and key name, never a value; and when every Secret was last written again.",
    howToGet:
      "As root on a control-plane node, the loop that the control sec-secrets-reencrypted shows: it prints counts for each prefix. `PLAIN` is provider plain, `k8s:enc:aescbc:v1:key1:` is provider aescbc, version v1, key key1.",
    controls: ["sec-secrets-reencrypted"],
    example: `counted:
  - prefix: /registry/secrets/
    counts:
      - { provider: aescbc, version: v1, key: key2, count: 214 }
      - { provider: plain, count: 0 }
rewritten:
  - { startedAt: 2026-11-20T08:00:00Z, finishedAt: 2026-11-20T08:02:00Z, total: 214, failed: 0 }
`,
  },
  z
    .strictObject({
      counted: z
        .array(
          z.strictObject({
            prefix: label,
            counts: z
              .array(
                z.union([
                  z.strictObject({ provider: z.literal("plain"), count }),
                  z.strictObject({
                    provider: z.enum(["aescbc", "aesgcm", "secretbox", "kms"]),
                    version: z.enum(["v1", "v2"]),
                    key: label,
                    count,
                  }),
                ]),
              )
              .min(1)
              .max(100),
          }),
        )
        .max(10)
        .optional(),
      rewritten: z
        .array(z.strictObject({ startedAt: time, finishedAt: time, total: count, failed: count }))
        .max(100)
        .optional(),
    })
    .refine(({ counted, rewritten }) => counted !== undefined || rewritten !== undefined, "needs counted or rewritten"),
  ({ counted, rewritten }, origin) => ({
    facts: {
      ...(counted === undefined ? {} : { storedSecrets: counted.map((entry) => ({ origin, ...entry })) }),
      ...(rewritten === undefined ? {} : { secretRewrites: rewritten.map((entry) => ({ origin, ...entry })) }),
    },
  }),
);
