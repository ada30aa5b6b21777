/**
 * scp-label-protected: scope labels on namespaces cannot be changed by unapproved subjects.
 *
 * Reads: every binding and its rules on namespaces; admission policies and webhooks that look at changes of namespaces; the register
 *   of approved access.
 * Pass: only approved subjects can update, patch or delete a CDE or connected-to namespace (status and finalize count, because they
 *   change labels too), or an enforcing policy keeps the scope and Pod Security labels for everybody else.
 * Fail: anybody else can, and nothing guards the labels.
 * Unknown: RBAC or admission policies could not be read; a policy or webhook in another language may be a guard.
 * Not applicable: no CDE or connected-to namespace; a subject whose right is cluster-admin, which rbac-cluster-admin judges.
 * Traps: the request namespace of a Namespace is its own name, so a RoleBinding inside it is enough; one edit that removes the
 *   label also removes Pod Security and what Kyverno and Gatekeeper select by it.
 */
import type { Subject } from "@/lib/inventory/kinds";
import { grantsOf } from "@/lib/rbac/grants";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { type Holder, type Holding, holdersOf, type Right } from "@/lib/rbac/rights";
import { isUnlimited } from "@/lib/rbac/rules";
import { accountReach, findAccountOfUsername, serviceAccountIdentity } from "@/lib/rbac/subjects";
import { describeApproval, findApproval } from "./approved";
import { holdingEvidence, pathOf, RBAC_SECTIONS } from "./cde-rights";
import { GUARD_SECTIONS, guardObjects, type Guards, type LabelGuard, labelGuards } from "./label-guard";
import { renderManifest } from "./manifest";
import {
  clusterResult,
  findNoBinding,
  findUnreadable,
  invalidResults,
  judgeCluster,
  nameSome,
  RBAC_KINDS,
} from "./population";
import { GRANTS, RULES_CAN, script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";
import { isApprovedAt } from "@/lib/inventory/registers";

const CATEGORIES = ["cde", "connected-to"] as const;
const ID = "scp-label-protected";
const CHANGES = ["update", "patch"] as const;
const RIGHTS: readonly Right[] = [
  { group: "", resource: "namespaces", verbs: [...CHANGES, "delete"] },
  { group: "", resource: "namespaces", subresource: "status", verbs: CHANGES },
  { group: "", resource: "namespaces", subresource: "finalize", verbs: CHANGES },
];

export const scpLabelProtected: Control = {
  id: ID,
  title: "Scope labels on namespaces cannot be changed by unapproved subjects",
  severity: "high",
  requirements: [
    {
      requirement: "12.5.2",
      kind: "fail-only",
      rationale: "A scope that anybody can relabel is not one that was documented and confirmed.",
    },
    {
      requirement: "7.2.2",
      kind: "supporting",
      rationale: "Deciding what belongs to the CDE is the job of few.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "Moving a namespace out of scope is a change that has to pass change control.",
    },
    {
      requirement: "1.2.8",
      kind: "supporting",
      rationale: "Policies select namespaces by these labels, so that who changes them changes network controls.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Every binding and its rules on namespaces, admission policies and webhooks that look at their changes, and the list of approved access.",
    pass: "Only approved subjects can update, patch or delete a CDE or connected-to namespace, or an enforcing policy keeps the labels for everybody else.",
    fail: "Anybody else can, and nothing guards the scope and Pod Security labels.",
    unknown: "RBAC or the admission policies could not be read, or a policy in another wording may be a guard.",
    notApplicable: "No CDE or connected-to namespace; rights of cluster-admin, which another control judges.",
    why: "Whoever can take the label off a namespace takes it out of every control, policy and report at once.",
    cannotSee: "Authorization beside RBAC, and what a policy in another wording really denies.",
  },
  evaluate: (context) => judgeCluster(context, CATEGORIES, () => judge(context)),
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope, CATEGORIES),
        `RB=${shellQuote(RULES_CAN)}`,
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" "$RB"'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.subject.name|(startswith("system:")|not) or startswith("system:serviceaccount") or IN("system:authenticated","system:unauthenticated","system:anonymous"))|select(.binding|startswith("system:")|not)|select(can("";"namespaces";["update","patch","delete"]) or can("";"namespaces/status";["update","patch"]) or can("";"namespaces/finalize";["update","patch"]))|[.bind,.ns,.binding,.role,.subject.kind,(.subject.namespace//"-"),.subject.name]|@tsv'`,
        `kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings -o json | jq -r '.items[]|"\\(.kind) \\(.metadata.name) \\((.spec.validationActions//[])|join(","))"'`,
      ),
      expect:
        "No subject outside the list of approved access (a rule with resourceNames counts for these namespaces only), or a policy with the action Deny that compares the labels with oldObject.",
      needs: [],
    };
  },
  remediate(context, result) {
    const approved = (context.registers?.approvedAccess ?? []).filter(
      (entry) => entry.controls.includes(ID) && isApprovedAt(entry, context.asOf),
    );
    const users = approved.flatMap(({ subject }) => {
      if (subject.kind === "User") return [subject.name];
      if (subject.kind !== "ServiceAccount" || subject.namespace === undefined) return [];
      return [serviceAccountIdentity({ namespace: subject.namespace, name: subject.name }).username];
    });
    const groups = [
      "system:masters",
      ...approved.flatMap(({ subject }) => (subject.kind === "Group" ? [subject.name] : [])),
    ];
    return {
      summary: `Take update, patch and delete on namespaces from the roles of ${result.object.kind} ${result.object.name}. The policy keeps the scope and Pod Security labels for everybody but the approved subjects and system:masters, and is good for all such findings at once.`,
      manifest: renderManifest(...guardObjects(context.scope.settings, users, groups)),
      apply: "kubectl apply -f keep-scope-labels.yaml",
      risk: "Tools that label namespaces (GitOps, Helm with --create-namespace) are refused when they change these labels, and nobody else can delete a namespace in scope. Approve the delivery pipeline first.",
    };
  },
};

