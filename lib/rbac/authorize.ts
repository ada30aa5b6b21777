/**
 * The three questions about RBAC: what may this user do, who may do this, and through which binding, role and rule.
 *
 * Answers come with grounds. Only RBAC is asked: a webhook or ABAC authorizer beside it isn't seen from here.
 * Source of the semantics: Kubernetes' RBAC authorizer (RulesFor, VisitRulesFor, SubjectLocator).
 */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import type { Subject } from "@/lib/inventory/kinds";
import { type EffectiveRule, type Grant, grantsOf, listGrants, type RbacObjects } from "./grants";
import { type AccessRequest, isUrlRequest, ruleAllows } from "./rules";
import { bindingNamespaceOf, type Identity, matchingSubject, SUPERUSER_GROUP } from "./subjects";

/** The path by which a right was granted. */
export interface Path {
  binding: ResourceRef;
  subjectIndex: number;
  role: ResourceRef;
  /** Where the rule is written; another role than `role` when that is aggregated without filled rules. */
  rule: EffectiveRule;
}

export type Decision =
  | { allowed: true; by: "superuser" }
  | { allowed: true; by: "binding"; path: Path }
  | { allowed: false };

export interface GrantedRule extends EffectiveRule {
  binding: ResourceRef;
  subjectIndex: number;
  roleRef: ResourceRef;
  /** Namespace in which it holds; null for the whole cluster. */
  namespace: string | null;
}

/**
 * All rules that a user has in a namespace ("" for cluster-wide ones only), ClusterRoleBindings first.
 * The same rule through two bindings is listed twice, because both have to go.
 */
export function rulesForIdentity(grants: readonly Grant[], identity: Identity, namespace: string): GrantedRule[] {
  const out: GrantedRule[] = [];
  for (const grant of grants) {
    if (grant.namespace !== null && (namespace === "" || grant.namespace !== namespace)) continue;
    const subjectIndex = matchingSubject(grant.subjects, identity, bindingNamespaceOf(grant.binding));
    if (subjectIndex < 0) continue;
    for (const rule of grant.rules) {
      out.push({
        ...rule,
        binding: grant.bindingRef,
        subjectIndex,
        roleRef: grant.roleRef,
        namespace: grant.namespace,
      });
    }
  }
  return out;
}

/** `rulesForIdentity` over a cluster's own objects. */
export function rulesFor(inventory: Inventory, identity: Identity, namespace: string): GrantedRule[] {
  return rulesForIdentity(grantsOf(inventory), identity, namespace);
}

/** Whether the user may make the request, and through what. The first path in walking order is the ground. */
export function authorize(grants: readonly Grant[], identity: Identity, request: AccessRequest): Decision {
  if (identity.groups.includes(SUPERUSER_GROUP)) return { allowed: true, by: "superuser" };
  for (const grant of grants) {
    const effective = effectiveIn(grant, request);
    if (!effective) continue;
    const subjectIndex = matchingSubject(grant.subjects, identity, bindingNamespaceOf(grant.binding));
    if (subjectIndex < 0) continue;
    const rule = grant.rules.find((candidate) => ruleAllows(candidate.rule, request));
    if (rule === undefined) continue;
    return {
      allowed: true,
      by: "binding",
      path: { binding: grant.bindingRef, subjectIndex, role: grant.roleRef, rule },
    };
  }
  return { allowed: false };
}

export function explain(inventory: Inventory, identity: Identity, request: AccessRequest): Decision {
  return authorize(grantsOf(inventory), identity, request);
}

export interface AllowedSubject {
  subject: Subject;
  /** Null for the superuser group (and the configured superuser), who need no binding. */
  path: Path | null;
  /** Namespace of the binding, which a service account subject without namespace takes; "" for cluster-wide. */
  bindingNamespace: string;
}

const RBAC_GROUP = "rbac.authorization.k8s.io";

/**
 * Subjects as written in bindings that may make the request: `system:masters` first, then by ClusterRoleBinding, then by
 * RoleBinding of the request's namespace. A subject with several paths appears once per path; `distinctSubjects` folds them.
 */
export function whoCanIn(
  grants: readonly Grant[],
  request: AccessRequest,
  options: { superUser?: string } = {},
): AllowedSubject[] {
  const out: AllowedSubject[] = [
    {
      subject: { kind: "Group", apiGroup: RBAC_GROUP, name: SUPERUSER_GROUP },
      path: null,
      bindingNamespace: "",
    },
  ];
  if (options.superUser) {
    out.push({
      subject: { kind: "User", apiGroup: RBAC_GROUP, name: options.superUser },
      path: null,
      bindingNamespace: "",
    });
  }
  for (const grant of grants) {
    if (!effectiveIn(grant, request)) continue;
    const rule = grant.rules.find((candidate) => ruleAllows(candidate.rule, request));
    if (rule === undefined) continue;
    grant.subjects.forEach((subject, subjectIndex) => {
      out.push({
        subject,
        path: { binding: grant.bindingRef, subjectIndex, role: grant.roleRef, rule },
        bindingNamespace: bindingNamespaceOf(grant.binding),
      });
    });
  }
  return out;
}

export function whoCan(inventory: Inventory, request: AccessRequest): AllowedSubject[] {
  return whoCanIn(grantsOf(inventory), request);
}

/** Each subject once, in the order of first appearance. */
export function distinctSubjects(allowed: readonly AllowedSubject[]): Subject[] {
  const seen = new Map<string, Subject>();
  for (const { subject, bindingNamespace } of allowed) {
    const namespace = subject.kind === "ServiceAccount" ? subject.namespace || bindingNamespace : "";
    const key = `${subject.kind}/${namespace}/${subject.name}`;
    if (!seen.has(key)) seen.set(key, subject);
  }
  return [...seen.values()];
}

/** A binding of a namespace has effect on that namespace's objects only; URLs and cluster-scoped objects need a ClusterRoleBinding. */
function effectiveIn(grant: Grant, request: AccessRequest): boolean {
  if (grant.namespace === null) return true;
  if (isUrlRequest(request)) return false;
  return (request.namespace ?? "") !== "" && request.namespace === grant.namespace;
}

/** For tests and callers that hold objects rather than an inventory. */
export function whoCanAmong(objects: RbacObjects, request: AccessRequest, superUser?: string): AllowedSubject[] {
  return whoCanIn(listGrants(objects), request, { superUser });
}
