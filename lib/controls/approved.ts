/**
 * Whether a subject's right was approved: a look-up in the register of approved access.
 *
 * An approval holds for one subject, the controls it names, the namespaces it names (none named: everywhere), and from
 * `approvedAt` until `expiresAt`. One that has expired or is not valid yet is no approval, and the answer says which it was.
 * No register is the same as an empty one: nothing is approved.
 * A service account is the same subject whether it is written as ServiceAccount or as User `system:serviceaccount:NS:NAME`.
 */
import type { Subject } from "@/lib/inventory/kinds";
import { type ApprovedAccess, isApprovedAt, startOf } from "@/lib/inventory/registers";
import { findAccountOfUsername } from "@/lib/rbac/subjects";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export type ApprovalState =
  | { state: "approved"; entry: ApprovedAccess; evidence: EvidencePointer }
  /** An entry fits, but not at this moment. */
  | { state: "expired" | "not-yet-valid"; entry: ApprovedAccess; evidence: EvidencePointer }
  | { state: "none" };

export interface ApprovalQuestion {
  /** Id of the control that asks. */
  control: string;
  subject: Subject;
  /** Namespace of the binding: what a service account subject without namespace means. "" for a ClusterRoleBinding. */
  bindingNamespace?: string;
  /** Where the right holds; null for the whole cluster, which only an approval without namespaces covers. */
  namespace: string | null;
}

/** The best entry of the register for the question: one that holds, else one that held or will hold, else none. */
export function findApproval(context: EvaluationContext, question: ApprovalQuestion): ApprovalState {
  let other: ApprovalState = { state: "none" };
  for (const [index, entry] of (context.registers?.approvedAccess ?? []).entries()) {
    if (!entry.controls.includes(question.control) || !isSubject(entry, question)) continue;
    if (entry.namespaces !== undefined) {
      if (question.namespace === null || !entry.namespaces.includes(question.namespace)) continue;
    }
    const evidence: EvidencePointer = {
      ref: CLUSTER_REF,
      pointer: `/registers/approvedAccess/${index}`,
      found: `approved by ${entry.approvedBy} at ${entry.approvedAt}${entry.expiresAt === undefined ? "" : ` until ${entry.expiresAt}`}`,
    };
    if (isApprovedAt(entry, context.asOf)) return { state: "approved", entry, evidence };
    const isFuture = startOf(entry.approvedAt) > Date.parse(context.asOf);
    if (other.state === "none") other = { state: isFuture ? "not-yet-valid" : "expired", entry, evidence };
  }
  return other;
}

/** The answer in words for a detail: "approved by …", "its approval by … expired at …", "not on the list of approved access". */
export function describeApproval(answer: ApprovalState): string {
  switch (answer.state) {
    case "approved": {
      const { approvedBy, approvedAt, expiresAt, isBreakGlass, reason } = answer.entry;
      const until = expiresAt === undefined ? "without an end" : `until ${expiresAt}`;
      return `approved${isBreakGlass ? " as break-glass" : ""} by ${approvedBy} at ${approvedAt} ${until} (${reason})`;
    }
    case "expired":
      return `its approval by ${answer.entry.approvedBy} expired at ${answer.entry.expiresAt}`;
    case "not-yet-valid":
      return `its approval by ${answer.entry.approvedBy} begins at ${answer.entry.approvedAt} only`;
    case "none":
      return "not on the list of approved access";
  }
}

function isSubject(
  { subject: approved }: ApprovedAccess,
  { subject, bindingNamespace = "" }: ApprovalQuestion,
): boolean {
  const account = accountOf(subject, bindingNamespace);
  const approvedAccount = accountOf(approved, "");
  if (account !== null || approvedAccount !== null) return account !== null && account === approvedAccount;
  return subject.kind !== "ServiceAccount" && subject.kind === approved.kind && subject.name === approved.name;
}

/** `NS/NAME` of the service account that the subject is, or null for anybody else. */
function accountOf(
  subject: { kind: string; name: string; namespace?: string | undefined },
  bindingNamespace: string,
): string | null {
  if (subject.kind === "ServiceAccount") {
    const namespace = subject.namespace || bindingNamespace;
    return namespace === "" ? null : `${namespace}/${subject.name}`;
  }
  if (subject.kind !== "User") return null;
  const account = findAccountOfUsername(subject.name);
  return account === null ? null : `${account.namespace}/${account.name}`;
}
