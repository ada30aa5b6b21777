/**
 * Label selectors exactly as Kubernetes evaluates them (apimachinery `LabelSelectorAsSelector`, `labels.Requirement.Matches`).
 *
 * | selector            | selects                                                                      |
 * | ------------------- | ---------------------------------------------------------------------------- |
 * | absent (nil)        | nothing                                                                      |
 * | `{}` (empty)        | everything                                                                   |
 * | set                 | what fulfils every matchLabels entry and every matchExpressions requirement  |
 *
 * | operator     | key absent | key present               |
 * | ------------ | ---------- | ------------------------- |
 * | In           | no match   | value is one of `values`  |
 * | NotIn        | match      | value is none of `values` |
 * | Exists       | no match   | match                     |
 * | DoesNotExist | match      | no match                  |
 *
 * What an absent selector means to a policy (a peer without namespaceSelector is "this namespace") is the caller's to know.
 */
import type { LabelSelector, LabelSelectorRequirement } from "./kinds";

export type Labels = Readonly<Record<string, string>>;

/** True if `labels` fulfil `selector`; an absent selector selects nothing, an empty one everything. */
export function matchesSelector(selector: LabelSelector | null | undefined, labels: Labels | undefined): boolean {
  if (selector === null || selector === undefined) return false;
  const has = labels ?? {};
  return (
    matchesLabels(selector.matchLabels, has) &&
    (selector.matchExpressions ?? []).every((r) => matchesRequirement(r, has))
  );
}

/** True if every pair of `wanted` is in `labels`; true for an absent or empty `wanted`. */
export function matchesLabels(wanted: Labels | undefined, labels: Labels): boolean {
  for (const key in wanted) {
    if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false;
  }
  return true;
}

/**
 * A Service's or ReplicationController's plain map selector: absent and empty select nothing (such a Service has its
 * endpoints written by somebody else).
 */
export function matchesMapSelector(selector: Labels | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined || Object.keys(selector).length === 0) return false;
  return matchesLabels(selector, labels ?? {});
}

/** True for an absent selector or one that has neither labels nor expressions. */
export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return true;
  return Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0;
}

function matchesRequirement(requirement: LabelSelectorRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}
