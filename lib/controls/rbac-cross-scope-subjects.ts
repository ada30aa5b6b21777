/**
 * rbac-cross-scope-subjects: subjects from outside the CDE have no rights inside it unless approved.
 *
 * Reads: RoleBindings of CDE namespaces and all ClusterRoleBindings whose subject is a service account of another namespace, or
 *   the group of all accounts of one or of the cluster; the scope of the home namespace; the register of approved access.
 * Pass: each is approved, and its home namespace is connected-to (or in the CDE itself, where it is not from outside).
 * Fail: it is not approved; its home is out of scope, although whoever reaches the CDE is connected to it; or its home namespace
 *   doesn't exist, so that whoever makes it takes the rights.
 * Unknown: RBAC or namespaces could not be read, an RBAC object is not valid, no scope is declared, the home's scope is not known,
 *   or (in manifests) a bound role is not among the files.
 * Not applicable: no subject from outside, or no CDE namespace.
 * Left out: components of the platform; users and groups of people, who have no home namespace.
 * Traps: the ClusterRoleBinding of an operator reaches the CDE; one that gives only cluster-scoped resources or URLs doesn't.
 */
import { type ResourceRef, refKey } from "@/lib/inventory/inventory";
import type { Subject } from "@/lib/inventory/kinds";
import { reachesNamespaces } from "@/lib/rbac/cluster-scoped";
import { type Grant, grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { subjectRef } from "@/lib/rbac/rights";
import { describeRule } from "@/lib/rbac/rules";
import { accountReach, describeSubject } from "@/lib/rbac/subjects";
import { describeApproval, findApproval } from "./approved";
import { RBAC_SECTIONS } from "./cde-rights";
import { type ManifestObject, renderManifest } from "./manifest";
import {
  clusterResult,
  findNoBinding,
  findUnreadable,
  invalidResults,
  judgeCluster,
  nameSome,
  namespaceRef,
  RBAC_KINDS,
  undeclaredNamespaces,
} from "./population";
import { GRANTS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";

const ID = "rbac-cross-scope-subjects";

export const rbacCrossScopeSubjects: Control = {
  id: ID,
  title: "Subjects from outside the CDE have no rights inside it unless approved",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "A system account from outside the CDE needs rights inside only where its function was approved.",
    },
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "Rights that cross the boundary of the CDE are given by job function or not at all.",
    },
    {
      requirement: "12.5.2",
      kind: "supporting",
      rationale: "A namespace whose accounts reach the CDE belongs into the documented scope.",
    },
    {
      requirement: "6.5.3",
      kind: "supporting",
      rationale: "Accounts of other environments with rights in production undo their separation.",
    },
    {
      requirement: "A1.1.1",
      kind: "supporting",
      rationale: "Accounts of one customer's environment must not reach another's.",
    },
    { requirement: "A1.1.2", kind: "supporting", rationale: "Customers' accounts stay within their own namespaces." },
    {
      requirement: "A1.1.3",
      kind: "supporting",
      rationale: "Each customer's accounts reach only resources given to that customer.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Bindings that have effect in CDE namespaces and whose subjects are service accounts of other namespaces, the scope of those, and the list of approved access.",
    pass: "Each such account is approved, and its home namespace is connected-to.",
    fail: "It is not approved, its home namespace is out of scope, or its home namespace does not exist.",
    unknown:
      "RBAC or namespaces could not be read, an RBAC object is invalid, no scope is declared, or the home namespace's scope is not known.",
    notApplicable: "No account from outside the CDE has rights inside it, or there is no CDE namespace.",
    why: "Whoever takes over a pod outside takes over its account, and with it the rights inside the CDE.",
    cannotSee:
      "People: users and groups have no home namespace. Agents of systems outside the cluster, which come as users.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, ["namespaces", ...RBAC_SECTIONS]);
    return judgeCluster(context, ["cde"], () => {
      if (unreadable !== null) return [unreadable];
      const results = [
        ...crossingsOf(context).map((crossing) => judge(context, crossing)),
        ...missingRoles(context),
        ...invalidResults(context, RBAC_KINDS),
        ...undeclaredNamespaces(context),
      ];
      if (results.length > 0) return results;
      return [
        findNoBinding(context) ??
          clusterResult(
            "not-applicable",
            "no account from outside has rights in the CDE",
            `Of ${grantsOf(context.inventory).length} bindings none gives a service account of another namespace anything in ${nameSome(context.scope.inCategory("cde"))}.`,
          ),
      ];
    });
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" '(if .subject.kind=="ServiceAccount" then .subject.namespace//.ns elif (.subject.name|startswith("system:serviceaccount:")) then (.subject.name|split(":")[2]) elif (.subject.name|startswith("system:serviceaccounts:")) then (.subject.name|split(":")[2]) elif .subject.name=="system:serviceaccounts" then "(every namespace)" else null end) as $home|select($home!=null and ($cde|index($home)|not))|select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.binding|startswith("system:")|not)|[.ns,.binding,.role,$home,.subject.name,([.rules[]|(.verbs|join(","))+" "+((.resources//.nonResourceURLs//[])|join(","))]|join("; "))]|@tsv'`,
      ),
      expect:
        "Only accounts of the list of approved access whose home namespace (fourth column) is connected-to. Lines whose first column is * count unless their rules hold only cluster-scoped resources or URLs.",
      needs: [],
    };
  },
  remediate(context, result) {
    const summary = `Give the work inside the CDE an account of its own there instead of ${describe(result.object)}, or have the account approved and label its home namespace connected-to.`;
    const risk =
      "What ran with the old account in the CDE stops until it uses the new one; an operator that has to reach every namespace has to be approved instead.";
    const crossing = crossingsOf(context).find(({ ref }) => refKey(ref) === refKey(result.object));
    if (crossing === undefined) return { summary, risk };
    const failing = new Set(
      crossingsOf(context)
        .filter((other) => judge(context, other).status === "fail")
        .map(({ ref }) => refKey(ref)),
    );
    const objects = crossing.paths.flatMap(({ grant }) => replaced(context, grant, failing));
    return { summary, manifest: renderManifest(...objects), apply: "kubectl apply -f cde-account.yaml", risk };
  },
};

