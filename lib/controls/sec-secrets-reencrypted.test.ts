import { cdeNamespace, namespace, staticPod } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { secSecretsReencrypted } from "./sec-secrets-reencrypted";
import { describeControl } from "./testing";

const api = (flags = ["--encryption-provider-config=/x"]) =>
  staticPod("kube-apiserver", ["kube-apiserver", ...flags], "cp-1");
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const origin: ImportOrigin = { by: "upload", name: "counts.json", collectedAt: "2026-11-20T00:00:00Z" };
const config = (key: string): ClusterFacts => ({
  encryptionConfigs: [
    { origin, instance: "cp-1", resources: [{ resources: ["secrets"], providers: [{ type: "aescbc", keys: [key] }] }] },
  ],
});
const counted = (counts: Record<string, number>, collectedAt = origin.collectedAt): ClusterFacts => ({
  storedSecrets: [
    {
      origin: { ...origin, collectedAt },
      prefix: "/registry/secrets/",
      counts: Object.entries(counts).map(([name, count]) => {
        const [provider = "", key] = name.split(":");
        return key === undefined ? { provider, count } : { provider, version: "v1", key, count };
      }),
    },
  ],
});
const keys = (createdAt: string) => ({
  encryptionKeys: [
    { key: "key2", createdAt, cryptoperiodDays: 365, isRotatedAutomatically: false, protectsAccountDataKeys: false },
  ],
});
const rewrite = (startedAt: string, failed = 0): ClusterFacts => ({
  secretRewrites: [{ origin, startedAt, finishedAt: "2026-11-20T01:00:00Z", total: 40, failed }],
});
const transformers: ClusterFacts = {
  encryptionTransformers: [
    { operation: "to_storage", resource: "secrets", prefix: "k8s:enc:aescbc:v1:key2:", count: 4 },
  ],
};

describeControl(secSecretsReencrypted, [
  {
    name: "all under the current key",
    status: "pass",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...counted({ "aescbc:key2": 40 }) } },
    says: "all 40 Secrets",
    assessor: { prints: /1 k8s:enc:aescbc:v1:key2:/, recorded: { etcdctl: "k8s:enc:aescbc:v1:key2:\n" } },
  },
  {
    name: "the metrics name the key of a hidden plane",
    status: "pass",
    objects: world(),
    options: { provider: "k3s", facts: { ...transformers, ...counted({ "aescbc:key2": 40 }) } },
  },
  {
    name: "written again after the key was made",
    status: "pass",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...rewrite("2026-11-20T00:00:00Z") }, registers: keys("2026-11-10") },
  },
  {
    name: "plain values",
    status: "fail",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...counted({ "aescbc:key2": 38, plain: 2 }) } },
    says: "2 of 40",
    assessor: { prints: "PLAIN", recorded: { etcdctl: "k8s v1 Secret\n" } },
  },
  {
    name: "a retired key",
    status: "fail",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...counted({ "aescbc:key2": 30, "aescbc:key1": 10 }) } },
    says: "aescbc:key1",
  },
  { name: "no encryption at all", status: "fail", objects: world(api([])), says: "encrypts nothing" },
  {
    name: "a rewrite with failures",
    status: "fail",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...rewrite("2026-11-20T00:00:00Z", 3) }, registers: keys("2026-11-10") },
  },
  {
    name: "a rewrite before the key",
    status: "fail",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...rewrite("2026-11-01T00:00:00Z") }, registers: keys("2026-11-10") },
  },
  {
    name: "counted before the key was made",
    status: "unknown",
    objects: world(api()),
    options: {
      facts: { ...config("key2"), ...counted({ "aescbc:key1": 40 }, "2026-11-05T00:00:00Z") },
      registers: keys("2026-11-10"),
    },
  },
  {
    name: "not all were counted",
    status: "unknown",
    objects: world(api()),
    options: {
      facts: {
        ...config("key2"),
        ...counted({ "aescbc:key2": 4 }),
        storedObjects: [{ resource: "secrets", count: 40 }],
      },
    },
    says: "40 Secrets are stored",
  },
  {
    name: "the current key isn't known",
    status: "unknown",
    objects: world(api()),
    options: { facts: counted({ "aescbc:key2": 40 }) },
  },
  {
    name: "nothing counted below that prefix",
    status: "unknown",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...counted({}) } },
  },
  {
    name: "a rewrite, and the key's date isn't known",
    status: "unknown",
    objects: world(api()),
    options: { facts: { ...config("key2"), ...rewrite("2026-11-20T00:00:00Z") } },
  },
  { name: "no count, no rewrite", status: "unknown", objects: world(api()), options: { facts: config("key2") } },
  { name: "EKS", status: "unknown", objects: world(), options: { provider: "eks" }, says: "responsibility matrix" },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api()] },
  {
    name: "no Secrets",
    status: "not-applicable",
    objects: world(api()),
    options: { facts: { storedObjects: [{ resource: "secrets", count: 0 }] } },
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
