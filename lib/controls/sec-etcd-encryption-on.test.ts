import { cdeNamespace, namespace, node, object, staticPod } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import { secEtcdEncryptionOn } from "./sec-etcd-encryption-on";
import { describeControl } from "./testing";

const api = (flags: string[], nodeName = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const on = ["--encryption-provider-config=/etc/kubernetes/enc/config.yaml"];
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const openshift = (spec: object) => object("config.openshift.io/v1", "APIServer", "cluster", undefined, { spec });
const origin: ImportOrigin = { by: "cloud-api", name: "eks:DescribeCluster", collectedAt: "2026-11-20T00:00:00Z" };
const record = (isSecretEncryptionOn: boolean) => ({
  encryptionRecord: { origin, isSecretEncryptionOn, key: "customer" as const, found: "arn:aws:kms:example" },
});
const metrics = (prefix: string, operation = "to_storage", resource = "secrets") => ({
  encryptionTransformers: [{ operation, resource, prefix, count: 3 }],
});

const plane = (name: string) => node(name, { "node-role.kubernetes.io/control-plane": "true" });
const collector: ImportOrigin = { by: "node-collector", name: "s1:/file", collectedAt: "2026-11-20T00:00:00Z" };
const k3s = (name: string, secretsEncryption: boolean | null) => ({
  origin: collector,
  node: name,
  distribution: "k3s" as const,
  arguments: [],
  secretsEncryption,
});
const file = (instance: string, ...types: ("aescbc" | "identity" | "secretbox")[]) => ({
  origin: collector,
  instance,
  resources: [
    { resources: ["secrets"], providers: types.map((type) => ({ type, keys: type === "identity" ? [] : ["key1"] })) },
  ],
});

describeControl(secEtcdEncryptionOn, [
  {
    name: "k3s whose configuration switches it on",
    status: "pass",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", true)] } },
    says: "the configuration of s1 encrypts Secrets",
  },
  {
    name: "k3s whose file encrypts, switched on by its command line",
    status: "pass",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", null)], encryptionConfigs: [file("s1", "aescbc", "identity")] } },
  },
  {
    name: "k3s that was switched off again: identity first, whatever the setting says",
    status: "fail",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", true)], encryptionConfigs: [file("s1", "identity", "aescbc")] } },
    says: "the encryption configuration of s1 stores Secrets as they are",
  },
  {
    name: "k3s whose configuration says off",
    status: "fail",
    objects: world(plane("s1"), plane("s2")),
    options: { facts: { serverConfigs: [k3s("s1", true), k3s("s2", false)] } },
    says: "secrets-encryption is off on s2",
  },
  {
    name: "k3s whose configuration doesn't say, and no file",
    status: "unknown",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", null)] } },
    says: "the encryption configuration of s1 is not known",
  },
  {
    name: "k3s of which one of two servers is known",
    status: "unknown",
    objects: world(plane("s1"), plane("s2")),
    options: { facts: { serverConfigs: [k3s("s1", true)] } },
    says: "configuration of s2 is not known",
  },
  {
    name: "k3s whose old file contradicts a setting that is off",
    status: "unknown",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", false)], encryptionConfigs: [file("s1", "aescbc")] } },
  },
  {
    name: "k3s whose configuration says off while its API server writes encrypted",
    status: "unknown",
    objects: world(plane("s1")),
    options: { facts: { serverConfigs: [k3s("s1", false)], ...metrics("k8s:enc:aescbc:v1:key1:") } },
    says: "contradict each other",
  },
  {
    name: "a file without any node of the control plane",
    status: "unknown",
    objects: world(node("w1")),
    options: { facts: { encryptionConfigs: [file("s1", "aescbc")] } },
  },
  {
    name: "nodes refused, and a file of one server",
    status: "unknown",
    objects: world(),
    options: { sections: { nodes: { status: "forbidden" } }, facts: { encryptionConfigs: [file("s1", "aescbc")] } },
  },
  {
    name: "the newest setting of a node counts",
    status: "pass",
    objects: world(plane("s1")),
    options: {
      facts: {
        serverConfigs: [
          k3s("s1", true),
          { ...k3s("s1", false), origin: { ...collector, collectedAt: "2026-11-19T00:00:00Z" } },
        ],
      },
    },
  },
  {
    name: "the flag, and a file that writes through secretbox",
    status: "pass",
    objects: world(api(on, "s1"), plane("s1")),
    options: { facts: { encryptionConfigs: [file("s1", "secretbox", "identity")] } },
  },
  {
    name: "the flag, and a file with identity first",
    status: "fail",
    objects: world(api(on, "s1"), plane("s1")),
    options: { facts: { encryptionConfigs: [file("s1", "identity", "secretbox")] } },
  },
  {
    name: "the flag, and a file that names other resources only",
    status: "fail",
    objects: world(api(on, "s1"), plane("s1")),
    options: {
      facts: {
        encryptionConfigs: [
          {
            ...file("s1", "secretbox"),
            resources: [{ resources: ["configmaps"], providers: [{ type: "secretbox" as const, keys: ["key1"] }] }],
          },
        ],
      },
    },
  },
  {
    name: "a prefix that is not one of encryption",
    status: "fail",
    objects: world(),
    options: { provider: "gke", facts: metrics("") },
  },
  {
    name: "the flag on the API server",
    assessor: { prints: "--encryption-provider-config=/etc/kubernetes/enc/config.yaml" },
    status: "pass",
    objects: world(api(on)),
  },
  {
    name: "the flag written with a space",
    status: "pass",
    objects: world(api(["--encryption-provider-config", "/x.yaml"])),
  },
  {
    name: "the flag on each of three",
    status: "pass",
    objects: world(api(on, "a"), api(on, "b"), api(on, "c")),
    says: "all 3 API servers",
  },
  {
    name: "the flag on the one that is seen, and nodes could not be listed",
    status: "unknown",
    objects: world(api(on)),
    options: { sections: { nodes: { status: "forbidden" } } },
  },
  {
    name: "EKS whose record names a key",
    status: "pass",
    objects: world(),
    options: { provider: "eks", facts: record(true) },
    says: "eks:DescribeCluster",
  },
  {
    name: "OpenShift with aesgcm",
    status: "pass",
    objects: world(openshift({ encryption: { type: "aesgcm" } })),
    options: { provider: "openshift" },
  },
  {
    name: "a hidden plane whose metrics show encrypted writes",
    status: "pass",
    objects: world(),
    options: { provider: "gke", facts: metrics("k8s:enc:kms:v2:key:") },
  },
  {
    name: "the flag is missing",
    assessor: { prints: "not visible or not set" },
    status: "fail",
    objects: world(api(["--profiling=false"])),
    says: "missing on kube-apiserver-cp-1",
  },
  {
    name: "the flag is missing on one of two",
    status: "fail",
    objects: world(api(on, "a"), api([], "b")),
    says: "missing on kube-apiserver-b",
  },
  { name: "the flag with nothing behind it", status: "fail", objects: world(api(["--encryption-provider-config="])) },
  {
    name: "another flag that begins alike",
    status: "fail",
    objects: world(api(["--encryption-provider-config-automatic-reload=true"])),
  },
  {
    name: "the flag is set, and Secrets are written in plain text",
    status: "fail",
    objects: world(api(on)),
    options: { facts: metrics("identity") },
    says: "transformer identity",
  },
  {
    name: "EKS whose record says off",
    status: "fail",
    objects: world(),
    options: { provider: "eks", facts: record(false) },
  },
  {
    name: "OpenShift with identity",
    status: "fail",
    objects: world(openshift({ encryption: { type: "identity" } })),
    options: { provider: "openshift" },
  },
  {
    name: "OpenShift without a type",
    status: "fail",
    objects: world(openshift({})),
    options: { provider: "openshift" },
  },
  {
    name: "EKS without a record, never a pass by assumption",
    status: "unknown",
    objects: world(),
    options: { provider: "eks" },
  },
  { name: "k3s, whose API server is no pod", status: "unknown", objects: world(node("n1")) },
  {
    name: "metrics of reads and of other resources settle nothing",
    status: "unknown",
    objects: world(),
    options: {
      provider: "gke",
      facts: {
        encryptionTransformers: [
          ...metrics("k8s:enc:kms:v2:", "from_storage").encryptionTransformers,
          ...metrics("k8s:enc:kms:v2:", "to_storage", "configmaps").encryptionTransformers,
        ],
      },
    },
  },
  {
    name: "a control-plane node without a visible API server",
    status: "unknown",
    objects: world(
      api(on, "a"),
      node("a", { "node-role.kubernetes.io/control-plane": "" }),
      node("b", { "node-role.kubernetes.io/control-plane": "" }),
    ),
    says: "no API server visible on b",
  },
  {
    name: "OpenShift's object refused",
    status: "unknown",
    objects: world(),
    options: { provider: "openshift", sections: { "openshift-apiservers": { status: "forbidden" } } },
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api([])], says: "no scope declared" },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
