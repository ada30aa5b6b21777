/**
 * rbac-access-review: user access is reviewed at least every six months and system accounts on schedule.
 *
 * Reads: everybody who holds something in CDE or connected-to namespaces or in the whole cluster; the register of access reviews;
 *   approvals given since; the identity provider's groups.
 * Pass: the newest completed review of people is at most 183 days old, acknowledged by management, and holds a decision of somebody
 *   else for every person and group with all rights they have now; that of system accounts likewise within the period of the
 *   targeted risk analysis; what was to be revoked is gone. Rights added since count when they were approved since.
 * Fail: no review, an old or unacknowledged one, no period for system accounts; a subject or right that was neither reviewed nor
 *   approved since; a revoked subject that is still bound; somebody who reviewed itself or a group it belongs to.
 * Unknown: RBAC could not be read, no scope is declared, or the members of a bound group are not supplied.
 * Not applicable: no CDE or connected-to namespace.
 * Traps: a binding that changed after the review reopens only the subjects it concerns.
 */
import { startOf } from "@/lib/inventory/registers";
import type { AccessReview, AccessReviewDecision } from "@/lib/inventory/registers/access-reviews";
import { RBAC_SECTIONS } from "./cde-rights";
import {
  clusterResult,
  findNoBinding,
  findUnreadable,
  invalidResults,
  judgeCluster,
  nameSome,
  RBAC_KINDS,
} from "./population";
import { GRANTS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { bindingEvidence, type SubjectInScope, subjectsInScope } from "./subjects-in-scope";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const ID = "rbac-access-review";
const PEOPLE_DAYS = 183;

export const rbacAccessReview: Control = {
  id: ID,
  title: "User access is reviewed at least every six months and system accounts on schedule",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.4",
      kind: "primary",
      rationale: "The records of reviews are compared with everybody who holds rights in the cluster today.",
    },
    {
      requirement: "7.2.5.1",
      kind: "primary",
      rationale: "Service accounts are reviewed as often as the targeted risk analysis says, and every one of them.",
    },
    {
      requirement: "7.2.3",
      kind: "supporting",
      rationale: "Rights that were added since the last review have to carry an approval.",
    },
    {
      requirement: "A3.4.1",
      kind: "supporting",
      rationale: "The same records show the semi-annual review that designated entities need.",
    },
    {
      requirement: "8.2.4",
      kind: "supporting",
      rationale: "Additions, changes and removals of access show up as differences to the review.",
    },
  ],
  judges: "subject",
  sections: [...RBAC_SECTIONS, "namespaces"],
  rule: {
    reads:
      "Subjects with rights in CDE or connected-to namespaces or cluster-wide, the register of access reviews, approvals given since, and the identity provider's groups.",
    pass: "A completed and acknowledged review, at most 183 days old for people and within the risk analysis' period for system accounts, holds a decision for every subject with all its present rights.",
    fail: "No such review, a subject or right that was neither reviewed nor approved since, a revocation that was not carried out, or somebody who reviewed itself.",
    unknown: "RBAC could not be read, no scope is declared, or the members of a bound group are not supplied.",
    notApplicable: "The cluster has no CDE or connected-to namespace.",
    why: "Rights pile up unnoticed; only a decision on each of them, by somebody else, shows that they are still needed.",
    cannotSee: "How carefully a reviewer looked, and changes inside a role since the review under the same name.",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, ["namespaces", ...RBAC_SECTIONS]);
    return judgeCluster(context, ["cde", "connected-to"], () => {
      if (unreadable !== null) return [unreadable];
      const silent = findNoBinding(context);
      if (silent !== null) return [silent];
      const subjects = subjectsInScope(context);
      const people = subjects.filter(({ isPerson }) => isPerson);
      const accounts = subjects.filter(({ isPerson }) => !isPerson);
      return [
        ...judgeCampaign(context, "people", people),
        ...(accounts.length === 0 ? [] : judgeCampaign(context, "system-accounts", accounts)),
        ...invalidResults(context, RBAC_KINDS),
      ];
    });
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, ["cde", "connected-to"]),
      GRANTS,
      `grants | jq -r --argjson cde "$CDE" 'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.missingRole|not)|select(.subject.name|startswith("system:")|not)|[.subject.kind,(.subject.namespace//"-"),.subject.name,.role,.ns]|@tsv' | sort -u`,
    ),
    expect:
      "Each line has a decision in the newest review (same subject, role and namespace), or an approval since. People: at most 183 days ago; service accounts: within the risk analysis' period.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary:
      result.object.kind === "Cluster"
        ? "Review the subjects that the assessor's command lists: a decision for each by somebody else, acknowledged by management; then import the review."
        : `Have ${result.object.kind} ${result.object.name} reviewed by somebody else with all rights that are named, or remove what nobody wants to keep; then import the decision.`,
    risk: "Revoking what is still needed interrupts work; ask the owner of the namespace first.",
  }),
};

