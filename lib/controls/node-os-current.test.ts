import { cdeNamespace, minimalPod, minimalPodSpec, namespace, node, object } from "@/lib/fixtures/builders";
import type { NodePatchRecord } from "@/lib/inventory/imported-control-plane";
import { nodeOsCurrent } from "./node-os-current";
import { describeControl } from "./testing";

const pod = minimalPod("p", "cde", { spec: { ...minimalPodSpec(), nodeName: "n1" } });
const host = (osImage: string, containerRuntimeVersion = "containerd://2.3.1", metadata: object = {}) =>
  object("v1", "Node", "n1", undefined, {
    metadata,
    status: { nodeInfo: { osImage, containerRuntimeVersion, kernelVersion: "6.8.0" } },
  });
const world = (...objects: unknown[]) => [cdeNamespace(), pod, ...objects];
const origin = { by: "upload" as const, name: "patches.json", collectedAt: "2026-11-20T00:00:00Z" };
const patched = (change: Partial<NodePatchRecord> = {}) => ({
  facts: { nodePatches: [{ origin, node: "n1", updatedAt: "2026-11-10T00:00:00Z", ...change }] },
});
const register = (component: string, supportedUntil: string) => ({
  componentSupport: [{ component, supportedUntil, source: "vendor page", seenAt: "2026-11-01" }],
});
const created = (creationTimestamp: string) => ({ creationTimestamp });

describeControl(nodeOsCurrent, [
  {
    name: "supported and patched",
    status: "pass",
    objects: world(host("Ubuntu 24.04.3 LTS")),
    options: patched(),
    says: "updated 11 days ago",
    assessor: { prints: "n1\tUbuntu 24.04.3 LTS\t6.8.0\tcontainerd://2.3.1" },
  },
  {
    name: "CRI-O goes with Kubernetes",
    status: "pass",
    objects: world(host("Debian GNU/Linux 13 (trixie)", "cri-o://1.34.1")),
    options: patched(),
  },
  {
    name: "a young node of an immutable system",
    status: "pass",
    objects: world(
      host("Bottlerocket OS 1.50.0 (aws-k8s-1.34)", "containerd://2.3.0", created("2026-11-15T00:00:00Z")),
    ),
    says: "replaced as a whole",
  },
  {
    name: "a system that the register knows",
    status: "pass",
    objects: world(host("Oracle Linux Server 9.6")),
    options: { ...patched(), registers: register("Oracle Linux Server 9", "2032-06-30") },
  },
  {
    name: "a system after its end",
    status: "fail",
    objects: world(host("CentOS Linux 7 (Core)")),
    options: patched(),
    says: "end of support on 2024-06-30",
    assessor: { prints: "CentOS Linux 7" },
  },
  {
    name: "containerd 1.6",
    status: "fail",
    objects: world(host("Ubuntu 24.04.3 LTS", "containerd://1.6.36")),
    options: patched(),
  },
  {
    name: "the Docker shim",
    status: "fail",
    objects: world(host("Ubuntu 24.04.3 LTS", "docker://20.10.7")),
    options: patched(),
  },
  {
    name: "not updated for two months",
    status: "fail",
    objects: world(host("Ubuntu 24.04.3 LTS")),
    options: patched({ updatedAt: "2026-09-20T00:00:00Z" }),
    says: "days ago",
  },
  {
    name: "a critical finding left open",
    status: "fail",
    objects: world(host("Ubuntu 24.04.3 LTS")),
    options: patched({ openCritical: [{ id: "CVE-2026-1", since: "2026-10-01" }] }),
    says: "CVE-2026-1",
  },
  {
    name: "the register says that it has ended",
    status: "fail",
    objects: world(host("Oracle Linux Server 7")),
    options: { ...patched(), registers: register("Oracle Linux Server 7", "2024-12-31") },
  },
  {
    name: "subscribers only",
    status: "unknown",
    objects: world(host("Ubuntu 20.04.6 LTS")),
    options: patched(),
    says: "subscribers",
  },
  {
    name: "a planned end that has passed since",
    status: "unknown",
    objects: world(host("Amazon Linux 2")),
    options: patched(),
    says: "has passed since",
  },
  { name: "a system that nobody knows", status: "unknown", objects: world(host("MyOS 1")), options: patched() },
  {
    name: "an old register entry settles nothing",
    status: "unknown",
    objects: world(host("MyOS 1")),
    options: {
      ...patched(),
      registers: {
        componentSupport: [{ component: "MyOS", supportedUntil: "2030-01-01", source: "x", seenAt: "2026-01-01" }],
      },
    },
  },
  { name: "no evidence of the last update", status: "unknown", objects: world(host("Ubuntu 24.04.3 LTS")) },
  {
    name: "a young node proves nothing for an ordinary system",
    status: "unknown",
    objects: world(host("Ubuntu 24.04.3 LTS", undefined, created("2026-11-15T00:00:00Z"))),
  },
  {
    name: "an old node of an immutable system",
    status: "unknown",
    objects: world(host("Bottlerocket OS 1.50.0", undefined, created("2026-05-15T00:00:00Z"))),
  },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world(),
    options: { sections: { nodes: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), node("n1")] },
  {
    name: "Fargate",
    status: "not-applicable",
    objects: [cdeNamespace(), node("f", { "eks.amazonaws.com/compute-type": "fargate" })],
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
