/**
 * One form for the policies of every engine, so that one evaluation answers for all of them.
 *
 * A policy stands in a tier, applies to pods, and has for each direction steps (rules) that allow, deny or pass on what matches
 * peer and port. Tiers are asked in order; within a tier policies by order, and the first certain match decides. A port that no
 * step decides is denied at the end of a tier that isolates the pod, else it goes on to the next; behind the last tier it is
 * allowed. `Tri` and `isCertain` carry what can't be decided from what was read: it makes an answer unknown, never denied.
 */
import type { ResourceRef } from "@/lib/inventory/inventory";
import type { Labels } from "@/lib/inventory/selectors";
import type { AddressRange } from "./addresses";
import type { Direction } from "./policies";
import type { PortSet, Protocol } from "./ports";

/** `maybe`: what was read does not decide it. */
export type Tri = "yes" | "no" | "maybe";

/** A test over labels. `key` is equal for equal tests; `mentions` are the keys and values that it can tell apart. */
export interface LabelTest {
  key: string;
  /** True when every label set passes. */
  isEvery: boolean;
  test(labels: Labels): boolean;
  mentions: ReadonlyMap<string, readonly string[]>;
  /** A key that must have one of these values, or null; what indexes are built on. */
  requires: { key: string; values: readonly string[] } | null;
}

/** Which namespaces: one by name, or those whose labels pass. */
export type NamespaceTest = { kind: "named"; name: string } | { kind: "labelled"; labels: LabelTest };

/** Whom a rule names. */
export type Peer =
  /** Everybody, inside and outside the cluster. */
  | { kind: "anybody" }
  | { kind: "pods"; namespaces: NamespaceTest; pods: LabelTest }
  | { kind: "block"; range: AddressRange; except: readonly AddressRange[]; matchesPods: Tri }
  /** Nodes and pods on the host network; or some of them, by labels that aren't read. */
  | { kind: "nodes"; isEvery: boolean }
  /** Every address outside the cluster, or some of them that only run time knows (a domain name). */
  | { kind: "outside"; isEvery: boolean }
  /** What is written can't be read: may be anybody. */
  | { kind: "unread" };

export interface NamedPort {
  /** Null: whatever the protocol. */
  protocol: Protocol | null;
  name: string;
}
/** Ports of a rule before named ports are looked up on the destination. */
export interface PortSpec {
  numbers: PortSet;
  named: readonly NamedPort[];
}

export interface Step {
  action: "allow" | "deny" | "pass";
  /** Any of them. */
  peers: readonly Peer[];
  ports: PortSpec;
  /** False when the rule says more than this form can (L7, authentication …) or its policy can't be trusted. */
  isCertain: boolean;
  /** Why it is not certain, for a person. */
  doubt?: string;
  policy: Policy;
  /** JSON pointer of the rule in the policy. */
  pointer: string;
}

export interface Tier {
  name: string;
  order: number;
}
export interface DirectionPart {
  /** Whether the pods are denied whatever no step of the tier decides. */
  isolates: Tri;
  steps: Step[];
}
export interface Policy {
  /** Position in the list of all policies. */
  index: number;
  ref: ResourceRef;
  tier: Tier;
  /** Lower is asked first. Policies of equal order and rank have no order among them. */
  order: number;
  /** Breaks ties of order, where the engine says how. */
  rank: string;
  appliesTo: { namespaces: NamespaceTest; pods: LabelTest /** Certain to be effective for them. */; certain: boolean };
  parts: { [D in Direction]: DirectionPart | null };
  /** Why nothing or not all of it is certain; empty for a policy that was read whole. */
  doubts: readonly string[];
}

/** Kubernetes' own order: admin policies, then the namespaces' own, then the baseline. Calico's tiers stand between by their order. */
export const ADMIN_TIER: Tier = { name: "admin", order: 1_000 };
export const NAMESPACE_TIER: Tier = { name: "default", order: 1_000_000 };
export const BASELINE_TIER: Tier = { name: "baseline", order: 10_000_000 };
/** Where NetworkPolicies stand among the policies of their tier. */
export const NETWORK_POLICY_ORDER = 1_000;
