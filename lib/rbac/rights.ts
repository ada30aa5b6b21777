/**
 * Who holds which of a list of rights, through which bindings: what controls about access ask, subject by subject.
 *
 * - A right on a cluster-scoped resource is held through a ClusterRoleBinding only; a RoleBinding gives the others in its namespace.
 * - A rule with resourceNames gives what carries a name: never create or deletecollection of the resource itself, but every
 *   verb on a subresource (`create pods/exec` names the pod). list and watch carry one with a field selector.
 * - A service account is one subject, whether written as ServiceAccount or as User `system:serviceaccount:NS:NAME`.
 */
import type { ResourceRef } from "@/lib/inventory/inventory";
import type { PolicyRule, Subject } from "@/lib/inventory/kinds";
import type { EffectiveRule, Grant } from "./grants";
import { groupMatches, resourceMatches } from "./rules";
import { accountReach, bindingNamespaceOf, describeSubject } from "./subjects";

export interface Right {
  group: string;
  resource: string;
  subresource?: string;
  verbs: readonly string[];
  /** Its objects lie in no namespace. */
  isClusterScoped?: boolean;
  /** Only these names of objects matter; a rule that is limited to others doesn't give the right. */
  names?: readonly string[];
}

/** One rule of one binding that gives a right to a subject. */
export interface Holding {
  grant: Grant;
  subjectIndex: number;
  right: Right;
  /** Those of the right's verbs that the rule allows. */
  verbs: readonly string[];
  rule: EffectiveRule;
  /** Names that the rule is limited to; empty for every object. */
  names: readonly string[];
}
export interface Holder {
  subject: Subject;
  /** What a result is about. */
  ref: ResourceRef;
  /** `Group platform-admins`, `ServiceAccount ci/deployer`. */
  text: string;
  holdings: Holding[];
}

const NEEDS_NO_NAME: ReadonlySet<string> = new Set(["create", "deletecollection"]);

/** The verbs of the right that the rule allows, and the names it is limited to; null when it allows none. */
export function rightOfRule(
  rule: PolicyRule,
  right: Right,
): { verbs: readonly string[]; names: readonly string[] } | null {
  if (!groupMatches(rule, right.group) || !matchesResource(rule, right)) return null;
  const names = rule.resourceNames ?? [];
  if (names.length > 0 && right.names !== undefined && !names.some((name) => right.names?.includes(name))) return null;
  const verbs = right.verbs.filter((verb) => {
    if (names.length > 0 && right.subresource === undefined && NEEDS_NO_NAME.has(verb)) return false;
    return rule.verbs.includes("*") || rule.verbs.includes(verb);
  });
  return verbs.length === 0 ? null : { verbs, names };
}

/** A right on the subresource `*` is one on any subresource of the resource (`userextras/scopes`). */
function matchesResource(rule: PolicyRule, { resource, subresource }: Right): boolean {
  if (subresource !== "*") return resourceMatches(rule, resource, subresource);
  return (rule.resources ?? []).some((r) => r === "*" || r.startsWith(`${resource}/`) || r.startsWith("*/"));
}

/**
 * Every subject that holds one of the rights, in name order, with all its holdings. `isAsked` chooses bindings and subjects.
 */
export function holdersOf(
  grants: readonly Grant[],
  rights: readonly Right[],
  isAsked: (grant: Grant, subject: Subject) => boolean,
): Holder[] {
  const found = new Map<string, Holder>();
  // Many bindings share one role, and with it the list of rules.
  const known = new Map<readonly EffectiveRule[], Omit<Holding, "grant" | "subjectIndex">[]>();
  for (const grant of grants) {
    let given = known.get(grant.rules);
    if (given === undefined) {
      given = rightsOfRules(grant.rules, rights);
      known.set(grant.rules, given);
    }
    const inPlace = given.filter(({ right }) => grant.namespace === null || right.isClusterScoped !== true);
    if (inPlace.length === 0) continue;
    grant.subjects.forEach((subject, subjectIndex) => {
      if (!isAsked(grant, subject)) return;
      const ref = subjectRef(subject, bindingNamespaceOf(grant.binding));
      if (ref === null) return;
      const key = `${ref.kind} ${ref.namespace ?? ""}/${ref.name}`;
      let holder = found.get(key);
      if (holder === undefined) {
        holder = { subject: subjectOf(ref), ref, text: describeSubject(subjectOf(ref)), holdings: [] };
        found.set(key, holder);
      }
      for (const holding of inPlace) holder.holdings.push({ ...holding, grant, subjectIndex });
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, holder]) => holder);
}

