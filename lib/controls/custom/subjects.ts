/**
 * What a custom control is asked about: the objects of its kinds, narrowed by the categories of its scope and by its selectors.
 * No expression of anybody runs here. Subjects are plain data, so that they can be sent to a thread.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { KubeObject } from "@/lib/inventory/kinds";
import { findSection } from "@/lib/inventory/sections";
import { matchesSelector } from "@/lib/inventory/selectors";
import type { SectionName } from "@/lib/inventory/snapshot";
import { clusterResult } from "../population";
import { shortReason } from "../short-reason";
import type { EvaluationContext, EvidencePointer, Result } from "../types";
import type { CustomControlDefinition } from "./types";

/** Something to judge: an object, or a workload by a pod spec that it runs. */
export interface Subject {
  ref: ResourceRef;
  object: unknown;
  evidence: EvidencePointer;
  /** Of a Namespace: its own name. */
  namespace: string | undefined;
  labels: Record<string, string>;
}

/** Everything of a kind that the snapshot holds; pods by their workload and each distinct spec that it runs. */
export function subjectsOf(inventory: Inventory, kind: SectionName): Subject[] {
  if (kind !== "pods") {
    return inventory.list(kind).map((object: KubeObject) => ({
      ref: refOf(object),
      object,
      evidence: { ref: refOf(object), pointer: "" },
      // A Namespace is chosen by its own labels and category (matchResources.namespaceSelector says so).
      namespace: kind === "namespaces" ? object.metadata.name : object.metadata.namespace,
      labels: object.metadata.labels ?? {},
    }));
  }
  return inventory.workloads
    .filter((workload) => workload.pods.length > 0 || inventory.snapshot.source === "manifests")
    .flatMap((workload) =>
      workload.variants.map((variant) => ({
        ref: workload.ref,
        object: {
          apiVersion: "v1",
          kind: "Pod",
          metadata: {
            name: variant.podNames[0] ?? workload.ref.name,
            namespace: workload.namespace,
            labels: workload.labels,
            annotations: variant.annotations,
          },
          spec: variant.spec,
        },
        evidence: { ref: variant.source.ref, pointer: variant.source.pointer },
        namespace: workload.namespace,
        labels: workload.labels,
      })),
    );
}

export interface Choice {
  /** What can be said without asking an expression: unreadable kinds, invalid objects, namespaces that nobody declared. */
  settled: Result[];
  /** Positions in `subjects` that the expressions are to judge. */
  chosen: number[];
}

/** Narrows the subjects of one kind. */
export function chooseSubjects(
  definition: CustomControlDefinition,
  kind: SectionName,
  subjects: readonly Subject[],
  context: EvaluationContext,
): Choice {
  const settled: Result[] = [];
  const chosen: number[] = [];
  const readable = context.inventory.readable(kind);
  if (!readable.known) {
    const detail = `The section ${kind} of the snapshot is missing: ${readable.message}.`;
    settled.push(clusterResult("unknown", `${kind} could not be read`, detail));
  }
  for (const [i, subject] of subjects.entries()) {
    const choice = choose(definition, subject, context);
    if (choice === true) chosen.push(i);
    else if (choice !== false) settled.push(choice);
  }
  for (const invalid of context.inventory.invalid) {
    if (findSection(kind)?.sources.some((source) => source.kind === invalid.kind) !== true) continue;
    settled.push({
      status: "unknown",
      object: {
        apiVersion: invalid.apiVersion,
        kind: invalid.kind,
        name: invalid.name === "" ? invalid.where : invalid.name,
        ...(invalid.namespace === undefined ? {} : { namespace: invalid.namespace }),
      },
      reason: shortReason(`${invalid.kind} is not valid: ${invalid.problem}`),
      detail: `${invalid.where}: ${invalid.problem}. Until it is corrected it is not judged.`,
      evidence: [],
    });
  }
  return { settled, chosen };
}

/** True: judge it. False: not meant. A result: nobody knows whether it is meant. */
function choose(definition: CustomControlDefinition, subject: Subject, context: EvaluationContext): boolean | Result {
  const unknown = (reason: string, detail: string): Result => ({
    status: "unknown",
    object: subject.ref,
    reason,
    detail: `${subjectName(subject)}: ${detail}`,
    evidence: [subject.evidence],
  });
  const { inventory, scope } = context;
  if (definition.objectSelector !== undefined && !matchesSelector(definition.objectSelector, subject.labels))
    return false;
  if (subject.namespace === undefined) return true;
  const category = scope.categoryOf(subject.namespace);
  const isMeant = definition.scope.length === 0 || definition.scope.some((each) => each === category);
  if (!isMeant && category !== "undeclared") return false;
  if (definition.namespaceSelector !== undefined) {
    const namespace = inventory.namespaces.get(subject.namespace);
    if (namespace === undefined) {
      return unknown(
        "the labels of its namespace are not known",
        `the snapshot has no Namespace ${subject.namespace}, whose labels choose what is judged.`,
      );
    }
    if (!matchesSelector(definition.namespaceSelector, namespace.metadata.labels ?? {})) return false;
  }
  if (isMeant) return true;
  return unknown(
    "the scope of its namespace is not declared",
    `nobody knows whether namespace ${subject.namespace} is in the control's scope.`,
  );
}

/** `Deployment cde/web`. */
export function subjectName({ ref }: Pick<Subject, "ref">): string {
  return `${ref.kind} ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** What a control says that chose nothing at all. */
export function notApplicableResult(definition: CustomControlDefinition): Result {
  return clusterResult(
    "not-applicable",
    "nothing of its kind to judge",
    `No object of ${definition.kinds.join(", ")} matches the control's scope, selectors and conditions.`,
  );
}
