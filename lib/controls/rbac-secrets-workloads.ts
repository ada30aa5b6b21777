/**
 * rbac-secrets-workloads: CDE service accounts cannot read Secrets through the API.
 *
 * Reads: every binding whose subject is or holds a service account, and its rules on Secrets of the core group.
 * Pass: no service account, of whatever namespace, can read Secrets in the CDE namespace; or it is an approved operator whose rules
 *   name the Secrets.
 * Fail: one can, by get, list, watch, update, patch or deletecollection (each returns the content) or `*`. Rules that name single
 *   Secrets are medium, everything else high.
 * Unknown: RBAC could not be read, no scope is declared, or (in manifests) an account is bound to a role not among the files, or there is no binding at all.
 * Not applicable: the namespace has no service account and nothing else reaches it; files that hold a role which reads Secrets and
 *   no binding are unknown.
 * Left out: the accounts of Kubernetes' own controllers in kube-system under their default bindings.
 * Traps: resourceNames don't narrow list and watch at large, they forbid them; the groups system:serviceaccounts,
 *   system:serviceaccounts:NS and system:authenticated hold accounts; who may create pods can mount a Secret without any of
 *   these rights, which is another control's question; create alone returns nothing that the caller didn't know.
 */
import { type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import type { PolicyRule, Subject } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { isBootstrapObject } from "@/lib/rbac/bootstrap-roles";
import { type EffectiveRule, type Grant, grantsOf } from "@/lib/rbac/grants";
import { describeRule, groupMatches, resourceMatches } from "@/lib/rbac/rules";
import { accountReach, describeSubject } from "@/lib/rbac/subjects";
import { type ApprovalState, describeApproval, findApproval } from "./approved";
import { renderManifest } from "./manifest";
import {
  findNoBinding,
  findUnreadable,
  invalidResults,
  judgeNamespaces,
  namespaceRef,
  nameSome,
  RBAC_KINDS,
} from "./population";
import { GRANTS, RULES_CAN, script, selectNamespaces, shellQuote } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { shortReason } from "./short-reason";

const SECTIONS = ["clusterroles", "clusterrolebindings", "rolebindings", "roles"] as const;
/** Verbs whose answer holds the Secret's content. */
const READING = ["get", "list", "watch", "update", "patch", "deletecollection"] as const;
/** Verbs of a rule that names single objects: the others act on the whole collection. */
const NAMED_READING: readonly string[] = ["get", "list", "watch", "update", "patch"];

export const rbacSecretsWorkloads: Control = {
  id: "rbac-secrets-workloads",
  revision: 2,
  title: "CDE service accounts cannot read Secrets through the API",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "A system account that can read every credential of its namespace has more than its function needs.",
    },
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale: "Credentials in Secrets stay protected only if workloads can't fetch them in the clear from the API.",
    },
    {
      requirement: "8.6.2",
      kind: "supporting",
      rationale: "Credentials that any workload can read are no better kept than in files.",
    },
    {
      requirement: "3.6.1.3",
      kind: "supporting",
      rationale: "Access to key material in Secrets has to be limited to the fewest custodians.",
    },
    { requirement: "3.7.7", kind: "supporting", rationale: "Who can update a Secret can replace a key." },
  ],
  judges: "serviceaccount",
  sections: ["namespaces", ...SECTIONS],
  rule: {
    reads: "Bindings whose subject is or holds a service account, and the rules behind them that touch Secrets.",
    pass: "No service account of any namespace can read Secrets in the CDE namespace, except approved operators whose rules name the Secrets.",
    fail: "One can, by get, list, watch, update, patch, deletecollection or * (medium when limited to named Secrets).",
    unknown:
      "RBAC could not be read, an RBAC object is invalid, no scope is declared, or a bound role is not among the files.",
    notApplicable: "The namespace has no service account and none reaches it.",
    why: "A workload that is taken over holds its account's token; with these rights the token yields every credential of the namespace.",
    cannotSee: "Secrets that a pod mounts, and reads by who may create pods (see rbac-escalation-paths).",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, SECTIONS);
    const found =
      unreadable === null && context.scope.declared ? pathsOf(context, context.scope.inCategory("cde")) : [];
    const open = found.filter((reader) => !isApproved(context, reader));
    const reached = new Set(open.flatMap(({ paths }) => paths.flatMap((path) => path.namespaces)));
    const results = judgeNamespaces(context, ["cde"], (namespace) => {
      if (unreadable !== null) return [{ ...unreadable, object: namespaceRef(namespace) }];
      return judgeNamespace(context, namespace, reached.has(namespace));
    });
    const invalid = context.scope.declared && context.scope.hasCde ? invalidResults(context, RBAC_KINDS) : [];
    const approved = found.filter((reader) => !open.includes(reader));
    return [
      ...results,
      ...open.map((reader) => withApproval(context, reader, failOf(reader))),
      ...approved.map((reader) => withApproval(context, reader, passOf(reader))),
      ...invalid,
    ];
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `RB=${shellQuote(RULES_CAN)}`,
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" "$RB"'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.subject.kind=="ServiceAccount" or (.subject.name|startswith("system:serviceaccount")) or .subject.name=="system:authenticated")|select(can("";"secrets";${JSON.stringify(READING)}))|[.ns,.binding,.role,(.subject.namespace//"-"),.subject.name]|@tsv'`,
      ),
      expect:
        "No lines, or only approved operators. Kubernetes' own controllers in kube-system appear under bindings whose names begin with system:controller.",
      needs: [],
    };
  },
  remediate(context, result) {
    const found = pathsOf(context, context.scope.inCategory("cde")).find(
      (entry) => refKey(entry.object) === refKey(result.object),
    );
    const summary = `Take Secrets out of the rules that ${result.object.kind} ${result.object.name} holds, and give the workload what it needs as a mounted file or from an external store.`;
    const risk =
      "A workload that reads Secrets through the API stops working until the value is mounted. Operators that manage Secrets need a rule with resourceNames.";
    const path = found?.paths.find(({ grant }) => grant.roleState === "present");
    if (path === undefined) return { summary, risk };
    const role = [...context.inventory.list("roles"), ...context.inventory.list("clusterroles")].find(
      (candidate) => refKey(refOf(candidate)) === refKey(path.rule.role),
    );
    if (role === undefined) return { summary, risk };
    const { kind, metadata, apiVersion } = role;
    return {
      summary: `${summary} The manifest is ${kind} ${metadata.name} without them.`,
      manifest: renderManifest({
        apiVersion,
        kind,
        metadata: {
          name: metadata.name,
          ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        },
        rules: (role.rules ?? []).map(withoutSecrets).filter((rule) => rule !== null),
      }),
      apply: `kubectl apply -f ${metadata.name.replaceAll(":", "-")}.yaml`,
      risk: `${risk} Everybody else who holds ${kind} ${metadata.name} loses the right too.`,
    };
  },
};