function judge(context: EvaluationContext): Result[] {
  const unreadable = findUnreadable(context, RBAC_SECTIONS);
  if (unreadable !== null) return [unreadable];
  const { inventory } = context;
  const judged = context.scope.inCategory(...CATEGORIES);
  const holders = holdersOf(
    grantsOf(inventory),
    RIGHTS,
    (grant, subject) => !isPlatformSubject(grant, subject, inventory.provider),
  );
  const guards = labelGuards(context);
  const results = [
    ...holders.flatMap((holder) => judgeHolder(context, holder, judged, guards)),
    ...missingRoles(context, judged),
    ...invalidResults(context, RBAC_KINDS),
  ];
  if (results.some(({ status }) => status !== "not-applicable")) return results;
  return [
    findNoBinding(context) ?? {
      ...clusterResult(
        "pass",
        "nobody but cluster administrators can change the namespaces in scope",
        `No binding lets anybody update, patch or delete ${nameSome(judged)}, beside the platform's own components and cluster administrators.`,
      ),
      evidence: judged
        .slice(0, 20)
        .map((name) => ({ ref: { apiVersion: "v1", kind: "Namespace", name }, pointer: "/metadata/labels" })),
    },
    ...results,
  ];
}

function judgeHolder(context: EvaluationContext, holder: Holder, judged: readonly string[], guards: Guards): Result[] {
  const { subject, ref, text } = holder;
  const holdings = holder.holdings.filter((holding) => reached(holding, judged).length > 0);
  if (holdings.length === 0) return [];
  const names = judged.filter((name) => holdings.some((holding) => reached(holding, judged).includes(name)));
  const paths = nameSome([...new Set(holdings.map(pathOf))], 4);
  const base = { object: ref, evidence: holdingEvidence(holdings) };
  const what = `${text} can ${[...new Set(holdings.flatMap(({ verbs }) => verbs))].join(", ")} ${nameSome(names)}`;
  if (holdings.every(({ rule, grant }) => grant.roleRef.kind === "ClusterRole" && isUnlimited(rule.rule))) {
    return [
      {
        ...base,
        status: "not-applicable",
        reason: "has every right; rbac-cluster-admin judges it",
        detail: `${what}, because it has every right there. Paths: ${paths}. Whether it may is judged by rbac-cluster-admin.`,
      },
    ];
  }
  const answers = names.map((namespace) => findApproval(context, { control: ID, subject, namespace }));
  const words = [...new Set(answers.map(describeApproval))].join("; ");
  if (answers.every(({ state }) => state === "approved"))
    return [
      {
        ...base,
        status: "pass",
        reason: shortReason(`approved to change ${nameSome(names, 2)}`),
        detail: `${what}, ${words}. Paths: ${paths}.`,
      },
    ];
  const guard = guards.certain.find((one) => !isExempt(one, subject));
  if (guard !== undefined)
    return [
      {
        ...base,
        status: "pass",
        reason: shortReason(`${guard.words} keeps the labels`),
        detail: `${what}, and ${guard.words} denies it to change the scope and Pod Security labels or to delete a namespace in scope. Paths: ${paths}.`,
        evidence: [guard.evidence, ...base.evidence],
      },
    ];
  const unread = findUnreadable(context, GUARD_SECTIONS);
  const possible = guards.possible;
  if (possible.length > 0 || unread !== null) {
    const why =
      possible.length > 0
        ? `whether ${nameSome(
            possible.map((one) => one.words),
            3,
          )} denies it to change the labels has to be read by a person`
        : `whether a policy guards the labels is not known: ${unread?.detail ?? ""}`;
    return [
      {
        ...base,
        status: "unknown",
        reason: shortReason(`can change ${nameSome(names, 2)}; a guard may stand in the way`),
        detail: `${what} (${words}); ${why}. Paths: ${paths}.`,
        evidence: [...possible.map(({ evidence }) => evidence), ...base.evidence],
      },
    ];
  }
  return [
    {
      ...base,
      status: "fail",
      reason: shortReason(`can change the labels of ${nameSome(names, 2)}`),
      detail: `${what}: ${words}, and no policy guards the scope and Pod Security labels. Paths: ${paths}.`,
    },
  ];
}

