/**
 * rbac-cluster-admin: cluster-admin and system:masters are limited to break-glass.
 *
 * Reads: every binding, the rules behind it and its subjects. Judged by rules, not by name: a ClusterRole with a rule of `*`
 *   verbs on `*` resources of `*` groups is cluster-admin under any name, and so is one that lists all seven verbs of objects there.
 * Pass: such a role is bound only to the Group system:masters (the default binding), kubeadm's group of cluster
 *   administrators, the control plane's own components, and subjects of the list of approved access; or it is bound to nobody.
 * Fail: any other subject. A RoleBinding gives full power in one namespace only: high, and critical for a CDE namespace; every
 *   account (system:serviceaccounts) and accounts of CDE namespaces are critical.
 * Unknown: RBAC could not be read; in manifests, a binding to a role that is not among the files, or no binding at all.
 * Not applicable: never.
 * system:masters passes every check without a binding: who is in it comes from certificates and the provider's mapping.
 */
import { refOf } from "@/lib/inventory/inventory";
import { type EffectiveRule, type Grant, grantsOf } from "@/lib/rbac/grants";
import { everyVerbRule } from "@/lib/rbac/rules";
import {
  accountReach,
  CONTROL_PLANE_USERS,
  describeSubject,
  KUBEADM_ADMINS,
  SUPERUSER_GROUP,
} from "@/lib/rbac/subjects";
import type { Subject } from "@/lib/inventory/kinds";
import { type ApprovalState, describeApproval, findApproval } from "./approved";
import { renderManifest } from "./manifest";
import { clusterResult, findNoBinding, findUnreadable, invalidResults, nameSome, RBAC_KINDS } from "./population";
import { GRANTS, script } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { shortReason } from "./short-reason";

const SECTIONS = ["clusterroles", "clusterrolebindings", "rolebindings", "roles"] as const;

const ID = "rbac-cluster-admin";

export const rbacClusterAdmin: Control = {
  id: ID,
  revision: 2,
  title: "cluster-admin and system:masters are limited to break-glass",
  severity: "critical",
  requirements: [
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "Unlimited rights are the opposite of rights by job function and least privilege.",
    },
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "An application or system account with every right in the cluster has more than its function needs.",
    },
    {
      requirement: "8.2.2",
      kind: "primary",
      rationale:
        "Groups with unlimited rights are used by several people; they are acceptable only as an exception for emergencies.",
    },
    {
      requirement: "7.2.3",
      kind: "supporting",
      rationale: "Each binding found is one whose approval can be asked for.",
    },
    {
      requirement: "7.2.1",
      kind: "supporting",
      rationale: "An access model that hands out everything does not follow need to know.",
    },
  ],
  judges: "binding",
  sections: [...SECTIONS],
  rule: {
    reads: "Every RoleBinding and ClusterRoleBinding, the rules behind it, and its subjects.",
    pass: "Roles with every verb on every resource are bound only to Kubernetes' default group, kubeadm's administrators group, the control plane's own components and approved subjects.",
    fail: "Any other person, group or service account is bound to such a role, under whatever name.",
    unknown:
      "RBAC could not be read, an RBAC object is invalid, or (in manifests) the bound role is not among the files.",
    notApplicable: "Never.",
    why: "Whoever holds these rights can read every Secret, enter every pod and switch off every control; PCI DSS asks that nobody does so in daily work.",
    cannotSee:
      "Members of system:masters: they come from client certificates and the provider's mapping (EKS access entries, aws-auth), not from bindings. Whether each use of an approved break-glass subject was recorded (see auth-shared-accounts).",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, SECTIONS);
    if (unreadable !== null) return [unreadable];
    const results = [
      ...grantsOf(context.inventory).flatMap((grant) => judge(context, grant)),
      ...invalidResults(context, RBAC_KINDS),
    ];
    if (results.length > 0) return results;
    return [
      findNoBinding(context) ??
        clusterResult(
          "pass",
          "no binding grants unlimited rights",
          "No RoleBinding or ClusterRoleBinding leads to a ClusterRole with every verb on every resource. Members of system:masters are not visible in bindings.",
        ),
    ];
  },
  verify() {
    return {
      command: script(
        GRANTS,
        `grants | jq -r 'select(.role|startswith("ClusterRole/"))|select([.rules[]|select(((.apiGroups//[])|index("*")) and ((.resources//[])|index("*")) and (((.resourceNames//[])|length)==0))|.verbs[]]|index("*") or ((["get","list","watch","create","update","patch","delete"]-.)==[]))|[.bind,.ns,.binding,.role,.subject.kind,(.subject.namespace//"-"),.subject.name]|@tsv'`,
      ),
      expect: `Only the Group ${SUPERUSER_GROUP} (and ${KUBEADM_ADMINS} on kubeadm clusters), and names that the break-glass record lists.`,
      needs: [],
    };
  },
  remediate(context, result) {
    const grant = grantsOf(context.inventory).find((candidate) => sameBinding(candidate, result));
    const kind = result.object.kind.toLowerCase();
    const namespace = result.object.namespace === undefined ? "" : ` -n ${result.object.namespace}`;
    if (grant === undefined) return { summary: "Remove the binding.", risk: "Whoever used it loses access." };
    const kept = grant.subjects.filter((subject) => !isProblem(context, grant, subject));
    const summary = `Remove ${nameSome(problems(context, grant).map((s) => describeSubject(s, grant.namespace ?? "")))} from ${result.object.kind} ${result.object.name} and bind a role that names what they need.`;
    const risk =
      "Whoever relies on the binding loses every right that no other binding gives; find out from the audit log what they use first.";
    if (kept.length === 0) {
      return { summary, apply: `kubectl delete ${kind} ${result.object.name}${namespace}`, risk };
    }
    const { apiVersion, roleRef } = grant.binding;
    return {
      summary,
      manifest: renderManifest({
        apiVersion,
        kind: grant.binding.kind,
        metadata: {
          name: result.object.name,
          ...(result.object.namespace === undefined ? {} : { namespace: result.object.namespace }),
        },
        roleRef: { ...roleRef },
        subjects: kept,
      }),
      apply: `kubectl apply -f ${result.object.name.replaceAll(":", "-")}.yaml`,
      risk,
    };
  },
};