function withoutSecrets(rule: PolicyRule): PolicyRule | null {
  if (!touchesSecrets(rule)) return rule;
  // A wildcard can't be cut: what else it granted has to be named by hand.
  if ((rule.resources ?? []).includes("*")) return null;
  const resources = (rule.resources ?? []).filter((resource) => resource !== "secrets");
  return resources.length === 0 ? null : { ...rule, resources };
}

function judgeNamespace(context: EvaluationContext, namespace: string, isRead: boolean): Result[] {
  const { inventory } = context;
  const object = namespaceRef(namespace);
  const missing = unknownRoles(context, namespace);
  if (isRead || missing.length > 0) return missing;
  const accounts = inventory.list("serviceaccounts").filter((account) => namespaceOf(account) === namespace);
  const hasAccounts =
    accounts.length > 0 || inventory.workloadsIn(namespace).length > 0 || !inventory.readable("serviceaccounts").known;
  const loose = looseReaders(context, namespace);
  const silent = hasAccounts || loose.length > 0 ? findNoBinding(context) : null;
  if (silent !== null) {
    const warning = loose.length > 0 ? ` Whoever is bound to ${nameSome(loose)} reads Secrets.` : "";
    return [{ ...silent, object, detail: `${silent.detail}${warning}` }];
  }
  const bindings = grantsOf(inventory).filter(
    (grant) => grant.namespace === null || grant.namespace === namespace,
  ).length;
  if (!hasAccounts) {
    return [
      {
        status: "not-applicable",
        object,
        reason: "the namespace has no service account",
        detail: `${namespace} has neither a service account nor a workload, and no account of another namespace can read its Secrets.`,
        evidence: [],
      },
    ];
  }
  return [
    {
      status: "pass",
      object,
      reason: "no service account can read its Secrets",
      detail: `Of ${bindings} bindings that have effect in ${namespace}, none lets a service account read Secrets there. It has ${accounts.length} service accounts: ${nameSome(accounts.map((a) => a.metadata.name)) || "only those its workloads name"}.`,
      evidence: accounts.slice(0, 20).map((account) => ({ ref: refOf(account), pointer: "" })),
    },
  ];
}

