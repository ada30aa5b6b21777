/** A custom control as the product's other rooms know controls: with a rule in words, links, a command and a remediation. */
import { findSection } from "@/lib/inventory/sections";
import type { Control, EvaluationContext, Result, VerifyCommand } from "../types";
import { CUSTOM_PREFIX, type CustomControlDefinition } from "./types";

/** True for the id of an organization's own control. */
export function isCustomControlId(id: string): boolean {
  return id.startsWith(CUSTOM_PREFIX);
}

/**
 * @param evaluate where its results come from: expressions of others run in a thread of their own, before the assessment
 */
export function customControl(
  definition: CustomControlDefinition,
  evaluate: (context: EvaluationContext) => Result[],
): Control {
  const { id, title, severity, requirements, kinds, revision } = definition;
  return {
    id,
    title,
    severity,
    requirements,
    judges: judgesOf(definition),
    // A kind that another release knew and this one does not makes the definition invalid, which is said where it runs.
    sections: kinds.filter((kind) => findSection(kind) !== undefined),
    revision,
    rule: ruleOf(definition),
    evaluate,
    verify: (_, result) => verifyOf(definition, result),
    remediate: (_, result) => ({
      summary: `Change ${result.object.kind} ${result.object.name} so that every expression of the control is true: ${result.detail}`,
      risk: "What the change does to the workload is not known: the control was written by the organization.",
    }),
  };
}

/** The same control where nothing is evaluated: reading what was stored, comparing catalogues. */
export function storedCustomControl(definition: CustomControlDefinition): Control {
  return customControl(definition, () => {
    throw new Error(`${definition.id} was not evaluated: its results are those of a thread`);
  });
}

function judgesOf({ kinds }: CustomControlDefinition): Control["judges"] {
  const [kind] = kinds;
  if (kinds.length > 1 || kind === undefined) return "component";
  switch (kind) {
    case "namespaces":
      return "namespace";
    case "nodes":
      return "node";
    case "services":
      return "service";
    case "ingresses":
      return "ingress";
    case "networkpolicies":
      return "networkpolicy";
    case "serviceaccounts":
      return "serviceaccount";
    case "pods":
    case "deployments":
    case "statefulsets":
    case "daemonsets":
      return "workload";
    default:
      return "component";
  }
}

function ruleOf(definition: CustomControlDefinition): Control["rule"] {
  const { kinds, validations, matchConditions, scope, why, revision } = definition;
  const where = scope.length === 0 ? "in every namespace" : `in namespaces that are ${scope.join(" or ")}`;
  const when =
    matchConditions.length === 0
      ? ""
      : ` for which ${matchConditions.map(({ expression }) => `\`${expression.trim()}\``).join(" and ")}`;
  const holds = validations.map(({ expression }) => `\`${expression.trim()}\``).join("; ");
  const also = [
    definition.objectSelector === undefined ? "" : ` Labels: ${JSON.stringify(definition.objectSelector)}.`,
    definition.namespaceSelector === undefined
      ? ""
      : ` Labels of the namespace: ${JSON.stringify(definition.namespaceSelector)}.`,
    definition.variables.length === 0
      ? ""
      : ` With ${definition.variables.map(({ name, expression }) => `${name} = \`${expression.trim()}\``).join(", ")}.`,
  ].join("");
  return {
    reads: `${kinds.join(", ")} ${where}${when}.${also} A custom control, revision ${revision}, written by the organization in CEL.`,
    pass: `Every expression is true: ${holds}.`,
    fail: "An expression is false.",
    unknown:
      "An expression has no answer (a field that isn't there, a redacted value), the control was stopped at its limit of time or memory, a kind could not be read, an object is not valid, or the scope of a namespace is not declared.",
    notApplicable: "No object of its kinds matches scope, selectors and conditions.",
    why: why === "" ? "The organization gave no reason." : why,
    cannotSee:
      "Whether the expressions ask for the right thing: they are the organization's own, and so is the mapping.",
  };
}

function verifyOf({ kinds, validations }: CustomControlDefinition, result: Result | undefined): VerifyCommand {
  const object = result?.object;
  const isWorkload = kinds.some((kind) => kind === "pods") && object !== undefined;
  const wanted = kinds.flatMap((kind) => {
    const source = findSection(kind)?.sources[0];
    if (source === undefined) return [];
    return [source.group === "" ? source.resource : `${source.resource}.${source.group}`];
  });
  const command =
    object === undefined || object.kind === "Cluster" || isWorkload
      ? `kubectl get ${wanted.join(",")}${object?.namespace === undefined ? " -A" : ` -n ${object.namespace}`} -o yaml`
      : `kubectl get ${object.kind.toLowerCase()}${groupOf(object.apiVersion)} ${object.name}${object.namespace === undefined ? "" : ` -n ${object.namespace}`} -o yaml`;
  return {
    command,
    expect: `For each object, every expression is true: ${validations.map(({ expression }) => expression.trim()).join("; ")}`,
    needs: [],
  };
}

function groupOf(apiVersion: string): string {
  const [group, version] = apiVersion.split("/");
  return version === undefined ? "" : `.${version}.${group ?? ""}`;
}
