import {
  cdeNamespace,
  daemonSet,
  deployment,
  minimalPod,
  minimalPodSpec,
  namespace,
  node,
  runningDeployment,
} from "@/lib/fixtures/builders";
import { isoNoColocation } from "./iso-no-colocation";
import { describeControl } from "./testing";

const outside = namespace("shop", { "pci-scope": "out-of-scope" });
const tools = namespace("tools", { "pci-scope": "connected-to" });
const pod = (name: string, ns: string, nodeName: string | undefined = "n1", fields: object = {}) =>
  minimalPod(name, ns, { spec: minimalPodSpec(nodeName === "" ? {} : { nodeName }), ...fields });
const ownedBy = (kind: string, name: string) => ({
  metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind, name, uid: "1", controller: true }] },
});
const tainted = node("n1", {}, { spec: { taints: [{ key: "pci-scope", value: "in-scope", effect: "NoSchedule" }] } });
const tolerating = (tolerations: object[], ns = "shop") => deployment("agent", ns, minimalPodSpec({ tolerations }));
const world = [cdeNamespace(), outside, node("n1"), node("n2"), pod("api", "cde")];

describeControl(isoNoColocation, [
  {
    name: "CDE and other pods on different nodes",
    assessor: { prints: "" },
    status: "pass",
    objects: [...world, pod("web", "shop", "n2")],
    object: "Node/n1",
  },
  {
    name: "a system DaemonSet of kube-system",
    status: "pass",
    objects: [
      ...world,
      namespace("kube-system", { "pci-scope": "out-of-scope" }),
      daemonSet("kube-proxy", "kube-system"),
      pod("kube-proxy-1", "kube-system", "n1", ownedBy("DaemonSet", "kube-proxy")),
    ],
  },
  {
    name: "a DaemonSet of a connected-to namespace",
    status: "pass",
    objects: [...world, tools, pod("logs-1", "tools", "n1", ownedBy("DaemonSet", "logs"))],
  },
  {
    name: "a finished pod does not count",
    status: "pass",
    objects: [...world, pod("job", "shop", "n1", { status: { phase: "Succeeded" } })],
  },
  {
    name: "a taint that the others don't tolerate",
    status: "pass",
    objects: [cdeNamespace(), outside, tainted, pod("api", "cde"), tolerating([{ key: "other", operator: "Exists" }])],
  },
  {
    name: "the wrong value or effect tolerates nothing",
    status: "pass",
    objects: [
      cdeNamespace(),
      outside,
      tainted,
      pod("api", "cde"),
      tolerating([
        { key: "pci-scope", value: "out", effect: "NoSchedule" },
        { key: "pci-scope", operator: "Exists", effect: "NoExecute" },
      ]),
    ],
  },
  {
    name: "workloads of both sides on one node",
    remediates: true,
    status: "fail",
    objects: [
      cdeNamespace(),
      outside,
      node("n1"),
      ...runningDeployment("api", "cde", minimalPodSpec(), { nodeName: "n1" }),
      ...runningDeployment("web", "shop", minimalPodSpec(), { nodeName: "n1" }),
    ],
    object: "Node/n1",
  },
  {
    name: "an out-of-scope pod beside a CDE pod",
    remediates: false,
    assessor: { prints: "n1 shop/web" },
    status: "fail",
    severity: "critical",
    objects: [...world, pod("web", "shop")],
    object: "Node/n1",
    says: "shop/web",
  },
  {
    name: "an unlabelled namespace's pod",
    status: "fail",
    severity: "critical",
    objects: [...world, namespace("new"), pod("web", "new")],
    says: "namespace without scope label",
  },
  {
    name: "a DaemonSet out of scope",
    status: "fail",
    objects: [...world, pod("agent-1", "shop", "n1", ownedBy("DaemonSet", "agent"))],
  },
  {
    name: "a Deployment of kube-system",
    status: "fail",
    objects: [...world, namespace("kube-system", { "pci-scope": "out-of-scope" }), pod("dns", "kube-system")],
  },
  {
    name: "a foreign workload tolerates the CDE taint",
    status: "fail",
    severity: "medium",
    objects: [
      cdeNamespace(),
      outside,
      tainted,
      pod("api", "cde"),
      tolerating([{ key: "pci-scope", value: "in-scope" }]),
    ],
    says: "shop/agent",
  },
  {
    name: "Exists without a key tolerates every taint",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace(), outside, tainted, pod("api", "cde"), tolerating([{ operator: "Exists" }])],
  },
  {
    name: "connected-to pods that are no DaemonSet",
    status: "unknown",
    objects: [...world, tools, pod("vault", "tools")],
    says: "tools/vault",
  },
  {
    name: "a CDE pod without a node",
    status: "unknown",
    objects: [...world, pod("new", "cde", "")],
    says: "no node yet",
  },
  {
    name: "templates only",
    status: "unknown",
    objects: [cdeNamespace(), outside, deployment("api", "cde")],
    says: "no placement is visible",
  },
  {
    name: "nodes refused",
    status: "unknown",
    objects: [cdeNamespace(), outside, pod("api", "cde")],
    options: { sections: { nodes: { status: "forbidden" } } },
    says: "taints are not known",
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: [cdeNamespace(), outside],
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "every namespace is in scope",
    status: "not-applicable",
    objects: [cdeNamespace(), tools, node("n1"), pod("api", "cde"), pod("vault", "tools")],
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [outside] },
  {
    name: "a pod that is not valid",
    status: "unknown",
    objects: [...world, minimalPod("bad", "shop", { spec: { containers: "none" } })],
    object: "Pod/shop/bad",
  },
]);
