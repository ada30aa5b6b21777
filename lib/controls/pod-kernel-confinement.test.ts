import {
  cdeNamespace,
  deployment,
  minimalPod,
  namespace,
  node,
  object,
  runningDeployment,
} from "@/lib/fixtures/builders";
import type { ImportedKubeletConfig } from "@/lib/inventory/imported-control-plane";
import { podKernelConfinement } from "./pod-kernel-confinement";
import { describeControl } from "./testing";

const app = (fields: object = {}) => ({ name: "app", image: "registry.example.com/app:1.0", ...fields });
const spec = (pod: object = {}, container: object = {}, fields: object = {}) => ({
  securityContext: { seccompProfile: { type: "RuntimeDefault" }, ...pod },
  containers: [app({ securityContext: container })],
  ...fields,
});
const unset = { containers: [app()] };
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const kubelet = (nodeName: string, changes: Partial<ImportedKubeletConfig>): ImportedKubeletConfig => ({
  origin: { by: "node-collector", name: `${nodeName} configz`, collectedAt: "2026-11-21T00:00:00Z" },
  node: nodeName,
  source: "running",
  flags: {},
  ...changes,
});
const kubelets = (...kubeletConfigs: ImportedKubeletConfig[]) => ({ facts: { gitVersion: "v1.34.2", kubeletConfigs } });
const annotated = (value: string, podSpec: object) =>
  deployment("app", "cde", podSpec as Record<string, unknown>, {
    spec: {
      template: {
        metadata: { annotations: { "container.apparmor.security.beta.kubernetes.io/app": value } },
        spec: podSpec,
      },
    },
  });
const demands = {
  registers: {
    sandboxDemands: [
      { namespaces: ["cde"], runtimeClasses: ["gvisor"], reason: "x", approvedBy: "maria", approvedAt: "2026-09-01" },
    ],
  },
};
const gvisor = object("node.k8s.io/v1", "RuntimeClass", "gvisor", undefined, { handler: "runsc" });
const sandboxed = deployment("app", "cde", spec({}, {}, { runtimeClassName: "gvisor" }));

