/**
 * How wide an allow rule is: whom it names, and on which ports.
 *
 * | finding          | rule                                                                              | grade    |
 * | ---------------- | --------------------------------------------------------------------------------- | -------- |
 * | any-peer         | no from/to, an empty rule, ipBlock 0.0.0.0/0 or ::/0 (an `except` narrows, doesn't heal) | critical |
 * | all-namespaces   | namespaceSelector {} (or one on a label that every namespace has) without a podSelector that chooses | high |
 * | wide-block       | ipBlock wider than the limit: /16 for IPv4, /48 for IPv6 unless configured        | high     |
 * | wide-port-range  | more than 100 ports in one range                                                  | high     |
 * | same-namespace   | podSelector {} without namespaceSelector: all pods of the namespace               | medium   |
 * | any-port         | no ports, or a port entry without a number, while the peer is narrow              | medium   |
 *
 * Named ports are one port per pod and are narrow. Source: catalogue net-no-broad-allow; NetworkPolicy API reference.
 */
import type { LabelSelector, NetworkPolicyPeer, NetworkPolicyPort } from "@/lib/inventory/kinds";
import { isEmptySelector } from "@/lib/inventory/selectors";
import { describeRange, everyAddress } from "./addresses";
import type { Peer, Step } from "./model";
import type { AllowRule } from "./policies";
import { isEveryPort, PROTOCOLS } from "./ports";

export type BreadthKind =
  | "any-peer"
  | "all-namespaces"
  | "wide-block"
  | "wide-port-range"
  | "same-namespace"
  | "any-port";
export type BreadthGrade = "critical" | "high" | "medium";

export interface Breadth {
  kind: BreadthKind;
  grade: BreadthGrade;
  /** JSON pointer into the policy. */
  pointer: string;
  text: string;
  /** The peer that is too wide, where one is. */
  peer?: NetworkPolicyPeer;
}

export interface BreadthLimits {
  /** Shortest prefix that is still narrow enough. */
  ipv4Prefix: number;
  ipv6Prefix: number;
  /** Most ports in one range. */
  ports: number;
}
export const DEFAULT_BREADTH_LIMITS: BreadthLimits = { ipv4Prefix: 16, ipv6Prefix: 48, ports: 100 };

/** Everything that is too wide about a rule, peers first. Empty for a rule that names its peers and ports. */
export function ruleBreadth(rule: AllowRule, limits: BreadthLimits = DEFAULT_BREADTH_LIMITS): Breadth[] {
  const side = rule.direction === "Ingress" ? "from" : "to";
  const word = rule.direction === "Ingress" ? "source" : "destination";
  const peers: Breadth[] =
    rule.peers.length === 0
      ? [{ kind: "any-peer", grade: "critical", pointer: rule.pointer, text: `any ${word} (no ${side})` }]
      : rule.peers.flatMap((peer, i) => peerBreadth(peer, `${rule.pointer}/${side}/${i}`, word, limits));
  return [...peers, ...portBreadth(rule, limits)];
}

function peerBreadth(peer: NetworkPolicyPeer, pointer: string, word: string, limits: BreadthLimits): Breadth[] {
  const { ipBlock, namespaceSelector, podSelector } = peer;
  if (ipBlock !== undefined)
    return blockBreadth(peer, ipBlock.cidr, ipBlock.except ?? [], `${pointer}/ipBlock`, word, limits);
  if (namespaceSelector === undefined && podSelector === undefined) {
    // The API refuses such a peer; an object that holds one anyway names nobody, which is no reason to call it narrow.
    return [{ kind: "any-peer", grade: "critical", pointer, text: `a peer that names no ${word}`, peer }];
  }
  const choosesPods = podSelector !== undefined && !isEmptySelector(podSelector);
  if (namespaceSelector !== undefined && selectsEveryNamespace(namespaceSelector) && !choosesPods) {
    return [{ kind: "all-namespaces", grade: "high", pointer, text: "all pods of all namespaces", peer }];
  }
  if (namespaceSelector === undefined && !choosesPods) {
    return [{ kind: "same-namespace", grade: "medium", pointer, text: "all pods of the same namespace", peer }];
  }
  return [];
}

/** The same for an allow rule of another engine, as far as it was read; `own` is the namespace of the pods that it is about. */
export function stepBreadth(step: Step, own: string, limits: BreadthLimits = DEFAULT_BREADTH_LIMITS): Breadth[] {
  const { pointer, ports } = step;
  const found = step.peers.flatMap((peer) => modelBreadth(peer, pointer, own, limits));
  if (isEveryPort(ports.numbers)) return [...found, { kind: "any-port", grade: "medium", pointer, text: "any port" }];
  for (const protocol of PROTOCOLS) {
    for (const [first, last] of ports.numbers[protocol]) {
      const count = last - first + 1;
      if (count >= ALL_OF_A_PROTOCOL)
        found.push({ kind: "any-port", grade: "medium", pointer, text: `any ${protocol} port` });
      else if (count > limits.ports)
        found.push({ kind: "wide-port-range", grade: "high", pointer, text: `${count} ports (${first}-${last})` });
    }
  }
  return found;
}
const ALL_OF_A_PROTOCOL = 65_535;