/** The judged namespaces that a holding reaches: all, or those its rule names; through a RoleBinding the namespace itself. */
function reached({ grant, names }: Holding, judged: readonly string[]): string[] {
  return judged.filter(
    (name) => (grant.namespace === null || grant.namespace === name) && (names.length === 0 || names.includes(name)),
  );
}

/** Groups of a person are not known here, so that a guard which lets groups through is none for a person in such a group only. */
function isExempt(guard: LabelGuard, subject: Subject): boolean {
  if (subject.kind === "Group") return guard.groups.includes(subject.name);
  const account = subject.kind === "User" ? findAccountOfUsername(subject.name) : null;
  const reach = account === null ? accountReach(subject, "") : ({ kind: "one", account } as const);
  if (reach?.kind !== "one") return guard.users.includes(subject.name);
  const { username, groups } = serviceAccountIdentity(reach.account);
  return guard.users.includes(username) || groups.some((group) => guard.groups.includes(group));
}

/** In files a role that is not among them may exist where they are applied. */
function missingRoles(context: EvaluationContext, judged: readonly string[]): Result[] {
  const { inventory } = context;
  if (inventory.snapshot.source !== "manifests") return [];
  return grantsOf(inventory)
    .filter((grant) => grant.roleState === "missing" && !grant.roleRef.name.startsWith("system:"))
    .filter((grant) => grant.namespace === null || judged.includes(grant.namespace))
    .filter((grant) => grant.subjects.some((subject) => !isPlatformSubject(grant, subject, inventory.provider)))
    .map((grant) => ({
      status: "unknown" as const,
      object: grant.bindingRef,
      reason: shortReason(`${grant.roleRef.kind} ${grant.roleRef.name} is not among the files`),
      detail: `${grant.binding.kind} ${grant.binding.metadata.name} names ${grant.roleRef.kind} ${grant.roleRef.name}, which is not among the files, so nobody can say whether it lets somebody change namespaces. Add the role.`,
      evidence: [{ ref: grant.bindingRef, pointer: "/roleRef", found: grant.roleRef.name }],
    }));
}
