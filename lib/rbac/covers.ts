/**
 * Whether the rules of an owner include all that the rules of another hold: what Kubernetes asks before somebody may create
 * or bind a role (privilege escalation prevention), and what "could be narrower" suggestions rest on.
 *
 * Each servant rule is broken down to single (group, resource, verb[, name]) or (verb, URL) rules; each must be covered by one
 * owner rule. A rule without names isn't covered by rules that have names. Source: component-helpers, rbac validation.
 */
import type { PolicyRule } from "@/lib/inventory/kinds";
import { urlPatternCovers } from "./rules";

/** `uncovered` holds the single rules that no owner rule includes, in breakdown order. */
export function covers(
  ownerRules: readonly PolicyRule[],
  servantRules: readonly PolicyRule[],
): { covered: boolean; uncovered: PolicyRule[] } {
  const uncovered = servantRules
    .flatMap(breakDown)
    .filter((single) => !ownerRules.some((owner) => ruleCovers(owner, single)));
  return { covered: uncovered.length === 0, uncovered };
}

/** The single rules that a rule stands for. */
export function breakDown(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        const single: PolicyRule = { verbs: [verb], apiGroups: [group], resources: [resource] };
        const names = rule.resourceNames ?? [];
        if (names.length === 0) out.push(single);
        for (const name of names) out.push({ ...single, resourceNames: [name] });
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) out.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return out;
}

function ruleCovers(owner: PolicyRule, single: PolicyRule): boolean {
  const names = single.resourceNames ?? [];
  const ownerNames = owner.resourceNames ?? [];
  return (
    holdsAll(owner.verbs, single.verbs) &&
    holdsAll(owner.apiGroups ?? [], single.apiGroups ?? []) &&
    (single.resources ?? []).every((resource) => resourceCovers(owner.resources ?? [], resource)) &&
    (single.nonResourceURLs ?? []).every((url) =>
      (owner.nonResourceURLs ?? []).some((pattern) => urlPatternCovers(pattern, url)),
    ) &&
    (ownerNames.length === 0 || (names.length > 0 && names.every((name) => ownerNames.includes(name))))
  );
}

function holdsAll(owner: readonly string[], wanted: readonly string[]): boolean {
  return owner.includes("*") || wanted.every((item) => owner.includes(item));
}

function resourceCovers(owner: readonly string[], resource: string): boolean {
  if (owner.includes("*") || owner.includes(resource)) return true;
  const slash = resource.indexOf("/");
  return slash >= 0 && owner.includes(`*/${resource.slice(slash + 1)}`);
}
