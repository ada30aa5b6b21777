/**
 * Runs a compiled custom control over a snapshot, with the meaning of an admission policy: conditions choose, every validation must
 * be true, an error decides nothing (`unknown` with the error, whatever the policy's failurePolicy would do at admission).
 *
 * It sets no limit of time: whoever runs expressions of others does so in a thread that can be stopped.
 */
import type { ParseResult } from "@marcbachmann/cel-js";
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { KubeObject } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { findSection } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import { clusterResult } from "../population";
import { shortReason } from "../short-reason";
import type { EvaluationContext, EvidencePointer, Result } from "../types";
import type { CompiledControl } from "./compile";
import { toCel } from "./values";

/** Something to judge: an object, or a workload by a pod spec that it runs. */
interface Subject {
  ref: ResourceRef;
  object: unknown;
  evidence: EvidencePointer;
  namespace: string | undefined;
  labels: Record<string, string>;
}

export function evaluateCustomControl(compiled: CompiledControl, context: EvaluationContext): Result[] {
  const { definition } = compiled;
  const needsScope = definition.scope.length > 0;
  const results: Result[] = [];
  for (const kind of definition.kinds) {
    const readable = context.inventory.readable(kind);
    if (!readable.known) {
      results.push(
        clusterResult(
          "unknown",
          `${kind} could not be read`,
          `The section ${kind} of the snapshot is missing: ${readable.message}.`,
        ),
      );
    }
    for (const subject of subjectsOf(context, kind)) {
      const judged = judge(compiled, context, subject, needsScope);
      if (judged !== null) results.push(judged);
    }
    for (const invalid of context.inventory.invalid) {
      if (findSection(kind)?.sources.some((source) => source.kind === invalid.kind) !== true) continue;
      results.push({
        status: "unknown",
        object: {
          apiVersion: invalid.apiVersion,
          kind: invalid.kind,
          name: invalid.name,
          ...(invalid.namespace === undefined ? {} : { namespace: invalid.namespace }),
        },
        reason: shortReason(`${invalid.kind} is not valid: ${invalid.problem}`),
        detail: `${invalid.where}: ${invalid.problem}. Until it is corrected it is not judged.`,
        evidence: [],
      });
    }
  }
  if (results.length > 0) return results;
  const kinds = definition.kinds.join(", ");
  return [
    clusterResult(
      "not-applicable",
      "nothing of its kind to judge",
      `No object of ${kinds} matches the control's scope, selectors and conditions.`,
    ),
  ];
}

function subjectsOf({ inventory }: EvaluationContext, kind: SectionName): Subject[] {
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

/** Null: the control does not choose this object. */
function judge(
  compiled: CompiledControl,
  context: EvaluationContext,
  subject: Subject,
  needsScope: boolean,
): Result | null {
  const { definition } = compiled;
  const { inventory, scope } = context;
  const namespace = subject.namespace === undefined ? undefined : inventory.namespaces.get(subject.namespace);
  const result = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: subject.ref,
    reason: shortReason(reason),
    detail,
    evidence: [subject.evidence],
  });
  const name = `${subject.ref.kind} ${subject.ref.namespace === undefined ? "" : `${subject.ref.namespace}/`}${subject.ref.name}`;
  if (subject.namespace !== undefined && needsScope) {
    const category = scope.categoryOf(subject.namespace);
    if (category === "undeclared") {
      return result(
        "unknown",
        "the scope of its namespace is not declared",
        `${name}: nobody knows whether namespace ${subject.namespace} is in the control's scope.`,
      );
    }
    if (!definition.scope.includes(category)) return null;
  }
  if (definition.objectSelector !== undefined && !matchesSelector(definition.objectSelector, subject.labels))
    return null;
  if (definition.namespaceSelector !== undefined && subject.namespace !== undefined) {
    if (namespace === undefined) {
      return result(
        "unknown",
        "the labels of its namespace are not known",
        `${name}: the snapshot has no Namespace ${subject.namespace}, whose labels choose what is judged.`,
      );
    }
    if (!matchesSelector(definition.namespaceSelector, namespace.metadata.labels ?? {})) return null;
  }
  const values = {
    object: toCel(subject.object),
    oldObject: null,
    namespaceObject: namespace === undefined ? null : toCel(namespace, "namespaceObject"),
    variables: Object.create(null) as Record<string, unknown>,
  };
  for (const variable of compiled.variables)
    defineLazy(values.variables, variable.name, () => run(variable.run, values));
  try {
    for (const condition of compiled.matchConditions) {
      if (run(condition.run, values) !== true) return null;
    }
  } catch (error) {
    return result("unknown", "a match condition could not be evaluated", `${name}: ${messageOf(error)}`);
  }
  const failed: string[] = [];
  const errors: string[] = [];
  for (const validation of compiled.validations) {
    try {
      const answer = run(validation.run, values);
      if (answer === true) continue;
      if (answer !== false) throw new Error(`the expression gave ${typeof answer}, not true or false`);
      failed.push(messageFor(validation, values));
    } catch (error) {
      errors.push(messageOf(error));
    }
  }
  if (failed.length > 0) return result("fail", failed[0] ?? "", `${name}: ${[...failed, ...errors].join("; ")}.`);
  if (errors.length > 0)
    return result("unknown", "an expression could not be evaluated", `${name}: ${errors.join("; ")}.`);
  const count = compiled.validations.length;
  return result(
    "pass",
    count === 1 ? "the expression holds" : `all ${count} expressions hold`,
    `${name}: ${count === 1 ? "the expression is" : `all ${count} expressions are`} true.`,
  );
}

function run(expression: ParseResult, values: object): unknown {
  return expression(values as Record<string, unknown>) as unknown;
}

/** Variables are evaluated when an expression asks for them, once. */
function defineLazy(into: Record<string, unknown>, name: string, compute: () => unknown): void {
  let done: { value: unknown } | undefined;
  Object.defineProperty(into, name, {
    enumerable: true,
    get() {
      done ??= { value: compute() };
      return done.value;
    },
  });
}

function messageFor(validation: CompiledControl["validations"][number], values: object): string {
  if (validation.messageRun === undefined) return validation.message;
  try {
    const said = run(validation.messageRun, values);
    return typeof said === "string" && said.trim() !== "" && !said.includes("\n")
      ? said.slice(0, 1_000)
      : validation.message;
  } catch {
    return validation.message;
  }
}

function messageOf(error: unknown): string {
  const summary = (error as { summary?: unknown }).summary;
  if (typeof summary === "string") return summary;
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
