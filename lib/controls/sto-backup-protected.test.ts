import { cdeNamespace, cronJob, namespace, object, staticPod } from "@/lib/fixtures/builders";
import type { BackupBucketRecord } from "@/lib/inventory/imported-storage";
import type { BackupLocation } from "@/lib/inventory/registers/backup-locations";
import { stoBackupProtected } from "./sto-backup-protected";
import { describeControl } from "./testing";

const origin = { by: "upload", name: "backups.yaml by ann", collectedAt: "2026-11-20T00:00:00Z" } as const;
const location = (config?: Record<string, string>, spec: object = {}) =>
  object("velero.io/v1", "BackupStorageLocation", "default", "velero", {
    spec: {
      provider: "aws",
      objectStorage: { bucket: "backups", prefix: "prod" },
      ...(config === undefined ? {} : { config }),
      ...spec,
    },
    status: { phase: "Available" },
  });
const kms = { region: "eu-central-1", kmsKeyId: "alias/velero" };
const bucket = (fields: Partial<BackupBucketRecord> = {}): BackupBucketRecord => ({
  origin,
  bucket: "backups",
  encryption: "customer-key",
  isPublic: false,
  unapprovedReaders: [],
  lockDays: null,
  found: "aws:kms",
  ...fields,
});
const entry = (fields: Partial<BackupLocation> = {}): BackupLocation => ({
  source: "velero",
  location: "backups",
  content: "All namespaces",
  holdsCardholderData: true,
  retentionDays: 90,
  owner: "ann",
  isEncryptedBeforeUpload: false,
  ...fields,
});
const known = (buckets: BackupBucketRecord[], entries: BackupLocation[], facts: object = {}) => ({
  facts: { backupBuckets: buckets, ...facts },
  registers: { backupLocations: entries },
});
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const etcdJob = cronJob("etcd-backup", "kube-system", {
  containers: [{ name: "snapshot", image: "registry.example.com/etcd-backup:1" }],
});
const writes = (prefix: string) => ({
  encryptionTransformers: [{ operation: "to_storage", resource: "secrets", prefix, count: 3 }],
});

describeControl(stoBackupProtected, [
  {
    name: "encrypted, restricted, in the inventory",
    status: "pass",
    objects: world(location(kms)),
    options: known([bucket()], [entry()]),
    object: "BackupStorageLocation/velero/default",
    says: "inventory: All namespaces, kept 90 days, ann; holds card data, so its storage is in scope",
    assessor: { prints: 'velero\tdefault\taws\tbackups\t{"kmsKeyId":"alias/velero"}' },
  },
  {
    name: "the bucket's default encryption counts, which no object shows",
    status: "pass",
    objects: world(location()),
    options: known([bucket()], [entry({ location: "s3://backups/prod" })]),
    says: "the bucket encrypts with a customer key",
  },
  {
    name: "no encryption",
    status: "fail",
    severity: "high",
    objects: world(location()),
    options: known([bucket({ encryption: "none" })], [entry()]),
    says: "is not encrypted, neither by a setting nor by the bucket",
    assessor: { prints: "velero\tdefault\taws\tbackups\t{}" },
  },
  {
    name: "readable for the world",
    status: "fail",
    severity: "critical",
    objects: world(location(kms)),
    options: known([bucket({ isPublic: true })], [entry()]),
    says: "can be read by everybody",
  },
  {
    name: "readable for somebody whom nobody approved",
    status: "fail",
    objects: world(location(kms)),
    options: known([bucket({ unapprovedReaders: ["role/dev"] })], [entry()]),
    says: "role/dev",
  },
  {
    name: "a bucket that the inventory doesn't know",
    status: "fail",
    objects: world(location(kms)),
    options: known([bucket()], [entry({ location: "other" })]),
    says: "is not in the inventory of backups",
  },
  {
    name: "certificates are not checked",
    status: "fail",
    objects: world(location({ ...kms, insecureSkipTLSVerify: "true" })),
    options: known([bucket()], [entry()]),
  },
  {
    name: "no bucket at all",
    status: "fail",
    objects: world(location(kms, { objectStorage: null })),
    says: "names no bucket",
  },
  {
    name: "no record of the bucket and no setting: its default isn't visible",
    status: "unknown",
    objects: world(location()),
    options: { registers: { backupLocations: [entry()] } },
    says: "a bucket's default stands in no object",
  },
  {
    name: "a setting, but nobody knows who reads",
    status: "unknown",
    objects: world(location(kms)),
    options: { registers: { backupLocations: [entry()] } },
    says: "who may read backups isn't known",
  },
  {
    name: "no inventory",
    status: "unknown",
    objects: world(location(kms)),
    options: { facts: { backupBuckets: [bucket()] } },
    says: "no inventory of backups",
  },
  {
    name: "etcd is saved, and Secrets are encrypted in it",
    status: "pass",
    objects: world(etcdJob),
    options: known(
      [bucket()],
      [entry({ source: "etcd-snapshot", location: "s3://backups/etcd" })],
      writes("k8s:enc:kms:v2:k"),
    ),
    object: "CronJob/kube-system/etcd-backup",
    says: "Secrets are encrypted in etcd",
  },
  {
    name: "a plain snapshot of etcd",
    status: "fail",
    objects: world(etcdJob),
    options: known([bucket()], [entry({ source: "etcd-snapshot" })], writes("identity")),
    says: "holds every Secret in plain text",
    assessor: { prints: "etcd: kube-system/etcd-backup registry.example.com/etcd-backup:1" },
  },
  {
    name: "an API server without an encryption configuration",
    status: "fail",
    objects: world(etcdJob, staticPod("kube-apiserver", ["kube-apiserver", "--anonymous-auth=false"])),
    options: known([bucket()], [entry({ source: "etcd-snapshot" })]),
  },
  {
    name: "plain Secrets, but the file is encrypted before it leaves the host",
    status: "pass",
    objects: world(etcdJob),
    options: known([bucket()], [entry({ source: "etcd-snapshot", isEncryptedBeforeUpload: true })], writes("identity")),
  },
  {
    name: "whether Secrets are encrypted isn't known",
    status: "unknown",
    objects: world(etcdJob),
    options: known([bucket()], [entry({ source: "etcd-snapshot" })]),
    says: "whether Secrets are encrypted in etcd",
  },
  {
    name: "a backup that only the inventory names",
    status: "unknown",
    objects: world(),
    options: known([], [entry({ source: "provider", location: "vault/pci" })]),
    object: "Backup/vault/pci",
  },
  {
    name: "no backups are taken, as stated",
    status: "not-applicable",
    objects: world(),
    options: { facts: { backupStatement: { origin, areBackupsTaken: false, reason: "Rebuilt from Git" } } },
    says: "Rebuilt from Git",
  },
  {
    name: "a statement doesn't hide what is there",
    status: "unknown",
    objects: world(location(kms)),
    options: { facts: { backupStatement: { origin, areBackupsTaken: false, reason: "Rebuilt from Git" } } },
  },
  { name: "nothing shows a backup", status: "unknown", objects: world(), says: "outside of the cluster" },
  {
    name: "locations could not be listed",
    status: "unknown",
    objects: world(),
    options: { sections: { "velero-backupstoragelocations": { status: "forbidden" } } },
  },
  {
    name: "no CDE",
    status: "not-applicable",
    objects: [
      namespace("x", { "pci-scope": "out-of-scope" }),
      namespace("velero", { "pci-scope": "out-of-scope" }),
      location(),
    ],
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
