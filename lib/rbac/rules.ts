/**
 * When one RBAC rule allows one request, exactly as the Kubernetes RBAC authorizer decides it.
 *
 * Rule in words (Kubernetes documentation, "Using RBAC Authorization"; pkg/apis/rbac/v1 evaluation helpers):
 * - verb, API group and resource each match by equality or by `*`; comparison is case sensitive and never by substring.
 * - `pods` does not grant `pods/status`; `pods/status`, `*` and the form "star slash status" do. `*` includes every subresource.
 * - A rule with resourceNames matches only a request that carries one of those names. `create` and `deletecollection` carry
 *   none, and `list` and `watch` carry one only with a field selector on metadata.name, so such a rule doesn't grant them at large.
 * - nonResourceURLs match by equality or with one trailing `*`; a `*` elsewhere is an ordinary character.
 * - A request is either for a resource or for a URL; a rule may hold both parts, and each part matches on its own.
 */
import type { PolicyRule } from "@/lib/inventory/kinds";

export interface ResourceRequest {
  verb: string;
  /** API group, "" for core. */
  group: string;
  resource: string;
  subresource?: string;
  /** Name of the single object, absent for create and for an unrestricted list. */
  name?: string;
  /** Namespace of the object; "" or absent asks for a cluster-scoped object or for all namespaces at once. */
  namespace?: string;
}
export interface UrlRequest {
  verb: string;
  url: string;
}
export type AccessRequest = ResourceRequest | UrlRequest;

export function isUrlRequest(request: AccessRequest): request is UrlRequest {
  return "url" in request;
}

export function verbMatches(rule: PolicyRule, verb: string): boolean {
  return rule.verbs.some((v) => v === "*" || v === verb);
}

export function groupMatches(rule: PolicyRule, group: string): boolean {
  return (rule.apiGroups ?? []).some((g) => g === "*" || g === group);
}

/** `combined` is `resource` or `resource/subresource`. */
export function resourceMatches(rule: PolicyRule, resource: string, subresource = ""): boolean {
  const combined = subresource === "" ? resource : `${resource}/${subresource}`;
  return (rule.resources ?? []).some(
    (r) => r === "*" || r === combined || (subresource !== "" && r === `*/${subresource}`),
  );
}

export function nameMatches(rule: PolicyRule, name = ""): boolean {
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(name);
}

/** A URL pattern of a rule against a requested path; only a trailing `*` is a wildcard. */
export function urlMatches(rule: PolicyRule, url: string): boolean {
  return (rule.nonResourceURLs ?? []).some((pattern) => urlPatternCovers(pattern, url));
}

/** As upstream: all trailing stars are cut before the prefix is compared, so `/a/**` means `/a/*`. */
export function urlPatternCovers(pattern: string, url: string): boolean {
  if (pattern === "*" || pattern === url) return true;
  return pattern.endsWith("*") && url.startsWith(pattern.replace(/\*+$/, ""));
}

/** Whether the rule alone allows the request. Where the rule applies (which namespace) is the binding's matter, not the rule's. */
export function ruleAllows(rule: PolicyRule, request: AccessRequest): boolean {
  if (!verbMatches(rule, request.verb)) return false;
  if (isUrlRequest(request)) return urlMatches(rule, request.url);
  return (
    groupMatches(rule, request.group) &&
    resourceMatches(rule, request.resource, request.subresource) &&
    nameMatches(rule, request.name)
  );
}

/** True for a rule that grants every verb on every resource of every group: the power of cluster-admin under any name. */
export function isUnlimited(rule: PolicyRule): boolean {
  return (
    rule.verbs.includes("*") &&
    (rule.apiGroups ?? []).includes("*") &&
    (rule.resources ?? []).includes("*") &&
    (rule.resourceNames ?? []).length === 0
  );
}

/** The verbs of objects; what is left of `*` then are powers over rights themselves (escalate, bind, impersonate). */
const OBJECT_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"];

/**
 * Of rules that together grant every verb of objects on every resource, be it by `*` or one by one: the first of them. Whoever may
 * change everything gets the rest by himself.
 */
export function everyVerbRule<T extends { rule: PolicyRule }>(rules: readonly T[]): T | undefined {
  const wide = rules.filter(({ rule }) => isUnlimited({ ...rule, verbs: ["*"] }));
  const verbs = new Set(wide.flatMap(({ rule }) => rule.verbs));
  if (!verbs.has("*") && !OBJECT_VERBS.every((verb) => verbs.has(verb))) return undefined;
  return wide.find(({ rule }) => rule.verbs.includes("*")) ?? wide[0];
}

/**
 * Which fields of the rule hold a `*`, in the order verbs, resources, apiGroups, nonResourceURLs. For resources the form "star slash
 * exec" is one too: it means that subresource of everything.
 */
export function wildcardFields(rule: PolicyRule): ("verbs" | "resources" | "apiGroups" | "nonResourceURLs")[] {
  const fields = ["verbs", "resources", "apiGroups", "nonResourceURLs"] as const;
  return fields.filter((field) =>
    (rule[field] ?? []).some((item) => item === "*" || (field === "resources" && item.startsWith("*/"))),
  );
}

/** One line for a reason: `get,list secrets (core)`. */
export function describeRule(rule: PolicyRule): string {
  const urls = rule.nonResourceURLs ?? [];
  const verbs = rule.verbs.join(",");
  if (urls.length > 0 && (rule.resources ?? []).length === 0) return `${verbs} ${urls.join(",")}`;
  const groups = (rule.apiGroups ?? []).map((g) => (g === "" ? "core" : g)).join(",");
  const names = (rule.resourceNames ?? []).length > 0 ? ` named ${(rule.resourceNames ?? []).join(",")}` : "";
  return `${verbs} ${(rule.resources ?? []).join(",")} (${groups || "no group"})${names}`;
}
