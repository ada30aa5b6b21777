/**
 * RBAC as Kubernetes evaluates it (documentation, "Using RBAC Authorization"), from the roles and bindings in the store.
 * Nothing is granted that no binding grants; only the group system:masters passes without one, as in the API server.
 */
import type { PolicyRule, Role, RoleBinding, Subject } from "./objects";
import { qualifiedResource, StatusError } from "./status";
import { objectKey, type Store } from "./store";

const RBAC = "rbac.authorization.k8s.io";

export interface User {
  name: string;
  uid?: string;
  groups: readonly string[];
  extra?: Record<string, string[]>;
}

export interface Attributes {
  verb: string;
  group: string;
  version?: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

export interface NonResourceAttributes {
  verb: string;
  path: string;
}

function isSubject(user: User, subject: Subject, bindingNamespace: string | undefined): boolean {
  switch (subject.kind) {
    case "User":
      return subject.name === user.name;
    case "Group":
      return user.groups.includes(subject.name);
    case "ServiceAccount":
      return user.name === `system:serviceaccount:${subject.namespace ?? bindingNamespace ?? ""}:${subject.name}`;
    default:
      return false;
  }
}

/** Every rule that holds for the user: cluster-wide ones, and those of `namespace` when one is given. */
export function* rulesFor(store: Store, user: User, namespace: string | undefined): Generator<PolicyRule> {
  if (user.groups.includes("system:masters")) {
    yield { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
    yield { verbs: ["*"], nonResourceURLs: ["*"] };
    return;
  }
  for (const binding of store.all<RoleBinding>(`${RBAC}/clusterrolebindings`)) {
    if (!binding.subjects?.some((subject) => isSubject(user, subject, undefined))) continue;
    const role = store.get(`${RBAC}/clusterroles`, binding.roleRef.name) as Role | undefined;
    yield* role?.rules ?? [];
  }
  if (namespace === undefined || namespace === "") return;
  for (const binding of store.all<RoleBinding>(`${RBAC}/rolebindings`)) {
    if (binding.metadata.namespace !== namespace) continue;
    if (!binding.subjects?.some((subject) => isSubject(user, subject, namespace))) continue;
    const role = (
      binding.roleRef.kind === "ClusterRole"
        ? store.get(`${RBAC}/clusterroles`, binding.roleRef.name)
        : store.get(`${RBAC}/roles`, objectKey(namespace, binding.roleRef.name))
    ) as Role | undefined;
    // A rule on URLs counts only in a ClusterRoleBinding.
    yield* (role?.rules ?? []).filter((rule) => rule.resources !== undefined);
  }
}

function allows(rule: PolicyRule, request: Attributes): boolean {
  if (!rule.resources) return false;
  const has = (list: readonly string[] | undefined, value: string) =>
    list?.some((item) => item === "*" || item === value);
  if (!has(rule.verbs, request.verb) || !has(rule.apiGroups, request.group)) return false;
  const wanted = request.subresource ? `${request.resource}/${request.subresource}` : request.resource;
  const named = rule.resources.some(
    (item) =>
      item === "*" || item === wanted || (request.subresource !== undefined && item === `*/${request.subresource}`),
  );
  if (!named) return false;
  if (!rule.resourceNames?.length) return true;
  return request.name !== undefined && request.name !== "" && rule.resourceNames.includes(request.name);
}

function allowsPath(rule: PolicyRule, request: NonResourceAttributes): boolean {
  if (!rule.nonResourceURLs?.length || !rule.verbs.some((verb) => verb === "*" || verb === request.verb)) return false;
  return rule.nonResourceURLs.some((pattern) =>
    pattern.endsWith("*") ? request.path.startsWith(pattern.slice(0, -1)) : pattern === request.path,
  );
}

export function isAllowed(store: Store, user: User, request: Attributes): boolean {
  for (const rule of rulesFor(store, user, request.namespace)) if (allows(rule, request)) return true;
  return false;
}

export function isPathAllowed(store: Store, user: User, request: NonResourceAttributes): boolean {
  for (const rule of rulesFor(store, user, undefined)) if (allowsPath(rule, request)) return true;
  return false;
}

/** @throws StatusError 403 in the API server's words. */
export function authorize(store: Store, user: User, request: Attributes): void {
  if (isAllowed(store, user, request)) return;
  const resource = request.subresource ? `${request.resource}/${request.subresource}` : request.resource;
  const where = request.namespace ? `in the namespace "${request.namespace}"` : "at the cluster scope";
  const subject = request.name
    ? `${qualifiedResource(request.group, request.resource)} "${request.name}"`
    : qualifiedResource(request.group, request.resource);
  throw new StatusError(
    403,
    "Forbidden",
    `${subject} is forbidden: User "${user.name}" cannot ${request.verb} resource "${resource}" in API group "${request.group}" ${where}`,
    {
      ...(request.name ? { name: request.name } : {}),
      ...(request.group ? { group: request.group } : {}),
      kind: request.resource,
    },
  );
}

/** @throws StatusError 403 in the API server's words. */
export function authorizePath(store: Store, user: User, request: NonResourceAttributes): void {
  if (isPathAllowed(store, user, request)) return;
  throw new StatusError(
    403,
    "Forbidden",
    `forbidden: User "${user.name}" cannot ${request.verb} path "${request.path}"`,
  );
}
