/**
 * How the pod controls judge: one result per workload (the root owner), with the offending containers named in its detail.
 *
 * The choice, made once for all of them: the catalogue's pod controls speak of containers, but the thing that a person changes
 * is the workload's template, and all its containers are changed in one edit. So a workload with five bad containers is one
 * finding that names five containers, not five findings. Judged are the distinct specs of its live pods (a mutating webhook may
 * have added containers that the template lacks), or the template when it has no live pod; one bad spec makes the workload bad.
 *
 * Unknown: pods could not be listed; an object of the namespace is invalid; the namespace's scope is unknown. Where only an
 * owner kind could not be listed, what runs is still judged, and one extra result says that workloads without a live pod may be
 * missing. Not applicable: a namespace without any workload, or whose pods have all finished.
 */
import { type PodVariant, type ResourceRef, refKey, type Workload } from "@/lib/inventory/inventory";
import type { PodSpec } from "@/lib/inventory/kinds";
import { sectionOfKind } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { ForbiddenField } from "@/lib/podsecurity";
import { visitContainers } from "@/lib/podsecurity";
import type { ScopeCategory } from "@/lib/scope/types";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef, nameSome } from "./population";
import type { EvaluationContext, EvidencePointer, Result, ResultStatus, Severity } from "./types";

/** Sections that hold pods and their owners. */
export const WORKLOAD_SECTIONS = [
  "namespaces",
  "pods",
  "deployments",
  "statefulsets",
  "daemonsets",
  "replicasets",
  "replicationcontrollers",
  "jobs",
  "cronjobs",
] as const satisfies readonly SectionName[];
const OWNER_SECTIONS = WORKLOAD_SECTIONS.filter((section) => section !== "pods" && section !== "namespaces");
const WORKLOAD_KINDS = [
  "Pod",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
];

/** What a control says about a workload. */
export interface Verdict {
  status: ResultStatus;
  severity?: Severity;
  reason: string;
  detail: string;
  evidence: EvidencePointer[];
}

/** Judges every workload of the categories' namespaces. */
export function judgeWorkloads(
  context: EvaluationContext,
  categories: readonly ScopeCategory[],
  judge: (workload: Workload) => Verdict,
): Result[] {
  const unreadable = findUnreadable(context, ["pods"]);
  const results = judgeNamespaces(context, categories, (namespace) => {
    if (unreadable !== null) return [{ ...unreadable, object: namespaceRef(namespace) }];
    const judged = context.inventory
      .workloadsIn(namespace)
      .map((workload): Result => ({ object: workload.ref, ...judge(workload) }));
    const invalid = [...invalidResults(context, WORKLOAD_KINDS, [namespace]), ...unreadKinds(context, namespace)];
    if (judged.length + invalid.length > 0) return [...judged, ...invalid];
    return [
      {
        status: "not-applicable",
        object: namespaceRef(namespace),
        reason: "no running workload in this namespace",
        detail: `Namespace ${namespace} has no live pod and no workload with a template, so there is nothing to judge. Pods that have finished (Succeeded, Failed) are not judged.`,
        evidence: [],
      },
    ];
  });
  if (unreadable === null && context.scope.inCategory(...categories).length > 0) {
    const owners = findUnreadable(context, OWNER_SECTIONS);
    if (owners !== null) {
      results.push({
        ...owners,
        detail: `${owners.detail} Live pods are judged; workloads of that kind that run no pod now are not.`,
      });
    }
  }
  return results;
}

/** Files: workloads of kinds that have no section (an Argo Rollout). In a cluster their pods are seen, in files only a template is. */
function unreadKinds({ inventory }: EvaluationContext, namespace: string): Result[] {
  return inventory.invalid
    .filter(({ apiVersion, kind }) => kind !== "" && sectionOfKind(apiVersion, kind) === undefined)
    .filter((object) => object.namespace === namespace)
    .map(
      ({ apiVersion, kind, name, where, problem }): Result => ({
        status: "unknown",
        object: { apiVersion, kind, namespace, name },
        reason: `pods of a ${kind} are not judged from files`,
        detail: `${kind} ${name} (${where}) ${problem}. Its pods are judged in the running cluster.`,
        evidence: [],
      }),
    );
}

