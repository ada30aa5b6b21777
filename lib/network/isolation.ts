/**
 * Default deny of a namespace, and which of its pods some policy isolates, per direction.
 *
 * Rule: a namespace denies a direction by default when one NetworkPolicy selects every pod (empty podSelector), applies to the
 * direction (see policyDirections) and has no rule of that direction; for egress a policy whose only rules allow DNS to the
 * cluster's DNS counts too. Policies add up: a default deny doesn't undo another policy's allow. A pod that no policy of a
 * direction selects is open in that direction. Pods with hostNetwork are outside and listed apart.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import {
  type AllowRule,
  allowRules,
  type Direction,
  podsOfPeer,
  policiesIn,
  policyDirections,
  selectsEveryPod,
  selectsPod,
} from "./policies";
import { otherPolicies } from "./other-engines";
import { testableLabels } from "./pod-classes";
import { reachability } from "./reachability";

export interface NamespaceIsolation {
  direction: Direction;
  /** NetworkPolicies that deny by default, in list order. */
  denies: NetworkPolicy[];
  /** Those of them that let DNS out and nothing else. */
  dnsOnly: NetworkPolicy[];
  /** Default denies of other engines. */
  otherDenies: ResourceRef[];
  /** Policies of other engines that may be a default deny. */
  unparsed: ResourceRef[];
  /** Policies of other engines over every pod of the namespace that are no default deny. */
  partial: ResourceRef[];
  unreadable: { section: string; message: string }[];
  /** Live pods that no policy isolates for certain in the direction, by name. */
  openPods: Pod[];
  isolatedPods: Pod[];
  /** Live pods on the host network: no NetworkPolicy reaches them. */
  hostNetworkPods: Pod[];
}

/** Reads the sections networkpolicies and pods; ask for their readability first. */
export function namespaceIsolation(inventory: Inventory, namespace: string, direction: Direction): NamespaceIsolation {
  const policies = policiesIn(inventory, namespace).filter((policy) => policyDirections(policy).includes(direction));
  const everyPod = policies.filter(selectsEveryPod);
  const dnsOnly =
    direction === "Egress" ? everyPod.filter((policy) => allowsOnlyDns(inventory, namespace, policy)) : [];
  const denies = everyPod.filter((policy) => allowRules(policy, direction).length === 0 || dnsOnly.includes(policy));
  const pods = inventory.livePodsIn(namespace);
  const judged = pods.filter((pod) => pod.spec.hostNetwork !== true);
  const network = reachability(inventory);
  const isIsolated = (pod: Pod): boolean => {
    if (policies.some((policy) => selectsPod(policy, pod))) return true;
    const labels = testableLabels(pod.metadata.labels, namespace, pod.spec);
    return network.isolation(network.hypotheticalPod(namespace, labels), direction) === "yes";
  };
  const others = otherPolicies(inventory, namespace, direction);
  return {
    direction,
    denies,
    dnsOnly,
    otherDenies: others.denies,
    unparsed: others.unparsed,
    partial: others.partial,
    unreadable: others.unreadable,
    openPods: judged.filter((pod) => !isIsolated(pod)),
    isolatedPods: judged.filter(isIsolated),
    hostNetworkPods: pods.filter((pod) => pod.spec.hostNetwork === true),
  };
}

/** Every allow rule of the direction in the namespace with its policy: what adds up on top of a default deny. */
export function allowsIn(
  inventory: Inventory,
  namespace: string,
): { policy: NetworkPolicy; ref: ResourceRef; rules: AllowRule[] }[] {
  return policiesIn(inventory, namespace).map((policy) => ({
    policy,
    ref: refOf(policy),
    rules: [...allowRules(policy, "Ingress"), ...allowRules(policy, "Egress")],
  }));
}

/** A single link-local address: where node-local DNS listens (169.254.20.10 unless configured). */
const NODE_LOCAL_DNS = /^169\.254\.\d{1,3}\.\d{1,3}\/32$/;
const DNS_PORTS: readonly (number | string)[] = [53, 5353, "dns", "dns-tcp", "53"];

function allowsOnlyDns(inventory: Inventory, namespace: string, policy: NetworkPolicy): boolean {
  const rules = allowRules(policy, "Egress");
  return (
    rules.length > 0 &&
    rules.every(
      (rule) =>
        rule.ports.length > 0 &&
        rule.ports.every(isDnsPort) &&
        rule.peers.length > 0 &&
        rule.peers.every((peer) => isDnsPeer(inventory, namespace, peer)),
    )
  );
}

function isDnsPort(port: NetworkPolicyPort): boolean {
  return port.port !== undefined && port.endPort === undefined && DNS_PORTS.includes(port.port);
}

/** A single node-local address, or pods chosen by label in a chosen namespace that are all (and could only be) DNS servers. */
function isDnsPeer(inventory: Inventory, namespace: string, peer: NetworkPolicyPeer): boolean {
  if (peer.ipBlock !== undefined) return NODE_LOCAL_DNS.test(peer.ipBlock.cidr);
  if (peer.namespaceSelector === undefined || isEmptySelector(peer.podSelector)) return false;
  // Chosen by the label itself: a selector that pods without labels fulfil as well says nothing about DNS.
  if (matchesSelector(peer.podSelector, {})) return false;
  if (!DNS_LABELS.some((labels) => matchesSelector(peer.podSelector, labels))) return false;
  return podsOfPeer(inventory, namespace, peer).every(isDnsServer);
}

/** Labels that the distributions give to their DNS servers. */
const DNS_LABELS: readonly Record<string, string>[] = [
  { "k8s-app": "kube-dns" },
  { "k8s-app": "coredns" },
  { "k8s-app": "node-local-dns" },
  { "app.kubernetes.io/name": "coredns" },
  { "dns.operator.openshift.io/daemonset-dns": "default" },
];

function isDnsServer(pod: Pod): boolean {
  return DNS_LABELS.some((labels) =>
    Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value),
  );
}