interface Crossing {
  ref: ResourceRef;
  subject: Subject;
  text: string;
  /** Home namespace; null for the accounts of every namespace. */
  home: string | null;
  paths: { grant: Grant; subjectIndex: number }[];
}

function crossingsOf(context: EvaluationContext): Crossing[] {
  const { inventory, scope } = context;
  const found = new Map<string, Crossing>();
  for (const grant of grantsOf(inventory)) {
    if (grant.namespace !== null && scope.categoryOf(grant.namespace) !== "cde") continue;
    if (!grant.rules.some(({ rule }) => reachesNamespaces(rule))) continue;
    grant.subjects.forEach((subject, subjectIndex) => {
      const reach = accountReach(subject, grant.namespace ?? "");
      const ref = subjectRef(subject, grant.namespace ?? "");
      if (reach === null || ref === null || subject.name === "system:authenticated") return;
      if (isPlatformSubject(grant, subject, inventory.provider)) return;
      const home = reach.kind === "all" ? null : reach.kind === "one" ? reach.account.namespace : reach.namespace;
      if (home !== null && scope.categoryOf(home) === "cde") return;
      const key = refKey(ref);
      const named: Subject =
        ref.namespace === undefined
          ? { kind: ref.kind, name: ref.name }
          : { kind: ref.kind, name: ref.name, namespace: ref.namespace };
      const crossing = found.get(key) ?? { ref, subject: named, text: describeSubject(named), home, paths: [] };
      crossing.paths.push({ grant, subjectIndex });
      found.set(key, crossing);
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, crossing]) => crossing);
}