function judgeCampaign(
  context: EvaluationContext,
  covers: AccessReview["covers"],
  subjects: readonly SubjectInScope[],
): Result[] {
  const words = covers === "people" ? "people" : "system accounts";
  const reviews = (context.registers?.accessReviews ?? [])
    .map((review, index) => ({ review, index }))
    .filter(({ review }) => review.covers === covers && startOf(review.completedAt) <= Date.parse(context.asOf))
    .sort((a, b) => startOf(a.review.completedAt) - startOf(b.review.completedAt));
  const newest = reviews.at(-1);
  const who = bindingsOf(subjects);
  if (newest === undefined) {
    return [
      {
        ...clusterResult(
          "fail",
          `no completed access review of ${words}`,
          `${subjects.length} ${words} hold rights in the CDE, in connected-to namespaces or in the whole cluster (${nameSome(subjects.map(({ text }) => text)) || "none by a binding"}), and no completed review of them is on record.`,
        ),
        part: covers,
        evidence: [...who, { ref: CLUSTER_REF, pointer: "/registers/accessReviews", found: `no review of ${words}` }],
      },
    ];
  }
  const { review, index } = newest;
  const evidence: EvidencePointer[] = [
    {
      ref: CLUSTER_REF,
      pointer: `/registers/accessReviews/${index}`,
      found: `${review.campaign}, completed ${review.completedAt}, ${review.decisions.length} decisions`,
    },
  ];
  const age = daysBetween(review.completedAt, context.asOf);
  const limit = covers === "people" ? PEOPLE_DAYS : review.periodDays;
  const problems: string[] = [];
  if (limit === undefined) problems.push("names no period from the targeted risk analysis");
  else if (age > limit) problems.push(`is ${age} days old, more than ${limit}`);
  if (review.acknowledgedBy === undefined || review.acknowledgedAt === undefined) {
    problems.push("was not acknowledged by management");
  }
  const campaign: Result =
    problems.length > 0
      ? {
          ...clusterResult(
            "fail",
            shortReason(`the review of ${words} ${problems[0]}`),
            `The review ${review.campaign} of ${words} ${problems.join(" and ")}.`,
          ),
          part: covers,
          evidence,
        }
      : {
          ...clusterResult(
            "pass",
            shortReason(`${words} reviewed ${age} days ago`),
            `The review ${review.campaign} of ${words} was completed at ${review.completedAt} and acknowledged by ${review.acknowledgedBy}.`,
          ),
          part: covers,
          evidence,
        };
  return [campaign, ...subjects.map((subject) => judgeSubject(context, review, subject, evidence))];
}

