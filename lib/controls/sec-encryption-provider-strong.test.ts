import { cdeNamespace, namespace, node, object, staticPod } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import type { EncryptionProvider, KeyRecord } from "@/lib/inventory/imported-control-plane";
import { secEncryptionProviderStrong } from "./sec-encryption-provider-strong";
import { describeControl } from "./testing";

const api = (nodeName = "cp-1", flags = ["--encryption-provider-config=/etc/kubernetes/enc/config.yaml"]) =>
  staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const origin: ImportOrigin = { by: "node-collector", name: "cp-1:/x", collectedAt: "2026-11-20T00:00:00Z" };
const IDENTITY: EncryptionProvider = { type: "identity", keys: [] };
const KMS: EncryptionProvider = { type: "kms", kmsVersion: "v2", name: "vault", keys: [] };
const local = (type: "aescbc" | "aesgcm" | "secretbox", key = "key1"): EncryptionProvider => ({ type, keys: [key] });
const file = (resources: string[], ...providers: EncryptionProvider[]) => ({ resources, providers });
const config = (entries: ReturnType<typeof file>[], instance = "cp-1") => ({ origin, instance, resources: entries });
const options = (
  configs: ReturnType<typeof config>[],
  keys: { key: string; createdAt?: string; auto?: boolean; account?: boolean }[] = [{ key: "vault" }, { key: "key1" }],
) => ({
  facts: { encryptionConfigs: configs },
  registers: {
    encryptionKeys: keys.map(({ key, createdAt = "2026-11-01", auto = false, account = false }) => ({
      key,
      createdAt,
      cryptoperiodDays: 365,
      isRotatedAutomatically: auto,
      protectsAccountDataKeys: account,
    })),
  },
});
const kmsKey = (change: Partial<KeyRecord> = {}): KeyRecord => ({
  origin,
  key: "arn:aws:kms:1",
  materialCreatedAt: "2026-06-01T00:00:00Z",
  isAutomaticRotationOn: true,
  rotationPeriodDays: 365,
  ...change,
});
const yq = (providers: object[]) => JSON.stringify({ resources: [{ resources: ["secrets"], providers }] });

describeControl(secEncryptionProviderStrong, [
  {
    name: "kms v2 first",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["secrets", "configmaps"], KMS)])]),
    says: "kms v2 with vault",
    assessor: {
      prints: '"providers":[{"kms":"vault"}]',
      recorded: { yq: yq([{ kms: { apiVersion: "v2", name: "vault" } }]) },
    },
  },
  {
    name: "secretbox, identity as a fresh fallback",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["secrets"], local("secretbox"), IDENTITY)])]),
    says: "Not encrypted: configmaps",
  },
  {
    name: "aescbc is accepted with a note",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["secrets"], local("aescbc"))])]),
    says: "aescbc is accepted",
  },
  {
    name: "aesgcm that is rotated",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["secrets"], local("aesgcm"))])], [{ key: "key1", auto: true }]),
  },
  {
    name: "an earlier entry wins over a wildcard",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["secrets"], KMS), file(["*.*"], IDENTITY)])]),
  },
  {
    name: "a wildcard covers secrets",
    status: "pass",
    objects: world(api()),
    options: options([config([file(["*."], KMS)])]),
  },
  {
    name: "EKS with a young key",
    status: "pass",
    objects: world(),
    options: { provider: "eks", facts: { keyRecords: [kmsKey()] } },
  },
  {
    name: "OpenShift",
    status: "pass",
    objects: world(
      object("config.openshift.io/v1", "APIServer", "cluster", undefined, { spec: { encryption: { type: "aesgcm" } } }),
    ),
    options: { provider: "openshift" },
  },
  {
    name: "identity first",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["secrets"], IDENTITY, KMS)])]),
    says: "identity is the first",
    assessor: {
      prints: '{"identity":[]},{"kms":"vault"}',
      recorded: { yq: yq([{ identity: {} }, { kms: { name: "vault" } }]) },
    },
  },
  {
    name: "an earlier wildcard puts identity before",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["*.*"], IDENTITY), file(["secrets"], KMS)])]),
  },
  {
    name: "secrets aren't named",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["configmaps"], KMS)])]),
    says: "no entry names secrets",
  },
  {
    name: "kms v1",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["secrets"], { ...KMS, kmsVersion: "v1" })])]),
  },
  {
    name: "aesgcm without rotation",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["secrets"], local("aesgcm"))])]),
  },
  {
    name: "a key beyond its cryptoperiod",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["secrets"], KMS)])], [{ key: "vault", createdAt: "2025-01-01" }]),
    says: "older than its cryptoperiod",
  },
  {
    name: "a local key for account data keys",
    status: "fail",
    objects: world(api()),
    options: options([config([file(["secrets"], local("secretbox"))])], [{ key: "key1", account: true }]),
  },
  {
    name: "identity left behind",
    status: "fail",
    severity: "low",
    objects: world(api()),
    options: options([config([file(["secrets"], KMS, IDENTITY)])], [{ key: "vault", createdAt: "2026-09-01" }]),
    says: "still a fallback",
  },
  {
    name: "no configuration on one server",
    status: "fail",
    objects: world(api("cp-1"), api("cp-2", [])),
    options: options([config([file(["secrets"], KMS)])]),
    says: "kube-apiserver-cp-2",
  },
  {
    name: "an old KMS key on EKS",
    status: "fail",
    objects: world(),
    options: { provider: "eks", facts: { keyRecords: [kmsKey({ materialCreatedAt: "2024-01-01T00:00:00Z" })] } },
  },
  {
    name: "EKS whose record says off",
    status: "fail",
    objects: world(),
    options: {
      provider: "eks",
      facts: { encryptionRecord: { origin, isSecretEncryptionOn: false, key: null, found: "none" } },
    },
  },
  {
    name: "the key isn't registered",
    status: "unknown",
    objects: world(api()),
    options: options([config([file(["secrets"], KMS)])], []),
    says: "not in the register",
  },
  { name: "a file isn't imported", status: "unknown", objects: world(api()), says: "isn't imported" },
  {
    name: "one of two files is imported",
    status: "unknown",
    objects: world(api("cp-1"), api("cp-2")),
    options: options([config([file(["secrets"], KMS)])]),
    says: "kube-apiserver-cp-2",
  },
  {
    name: "a KMS key without a period",
    status: "unknown",
    objects: world(),
    options: {
      provider: "eks",
      facts: { keyRecords: [kmsKey({ isAutomaticRotationOn: false, rotationPeriodDays: undefined })] },
    },
  },
  {
    name: "k3s, another server's file missing",
    status: "unknown",
    objects: world(
      node("s1", { "node-role.kubernetes.io/control-plane": "true" }),
      node("s2", { "node-role.kubernetes.io/control-plane": "true" }),
    ),
    options: { provider: "k3s", ...options([config([file(["secrets"], KMS)], "s1")]) },
    says: "s2",
  },
  {
    name: "k3s, and nodes could not be listed",
    status: "unknown",
    objects: [cdeNamespace()],
    options: {
      provider: "k3s",
      sections: { nodes: { status: "forbidden" } },
      ...options([config([file(["secrets"], KMS)], "s1")]),
    },
    says: "could not be listed",
  },
  { name: "AKS without a record", status: "unknown", objects: world(), options: { provider: "aks" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api()] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
