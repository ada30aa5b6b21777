/** Import of the provider's record of KMS keys that encrypt Secrets. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

export const kmsKeysImport = documentImport(
  {
    id: "kms-keys",
    title: "KMS keys that encrypt Secrets",
    nature: "fact",
    description: "How old the material of each key is, and whether the provider changes it by itself.",
    howToGet:
      "AWS: aws kms list-key-rotations --key-id KEY and aws kms get-key-rotation-status --key-id KEY. Google: gcloud kms keys describe KEY --keyring RING --location L. Azure: az keyvault key show --id KEY. Write what they say as in the example.",
    controls: ["sec-encryption-provider-strong"],
    example: `keys:
  - key: "arn:aws:kms:eu-central-1:111122223333:key/example"
    materialCreatedAt: 2026-06-01T00:00:00Z
    isAutomaticRotationOn: true
    rotationPeriodDays: 365
`,
  },
  z.strictObject({
    keys: z
      .array(
        z.strictObject({
          key: label,
          materialCreatedAt: time,
          isAutomaticRotationOn: z.boolean(),
          rotationPeriodDays: z.number().int().min(1).max(3660).optional(),
        }),
      )
      .min(1)
      .max(100),
  }),
  ({ keys }, origin) => ({ facts: { keyRecords: keys.map((entry) => ({ origin, ...entry })) } }),
);
