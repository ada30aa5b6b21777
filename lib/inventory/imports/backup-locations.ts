/** Import of the inventory of backups. */
import { z } from "zod";
import { backupLocation } from "../registers/backup-locations";
import { documentImport } from "./types";

export const backupLocationsImport = documentImport(
  {
    id: "backup-locations",
    title: "Inventory of backups",
    nature: "register",
    description:
      "Where backups of the cluster and its data lie, what they hold, how long they are kept and who answers for them. A location that is not on the list counts as unknown media.",
    howToGet: "Kept by whoever runs the backups; write it as YAML.",
    controls: ["sto-backup-protected"],
    example: `backups:
  - source: velero
    location: meridian-velero-prod
    content: Kubernetes objects of all namespaces and volumes of cde-storage
    holdsCardholderData: true
    retentionDays: 90
    owner: platform@example.com
  - source: etcd-snapshot
    location: s3://meridian-etcd/pci-prod
    content: etcd, Secrets included
    holdsCardholderData: false
    retentionDays: 14
    owner: platform@example.com
    isEncryptedBeforeUpload: true
`,
  },
  z.strictObject({ backups: z.array(backupLocation).max(1000) }),
  ({ backups }) => ({ registers: { backupLocations: backups } }),
);
