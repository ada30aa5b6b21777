import { cdeNamespace, deployment, minimalPod, namespace, runningDeployment } from "@/lib/fixtures/builders";
import type { ApprovedCapability } from "@/lib/inventory/registers/approved-capabilities";
import { podCapabilitiesDropped } from "./pod-capabilities-dropped";
import { describeControl } from "./testing";

const spec = (capabilities?: object, fields: object = {}, container: object = {}) => ({
  containers: [
    {
      name: "app",
      image: "registry.example.com/app:1.0",
      securityContext: { ...(capabilities === undefined ? {} : { capabilities }) },
      ...container,
    },
  ],
  ...fields,
});
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const approved = (changes: Partial<ApprovedCapability> = {}) => ({
  registers: {
    approvedCapabilities: [
      {
        namespace: "cde",
        workload: "app",
        capabilities: ["NET_RAW"],
        reason: "intrusion detection",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...changes,
      },
    ],
  },
});
const raw = world(deployment("app", "cde", spec({ drop: ["ALL"], add: ["NET_RAW"] })));

describeControl(podCapabilitiesDropped, [
  {
    name: "ALL dropped",
    status: "pass",
    objects: world(...runningDeployment("app", "cde", spec({ drop: ["ALL"] }))),
    assessor: { prints: "" },
  },
  {
    name: "ALL dropped and NET_BIND_SERVICE added",
    status: "pass",
    objects: world(deployment("app", "cde", spec({ drop: ["ALL"], add: ["NET_BIND_SERVICE"] }))),
  },
  {
    name: "an approved capability",
    status: "pass",
    objects: raw,
    options: approved(),
    says: "Approved: NET_RAW of app",
  },
  {
    name: "approved for another container",
    status: "fail",
    objects: raw,
    options: approved({ container: "sidecar" }),
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: raw,
    options: approved({ expiresAt: "2026-10-01" }),
    says: "is not in force",
  },
  {
    name: "nothing dropped",
    status: "fail",
    severity: "medium",
    objects: world(...runningDeployment("app", "cde", spec())),
    says: "NET_RAW",
    assessor: { prints: /^cde\/app-\S+ app drop= add=$/m },
  },
  {
    name: "NET_RAW left in place",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ drop: ["CHOWN"] }))),
    says: "so NET_RAW stays",
  },
  {
    name: "lower case is noted and not believed",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ drop: ["all"] }))),
    says: "which is not ALL",
  },
  {
    name: "CAP_ALL too",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ drop: ["CAP_ALL"] }))),
    says: "drops CAP_ALL",
  },
  { name: "another capability added", status: "fail", severity: "medium", objects: raw, says: "adds NET_RAW" },
  {
    name: "SYS_TIME changes the node's clock",
    status: "fail",
    severity: "critical",
    objects: world(deployment("app", "cde", spec({ drop: ["ALL"], add: ["SYS_TIME"] }))),
  },
  {
    name: "with the kernel's prefix it is the same capability",
    status: "fail",
    severity: "critical",
    objects: world(deployment("app", "cde", spec({ drop: ["ALL"], add: ["CAP_SYS_ADMIN"] }))),
  },
  {
    name: "privileged mode gives all of them",
    status: "fail",
    severity: "critical",
    objects: world(
      deployment(
        "app",
        "cde",
        spec(undefined, {}, { securityContext: { privileged: true, capabilities: { drop: ["ALL"] } } }),
      ),
    ),
    says: "gives every capability",
  },
  {
    name: "an init container",
    status: "fail",
    objects: world(
      deployment("app", "cde", spec({ drop: ["ALL"] }, { initContainers: [{ name: "init", image: "a:1" }] })),
    ),
    says: "container init",
  },
  {
    name: "an ephemeral container",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", {
        spec: spec({ drop: ["ALL"] }, { ephemeralContainers: [{ name: "debug", image: "a:1" }] }),
      }),
    ),
    says: "container debug",
  },
  {
    name: "Windows pods",
    status: "not-applicable",
    objects: world(deployment("app", "cde", spec(undefined, { os: { name: "windows" } }))),
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { spec: spec(), status: { phase: "Failed" } })),
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
