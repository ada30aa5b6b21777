import { cdeNamespace, minimalPod, minimalPodSpec, namespace, node } from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/imported";
import { nodeNoPublicAddress } from "./node-no-public-address";
import { describeControl } from "./testing";

const at = (name: string, addresses: [string, string][], labels = {}) =>
  node(name, labels, { status: { addresses: addresses.map(([type, address]) => ({ type, address })) } });
const pod = (nodeName = "n1", ns = "cde") => minimalPod("p", ns, { spec: { ...minimalPodSpec(), nodeName } });
const world = (...objects: unknown[]) => [cdeNamespace(), pod(), ...objects];
const origin: ImportOrigin = { by: "cloud-api", name: "ec2:DescribeInstances", collectedAt: "2026-11-20T00:00:00Z" };
const record = (publicAddresses: string[]) => ({ facts: { nodeAddresses: [{ origin, node: "n1", publicAddresses }] } });

describeControl(nodeNoPublicAddress, [
  {
    name: "a private address",
    status: "pass",
    objects: world(
      at("n1", [
        ["InternalIP", "10.0.0.1"],
        ["Hostname", "n1"],
      ]),
    ),
    object: "Node/n1",
    says: "No record of the provider",
    assessor: { prints: "n1 InternalIP 10.0.0.1", hides: "ExternalIP" },
  },
  {
    name: "a private ExternalIP",
    status: "pass",
    objects: world(
      at("n1", [
        ["InternalIP", "10.0.0.1"],
        ["ExternalIP", "192.168.3.4"],
      ]),
    ),
  },
  {
    name: "carrier-grade and unique local ranges",
    status: "pass",
    objects: world(
      at("n1", [
        ["InternalIP", "100.64.0.1"],
        ["InternalIP", "fd00::1"],
      ]),
    ),
  },
  {
    name: "IPv6, and a record that says there is none",
    status: "pass",
    objects: world(
      at("n1", [
        ["InternalIP", "10.0.0.1"],
        ["InternalIP", "2600:1f13::1"],
      ]),
    ),
    options: record([]),
  },
  {
    name: "another node without CDE pods is not judged",
    status: "pass",
    objects: world(at("n1", [["InternalIP", "10.0.0.1"]]), at("n2", [["ExternalIP", "203.0.113.9"]])),
  },
  {
    name: "an ExternalIP",
    status: "fail",
    objects: world(
      at("n1", [
        ["InternalIP", "10.0.0.1"],
        ["ExternalIP", "203.0.113.9"],
      ]),
    ),
    says: "ExternalIP 203.0.113.9",
    assessor: { prints: "n1 ExternalIP 203.0.113.9" },
  },
  { name: "a public InternalIP", status: "fail", objects: world(at("n1", [["InternalIP", "172.32.0.1"]])) },
  {
    name: "a record names one that the node doesn't show",
    status: "fail",
    objects: world(at("n1", [["InternalIP", "10.0.0.1"]])),
    options: record(["203.0.113.9"]),
    says: "recorded 203.0.113.9",
  },
  {
    name: "a control-plane node",
    status: "fail",
    objects: world(
      at("n1", [["InternalIP", "10.0.0.1"]]),
      at("cp", [["ExternalIP", "203.0.113.9"]], { "node-role.kubernetes.io/control-plane": "" }),
    ),
    object: "Node/cp",
  },
  {
    name: "no CDE pod placed: every node",
    status: "fail",
    objects: [cdeNamespace(), at("n2", [["ExternalIP", "203.0.113.9"]])],
  },
  {
    name: "IPv6 that is routed everywhere",
    status: "unknown",
    objects: world(at("n1", [["InternalIP", "2600:1f13::1"]])),
  },
  { name: "a node without addresses", status: "unknown", objects: world(at("n1", [])) },
  {
    name: "nodes refused",
    status: "unknown",
    objects: world(),
    options: { sections: { nodes: { status: "forbidden" } } },
  },
  { name: "an empty list of nodes", status: "unknown", objects: world(), says: "no node" },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), at("n1", [])] },
  {
    name: "Fargate",
    status: "not-applicable",
    objects: world(at("n1", [["ExternalIP", "203.0.113.9"]], { "eks.amazonaws.com/compute-type": "fargate" })),
    says: "AWS Fargate",
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
