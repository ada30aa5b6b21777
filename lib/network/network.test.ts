import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  daemonSet,
  inventoryOf,
  minimalPod,
  minimalPodSpec,
  namespace,
  networkPolicy,
  object,
} from "@/lib/fixtures/builders";
import type { NetworkPolicy } from "@/lib/inventory/kinds";
import { ruleBreadth } from "./breadth";
import { namespaceIsolation } from "./isolation";
import { otherPolicies } from "./other-engines";
import { allowRules, podsOfPeer, policyDirections, selectsPod } from "./policies";

const policy = (spec: object): NetworkPolicy =>
  ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p", namespace: "cde" },
    spec,
  }) as NetworkPolicy;

describe("directions of a policy", () => {
  it.each([
    [{}, ["Ingress"]],
    [{ policyTypes: [] }, ["Ingress"]],
    [{ egress: [] }, ["Ingress"]],
    [{ egress: [{}] }, ["Ingress", "Egress"]],
    [{ ingress: [{}], egress: [{}] }, ["Ingress", "Egress"]],
    [{ policyTypes: ["Egress"] }, ["Egress"]],
    [{ policyTypes: ["Egress"], ingress: [{}] }, ["Egress"]],
    [{ policyTypes: ["Ingress"], egress: [{}] }, ["Ingress"]],
  ])("%j isolates %j", (spec, directions) => {
    expect(policyDirections(policy({ podSelector: {}, ...spec }))).toEqual(directions);
  });
  it("gives no effect to rules of a direction that policyTypes leaves out", () => {
    expect(allowRules(policy({ policyTypes: ["Egress"], ingress: [{}] }), "Ingress")).toEqual([]);
  });
});

describe("peers", () => {
  const world = inventoryOf([
    cdeNamespace("cde", { team: "pay" }),
    namespace("other", { team: "web" }),
    minimalPod("a", "cde", { metadata: { labels: { app: "a" } } }),
    minimalPod("b", "other", { metadata: { labels: { app: "a" } } }),
    minimalPod("host", "other", { metadata: { labels: { app: "a" } }, spec: minimalPodSpec({ hostNetwork: true }) }),
    minimalPod("done", "other", { metadata: { labels: { app: "a" } }, status: { phase: "Succeeded" } }),
  ]);
  const names = (peer: object) => podsOfPeer(world, "cde", peer).map((pod) => pod.metadata.name);
  it.each([
    [{ podSelector: {} }, ["a"]],
    [{ podSelector: { matchLabels: { app: "x" } } }, []],
    [{ namespaceSelector: {} }, ["a", "b"]],
    [{ namespaceSelector: { matchLabels: { team: "web" } } }, ["b"]],
    [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "cde" } } }, ["a"]],
    [{ namespaceSelector: { matchLabels: { team: "web" } }, podSelector: { matchLabels: { app: "x" } } }, []],
    [{ namespaceSelector: { matchLabels: { team: "web" } }, podSelector: { matchLabels: { app: "a" } } }, ["b"]],
    [{ ipBlock: { cidr: "0.0.0.0/0" } }, []],
    [{}, []],
  ])("%j stands for %j", (peer, expected) => {
    expect(names(peer)).toEqual(expected);
  });
  it("keeps pods on the host network outside", () => {
    const pod = world.livePods.find(({ pod: p }) => p.metadata.name === "host");
    expect(
      pod && selectsPod({ ...policy({ podSelector: {} }), metadata: { name: "p", namespace: "other" } }, pod.pod),
    ).toBe(false);
  });
});

describe("isolation of a namespace", () => {
  it("tells open, isolated and host-network pods apart and leaves finished ones out", () => {
    const world = inventoryOf([
      cdeNamespace(),
      minimalPod("web", "cde", { metadata: { labels: { app: "web" } } }),
      minimalPod("db", "cde", { metadata: { labels: { app: "db" } } }),
      minimalPod("node", "cde", { spec: minimalPodSpec({ hostNetwork: true }) }),
      minimalPod("done", "cde", { status: { phase: "Failed" } }),
      networkPolicy("web", "cde", { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] }),
    ]);
    const isolation = namespaceIsolation(world, "cde", "Ingress");
    expect(isolation.denies).toEqual([]);
    expect(isolation.openPods.map((p) => p.metadata.name)).toEqual(["db"]);
    expect(isolation.isolatedPods.map((p) => p.metadata.name)).toEqual(["web"]);
    expect(isolation.hostNetworkPods.map((p) => p.metadata.name)).toEqual(["node"]);
    expect(namespaceIsolation(world, "cde", "Egress").openPods).toHaveLength(2);
  });
});