describeControl(podKernelConfinement, [
  {
    name: "the runtime's default on the pod covers its containers",
    status: "pass",
    objects: world(...runningDeployment("app", "cde", spec())),
    says: "RuntimeDefault",
    assessor: { prints: "" },
  },
  {
    name: "a container's own profile is enough",
    status: "pass",
    objects: world(
      deployment("app", "cde", {
        containers: [app({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "p.json" } } })],
      }),
    ),
  },
  {
    name: "unset",
    status: "fail",
    objects: world(...runningDeployment("app", "cde", unset)),
    says: "no seccomp profile",
    assessor: { prints: /^cde\/app-\S+ app seccomp=unset/m },
  },
  {
    name: "unset, and the kubelets of its nodes run with seccompDefault",
    status: "pass",
    objects: world(node("n1"), node("n2"), ...runningDeployment("app", "cde", unset, { nodeName: "n1" })),
    options: kubelets(kubelet("n1", { seccompDefault: true })),
    says: "restricted level asks for the field",
  },
  {
    name: "seccompDefault on another node only",
    status: "fail",
    objects: world(node("n1"), node("n2"), ...runningDeployment("app", "cde", unset, { nodeName: "n2" })),
    options: kubelets(kubelet("n1", { seccompDefault: true })),
  },
  {
    name: "a template without pods needs seccompDefault on every node",
    status: "fail",
    objects: world(node("n1"), node("n2"), deployment("app", "cde", unset)),
    options: kubelets(kubelet("n1", { seccompDefault: true })),
  },
  {
    name: "seccompDefault in a file that the kubelet's flag switches off",
    status: "fail",
    objects: world(node("n1"), ...runningDeployment("app", "cde", unset, { nodeName: "n1" })),
    options: kubelets(kubelet("n1", { source: "file", seccompDefault: true, flags: { "seccomp-default": "false" } })),
  },
  {
    name: "seccompDefault in a file, and the command line was not read",
    status: "fail",
    objects: world(node("n1"), ...runningDeployment("app", "cde", unset, { nodeName: "n1" })),
    options: kubelets(kubelet("n1", { source: "file", seccompDefault: true, flags: null })),
  },
  {
    name: "seccompDefault in a file",
    status: "pass",
    objects: world(node("n1"), ...runningDeployment("app", "cde", unset, { nodeName: "n1" })),
    options: kubelets(kubelet("n1", { source: "file", seccompDefault: true })),
  },
  {
    name: "a container that overrides the pod's profile with Unconfined",
    status: "fail",
    objects: world(deployment("app", "cde", spec({}, { seccompProfile: { type: "Unconfined" } }))),
    says: "seccomp Unconfined",
  },
  {
    name: "a privileged container runs without seccomp",
    status: "fail",
    objects: world(deployment("app", "cde", spec({}, { privileged: true }))),
    says: "without seccomp",
  },
  {
    name: "AppArmor Unconfined",
    status: "fail",
    objects: world(deployment("app", "cde", spec({}, { appArmorProfile: { type: "Unconfined" } }))),
    says: "AppArmor",
  },
  {
    name: "AppArmor unconfined by annotation",
    status: "fail",
    objects: world(annotated("unconfined", spec())),
    says: "AppArmor",
  },
  {
    name: "AppArmor's field and annotation disagree",
    status: "fail",
    objects: world(
      annotated("runtime/default", spec({}, { appArmorProfile: { type: "Localhost", localhostProfile: "p" } })),
    ),
    says: "by field and runtime/default by annotation",
  },
  {
    name: "AppArmor's field and annotation agree",
    status: "pass",
    objects: world(
      annotated("localhost/p", spec({}, { appArmorProfile: { type: "Localhost", localhostProfile: "p" } })),
    ),
  },
  {
    name: "a SELinux user and role",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ seLinuxOptions: { user: "root", role: "sysadm_r", level: "s0" } }))),
    says: "user may not be set",
  },
  {
    name: "one of the container types",
    status: "pass",
    objects: world(deployment("app", "cde", spec({ seLinuxOptions: { type: "container_t" } }))),
  },
  {
    name: "unmasked /proc",
    status: "fail",
    objects: world(deployment("app", "cde", spec({}, { procMount: "Unmasked" }))),
    says: "procMount",
  },
  {
    name: "an unsafe sysctl",
    status: "fail",
    objects: world(
      deployment(
        "app",
        "cde",
        spec({
          sysctls: [
            { name: "kernel.msgmax", value: "1" },
            { name: "net.ipv4.tcp_syncookies", value: "1" },
          ],
        }),
      ),
    ),
    says: "kernel.msgmax",
  },
  {
    name: "a safe sysctl",
    status: "pass",
    objects: world(deployment("app", "cde", spec({ sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }] }))),
  },
  {
    name: "no sandbox where none is demanded",
    status: "pass",
    objects: world(deployment("app", "cde", spec())),
  },
  {
    name: "a demanded sandbox is missing",
    status: "fail",
    objects: world(gvisor, deployment("app", "cde", spec())),
    options: demands,
    says: "demands RuntimeClass gvisor, and the pod has none",
  },
  { name: "a demanded sandbox is there", status: "pass", objects: world(gvisor, sandboxed), options: demands },
  {
    name: "a demanded RuntimeClass that does not exist",
    status: "fail",
    objects: world(sandboxed),
    options: demands,
    says: "does not exist",
    remediates: false,
  },
  {
    name: "a demanded sandbox, and RuntimeClasses could not be read",
    status: "unknown",
    objects: world(sandboxed),
    options: { ...demands, sections: { runtimeclasses: { status: "forbidden" } } },
  },
  {
    name: "an ephemeral container without profile on an unconfined pod",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", {
        spec: {
          containers: [app({ securityContext: { seccompProfile: { type: "RuntimeDefault" } } })],
          ephemeralContainers: [app({ name: "debug" })],
        },
      }),
    ),
    says: "debug",
  },
  {
    name: "Windows pods",
    status: "not-applicable",
    objects: world(deployment("app", "cde", { ...unset, os: { name: "windows" } })),
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { status: { phase: "Succeeded" } })),
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
