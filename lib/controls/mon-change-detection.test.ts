import { cdeNamespace, daemonSet, minimalPod, minimalPodSpec, namespace, node, object } from "@/lib/fixtures/builders";
import { type FileIntegrityRecord, WATCHED_FILES } from "@/lib/inventory/imported-monitoring";
import { monChangeDetection } from "./mon-change-detection";
import { describeControl } from "./testing";

const pod = minimalPod("api", "cde", { spec: { ...minimalPodSpec(), nodeName: "n1" } });
const controlPlane = node("cp", { "node-role.kubernetes.io/control-plane": "" });
const security = namespace("security", { "pci-scope": "connected-to" });
const world = (...objects: unknown[]) => [cdeNamespace(), security, node("n1"), controlPlane, pod, ...objects];
const origin = { by: "upload", name: "console by jane", collectedAt: "2026-11-20T00:00:00Z" } as const;
type Entry = FileIntegrityRecord["nodes"][number];
const entry = (name: string, change: Partial<Entry> = {}): Entry => ({
  node: name,
  covers: [...WATCHED_FILES],
  comparedAt: "2026-11-19T03:00:00Z",
  ...change,
});
const ALARM = {
  origin,
  system: "Monitoring",
  alarms: [{ name: "CdeDrift", watches: "configuration-drift" as const, isEnabled: true, receivers: ["soc"] }],
};
const facts = (
  nodes: Entry[] = [entry("n1"), entry("cp")],
  change: Partial<FileIntegrityRecord> = {},
  alarms = [ALARM],
) => ({
  facts: {
    fileIntegrity: [{ origin, tool: "AIDE", receivers: ["soc"], nodes, ...change }],
    ...(alarms.length > 0 ? { failureAlarms: alarms } : {}),
  },
});
const TETRAGON = { name: "tetragon", image: "quay.io/cilium/tetragon:v1.6.0" };
const tetragon = [
  daemonSet("tetragon", "security", { containers: [TETRAGON] }),
  ...["n1", "cp"].map((name) =>
    minimalPod(`tetragon-${name}`, "security", {
      metadata: {
        ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "tetragon", uid: "1", controller: true }],
      },
      spec: { nodeName: name, containers: [TETRAGON] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    }),
  ),
];
const tracingPolicy = (...values: string[]) =>
  object("cilium.io/v1alpha1", "TracingPolicy", "files", undefined, {
    spec: {
      kprobes: [
        {
          call: "security_file_permission",
          syscall: false,
          selectors: [{ matchArgs: [{ index: 0, operator: "Prefix", values }] }],
        },
      ],
    },
  });
const fileIntegrity = (phase: string, nodeSelector: Record<string, string> = {}) =>
  object("fileintegrity.openshift.io/v1alpha1", "FileIntegrity", "all", "openshift-file-integrity", {
    spec: { nodeSelector },
    status: { phase },
  });

describeControl(monChangeDetection, [
  {
    name: "every class of files on every node, and a drift alarm",
    objects: world(...tetragon),
    options: facts(),
    status: "pass",
    object: "Node/cp",
    assessor: { prints: "security\ttetragon" },
  },
  {
    name: "the control plane's node is left out",
    objects: world(),
    options: facts([entry("n1")]),
    status: "fail",
    object: "Node/cp",
    says: "leaves it out",
    assessor: { prints: "", hides: "tetragon" },
  },
  {
    name: "a class of files is not watched on the control plane",
    objects: world(),
    options: facts([
      entry("n1"),
      entry("cp", { covers: ["pki", "kubelet-configuration", "runtime-binaries", "control-plane-manifests"] }),
    ]),
    status: "fail",
    object: "Node/cp",
    says: "nobody watches the audit policy",
  },
  {
    name: "a worker has no manifests of the control plane to watch",
    objects: world(),
    options: facts([entry("n1", { covers: ["pki", "kubelet-configuration", "runtime-binaries"] }), entry("cp")]),
    status: "pass",
  },
  {
    name: "nobody receives the alerts",
    objects: world(),
    options: facts(undefined, { receivers: ["null"] }),
    status: "fail",
    says: "nobody receives the alerts of AIDE",
  },
  {
    name: "the last comparison is older than a week",
    objects: world(),
    options: facts([entry("n1", { comparedAt: "2026-11-01T00:00:00Z" }), entry("cp")]),
    status: "fail",
    object: "Node/n1",
    says: "last compared it at 2026-11-01",
  },
  {
    name: "no drift alarm among those imported",
    objects: world(),
    options: facts(undefined, {}, [{ ...ALARM, alarms: [] }]),
    status: "fail",
    object: "Cluster/cluster",
    says: "no alarm about configuration drift",
  },
  {
    name: "a drift alarm without a receiver",
    objects: world(),
    options: facts(undefined, {}, [
      { ...ALARM, alarms: [{ ...(ALARM.alarms[0] as (typeof ALARM.alarms)[0]), receivers: [] }] },
    ]),
    status: "fail",
    object: "Cluster/cluster",
  },
  {
    name: "Tetragon's policy over the folders, with alarms",
    objects: world(...tetragon, tracingPolicy("/etc/kubernetes/", "/var/lib/kubelet", "/usr/bin", "/usr/local/bin")),
    options: { facts: { failureAlarms: [ALARM] } },
    status: "pass",
    says: "TracingPolicy files watches /etc/kubernetes/",
  },
  {
    name: "Tetragon's policy over some of the folders",
    objects: world(...tetragon, tracingPolicy("/etc/kubernetes/pki", "/var/lib/kubelet")),
    options: { facts: { failureAlarms: [ALARM] } },
    status: "fail",
    says: "nobody watches runtime binaries",
  },
  {
    name: "the File Integrity Operator on each node",
    objects: world(fileIntegrity("Active")),
    options: { provider: "openshift", facts: { failureAlarms: [ALARM] } },
    status: "pass",
  },
  {
    name: "the File Integrity Operator selects other nodes",
    objects: world(fileIntegrity("Active", { "node-role.kubernetes.io/control-plane": "" })),
    options: { facts: { failureAlarms: [ALARM] } },
    status: "unknown",
    object: "Node/n1",
  },
  {
    name: "the File Integrity Operator in error",
    objects: world(fileIntegrity("Error")),
    options: { facts: { failureAlarms: [ALARM] } },
    status: "fail",
    says: "is Error, not Active",
  },
  {
    name: "who receives the operator's alerts is not known",
    objects: world(fileIntegrity("Active")),
    status: "unknown",
    object: "Node/n1",
    says: "who receives its alerts is not known",
  },
  {
    name: "Falco alone: its rules are not visible",
    objects: world(daemonSet("falco", "security", { containers: [{ name: "falco", image: "falcosecurity/falco:1" }] })),
    status: "unknown",
    says: "import the tool's record",
  },
  {
    name: "left out by the record, and other tools could not be read",
    objects: world(),
    options: { ...facts([entry("n1")]), sections: { "tetragon-tracingpolicies": { status: "forbidden" } } },
    status: "unknown",
    object: "Node/cp",
  },
  { name: "nothing is known", objects: world(), status: "unknown" },
  {
    name: "an old record",
    objects: world(),
    options: facts(
      [entry("n1", { comparedAt: "2026-06-01T00:00:00Z" }), entry("cp", { comparedAt: "2026-06-01T00:00:00Z" })],
      {
        origin: { ...origin, collectedAt: "2026-06-02T00:00:00Z" },
      },
    ),
    status: "unknown",
    object: "Node/n1",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
