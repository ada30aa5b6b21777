/** From a definition to something that can be evaluated, or to everything that is wrong with it. */
import type { ASTNode, ParseResult } from "@marcbachmann/cel-js";
import { type Form, fieldsOfSection } from "@/lib/inventory/redaction";
import { createEnvironment } from "./environment";
import { checkFields, type UnreadField } from "./fields";
import { toRegExp } from "./patterns";
import { CUSTOM_LIMITS, type CustomControlDefinition, type DefinitionProblem } from "./types";

export interface CompiledValidation {
  run: ParseResult;
  message: string;
  messageRun?: ParseResult;
}
export interface CompiledControl {
  definition: CustomControlDefinition;
  matchConditions: { name: string; run: ParseResult }[];
  variables: { name: string; run: ParseResult }[];
  validations: CompiledValidation[];
}

const UNREAD: Record<UnreadField["why"], (path: string, kind: string) => string> = {
  hidden: (path, kind) => `${path} is redacted in a snapshot of ${kind}, so nothing can be said about its value`,
  "not-read": (path, kind) =>
    `${path} is not read from ${kind}: a snapshot never holds it, so it would look absent on every cluster`,
  whole: (path, kind) =>
    `${path} is asked for all that it holds, and a snapshot of ${kind} holds only some of its fields; name the fields`,
};

/** Variables of an admission policy that a snapshot cannot fill, with the reason. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  request: "there is no request when a snapshot is judged",
  params: "parameters of a binding are not read",
  authorizer: "nobody asks for permission when a snapshot is judged",
};
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** Compiles a definition. Nothing of it has run yet when this returns. */
export function compileCustomControl(
  definition: CustomControlDefinition,
): { compiled: CompiledControl; problems: [] } | { compiled: null; problems: DefinitionProblem[] } {
  const problems: DefinitionProblem[] = [...shapeProblems(definition)];
  const environment = createEnvironment();
  const forms = definition.kinds.map((kind) => fieldsOfSection(kind));
  const variableForms = forms.map(() => new Map<string, Form>());

  const compile = (where: string, expression: string, wanted: readonly string[] | null): ParseResult | null => {
    try {
      const run = environment.parse(expression);
      const checked = run.check();
      if (!checked.valid) throw checked.error ?? new Error("is not valid");
      if (wanted !== null && checked.type !== undefined && !wanted.includes(checked.type)) {
        throw new Error(`gives ${checked.type}, must give ${wanted[0]}`);
      }
      checkPatterns(run.ast);
      for (const [i, form] of forms.entries()) {
        const kind = definition.kinds[i] ?? "";
        for (const { path, why } of checkFields(run.ast, form, variableForms[i] ?? new Map()).unread) {
          problems.push({
            where,
            problem: UNREAD[why](path, kind),
          });
        }
      }
      return run;
    } catch (error) {
      problems.push({ where, problem: reasonOf(error, expression) });
      return null;
    }
  };

  const variables: CompiledControl["variables"] = [];
  for (const [i, { name, expression }] of definition.variables.entries()) {
    const where = `variables[${i}].expression`;
    if (!NAME.test(name)) problems.push({ where: `variables[${i}].name`, problem: `"${name}" is no identifier` });
    const run = compile(where, expression, null);
    if (run === null) continue;
    for (const [k, form] of forms.entries()) {
      variableForms[k]?.set(name, checkFields(run.ast, form, variableForms[k] ?? new Map()).form);
    }
    variables.push({ name, run });
  }
  const matchConditions = definition.matchConditions.flatMap(({ name, expression }, i) => {
    const run = compile(`matchConditions[${i}].expression`, expression, BOOLEAN);
    return run === null ? [] : [{ name, run }];
  });
  const validations = definition.validations.flatMap(
    ({ expression, message, messageExpression }, i): CompiledValidation[] => {
      const run = compile(`validations[${i}].expression`, expression, BOOLEAN);
      const said =
        messageExpression === undefined
          ? null
          : compile(`validations[${i}].messageExpression`, messageExpression, TEXT);
      if (run === null) return [];
      return [
        {
          run,
          message: message ?? `failed expression: ${expression.trim()}`,
          ...(said === null ? {} : { messageRun: said }),
        },
      ];
    },
  );
  if (problems.length > 0) return { compiled: null, problems };
  return { compiled: { definition, matchConditions, variables, validations }, problems: [] };
}

/**
 * matches() is the library's own and takes JavaScript's patterns; so only those that RE2 reads alike go in, and they have to be
 * there to be looked at.
 */
function checkPatterns(root: ASTNode): void {
  // In a list and not by recursion over every node's shape: arguments are nodes, lists of nodes, or neither.
  const waiting: unknown[] = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) waiting.push(...(next as unknown[]));
    if (!isNode(next)) continue;
    waiting.push(next.args);
    if (next.op !== "rcall" || next.args[0] !== "matches") continue;
    const [, , [pattern]] = next.args;
    if (pattern?.op !== "value" || typeof pattern.args !== "string") {
      throw new Error("the pattern of matches() has to be a text, so that it can be checked; find() takes any");
    }
    toRegExp(pattern.args);
  }
}
function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

const BOOLEAN = ["bool", "dyn"];
const TEXT = ["string", "dyn"];

function shapeProblems(definition: CustomControlDefinition): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const limit = (where: string, count: number, max: number, min = 0) => {
    if (count > max) problems.push({ where, problem: `at most ${max}, found ${count}` });
    if (count < min) problems.push({ where, problem: `at least ${min}` });
  };
  limit("kinds", definition.kinds.length, CUSTOM_LIMITS.kinds, 1);
  limit("validations", definition.validations.length, CUSTOM_LIMITS.validations, 1);
  limit("matchConditions", definition.matchConditions.length, CUSTOM_LIMITS.matchConditions);
  limit("variables", definition.variables.length, CUSTOM_LIMITS.variables);
  const texts = [
    ...definition.matchConditions.map((each, i) => [`matchConditions[${i}].expression`, each.expression] as const),
    ...definition.variables.map((each, i) => [`variables[${i}].expression`, each.expression] as const),
    ...definition.validations.map((each, i) => [`validations[${i}].expression`, each.expression] as const),
    ...definition.validations.map(
      (each, i) => [`validations[${i}].messageExpression`, each.messageExpression ?? ""] as const,
    ),
  ];
  for (const [i, { message = "" }] of definition.validations.entries()) {
    if (message.length > CUSTOM_LIMITS.messageCharacters)
      problems.push({
        where: `validations[${i}].message`,
        problem: `is longer than ${CUSTOM_LIMITS.messageCharacters} characters`,
      });
  }
  for (const [where, text] of texts) {
    if (text.length > CUSTOM_LIMITS.expressionCharacters) {
      problems.push({ where, problem: `is longer than ${CUSTOM_LIMITS.expressionCharacters} characters` });
    }
  }
  return problems;
}

function reasonOf(error: unknown, expression: string): string {
  for (const [name, why] of Object.entries(UNAVAILABLE)) {
    if (
      new RegExp(`\\b${name}\\b`).test(expression) &&
      /unknown variable|undeclared|not defined/i.test(String(error))
    ) {
      return `${name} can't be used: ${why}`;
    }
  }
  const summary = (error as { summary?: unknown }).summary;
  if (typeof summary === "string") return summary;
  return error instanceof Error ? (error.message.split("\n")[0] ?? error.message) : String(error);
}
