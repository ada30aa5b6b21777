/** Rich raw objects of the kinds of storage.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const STORAGE_SAMPLES = {
  persistentvolumeclaims: {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: meta("persistentvolumeclaims", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  storageclasses: {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: meta("storageclasses"),
    spec: { example: "value", password: "spec-secret" },
  },
  volumesnapshots: {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshot",
    metadata: meta("volumesnapshots", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "velero-backupstoragelocations": {
    apiVersion: "velero.io/v1",
    kind: "BackupStorageLocation",
    metadata: meta("velero-backupstoragelocations", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "velero-schedules": {
    apiVersion: "velero.io/v1",
    kind: "Schedule",
    metadata: meta("velero-schedules", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
};
