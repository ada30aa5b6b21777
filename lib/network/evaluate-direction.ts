/**
 * What the policies of one pod and one direction say about one peer.
 *
 * Tiers in order; in a tier, policies in order; in a policy, rules from the top. The first rule that matches for certain decides a
 * port: allow, deny, or pass it to the next tier. A rule that may match, or says more than L4, adds its outcome and leaves the port
 * open, so that a port with two possible outcomes is unknown. Policies without an order among them decide each for itself, and
 * all their outcomes are possible. At the end of a tier that isolates the pod whatever is left is denied.
 */
import type { Endpoint, PodEndpoint } from "./endpoints";
import { and, matchNamespace, matchPeers, resolvePorts, testLabels } from "./endpoints";
import type { Policy, Step, Tri } from "./model";
import type { Direction } from "./policies";
import { ALL_PORTS, intersectPorts, isNoPort, NO_PORTS, type PortSet, subtractPorts, unionPorts } from "./ports";

/** The policies that apply to some pods in one direction, in the order in which they are asked. */
export interface Program {
  direction: Direction;
  /** Equal for equal lists of policies. */
  key: string;
  /** Whether some rule names its ports, so that they depend on the destination. */
  hasNamedPorts: boolean;
  tiers: { name: string; isolates: Tri; groups: Selected[][]; isolatedBy: Policy[] }[];
}
export interface Selected {
  policy: Policy;
  selects: Tri;
}

export interface DirectionAnswer {
  /** Allowed for certain. */
  allowed: PortSet;
  /** Perhaps allowed; everything in neither is denied. */
  unknown: PortSet;
  /** Rules that allow some of it. */
  allowedBy: Step[];
  /** Rules that deny some of it. */
  deniedBy: Step[];
  /** Policies that isolate the pod, so that what no rule allows is denied. */
  isolatedBy: Policy[];
  /** Why something is unknown. */
  doubts: string[];
  /** `policies`: as written. `open`: no policy isolates the pod. `exempt`: policies don't hold it. `not-enforced`: nobody carries them out. */
  because: "policies" | "open" | "exempt" | "not-enforced";
  /** A sentence where `because` needs one. */
  ground: string;
}

/** Whether the policy applies to the pod. Policies don't hold pods on the host network. */
export function selects(policy: Policy, pod: PodEndpoint): Tri {
  if (pod.isHostNetwork) return "no";
  const match = and(testLabels(policy.appliesTo.pods, pod.labels), matchNamespace(policy.appliesTo.namespaces, pod));
  return policy.appliesTo.certain ? match : and(match, "maybe");
}

/** Sorts the policies that apply to a pod into tiers. */
export function programOf(direction: Direction, selected: readonly Selected[]): Program {
  const relevant: Selected[] = [];
  let hasNamedPorts = false;
  for (const one of selected) {
    const part = one.policy.parts[direction];
    if (part === null) continue;
    relevant.push(one);
    for (const { ports } of part.steps) if (ports.named.length > 0) hasNamedPorts = true;
  }
  const key = keyOf(relevant);
  if (relevant.length > 1) relevant.sort((a, b) => compare(a.policy, b.policy));
  const byTier = new Map<string, Selected[]>();
  for (const one of relevant) {
    const tier = byTier.get(one.policy.tier.name);
    if (tier === undefined) byTier.set(one.policy.tier.name, [one]);
    else tier.push(one);
  }
  const tiers: Program["tiers"] = [];
  for (const [name, policies] of byTier) tiers.push(tierOf(direction, name, policies));
  return { direction, key, hasNamedPorts, tiers };
}

function tierOf(direction: Direction, name: string, policies: readonly Selected[]): Program["tiers"][number] {
  let isolates: Tri = "no";
  const isolatedBy: Policy[] = [];
  for (const { policy, selects: match } of policies) {
    const own = policy.parts[direction]?.isolates ?? "no";
    if (own !== "no") isolatedBy.push(policy);
    const here = and(match, own);
    if (here === "yes" || (here === "maybe" && isolates === "no")) isolates = here;
  }
  return { name, isolates, groups: groupsOf(policies), isolatedBy };
}

