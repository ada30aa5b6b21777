import { describe, expect, it } from "vitest";
import { cdeNamespace, deployment, namespace, object, statefulSet } from "@/lib/fixtures/builders";
import { retentionDays, stoVolumeProtection } from "./sto-volume-protection";
import { describeControl } from "./testing";

const storageClass = (name: string, provisioner: string, parameters?: Record<string, string>, metadata: object = {}) =>
  object("storage.k8s.io/v1", "StorageClass", name, undefined, {
    provisioner,
    ...(parameters === undefined ? {} : { parameters }),
    metadata: { creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
  });
const EBS = "ebs.csi.aws.com";
const encrypted = storageClass("gp3", EBS, { type: "gp3", encrypted: "true", kmsKeyId: "arn:aws:kms:eu:1:key/a" });
const isDefault = { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } };
const labelled = { "data-classification": "cardholder-data", "data-retention": "90d" };
const claim = (spec: object = {}, labels: Record<string, string> = labelled) =>
  object("v1", "PersistentVolumeClaim", "data-0", "cde", {
    metadata: { labels, creationTimestamp: "2026-02-01T00:00:00Z" },
    spec: { storageClassName: "gp3", volumeName: "pv-1", accessModes: ["ReadWriteOnce"], ...spec },
    status: { phase: "Bound" },
  });
const volume = (spec: object = { csi: { driver: EBS } }, status: object = { phase: "Bound" }) =>
  object("v1", "PersistentVolume", "pv-1", undefined, {
    spec: { storageClassName: "gp3", claimRef: { namespace: "cde", name: "data-0" }, ...spec },
    status,
  });
const snapshot = (fields: { labels?: Record<string, string>; creationTime?: string } = {}) =>
  object("snapshot.storage.k8s.io/v1", "VolumeSnapshot", "snap", "cde", {
    metadata: { labels: fields.labels ?? {} },
    spec: { source: { persistentVolumeClaimName: "data-0" } },
    status: { creationTime: fields.creationTime ?? "2026-11-01T00:00:00Z", readyToUse: true },
  });
