/**
 * Runs a compiled custom control over what it chose (subjects.ts), with the meaning of an admission policy: conditions choose further,
 * every validation must be true, an error decides nothing (`unknown` with the error, whatever the policy's failurePolicy would do
 * at admission).
 *
 * It sets no limit of time: whoever runs expressions of others does so in a thread that can be stopped.
 */
import type { ParseResult } from "@marcbachmann/cel-js";
import type { Namespace } from "@/lib/inventory/kinds";
import { shortReason } from "../short-reason";
import type { EvaluationContext, Result } from "../types";
import type { CompiledControl } from "./compile";
import { chooseSubjects, notApplicableResult, type Subject, subjectName, subjectsOf } from "./subjects";
import { toCel } from "./values";

/** A definition over a snapshot, in this very thread. */
export function evaluateCustomControl(compiled: CompiledControl, context: EvaluationContext): Result[] {
  const { definition } = compiled;
  const results: Result[] = [];
  for (const kind of definition.kinds) {
    const subjects = subjectsOf(context.inventory, kind);
    const { settled, chosen } = chooseSubjects(definition, kind, subjects, context);
    const judged = chosen.flatMap((i) => {
      const subject = subjects[i];
      if (subject === undefined) return [];
      const result = judgeSubject(compiled, subject, namespaceOf(subject, context.inventory.namespaces));
      return result === null ? [] : [result];
    });
    results.push(...settled, ...judged);
  }
  return results.length > 0 ? results : [notApplicableResult(definition)];
}

/** The Namespace object of a subject's namespace, where the snapshot has it. */
export function namespaceOf(subject: Subject, namespaces: ReadonlyMap<string, Namespace>): Namespace | undefined {
  return subject.namespace === undefined ? undefined : namespaces.get(subject.namespace);
}

/** One object; null if the control's conditions do not choose it. */
export function judgeSubject(
  compiled: CompiledControl,
  subject: Subject,
  namespace: Namespace | undefined,
): Result | null {
  const name = subjectName(subject);
  const result = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: subject.ref,
    reason: shortReason(reason),
    detail,
    evidence: [subject.evidence],
  });
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
