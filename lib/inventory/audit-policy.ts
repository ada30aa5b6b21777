/**
 * An audit policy file (audit.k8s.io/v1 Policy) as the API server takes it.
 *
 * It decodes strictly first. When that finds an unknown field, it decodes once more and leniently, drops the field, logs a warning
 * and starts: a rule without the dropped field matches more than its author meant. So unknown fields are kept by name beside the
 * policy that remains. What it would not start with at all (a rule about resources and URLs at once, no rule) is named apart.
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

/** The document can't be decoded as an audit policy; the message names the place. */
export class AuditPolicyProblem extends Error {}

export interface ParsedAuditPolicy {
  policy: AuditPolicy;
  /** Paths of fields that strict decoding refuses and lenient decoding drops, for example `rules[4].resourceNames`. */
  unknownFields: string[];
  /** What the API server's validation refuses, with the place: it does not start with such a file. */
  refusals: string[];
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
  const refusals: string[] = [];
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
      return groupResources(fieldsOf(entry, place, FIELDS.groupResources), place, refusals);
    });
    const parsed: AuditPolicyRule = { level: oneOf(rule.level, `${at}.level`, AUDIT_LEVELS) };
    if (resources.length > 0) parsed.resources = resources;
    for (const key of ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs"] as const) {
      const texts = textsOf(rule[key], `${at}.${key}`);
      if (texts.length > 0) parsed[key] = texts;
    }
    const omitStages = stagesOf(rule.omitStages, `${at}.omitStages`);
    if (omitStages.length > 0) parsed.omitStages = omitStages;
    if (rule.omitManagedFields != null)
      parsed.omitManagedFields = flagOf(rule.omitManagedFields, `${at}.omitManagedFields`);
    refusals.push(...refusalsOf(parsed, at));
    return parsed;
  });
  if (rules.length === 0) refusals.push("rules: a policy without a rule");
  const omitStages = stagesOf(root.omitStages, "omitStages");
  const policy: AuditPolicy = omitStages.length > 0 ? { omitStages, rules } : { rules };
  if (root.omitManagedFields != null) policy.omitManagedFields = flagOf(root.omitManagedFields, "omitManagedFields");
  return { policy, unknownFields, refusals };
}

function groupResources(entry: Record<string, unknown>, at: string, refusals: string[]): AuditGroupResources {
  const parsed: AuditGroupResources = {};
  if (entry.group != null) parsed.group = textOf(entry.group, `${at}.group`);
  const resources = textsOf(entry.resources, `${at}.resources`);
  const resourceNames = textsOf(entry.resourceNames, `${at}.resourceNames`);
  if (resources.length > 0) parsed.resources = resources;
  if (resourceNames.length > 0) parsed.resourceNames = resourceNames;
  if (parsed.group?.includes("/")) {
    refusals.push(`${at}.group: must be a group without a version, not ${parsed.group}`);
  }
  if (resourceNames.length > 0 && resources.length === 0)
    refusals.push(`${at}.resourceNames: needs resources beside it`);
  return parsed;
}

function refusalsOf(rule: AuditPolicyRule, at: string): string[] {
  const isAboutResources = rule.resources !== undefined || rule.namespaces !== undefined;
  const both =
    isAboutResources && rule.nonResourceURLs !== undefined
      ? [`${at}.nonResourceURLs: a rule can't be about resources and about URLs`]
      : [];
  const urls = (rule.nonResourceURLs ?? [])
    .filter((url) => {
      const star = url.indexOf("*");
      return url !== "*" && !(url.startsWith("/") && (star < 0 || star === url.length - 1));
    })
    .map((url) => `${at}.nonResourceURLs: ${url} must start with / and hold * only at its end`);
  return [...both, ...urls];
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
function flagOf(value: unknown, at: string): boolean {
  if (typeof value !== "boolean") throw new AuditPolicyProblem(`${at} must be true or false`);
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
