import { describe, expect, it } from "vitest";
import { daemonSet, inventoryOf, minimalPod, node } from "@/lib/fixtures/builders";
import type { SnapshotOptions } from "@/lib/fixtures/builders";
import { enforcementOn, policyEnforcement } from "./enforcement";

const plugin = (name: string, image: string, args: string[] = [], ns = "kube-system", status: object = {}) =>
  daemonSet(name, ns, { containers: [{ name: "agent", image, args }] }, { status });
const agentOn = (nodeName: string, isReady = true, ds = "calico-node", ns = "kube-system") =>
  minimalPod(`${ds}-${nodeName}`, ns, {
    metadata: { ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: ds, uid: "1", controller: true }] },
    spec: { nodeName, containers: [{ name: "agent", image: "x" }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: isReady ? "True" : "False" }] },
  });
const calico = plugin("calico-node", "quay.io/calico/node:v3.30.1");
const statusOf = (objects: unknown[], options?: SnapshotOptions) =>
  policyEnforcement(inventoryOf(objects, options)).status;

describe("who enforces NetworkPolicy", () => {
  it("is enforced when a known plug-in is ready on every node, with its version", () => {
    const found = policyEnforcement(inventoryOf([calico, node("n1"), node("n2"), agentOn("n1"), agentOn("n2")]));
    expect(found).toMatchObject({ status: "enforced", plugin: "Calico", version: "v3.30.1" });
    expect(found.perNode).toEqual([
      { node: "n1", coverage: "ready" },
      { node: "n2", coverage: "ready" },
    ]);
  });

  it("doesn't take a plug-in that isn't ready, or isn't there, for one that enforces", () => {
    const world = inventoryOf([calico, node("n1"), node("n2"), node("n3"), agentOn("n1"), agentOn("n2", false)]);
    expect(policyEnforcement(world).status).toBe("unknown");
    expect(enforcementOn(world, ["n1"]).status).toBe("enforced");
    expect(enforcementOn(world, ["n1", "n2"]).status).toBe("not-enforced");
    expect(enforcementOn(world, ["n3"]).status).toBe("not-enforced");
  });

  it.each([
    [
      "flannel alone",
      plugin("kube-flannel-ds", "ghcr.io/flannel-io/flannel:v0.26.0", [], "kube-flannel"),
      "not-enforced",
    ],
    [
      "AWS VPC CNI alone",
      plugin("aws-node", "602401143452.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1.20"),
      "not-enforced",
    ],
    [
      "AWS agent switched off",
      plugin("aws-node", "x.dkr.ecr.y.amazonaws.com/amazon/aws-network-policy-agent:v1.2", [
        "--enable-network-policy=false",
      ]),
      "not-enforced",
    ],
    ["AWS agent without the flag", plugin("aws-node", "x/amazon/aws-network-policy-agent:v1.2"), "not-enforced"],
    [
      "kube-router without firewall",
      plugin("kube-router", "docker.io/cloudnativelabs/kube-router:v2", ["--run-firewall=false"]),
      "not-enforced",
    ],
    [
      "Cilium that never enforces",
      plugin("cilium", "quay.io/cilium/cilium:v1.18", ["--enable-policy=never"]),
      "not-enforced",
    ],
    ["kindnet", plugin("kindnet", "docker.io/kindest/kindnetd:v20250512"), "unknown"],
    ["a storage driver for Windows", plugin("csi-win", "example.com/csi/azuredisk-node-windows:v1"), "unknown"],
    ["kindnet of 2021", plugin("kindnet", "docker.io/kindest/kindnetd:v20210326-1e038dc5"), "not-enforced"],
    ["an unknown plug-in", plugin("supernet", "example.com/supernet:v1"), "unknown"],
    ["a DaemonSet that is only called calico", plugin("calico-metrics", "example.com/exporter:v1"), "unknown"],
  ])("%s is %s", (_, object, expected) => {
    expect(statusOf([object, node("n1")])).toBe(expected);
  });

  it.each([
    ["AWS agent switched on", "aws-node", "x/amazon/aws-network-policy-agent:v1.2", ["--enable-network-policy=true"]],
    ["Cilium", "cilium", "quay.io/cilium/cilium:v1.18@sha256:abc", []],
    ["GKE Dataplane V2", "anetd", "gke.gcr.io/cilium/cilium:v1.14", []],
    ["Antrea", "antrea-agent", "antrea/antrea-agent-ubuntu:v2.3", []],
    ["Canal's Calico", "canal", "docker.io/rancher/mirrored-calico-node:v3.29", []],
    ["kube-router", "kube-router", "docker.io/cloudnativelabs/kube-router:v2", []],
    ["Azure NPM", "azure-npm", "mcr.microsoft.com/containernetworking/azure-npm:v1.5", []],
  ])("%s enforces", (_, name, image, args) => {
    expect(statusOf([plugin(name, image, args), node("n1"), agentOn("n1", true, name)])).toBe("enforced");
  });

  it("takes the DaemonSet's own count where the snapshot holds none of its pods", () => {
    const counted = (numberReady: number) =>
      plugin("calico-node", "calico/node:v3.30", [], "calico-system", {
        desiredNumberScheduled: numberReady,
        numberReady,
      });
    expect(statusOf([counted(2), node("n1"), node("n2")])).toBe("enforced");
    expect(statusOf([counted(1), node("n1"), node("n2")])).toBe("unknown");
  });

  it("knows nothing about Fargate and Windows nodes, and doesn't hold them against the rest", () => {
    const fargate = node("f1", { "eks.amazonaws.com/compute-type": "fargate" });
    const windows = node("w1", {}, { status: { nodeInfo: { operatingSystem: "windows" } } });
    const world = inventoryOf([calico, node("n1"), fargate, windows, agentOn("n1")]);
    expect(policyEnforcement(world).status).toBe("enforced");
    expect(enforcementOn(world, ["n1", "f1"]).status).toBe("unknown");
    expect(enforcementOn(world, ["w1"]).status).toBe("unknown");
  });

  it("lets a cordoned node be without the plug-in, unless pods run there", () => {
    const cordoned = node("n2", {}, { spec: { unschedulable: true } });
    const world = inventoryOf([calico, node("n1"), cordoned, agentOn("n1")]);
    expect(policyEnforcement(world).status).toBe("enforced");
    expect(enforcementOn(world, ["n2"]).status).toBe("not-enforced");
  });

  it("is unknown when DaemonSets, nodes or pods weren't read", () => {
    const world = [calico, node("n1"), agentOn("n1")];
    for (const section of ["daemonsets", "nodes", "pods"] as const) {
      expect(statusOf(world, { sections: { [section]: { status: "forbidden" } } }), section).toBe("unknown");
    }
    expect(statusOf([])).toBe("unknown");
  });
});