function judge(context: EvaluationContext, grant: Grant): Result[] {
  const { inventory } = context;
  const object = { ...refOf(grant.binding), ...(grant.namespace === null ? {} : { namespace: grant.namespace }) };
  const unlimited = unlimitedRule(context, grant);
  if (unlimited === undefined) return missingRole(context, grant, object);
  const evidence: EvidencePointer[] = [
    { ref: grant.bindingRef, pointer: "/roleRef", found: `${grant.roleRef.kind} ${grant.roleRef.name}` },
    { ref: unlimited.role, pointer: `/rules/${unlimited.index}`, found: JSON.stringify(unlimited.rule) },
    ...grant.subjects.map((subject, i) => ({
      ref: grant.bindingRef,
      pointer: `/subjects/${i}`,
      found: describeSubject(subject, grant.namespace ?? ""),
    })),
  ];
  const found = problems(context, grant);
  const answers = grant.subjects.map((subject) => ({ subject, answer: approvalOf(context, grant, subject) }));
  for (const { answer } of answers) if (answer.state !== "none") evidence.push(answer.evidence);
  const role = `${grant.roleRef.kind} ${grant.roleRef.name}${grant.roleState === "assumed" ? " (as Kubernetes installs it)" : ""}`;
  if (found.length === 0) {
    const who = answers.map(({ subject, answer }) => {
      const approval = answer.state === "approved" ? ` (${describeApproval(answer)})` : "";
      return `${describeSubject(subject, grant.namespace ?? "")}${approval}`;
    });
    return [
      {
        status: "pass",
        object,
        reason: who.length === 0 ? "bound to nobody" : shortReason(`only ${nameSome(who, 2)}`),
        detail: `${grant.binding.kind} ${object.name} gives ${role} to ${who.length === 0 ? "nobody" : nameSome(who)}. Who is in these groups comes from certificates or the provider's mapping and is not visible here.`,
        evidence,
      },
    ];
  }
  const names = found.map((subject) => describeSubject(subject, grant.namespace ?? ""));
  const expired = answers.flatMap(({ subject, answer }) =>
    answer.state === "expired" || answer.state === "not-yet-valid"
      ? [`${describeSubject(subject, grant.namespace ?? "")}: ${describeApproval(answer)}`]
      : [],
  );
  const inCde = grant.namespace !== null && context.scope.categoryOf(grant.namespace) === "cde";
  const touchesAccounts = found.some((subject) => {
    const reach = accountReach(subject, grant.namespace ?? "");
    if (reach === null) return false;
    return (
      reach.kind === "all" ||
      context.scope.categoryOf(reach.kind === "one" ? reach.account.namespace : reach.namespace) === "cde"
    );
  });
  const isLimited = grant.namespace !== null && !inCde && !touchesAccounts;
  const where = grant.namespace === null ? "in the whole cluster" : `in namespace ${grant.namespace}`;
  const accounts = found.filter((subject) => accountReach(subject, grant.namespace ?? "")?.kind === "all").length;
  return [
    {
      status: "fail",
      object,
      severity: isLimited ? "high" : "critical",
      reason: shortReason(`${nameSome(names, 1)} ${names.length === 1 ? "has" : "have"} every right ${where}`),
      detail: `${grant.binding.kind} ${object.name} gives ${role}, which allows every verb on every resource, to ${nameSome(names)} ${where}.${accounts > 0 ? ` That holds every one of the ${inventory.list("serviceaccounts").length} service accounts.` : ""}${expired.length > 0 ? ` ${expired.join("; ")}.` : ""}`,
      evidence,
    },
  ];
}

