/**
 * Bindings resolved to the rules that they make effective: the one walk over RBAC that every question starts from.
 *
 * - A ClusterRoleBinding grants its ClusterRole in the whole cluster. A RoleBinding grants its Role or ClusterRole only inside
 *   its own namespace, and never a cluster-scoped resource or a URL. A ClusterRoleBinding can't name a Role.
 * - `rules: null` and a missing `rules` grant nothing. A roleRef to an object that doesn't exist grants nothing and is marked,
 *   because whoever creates a role of that name hands out its power.
 * - An aggregated ClusterRole has its rules filled by a controller. Where they are empty (a manifest, a controller that is
 *   down) the rules are collected here from the ClusterRoles that its selectors match, each with its own place as evidence.
 * - In manifests the ClusterRoles that every cluster has (cluster-admin, admin, edit, view) are usually not among the files: a
 *   reference to one is then taken for what Kubernetes installs under that name, with what the files' own ClusterRoles add to it
 *   by their aggregation labels, and marked as assumed.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { PolicyRule, Role, RoleBinding, Subject } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { BOOTSTRAP_ROLES } from "./bootstrap-roles";
import { type AccountName, bindingNamespaceOf, serviceAccountIdentity } from "./subjects";

export interface RbacObjects {
  roles: readonly Role[];
  clusterRoles: readonly Role[];
  roleBindings: readonly RoleBinding[];
  clusterRoleBindings: readonly RoleBinding[];
  /** True when the objects come from files, which leave out what every cluster has. */
  assumeBootstrapRoles?: boolean;
}

/** A rule with the place where it is written: for an aggregated role that is the role it was collected from. */
export interface EffectiveRule {
  rule: PolicyRule;
  role: ResourceRef;
  index: number;
}

export interface Grant {
  binding: RoleBinding;
  bindingRef: ResourceRef;
  /** Namespace in which the rules hold; null for the whole cluster. */
  namespace: string | null;
  /** The role that the binding names, whether it exists or not. */
  roleRef: ResourceRef;
  /** `assumed`: a bootstrap role that the files leave out. `missing`: no such role, so nothing is granted today. */
  roleState: "present" | "assumed" | "missing";
  rules: readonly EffectiveRule[];
  subjects: readonly Subject[];
}

const RBAC_API = "rbac.authorization.k8s.io/v1";

/** The RBAC objects of an inventory. Ask `inventory.readable(...)` for the four sections first: an unread one is empty here. */
export function rbacObjectsOf(inventory: Inventory): RbacObjects {
  return {
    roles: inventory.list("roles"),
    clusterRoles: inventory.list("clusterroles"),
    roleBindings: inventory.list("rolebindings"),
    clusterRoleBindings: inventory.list("clusterrolebindings"),
    assumeBootstrapRoles: inventory.snapshot.source === "manifests",
  };
}

/** Every binding with its effective rules: ClusterRoleBindings first, then RoleBindings, each in list order, as upstream walks them. */
export function listGrants(objects: RbacObjects): Grant[] {
  const clusterRoles = new Map(objects.clusterRoles.map((role) => [role.metadata.name, role]));
  const roles = new Map(objects.roles.map((role) => [`${namespaceOf(role)}/${role.metadata.name}`, role]));
  const collected = new Map<Role, EffectiveRule[]>();
  const rulesOf = (role: Role): EffectiveRule[] => {
    const known = collected.get(role);
    if (known !== undefined) return known;
    const rules = effectiveRules(role, objects.clusterRoles);
    collected.set(role, rules);
    return rules;
  };
  return [...objects.clusterRoleBindings, ...objects.roleBindings].map((binding) => {
    const isClusterWide = binding.kind === "ClusterRoleBinding";
    const namespace = isClusterWide ? null : bindingNamespaceOf(binding);
    const { kind, name } = binding.roleRef;
    const roleRef: ResourceRef =
      kind === "ClusterRole" || namespace === null
        ? { apiVersion: RBAC_API, kind, name }
        : { apiVersion: RBAC_API, kind, namespace, name };
    const role =
      kind === "ClusterRole"
        ? clusterRoles.get(name)
        : kind === "Role" && namespace !== null
          ? roles.get(`${namespace}/${name}`)
          : undefined;
    const base = { binding, bindingRef: refOf(binding), namespace, roleRef, subjects: binding.subjects ?? [] };
    if (role !== undefined) return { ...base, roleState: "present", rules: rulesOf(role) };
    const assumed = objects.assumeBootstrapRoles && kind === "ClusterRole" ? BOOTSTRAP_ROLES.get(name) : undefined;
    if (assumed !== undefined) {
      return {
        ...base,
        roleState: "assumed",
        rules: [
          ...assumed.map((rule, index) => ({ rule, role: roleRef, index })),
          ...objects.clusterRoles.filter((other) => defaultsThatCollect(other).includes(name)).flatMap(rulesOf),
        ],
      };
    }
    return { ...base, roleState: "missing", rules: [] };
  });
}

