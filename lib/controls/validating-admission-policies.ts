/**
 * The API server's own ValidatingAdmissionPolicies and their bindings: what they deny for pods of a namespace.
 *
 * Source: Kubernetes documentation, "Validating Admission Policy".
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject, LabelSelector } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { recognizeExpression } from "./admission-expressions";
import { isMap } from "./kyverno-pattern";
import {
  everyProbeOf,
  type Fields,
  isFilled,
  mapOf,
  maps,
  mentioned,
  type NamespaceUnderPolicy,
  type PolicyCover,
  texts,
} from "./policy-cover";

/** Every policy about an outcome, once per binding, as it stands in the namespace. */
export function vapCovers(inventory: Inventory, namespace: NamespaceUnderPolicy): PolicyCover[] {
  const bindings = inventory.list("validatingadmissionpolicybindings");
  return inventory.list("validatingadmissionpolicies").flatMap((policy) => {
    const own = bindings.filter((binding) => binding.spec?.policyName === policy.metadata.name);
    const body = vapBody(policy);
    const base = {
      ref: refOf(policy),
      pointer: "/spec/validations",
      words: `ValidatingAdmissionPolicy ${policy.metadata.name}`,
      ...body,
    };
    if (body.probes.length === 0 && body.possible.length === 0) return [];
    const constraints = vapSelects(mapOf(policy.spec?.matchConstraints), namespace);
    if (own.length === 0) return [{ ...base, action: "none", gap: "no binding uses it" }];
    return own.map((binding): PolicyCover => {
      const actions = texts(binding.spec?.validationActions);
      const bound = vapSelects(mapOf(binding.spec?.matchResources), namespace, true);
      const gap = !actions.includes("Deny")
        ? `effective action ${actions.join(", ") || "none"}`
        : constraints !== "all"
          ? constraints
          : bound !== "all"
            ? `binding ${binding.metadata.name}: ${bound}`
            : null;
      return { ...base, words: `${base.words} (binding ${binding.metadata.name})`, action: actions.join(", "), gap };
    });
  });
}

/** Whether matchConstraints or matchResources take the creation of pods in the namespace. */
export function vapSelects(match: Fields, namespace: NamespaceUnderPolicy, isBinding = false): string {
  const rules = maps(match.resourceRules);
  if (rules.length > 0 || !isBinding) {
    const hasPods = rules.some((rule) => {
      const groups = texts(rule.apiGroups);
      const resources = texts(rule.resources);
      const operations = texts(rule.operations);
      return (
        (groups.includes("") || groups.includes("*")) &&
        ["pods", "*", "*/*"].some((r) => resources.includes(r)) &&
        (operations.includes("CREATE") || operations.includes("*")) &&
        texts(rule.resourceNames).length === 0
      );
    });
    if (!hasPods) return "it does not match the creation of pods";
  }
  if (isFilled(match.excludeResourceRules)) return "it excludes some resources";
  if (isMap(match.namespaceSelector) && !matchesSelector(match.namespaceSelector as LabelSelector, namespace.labels))
    return "its namespaceSelector does not match the namespace's labels";
  if (isMap(match.objectSelector) && isFilled(match.objectSelector)) return "it matches pods with certain labels only";
  return "all";
}

/** CEL is understood only where it is one of the expressions that our own remediation hands out. */
function vapBody(policy: CustomObject): Pick<PolicyCover, "probes" | "possible"> {
  const spec = policy.spec ?? {};
  const expressions = maps(spec.validations).map((validation) => String(validation.expression ?? ""));
  if (isFilled(spec.matchConditions) || isFilled(spec.paramKind))
    return { probes: [], possible: mentioned(expressions, policy.metadata.name) };
  const seesDebug = maps(mapOf(spec.matchConstraints).resourceRules).some(
    (rule) =>
      ["pods/ephemeralcontainers", "pods/*", "*/ephemeralcontainers", "*/*"].some((r) =>
        texts(rule.resources).includes(r),
      ) && ["UPDATE", "*"].some((operation) => texts(rule.operations).includes(operation)),
  );
  const probes: string[] = [];
  const foreign: string[] = [];
  for (const expression of expressions) {
    const outcome = recognizeExpression(expression);
    if (outcome === null) foreign.push(expression);
    // Debug containers come by a subresource of their own, which the policy has to name.
    else probes.push(...everyProbeOf(outcome).filter((id) => seesDebug || !id.includes("ephemeralContainers")));
  }
  const possible = foreign.length > 0 ? mentioned(foreign) : [];
  return { probes, possible };
}