describe("other engines", () => {
  const calico = (spec: object) => object("projectcalico.org/v3", "GlobalNetworkPolicy", "gnp", undefined, { spec });
  const cilium = (spec: object) =>
    object("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "ccnp", undefined, { spec });
  const banp = (spec: object) =>
    object("policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", "default", undefined, {
      spec: { subject: { namespaces: {} }, ...spec },
    });
  const verdict = (policyObject: unknown, direction: "Ingress" | "Egress" = "Ingress") => {
    const { denies, unparsed } = otherPolicies(inventoryOf([policyObject]), "cde", direction);
    return denies.length > 0 ? "deny" : unparsed.length > 0 ? "unparsed" : "elsewhere";
  };
  it.each([
    ["calico all()", calico({ selector: "all()", types: ["Ingress", "Egress"] }), "deny"],
    ["calico without selector and types", calico({}), "deny"],
    ["calico egress only", calico({ selector: "all()", types: ["Egress"] }), "elsewhere"],
    ["calico with an allow", calico({ types: ["Ingress"], ingress: [{ action: "Allow" }] }), "elsewhere"],
    ["calico with only denies", calico({ types: ["Ingress"], ingress: [{ action: "Deny" }] }), "deny"],
    [
      "calico of another namespace",
      calico({ namespaceSelector: "projectcalico.org/name == 'x'", types: ["Ingress"] }),
      "elsewhere",
    ],
    [
      "calico but for the system's namespaces",
      calico({
        namespaceSelector:
          'has(projectcalico.org/name) && projectcalico.org/name not in {"kube-system", "calico-system"}',
        types: ["Ingress"],
      }),
      "deny",
    ],
    [
      "calico that names ours among the excluded",
      calico({ namespaceSelector: 'projectcalico.org/name not in {"cde"}', types: ["Ingress"] }),
      "elsewhere",
    ],
    ["calico by other labels", calico({ selector: "role == 'db'", types: ["Ingress"] }), "elsewhere"],
    ["cilium default deny", cilium({ endpointSelector: {}, ingress: [{}] }), "deny"],
    [
      "cilium switched off",
      cilium({ endpointSelector: {}, ingress: [{}], enableDefaultDeny: { ingress: false } }),
      "elsewhere",
    ],
    ["cilium of the other direction", cilium({ endpointSelector: {}, egress: [{}] }), "elsewhere"],
    ["cilium for some pods", cilium({ endpointSelector: { matchLabels: { app: "x" } }, ingress: [{}] }), "elsewhere"],
    [
      "an AdminNetworkPolicy",
      object("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "anp", undefined, {
        spec: { priority: 1, subject: { namespaces: {} } },
      }),
      "elsewhere",
    ],
    [
      "calico that lets DNS in and denies the rest",
      calico({
        types: ["Ingress"],
        ingress: [{ action: "Allow", protocol: "UDP", destination: { ports: [53] } }, { action: "Deny" }],
      }),
      "deny",
    ],
    [
      "calico by the namespace's name in the selector",
      calico({ selector: "projectcalico.org/namespace == 'cde'", types: ["Ingress"] }),
      "deny",
    ],
    ["calico but for pods with a label", calico({ selector: "!has(open)", types: ["Ingress"] }), "elsewhere"],
    ["calico with and without a label", calico({ selector: "!has(open) || has(open)", types: ["Ingress"] }), "deny"],
    ["calico for host endpoints", calico({ selector: "all()", types: ["Ingress"], preDNAT: true }), "elsewhere"],
    ["calico in a tier of its own", calico({ tier: "security", types: ["Ingress"] }), "unparsed"],
    ["calico that can't be read", calico({ selector: "app ==", types: ["Ingress"] }), "unparsed"],
    ["cilium that lets the namespace in", cilium({ endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] }), "deny"],
    [
      "cilium that lets everybody in",
      cilium({ endpointSelector: {}, ingress: [{ fromEntities: ["all"] }] }),
      "elsewhere",
    ],
    [
      "a baseline that denies the pods of the cluster, and not who comes from outside",
      banp({ ingress: [{ action: "Deny", from: [{ namespaces: {} }] }] }),
      "elsewhere",
    ],
  ])("%s", (_, policyObject, expected) => {
    expect(verdict(policyObject)).toBe(expected);
  });
  const networks = (...blocks: string[]) =>
    banp({ egress: [{ action: "Deny", to: [{ namespaces: {} }, { networks: blocks }] }] });
  it("takes a baseline that denies every pod and address for a default deny of egress", () => {
    expect(verdict(networks("0.0.0.0/0", "::/0"), "Egress")).toBe("deny");
    expect(verdict(networks("10.0.0.0/8"), "Egress")).toBe("elsewhere");
  });
  it("asks about the addresses that the cluster has", () => {
    const ipv4 = minimalPod("web", "cde", { status: { phase: "Running", podIP: "10.0.0.1" } });
    expect(otherPolicies(inventoryOf([networks("0.0.0.0/0"), ipv4]), "cde", "Egress").denies).toHaveLength(1);
    expect(verdict(networks("0.0.0.0/0"), "Egress")).toBe("elsewhere");
  });
  it("doubts the policy of an engine that doesn't run", () => {
    const world = inventoryOf([
      cilium({ endpointSelector: {}, ingress: [{}] }),
      daemonSet("calico-node", "calico-system", {
        containers: [{ name: "calico-node", image: "quay.io/calico/node:v3.30.3" }],
      }),
    ]);
    const { denies, unparsed } = otherPolicies(world, "cde", "Ingress");
    expect([denies.length, unparsed.length]).toEqual([0, 1]);
  });
  it("names an engine whose policies were refused, and is silent about one that nobody asked for", () => {
    const world = inventoryOf([], {
      sections: {
        "calico-globalnetworkpolicies": { status: "forbidden" },
        "cilium-networkpolicies": { status: "not-collected" },
      },
    });
    expect(otherPolicies(world, "cde", "Ingress").unreadable.map((u) => u.section)).toEqual([
      "calico-globalnetworkpolicies",
    ]);
  });
});

