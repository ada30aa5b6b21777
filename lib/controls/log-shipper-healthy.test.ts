import { cdeNamespace, daemonSet, deployment, minimalPod, namespace, node, staticPod } from "@/lib/fixtures/builders";
import type { LogShipperOutput } from "@/lib/inventory/imported";
import { logShipperHealthy } from "./log-shipper-healthy";
import { describeControl } from "./testing";

const LOG = "/var/log/kubernetes/audit/audit.log";
const cp = (name: string) => node(name, { "node-role.kubernetes.io/control-plane": "" });
const apiserver = (flags = ["--audit-policy-file=/p", `--audit-log-path=${LOG}`]) =>
  staticPod("kube-apiserver", ["kube-apiserver", ...flags], "cp-1");
const world = [
  cdeNamespace(),
  namespace("monitoring", { "pci-scope": "connected-to" }),
  namespace("kube-system", { "pci-scope": "connected-to" }),
  cp("cp-1"),
  node("worker-1"),
];
const digest = `registry.example.com/fluent-bit@sha256:${"a".repeat(64)}`;
const OUTPUT: LogShipperOutput = {
  origin: { by: "upload", name: "fluent-bit.conf", collectedAt: "2026-11-21T10:00:00Z" },
  shipper: "audit-shipper",
  tails: "/var/log/kubernetes/audit/*.log",
  format: "json",
  scheme: "https",
  verifiesCertificate: true,
  authenticates: true,
  persistsPosition: true,
};
const output = (changes: Partial<LogShipperOutput> = {}) => ({
  facts: { gitVersion: "v1.34.0", logShippers: [{ ...OUTPUT, ...changes }] },
});

interface Options {
  name?: string;
  path?: string;
  type?: string;
  image?: string;
  env?: { name: string; value: string }[];
  on?: string[];
  ready?: boolean;
  restarts?: number;
  desired?: number;
  isMounted?: boolean;
}
/** A DaemonSet with a pod on each node of `on`. */
function shipper({
  name = "audit-shipper",
  path = "/var/log/kubernetes/audit",
  type,
  image = digest,
  env = [],
  on = ["cp-1"],
  ready = true,
  restarts = 0,
  desired = on.length,
  isMounted = true,
}: Options = {}) {
  const volumeMounts = isMounted ? [{ name: "log", mountPath: path, readOnly: true }] : [];
  const spec = {
    containers: [{ name: "ship", image, env, volumeMounts }],
    volumes: [{ name: "log", hostPath: { path, ...(type === undefined ? {} : { type }) } }],
  };
  const pods = on.map((nodeName, i) =>
    minimalPod(`${name}-${i}`, "monitoring", {
      metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name, controller: true }] },
      spec: { ...spec, nodeName },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
        containerStatuses: [{ name: "ship", ready, restartCount: restarts }],
      },
    }),
  );
  return [
    daemonSet(name, "monitoring", spec, {
      status: { desiredNumberScheduled: desired, numberReady: ready ? on.length : 0 },
    }),
    ...pods,
  ];
}