/** The workload that a result is about, or undefined for results about a namespace or the cluster. */
export function findWorkload(context: EvaluationContext, result: Result): Workload | undefined {
  const key = refKey(result.object);
  return context.inventory.workloads.find((workload) => refKey(workload.ref) === key);
}

export interface ContainerFinding {
  variant: PodVariant;
  container: string;
  /** JSON pointer below the pod's spec. */
  pointer: string;
  found?: string;
}

/** Every container of every variant for which `find` returns fields below the container. */
export function containersWhere(
  workload: Workload,
  find: (
    container: ReturnType<typeof visitContainers>[number]["container"],
    spec: PodSpec,
  ) => { pointer: string; found?: string } | null,
): ContainerFinding[] {
  return workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).flatMap(({ container, pointer }) => {
      const hit = find(container, variant.spec);
      if (hit === null) return [];
      return [{ variant, container: container.name, pointer: `${pointer}${hit.pointer}`, found: hit.found }];
    }),
  );
}

/** Evidence for a field of a variant's spec. */
export function specEvidence(variant: PodVariant, pointer: string, found?: string): EvidencePointer {
  const at = { ref: variant.source.ref, pointer: `${variant.source.pointer}${pointer}` };
  return found === undefined ? at : { ...at, found };
}

/** Evidence for a field that a Pod Security check refuses; annotations lie beside the spec of the pod or template. */
export function fieldEvidence(variant: PodVariant, field: ForbiddenField): EvidencePointer {
  if (field.in === "spec") return specEvidence(variant, field.pointer, field.found);
  const metadata = variant.source.pointer.replace(/\/spec$/, "/metadata");
  const at = { ref: variant.source.ref, pointer: `${metadata}/annotations${field.pointer}` };
  return field.found === undefined ? at : { ...at, found: field.found };
}

/** Evidence for a pass: the containers that were looked at. */
export function containerListEvidence(workload: Workload): EvidencePointer[] {
  return workload.variants.map((variant) => specEvidence(variant, "/containers", namesOf(variant).join(", ")));
}

/** Names of all containers of a variant. */
export function namesOf(variant: PodVariant): string[] {
  return visitContainers(variant.spec).map(({ container }) => container.name);
}

/** Distinct names in order of appearance. */
export function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}

/** `Deployment payment-api`, for sentences. */
export function wordsOf(ref: ResourceRef): string {
  return `${ref.kind} ${ref.name}`;
}

/** ` (pods a, b)` or ` (template; no live pod)`: what was looked at. */
export function sourceWords(workload: Workload): string {
  const pods = workload.pods.map((pod) => pod.metadata.name);
  return pods.length === 0
    ? " (its template; no live pod)"
    : ` (${pods.length === 1 ? "pod" : "pods"} ${nameSome(pods, 3)})`;
}

/** A pod counts as Windows only when it says so itself; a node selector is a hint, as for the API server. */
export function windowsHint(spec: PodSpec): string {
  const selected = spec.nodeSelector?.["kubernetes.io/os"] ?? spec.nodeSelector?.["beta.kubernetes.io/os"];
  return selected === "windows" && spec.os?.name === undefined
    ? " It selects Windows nodes but does not say spec.os.name: windows, so it counts as Linux, as it does for the API server."
    : "";
}

/** Where the pod spec lies in an owner, for patches; null for kinds whose pods can't be changed in place. */
export function templatePath(ref: ResourceRef): readonly string[] | null {
  switch (ref.kind) {
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
    case "ReplicaSet":
    case "ReplicationController":
      return ["spec", "template", "spec"];
    case "CronJob":
      return ["spec", "jobTemplate", "spec", "template", "spec"];
    default:
      return null;
  }
}
