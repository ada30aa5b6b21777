import { AS_OF, cdeNamespace, minimalPod, minimalPodSpec, namespace, node, object } from "@/lib/fixtures/builders";
import type { TimeSyncReport } from "@/lib/inventory/imported-control-plane";
import { monTimeSync } from "./mon-time-sync";
import { describeControl } from "./testing";

const pod = (fields: object = {}) =>
  minimalPod("p", "cde", { spec: { ...minimalPodSpec(fields as Record<string, unknown>), nodeName: "n1" } });
const world = (...objects: unknown[]) => [cdeNamespace(), pod(), node("n1"), ...objects];
const origin = { by: "node-collector" as const, name: "n1:chrony", collectedAt: "2026-11-21T10:00:00Z" };
const report = (change: Partial<TimeSyncReport> = {}): TimeSyncReport => ({
  origin,
  node: "n1",
  tool: "chrony",
  isSynchronized: true,
  offsetSeconds: 0.002,
  sources: ["169.254.169.123"],
  ...change,
});
const synced = (change: Partial<TimeSyncReport> = {}) => ({ facts: { timeSync: [report(change)] } });
const lease = (renewedAt: string) => ({
  clock: { serverAt: AS_OF, readAt: AS_OF, leases: [{ node: "n1", renewedAt }] },
});
const sources = (servers?: string[]) => ({
  timeSources: [{ nodes: ["n*"], source: "Amazon Time Sync Service", ...(servers === undefined ? {} : { servers }) }],
});
const setter = (name = "p") =>
  minimalPod(name, "cde", {
    spec: {
      nodeName: "n1",
      containers: [{ name: "ntp", image: "x", securityContext: { capabilities: { add: ["SYS_TIME"] } } }],
    },
  });
const leaseObject = object("coordination.k8s.io/v1", "Lease", "n1", "kube-node-lease", {
  spec: { holderIdentity: "n1", renewTime: "2026-11-21T11:59:55.000000Z", leaseDurationSeconds: 40 },
});

describeControl(monTimeSync, [
  {
    name: "chrony, two milliseconds off",
    status: "pass",
    objects: world(leaseObject),
    options: synced(),
    says: "169.254.169.123",
    assessor: { prints: "n1\t2026-11-21T11:59:55.000000Z", hides: "SYS_TIME" },
  },
  {
    name: "the designated server",
    status: "pass",
    objects: world(),
    options: { ...synced(), registers: sources(["169.254.169.123"]) },
  },
  {
    name: "a fresh lease and a designated source",
    status: "pass",
    objects: world(),
    options: { facts: lease("2026-11-21T11:59:52Z"), registers: sources() },
    says: "Amazon Time Sync",
  },
  {
    name: "an approved time service",
    status: "pass",
    objects: [cdeNamespace(), setter(), node("n1")],
    options: {
      ...synced(),
      registers: {
        approvedCapabilities: [
          {
            namespace: "cde",
            workload: "p",
            capabilities: ["SYS_TIME"],
            reason: "chrony",
            approvedBy: "m",
            approvedAt: "2026-01-01",
          },
        ],
      },
    },
    says: "which was approved",
  },
  { name: "not synchronised", status: "fail", objects: world(), options: synced({ isSynchronized: false }) },
  {
    name: "two seconds off",
    status: "fail",
    objects: world(),
    options: synced({ offsetSeconds: -2 }),
    says: "-2 seconds off",
  },
  {
    name: "another server than designated",
    status: "fail",
    objects: world(),
    options: { ...synced(), registers: sources(["time.example.com"]) },
    says: "aren't designated",
  },
  {
    name: "NTPProblem",
    status: "fail",
    objects: [
      cdeNamespace(),
      pod(),
      node("n1", {}, { status: { conditions: [{ type: "NTPProblem", status: "True" }] } }),
    ],
    options: synced(),
  },
  {
    name: "a container may set the clock",
    status: "fail",
    objects: [cdeNamespace(), setter(), node("n1"), leaseObject],
    options: synced(),
    says: "cde/p (ntp)",
    assessor: { prints: "SYS_TIME cde/p ntp" },
  },
  {
    name: "a lease from the future",
    status: "fail",
    objects: world(),
    options: { facts: lease("2026-11-21T12:01:00Z"), registers: sources() },
  },
  {
    name: "a lease that lags",
    status: "unknown",
    objects: world(),
    options: { facts: lease("2026-11-21T11:58:00Z"), registers: sources() },
    says: "slow kubelet",
  },
  {
    name: "only a lease",
    status: "unknown",
    objects: world(),
    options: { facts: lease("2026-11-21T11:59:52Z") },
    says: "coarse",
  },
  {
    name: "a report that is too old",
    status: "unknown",
    objects: world(),
    options: synced({ origin: { ...origin, collectedAt: "2026-11-01T00:00:00Z" } }),
  },
  { name: "nothing", status: "unknown", objects: world() },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), node("n1")] },
  {
    name: "Fargate",
    status: "not-applicable",
    objects: [cdeNamespace(), node("f", { "eks.amazonaws.com/compute-type": "fargate" })],
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
