/**
 * A policy that keeps the scope and Pod Security labels of namespaces as they are, for everybody but the named.
 *
 * The guard that our remediation hands out is a ValidatingAdmissionPolicy in one fixed wording, and only that wording is
 * recognised: CEL in general is not evaluated here. Whatever else looks at changes of namespaces (another CEL expression, a Kyverno
 * rule over `oldObject`, a Gatekeeper constraint on Namespaces, a webhook of some engine) may be a guard, which a person has to read.
 * A guard that chooses namespaces by namespaceSelector is none: for a Namespace the API server asks the labels after the change.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { ManifestObject } from "./manifest";
import { isFilled, mapOf, maps, texts } from "./policy-cover";
import type { EvaluationContext, EvidencePointer } from "./types";
import type { ScopeSettings } from "@/lib/scope/types";

export const GUARD_SECTIONS = [
  "validatingadmissionpolicies",
  "validatingadmissionpolicybindings",
  "validatingwebhookconfigurations",
  "kyverno-clusterpolicies",
  "gatekeeper-constraints",
] as const;

export interface LabelGuard {
  words: string;
  /** Whom it lets through. */
  users: readonly string[];
  groups: readonly string[];
  evidence: EvidencePointer;
}
export interface Guards {
  certain: LabelGuard[];
  /** What may be a guard and has to be read. */
  possible: { words: string; evidence: EvidencePointer }[];
}

const POD_SECURITY = ["pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/enforce-version"];

/** Labels stay as they are; a namespace goes only when it is out of scope. */
export function guardExpression({ labelKey, values }: ScopeSettings): string {
  const label = (object: string, key: string) =>
    `(has(${object}.metadata.labels) && ${key} in ${object}.metadata.labels ? ${object}.metadata.labels[${key}] : '')`;
  const keys = [labelKey, ...POD_SECURITY].map(celText).join(", ");
  return `request.operation == 'DELETE' ? ${label("oldObject", celText(labelKey))} == ${celText(values["out-of-scope"])} : [${keys}].all(k, ${label("object", "k")} == ${label("oldObject", "k")})`;
}
/** Names that may hold anything but a quote or backslash, which CEL would read as its own. */
function exemption(users: readonly string[], groups: readonly string[]): string {
  const list = (names: readonly string[]) => `[${names.map(celText).join(", ")}]`;
  return `!(request.userInfo.username in ${list(users)}) && !${list(groups)}.exists(g, g in request.userInfo.groups)`;
}
function celText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** The guard as objects, with those whom it lets through. */
export function guardObjects(
  settings: ScopeSettings,
  users: readonly string[],
  groups: readonly string[],
): ManifestObject[] {
  const name = "keep-scope-labels";
  const apiVersion = "admissionregistration.k8s.io/v1";
  return [
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name },
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            {
              apiGroups: [""],
              apiVersions: ["*"],
              operations: ["UPDATE", "DELETE"],
              resources: ["namespaces", "namespaces/status", "namespaces/finalize"],
            },
          ],
        },
        matchConditions: [{ name: "not-approved", expression: exemption(users, groups) }],
        validations: [
          {
            expression: guardExpression(settings),
            message: "Scope and Pod Security labels of namespaces are changed by approved subjects only.",
          },
        ],
      },
    },
    {
      apiVersion,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    },
  ];
}

