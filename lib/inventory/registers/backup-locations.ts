/** Where backups of the cluster and of its data lie, what they hold and how long they are kept (PCI DSS 9.4.1, 9.4.5, 3.2.1). */
import { z } from "zod";
import { name, words } from "./approval";

export const backupLocation = z.strictObject({
  /** What takes the backup. `provider`: the platform's own service. */
  source: z.enum(["velero", "etcd-snapshot", "volume-snapshot", "provider", "other"]),
  /** Bucket, vault, share or path, as the backup tool names it. */
  location: name,
  content: words,
  holdsCardholderData: z.boolean(),
  retentionDays: z.number().int().min(1).max(36_500),
  owner: name,
  /** The files are encrypted before they leave the host. */
  isEncryptedBeforeUpload: z.boolean().default(false),
});
export type BackupLocation = z.output<typeof backupLocation>;
