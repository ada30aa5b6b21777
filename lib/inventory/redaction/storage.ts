/** The allow-lists of kinds about volumes and backups. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { condition } from "./pod";
import { flag, isObject, list, map, quantity, record, type Shape, text } from "./shape";

export const persistentVolumeClaimBody: CustomBody = record(
  {
    spec: record({
      storageClassName: text,
      volumeName: text,
      volumeMode: text,
      accessModes: list(text),
      resources: record({ requests: map(quantity) }),
      dataSource: record({ apiGroup: text, kind: text, name: text }),
    }),
    status: record({ phase: text, conditions: list(condition) }),
  },
  ["spec"],
);

/**
 * Parameters of storage classes that say whether a volume is encrypted, and with which key. All others are left out: some drivers
 * take passwords and names of Secrets there.
 */
const ENCRYPTION_PARAMETERS: ReadonlySet<string> = new Set([
  "encrypted",
  "kmskeyid",
  "disk-encryption-kms-key",
  "diskencryptionsetid",
  "encryptionkmsid",
  "secure",
  "linodebs.csi.linode.com/luks-encrypted",
]);
const parameters: Shape<Record<string, string>> = (value, at) => {
  if (!isObject(value)) return at.fail("must be an object");
  const listed = Object.keys(value).filter((key) => ENCRYPTION_PARAMETERS.has(key.toLowerCase()));
  at.dropped += Object.keys(value).length - listed.length;
  return map(text)(Object.fromEntries(listed.map((key) => [key, value[key]])), at);
};
/** A StorageClass has no spec: its fields stand at the top. */
export const storageClassBody: CustomBody = record(
  { provisioner: text, parameters, reclaimPolicy: text, volumeBindingMode: text, allowVolumeExpansion: flag },
  ["provisioner"],
);

export const volumeSnapshotBody: CustomBody = record(
  {
    spec: record({
      volumeSnapshotClassName: text,
      source: record({ persistentVolumeClaimName: text, volumeSnapshotContentName: text }),
    }),
    status: record({ readyToUse: flag, creationTime: text, restoreSize: quantity }),
  },
  ["spec"],
);

/** Settings of a backup location that say how its objects are encrypted. Credentials are named elsewhere and not read. */
const backupConfig = record({
  region: text,
  serverSideEncryption: text,
  kmsKeyId: text,
  kmsKeyName: text,
  customerKeyEncryptionFile: text,
  customerKeyEncryptionSecret: text,
  insecureSkipTLSVerify: text,
  storageAccount: text,
});
export const backupStorageLocationBody: CustomBody = record(
  {
    spec: record({
      provider: text,
      accessMode: text,
      default: flag,
      objectStorage: record({ bucket: text, prefix: text }),
      config: backupConfig,
    }),
    status: record({ phase: text, lastSyncedTime: text, lastValidationTime: text }),
  },
  ["spec"],
);
export const scheduleBody: CustomBody = record(
  {
    spec: record({
      schedule: text,
      paused: flag,
      template: record({
        storageLocation: text,
        includedNamespaces: list(text),
        excludedNamespaces: list(text),
        ttl: text,
        snapshotVolumes: flag,
        defaultVolumesToFsBackup: flag,
      }),
    }),
    status: record({ phase: text, lastBackup: text }),
  },
  ["spec"],
);