/**
 * What a role gives of each right: rules without names first, then those with; each only if it adds a verb. A role that says the
 * same twice is held once.
 */
function rightsOfRules(
  rules: readonly EffectiveRule[],
  rights: readonly Right[],
): Omit<Holding, "grant" | "subjectIndex">[] {
  return rights.flatMap((right) => {
    const given: Omit<Holding, "grant" | "subjectIndex">[] = [];
    for (const rule of rules) {
      const found = rightOfRule(rule.rule, right);
      if (found !== null) given.push({ right, rule, ...found });
    }
    // Nothing is said twice.
    if (given.length <= 1) return given;
    const known = new Set<string>();
    const ordered = [
      ...given.filter(({ names }) => names.length === 0),
      ...given.filter(({ names }) => names.length > 0),
    ];
    const kept = new Set(
      ordered.filter(({ verbs, names }) => {
        const adds = verbs.some((verb) => !known.has(verb));
        // Two rules for different names both count.
        if (names.length === 0) for (const verb of verbs) known.add(verb);
        return adds;
      }),
    );
    return given.filter((holding) => kept.has(holding));
  });
}

/** The one name of a subject; null for a service account without namespace in a ClusterRoleBinding, which is nobody. */
export function subjectRef(subject: Subject, bindingNamespace: string): ResourceRef | null {
  const reach = accountReach(subject, bindingNamespace);
  if (reach?.kind === "one") return { apiVersion: "v1", kind: "ServiceAccount", ...reach.account };
  if (subject.kind === "ServiceAccount") return null;
  return { apiVersion: "rbac.authorization.k8s.io/v1", kind: subject.kind, name: subject.name };
}
function subjectOf({ kind, namespace, name }: ResourceRef): Subject {
  if (namespace !== undefined) return { kind, name, namespace };
  return { kind, name, apiGroup: "rbac.authorization.k8s.io" };
}

/** The namespaces among `asked` in which the holdings have effect. */
export function namespacesOf(holdings: readonly Holding[], asked: readonly string[]): string[] {
  if (holdings.some(({ grant }) => grant.namespace === null)) return [...asked];
  const own = new Set(holdings.map(({ grant }) => grant.namespace));
  return asked.filter((namespace) => own.has(namespace));
}

/** `get,create pods/exec`. */
export function describeRight({ right, verbs, names }: Pick<Holding, "right" | "verbs" | "names">): string {
  const { group, resource, subresource } = right;
  const what = `${resource}${subresource === undefined ? "" : `/${subresource}`}${group === "" ? "" : `.${group}`}`;
  return `${verbs.join(",")} ${what}${names.length === 0 ? "" : ` named ${names.join(", ")}`}`;
}

/**
 * What is left of a rule when the rights are taken out. A wildcard can't be cut: an entry `*`, `*` as verb or "star slash
 * subresource" that gives one of them goes whole, and what else it gave has to be named by hand.
 */
export function withoutRights(rule: PolicyRule, rights: readonly Right[]): PolicyRule[] {
  const byVerbs = new Map<string, { verbs: string[]; resources: string[] }>();
  for (const resource of rule.resources ?? []) {
    const taken = rights.flatMap((right) => rightOfRule({ ...rule, resources: [resource] }, right)?.verbs ?? []);
    const isCuttable = resource !== "*" && !resource.startsWith("*/") && !rule.verbs.includes("*");
    if (taken.length > 0 && !isCuttable) continue;
    const verbs = rule.verbs.filter((verb) => !taken.includes(verb));
    if (verbs.length === 0) continue;
    const entry = byVerbs.get(verbs.join(" ")) ?? { verbs, resources: [] };
    entry.resources.push(resource);
    byVerbs.set(verbs.join(" "), entry);
  }
  const { nonResourceURLs = [], verbs, apiGroups = [], resourceNames = [] } = rule;
  return [
    ...[...byVerbs.values()].map((entry) => ({
      apiGroups,
      ...entry,
      ...(resourceNames.length === 0 ? {} : { resourceNames }),
    })),
    ...(nonResourceURLs.length === 0 ? [] : [{ nonResourceURLs, verbs }]),
  ];
}
