import { cdeNamespace, daemonSet, minimalPod, minimalPodSpec, namespace, node } from "@/lib/fixtures/builders";
import type { SensorRecord } from "@/lib/inventory/imported-monitoring";
import { monRuntimeDetection } from "./mon-runtime-detection";
import { describeControl } from "./testing";

const FALCO = { name: "falco", image: "docker.io/falcosecurity/falco:0.41.0" };
const sensorNamespace = (value = "connected-to") => namespace("falco", { "pci-scope": value });
const cdePod = (nodeName: string) => minimalPod(`api-${nodeName}`, "cde", { spec: { ...minimalPodSpec(), nodeName } });
const sensorPod = (nodeName: string, status = "True", image = FALCO.image) =>
  minimalPod(`falco-${nodeName}`, "falco", {
    metadata: {
      ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "falco", uid: "1", controller: true }],
    },
    spec: { nodeName, containers: [{ ...FALCO, image }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status }] },
  });
const falco = daemonSet("falco", "falco", { containers: [FALCO] });
const world = (...objects: unknown[]) => [cdeNamespace(), sensorNamespace(), node("n1"), cdePod("n1"), ...objects];
const RECORD: SensorRecord = {
  origin: { by: "upload", name: "falco by jane", collectedAt: "2026-11-20T00:00:00Z" },
  sensor: "falco",
  nodes: [{ node: "n1", isSeeing: true }],
  rulesUpdatedAt: "2026-10-30",
  outputs: [{ name: "SIEM", isOutsideCluster: true }],
  testEventAt: "2026-11-10",
};
const record = (change: Partial<SensorRecord> = {}) => ({ facts: { sensorRecords: [{ ...RECORD, ...change }] } });
const without = (key: keyof SensorRecord) => ({
  facts: {
    sensorRecords: [Object.fromEntries(Object.entries(RECORD).filter(([k]) => k !== key)) as never as SensorRecord],
  },
});
const fargate = node("fargate-1", { "eks.amazonaws.com/compute-type": "fargate" });

describeControl(monRuntimeDetection, [
  {
    name: "a ready sensor with current rules, an outside output and a test event",
    objects: world(falco, sensorPod("n1")),
    options: record(),
    status: "pass",
    object: "Node/n1",
    assessor: { prints: "n1\tfalco\tfalco-n1\tTrue" },
  },
  {
    name: "a second CDE node without a sensor, though the rollout looks complete",
    objects: world(falco, sensorPod("n1"), node("n2"), cdePod("n2")),
    options: record(),
    status: "fail",
    object: "Node/n2",
    says: "no pod of falco runs here",
    assessor: { prints: /n2[\s\S]*sensors:\nn1\tfalco/, hides: "n2\tfalco" },
  },
  {
    name: "nodes without CDE pods need none",
    objects: world(falco, sensorPod("n1"), node("n2"), node("cp", { "node-role.kubernetes.io/control-plane": "" })),
    options: record(),
    status: "pass",
  },
  {
    name: "its sensor is not ready",
    objects: world(falco, sensorPod("n1", "False")),
    options: { facts: {} },
    status: "fail",
    says: "falco-n1 is not ready",
  },
  {
    name: "only standard output",
    objects: world(falco, sensorPod("n1")),
    options: record({ outputs: [{ name: "stdout", isOutsideCluster: false }] }),
    status: "fail",
    says: "none of its outputs is outside",
  },
  {
    name: "stale rules",
    objects: world(falco, sensorPod("n1")),
    options: record({ rulesUpdatedAt: "2026-06-01" }),
    status: "fail",
    says: "last updated at 2026-06-01",
  },
  {
    name: "an old test event",
    objects: world(falco, sensorPod("n1")),
    options: record({ testEventAt: "2026-09-01" }),
    status: "fail",
  },
  {
    name: "a kernel on which the sensor is blind",
    objects: world(falco, sensorPod("n1")),
    options: record({ nodes: [{ node: "n1", isSeeing: false }] }),
    status: "fail",
    says: "driver receives no events",
  },
  {
    name: "a namespace that is declared out of scope",
    objects: [cdeNamespace(), sensorNamespace("out-of-scope"), node("n1"), cdePod("n1"), falco, sensorPod("n1")],
    options: record(),
    status: "fail",
    says: "declared out of scope",
  },
  {
    name: "a web front end of the same product watches nothing",
    objects: world(
      daemonSet("ui", "falco", { containers: [{ name: "ui", image: "falcosecurity/falcosidekick-ui:2" }] }),
    ),
    status: "unknown",
  },
  {
    name: "a host agent by record",
    objects: world(),
    options: record({ sensor: "host-edr" }),
    status: "pass",
    says: "host agent host-edr",
  },
  {
    name: "a host agent whose record leaves the node out",
    objects: world(),
    options: record({ sensor: "host-edr", nodes: [] }),
    status: "fail",
  },
  {
    name: "a sensor without a record",
    objects: world(falco, sensorPod("n1")),
    status: "unknown",
    says: "import its record",
  },
  {
    name: "an old record",
    objects: world(falco, sensorPod("n1")),
    options: record({ origin: { ...RECORD.origin, collectedAt: "2026-06-01T00:00:00Z" } }),
    status: "unknown",
  },
  { name: "no test event", objects: world(falco, sensorPod("n1")), options: without("testEventAt"), status: "unknown" },
  { name: "no driver state", objects: world(falco, sensorPod("n1")), options: without("nodes"), status: "unknown" },
  { name: "no sensor is visible", objects: world(), status: "unknown", says: "if none does, this is a gap" },
  {
    name: "a serverless node whose pods carry no sensor",
    objects: [cdeNamespace(), fargate, cdePod("fargate-1")],
    status: "fail",
    says: "takes no DaemonSet",
  },
  {
    name: "a serverless node with sidecars",
    objects: [
      cdeNamespace(),
      fargate,
      minimalPod("api", "cde", { spec: { nodeName: "fargate-1", containers: [{ name: "app", image: "a" }, FALCO] } }),
    ],
    status: "unknown",
  },
  {
    name: "nodes could not be listed",
    objects: world(),
    options: { sections: { nodes: { status: "forbidden" } } },
    status: "unknown",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
