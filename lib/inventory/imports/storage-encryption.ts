/** Import of what a provider or a storage array says about the encryption of volumes. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

const record = z.strictObject({
  of: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("account") }),
    z.strictObject({ kind: z.literal("StorageClass"), name: label }),
    z.strictObject({ kind: z.literal("PersistentVolume"), name: label }),
  ]),
  isEncrypted: z.boolean(),
  key: z.enum(["customer", "platform"]).nullable().default(null),
  found: label,
});

export const storageEncryptionImport = documentImport(
  {
    id: "storage-encryption",
    title: "Encryption of volumes",
    nature: "fact",
    description:
      "Whether disks are encrypted where no StorageClass says it: the account's default for new disks, one StorageClass of an on-premises array, or one volume.",
    howToGet:
      "AWS: aws ec2 get-ebs-encryption-by-default, and aws ec2 describe-volumes for volumes that are older than the default. On premises: the array's report. Write what it says in this form.",
    controls: ["sto-volume-protection"],
    example: `storageEncryption:
  - of: { kind: account }
    isEncrypted: true
    key: customer
    found: "EbsEncryptionByDefault: true, key alias/ebs-default"
  - of: { kind: StorageClass, name: local-nvme }
    isEncrypted: true
    key: customer
    found: "LUKS2 on every node, audit of 2026-10-14"
`,
  },
  z.strictObject({ storageEncryption: z.array(record).min(1).max(5000) }),
  ({ storageEncryption }, origin) => ({
    facts: { storageEncryption: storageEncryption.map((entry) => ({ origin, ...entry })) },
  }),
);
