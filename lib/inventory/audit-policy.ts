/**
 * An audit policy file (audit.k8s.io/v1 Policy) as the API server takes it.
 *
 * It decodes strictly first. When that finds an unknown field, it decodes once more and leniently, drops the field, logs a warning
 * and starts: a rule without the dropped field matches more than its author meant. So unknown fields are kept by name beside the
 * policy that remains. What the API server would not start with (a level that doesn't exist, a rule about resources and URLs at
 * once, no rule at all) is refused here too.
 *
 * Source: kubernetes.io, "Audit" and the reference of audit.k8s.io/v1; pkg/audit/policy and apis/audit/validation of kube-apiserver.
 */
import {
  AUDIT_LEVELS,
  AUDIT_STAGES,
  type AuditGroupResources,
  type AuditPolicy,
  type AuditPolicyRule,
} from "./imported";

/** The file can't be what an API server runs with; the message names the place. */
export class AuditPolicyProblem extends Error {}

export interface ParsedAuditPolicy {
  policy: AuditPolicy;
  /** Paths of fields that strict decoding refuses and lenient decoding drops, for example `rules[4].resourceNames`. */
  unknownFields: string[];
}

const FIELDS = {
  policy: ["apiVersion", "kind", "metadata", "omitManagedFields", "omitStages", "rules"],
  rule: [
    "level",
    "namespaces",
    "nonResourceURLs",
    "omitManagedFields",
    "omitStages",
    "resources",
    "userGroups",
    "users",
    "verbs",
  ],
  groupResources: ["group", "resourceNames", "resources"],
  metadata: [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
  ],
} as const;

/**
 * The policy of a decoded document.
 * @throws AuditPolicyProblem
 */
export function parseAuditPolicy(document: unknown): ParsedAuditPolicy {
  const unknownFields: string[] = [];
  const fieldsOf = (value: unknown, at: string, known: readonly string[]): Record<string, unknown> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new AuditPolicyProblem(`${at === "" ? "the document" : at} must be an object`);
    }
    const fields = value as Record<string, unknown>;
    for (const key of Object.keys(fields))
      if (!known.includes(key)) unknownFields.push(at === "" ? key : `${at}.${key}`);
    return fields;
  };
  const root = fieldsOf(document, "", FIELDS.policy);
  if (root.kind !== "Policy" || root.apiVersion !== "audit.k8s.io/v1") {
    throw new AuditPolicyProblem(
      `apiVersion and kind must be audit.k8s.io/v1 Policy, not ${String(root.apiVersion)} ${String(root.kind)}`,
    );
  }
  if (root.metadata != null) fieldsOf(root.metadata, "metadata", FIELDS.metadata);
  const rules = listOf(root.rules, "rules").map((value, i): AuditPolicyRule => {
    const at = `rules[${i}]`;
    const rule = fieldsOf(value, at, FIELDS.rule);
    const resources = listOf(rule.resources, `${at}.resources`).map((entry, j) => {
      const place = `${at}.resources[${j}]`;
      return groupResources(fieldsOf(entry, place, FIELDS.groupResources), place);
    });
    const parsed: AuditPolicyRule = { level: oneOf(rule.level, `${at}.level`, AUDIT_LEVELS) };
    if (resources.length > 0) parsed.resources = resources;
    for (const key of ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] as const) {
      const texts = textsOf(rule[key], `${at}.${key}`);
      if (texts.length > 0) parsed[key] = texts;
    }
    const omitStages = stagesOf(rule.omitStages, `${at}.omitStages`);
    if (omitStages.length > 0) parsed.omitStages = omitStages;
    checkRule(parsed, at);
    return parsed;
  });
  if (rules.length === 0) throw new AuditPolicyProblem("rules: a policy without a rule is refused by the API server");
  const omitStages = stagesOf(root.omitStages, "omitStages");
  return { policy: omitStages.length > 0 ? { omitStages, rules } : { rules }, unknownFields };
}

function groupResources(entry: Record<string, unknown>, at: string): AuditGroupResources {
  const parsed: AuditGroupResources = {};
  if (entry.group != null) parsed.group = textOf(entry.group, `${at}.group`);
  const resources = textsOf(entry.resources, `${at}.resources`);
  const resourceNames = textsOf(entry.resourceNames, `${at}.resourceNames`);
  if (resources.length > 0) parsed.resources = resources;
  if (resourceNames.length > 0) parsed.resourceNames = resourceNames;
  if (parsed.group?.includes("/")) {
    throw new AuditPolicyProblem(`${at}.group: must be a group without a version, not ${parsed.group}`);
  }
  if (resourceNames.length > 0 && resources.length === 0) {
    throw new AuditPolicyProblem(`${at}.resourceNames: needs resources beside it`);
  }
  return parsed;
}

function checkRule(rule: AuditPolicyRule, at: string): void {
  const aboutResources = rule.resources !== undefined || rule.namespaces !== undefined;
  if (aboutResources && rule.nonResourceURLs !== undefined) {
    throw new AuditPolicyProblem(`${at}.nonResourceURLs: a rule can't be about resources and about URLs`);
  }
  for (const url of rule.nonResourceURLs ?? []) {
    const star = url.indexOf("*");
    const isValid = url === "*" || (url.startsWith("/") && (star < 0 || star === url.length - 1));
    if (!isValid) {
      throw new AuditPolicyProblem(`${at}.nonResourceURLs: ${url} must start with / and hold * only at its end`);
    }
  }
}

/** `null` is absent, as in Kubernetes' own decoding. */
function listOf(value: unknown, at: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new AuditPolicyProblem(`${at} must be a list`);
  return value as unknown[];
}
function textsOf(value: unknown, at: string): string[] {
  return listOf(value, at).map((text, i) => textOf(text, `${at}[${i}]`));
}
function textOf(value: unknown, at: string): string {
  if (typeof value !== "string") throw new AuditPolicyProblem(`${at} must be a string`);
  return value;
}
function oneOf<const T extends string>(value: unknown, at: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new AuditPolicyProblem(`${at} must be one of ${allowed.join(", ")}`);
  return found;
}
function stagesOf(value: unknown, at: string) {
  return listOf(value, at).map((stage, i) => oneOf(stage, `${at}[${i}]`, AUDIT_STAGES));
}
