/**
 * NetworkPolicies that close a path and keep what was declared: what the controls about paths hand out.
 *
 * - A rule whose peers name somebody at fault is narrowed: a wide selector becomes the namespaces at no fault that it names now,
 *   an address block at fault is left out; a rule without peers left is dropped.
 * - Pods that no policy isolates get one of their own.
 * - The declared and approved flows of the workload are allowed in a policy of their own, so that closing breaks none of them.
 */
import type { Workload } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "@/lib/inventory/kinds";
import type { Flow, FlowEnd } from "@/lib/inventory/registers/flows";
import { matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { parseBlock } from "@/lib/network/addresses";
import { isEnd } from "@/lib/network/declared-flows";
import { matchPeers } from "@/lib/network/endpoints";
import { allowRules, type Direction, policiesIn, policyDirections } from "@/lib/network/policies";
import { reachability } from "@/lib/network/reachability";
import { readPeer } from "@/lib/network/read-network-policies";
import type { ManifestObject } from "./manifest";
import type { EvaluationContext } from "./types";

export interface Narrowing {
  direction: Direction;
  /** Namespaces that must not be named. */
  namespaces: ReadonlySet<string>;
  /** Whether an address block is at fault. */
  isBlockAtFault: (cidr: string) => boolean;
}

/** The policy without its peers at fault, or null when it has none. */
export function narrowPolicy(
  context: EvaluationContext,
  policy: NetworkPolicy,
  narrowing: Narrowing,
): ManifestObject | null {
  const { direction } = narrowing;
  let isChanged = false;
  const rules = allowRules(policy, direction).flatMap((rule) => {
    const peers = rule.peers.length === 0 ? [{ namespaceSelector: {} }] : rule.peers;
    const kept = peers.flatMap((peer) => narrowPeer(context, namespaceOf(policy), peer, narrowing));
    const isSame = rule.peers.length > 0 && kept.length === peers.length && kept.every((peer, i) => peer === peers[i]);
    if (!isSame) isChanged = true;
    if (kept.length === 0) return [];
    const side = direction === "Ingress" ? { from: kept } : { to: kept };
    return [{ ...side, ...(rule.ports.length === 0 ? {} : { ports: rule.ports }) }];
  });
  if (!isChanged) return null;
  const { ingress, egress } = policy.spec;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: policy.metadata.name, namespace: namespaceOf(policy) },
    spec: {
      podSelector: policy.spec.podSelector ?? {},
      policyTypes: policyDirections(policy),
      ...(direction === "Ingress" ? { ingress: rules } : ingress === undefined ? {} : { ingress }),
      ...(direction === "Egress" ? { egress: rules } : egress === undefined ? {} : { egress }),
    },
  };
}

function narrowPeer(
  context: EvaluationContext,
  own: string,
  peer: NetworkPolicyPeer,
  { namespaces, isBlockAtFault }: Narrowing,
): NetworkPolicyPeer[] {
  const network = reachability(context.inventory);
  const read = readPeer(peer, own, "yes");
  const names = (namespace: string): boolean =>
    matchPeers(read, network.hypotheticalPod(namespace, null), "maybe") !== "no";
  if (peer.ipBlock !== undefined) {
    const isAtFault = isBlockAtFault(peer.ipBlock.cidr) || [...namespaces].some(names);
    return isAtFault ? [] : [peer];
  }
  if (![...namespaces].some(names)) return [peer];
  return context.inventory.namespaceNames
    .filter((namespace) => !namespaces.has(namespace) && names(namespace))
    .map((namespace) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      ...(peer.podSelector === undefined ? {} : { podSelector: peer.podSelector }),
    }));
}

/**
 * Policies with the declared flows of the workload, and of every other one that a narrowed policy selects: its flows may have
 * used what was taken out. `isOpen`: no policy isolates the workload yet, so that it gets one even without flows.
 */
