/**
 * Where a pod may be scheduled: node selectors, required node affinity, taints and tolerations, as the scheduler reads them.
 *
 * A nodeSelector and the required affinity must both hold. Affinity's terms are alternatives, the expressions of a term hold all
 * together, and a term without any matches no node. A term that names nodes by field is not followed: which node isn't kept.
 */
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Toleration } from "@/lib/inventory/kinds";

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

/** Whether the pod's required placement lets it onto the node; null when it names nodes by field. */
export function mayBePlacedOn(spec: PodSpec, node: Node): boolean | null {
  const labels = node.metadata.labels ?? {};
  const isSelected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!isSelected) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  const answers = required.nodeSelectorTerms.map((term) => matchesTerm(term, labels));
  return answers.includes(true) ? true : answers.includes(null) ? null : false;
}

/** True when the pod demands some nodes at all. */
export function hasRequiredPlacement(spec: PodSpec): boolean {
  return (
    Object.keys(spec.nodeSelector ?? {}).length > 0 ||
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined
  );
}

function matchesTerm(term: NodeSelectorTerm, labels: Record<string, string>): boolean | null {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  if (!expressions.every((expression) => matchesExpression(expression, labels[expression.key]))) return false;
  return fields.length > 0 ? null : true;
}

function matchesExpression({ operator, values = [] }: NodeSelectorRequirement, found: string | undefined): boolean {
  switch (operator) {
    case "In":
      return found !== undefined && values.includes(found);
    case "NotIn":
      return found === undefined || !values.includes(found);
    case "Exists":
      return found !== undefined;
    case "DoesNotExist":
      return found === undefined;
    case "Gt":
    case "Lt": {
      const [wanted] = values;
      if (!isInteger(found) || !isInteger(wanted) || values.length !== 1) return false;
      return operator === "Gt" ? BigInt(found) > BigInt(wanted) : BigInt(found) < BigInt(wanted);
    }
    default:
      return false;
  }
}
function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?[0-9]{1,19}$/.test(text);
}

/** As the scheduler decides: no key with Exists tolerates all; no effect means every effect; operator Equal unless said. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect) return false;
  const isAnyKey = toleration.key === undefined || toleration.key === "";
  if (isAnyKey) return toleration.operator === "Exists";
  if (toleration.key !== taint.key) return false;
  return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
}

/** True for a toleration without a key: it tolerates every taint of its effect. */
export function toleratesEverything(toleration: Toleration): boolean {
  return (toleration.key === undefined || toleration.key === "") && toleration.operator === "Exists";
}

const WELL_KNOWN_TAINT = /^(node\.kubernetes\.io|node\.cloudprovider\.kubernetes\.io|node-role\.kubernetes\.io)\//;
/** The taints by which somebody keeps pods off the node; those that Kubernetes sets by itself are left out. */
export function keepingTaints(node: Node): Taint[] {
  return (node.spec?.taints ?? []).filter(
    (taint) => (taint.effect === "NoSchedule" || taint.effect === "NoExecute") && !WELL_KNOWN_TAINT.test(taint.key),
  );
}
