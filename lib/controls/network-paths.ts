/** What the controls about paths into and out of the CDE share: whom they judge, and their words. */
import { type ResourceRef, refKey, type Workload } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { DirectionAnswer } from "@/lib/network/evaluate-direction";
import type { Step } from "@/lib/network/model";
import { recognisePlugins } from "@/lib/network/plugins";
import type { Endpoint, PodClass } from "@/lib/network/reachability";
import { namespaceOf } from "@/lib/inventory/workloads";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef } from "./population";
import type { EvaluationContext, EvidencePointer, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

/** Sections without which nobody can say who reaches whom. */
export const PATH_SECTIONS = [
  ...WORKLOAD_SECTIONS,
  "networkpolicies",
  "nodes",
] as const satisfies readonly SectionName[];

/** Judges every workload of the CDE; a namespace without any is not applicable. */
export function judgeCdeWorkloads(context: EvaluationContext, judge: (workload: Workload) => Result): Result[] {
  const unreadable = findUnreadable(context, ["pods"]) ?? findUnreadable(context, ["networkpolicies"]);
  return judgeNamespaces(context, ["cde"], (namespace) => {
    if (unreadable !== null) return [{ ...unreadable, object: namespaceRef(namespace) }];
    const results = [
      ...context.inventory.workloadsIn(namespace).map(judge),
      ...invalidResults(context, ["NetworkPolicy", "Pod"], [namespace]),
    ];
    if (results.length > 0) return results;
    return [
      {
        status: "not-applicable",
        object: namespaceRef(namespace),
        reason: "no running workload in this namespace",
        detail: `Namespace ${namespace} has no live pod and no workload with a template, so no path begins or ends in it.`,
        evidence: [],
      },
    ];
  });
}

/** Namespaces of Kubernetes itself and of the network plug-in. */
export function systemNamespaces({ inventory }: EvaluationContext): Set<string> {
  const plugins = recognisePlugins(inventory.list("daemonsets")).map(({ daemonSet }) => namespaceOf(daemonSet));
  return new Set(["kube-system", "kube-public", "kube-node-lease", ...plugins]);
}

/** The workloads of a class, each as an endpoint with its own labels: a register may tell apart what policies don't. */
export function endpointsOf(podClass: PodClass): { workload: Workload; endpoint: Endpoint }[] {
  return [...new Set(podClass.members.map(({ workload }) => workload))].map((workload) => ({
    workload,
    endpoint: { ...podClass, labels: workload.labels },
  }));
}

/** Where the rules stand that an answer rests on, or the workload where none does. */
export function stepEvidence(steps: readonly Step[], fallback: ResourceRef): EvidencePointer[] {
  const seen = new Map<string, EvidencePointer>();
  for (const { policy, pointer } of steps) seen.set(`${refKey(policy.ref)} ${pointer}`, { ref: policy.ref, pointer });
  return seen.size > 0 ? [...seen.values()].slice(0, 20) : [{ ref: fallback, pointer: "" }];
}

/** Why an answer lets something through, in a few words. */
export function groundOf(answer: DirectionAnswer): string {
  if (answer.because === "not-enforced") return "policies have no effect";
  if (answer.because === "exempt") return answer.ground.replace(/\.$/, "");
  const names = [...new Set(answer.allowedBy.map(({ policy }) => `${policy.ref.kind} ${policy.ref.name}`))];
  if (names.length > 0) return `allowed by ${names.slice(0, 3).join(", ")}`;
  return "no policy isolates the pods";
}