/** The rules that a role has effect with: its own, or for an aggregated role without filled rules those of the roles it selects. */
export function effectiveRules(role: Role, clusterRoles: readonly Role[]): EffectiveRule[] {
  return collectRules(role, clusterRoles, new Set());
}

function collectRules(role: Role, clusterRoles: readonly Role[], seen: Set<Role>): EffectiveRule[] {
  // A cycle of roles that aggregate each other converges in Kubernetes too: each role contributes its rules once.
  if (seen.has(role)) return [];
  seen.add(role);
  const own = role.rules ?? [];
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  if (own.length > 0 || selectors.length === 0 || role.kind !== "ClusterRole") {
    const ref = refOf(role);
    return own.map((rule, index) => ({ rule, role: ref, index }));
  }
  return clusterRoles
    .filter((other) => selectors.some((selector) => matchesSelector(selector, other.metadata.labels ?? {})))
    .flatMap((other) => collectRules(other, clusterRoles, seen));
}

/**
 * The default ClusterRoles (view, edit, admin) that collect a ClusterRole by its aggregation labels, in that order. Each of them
 * collects the one before it as well, so that what is added to view reaches whoever is bound to edit or admin.
 */
export function defaultsThatCollect(role: Role): string[] {
  const labels = role.metadata.labels ?? {};
  const first = AGGREGATED_DEFAULTS.findIndex(
    (name) => labels[`rbac.authorization.k8s.io/aggregate-to-${name}`] === "true",
  );
  return first < 0 ? [] : AGGREGATED_DEFAULTS.slice(first);
}
const AGGREGATED_DEFAULTS = ["view", "edit", "admin"];

const grantsByInventory = new WeakMap<Inventory, Grant[]>();

/** The grants of a cluster, walked once per inventory. */
export function grantsOf(inventory: Inventory): readonly Grant[] {
  let grants = grantsByInventory.get(inventory);
  if (grants === undefined) {
    grants = listGrants(rbacObjectsOf(inventory));
    grantsByInventory.set(inventory, grants);
  }
  return grants;
}

const accountIndexes = new WeakMap<Inventory, Map<string, number[]>>();

/**
 * The grants that reach a service account by its own name or through the groups of all accounts (of its namespace), in list order.
 * Those of `system:authenticated` are left out: everybody has them. Looked up in an index, because a large cluster asks for
 * thousands of accounts.
 */
export function grantsOfAccount(inventory: Inventory, account: AccountName): readonly Grant[] {
  const grants = grantsOf(inventory);
  let index = accountIndexes.get(inventory);
  if (index === undefined) {
    index = indexBySubject(grants);
    accountIndexes.set(inventory, index);
  }
  const { username, groups } = serviceAccountIdentity(account);
  const names = [`User ${username}`, ...groups.filter((g) => g !== "system:authenticated").map((g) => `Group ${g}`)];
  const positions = new Set(names.flatMap((name) => index.get(name) ?? []));
  return [...positions].sort((a, b) => a - b).flatMap((position) => grants[position] ?? []);
}

/** Positions of the grants by subject; a ServiceAccount is filed under the user name that it authenticates with. */
function indexBySubject(grants: readonly Grant[]): Map<string, number[]> {
  const index = new Map<string, number[]>();
  grants.forEach((grant, position) => {
    for (const subject of grant.subjects) {
      const namespace = subject.namespace || bindingNamespaceOf(grant.binding);
      if (subject.kind === "ServiceAccount" && namespace === "") continue;
      const key =
        subject.kind === "ServiceAccount"
          ? `User ${serviceAccountIdentity({ namespace, name: subject.name }).username}`
          : `${subject.kind} ${subject.name}`;
      const positions = index.get(key);
      if (positions === undefined) index.set(key, [position]);
      else positions.push(position);
    }
  });
  return index;
}