function judge(context: EvaluationContext, { ref, subject, text, home, paths }: Crossing): Result {
  const { inventory, scope } = context;
  const cde = scope.inCategory("cde");
  const isWide = paths.some(({ grant }) => grant.namespace === null);
  const reached = isWide ? cde : cde.filter((namespace) => paths.some(({ grant }) => grant.namespace === namespace));
  const answers = reached.map((namespace) => findApproval(context, { control: ID, subject, namespace }));
  const open = answers.filter(({ state }) => state !== "approved");
  const approval = [...new Set((open.length === 0 ? answers : open).map(describeApproval))].join("; ");
  const homeExists = home === null || inventory.namespaces.has(home);
  const isManifest = inventory.snapshot.source === "manifests";
  const category = home === null ? "out-of-scope" : scope.categoryOf(home);
  const lines = paths.map(({ grant }) => {
    const rules = grant.rules.filter(({ rule }) => reachesNamespaces(rule)).map(({ rule }) => describeRule(rule));
    const place = grant.namespace === null ? "" : ` in ${grant.namespace}`;
    return `${grant.binding.kind} ${grant.binding.metadata.name}${place} → ${grant.roleRef.kind} ${grant.roleRef.name}: ${nameSome(rules, 3)}`;
  });
  const evidence: EvidencePointer[] = [
    ...answers.flatMap((answer) => (answer.state === "none" ? [] : [answer.evidence])).slice(0, 3),
    ...paths.slice(0, 10).map(({ grant, subjectIndex }) => ({
      ref: grant.bindingRef,
      pointer: `/subjects/${subjectIndex}`,
      found: text,
    })),
    ...(home !== null && homeExists && category !== "undeclared"
      ? [{ ref: namespaceRef(home), pointer: "/metadata/labels", found: category }]
      : []),
  ];
  const rights = `It holds rights in ${nameSome(reached)}: ${nameSome(lines, 3)}.`;
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `${detail} ${rights}`,
    evidence,
  });
  if (home !== null && !homeExists && !isManifest) {
    return answer(
      "fail",
      `its home namespace ${home} does not exist`,
      `Namespace ${home} of ${text} does not exist: whoever creates it and an account of that name takes these rights.`,
    );
  }
  if (open.length > 0) {
    return answer(
      "fail",
      `from ${home ?? "every namespace"}, not approved in ${nameSome(reached, 2)}`,
      `${text} comes from outside the CDE: ${approval}.`,
    );
  }
  if (category === "undeclared") {
    return answer(
      "unknown",
      `the scope of its home namespace ${home} is not known`,
      `${text} is ${approval}, but the scope of its home namespace ${home} is not known. Add the Namespace with its label, or name it in a scope file.`,
    );
  }
  if (category === "out-of-scope") {
    return answer(
      "fail",
      home === null ? "accounts of every namespace" : `its home namespace ${home} is out of scope`,
      home === null
        ? `${text} holds accounts of namespaces that are out of scope, whatever was approved.`
        : `${text} is ${approval}, but its home namespace ${home} is labelled out of scope; whoever has rights in the CDE is connected to it.`,
    );
  }
  return answer("pass", `approved, from ${home} (${category})`, `${text} of ${home} (${category}) is ${approval}.`);
}

function missingRoles(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  if (inventory.snapshot.source !== "manifests") return [];
  return grantsOf(inventory)
    .filter(({ roleState, roleRef }) => roleState === "missing" && !roleRef.name.startsWith("system:"))
    .filter(({ namespace }) => namespace === null || scope.categoryOf(namespace) === "cde")
    .filter((grant) =>
      grant.subjects.some((subject) => {
        const reach = accountReach(subject, grant.namespace ?? "");
        return reach !== null && !(reach.kind === "one" && scope.categoryOf(reach.account.namespace) === "cde");
      }),
    )
    .map((grant) => ({
      status: "unknown" as const,
      object: grant.bindingRef,
      reason: shortReason(`${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`),
      detail: `${grant.binding.kind} ${grant.binding.metadata.name} gives accounts from outside the CDE ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say whether it reaches into the CDE. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
    }));
}

/** The binding with accounts of its own in the CDE; a binding of the whole cluster shrinks to the accounts' home namespaces. */
function replaced(context: EvaluationContext, grant: Grant, failing: ReadonlySet<string>): ManifestObject[] {
  const isMoved = (subject: Subject): boolean => {
    const ref = subjectRef(subject, grant.namespace ?? "");
    return ref !== null && failing.has(refKey(ref));
  };
  const { binding, namespace } = grant;
  const moved = grant.subjects.filter(isMoved).map((subject) => accountReach(subject, namespace ?? ""));
  const kept = grant.subjects.filter((subject) => !isMoved(subject));
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: binding.roleRef.kind, name: binding.roleRef.name };
  const api = "rbac.authorization.k8s.io/v1";
  const accounts = moved.flatMap((reach) => (reach?.kind === "one" ? [reach.account] : []));
  if (namespace !== null) {
    const own = accounts.map(({ namespace: home, name }) => `${home}-${name}`);
    return [
      ...own.map((name) => ({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } })),
      {
        apiVersion: api,
        kind: "RoleBinding",
        metadata: { name: binding.metadata.name, namespace },
        roleRef,
        subjects: [...kept, ...own.map((name) => ({ kind: "ServiceAccount", name, namespace }))],
      },
    ];
  }
  const homes = [...new Set(accounts.map((account) => account.namespace))].filter((home) =>
    context.inventory.namespaces.has(home),
  );
  return [
    ...homes.map((home) => ({
      apiVersion: api,
      kind: "RoleBinding",
      metadata: { name: binding.metadata.name, namespace: home },
      roleRef,
      subjects: accounts
        .filter((account) => account.namespace === home)
        .map(({ name }) => ({ kind: "ServiceAccount", name, namespace: home })),
    })),
    { apiVersion: api, kind: "ClusterRoleBinding", metadata: { name: binding.metadata.name }, roleRef, subjects: kept },
  ];
}

function describe({ kind, namespace, name }: ResourceRef): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}
