import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import { cpFlagsConsistent } from "./cp-flags-consistent";
import { describeControl } from "./testing";

const api = (nodeName: string, ...flags: string[]) =>
  staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const etcd = (nodeName: string, ...flags: string[]) => staticPod("etcd", ["etcd", ...flags], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const label = { "node-role.kubernetes.io/control-plane": "" };
const at = (name: string, address: string) =>
  node(name, label, { status: { addresses: [{ type: "InternalIP", address }] } });

describeControl(cpFlagsConsistent, [
  {
    name: "the same but for the host",
    status: "pass",
    objects: world(
      api("a", "--profiling=false", "--advertise-address=10.0.0.1"),
      api("b", "--profiling=false", "--advertise-address=10.0.0.2"),
    ),
    assessor: { prints: /^ *2 --profiling=false --advertise-address=\*/m },
  },
  {
    name: "in another order and spelling",
    status: "pass",
    objects: world(api("a", "--profiling=false", "--a-b=c"), api("b", "--a_b", "c", "--profiling=false")),
  },
  {
    name: "the node's own address and name anywhere",
    status: "pass",
    objects: world(
      at("cp-a", "10.0.0.1"),
      at("cp-b", "10.0.0.2"),
      api("cp-a", "--bind-address=10.0.0.1", "--x=/var/cp-a/y"),
      api("cp-b", "--bind-address=10.0.0.2", "--x=/var/cp-b/y"),
    ),
  },
  { name: "verbosity has no weight", status: "pass", objects: world(api("a", "--v=2"), api("b", "--v=5")) },
  {
    name: "members of etcd",
    status: "pass",
    objects: world(
      etcd("a", "--name=a", "--listen-client-urls=https://10.0.0.1:2379", "--initial-cluster=a=https://10.0.0.1:2380"),
      etcd(
        "b",
        "--name=b",
        "--listen-client-urls=https://10.0.0.2:2379",
        "--initial-cluster=a=https://10.0.0.1:2380,b=https://10.0.0.2:2380",
      ),
    ),
  },
  {
    name: "the second node is plain",
    status: "fail",
    objects: world(api("a", "--profiling=false"), api("b")),
    says: "not set on kube-apiserver-b",
    assessor: { prints: /^ *1 --profiling=false/m },
  },
  {
    name: "a value differs",
    status: "fail",
    objects: world(api("a", "--authorization-mode=Node,RBAC"), api("b", "--authorization-mode=AlwaysAllow")),
  },
  {
    name: "one member of etcd listens on http",
    status: "fail",
    objects: world(
      etcd("a", "--listen-client-urls=https://10.0.0.1:2379"),
      etcd("b", "--listen-client-urls=http://10.0.0.2:2379"),
    ),
  },
  {
    name: "a value is redacted",
    status: "unknown",
    objects: world(api("a", "--x-password=a"), api("b", "--x-password=b")),
  },
  {
    name: "an invisible control-plane node",
    status: "unknown",
    objects: world(api("a"), node("a", label), node("b", label)),
  },
  { name: "GKE", status: "unknown", objects: world(), options: { provider: "gke" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api("a"), api("b")] },
  { name: "one instance only", status: "not-applicable", objects: world(api("a", "--profiling=false")) },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
