import { cdeNamespace, deployment, minimalPod, namespace, runningDeployment, staticPod } from "@/lib/fixtures/builders";
import type { BreakGlassRecord } from "@/lib/inventory/registers/break-glass-records";
import { podNoDebugContainers } from "./pod-no-debug-containers";
import { describeControl } from "./testing";

const app = { name: "app", image: "registry.example.com/app:1.0" };
const owner = {
  ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name: "db", uid: "1", controller: true }],
};
/** A pod of a StatefulSet into which somebody put a debug container. */
const debugged = (startedAt = "2026-11-21T10:00:00Z") =>
  minimalPod("db-0", "cde", {
    metadata: owner,
    spec: {
      containers: [app],
      ephemeralContainers: [{ name: "debugger-x7", image: "busybox", stdin: true, tty: true }],
    },
    status: {
      phase: "Running",
      ephemeralContainerStatuses: [{ name: "debugger-x7", state: { running: { startedAt } } }],
    },
  });
const handmade = (name = "shell", fields: object = {}, metadata: object = {}) =>
  minimalPod(name, "cde", {
    metadata: { labels: { run: name }, creationTimestamp: "2026-11-21T10:00:00Z", ...metadata },
    ...fields,
  });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const records = (changes: Partial<BreakGlassRecord> = {}) => ({
  registers: {
    breakGlassRecords: [
      {
        namespace: "cde",
        person: "jo",
        ticket: "INC-4711",
        from: "2026-11-21T09:00:00Z",
        to: "2026-11-21T13:00:00Z",
        reason: "payments hang",
        approvedBy: "maria",
        approvedAt: "2026-11-21T08:55:00Z",
        ...changes,
      },
    ],
  },
});

describeControl(podNoDebugContainers, [
  {
    name: "pods with owners and without debug containers",
    status: "pass",
    objects: world(...runningDeployment()),
    object: "Deployment/cde/app",
    assessor: { prints: "" },
  },
  {
    name: "an ephemeral container, with its start time",
    status: "fail",
    severity: "high",
    objects: world(debugged()),
    object: "StatefulSet/cde/db",
    says: "debugger-x7 (busybox) since 2026-11-21T10:00:00Z",
    assessor: { prints: "debug cde/db-0 debugger-x7 busybox since 2026-11-21T10:00:00Z" },
  },
  {
    name: "an ephemeral container that a record allows now",
    status: "pass",
    objects: world(debugged()),
    options: records({ pod: "db-*" }),
    says: "INC-4711 of jo",
  },
  {
    name: "the record's time is over and the container is still there",
    status: "fail",
    objects: world(debugged()),
    options: records({ to: "2026-11-21T11:00:00Z" }),
  },
  {
    name: "begun before the record's time",
    status: "fail",
    objects: world(debugged("2026-11-21T08:00:00Z")),
    options: records(),
  },
  {
    name: "a record for another pod",
    status: "fail",
    objects: world(debugged()),
    options: records({ pod: "web-0" }),
  },
  {
    name: "an ended debug container stays until its pod is deleted",
    status: "fail",
    objects: world({
      ...debugged(),
      status: {
        phase: "Running",
        ephemeralContainerStatuses: [
          {
            name: "debugger-x7",
            state: { terminated: { startedAt: "2026-11-01T10:00:00Z", finishedAt: "2026-11-01T10:05:00Z" } },
          },
        ],
      },
    }),
    options: records(),
    says: "since 2026-11-01T10:00:00Z",
  },
  {
    name: "a pod without owner, made by kubectl run",
    status: "fail",
    severity: "high",
    objects: world(handmade()),
    object: "Pod/cde/shell",
    says: "made by kubectl run",
  },
  {
    name: "a pod without owner that a record allows now",
    status: "pass",
    objects: world(handmade()),
    options: records(),
  },
  {
    name: "a node-debugging pod",
    status: "fail",
    severity: "critical",
    objects: world(handmade("node-debugger-n1-abcde", { spec: { containers: [app], nodeName: "n1", hostPID: true } })),
    says: "debugs node n1",
  },
  {
    name: "a node-debugging pod of another namespace on a node with CDE pods",
    status: "fail",
    severity: "critical",
    objects: [
      cdeNamespace(),
      namespace("shop", { "pci-scope": "out-of-scope" }),
      ...runningDeployment("app", "cde", { containers: [app] }, { nodeName: "n1" }),
      minimalPod("node-debugger-n1-abcde", "shop", { spec: { containers: [app], nodeName: "n1" } }),
    ],
    object: "Pod/shop/node-debugger-n1-abcde",
  },
  {
    name: "a node-debugging pod of another namespace on another node",
    status: "pass",
    objects: [
      cdeNamespace(),
      namespace("shop", { "pci-scope": "out-of-scope" }),
      ...runningDeployment("app", "cde", { containers: [app] }, { nodeName: "n1" }),
      minimalPod("node-debugger-n2-abcde", "shop", { spec: { containers: [app], nodeName: "n2" } }),
    ],
  },
  {
    name: "stdin and tty in a template",
    status: "fail",
    objects: world(deployment("app", "cde", { containers: [{ ...app, stdin: true, tty: true }] })),
    says: "container app has stdin and tty",
  },
  {
    name: "stdin without tty",
    status: "pass",
    objects: world(deployment("app", "cde", { containers: [{ ...app, stdin: true }] })),
  },
  {
    name: "a static pod without owner",
    status: "pass",
    objects: [
      {
        ...staticPod("proxy", ["proxy"]),
        metadata: { ...staticPod("proxy", ["proxy"]).metadata, ownerReferences: [] },
      },
      namespace("kube-system", { "pci-scope": "in-scope" }),
    ],
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(handmade("shell", { status: { phase: "Succeeded" } })),
  },
  { name: "no workload", status: "not-applicable", objects: world() },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