describe("breadth of a rule", () => {
  const kinds = (rule: object, direction: "Ingress" | "Egress" = "Ingress") => {
    const spec = direction === "Ingress" ? { ingress: [rule] } : { policyTypes: ["Egress"], egress: [rule] };
    return allowRules(policy({ podSelector: {}, ...spec }), direction)
      .flatMap((r) => ruleBreadth(r))
      .map((b) => b.kind);
  };
  const ports = [{ port: 443 }];
  const narrow = { podSelector: { matchLabels: { app: "web" } } };
  it.each([
    [{ from: [narrow], ports }, []],
    [{ from: [narrow], ports: [{ port: "https" }] }, []],
    [{ from: [{ namespaceSelector: { matchLabels: { a: "b" } } }], ports }, []],
    [{ from: [{ namespaceSelector: {}, ...narrow }], ports }, []],
    [{}, ["any-peer", "any-port"]],
    [{ from: [], ports }, ["any-peer"]],
    [{ from: [narrow] }, ["any-port"]],
    [{ from: [narrow], ports: [] }, ["any-port"]],
    [{ from: [narrow], ports: [{ protocol: "UDP" }] }, ["any-port"]],
    [{ from: [{ namespaceSelector: {} }], ports }, ["all-namespaces"]],
    [{ from: [{ namespaceSelector: {}, podSelector: {} }], ports }, ["all-namespaces"]],
    [{ from: [{ podSelector: {} }], ports }, ["same-namespace"]],
    [{ from: [{ namespaceSelector: { matchLabels: { a: "b" } } }, { podSelector: {} }], ports }, ["same-namespace"]],
    [{ from: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports }, ["any-peer"]],
    [{ from: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }], ports }, ["any-peer"]],
    [{ from: [{ ipBlock: { cidr: "::/0" } }], ports }, ["any-peer"]],
    [{ from: [{ ipBlock: { cidr: "10.0.0.0/15" } }], ports }, ["wide-block"]],
    [{ from: [{ ipBlock: { cidr: "0.0.0.0/1" } }], ports }, ["wide-block"]],
    [{ from: [{ ipBlock: { cidr: "10.0.0.0/16" } }], ports }, []],
    [{ from: [{ ipBlock: { cidr: "2001:db8::/47" } }], ports }, ["wide-block"]],
    [{ from: [{ ipBlock: { cidr: "2001:db8::/48" } }], ports }, []],
    [{ from: [narrow], ports: [{ port: 8000, endPort: 8099 }] }, []],
    [{ from: [narrow], ports: [{ port: 8000, endPort: 8100 }] }, ["wide-port-range"]],
  ])("%j", (rule, expected) => {
    expect(kinds(rule)).toEqual(expected);
  });
});
