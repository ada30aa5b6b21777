import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { cpAuthorizationMode } from "./cp-authorization-mode";
import { describeControl } from "./testing";

const api = (flags: string[], nodeName = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const good = ["--authorization-mode=Node,RBAC"];
const file = ["--authorization-config=/etc/kubernetes/authz.yaml"];
const origin: ImportOrigin = { by: "node-collector", name: "cp-1:/x", collectedAt: "2026-11-20T00:00:00Z" };
const config = (...types: string[]): ClusterFacts => ({
  authorizationConfigs: [{ origin, instance: "cp-1", authorizers: types.map((type) => ({ type })) }],
});
const matrix = (validUntil: string) => ({
  providerResponsibilities: [
    {
      provider: "AWS",
      controls: ["cp-authorization-mode"],
      attestation: { document: "AWS AOC 2026", validUntil },
      reason: "control plane of EKS",
      approvedBy: "maria",
      approvedAt: "2026-01-01",
    },
  ],
});

describeControl(cpAuthorizationMode, [
  {
    name: "Node and RBAC",
    status: "pass",
    objects: world(api(good)),
    assessor: { prints: "--authorization-mode=Node,RBAC", hides: "AlwaysAllow" },
  },
  {
    name: "the flag adds up",
    status: "pass",
    objects: world(api(["--authorization-mode=Node", "--authorization-mode=RBAC"])),
  },
  { name: "written with a space", status: "pass", objects: world(api(["--authorization-mode", "RBAC,Node"])) },
  {
    name: "a webhook before RBAC is named",
    status: "pass",
    objects: world(api(["--authorization-mode=Node,Webhook,RBAC"])),
    says: "asked before RBAC",
  },
  { name: "the imported file", status: "pass", objects: world(api(file)), options: { facts: config("Node", "RBAC") } },
  {
    name: "a command line imported from a k3s server",
    status: "pass",
    objects: world(node("s1")),
    options: {
      provider: "k3s",
      facts: {
        componentCommands: [{ origin, node: "s1", component: "kube-apiserver", command: ["kube-apiserver", ...good] }],
      },
    },
  },
  {
    name: "AlwaysAllow",
    status: "fail",
    severity: "critical",
    objects: world(api(["--authorization-mode=AlwaysAllow"])),
    assessor: { prints: "AlwaysAllow" },
  },
  {
    name: "no flag means AlwaysAllow",
    status: "fail",
    severity: "critical",
    objects: world(api([])),
    says: "the default is AlwaysAllow",
    assessor: { prints: "not visible or not set" },
  },
  { name: "a flag with nothing behind it", status: "fail", objects: world(api(["--authorization-mode="])) },
  {
    name: "ABAC beside RBAC",
    status: "fail",
    severity: "high",
    objects: world(api(["--authorization-mode=Node,RBAC,ABAC"])),
  },
  {
    name: "without Node",
    status: "fail",
    objects: world(api(["--authorization-mode=RBAC"])),
    says: "Node is not among",
  },
  {
    name: "AlwaysAllow hidden behind RBAC",
    status: "fail",
    objects: world(api(["--authorization-mode=Node,RBAC,AlwaysAllow"])),
  },
  { name: "one of two", status: "fail", objects: world(api(good, "a"), api([], "b")), says: "kube-apiserver-b" },
  {
    name: "the imported file allows everything",
    status: "fail",
    objects: world(api(file)),
    options: { facts: config("AlwaysAllow") },
  },
  { name: "the file isn't imported", status: "unknown", objects: world(api(file)), says: "isn't imported" },
  {
    name: "the file of another server is imported",
    status: "unknown",
    objects: world(api(file, "cp-2")),
    options: { facts: config("Node", "RBAC") },
  },
  { name: "EKS", status: "unknown", objects: world(), options: { provider: "eks" }, says: "responsibility matrix" },
  {
    name: "EKS whose attestation has expired",
    status: "unknown",
    objects: world(),
    options: { provider: "eks", registers: matrix("2026-11-01") },
  },
  {
    name: "an invisible control-plane node",
    status: "unknown",
    objects: world(api(good), node("cp-2", { "node-role.kubernetes.io/control-plane": "" })),
    says: "cp-2",
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api(good)] },
  {
    name: "EKS with a valid entry of the matrix",
    status: "not-applicable",
    objects: world(),
    options: { provider: "eks", registers: matrix("2026-12-31") },
    says: "AWS AOC 2026",
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
