import { cdeNamespace, daemonSet, minimalPod, minimalPodSpec, namespace, node } from "@/lib/fixtures/builders";
import { netCniEnforcesPolicy } from "./net-cni-enforces-policy";
import { calicoOn, describeControl, flannelOn } from "./testing";

const pod = (nodeName: string, ns = "cde") => minimalPod(`app-${nodeName}`, ns, { spec: minimalPodSpec({ nodeName }) });
const aws = (enabled: boolean) => [
  daemonSet(
    "aws-node",
    "kube-system",
    {
      containers: [
        { name: "aws-node", image: "602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1.20.1" },
        {
          name: "aws-eks-nodeagent",
          image: "602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon/aws-network-policy-agent:v1.2.1",
          args: [`--enable-network-policy=${enabled}`],
        },
      ],
    },
    { status: { desiredNumberScheduled: 1, numberReady: 1 } },
  ),
  node("n1"),
  namespace("kube-system", { "pci-scope": "connected-to" }),
];
const fargate = node("f1", { "eks.amazonaws.com/compute-type": "fargate" });

describeControl(netCniEnforcesPolicy, [
  {
    name: "Calico is ready on every node",
    assessor: { prints: "calico-system/calico-node" },
    status: "pass",
    objects: [cdeNamespace(), ...calicoOn(["n1", "n2"]), pod("n1")],
    says: "ready on 2 of 2 nodes",
  },
  {
    name: "AWS VPC CNI with its agent switched on",
    status: "pass",
    objects: [cdeNamespace(), ...aws(true), pod("n1")],
    options: { provider: "eks" },
  },
  { name: "a connected-to namespace is enough to be judged", status: "pass", objects: [...calicoOn(["n1"])] },
  {
    name: "a Fargate node without CDE pods doesn't count",
    status: "pass",
    objects: [cdeNamespace(), ...calicoOn(["n1"]), fargate, pod("n1")],
  },
  {
    name: "flannel alone",
    assessor: { prints: "kube-flannel/kube-flannel-ds", hides: "calico" },
    status: "fail",
    objects: [cdeNamespace(), ...flannelOn(["n1"])],
    says: "flannel enforces no NetworkPolicy",
  },
  {
    name: "AWS VPC CNI with its agent switched off",
    status: "fail",
    objects: [cdeNamespace(), ...aws(false), pod("n1")],
    options: { provider: "eks" },
  },
  {
    name: "not ready on a node with CDE pods",
    status: "fail",
    objects: [cdeNamespace(), ...calicoOn(["n1", "n2"], ["n1"]), pod("n2")],
    says: "no ready pod on n2",
  },
  {
    name: "not ready on a node without CDE pods",
    status: "unknown",
    objects: [cdeNamespace(), ...calicoOn(["n1", "n2"], ["n1"]), pod("n1")],
    says: "Not ready on n2",
  },
  {
    name: "CDE pods on Fargate",
    status: "unknown",
    objects: [cdeNamespace(), ...calicoOn(["n1"]), fargate, pod("f1")],
    says: "Fargate",
  },
  {
    name: "no plug-in recognised (k3s embedded)",
    status: "unknown",
    objects: [cdeNamespace(), node("n1")],
    says: "no network plug-in was recognised",
  },
  {
    name: "DaemonSets refused",
    status: "unknown",
    objects: [cdeNamespace()],
    options: { sections: { daemonsets: { status: "forbidden" } } },
  },
  {
    name: "no scope declared",
    status: "unknown",
    objects: [namespace("shop"), ...flannelOn(["n1"]).slice(0, 2)],
    says: "no scope declared",
  },
  {
    name: "no CDE and no connected-to namespace",
    status: "not-applicable",
    objects: [namespace("x", { "pci-scope": "out-of-scope" })],
  },
]);
