/**
 * rbac-no-wildcards: roles that reach the CDE use no wildcards.
 *
 * Reads: the rules of Roles and ClusterRoles, and the bindings that make them effective in a CDE namespace: a RoleBinding there
 *   or a ClusterRoleBinding. A ClusterRole that an aggregated role collects reaches whoever that role is bound to.
 * Pass: no `*` in verbs, resources or apiGroups of any rule of the role.
 * Fail: such a `*` (a subresource of everything, as in star slash exec, is one): critical for all verbs on secrets, pods/exec or all resources, else high.
 * Unknown: RBAC could not be read, or no scope is declared.
 * Not applicable: the role holds a wildcard and is bound to nobody (low: unused, remove it); no role is effective in the CDE.
 *   Files hold roles without their bindings: where they hold no binding at all, the role is judged by its rules (fail, low).
 * Left out: Kubernetes' own roles (label kubernetes.io/bootstrapping) while only its own components hold them.
 * Traps: `resources: *` includes subresources and future kinds; names are compared whole (externalsecrets isn't secrets);
 *   rules may be null and URL rules have no resources; a RoleBinding makes no URL rule effective.
 */
import { type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import type { PolicyRule, Role } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { isBootstrapObject } from "@/lib/rbac/bootstrap-roles";
import { defaultsThatCollect, type Grant, grantsOf } from "@/lib/rbac/grants";
import { describeRule, groupMatches, resourceMatches, wildcardFields } from "@/lib/rbac/rules";
import { describeSubject, isSystemComponent, SUPERUSER_GROUP } from "@/lib/rbac/subjects";
import { renderManifest } from "./manifest";
import { findUnreadable, invalidResults, judgeCluster, nameSome, RBAC_KINDS } from "./population";
import { GRANTS, script, selectNamespaces } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result, type Severity } from "./types";
import { shortReason } from "./short-reason";

const SECTIONS = ["clusterroles", "clusterrolebindings", "rolebindings", "roles"] as const;

export const rbacNoWildcards: Control = {
  id: "rbac-no-wildcards",
  title: "Roles that reach the CDE use no wildcards",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "A wildcard grants what nobody listed for a job function, and whatever is added later.",
    },
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "System accounts get the least they need only if their rules name it.",
    },
  ],
  judges: "role",
  sections: ["namespaces", ...SECTIONS],
  rule: {
    reads: "Rules of Roles and ClusterRoles, and the bindings that make them effective in CDE namespaces.",
    pass: "No rule of the role has * in verbs, resources or apiGroups.",
    fail: "A rule has a wildcard; critical for all verbs on secrets, pods/exec or all resources.",
    unknown: "RBAC could not be read, an RBAC object is invalid, or no scope is declared.",
    notApplicable: "The role is bound to nobody, or no role is effective in a CDE namespace.",
    why: "A wildcard can't be reviewed: what it grants changes with every kind that is installed.",
    cannotSee:
      "Whether named rights are needed, and whether an operator's wildcard was approved: that takes an exception on record.",
  },
  evaluate(context) {
    return judgeCluster(context, ["cde"], () => {
      const unreadable = findUnreadable(context, SECTIONS);
      if (unreadable !== null) return [unreadable];
      const results = [...judgeRoles(context), ...invalidResults(context, RBAC_KINDS)];
      if (results.length > 0) return results;
      return [
        {
          status: "not-applicable",
          object: CLUSTER_REF,
          reason: "no role is effective in a CDE namespace",
          detail:
            "Apart from Kubernetes' own roles for its own components, no Role or ClusterRole is bound in a CDE namespace or cluster-wide.",
          evidence: [],
        },
      ];
    });
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" 'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select((.subject.name|startswith("system:")|not) or ((.role|startswith("ClusterRole/system:")|not) and .subject.name!="system:masters"))|select(any(.rules[];((.verbs//[])|index("*")) or ((.resources//[])|any(.=="*" or startswith("*/"))) or ((.apiGroups//[])|index("*"))))|[.ns,.binding,.role,.subject.kind,.subject.name]|@tsv'`,
      ),
      expect:
        "No lines, or only operators whose wildcard is approved. Service accounts of Kubernetes' own controllers in kube-system appear under their default roles.",
      needs: [],
    };
  },
  remediate(context, result) {
    const role = findRole(context, result.object);
    const summary = `Replace each wildcard in ${result.object.kind} ${result.object.name} by the verbs, resources and groups that the audit log shows in use. The manifest holds the rules without wildcards; add the ones that are missed before applying it.`;
    const risk =
      "Whoever uses the wildcard for something that isn't listed is refused. Watch for 403 answers to the subjects named above.";
    if (role === undefined) return { summary, risk };
    if (result.status === "not-applicable") {
      return {
        summary: `${role.kind} ${role.metadata.name} is unused: delete it.`,
        apply: `kubectl delete ${role.kind.toLowerCase()} ${role.metadata.name}${role.kind === "Role" ? ` -n ${namespaceOf(role)}` : ""}`,
        risk: "Whoever binds the role later finds it gone.",
      };
    }
    return {
      summary,
      manifest: renderManifest({
        apiVersion: role.apiVersion,
        kind: role.kind,
        metadata: { name: role.metadata.name, ...(role.kind === "Role" ? { namespace: namespaceOf(role) } : {}) },
        rules: (role.rules ?? []).map(withoutWildcards).filter((rule) => rule !== null),
      }),
      apply: `kubectl apply -f ${role.metadata.name.replaceAll(":", "-")}.yaml`,
      risk,
    };
  },
};

