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

describeControl(secEtcdEncryptionOn, [
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
