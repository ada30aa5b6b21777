/**
 * Which audit level and stages a request gets under an audit policy.
 *
 * The rule, as the API server applies it: the first rule that matches decides; no match is level None. A rule matches when all
 * of users, groups, verbs and, if given, resources/namespaces or URLs match; an absent list matches everything.
 * - Comparison is exact: verbs, users and groups know no wildcard, so `verbs: ["*"]` never matches.
 * - A request without a user (failed authentication) matches no rule that names users or groups.
 * - `pods` does not match `pods/log`; `pods/*` matches pods and all their subresources; `*` + `/log` matches the subresource of
 *   everything; `*` matches all resources and subresources; group `*` matches every group.
 * - `namespaces: [""]` means cluster-scoped requests.
 * - A rule with resources or namespaces never matches a request for a URL, and one with nonResourceURLs only never a resource.
 * - Stages left out are those of the policy and of the rule together; a rule cannot bring a stage back.
 *
 * Source: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ and the behaviour of kube-apiserver.
 */
import type {
  AuditGroupResources,
  AuditLevel,
  AuditPolicy,
  AuditPolicyRule,
  AuditStage,
} from "@/lib/inventory/imported";
import { AUDIT_LEVELS } from "@/lib/inventory/imported";

export interface AuditedUser {
  username: string;
  groups: readonly string[];
}

interface RequestBase {
  /** Absent or null when authentication failed. */
  user?: AuditedUser | null;
  verb: string;
}
export interface ResourceRequest extends RequestBase {
  kind: "resource";
  apiGroup: string;
  resource: string;
  /** Empty when the request is for the resource itself. */
  subresource: string;
  /** Empty for cluster-scoped requests. */
  namespace: string;
  /** Empty for create, list and the like. */
  name: string;
}
export interface UrlRequest extends RequestBase {
  kind: "url";
  path: string;
}
export type AuditedRequest = ResourceRequest | UrlRequest;

export interface AuditDecision {
  level: AuditLevel;
  omitStages: AuditStage[];
  /** Bodies are written without metadata.managedFields: what the rule says, else the policy. */
  omitManagedFields: boolean;
  /** Index of the rule that decided; null when none matched. */
  ruleIndex: number | null;
}

/** The level and stages of a request under a policy, with the rule that decided. */
export function evaluateAuditPolicy(policy: AuditPolicy, request: AuditedRequest): AuditDecision {
  const ruleIndex = policy.rules.findIndex((rule) => matchesRule(rule, request));
  const rule = policy.rules[ruleIndex];
  const omitStages = [...new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])])];
  const omitManagedFields = rule?.omitManagedFields ?? policy.omitManagedFields ?? false;
  if (rule === undefined) return { level: "None", omitStages, omitManagedFields, ruleIndex: null };
  return { level: rule.level, omitStages, omitManagedFields, ruleIndex };
}

/** True when an event of the request is written at all: a level above None and the stage of its end not left out. */
export function isRecorded(decision: AuditDecision): boolean {
  return decision.level !== "None" && !decision.omitStages.includes("ResponseComplete");
}

/** True when `level` records at least what `floor` records. */
export function isAtLeastLevel(level: AuditLevel, floor: AuditLevel): boolean {
  return AUDIT_LEVELS.indexOf(level) >= AUDIT_LEVELS.indexOf(floor);
}

function matchesRule(rule: AuditPolicyRule, request: AuditedRequest): boolean {
  const { user } = request;
  const { users, userGroups } = rule;
  if (isGiven(users) && !(user != null && users.includes(user.username))) return false;
  if (isGiven(userGroups) && !(user != null && user.groups.some((group) => userGroups.includes(group)))) return false;
  if (isGiven(rule.verbs) && !rule.verbs.includes(request.verb)) return false;
  if (isGiven(rule.namespaces) || isGiven(rule.resources)) {
    return request.kind === "resource" && matchesResource(rule, request);
  }
  if (isGiven(rule.nonResourceURLs)) {
    return request.kind === "url" && rule.nonResourceURLs.some((pattern) => matchesPath(pattern, request.path));
  }
  return true;
}

/** An empty list is the same as none: it restricts nothing. */
function isGiven<T>(list: readonly T[] | null | undefined): list is readonly T[] {
  return list !== undefined && list !== null && list.length > 0;
}

function matchesPath(pattern: string, path: string): boolean {
  if (pattern === "*" || pattern === path) return true;
  return pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, ""));
}

function matchesResource(rule: AuditPolicyRule, request: ResourceRequest): boolean {
  if (isGiven(rule.namespaces) && !rule.namespaces.includes(request.namespace)) return false;
  return !isGiven(rule.resources) || rule.resources.some((entry) => matchesGroupResources(entry, request));
}

function matchesGroupResources(entry: AuditGroupResources, request: ResourceRequest): boolean {
  const group = entry.group ?? "";
  if (group !== "*" && group !== request.apiGroup) return false;
  // Without resources the entry stands for the whole group, and its resourceNames are not looked at.
  if (!isGiven(entry.resources)) return true;
  if (isGiven(entry.resourceNames) && !entry.resourceNames.includes(request.name)) return false;
  return entry.resources.some((pattern) => matchesResourcePattern(pattern, request));
}

function matchesResourcePattern(pattern: string, { resource, subresource }: ResourceRequest): boolean {
  const combined = subresource === "" ? resource : `${resource}/${subresource}`;
  if (pattern === "*" || pattern === combined) return true;
  if (subresource !== "" && pattern.startsWith("*/")) return pattern.slice(2) === subresource;
  return pattern.endsWith("/*") && pattern.slice(0, -2) === resource;
}