/** The read verbs stand in for all verbs; what a wildcard over resources or groups covers, only the audit log can tell. */
function withoutWildcards(rule: PolicyRule): PolicyRule | null {
  const fields = wildcardFields(rule);
  if (fields.includes("resources") || fields.includes("apiGroups")) return null;
  return fields.includes("verbs") ? { ...rule, verbs: ["get", "list", "watch"] } : rule;
}

interface Reach {
  role: Role;
  /** Grants through which the role is effective in the CDE. */
  grants: Grant[];
  /** The aggregated role that carries it there, if it isn't bound itself. */
  via: string | null;
}

function judgeRoles(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const cde = new Set(scope.inCategory("cde"));
  const all = grantsOf(inventory);
  const effective = all.filter((grant) => grant.namespace === null || cde.has(grant.namespace));
  const byRole = new Map<string, Grant[]>();
  for (const grant of effective) {
    const key = refKey(grant.roleRef);
    byRole.set(key, [...(byRole.get(key) ?? []), grant]);
  }
  const bound = new Set(all.map((grant) => refKey(grant.roleRef)));
  const clusterRoles = inventory.list("clusterroles");
  const aggregated = clusterRoles.filter((role) => role.aggregationRule !== undefined);
  const roles = [...inventory.list("roles").filter((role) => cde.has(namespaceOf(role))), ...clusterRoles];
  const hasBindings = all.length > 0;
  const fromFiles = inventory.snapshot.source === "manifests";

  const results: Result[] = [];
  for (const role of roles) {
    const grants = grantsOfRole(role, byRole, aggregated);
    const holders = grants.grants.flatMap((grant) =>
      grant.subjects.filter((subject) => !isOwnComponent(grant, role, subject)),
    );
    if (holders.length > 0) {
      results.push(judgeRole(grants, clusterRoles));
      continue;
    }
    const isBound = bound.has(refKey(roleKey(role))) || grants.grants.length > 0;
    if (isBound || isBootstrapObject(role)) continue;
    // A role without wildcards that nobody holds has nothing to be judged by.
    const unused = judgeUnbound(role, fromFiles && !hasBindings);
    if (unused !== null) results.push(unused);
  }
  results.push(...assumedRoles(effective));
  return results;
}

function roleKey(role: Role): ResourceRef {
  return role.kind === "Role" ? { ...refOf(role), namespace: namespaceOf(role) } : refOf(role);
}

