/**
 * What each admission policy of a cluster does in one namespace, for three engines: Kyverno, Gatekeeper, and the API server's own
 * ValidatingAdmissionPolicy.
 *
 * A policy counts where it denies, is loaded, and applies to pods of the namespace without a condition that this room can't judge.
 * What it would refuse is found by asking it (admission-outcomes.ts); a body in a language that is not understood (JMESPath
 * conditions, CEL, Rego of an own template) can only be "possible", and is proven by a canary alone.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import { gatekeeperCovers } from "./gatekeeper-constraints";
import { kyvernoCovers } from "./kyverno-policies";
import type { NamespaceUnderPolicy, PolicyCover } from "./policy-cover";
import { vapCovers } from "./validating-admission-policies";

export const POLICY_SECTIONS = [
  "kyverno-clusterpolicies",
  "kyverno-policies",
  "gatekeeper-constrainttemplates",
  "gatekeeper-constraints",
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
] as const;

/** Every rule of every engine that says something about pods of the namespace. */
export function policyCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  return [
    ...kyvernoCovers(inventory, namespace),
    ...gatekeeperCovers(inventory, namespace),
    ...vapCovers(inventory, namespace),
  ];
}
