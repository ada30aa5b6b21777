/**
 * Which nodes are kept for the CDE: by which label and which taint.
 *
 * The label is the scope's own key with the CDE's value, plain or below `node-restriction.kubernetes.io/`; or a pair that only CDE
 * workloads demand and whose nodes carry a taint of the same name or value (`pool=cde` with `dedicated=cde:NoSchedule`). The taint
 * has the label's name or value. A node of Fargate runs one pod only and is kept by its nature.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import { componentFlags } from "@/lib/inventory/flags";
import type { Node, PodSpec } from "@/lib/inventory/kinds";
import type { Scope } from "@/lib/scope/types";
import { keepingTaints, type Taint } from "./placement";
import type { EvaluationContext } from "./types";

export interface LabelPair {
  key: string;
  value: string;
}

export interface CdeNodes {
  /** Every pair that marks a CDE node, those of the settings first. */
  pairs: readonly LabelPair[];
  /** The pairs that the node carries. */
  labelsOf(node: Node): LabelPair[];
  /** The taints of the node that keep it for the CDE. */
  taintsOf(node: Node): Taint[];
  /** Labelled and tainted, or a node of Fargate. */
  isKept(node: Node): boolean;
}

const RESTRICTED = "node-restriction.kubernetes.io";
/** Labels that Kubernetes and clouds set on every node. */
const COMMON_KEY = /(^|\.)(kubernetes\.io|k8s\.io)\/|^(topology|failure-domain)\./;
const keyName = (key: string) => key.slice(key.lastIndexOf("/") + 1);

/** The pair below the prefix that kubelets may not set; what a remediation hands out. */
export function restrictedPair({ settings }: Scope): LabelPair {
  return { key: `${RESTRICTED}/${keyName(settings.labelKey)}`, value: settings.values.cde };
}

export function cdeNodes(context: EvaluationContext): CdeNodes {
  const { inventory, scope } = context;
  const ownPairs = [restrictedPair(scope), { key: scope.settings.labelKey, value: scope.settings.values.cde }];
  const resembles = (taint: Taint, pair: LabelPair) =>
    keyName(taint.key) === keyName(pair.key) || (taint.value !== undefined && taint.value === pair.value);
  const demanded = demandedPairs(context).filter((pair) =>
    inventory.nodes.some((node) => has(node, pair) && keepingTaints(node).some((taint) => resembles(taint, pair))),
  );
  const pairs = [...ownPairs, ...demanded.filter((pair) => !ownPairs.some((own) => isSame(own, pair)))];
  const labelsOf = (node: Node) => pairs.filter((pair) => has(node, pair));
  const taintsOf = (node: Node) => keepingTaints(node).filter((taint) => pairs.some((pair) => resembles(taint, pair)));
  return {
    pairs,
    labelsOf,
    taintsOf,
    isKept: (node) => isFargate(node) || (labelsOf(node).length > 0 && taintsOf(node).length > 0),
  };
}

export function isFargate(node: Node): boolean {
  return node.metadata.labels?.["eks.amazonaws.com/compute-type"] === "fargate";
}

/** True for namespaces whose scope somebody has said to be CDE; an unlabelled one only counts as such. */
export function isDeclaredCde(scope: Scope, namespace: string): boolean {
  const entry = scope.namespaces.find((candidate) => candidate.namespace === namespace);
  return entry?.category === "cde" && !entry.reasons.some((reason) => reason.code === "missing-label");
}

/** Label pairs that workloads of the CDE demand and no other workload does. */
function demandedPairs({ inventory, scope }: EvaluationContext): LabelPair[] {
  const inside: LabelPair[] = [];
  const outside: LabelPair[] = [];
  for (const workload of inventory.workloads) {
    const list = isDeclaredCde(scope, workload.namespace) ? inside : outside;
    for (const { spec } of workload.variants) list.push(...pairsOf(spec));
  }
  const found = inside.filter((pair) => !outside.some((other) => isSame(other, pair)));
  return found.filter((pair, index) => found.findIndex((other) => isSame(other, pair)) === index);
}
function pairsOf(spec: PodSpec): LabelPair[] {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const selected = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => ({ key, value }));
  const wanted = terms.flatMap((term) =>
    (term.matchExpressions ?? []).flatMap(({ key, operator, values = [] }) =>
      operator === "In" ? values.map((value) => ({ key, value })) : [],
    ),
  );
  return [...selected, ...wanted].filter(({ key }) => key.startsWith(`${RESTRICTED}/`) || !COMMON_KEY.test(key));
}
function has(node: Node, { key, value }: LabelPair): boolean {
  return node.metadata.labels?.[key] === value;
}
function isSame(a: LabelPair, b: LabelPair): boolean {
  return a.key === b.key && a.value === b.value;
}

/**
 * True for a key that the admission plug-in NodeRestriction keeps kubelets from setting on their own node: the reserved prefix,
 * and unknown keys of kubernetes.io and k8s.io. Source: Kubernetes documentation, "Using Admission Controllers", NodeRestriction.
 */
export function isRestrictedKey(key: string): boolean {
  const slash = key.indexOf("/");
  const domain = slash < 0 ? "" : key.slice(0, slash);
  const isBelow = (parent: string) => domain === parent || domain.endsWith(`.${parent}`);
  if (isBelow(RESTRICTED)) return true;
  if (isBelow("kubelet.kubernetes.io") || isBelow("node.kubernetes.io")) return false;
  const isOfKubelet =
    /^(kubernetes\.io\/(hostname|arch|os|instance-type)|beta\.kubernetes\.io\/|topology\.kubernetes\.io\/|failure-domain\.beta\.kubernetes\.io\/)/;
  return (isBelow("kubernetes.io") || isBelow("k8s.io")) && !isOfKubelet.test(key);
}

/** Whether an admission plug-in runs on every API server; `unknown` says why. */
export function admissionPlugin(
  inventory: Inventory,
  name: string,
): { status: "on" | "off" | "unknown"; words: string } {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) {
    // Both name the plug-in in their documentation of the control plane.
    if (name === "NodeRestriction" && (inventory.provider === "eks" || inventory.provider === "gke"))
      return { status: "on", words: `${inventory.provider.toUpperCase()} runs its API server with ${name}` };
    return { status: "unknown", words: flags.reason };
  }
  const listed = (instance: (typeof flags.instances)[number], flag: string) =>
    (instance.flags.get(flag)?.values ?? []).flatMap((value) => value.split(",")).map((word) => word.trim());
  const without = flags.instances.filter(
    (instance) =>
      !listed(instance, "enable-admission-plugins").includes(name) ||
      listed(instance, "disable-admission-plugins").includes(name),
  );
  if (without.length > 0)
    return {
      status: "off",
      words: `${without.map(({ ref }) => ref.name).join(", ")} runs without the plug-in ${name}`,
    };
  if (flags.hiddenNodes.length > 0)
    return { status: "unknown", words: `the API server's flags on ${flags.hiddenNodes.join(", ")} are not visible` };
  return { status: "on", words: `every API server runs with ${name}` };
}