export function declaredPolicies(
  context: EvaluationContext,
  workload: Workload,
  direction: Direction,
  flows: readonly Flow[],
  { narrowed, isOpen }: { narrowed: readonly ManifestObject[]; isOpen: boolean },
): ManifestObject[] {
  const existing = policiesIn(context.inventory, workload.namespace);
  const taken = new Set(existing.map(({ metadata }) => metadata.name));
  const names = new Set(narrowed.map(({ metadata }) => metadata?.name));
  const selectors = existing
    .filter(({ metadata }) => names.has(metadata.name))
    .map(({ spec }) => spec.podSelector ?? {});
  return context.inventory.workloadsIn(workload.namespace).flatMap((other) => {
    const isIt = other === workload;
    if (!isIt && !selectors.some((selector) => matchesSelector(selector, other.labels))) return [];
    const own = flowsOf(context, other, direction, flows);
    if (own.length === 0 && !(isIt && isOpen)) return [];
    return [declaredPolicy(other, direction, own, taken)];
  });
}

/** A policy over the workload's pods that allows the flows and, for egress, DNS; without flows it only isolates. */
function declaredPolicy(
  workload: Workload,
  direction: Direction,
  flows: readonly Flow[],
  taken: ReadonlySet<string>,
): ManifestObject {
  const base = `declared-${direction.toLowerCase()}-${workload.ref.name}`.toLowerCase().slice(0, 240);
  const name = taken.has(base) ? `${base}-ringfence` : base;
  const rules: object[] = flows.map((flow) => {
    const peers = [peerOf(direction === "Ingress" ? flow.from : flow.to)].flat();
    return { ...(direction === "Ingress" ? { from: peers } : { to: peers }), ports: portsOf(flow) };
  });
  if (direction === "Egress") rules.push(DNS_RULE);
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: workload.namespace },
    spec: {
      podSelector: selectorOf(workload),
      policyTypes: [direction],
      ...(direction === "Ingress" ? { ingress: rules } : { egress: rules }),
    },
  };
}

/** The flows of which the workload is the destination (Ingress) or source (Egress), with an end that a policy can name. */
function flowsOf(context: EvaluationContext, workload: Workload, direction: Direction, flows: readonly Flow[]): Flow[] {
  const [podClass] = reachability(context.inventory).classesOf(workload);
  if (podClass === undefined) return [];
  const endpoint = { ...podClass, labels: workload.labels };
  return flows.filter((flow) => {
    const [ours, theirs] = direction === "Ingress" ? [flow.to, flow.from] : [flow.from, flow.to];
    return isEnd(ours, endpoint) && !("domain" in theirs) && !("cidr" in theirs && parseBlock(theirs.cidr) === null);
  });
}

const DNS_RULE = {
  to: [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
      podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
    },
  ],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Labels that a rollout changes. */
const GENERATED = new Set([
  "pod-template-hash",
  "controller-revision-hash",
  "pod-template-generation",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
  "controller-uid",
  "job-name",
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
]);

/** A selector of the workload's pods by their lasting labels; every pod of the namespace where they have none. */
export function selectorOf(workload: Workload): { matchLabels?: Record<string, string> } {
  const labels = Object.entries(workload.labels).filter(([key]) => !GENERATED.has(key));
  return labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) };
}

function peerOf(end: FlowEnd): NetworkPolicyPeer[] {
  if ("domain" in end) return [];
  if ("cidr" in end) return [{ ipBlock: { cidr: end.cidr } }];
  return [
    {
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": end.namespace } },
      ...(end.labels === undefined ? {} : { podSelector: { matchLabels: end.labels } }),
    },
  ];
}

function portsOf({ protocol, ports }: Flow): NetworkPolicyPort[] {
  return ports.map((port) => {
    if (typeof port === "number") return { protocol, port };
    const [first = 0, last = first] = port.split("-").map(Number);
    return { protocol, port: first, endPort: last };
  });
}