/** What guards the labels of namespaces, or may. */
export function labelGuards(context: EvaluationContext): Guards {
  const { inventory, scope } = context;
  const guards: Guards = { certain: [], possible: [] };
  const bindings = inventory.list("validatingadmissionpolicybindings");
  for (const policy of inventory.list("validatingadmissionpolicies")) {
    const rules = maps(mapOf(policy.spec?.matchConstraints).resourceRules);
    if (!rules.some((rule) => asksAbout(rule, "UPDATE", "namespaces"))) continue;
    const bound = bindings.filter(
      (one) => one.spec?.policyName === policy.metadata.name && texts(one.spec.validationActions).includes("Deny"),
    );
    const words = `ValidatingAdmissionPolicy ${policy.metadata.name}`;
    const evidence = { ref: refOf(policy), pointer: "/spec/validations" };
    const exempt = ownExemption(policy);
    if (
      exempt !== null &&
      bound.some((one) => !isFilled(one.spec?.matchResources)) &&
      isOwnGuard(policy, scope.settings)
    )
      guards.certain.push({ words, ...exempt, evidence });
    else if (bound.length > 0) guards.possible.push({ words, evidence });
  }
  for (const policy of inventory.list("kyverno-clusterpolicies")) {
    const rules = maps(policy.spec?.rules).filter((rule) => /"Namespace"/.test(JSON.stringify(rule.match ?? {})));
    const text = JSON.stringify(rules);
    if (/oldObject/.test(text) || text.includes(scope.settings.labelKey))
      guards.possible.push({
        words: `ClusterPolicy ${policy.metadata.name}`,
        evidence: { ref: refOf(policy), pointer: "/spec/rules" },
      });
  }
  for (const constraint of inventory.list("gatekeeper-constraints")) {
    if (/"Namespace"/.test(JSON.stringify(constraint.spec?.match ?? {})))
      guards.possible.push({
        words: `${constraint.kind} ${constraint.metadata.name}`,
        evidence: { ref: refOf(constraint), pointer: "/spec/match" },
      });
  }
  for (const configuration of inventory.list("validatingwebhookconfigurations")) {
    // The webhooks of these engines only ask their policies, which are read above.
    if (/kyverno|gatekeeper/i.test(configuration.metadata.name)) continue;
    const index = (configuration.webhooks ?? []).findIndex(
      (webhook) =>
        webhook.failurePolicy !== "Ignore" &&
        (webhook.rules ?? []).some((rule) => asksAbout(rule, "UPDATE", "namespaces")),
    );
    if (index >= 0)
      guards.possible.push({
        words: `ValidatingWebhookConfiguration ${configuration.metadata.name}`,
        evidence: { ref: refOf(configuration), pointer: `/webhooks/${index}` },
      });
  }
  return guards;
}

interface AskingRule {
  apiGroups?: unknown;
  operations?: unknown;
  resources?: unknown;
}
function asksAbout(rule: AskingRule, operation: string, resource: string): boolean {
  const holds = (list: unknown, ...wanted: string[]) =>
    texts(list).some((item) => item === "*" || wanted.includes(item));
  const isAll = resource.includes("/") ? "*/*" : "*";
  return (
    holds(rule.apiGroups, "") &&
    holds(rule.operations, operation) &&
    texts(rule.resources).some((item) => item === resource || item === isAll || item === "*/*")
  );
}

function isOwnGuard(policy: CustomObject, settings: ScopeSettings): boolean {
  const spec = policy.spec ?? {};
  const constraints = mapOf(spec.matchConstraints);
  const rules = maps(constraints.resourceRules);
  const asked = ["namespaces", "namespaces/status", "namespaces/finalize"].every((resource) =>
    rules.some((rule) => !isFilled(rule.resourceNames) && asksAbout(rule, "UPDATE", resource)),
  );
  return (
    asked &&
    rules.some((rule) => !isFilled(rule.resourceNames) && asksAbout(rule, "DELETE", "namespaces")) &&
    (spec.failurePolicy ?? "Fail") === "Fail" &&
    !isFilled(spec.paramKind) &&
    !isFilled(constraints.namespaceSelector) &&
    !isFilled(constraints.objectSelector) &&
    !isFilled(constraints.excludeResourceRules) &&
    maps(spec.validations).some(({ expression }) => collapse(expression) === collapse(guardExpression(settings)))
  );
}

/** Whom the policy's conditions let through; null for conditions in another wording. */
function ownExemption(policy: CustomObject): { users: string[]; groups: string[] } | null {
  const conditions = maps(policy.spec?.matchConditions);
  if (conditions.length === 0) return { users: [], groups: [] };
  const [only] = conditions;
  if (conditions.length > 1 || only === undefined) return null;
  const lists = /^!\(request\.userInfo\.username in \[(.*)\]\) && !\[(.*)\]\.exists\(/.exec(collapse(only.expression));
  const [users, groups] = [lists?.[1], lists?.[2]].map((list) => (list === undefined ? null : namesIn(list)));
  if (users == null || groups == null) return null;
  return collapse(exemption(users, groups)) === collapse(only.expression) ? { users, groups } : null;
}
function namesIn(list: string): string[] {
  return [...list.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, name = ""]) => name.replace(/\\(.)/g, "$1"));
}
function collapse(expression: unknown): string {
  return typeof expression === "string" ? expression.replace(/\s+/g, " ").trim() : "";
}
