/** Import of what a provider says about the buckets that hold backups. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

const bucket = z.strictObject({
  bucket: label,
  encryption: z.enum(["none", "platform-key", "customer-key"]),
  isPublic: z.boolean(),
  unapprovedReaders: z.union([z.literal("everyone"), z.array(label).max(1000)]),
  lockDays: z.number().int().min(0).max(36_500).nullable(),
  found: label,
});

export const backupBucketsImport = documentImport(
  {
    id: "backup-buckets",
    title: "Settings of backup buckets",
    nature: "fact",
    description:
      "Encryption, public access, readers and object lock of the buckets that backups go to. A bucket's default encryption stands in no Kubernetes object.",
    howToGet:
      "AWS: aws s3api get-bucket-encryption, get-public-access-block, get-bucket-policy-status, get-object-lock-configuration. Google: gcloud storage buckets describe. Azure: az storage account show. Write what they say in this form; readers are those that are not approved.",
    controls: ["sto-backup-protected"],
    example: `buckets:
  - bucket: meridian-velero-prod
    encryption: customer-key
    isPublic: false
    unapprovedReaders: []
    lockDays: 90
    found: "aws:kms alias/velero, BlockPublicAcls all true, object lock COMPLIANCE 90 days"
  - bucket: meridian-velero-staging
    encryption: platform-key
    isPublic: false
    unapprovedReaders: ["arn:aws:iam::123456789012:role/developers"]
    lockDays: null
    found: "AES256, bucket policy allows role/developers s3:GetObject"
`,
  },
  z.strictObject({ buckets: z.array(bucket).min(1).max(1000) }),
  ({ buckets }, origin) => ({ facts: { backupBuckets: buckets.map((entry) => ({ origin, ...entry })) } }),
);
