/** Which node a pod may run on (Kubernetes documentation: taints and tolerations, assigning pods to nodes). */
import type { Node, PodSpec, Toleration } from "./objects";

export interface Taint {
  key: string;
  value?: string;
  effect: string;
}

export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some((toleration) => {
    if (toleration.effect && toleration.effect !== taint.effect) return false;
    if (!toleration.key) return toleration.operator === "Exists";
    if (toleration.key !== taint.key) return false;
    return toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "");
  });
}

function matchesExpression(
  labels: Record<string, string>,
  expression: { key: string; operator: string; values?: string[] },
): boolean {
  const value = labels[expression.key];
  const values = expression.values ?? [];
  switch (expression.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** Taints with NoSchedule or NoExecute keep a pod off, PreferNoSchedule does not. */
export function canRunOn(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (
    terms &&
    !terms.some((term) => (term.matchExpressions ?? []).every((expression) => matchesExpression(labels, expression)))
  )
    return false;
  const taints: Taint[] = [...(node.spec?.taints ?? [])];
  if (node.spec?.unschedulable) taints.push({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" });
  return taints.every((taint) => taint.effect === "PreferNoSchedule" || tolerates(spec.tolerations ?? [], taint));
}

/** The tolerations that the DaemonSet controller adds to its pods. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const states: [string, string][] = [
    ["not-ready", "NoExecute"],
    ["unreachable", "NoExecute"],
    ["disk-pressure", "NoSchedule"],
    ["memory-pressure", "NoSchedule"],
    ["pid-pressure", "NoSchedule"],
    ["unschedulable", "NoSchedule"],
  ];
  if (spec.hostNetwork) states.push(["network-unavailable", "NoSchedule"]);
  return [
    ...(spec.tolerations ?? []),
    ...states.map(([state, effect]) => ({ key: `node.kubernetes.io/${state}`, operator: "Exists", effect })),
  ];
}

/** The node with the fewest pods among those that fit, the first by name among equals; undefined when none fits. */
export function chooseNode(spec: PodSpec, nodes: readonly Node[], podsOn: (node: string) => number): Node | undefined {
  let best: Node | undefined;
  for (const node of nodes) {
    if (!canRunOn(spec, node)) continue;
    if (!best || podsOn(node.metadata.name) < podsOn(best.metadata.name)) best = node;
  }
  return best;
}