/** Equal for equal lists. */
export function keyOf(selected: readonly Selected[]): string {
  let key = "";
  for (const { policy, selects: match } of selected) key += `${policy.index}${match === "maybe" ? "?" : ""},`;
  return key;
}

function compare(a: Policy, b: Policy): number {
  if (a.tier.order !== b.tier.order) return a.tier.order - b.tier.order;
  if (a.order !== b.order) return a.order - b.order;
  return a.rank === b.rank ? a.index - b.index : a.rank < b.rank ? -1 : 1;
}

function groupsOf(policies: readonly Selected[]): Selected[][] {
  const groups: Selected[][] = [];
  for (const one of policies) {
    const last = groups.at(-1);
    const before = last?.[0]?.policy;
    if (last !== undefined && before?.order === one.policy.order && before.rank === one.policy.rank) last.push(one);
    else groups.push([one]);
  }
  return groups;
}

/** Runs the program for one peer; `destination` is the peer for egress and the pod itself for ingress. */
export function evaluateDirection(
  program: Program,
  peer: Endpoint,
  destination: Endpoint,
  unknownAddress: Tri,
): DirectionAnswer {
  let open = ALL_PORTS;
  let mayAllow = NO_PORTS;
  let mayDeny = NO_PORTS;
  const allowedBy: Step[] = [];
  const deniedBy: Step[] = [];
  const isolatedBy: Policy[] = [];
  const doubts = new Set<string>();

  for (const tier of program.tiers) {
    let passed = NO_PORTS;
    for (const group of tier.groups) {
      let decided = NO_PORTS;
      for (const { policy, selects: applies } of group) {
        let left = open;
        for (const step of policy.parts[program.direction]?.steps ?? []) {
          const match = matchPeers(step.peers, peer, unknownAddress);
          if (match === "no") continue;
          const ports = intersectPorts(resolvePorts(step.ports, destination), left);
          if (isNoPort(ports)) continue;
          if (step.action === "allow") {
            mayAllow = unionPorts(mayAllow, ports);
            allowedBy.push(step);
          } else if (step.action === "deny") {
            mayDeny = unionPorts(mayDeny, ports);
            deniedBy.push(step);
          } else passed = unionPorts(passed, ports);
          if (match === "yes" && applies === "yes" && step.isCertain) left = subtractPorts(left, ports);
          else doubts.add(doubtOf(step, match, applies));
        }
        decided = unionPorts(decided, subtractPorts(open, left));
      }
      open = subtractPorts(open, decided);
      if (isNoPort(open)) break;
    }
    if (tier.isolates !== "no") {
      if (!isNoPort(open)) isolatedBy.push(...tier.isolatedBy);
      mayDeny = unionPorts(mayDeny, open);
      if (tier.isolates === "maybe") for (const { doubts: own } of tier.isolatedBy) for (const d of own) doubts.add(d);
    }
    open = unionPorts(tier.isolates === "yes" ? NO_PORTS : open, passed);
    if (isNoPort(open)) break;
  }
  const allowed = subtractPorts(unionPorts(mayAllow, open), mayDeny);
  return {
    allowed,
    unknown: intersectPorts(unionPorts(mayAllow, open), mayDeny),
    allowedBy,
    deniedBy,
    isolatedBy,
    doubts: [...doubts],
    because: isNoPort(open) ? "policies" : "open",
    ground: "",
  };
}

function doubtOf(step: Step, match: Tri, applies: Tri): string {
  const name = `${step.policy.ref.kind} ${step.policy.ref.namespace === undefined ? "" : `${step.policy.ref.namespace}/`}${step.policy.ref.name}`;
  if (step.doubt !== undefined) return step.doubt;
  const [first] = step.policy.doubts;
  if (first !== undefined) return first;
  if (applies !== "yes") return `whether ${name} applies is not known`;
  return match === "yes"
    ? `what ${name} allows is not known`
    : `whether a rule of ${name} names this peer is not known`;
}
