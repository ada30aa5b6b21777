/**
 * The two ends of a connection, and whether a rule's peer names one.
 *
 * | peer               | pod                                              | pod on the host network | address outside          |
 * | ------------------ | ------------------------------------------------ | ----------------------- | ------------------------ |
 * | anybody            | yes                                              | yes                     | yes                      |
 * | selectors          | by its namespace's labels and its own            | no: it has no address of its own | no              |
 * | ipBlock            | by its addresses, where the plug-in compares them | by its node's          | when it lies inside      |
 * | nodes              | no                                               | yes                     | no                       |
 *
 * Kubernetes leaves open what selectors do to pods on the host network and what ipBlock does to pods; the table is what the usual
 * plug-ins do, and Cilium, which never compares pods' addresses with ipBlock, is asked for by `matchesPods`.
 */
import type { Labels } from "@/lib/inventory/selectors";
import { type AddressRange, containsRange, overlaps } from "./addresses";
import type { EnforcementStatus } from "./enforcement";
import type { LabelTest, NamespaceTest, Peer, PortSpec, Tri } from "./model";
import { ALL_PORTS, everyPortOf, type PortSet, type Protocol, portsOf, unionPorts } from "./ports";
import { PRIVATE } from "./special-addresses";

export interface PodEndpoint {
  kind: "pod";
  namespace: string;
  /** Null: the namespace could not be read. */
  namespaceLabels: Labels | null;
  /** Null: whatever labels somebody may choose. */
  labels: Labels | null;
  isHostNetwork: boolean;
  /** Its addresses (its node's on the host network); null when not known. */
  addresses: readonly AddressRange[] | null;
  /**
   * A pod that doesn't exist yet: `addresses` are the ranges of which it may get one, and a named port may be any port, because
   * its owner chooses.
   */
  isHypothetical: boolean;
  /** Whether policies have effect on it, and the sentence that says why. */
  enforcement: { status: EnforcementStatus; ground: string };
  /** Named container ports. */
  namedPorts: ReadonlyMap<string, readonly { protocol: Protocol; port: number }[]>;
}
export interface AddressEndpoint {
  kind: "address";
  range: AddressRange;
}
export type Endpoint = PodEndpoint | AddressEndpoint;

/** Whether any of the peers names the endpoint. `unknownAddress`: what an ipBlock says of a pod without known address. */
export function matchPeers(peers: readonly Peer[], endpoint: Endpoint, unknownAddress: Tri): Tri {
  let best: Tri = "no";
  for (const peer of peers) {
    const match = matchPeer(peer, endpoint, unknownAddress);
    if (match === "yes") return "yes";
    if (match === "maybe") best = "maybe";
  }
  return best;
}

function matchPeer(peer: Peer, endpoint: Endpoint, unknownAddress: Tri): Tri {
  switch (peer.kind) {
    case "anybody":
      return "yes";
    case "unread":
      return "maybe";
    case "pods":
      if (endpoint.kind === "address" || endpoint.isHostNetwork) return "no";
      return and(testLabels(peer.pods, endpoint.labels), matchNamespace(peer.namespaces, endpoint));
    case "nodes":
      return endpoint.kind === "pod" && endpoint.isHostNetwork ? (peer.isEvery ? "yes" : "maybe") : "no";
    case "outside":
      return endpoint.kind === "address" ? (peer.isEvery ? "yes" : "maybe") : "no";
    case "block":
      if (endpoint.kind === "address") return matchBlock(peer, endpoint.range);
      if (peer.matchesPods === "no") return "no";
      if (endpoint.addresses === null) return mayHoldPods(peer.range) ? unknownAddress : "no";
      return and(peer.matchesPods, matchAddresses(peer, endpoint));
  }
}

/** Whether labels pass; of labels that somebody may choose, some do. */
export function testLabels(test: LabelTest, labels: Labels | null): Tri {
  if (test.isEvery) return "yes";
  if (labels === null) return "maybe";
  return test.test(labels) ? "yes" : "no";
}

/** Whether the namespace of a pod passes; `maybe` when its labels could not be read. */
export function matchNamespace(
  test: NamespaceTest,
  { namespace, namespaceLabels }: Pick<PodEndpoint, "namespace" | "namespaceLabels">,
): Tri {
  if (test.kind === "named") return test.name === namespace ? "yes" : "no";
  if (test.labels.isEvery) return "yes";
  if (namespaceLabels === null) return "maybe";
  return test.labels.test(namespaceLabels) ? "yes" : "no";
}

/** Pods whose addresses nobody saw get private ones, or any of IPv6. */
function mayHoldPods(block: AddressRange): boolean {
  return block.family === 6 || PRIVATE.some((range) => overlaps(range, block));
}

type Block = Extract<Peer, { kind: "block" }>;

function matchAddresses(block: Block, endpoint: PodEndpoint): Tri {
  const found = (endpoint.addresses ?? []).map((range) => matchBlock(block, range));
  if (found.includes("yes")) return "yes";
  if (!found.includes("maybe")) return "no";
  // Of a pod that may get any address of a range, some would lie in the block.
  return endpoint.isHypothetical ? "yes" : "maybe";
}

/** `maybe`: a part of the range lies inside. */
function matchBlock({ range: block, except }: Block, range: AddressRange): Tri {
  if (!overlaps(block, range) || except.some((hole) => containsRange(hole, range))) return "no";
  return containsRange(block, range) && !except.some((hole) => overlaps(hole, range)) ? "yes" : "maybe";
}

/** The ports of a rule on the destination; a named port that it doesn't have opens nothing. */
export function resolvePorts(spec: PortSpec, destination: Endpoint): PortSet {
  if (spec.named.length === 0 || destination.kind === "address") return spec.numbers;
  let ports = spec.numbers;
  for (const { name, protocol } of spec.named) {
    if (destination.isHypothetical) {
      ports = unionPorts(ports, protocol === null ? ALL_PORTS : everyPortOf(protocol));
      continue;
    }
    for (const found of destination.namedPorts.get(name) ?? []) {
      if (protocol === null || protocol === found.protocol)
        ports = unionPorts(ports, portsOf(found.protocol, found.port));
    }
  }
  return ports;
}

export function and(a: Tri, b: Tri): Tri {
  if (a === "no" || b === "no") return "no";
  return a === "maybe" || b === "maybe" ? "maybe" : "yes";
}
