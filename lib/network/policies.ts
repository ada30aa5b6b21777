/**
 * What one NetworkPolicy says, before anybody asks who reaches whom.
 *
 * | written                                   | means                                                                    |
 * | ----------------------------------------- | ------------------------------------------------------------------------ |
 * | policyTypes absent or []                  | Ingress, and Egress only when there is an egress rule (API defaulting)   |
 * | podSelector absent or {}                  | every pod of the policy's namespace                                      |
 * | ingress/egress absent or []               | isolates the pods and allows nothing                                     |
 * | a rule {} , from/to absent or []          | any peer, inside and outside the cluster                                 |
 * | ports absent or []                        | any port of any protocol                                                 |
 * | a port without `port`                     | any port of that protocol (TCP unless said)                              |
 * | namespaceSelector and podSelector in one  | pods that match in namespaces that match (AND)                           |
 * | podSelector alone                         | pods of the policy's own namespace                                       |
 * | namespaceSelector alone                   | all pods of the namespaces that match                                    |
 * | two peers, two rules, two policies        | OR: everything adds up, nothing takes away                               |
 *
 * Pods with hostNetwork are outside: they use the node's address. Source: NetworkPolicy API reference and its defaulting code.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from "@/lib/inventory/kinds";
import { isEmptySelector, type Labels, matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { listIn } from "@/lib/inventory/look-ups";

export type Direction = "Ingress" | "Egress";
export const DIRECTIONS: readonly Direction[] = ["Ingress", "Egress"];

/** Which directions the policy isolates. */
export function policyDirections(policy: NetworkPolicy): Direction[] {
  const types = policy.spec.policyTypes ?? [];
  if (types.length > 0) return DIRECTIONS.filter((direction) => types.includes(direction));
  return (policy.spec.egress ?? []).length > 0 ? ["Ingress", "Egress"] : ["Ingress"];
}

/** An allow rule with its peers under one name for both directions. */
export interface AllowRule {
  direction: Direction;
  index: number;
  /** JSON pointer of the rule in the policy. */
  pointer: string;
  /** Empty: any peer. */
  peers: readonly NetworkPolicyPeer[];
  /** Empty: any port. */
  ports: readonly NetworkPolicyPort[];
}

/** The rules that have effect: those of a direction that policyTypes leaves out are dead. */
export function allowRules(policy: NetworkPolicy, direction: Direction): AllowRule[] {
  if (!policyDirections(policy).includes(direction)) return [];
  if (direction === "Ingress") {
    return (policy.spec.ingress ?? []).map((rule, index) => ({
      direction,
      index,
      pointer: `/spec/ingress/${index}`,
      peers: rule.from ?? [],
      ports: rule.ports ?? [],
    }));
  }
  return (policy.spec.egress ?? []).map((rule, index) => ({
    direction,
    index,
    pointer: `/spec/egress/${index}`,
    peers: rule.to ?? [],
    ports: rule.ports ?? [],
  }));
}

export function selectsEveryPod(policy: NetworkPolicy): boolean {
  return isEmptySelector(policy.spec.podSelector);
}

/** Whether the policy applies to the pod. A pod with hostNetwork is outside every policy. */
export function selectsPod(policy: NetworkPolicy, pod: Pod): boolean {
  return (
    pod.spec.hostNetwork !== true &&
    namespaceOf(policy) === namespaceOf(pod) &&
    matchesSelector(policy.spec.podSelector ?? {}, pod.metadata.labels)
  );
}

/** Labels of a namespace; `kubernetes.io/metadata.name` is on every namespace, also where the object isn't in the snapshot. */
export function namespaceLabels(inventory: Inventory, name: string): Labels {
  return { ...inventory.namespaces.get(name)?.metadata.labels, "kubernetes.io/metadata.name": name };
}

/** Whether a pod is one of the peers (ipBlock left out: it is about addresses). */
export function peerMatchesPod(
  inventory: Inventory,
  policyNamespace: string,
  peer: NetworkPolicyPeer,
  pod: Pod,
): boolean {
  if (peer.podSelector === undefined && peer.namespaceSelector === undefined) return false;
  if (pod.spec.hostNetwork === true) return false;
  const namespace = namespaceOf(pod);
  const inNamespace =
    peer.namespaceSelector === undefined
      ? namespace === policyNamespace
      : matchesSelector(peer.namespaceSelector, namespaceLabels(inventory, namespace));
  return inNamespace && (peer.podSelector === undefined || matchesSelector(peer.podSelector, pod.metadata.labels));
}

/** The live pods that a peer stands for now, in snapshot order. */
export function podsOfPeer(inventory: Inventory, policyNamespace: string, peer: NetworkPolicyPeer): Pod[] {
  return inventory.livePods
    .map(({ pod }) => pod)
    .filter((pod) => peerMatchesPod(inventory, policyNamespace, peer, pod));
}

/** The NetworkPolicies of a namespace, grouped once per inventory. */
export function policiesIn(inventory: Inventory, namespace: string): readonly NetworkPolicy[] {
  return listIn(inventory, "networkpolicies", namespace);
}
