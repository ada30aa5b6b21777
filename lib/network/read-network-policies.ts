/**
 * NetworkPolicy (networking.k8s.io/v1) in the common form. What its fields mean: policies.ts.
 *
 * A policy that the API server would refuse (a bad CIDR block, port range, protocol or label) can't be trusted in either
 * direction: it may isolate its pods or not, and may allow them anything. One that the projection refused is known by name only.
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { containsRange, parseBlock } from "./addresses";
import { EVERY_LABEL_SET, labelTest, selectorProblem } from "./label-tests";
import {
  type LabelTest,
  NAMESPACE_TIER,
  NETWORK_POLICY_ORDER,
  type Peer,
  type Policy,
  type PortSpec,
  type Step,
  type Tri,
} from "./model";
import { allowRules, type Direction, DIRECTIONS, policyDirections } from "./policies";
import { ALL_PORTS, everyPortOf, isProtocol, NO_PORTS, type PortSet, portsOf, unionPorts } from "./ports";

/** `blocksMatchPods`: whether the network plug-in compares pods' own addresses with ipBlock. */
export function readNetworkPolicies(inventory: Inventory, blocksMatchPods: Tri): Omit<Policy, "index">[] {
  const read = inventory.list("networkpolicies").map((policy) => readPolicy(policy, blocksMatchPods));
  const refused = inventory.invalid
    .filter(
      ({ kind, apiVersion }) => kind === "NetworkPolicy" && /^(networking\.k8s\.io|extensions)\//.test(apiVersion),
    )
    .map(({ apiVersion, kind, name, namespace = "default", problem }) =>
      unreadablePolicy({ apiVersion, kind, namespace, name }, problem),
    );
  return [...read, ...refused];
}

function readPolicy(policy: NetworkPolicy, blocksMatchPods: Tri): Omit<Policy, "index"> {
  const problem = policyProblem(policy);
  if (problem !== null) {
    const selector = policy.spec.podSelector ?? {};
    return unreadablePolicy({ ...refOf(policy), namespace: namespaceOf(policy) }, problem, {
      pods: selectorProblem(selector) === null ? labelTest(selector) : EVERY_LABEL_SET,
      directions: policyDirections(policy),
    });
  }
  const namespace = namespaceOf(policy);
  const directions = policyDirections(policy);
  const out: Omit<Policy, "index"> = {
    ref: { ...refOf(policy), namespace },
    tier: NAMESPACE_TIER,
    order: NETWORK_POLICY_ORDER,
    rank: "",
    appliesTo: {
      namespaces: { kind: "named", name: namespace },
      pods: labelTest(policy.spec.podSelector ?? {}),
      certain: true,
    },
    parts: { Ingress: null, Egress: null },
    doubts: [],
  };
  for (const direction of directions) {
    out.parts[direction] = { isolates: "yes", steps: stepsOf(out as Policy, policy, direction, blocksMatchPods) };
  }
  return out;
}

function stepsOf(model: Policy, policy: NetworkPolicy, direction: Direction, blocksMatchPods: Tri): Step[] {
  return allowRules(policy, direction).map(
    (rule): Step => ({
      action: "allow",
      peers:
        rule.peers.length === 0
          ? [{ kind: "anybody" }]
          : rule.peers.flatMap((peer) => readPeer(peer, namespaceOf(policy), blocksMatchPods)),
      ports: readPorts(rule.ports),
      isCertain: true,
      policy: model,
      pointer: rule.pointer,
    }),
  );
}

/** Not to be trusted: it may isolate the pods that it may select, and allow them anything; without `known`, any pod both ways. */
function unreadablePolicy(
  ref: Policy["ref"],
  problem: string,
  known: { pods: LabelTest; directions: readonly Direction[] } = { pods: EVERY_LABEL_SET, directions: DIRECTIONS },
): Omit<Policy, "index"> {
  const doubt = `${ref.kind} ${ref.namespace}/${ref.name} is not valid: ${problem}`;
  const out: Omit<Policy, "index"> = {
    ref,
    tier: NAMESPACE_TIER,
    order: NETWORK_POLICY_ORDER,
    rank: "",
    appliesTo: {
      namespaces: { kind: "named", name: ref.namespace ?? "default" },
      pods: known.pods,
      certain: false,
    },
    parts: { Ingress: null, Egress: null },
    doubts: [doubt],
  };
  for (const direction of known.directions) {
    const step: Step = {
      action: "allow",
      peers: [{ kind: "unread" }],
      ports: { numbers: ALL_PORTS, named: [] },
      isCertain: false,
      doubt,
      policy: out as Policy,
      pointer: "/spec",
    };
    out.parts[direction] = { isolates: "maybe", steps: [step] };
  }
  return out;
}