const origin = { by: "upload", name: "aws.yaml by ann", collectedAt: "2026-11-20T00:00:00Z" } as const;
const record = (of: object, isEncrypted = true) => ({
  facts: { storageEncryption: [{ origin, of: of as never, isEncrypted, key: "customer" as const, found: "aws kms" }] },
});
const registered = (fields: object = {}) => ({
  registers: {
    dataVolumes: [
      {
        namespace: "cde",
        claim: "data-*",
        classification: "cardholder-data",
        retentionDays: 30,
        owner: "ann",
        ...fields,
      },
    ],
  },
});
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(stoVolumeProtection, [
  {
    name: "an encrypted class with a customer key, and labels",
    status: "pass",
    objects: world(encrypted, claim(), volume()),
    object: "PersistentVolumeClaim/cde/data-0",
    says: "StorageClass gp3 has encrypted=true, key arn:aws:kms:eu:1:key/a",
    assessor: { prints: /claim\tcde\tdata-0\tgp3\tcardholder-data\t90d/, hides: "no classification" },
  },
  {
    name: "says beside the pass that disk encryption is not enough",
    status: "pass",
    objects: world(encrypted, claim(), volume()),
    says: "does not by itself make card numbers unreadable (3.5.1.2)",
  },
  {
    name: "encryption switched off",
    status: "fail",
    severity: "high",
    objects: world(storageClass("gp3", EBS, { encrypted: "false" }), claim({}, {}), volume()),
    says: "StorageClass gp3 has encrypted=false",
    assessor: { prints: /class\tgp3\tebs.csi.aws.com\t\{"encrypted":"false"\}[\s\S]*no classification\tno retention/ },
  },
  {
    name: "no classification",
    status: "fail",
    severity: "medium",
    objects: world(encrypted, claim({}, { "data-retention": "90d" }), volume()),
    says: "no classification",
  },
  {
    name: "no retention rule",
    status: "fail",
    objects: world(encrypted, claim({}, { "data-classification": "x" }), volume()),
    says: "no retention rule",
  },
  {
    name: "a retention that is no duration",
    status: "fail",
    objects: world(encrypted, claim({}, { ...labelled, "data-retention": "forever" }), volume()),
    says: "the label forever is no duration",
  },
  {
    name: "the register says what the labels don't",
    status: "pass",
    objects: world(encrypted, claim({}, {}), volume()),
    options: registered(),
    says: "registered by ann",
  },
  {
    name: "the register is about another claim",
    status: "fail",
    objects: world(encrypted, claim({}, {}), volume()),
    options: registered({ claim: "logs-*" }),
  },
  {
    name: "Amazon EBS without the parameter: the account decides, and no object shows it",
    status: "unknown",
    objects: world(storageClass("gp3", EBS, { type: "gp3" }), claim(), volume()),
    says: "the account's default, which no object shows",
  },
  {
    name: "the record of the account's default",
    status: "pass",
    objects: world(storageClass("gp3", EBS), claim(), volume()),
    options: record({ kind: "account" }),
    says: "the account's default is encrypted with a customer key",
  },
  {
    name: "the account's default is off",
    status: "fail",
    objects: world(storageClass("gp3", EBS), claim(), volume()),
    options: record({ kind: "account" }, false),
  },
  {
    name: "Azure encrypts every disk",
    status: "pass",
    objects: world(
      storageClass("gp3", "disk.csi.azure.com"),
      claim(),
      volume({ csi: { driver: "disk.csi.azure.com" } }),
    ),
    says: "Azure encrypts every volume",
  },
  {
    name: "Google's disks are encrypted, also where the class is gone",
    status: "pass",
    objects: world(claim(), volume({ csi: { driver: "pd.csi.storage.gke.io" } })),
  },
  {
    name: "a driver that doesn't encrypt unless it is told to",
    status: "fail",
    objects: world(
      storageClass("gp3", "driver.longhorn.io"),
      claim(),
      volume({ csi: { driver: "driver.longhorn.io" } }),
    ),
    says: "Longhorn doesn't encrypt by default",
  },
  {
    name: "Rook's name of the same driver, told to encrypt",
    status: "pass",
    objects: world(
      storageClass("gp3", "rook-ceph.rbd.csi.ceph.com", { encrypted: "true", encryptionKMSID: "vault" }),
      claim(),
    ),
  },
  {
    name: "NFS",
    status: "unknown",
    objects: world(claim({ storageClassName: "" }), volume({ storageClassName: "", nfs: { server: "n", path: "/" } })),
    says: "is NFS, and no record says",
  },
  {
    name: "a local disk with a record",
    status: "pass",
    objects: world(claim({ storageClassName: "" }), volume({ local: { path: "/mnt" } })),
    options: record({ kind: "PersistentVolume", name: "pv-1" }),
    says: "PersistentVolume pv-1 is encrypted",
  },
  {
    name: "an array that nobody knows",
    status: "unknown",
    objects: world(
      storageClass("gp3", "csi.array.example.com"),
      claim(),
      volume({ csi: { driver: "csi.array.example.com" } }),
    ),
    says: "what csi.array.example.com does with data at rest is not known",
  },
  {
    name: "the default class, for a claim that names none",
    status: "pass",
    objects: world(
      storageClass("default", EBS, { encrypted: "true" }, isDefault),
      storageClass("slow", EBS, { encrypted: "false" }),
      claim({ storageClassName: undefined, volumeName: undefined }),
    ),
  },
  {
    name: "a class that was made again after the volume",
    status: "unknown",
    objects: world(
      storageClass("gp3", EBS, { encrypted: "true" }, { creationTimestamp: "2026-10-01T00:00:00Z" }),
      claim(),
      volume(),
    ),
    says: "younger than the claim",
  },
  {
    name: "a class that doesn't exist",
    status: "unknown",
    objects: world(claim({ volumeName: undefined })),
    says: "StorageClass gp3 was not found",
  },
  {
    name: "a released volume past its retention",
    status: "fail",
    objects: world(
      encrypted,
      volume({ csi: { driver: EBS } }, { phase: "Released", lastPhaseTransitionTime: "2026-09-01T00:00:00Z" }),
    ),
    options: registered(),
    object: "PersistentVolume/pv-1",
    says: "kept 81 days, 51 longer than its rule",
    assessor: { prints: "released\tpv-1\tcde\tdata-0\t2026-09-01T00:00:00Z" },
  },
  {
    name: "a released volume within its retention",
    status: "pass",
    objects: world(volume({}, { phase: "Released", lastPhaseTransitionTime: "2026-11-10T00:00:00Z" })),
    options: registered(),
    object: "PersistentVolume/pv-1",
  },
  {
    name: "a released volume without any rule",
    status: "fail",
    objects: world(volume({}, { phase: "Released", lastPhaseTransitionTime: "2026-11-10T00:00:00Z" })),
    says: "kept without a retention rule",
  },
  {
    name: "a released volume of a server that doesn't say since when",
    status: "unknown",
    objects: world(volume({}, { phase: "Released" })),
    options: registered(),
    says: "Kubernetes tells it since 1.31",
  },
  {
    name: "a snapshot past the retention of its claim",
    status: "fail",
    objects: world(encrypted, claim(), volume(), snapshot({ creationTime: "2026-01-01T00:00:00Z" })),
    object: "VolumeSnapshot/cde/snap",
  },
  {
    name: "a snapshot within it",
    status: "pass",
    objects: world(encrypted, claim(), volume(), snapshot()),
    object: "VolumeSnapshot/cde/snap",
  },
  {
    name: "files: the claim template of a StatefulSet",
    status: "fail",
    objects: world(
      encrypted,
      statefulSet("db", "cde", undefined, {
        spec: { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { storageClassName: "gp3" } }] },
      }),
    ),
    options: { source: "manifests" },
    object: "StatefulSet/cde/db",
    says: "claim data-db-0",
  },
  {
    name: "files: an ephemeral volume makes a claim too",
    status: "pass",
    objects: world(
      encrypted,
      deployment("app", "cde", {
        containers: [{ name: "app", image: "a:1" }],
        volumes: [
          {
            name: "scratch",
            ephemeral: { volumeClaimTemplate: { metadata: { labels: labelled }, spec: { storageClassName: "gp3" } } },
          },
        ],
      }),
    ),
    options: { source: "manifests" },
    object: "Deployment/cde/app",
  },
  {
    name: "a claim that can't be read",
    status: "unknown",
    objects: world(claim({ storageClassName: 5 })),
    says: "not valid",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no volume", status: "not-applicable", objects: world() },
]);

describe("retention", () => {
  it.each([
    ["90", 90],
    ["90d", 90],
    ["12w", 84],
    ["6m", 180],
    ["7y", 2555],
    ["forever", undefined],
    ["", undefined],
  ])("%s is %s days", (label, days) => {
    expect(retentionDays(label)).toBe(days);
  });
});
