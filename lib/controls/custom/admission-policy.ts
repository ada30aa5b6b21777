/**
 * A ValidatingAdmissionPolicy as a custom control: the same expressions, asked of what is there instead of what comes in.
 * Source: admissionregistration.k8s.io/v1, ValidatingAdmissionPolicy and ValidatingAdmissionPolicyBinding.
 */
import type { LabelSelector } from "@/lib/inventory/kinds";
import { SECTIONS } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { CustomControlDefinition, DefinitionProblem } from "./types";

interface MatchResources {
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: {
    apiGroups?: string[];
    apiVersions?: string[];
    resources?: string[];
    operations?: string[];
    resourceNames?: string[];
  }[];
  excludeResourceRules?: unknown[];
}
export interface AdmissionPolicyDocument {
  kind?: string;
  metadata?: { name?: string };
  spec?: {
    paramKind?: unknown;
    matchConstraints?: MatchResources;
    matchConditions?: { name?: string; expression?: string }[];
    variables?: { name?: string; expression?: string }[];
    validations?: { expression?: string; message?: string; messageExpression?: string }[];
  };
}
export interface AdmissionPolicyBindingDocument {
  kind?: string;
  metadata?: { name?: string };
  spec?: { policyName?: string; matchResources?: MatchResources; paramRef?: unknown };
}

/** What the definition takes from the policy; title, severity and mapping are the organization's to say. */
export type ImportedPolicy = Pick<
  CustomControlDefinition,
  "id" | "title" | "kinds" | "namespaceSelector" | "objectSelector" | "matchConditions" | "variables" | "validations"
>;

/**
 * @param binding narrows the policy further; several bindings make several controls
 * @returns the definition's parts, or why the policy can't be asked of a snapshot
 */
export function importAdmissionPolicy(
  policy: AdmissionPolicyDocument,
  binding?: AdmissionPolicyBindingDocument,
): { imported: ImportedPolicy; problems: DefinitionProblem[] } {
  const problems: DefinitionProblem[] = [];
  const { spec = {}, metadata = {} } = policy;
  const name = metadata.name ?? "policy";
  if (policy.kind !== "ValidatingAdmissionPolicy")
    problems.push({ where: "kind", problem: "must be ValidatingAdmissionPolicy" });
  if (spec.paramKind !== undefined || binding?.spec?.paramRef !== undefined) {
    problems.push({
      where: "spec.paramKind",
      problem: "parameters are not read; write their values into the expressions",
    });
  }
  const constraints = spec.matchConstraints ?? {};
  const kinds = kindsOf(constraints, "spec.matchConstraints", problems);
  const narrowed = binding?.spec?.matchResources;
  // A binding without rules narrows nothing; its exclusions would, so they are looked at all the same.
  const bound = narrowed === undefined ? [] : kindsOf(narrowed, "binding.spec.matchResources", problems);
  const narrowedKinds = (narrowed?.resourceRules ?? []).length === 0 ? kinds : bound;
  if (binding !== undefined && binding.spec?.policyName !== name) {
    problems.push({
      where: "binding.spec.policyName",
      problem: `binds ${binding.spec?.policyName ?? "nothing"}, not ${name}`,
    });
  }
  const named = (list: { name?: string; expression?: string }[] | undefined) =>
    (list ?? []).map((each, i) => ({ name: each.name ?? `unnamed${i}`, expression: each.expression ?? "" }));
  const namespaceSelector = joinSelectors(constraints.namespaceSelector, narrowed?.namespaceSelector);
  const objectSelector = joinSelectors(constraints.objectSelector, narrowed?.objectSelector);
  return {
    imported: {
      id: `custom-${name.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "")}`.slice(0, 80),
      title: name,
      kinds: kinds.filter((kind) => narrowedKinds.includes(kind)),
      ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
      ...(objectSelector === undefined ? {} : { objectSelector }),
      matchConditions: named(spec.matchConditions),
      variables: named(spec.variables),
      validations: (spec.validations ?? []).map(({ expression = "", message, messageExpression }) => ({
        expression,
        ...(message === undefined ? {} : { message }),
        ...(messageExpression === undefined ? {} : { messageExpression }),
      })),
    },
    problems,
  };
}

/** Operations after which there is an object to look at. */
const KEPT_BY: ReadonlySet<string> = new Set(["CREATE", "UPDATE", "*"]);

function kindsOf(match: MatchResources, where: string, problems: DefinitionProblem[]): SectionName[] {
  const kinds = new Set<SectionName>();
  if ((match.excludeResourceRules ?? []).length > 0) {
    problems.push({
      where: `${where}.excludeResourceRules`,
      problem: "exclusions are not understood; leave the kinds out instead",
    });
  }
  for (const [i, rule] of (match.resourceRules ?? []).entries()) {
    const at = `${where}.resourceRules[${i}]`;
    if (rule.operations !== undefined && !rule.operations.some((operation) => KEPT_BY.has(operation))) {
      problems.push({
        where: `${at}.operations`,
        problem: `${rule.operations.join(", ")} leaves nothing behind that a snapshot could hold`,
      });
      continue;
    }
    if ((rule.resourceNames ?? []).length > 0)
      problems.push({
        where: `${at}.resourceNames`,
        problem: "names are not understood; use a match condition on object.metadata.name",
      });
    for (const resource of rule.resources ?? []) {
      // A subresource is a request, not an object that a snapshot holds; the object itself is listed beside it or not meant.
      if (resource.includes("/") && !resource.startsWith("*")) continue;
      const found = SECTIONS.filter((section) =>
        section.sources.some(
          (source) =>
            (rule.apiGroups ?? []).some((group) => group === "*" || group === source.group) &&
            (resource.startsWith("*") || resource === source.resource),
        ),
      );
      if (found.length === 0)
        problems.push({
          where: at,
          problem: `${resource} of ${(rule.apiGroups ?? []).join(", ") || "no group"} is not in a snapshot`,
        });
      for (const section of found) kinds.add(section.name);
    }
  }
  return [...kinds];
}

function joinSelectors(a: LabelSelector | undefined, b: LabelSelector | undefined): LabelSelector | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const expressions = [a, b].flatMap((selector) => [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
      key,
      operator: "In" as const,
      values: [value],
    })),
    ...(selector.matchExpressions ?? []),
  ]);
  return { matchExpressions: expressions };
}
