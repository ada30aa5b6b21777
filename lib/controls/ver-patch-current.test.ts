import { cdeNamespace, namespace, node } from "@/lib/fixtures/builders";
import type { KubernetesPatches } from "@/lib/inventory/registers/kubernetes-patches";
import { verPatchCurrent } from "./ver-patch-current";
import { describeControl } from "./testing";

const at = (version: string, name = "n1") => node(name, {}, { status: { nodeInfo: { kubeletVersion: version } } });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const REGISTER: KubernetesPatches = {
  source: "kubernetes.io and the CVE feed",
  seenAt: "2026-11-15",
  releases: [
    { version: "1.35.9", releasedAt: "2026-09-15" },
    { version: "1.35.10", releasedAt: "2026-10-13" },
    { version: "1.35.11", releasedAt: "2026-11-10" },
  ],
  fixes: [
    { id: "CVE-2026-0001", ranking: "critical", fixedIn: ["1.35.10", "1.36.6"] },
    { id: "CVE-2026-0002", ranking: "high", fixedIn: ["1.35.9"] },
    { id: "CVE-2026-0003", ranking: "critical", fixedIn: ["1.35.11"] },
  ],
  days: { high: 60, medium: 90, low: 180 },
};
const options = (gitVersion: string, change: Partial<KubernetesPatches> | null = {}, asOf?: string) => ({
  facts: { gitVersion },
  ...(asOf === undefined ? {} : { asOf, collectedAt: asOf }),
  ...(change === null ? {} : { registers: { kubernetesPatches: { ...REGISTER, ...change } } }),
});

describeControl(verPatchCurrent, [
  {
    name: "a critical fix is missing for eleven days only",
    status: "pass",
    objects: world(at("v1.35.10")),
    options: options("v1.35.10"),
    assessor: { prints: /v1\.35\.10\n1 v1\.35\.10/ },
  },
  {
    name: "k3s' own suffix",
    status: "pass",
    objects: world(at("v1.35.11+k3s1")),
    options: { provider: "k3s", ...options("v1.35.11+k3s1") },
  },
  {
    name: "no register, the newest patch, a fresh calendar",
    status: "pass",
    objects: world(at("v1.35.9")),
    options: options("v1.35.9", null, "2026-10-01T00:00:00Z"),
  },
  {
    name: "EKS: the provider patches the control plane",
    status: "pass",
    objects: world(at("v1.35.11-eks-1234")),
    options: { provider: "eks", ...options("v1.35.1-eks-1") },
    says: "The provider patches",
  },
  {
    name: "a critical fix is missing for 39 days",
    status: "fail",
    severity: "high",
    objects: world(at("v1.35.9")),
    options: options("v1.35.10"),
    says: "CVE-2026-0001",
    assessor: { prints: "1 v1.35.9" },
  },
  {
    name: "a fix ranked high is missing longer than allowed",
    status: "fail",
    severity: "medium",
    objects: world(at("v1.35.8")),
    options: options("v1.35.8", { fixes: [{ id: "CVE-2026-0002", ranking: "high", fixedIn: ["1.35.9"] }] }),
  },
  {
    name: "a fail stands though the register is old",
    status: "fail",
    objects: world(at("v1.35.9")),
    options: options("v1.35.9", { seenAt: "2026-10-14" }),
  },
  {
    name: "the API server alone is behind",
    status: "fail",
    objects: world(at("v1.35.10")),
    options: options("v1.35.9"),
    says: "the API server",
  },
  {
    name: "an old register",
    status: "unknown",
    objects: world(at("v1.35.11")),
    options: options("v1.35.11", { seenAt: "2026-10-01" }),
    says: "days old",
  },
  {
    name: "a register without the minor version",
    status: "unknown",
    objects: world(at("v1.37.1")),
    options: options("v1.37.1"),
  },
  {
    name: "no register, releases missing",
    status: "unknown",
    objects: world(at("v1.35.3")),
    options: options("v1.35.3", null),
    says: "1.35.4 to 1.35.9",
  },
  {
    name: "no register, a calendar that is too old",
    status: "unknown",
    objects: world(at("v1.35.9")),
    options: options("v1.35.9", null),
    says: "the calendar of 1.35",
  },
  {
    name: "a provider's build may have it",
    status: "unknown",
    objects: world(at("v1.35.9-eks-77")),
    options: { provider: "eks", ...options("v1.35.9-eks-77") },
    says: "ported back",
  },
  { name: "a version that is none", status: "unknown", objects: world(at("dirty")), options: options("v1.35.11") },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world(),
    options: { ...options("v1.35.11"), sections: { nodes: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), at("v1.35.11")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