function grantsOfRole(role: Role, byRole: ReadonlyMap<string, Grant[]>, aggregated: readonly Role[]): Reach {
  const own = byRole.get(refKey(roleKey(role))) ?? [];
  if (role.kind !== "ClusterRole") return { role, grants: own, via: null };
  // In files the aggregated defaults (view, edit, admin) are left out; the label says that they would collect this role.
  const names = new Set([...carriersOf(role, aggregated), ...defaultsThatCollect(role)]);
  const carried = [...names].flatMap(
    (name) => byRole.get(refKey({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", name })) ?? [],
  );
  const via = own.length === 0 && carried.length > 0 ? (carried[0]?.roleRef.name ?? null) : null;
  return { role, grants: [...own, ...carried], via };
}

/**
 * Names of the aggregated roles that collect the role, also by way of one another: edit collects view, so that a role that is added
 * to view reaches whoever is bound to edit.
 */
function carriersOf(role: Role, aggregated: readonly Role[]): Set<string> {
  const names = new Set<string>();
  const waiting = [role];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const labels = next.metadata.labels ?? {};
    for (const other of aggregated) {
      if (other === role || names.has(other.metadata.name)) continue;
      const selectors = other.aggregationRule?.clusterRoleSelectors ?? [];
      if (!selectors.some((selector) => matchesSelector(selector, labels))) continue;
      names.add(other.metadata.name);
      waiting.push(other);
    }
  }
  return names;
}

/**
 * Kubernetes' own components hold Kubernetes' own roles; everybody else counts, also accounts of kube-system. A wildcard that
 * somebody wrote and gave to such a component (system:nodes is every kubelet) counts too.
 */
function isOwnComponent(grant: Grant, role: Role, subject: Grant["subjects"][number]): boolean {
  if (subject.kind === "Group" && subject.name === SUPERUSER_GROUP) return true;
  if (isSystemComponent(subject)) {
    const isOwnRole = isBootstrapObject(role) || role.metadata.name.startsWith("system:");
    return isOwnRole || wildcardRules(role.rules ?? [], grant.namespace === null).length === 0;
  }
  return (
    subject.kind === "ServiceAccount" &&
    (subject.namespace ?? grant.namespace) === "kube-system" &&
    isBootstrapObject(role) &&
    isBootstrapObject(grant.binding)
  );
}

function judgeRole({ role, grants, via }: Reach, clusterRoles: readonly Role[]): Result {
  const object = roleKey(role);
  const isClusterWide = grants.some((grant) => grant.namespace === null);
  // Rules that an aggregated role collected are reported at the role that wrote them; what no role wrote (any more) here.
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const isCollected = (rule: PolicyRule): boolean =>
    clusterRoles.some(
      (other) =>
        other !== role &&
        selectors.some((selector) => matchesSelector(selector, other.metadata.labels ?? {})) &&
        (other.rules ?? []).some((candidate) => JSON.stringify(candidate) === JSON.stringify(rule)),
    );
  const found = wildcardRules(role.rules ?? [], isClusterWide).filter(
    ({ rule }) => role.aggregationRule === undefined || !isCollected(rule),
  );
  const holders = nameSome(
    [...new Set(grants.flatMap((grant) => grant.subjects.map((s) => describeSubject(s, grant.namespace ?? ""))))],
    4,
  );
  const where = nameSome(
    [
      ...new Set(
        grants.map((grant) =>
          grant.namespace === null
            ? `${grant.binding.metadata.name} (cluster-wide)`
            : `${grant.namespace}/${grant.binding.metadata.name}`,
        ),
      ),
    ],
    4,
  );
  const path = `bound by ${where} to ${holders}${via === null ? "" : `, through the aggregated ClusterRole ${via}`}`;
  const bindings = grants
    .slice(0, 10)
    .map((grant) => ({ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }));
  if (found.length === 0) {
    return {
      status: "pass",
      object,
      reason: "no wildcard",
      detail: `${role.kind} ${role.metadata.name} (${path}) names its verbs, resources and groups${role.aggregationRule === undefined ? "" : "; what it collects is judged at the roles it collects from"}.`,
      evidence: [{ ref: refOf(role), pointer: "/rules" }, ...bindings],
    };
  }
  return {
    status: "fail",
    object,
    severity: worst(found.map(({ rule }) => severityOf(rule))),
    reason: `rules[${found[0]?.index}]: * in ${wildcardFields(found[0]?.rule ?? { verbs: [] }).join(", ")}${found.length > 1 ? ` (+${found.length - 1})` : ""}`,
    detail: `${role.kind} ${role.metadata.name} (${path}) uses wildcards: ${found.map(({ rule, index }) => `rules[${index}] ${describeRule(rule)}`).join("; ")}.`,
    evidence: [
      ...found.map(({ rule, index }) => ({
        ref: refOf(role),
        pointer: `/rules/${index}`,
        found: JSON.stringify(rule),
      })),
      ...bindings,
    ],
  };
}

function judgeUnbound(role: Role, judgeByRules: boolean): Result | null {
  const found = wildcardRules(role.rules ?? [], role.kind === "ClusterRole");
  const object = roleKey(role);
  const evidence = found.map(({ rule, index }) => ({
    ref: refOf(role),
    pointer: `/rules/${index}`,
    found: JSON.stringify(rule),
  }));
  const rules = found.map(({ rule, index }) => `rules[${index}] ${describeRule(rule)}`).join("; ");
  if (judgeByRules) {
    if (found.length === 0) {
      return {
        status: "pass",
        object,
        reason: "no wildcard",
        detail: `${role.kind} ${role.metadata.name} names its verbs, resources and groups. The files hold no binding, so who gets it isn't known.`,
        evidence: [{ ref: refOf(role), pointer: "/rules" }],
      };
    }
    return {
      status: "fail",
      object,
      severity: "low",
      reason: `rules[${found[0]?.index}]: * in ${wildcardFields(found[0]?.rule ?? { verbs: [] }).join(", ")}`,
      detail: `${role.kind} ${role.metadata.name} uses wildcards: ${rules}. The files hold no binding, so who gets it isn't known; whoever is bound to it gets all of that.`,
      evidence,
    };
  }
  if (found.length === 0) return null;
  return {
    status: "not-applicable",
    object,
    severity: "low",
    reason: "unused: bound to nobody, and holds wildcards",
    detail: `${role.kind} ${role.metadata.name} is bound to nobody and uses wildcards: ${rules}. Delete it, so that nobody binds it by mistake.`,
    evidence,
  };
}

/** Bindings in files to a default role that the files leave out (cluster-admin) are reported at that role. */
function assumedRoles(grants: readonly Grant[]): Result[] {
  const seen = new Set<string>();
  return grants.flatMap((grant) => {
    const holders = grant.subjects.filter((subject) => !isSystemComponent(subject) && subject.name !== SUPERUSER_GROUP);
    if (grant.roleState !== "assumed" || holders.length === 0 || seen.has(grant.roleRef.name)) return [];
    const found = grant.rules.filter(
      ({ rule }) => wildcardFields(rule).length > 0 && (rule.resources ?? []).length > 0,
    );
    if (found.length === 0) return [];
    seen.add(grant.roleRef.name);
    return [
      {
        status: "fail" as const,
        object: grant.roleRef,
        severity: "critical" as const,
        reason: shortReason(`${grant.roleRef.name} holds every right, bound by ${grant.binding.metadata.name}`),
        detail: `${grant.binding.kind} ${grant.binding.metadata.name} gives ClusterRole ${grant.roleRef.name}, as Kubernetes installs it, to ${nameSome(holders.map((s) => describeSubject(s, grant.namespace ?? "")))}.`,
        evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
      },
    ];
  });
}

/** Rules with a wildcard; a URL rule counts only where a ClusterRoleBinding makes it effective. */
function wildcardRules(rules: readonly PolicyRule[], isClusterWide: boolean): { rule: PolicyRule; index: number }[] {
  return rules
    .map((rule, index) => ({ rule, index }))
    .filter(({ rule }) => {
      if ((rule.resources ?? []).length === 0 && !isClusterWide) return false;
      return wildcardFields(rule).some((field) => field !== "nonResourceURLs");
    });
}

function severityOf(rule: PolicyRule): Severity {
  if (!rule.verbs.includes("*")) return "high";
  const all = (rule.resources ?? []).includes("*");
  const core = groupMatches(rule, "");
  const sensitive = core && (resourceMatches(rule, "secrets") || resourceMatches(rule, "pods", "exec"));
  return all || sensitive ? "critical" : "high";
}

function worst(severities: readonly Severity[]): Severity {
  return severities.includes("critical") ? "critical" : "high";
}

function findRole(context: EvaluationContext, ref: ResourceRef): Role | undefined {
  return ref.kind === "Role"
    ? context.inventory
        .list("roles")
        .find((role) => role.metadata.name === ref.name && namespaceOf(role) === ref.namespace)
    : context.inventory.list("clusterroles").find((role) => role.metadata.name === ref.name);
}