/**
 * The rule that makes the bound role unlimited. A Role with wildcards is unlimited in its namespace only and belongs to
 * rbac-no-wildcards. ClusterRole cluster-admin gets its rules back whenever an API server starts, whatever somebody wrote into
 * it, unless its autoupdate annotation is off; so its name counts as well.
 */
function unlimitedRule(context: EvaluationContext, grant: Grant): EffectiveRule | undefined {
  if (grant.roleRef.kind !== "ClusterRole") return undefined;
  const found = everyVerbRule(grant.rules);
  if (found !== undefined || grant.roleRef.name !== "cluster-admin" || grant.roleState !== "present") return found;
  const role = context.inventory.list("clusterroles").find((candidate) => candidate.metadata.name === "cluster-admin");
  if (role?.metadata.annotations?.["rbac.authorization.kubernetes.io/autoupdate"] === "false") return undefined;
  return { rule: { verbs: ["*"], apiGroups: ["*"], resources: ["*"] }, role: grant.roleRef, index: 0 };
}

function problems(context: EvaluationContext, grant: Grant): Subject[] {
  return grant.subjects.filter((subject) => isProblem(context, grant, subject));
}

function isProblem(context: EvaluationContext, grant: Grant, subject: Subject): boolean {
  if (subject.kind === "Group" && subject.name === SUPERUSER_GROUP) return false;
  if (subject.kind === "Group" && subject.name === KUBEADM_ADMINS && grant.namespace === null) return false;
  // OpenShift's default binding, for the administrator whose certificate the installer makes.
  if (grant.binding.metadata.name === "cluster-admins" && subject.name === "system:cluster-admins") return false;
  if (subject.kind === "User" && CONTROL_PLANE_USERS.has(subject.name)) return false;
  return approvalOf(context, grant, subject).state !== "approved";
}

function approvalOf(context: EvaluationContext, grant: Grant, subject: Subject): ApprovalState {
  const { namespace } = grant;
  return findApproval(context, { control: ID, subject, bindingNamespace: namespace ?? "", namespace });
}

/** In a cluster a missing role grants nothing. In files it may exist where they are applied, so nobody knows what it grants. */
function missingRole(context: EvaluationContext, grant: Grant, object: Result["object"]): Result[] {
  if (context.inventory.snapshot.source !== "manifests" || grant.roleState !== "missing") return [];
  if (grant.roleRef.name.startsWith("system:") || problems(context, grant).length === 0) return [];
  // A Role can't give rights in the whole cluster; one that is called cluster-admin was probably meant to be the ClusterRole.
  if (grant.roleRef.kind !== "ClusterRole" && grant.roleRef.name !== "cluster-admin") return [];
  return [
    {
      status: "unknown",
      object,
      reason: `${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`,
      detail: `${grant.binding.kind} ${object.name} names ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say what it grants. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: `${grant.roleRef.kind} ${grant.roleRef.name}` }],
    },
  ];
}

function sameBinding(grant: Grant, result: Result): boolean {
  return (
    grant.binding.kind === result.object.kind &&
    grant.binding.metadata.name === result.object.name &&
    (grant.namespace ?? undefined) === result.object.namespace
  );
}