/** Roles of files that would let a service account read the namespace's Secrets if it were bound to them. */
function looseReaders({ inventory }: EvaluationContext, namespace: string): string[] {
  if (inventory.snapshot.source !== "manifests") return [];
  const roles = inventory.list("roles").filter((role) => namespaceOf(role) === namespace);
  return [...roles, ...inventory.list("clusterroles")]
    .filter((role) => !isBootstrapObject(role) && (role.rules ?? []).some(readsSecrets))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

interface Reader {
  object: ResourceRef;
  text: string;
  paths: { grant: Grant; rule: EffectiveRule; subjectIndex: number; namespaces: string[] }[];
}

function isNamedOnly({ paths }: Reader): boolean {
  return paths.every(({ rule }) => (rule.rule.resourceNames ?? []).length > 0);
}

function approvalsOf(context: EvaluationContext, { object, paths }: Reader): ApprovalState[] {
  const { kind, namespace, name } = object;
  const subject = namespace === undefined ? { kind, name } : { kind, name, namespace };
  return [...new Set(paths.flatMap((path) => path.namespaces))].map((place) =>
    findApproval(context, { control: "rbac-secrets-workloads", subject, namespace: place }),
  );
}

/** An operator's approval counts for the Secrets that its rules name, and for no others. */
function isApproved(context: EvaluationContext, reader: Reader): boolean {
  return isNamedOnly(reader) && approvalsOf(context, reader).every(({ state }) => state === "approved");
}

function withApproval(context: EvaluationContext, reader: Reader, result: Result): Result {
  const answers = approvalsOf(context, reader).flatMap((answer) => (answer.state === "none" ? [] : [answer]));
  if (answers.length === 0) return result;
  const words = nameSome([...new Set(answers.map(describeApproval))]);
  const lacking =
    result.status === "fail" && !isNamedOnly(reader) ? " An approval counts only for rules that name the Secrets." : "";
  return {
    ...result,
    detail: `${result.detail} For the list of approved access: ${words}.${lacking}`,
    evidence: [...answers.map(({ evidence }) => evidence), ...result.evidence],
  };
}

function passOf(reader: Reader): Result {
  const { severity: _, ...failed } = failOf(reader);
  return { ...failed, status: "pass", reason: shortReason(`approved: ${failed.reason}`) };
}

/** One fail per account or group that reads Secrets in some of the namespaces, with every path. */
function failOf({ object, text, paths }: Reader): Result {
  const where = [...new Set(paths.flatMap((path) => path.namespaces))];
  const isNamed = isNamedOnly({ object, text, paths });
  const lines = paths.map(({ grant, rule }) => {
    const state = grant.roleState === "assumed" ? " (as Kubernetes installs it)" : "";
    const via = rule.role.name === grant.roleRef.name ? "" : `, to which ${rule.role.kind} ${rule.role.name} adds`;
    return `${grant.binding.kind} ${grant.binding.metadata.name} → ${grant.roleRef.kind} ${grant.roleRef.name}${state}${via}, rules[${rule.index}] ${describeRule(rule.rule)}`;
  });
  const evidence: EvidencePointer[] = paths.slice(0, 10).flatMap(({ grant, rule, subjectIndex }) => [
    { ref: grant.bindingRef, pointer: `/subjects/${subjectIndex}`, found: text },
    { ref: rule.role, pointer: `/rules/${rule.index}`, found: JSON.stringify(rule.rule) },
  ]);
  return {
    status: "fail",
    object,
    severity: isNamed ? "medium" : "high",
    reason: shortReason(`reads ${isNamed ? "named " : ""}Secrets in ${nameSome(where, 2)}`),
    detail: `${text} can read ${isNamed ? "named " : ""}Secrets in ${nameSome(where)}: ${nameSome(lines, 4)}.`,
    evidence,
  };
}

function pathsOf(context: EvaluationContext, namespaces: readonly string[]): Reader[] {
  const found = new Map<string, Reader>();
  const judged = new Set(namespaces);
  for (const grant of grantsOf(context.inventory)) {
    if (grant.namespace !== null && !judged.has(grant.namespace)) continue;
    const rules = grant.rules.filter(({ rule: candidate }) => readsSecrets(candidate));
    // A rule for every Secret says more than one for named Secrets, wherever it stands in the role.
    const rule = rules.find(({ rule: candidate }) => (candidate.resourceNames ?? []).length === 0) ?? rules[0];
    if (rule === undefined) continue;
    const reached = grant.namespace === null ? [...namespaces] : [grant.namespace];
    // Without a CDE namespace a right over the whole cluster reaches no Secret that this control is about.
    if (reached.length === 0) continue;
    grant.subjects.forEach((subject, subjectIndex) => {
      const reader = readerOf(grant, subject);
      if (reader === null) return;
      const key = refKey(reader.object);
      const entry = found.get(key) ?? { ...reader, paths: [] };
      entry.paths.push({ grant, rule, subjectIndex, namespaces: reached });
      found.set(key, entry);
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, reader]) => reader);
}

function touchesSecrets(rule: PolicyRule): boolean {
  return groupMatches(rule, "") && resourceMatches(rule, "secrets");
}

function readsSecrets(rule: PolicyRule): boolean {
  if (!touchesSecrets(rule)) return false;
  if (rule.verbs.includes("*")) return true;
  const verbs = (rule.resourceNames ?? []).length > 0 ? NAMED_READING : READING;
  return rule.verbs.some((verb) => (verbs as readonly string[]).includes(verb));
}

/** The service account, or the group of accounts, that a subject stands for; null for people and for Kubernetes' own controllers. */
function readerOf(grant: Grant, subject: Subject): { object: ResourceRef; text: string } | null {
  const reach = accountReach(subject, grant.namespace ?? "");
  if (reach === null) return null;
  if (reach.kind === "one") {
    const { namespace, name } = reach.account;
    const isOwn =
      namespace === "kube-system" &&
      isBootstrapObject(grant.binding) &&
      grant.binding.metadata.name.startsWith("system:");
    if (isOwn) return null;
    return {
      object: { apiVersion: "v1", kind: "ServiceAccount", namespace, name },
      text: `ServiceAccount ${namespace}/${name}`,
    };
  }
  const all =
    reach.kind === "all" ? "every service account of the cluster" : `every service account of ${reach.namespace}`;
  return {
    object: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Group", name: subject.name },
    text: `${describeSubject(subject)} (${all})`,
  };
}

function unknownRoles(context: EvaluationContext, namespace: string): Result[] {
  if (context.inventory.snapshot.source !== "manifests") return [];
  return grantsOf(context.inventory)
    .filter((grant) => grant.roleState === "missing" && (grant.namespace === null || grant.namespace === namespace))
    .filter((grant) => grant.subjects.some((subject) => readerOf(grant, subject) !== null))
    .map((grant) => ({
      status: "unknown" as const,
      object: grant.bindingRef,
      // A binding of the whole cluster is judged once for each namespace.
      ...(grant.namespace === null ? { part: `namespace ${namespace}` } : {}),
      reason: shortReason(`${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`),
      detail: `${grant.binding.kind} ${grant.binding.metadata.name} gives service accounts ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say whether it reads Secrets in ${namespace}. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
    }));
}
