/** The allow-lists of kinds about volumes and backups. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const persistentVolumeClaimBody: CustomBody = record({ spec: open, status: open });
export const storageClassBody: CustomBody = record({ spec: open, status: open });
export const volumeSnapshotBody: CustomBody = record({ spec: open, status: open });
export const backupStorageLocationBody: CustomBody = record({ spec: open, status: open });
export const scheduleBody: CustomBody = record({ spec: open, status: open });
