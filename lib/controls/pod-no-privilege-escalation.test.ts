import { cdeNamespace, cronJob, deployment, minimalPod, namespace, runningDeployment } from "@/lib/fixtures/builders";
import { podNoPrivilegeEscalation } from "./pod-no-privilege-escalation";
import { describeControl } from "./testing";

const app = (securityContext?: object) => ({
  name: "app",
  image: "registry.example.com/app:1.0",
  ...(securityContext === undefined ? {} : { securityContext }),
});
const safe = { allowPrivilegeEscalation: false };
const spec = (securityContext?: object, fields: object = {}) => ({ containers: [app(securityContext)], ...fields });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(podNoPrivilegeEscalation, [
  {
    name: "false on every container",
    status: "pass",
    objects: world(...runningDeployment("app", "cde", spec(safe))),
    object: "Deployment/cde/app",
    assessor: { prints: "" },
  },
  {
    name: "not set means true",
    status: "fail",
    objects: world(...runningDeployment("app", "cde", spec())),
    says: "not set on app",
    assessor: { prints: /^cde\/app-\S+ app$/m },
  },
  { name: "true", status: "fail", objects: world(deployment("app", "cde", spec({ allowPrivilegeEscalation: true }))) },
  {
    name: "false on the pod is no field at all",
    status: "fail",
    objects: world(deployment("app", "cde", spec(undefined, { securityContext: safe }))),
  },
  {
    name: "privileged mode forces it",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ privileged: true }))),
    says: "forces it on app",
  },
  {
    name: "CAP_SYS_ADMIN forces it",
    status: "fail",
    objects: world(cronJob("nightly", "cde", spec({ capabilities: { add: ["SYS_ADMIN", "CHOWN"] } }))),
    says: "CAP_SYS_ADMIN forces it",
  },
  {
    name: "an init container and a restartable sidecar",
    status: "fail",
    objects: world(
      deployment("app", "cde", spec(safe, { initContainers: [{ ...app(), name: "proxy", restartPolicy: "Always" }] })),
    ),
    says: "proxy",
  },
  {
    name: "an ephemeral container",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", { spec: spec(safe, { ephemeralContainers: [{ ...app(), name: "debug" }] }) }),
    ),
    says: "debug",
  },
  {
    name: "a connected-to namespace",
    status: "fail",
    objects: [namespace("tools", { "pci-scope": "connected-to" }), deployment("app", "tools", spec())],
    object: "Deployment/tools/app",
  },
  {
    name: "Windows pods",
    status: "not-applicable",
    objects: world(deployment("app", "cde", spec(undefined, { os: { name: "windows" } }))),
    says: "Windows pods",
  },
  {
    name: "a node selector alone does not make it Windows",
    status: "fail",
    objects: world(deployment("app", "cde", spec(undefined, { nodeSelector: { "kubernetes.io/os": "windows" } }))),
    says: "counts as Linux",
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { spec: spec(), status: { phase: "Succeeded" } })),
  },
  { name: "no workload", status: "not-applicable", objects: world() },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
]);
