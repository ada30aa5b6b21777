/**
 * Which nodes a control over "CDE nodes and the control plane" judges: nodes that run a live CDE pod, and those that carry a
 * control-plane label. Where no CDE pod runs on a listed node, nobody knows which nodes it will land on, and every node counts.
 *
 * Serverless nodes (Fargate, virtual kubelets, GKE Autopilot) are the provider's: not applicable, by name.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { Node } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { clusterResult, findUnreadable, invalidResults, judgeCluster } from "./population";
import type { EvaluationContext, Result } from "./types";

const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/** True for a node that carries a control-plane label. */
export function isControlPlaneNode(node: Node): boolean {
  return CONTROL_PLANE.some((label) => node.metadata.labels?.[label] !== undefined);
}

/** Whose machine it is when it isn't a machine of the cluster's owner; null for an ordinary node. */
export function serverlessKind(node: Node): string | null {
  const labels = node.metadata.labels ?? {};
  if (labels["eks.amazonaws.com/compute-type"] === "fargate") return "AWS Fargate";
  if (labels.type === "virtual-kubelet" || labels["kubernetes.io/role"] === "agent-virtual") return "a virtual kubelet";
  if (/^virtual-(?:kubelet|node)-/.test(node.metadata.name)) return "a virtual kubelet";
  if (node.metadata.name.startsWith("gk3-") || labels["cloud.google.com/gke-provisioning"] === "autopilot")
    return "GKE Autopilot";
  return null;
}

export interface JudgedNode {
  node: Node;
  ref: ResourceRef;
  /** In words, for a detail: why it is judged. */
  why: string;
}

/** The nodes of the population, in name order; looked up once for all controls of a scan. */
export function nodesInScope(context: EvaluationContext): readonly JudgedNode[] {
  let found = judged.get(context);
  if (found === undefined) {
    found = findNodes(context);
    judged.set(context, found);
  }
  return found;
}
const judged = new WeakMap<EvaluationContext, readonly JudgedNode[]>();

function findNodes({ inventory, scope }: EvaluationContext): JudgedNode[] {
  const used = new Set<string>();
  for (const { pod } of inventory.livePods) {
    if (pod.spec.nodeName !== undefined && scope.categoryOf(namespaceOf(pod)) === "cde") used.add(pod.spec.nodeName);
  }
  const isPlaced = inventory.nodes.some((node) => used.has(node.metadata.name));
  return inventory.nodes.flatMap((node): JudgedNode[] => {
    const why = used.has(node.metadata.name)
      ? "it runs CDE pods"
      : isControlPlaneNode(node)
        ? "it belongs to the control plane"
        : isPlaced
          ? null
          : "no CDE pod is placed yet, so every node counts";
    return why === null ? [] : [{ node, ref: refOf(node), why }];
  });
}

/** One answer for each node of the population, with those for what can't be judged. */
export function judgeNodes(
  context: EvaluationContext,
  judge: (node: JudgedNode) => Result | Result[],
  options: { serverless?: string } = {},
): Result[] {
  return judgeCluster(context, ["cde"], () => {
    const unreadable = findUnreadable(context, ["nodes", "pods"]);
    if (unreadable !== null) return [unreadable];
    const nodes = nodesInScope(context);
    const results = nodes.flatMap((entry): Result[] => {
      const kind = serverlessKind(entry.node);
      if (kind === null) return [judge(entry)].flat();
      return [
        {
          status: "not-applicable",
          object: entry.ref,
          reason: `${kind}: the provider's machine`,
          detail: `Node ${entry.node.metadata.name} is ${kind}. ${options.serverless ?? "Its operating system and kubelet are the provider's responsibility."}`,
          evidence: [],
        },
      ];
    });
    results.push(...invalidResults(context, ["Node"]));
    if (results.length > 0) return results;
    return [
      clusterResult(
        "unknown",
        "the snapshot holds no node",
        "The list of nodes is empty, so there is nothing to judge and nothing is known. A cluster with workloads has nodes; check the agent's permission.",
      ),
    ];
  });
}

/** jq filter over `kubectl get nodes -o json`, without a population: the assessor sees all nodes. */
export const ALL_NODES = "kubectl get nodes -o json";