function modelBreadth(peer: Peer, pointer: string, own: string, limits: BreadthLimits): Breadth[] {
  switch (peer.kind) {
    case "anybody":
      return [{ kind: "any-peer", grade: "critical", pointer, text: "anybody" }];
    case "outside":
      return peer.isEvery
        ? [{ kind: "any-peer", grade: "critical", pointer, text: "every address outside the cluster" }]
        : [];
    case "pods": {
      if (!peer.pods.isEvery) return [];
      if (peer.namespaces.kind === "named")
        return peer.namespaces.name === own
          ? [{ kind: "same-namespace", grade: "medium", pointer, text: "all pods of the same namespace" }]
          : [];
      return peer.namespaces.labels.isEvery
        ? [{ kind: "all-namespaces", grade: "high", pointer, text: "all pods of all namespaces" }]
        : [];
    }
    case "block": {
      const { family, first, last } = peer.range;
      const all = everyAddress(family);
      const without = peer.except.length > 0 ? ` except ${peer.except.map(describeRange).join(", ")}` : "";
      const text = `${describeRange(peer.range)}${without}`;
      if (first === all.first && last === all.last)
        return [{ kind: "any-peer", grade: "critical", pointer, text: `any address (${text})` }];
      const prefix = family === 4 ? limits.ipv4Prefix : limits.ipv6Prefix;
      const most = (all.last + 1n) >> BigInt(prefix);
      return last - first + 1n <= most
        ? []
        : [{ kind: "wide-block", grade: "high", pointer, text: `${text} is wider than /${prefix}` }];
    }
    case "nodes":
    case "unread":
      return [];
  }
}

/** {} and "the label kubernetes.io/metadata.name exists", which the API server sets on every namespace. */
function selectsEveryNamespace(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).every(
      ({ key, operator }) => key === "kubernetes.io/metadata.name" && operator === "Exists",
    )
  );
}

function blockBreadth(
  peer: NetworkPolicyPeer,
  cidr: string,
  except: readonly string[],
  pointer: string,
  word: string,
  limits: BreadthLimits,
): Breadth[] {
  const written = Number(cidr.slice(cidr.lastIndexOf("/") + 1));
  // An IPv4 block in IPv6's clothes: ::ffff:0.0.0.0/96 is every IPv4 address.
  const isMapped = /^::ffff:/i.test(cidr);
  const prefix = isMapped ? Math.max(written - 96, 0) : written;
  if (!cidr.includes("/") || !Number.isInteger(prefix)) {
    return [
      { kind: "wide-block", grade: "high", pointer, text: `an address block that can't be read (${cidr})`, peer },
    ];
  }
  const without = except.length > 0 ? ` except ${except.join(", ")}` : "";
  if (prefix === 0) {
    return [{ kind: "any-peer", grade: "critical", pointer, text: `any ${word} (${cidr}${without})`, peer }];
  }
  const limit = cidr.includes(":") && !isMapped ? limits.ipv6Prefix : limits.ipv4Prefix;
  if (prefix >= limit) return [];
  return [{ kind: "wide-block", grade: "high", pointer, text: `${cidr}${without} is wider than /${limit}`, peer }];
}

function portBreadth(rule: AllowRule, limits: BreadthLimits): Breadth[] {
  if (rule.ports.length === 0) {
    return [{ kind: "any-port", grade: "medium", pointer: rule.pointer, text: "any port (no ports)" }];
  }
  return rule.ports.flatMap((port, i): Breadth[] => {
    const pointer = `${rule.pointer}/ports/${i}`;
    if (port.port === undefined) {
      return [{ kind: "any-port", grade: "medium", pointer, text: `any ${port.protocol ?? "TCP"} port` }];
    }
    const count = rangeSize(port);
    if (count <= limits.ports) return [];
    return [{ kind: "wide-port-range", grade: "high", pointer, text: `${count} ports (${port.port}-${port.endPort})` }];
  });
}

function rangeSize(port: NetworkPolicyPort): number {
  if (typeof port.port !== "number" || port.endPort === undefined) return 1;
  return port.endPort - port.port + 1;
}

const ORDER: Record<BreadthGrade, number> = { critical: 0, high: 1, medium: 2 };
export function worstGrade(findings: readonly Breadth[]): BreadthGrade {
  return findings.reduce<BreadthGrade>((worst, { grade }) => (ORDER[grade] < ORDER[worst] ? grade : worst), "medium");
}