function judgeSubject(
  context: EvaluationContext,
  review: AccessReview,
  entry: SubjectInScope,
  campaign: EvidencePointer[],
): Result {
  const { ref, text, subject } = entry;
  const evidence = [...campaign, ...bindingEvidence(entry)];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `${detail} Rights now: ${nameSome(rightsOf(entry).map(rightText), 6)}.`,
    evidence,
  });
  const decision = decisionFor(review, entry);
  const approval = approvedSince(context, review, entry);
  if (decision === undefined) {
    return approval === null
      ? answer(
          "fail",
          `not in the review ${review.campaign}`,
          `${text} has no decision in the review ${review.campaign}, and no approval since ${review.completedAt}.`,
        )
      : membership(
          context,
          entry,
          answer(
            "pass",
            `added since, ${approval}`,
            `${text} came after the review ${review.campaign} and was ${approval}.`,
          ),
          answer,
        );
  }
  if (decision.decision === "revoke") {
    return answer(
      "fail",
      "to be revoked, still bound",
      `${decision.reviewer} decided at ${decision.decidedAt} to revoke the rights of ${text}, and it is still bound.`,
    );
  }
  const members =
    context.inventory.facts.identityDirectory?.groups.find(
      ({ name }) => subject.kind === "Group" && name === subject.name,
    )?.members ?? [];
  if (decision.reviewer === subject.name || members.includes(decision.reviewer)) {
    return answer(
      "fail",
      "reviewed by itself",
      `${decision.reviewer} reviewed ${text}${members.includes(decision.reviewer) ? ", a group it belongs to" : ""}; somebody else has to.`,
    );
  }
  const reviewed = new Set(
    decision.rights.map(({ role, namespace }) =>
      rightText({ kind: role.kind, name: role.name, namespace: namespace ?? null }),
    ),
  );
  const added = rightsOf(entry)
    .map(rightText)
    .filter((right) => !reviewed.has(right));
  if (added.length > 0 && approval === null) {
    return answer(
      "fail",
      `rights that were not reviewed: ${added[0]}`,
      `${text} was reviewed by ${decision.reviewer}, but not with ${nameSome(added)}, and no approval was given since.`,
    );
  }
  const pass = answer(
    "pass",
    `kept by ${decision.reviewer}`,
    `${decision.reviewer} decided at ${decision.decidedAt} that ${text} keeps its rights${added.length > 0 ? `; ${nameSome(added)} came since, ${approval}` : ""}.`,
  );
  return membership(context, entry, pass, answer);
}

/** A group's pass needs its members: whoever reviewed only its name reviewed nobody. */
function membership(
  context: EvaluationContext,
  { subject, text }: SubjectInScope,
  pass: Result,
  answer: (status: Result["status"], reason: string, detail: string) => Result,
): Result {
  if (subject.kind !== "Group" || subject.name.startsWith("system:")) return pass;
  const known = context.inventory.facts.identityDirectory?.groups.some(({ name }) => name === subject.name) ?? false;
  return known
    ? pass
    : answer(
        "unknown",
        "the group's members are not supplied",
        `Who is in ${text} is known to the identity provider only. It becomes known when its users and groups are imported.`,
      );
}

interface Right {
  kind: string;
  name: string;
  namespace: string | null;
}
function rightsOf({ grants }: SubjectInScope): Right[] {
  return grants.map(({ grant }) => ({
    kind: grant.roleRef.kind,
    name: grant.roleRef.name,
    namespace: grant.namespace,
  }));
}
function rightText({ kind, name, namespace }: Right): string {
  return `${kind} ${name} ${namespace === null ? "in the whole cluster" : `in ${namespace}`}`;
}

function decisionFor(review: AccessReview, { subject }: SubjectInScope): AccessReviewDecision | undefined {
  return review.decisions.findLast(
    (decision) =>
      decision.subject.kind === subject.kind &&
      decision.subject.name === subject.name &&
      (decision.subject.namespace ?? undefined) === subject.namespace,
  );
}

/** "approved by … at …" when the register of approved access holds an approval of the subject that is newer than the review. */
function approvedSince(context: EvaluationContext, review: AccessReview, { subject }: SubjectInScope): string | null {
  const asOf = Date.parse(context.asOf);
  const entry = (context.registers?.approvedAccess ?? []).find(
    (candidate) =>
      candidate.subject.kind === subject.kind &&
      candidate.subject.name === subject.name &&
      (candidate.subject.namespace ?? undefined) === subject.namespace &&
      startOf(candidate.approvedAt) >= startOf(review.completedAt) &&
      startOf(candidate.approvedAt) <= asOf &&
      (candidate.expiresAt === undefined || startOf(candidate.expiresAt) > asOf),
  );
  return entry === undefined ? null : `approved by ${entry.approvedBy} at ${entry.approvedAt}`;
}

function bindingsOf(subjects: readonly SubjectInScope[]): EvidencePointer[] {
  return subjects.slice(0, 10).flatMap((subject) => bindingEvidence(subject, 1));
}
