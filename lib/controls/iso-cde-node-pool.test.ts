import {
  cdeNamespace,
  daemonSet,
  minimalPod,
  namespace,
  node,
  object,
  runningDeployment,
  staticPod,
} from "@/lib/fixtures/builders";
import { isoCdeNodePool } from "./iso-cde-node-pool";
import { describeControl } from "./testing";

const RESTRICTED = "node-restriction.kubernetes.io/pci-scope";
const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const taint = (effect = "NoExecute", key = "pci-scope") => ({ spec: { taints: [{ key, value: "in-scope", effect }] } });
const kept = (name = "n1", effect?: string) => node(name, { [RESTRICTED]: "in-scope" }, taint(effect));
const apiServer = (plugins = "NodeRestriction") =>
  staticPod("kube-apiserver", ["kube-apiserver", `--enable-admission-plugins=${plugins}`], "cp");
const controlPlane = node("cp", { "node-role.kubernetes.io/control-plane": "" });
const pods = (nodeName = "n1", spec: object = {}) =>
  runningDeployment("app", "cde", { containers: [{ name: "app", image: "a:1" }], ...spec }, { nodeName });
const world = (...objects: unknown[]) => [cdeNamespace(), shop, controlPlane, apiServer(), ...objects];

describeControl(isoCdeNodePool, [
  {
    name: "labelled below the reserved prefix, tainted, NodeRestriction on",
    status: "pass",
    objects: world(kept(), ...pods()),
    object: "Node/n1",
    assessor: {
      prints: "n1 labels=node-restriction.kubernetes.io/pci-scope=in-scope taints=pci-scope=in-scope:NoExecute",
    },
  },
  {
    name: "NoSchedule lets earlier pods stay",
    status: "pass",
    objects: world(kept("n1", "NoSchedule"), ...pods()),
    says: "lets pods stay",
  },
  {
    name: "another pool's name that only the CDE demands, below the reserved prefix",
    status: "pass",
    objects: world(
      node(
        "n1",
        { "node-restriction.kubernetes.io/pool": "cde" },
        { spec: { taints: [{ key: "dedicated", value: "cde", effect: "NoSchedule" }] } },
      ),
      ...pods("n1", { nodeSelector: { "node-restriction.kubernetes.io/pool": "cde" } }),
    ),
  },
  {
    name: "a label that other workloads demand too marks no CDE node",
    status: "fail",
    objects: world(
      node("n1", { disk: "ssd" }, { spec: { taints: [{ key: "disk", value: "ssd", effect: "NoSchedule" }] } }),
      ...pods("n1", { nodeSelector: { disk: "ssd" } }),
      ...runningDeployment(
        "web",
        "shop",
        { nodeSelector: { disk: "ssd" }, containers: [{ name: "a", image: "a" }] },
        { nodeName: "n1" },
      ),
    ),
    object: "Cluster/cluster",
  },
  {
    name: "a node of Fargate",
    status: "pass",
    objects: world(node("fargate-1", { "eks.amazonaws.com/compute-type": "fargate" }), ...pods("fargate-1")),
    says: "Fargate",
  },
  {
    name: "CDE pods and no node kept for them",
    status: "fail",
    object: "Cluster/cluster",
    objects: world(node("n1"), ...pods()),
    says: "n1",
    assessor: { prints: "n1 labels= taints=" },
  },
  {
    name: "the label without the taint",
    status: "fail",
    object: "Node/n2",
    objects: world(kept(), node("n2", { [RESTRICTED]: "in-scope" }), ...pods()),
    says: "no NoSchedule or NoExecute taint",
  },
  {
    name: "the taint without the label",
    status: "fail",
    object: "Node/n2",
    objects: world(kept(), node("n2", {}, taint()), ...pods()),
    says: "no label of the CDE",
  },
  {
    name: "PreferNoSchedule keeps nobody off",
    status: "fail",
    objects: world(kept(), kept("n2", "PreferNoSchedule"), ...pods()),
    object: "Node/n2",
  },
  {
    name: "a CDE pod on a control-plane node",
    status: "fail",
    object: "Node/cp",
    objects: world(
      kept(),
      ...pods(),
      minimalPod("stray", "cde", { spec: { nodeName: "cp", containers: [{ name: "a", image: "a" }] } }),
    ),
    says: "part of the control plane",
  },
  {
    name: "a CDE pod on a node that is not kept",
    status: "fail",
    object: "Node/n2",
    objects: world(kept(), node("n2"), ...pods("n2")),
  },
  {
    name: "DaemonSets of the CDE run everywhere",
    status: "pass",
    objects: world(
      kept(),
      node("n2"),
      ...pods(),
      daemonSet("agent", "cde"),
      minimalPod("agent-1", "cde", {
        metadata: {
          ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "agent", uid: "1", controller: true }],
        },
        spec: { nodeName: "n2", containers: [{ name: "a", image: "a" }] },
      }),
    ),
  },
  {
    name: "a plain key can be set by a stolen kubelet",
    status: "fail",
    severity: "medium",
    objects: world(node("n1", { "pci-scope": "in-scope" }, taint()), ...pods()),
    says: "stolen kubelet",
  },
  {
    name: "a plain key that a policy about nodes may guard",
    status: "unknown",
    objects: world(
      node("n1", { "pci-scope": "in-scope" }, taint()),
      ...pods(),
      object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "node-labels", undefined, {
        spec: {
          matchConstraints: { resourceRules: [{ apiGroups: [""], resources: ["nodes"], operations: ["UPDATE"] }] },
          validations: [{ expression: "false" }],
        },
      }),
      object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "node-labels", undefined, {
        spec: { policyName: "node-labels", validationActions: ["Deny"] },
      }),
    ),
    says: "node-labels",
  },
  {
    name: "NodeRestriction is off",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace(), shop, controlPlane, apiServer("PodSecurity"), kept(), ...pods()],
    says: "without the plug-in NodeRestriction",
  },
  {
    name: "the API server's flags are not visible",
    status: "unknown",
    objects: [cdeNamespace(), shop, kept(), ...pods()],
    says: "NodeRestriction",
  },
  {
    name: "EKS runs it",
    status: "pass",
    objects: [cdeNamespace(), shop, kept(), ...pods()],
    options: { provider: "eks" },
    says: "EKS runs its API server with NodeRestriction",
  },
  {
    name: "CDE pods without a node",
    status: "unknown",
    objects: world(kept(), minimalPod("app", "cde")),
    says: "not placed",
  },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world(...pods()),
    options: { sections: { nodes: { status: "forbidden" } } },
  },
  {
    name: "a node that the list doesn't hold",
    status: "unknown",
    objects: world(kept(), ...pods("n9")),
    object: "Node/n9",
  },
  {
    name: "a cluster that is kept for the CDE as a whole",
    status: "not-applicable",
    objects: [cdeNamespace(), node("n1"), ...pods()],
    says: "no node of this cluster has to be kept apart",
  },
  { name: "neither CDE pods nor CDE nodes", status: "not-applicable", objects: world(node("n1")) },
  { name: "no CDE", status: "not-applicable", objects: [shop, node("n1")] },
  { name: "no scope declared", status: "unknown", objects: [namespace("x")] },
]);