export function readPeer(peer: NetworkPolicyPeer, namespace: string, blocksMatchPods: Tri): Peer[] {
  if (peer.ipBlock !== undefined) {
    const range = parseBlock(peer.ipBlock.cidr);
    if (range === null) return [{ kind: "unread" }];
    const except = (peer.ipBlock.except ?? []).flatMap((text) => parseBlock(text) ?? []);
    return [{ kind: "block", range, except, matchesPods: blocksMatchPods }];
  }
  return [
    {
      kind: "pods",
      namespaces:
        peer.namespaceSelector === undefined
          ? { kind: "named", name: namespace }
          : { kind: "labelled", labels: labelTest(peer.namespaceSelector) },
      pods: peer.podSelector === undefined ? EVERY_LABEL_SET : labelTest(peer.podSelector),
    },
  ];
}

/** No port means every port of every protocol; an entry without number every port of its protocol. */
export function readPorts(ports: readonly NetworkPolicyPort[]): PortSpec {
  if (ports.length === 0) return { numbers: ALL_PORTS, named: [] };
  let numbers: PortSet = NO_PORTS;
  const named: PortSpec["named"][number][] = [];
  for (const { protocol = "TCP", port, endPort } of ports) {
    if (!isProtocol(protocol)) continue;
    if (port === undefined) numbers = unionPorts(numbers, everyPortOf(protocol));
    else if (typeof port === "string") named.push({ protocol, name: port });
    else numbers = unionPorts(numbers, portsOf(protocol, port, endPort ?? port));
  }
  return { numbers, named };
}

/** The first thing that the API server's validation would refuse, or null. */
export function policyProblem(policy: NetworkPolicy): string | null {
  const own = selectorProblem(policy.spec.podSelector ?? {});
  if (own !== null) return `podSelector: ${own}`;
  for (const direction of DIRECTIONS) {
    const field = direction === "Ingress" ? "ingress" : "egress";
    const rules = direction === "Ingress" ? policy.spec.ingress : policy.spec.egress;
    for (const [i, rule] of (rules ?? []).entries()) {
      const peers = ("from" in rule ? rule.from : "to" in rule ? rule.to : undefined) ?? [];
      const problem = firstProblem(peers, peerProblem) ?? firstProblem(rule.ports ?? [], portProblem);
      if (problem !== null) return `${field}[${i}]: ${problem}`;
    }
  }
  return null;
}

function firstProblem<T>(items: readonly T[], problemOf: (item: T) => string | null): string | null {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== null) return problem;
  }
  return null;
}

function peerProblem(peer: NetworkPolicyPeer): string | null {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock !== undefined) {
    const range = parseBlock(ipBlock.cidr);
    if (range === null) return `${JSON.stringify(ipBlock.cidr)} is no CIDR block`;
    for (const text of ipBlock.except ?? []) {
      const except = parseBlock(text);
      if (except === null) return `${JSON.stringify(text)} is no CIDR block`;
      if (!containsRange(range, except) || containsRange(except, range))
        return `except ${text} is not a part of ${ipBlock.cidr}`;
    }
    return null;
  }
  return selectorProblem(podSelector ?? {}) ?? selectorProblem(namespaceSelector ?? {});
}

function portProblem({ protocol = "TCP", port, endPort }: NetworkPolicyPort): string | null {
  if (!isProtocol(protocol)) return `the protocol ${JSON.stringify(protocol)} is not TCP, UDP or SCTP`;
  if (typeof port === "number" && (port < 1 || port > 65_535)) return `the port ${port} is not within 1-65535`;
  if (typeof port === "string" && !/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(port))
    return `the port name ${JSON.stringify(port)} is not valid`;
  if (endPort === undefined) return null;
  if (typeof port !== "number") return "endPort stands without a port number";
  if (endPort < port) return `endPort ${endPort} is below port ${port}`;
  return endPort > 65_535 ? `endPort ${endPort} is not within 1-65535` : null;
}