describeControl(logShipperHealthy, [
  {
    name: "a folder that no container mounts",
    objects: [...world, apiserver(), ...shipper({ isMounted: false })],
    options: output(),
    status: "unknown",
    says: "no workload ships",
  },
  {
    name: "ready on every control-plane node, output secured",
    assessor: { prints: '"ready": 1' },
    objects: [...world, apiserver(), ...shipper()],
    options: output(),
    status: "pass",
    object: "DaemonSet/monitoring/audit-shipper",
  },
  {
    name: "three control-plane nodes",
    objects: [...world, cp("cp-2"), cp("cp-3"), apiserver(), ...shipper({ on: ["cp-1", "cp-2", "cp-3"] })],
    options: output(),
    status: "pass",
    says: "all 3",
  },
  {
    name: "a folder above the log, by an agent known as a log shipper",
    objects: [...world, apiserver(), ...shipper({ name: "fluent-bit", path: "/var/log" })],
    options: output({ shipper: "fluent-bit" }),
    status: "pass",
  },
  {
    name: "flags not visible: the usual places count",
    objects: [...world, ...shipper({ path: "/var/log/kubernetes" })],
    options: output(),
    status: "pass",
  },
  {
    name: "desired 0 and ready 0 is no health",
    remediates: false,
    assessor: { prints: '"ready": 0' },
    objects: [...world, apiserver(), ...shipper({ on: [] })],
    options: output(),
    status: "fail",
    says: "desired 0",
  },
  {
    name: "a control-plane node without a pod",
    remediates: false,
    objects: [...world, cp("cp-2"), apiserver(), ...shipper()],
    options: output(),
    status: "fail",
    says: "no pod on cp-2",
  },
  {
    name: "pods on workers alone",
    remediates: false,
    objects: [...world, apiserver(), ...shipper({ on: ["worker-1"] })],
    options: output(),
    status: "fail",
    says: "no pod on cp-1",
  },
  {
    name: "a crash loop",
    objects: [...world, apiserver(), ...shipper({ ready: false, restarts: 41 })],
    options: output(),
    status: "fail",
    says: "not ready on cp-1 after 41 restarts",
  },
  {
    name: "the file is mounted by its path",
    remediates: true,
    objects: [...world, apiserver(), ...shipper({ path: LOG })],
    options: output(),
    status: "fail",
    says: "after rotation it keeps reading the old file",
  },
  {
    name: "a hostPath of type File",
    objects: [...world, apiserver(), ...shipper({ path: LOG, type: "File" })],
    options: output(),
    status: "fail",
    says: "type File",
  },
  {
    name: "plain HTTP",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ scheme: "http" }),
    status: "fail",
    says: "not encrypted (http)",
  },
  {
    name: "an environment value that switches to plain HTTP shows without any import",
    objects: [...world, apiserver(), ...shipper({ env: [{ name: "FLUENT_ELASTICSEARCH_SCHEME", value: "http" }] })],
    status: "fail",
    says: "set to send without TLS",
  },
  {
    name: "an environment value that switches verification off",
    objects: [
      ...world,
      apiserver(),
      ...shipper({ env: [{ name: "FLUENT_ELASTICSEARCH_SSL_VERIFY", value: "false" }] }),
    ],
    status: "fail",
    says: "not to verify certificates",
  },
  {
    name: "no verification",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ verifiesCertificate: false }),
    status: "fail",
  },
  {
    name: "no authentication",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ authenticates: false }),
    status: "fail",
  },
  {
    name: "the wrong path",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ tails: "/var/log/kubernetes/kube-apiserver-audit.log" }),
    status: "fail",
    says: "not where the audit log lies",
  },
  {
    name: "the legacy text format",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ format: "text" }),
    status: "fail",
  },
  {
    name: "the position is lost",
    objects: [...world, apiserver(), ...shipper()],
    options: output({ persistsPosition: false }),
    status: "fail",
    says: "forgets its position",
  },
  {
    name: "an image that is not pinned is medium",
    objects: [...world, apiserver(), ...shipper({ image: "fluent/fluent-bit:4" })],
    options: output(),
    status: "fail",
    severity: "medium",
    says: "not pinned",
  },
  {
    name: "the image that many guides name",
    objects: [
      ...world,
      apiserver(),
      ...shipper({ image: "fluent/fluentd-kubernetes-daemonset:v1-debian-elasticsearch8" }),
    ],
    options: output(),
    status: "fail",
    says: "old text format",
  },
  {
    name: "output settings not imported",
    objects: [...world, apiserver(), ...shipper()],
    status: "unknown",
    says: "import its output settings",
  },
  {
    name: "nothing ships (perhaps a service on the host)",
    objects: [...world, apiserver()],
    status: "unknown",
    says: "service on the hosts",
  },
  {
    name: "a Deployment that mounts the folder is no shipper of every node",
    objects: [
      ...world,
      apiserver(),
      deployment("reader", "monitoring", {
        containers: [{ name: "a", image: digest }],
        volumes: [{ name: "l", hostPath: { path: "/var/log/kubernetes/audit" } }],
      }),
    ],
    status: "unknown",
  },
  {
    name: "a node monitor that mounts / is not taken for the shipper",
    objects: [
      ...world,
      apiserver(),
      ...shipper({ name: "node-exporter", path: "/", image: `prom/node-exporter@sha256:${"b".repeat(64)}` }),
    ],
    status: "unknown",
    says: "no workload ships",
  },
  {
    name: "no node carries the control-plane label",
    objects: [
      cdeNamespace(),
      namespace("monitoring", { "pci-scope": "connected-to" }),
      node("server-0"),
      ...shipper({ on: ["server-0"] }),
    ],
    options: output(),
    status: "unknown",
    says: "control-plane label",
  },
  {
    name: "nodes are forbidden",
    objects: [...world, apiserver(), ...shipper()],
    options: { ...output(), sections: { nodes: { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "a managed control plane",
    objects: [...world, ...shipper()],
    options: { provider: "eks" },
    status: "not-applicable",
    says: "provider delivers",
  },
  {
    name: "API servers that deliver by webhook",
    objects: [...world, apiserver(["--audit-policy-file=/p", "--audit-webhook-config-file=/w"])],
    status: "not-applicable",
    says: "webhook",
  },
]);
