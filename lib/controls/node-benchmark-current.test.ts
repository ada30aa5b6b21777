import { cdeNamespace, minimalPod, minimalPodSpec, namespace, node } from "@/lib/fixtures/builders";
import type { BenchmarkRun } from "@/lib/inventory/imported-control-plane";
import { nodeBenchmarkCurrent } from "./node-benchmark-current";
import { describeControl } from "./testing";

const pod = minimalPod("p", "cde", { spec: { ...minimalPodSpec(), nodeName: "n1" } });
const world = (...objects: unknown[]) => [cdeNamespace(), pod, node("n1"), ...objects];
const origin = { by: "upload" as const, name: "kube-bench.json", collectedAt: "2026-11-20T00:00:00Z" };
const RUN: BenchmarkRun = {
  origin,
  tool: "kube-bench",
  benchmark: "cis-2.0",
  node: "n1",
  standsFor: [],
  ranAt: "2026-11-01T00:00:00Z",
  targets: ["node"],
  passed: 20,
  failed: [],
  manual: [],
};
const runs = (...changes: Partial<BenchmarkRun>[]) => ({
  facts: { gitVersion: "v1.34.2", benchmarkRuns: changes.map((change) => ({ ...RUN, ...change })) },
});
const file = (mode: string) => ({ origin, node: "n1", path: "/etc/kubernetes/kubelet.conf", mode, uid: 0, gid: 0 });
const json = (status: string, total_fail: number) =>
  JSON.stringify({
    Controls: [
      {
        version: "cis-2.0",
        detected_version: "1.34",
        total_fail,
        tests: [{ results: [{ test_number: "4.1.1", test_desc: "modes", status }] }],
      },
    ],
  });

describeControl(nodeBenchmarkCurrent, [
  {
    name: "a fresh run without failures",
    status: "pass",
    objects: world(),
    options: runs({ manual: [{ id: "4.2.9", text: "x" }] }),
    says: "For a person: 4.2.9",
    assessor: { prints: "benchmark cis-2.0 for 1.34, 0 failed", recorded: { "kube-bench": json("PASS", 0) } },
  },
  {
    name: "another node of its class",
    status: "pass",
    objects: world(),
    options: runs({ node: "n9", standsFor: ["n1"] }),
  },
  {
    name: "EKS's own benchmark",
    status: "pass",
    objects: world(),
    options: { provider: "eks", ...runs({ benchmark: "eks-1.5.0" }) },
  },
  {
    name: "a failed check of level 2",
    status: "pass",
    objects: world(),
    options: runs({ failed: [{ id: "1", text: "x", level: 2 }] }),
  },
  {
    name: "the newest run counts",
    status: "pass",
    objects: world(),
    options: runs({ ranAt: "2025-01-01T00:00:00Z", failed: [{ id: "1", text: "x", level: 1 }] }, {}),
  },
  {
    name: "files closed to others",
    status: "pass",
    objects: world(),
    options: { facts: { ...runs({}).facts, nodeFiles: [file("0600")] } },
  },
  {
    name: "a failed check",
    status: "fail",
    objects: world(),
    options: runs({ failed: [{ id: "4.1.1", text: "modes", level: null }] }),
    says: "4.1.1 modes",
    remediates: false,
    assessor: { prints: "4.1.1\tmodes", recorded: { "kube-bench": json("FAIL", 1) } },
  },
  {
    name: "too old",
    status: "fail",
    objects: world(),
    options: runs({ ranAt: "2026-08-01T00:00:00Z" }),
    says: "days old",
    remediates: false,
  },
  {
    name: "a benchmark for other versions",
    status: "fail",
    objects: world(),
    options: runs({ benchmark: "cis-1.11" }),
    says: "1.29 to 1.31",
    remediates: false,
  },
  {
    name: "a kubeconfig open to others",
    status: "fail",
    objects: world(),
    options: { facts: { ...runs({}).facts, nodeFiles: [file("0644")] } },
    says: "kubelet.conf (0644)",
    remediates: false,
  },
  {
    name: "an open kubeconfig and no run",
    status: "fail",
    objects: world(),
    options: { facts: { nodeFiles: [file("0640")] } },
    remediates: false,
  },
  { name: "no run", status: "unknown", objects: world() },
  {
    name: "a version that the newest benchmark doesn't know yet",
    status: "unknown",
    objects: world(),
    options: { facts: { ...runs({}).facts, gitVersion: "v1.37.1" } },
  },
  { name: "a benchmark that isn't known", status: "unknown", objects: world(), options: runs({ benchmark: "own-1" }) },
  {
    name: "a control-plane node without its part",
    status: "unknown",
    objects: [cdeNamespace(), node("n1", { "node-role.kubernetes.io/control-plane": "" })],
    options: runs({}),
    says: "left out master",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), node("n1")] },
  { name: "Autopilot", status: "not-applicable", objects: [cdeNamespace(), node("gk3-1")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
