/**
 * Whether an entry of the flow register holds for a flow that a policy allows, as net-flow-register asks.
 *
 * It has an approver, hasn't expired, was reviewed within 183 days, and the policy is the one that was approved: its digest is in
 * the entry, or it has provably not changed since the review. The annotations ringfence.dev/justification, approved-by,
 * reviewed-on, ticket and approved-digest on the policy itself are an entry for all of its flows.
 */
import type { KubeObject } from "@/lib/inventory/kinds";
import { endOf, startOf } from "@/lib/inventory/registers";
import type { Flow } from "@/lib/inventory/registers/flows";
import { isFlowApproved } from "@/lib/network/declared-flows";
import { policyDigest } from "@/lib/network/policy-digest";

/** Days within which every flow must have been reviewed: six months. */
export const REVIEW_DAYS = 183;

export type EntryVerdict =
  | { kind: "good" }
  /** It may hold; the text says what would settle it. */
  | { kind: "doubtful"; text: string }
  | { kind: "bad"; text: string };

/** Judges an entry for a policy at a moment. */
export function judgeEntry(flow: Flow, policy: KubeObject, asOf: string): EntryVerdict {
  if (flow.approvedBy === undefined || flow.approvedAt === undefined)
    return { kind: "bad", text: `nobody approved entry ${flow.id}` };
  if (!isFlowApproved(flow, asOf)) return { kind: "bad", text: `the approval of entry ${flow.id} does not hold now` };
  const reviewedAt = flow.reviewedAt ?? flow.approvedAt;
  const ageDays = (Date.parse(asOf) - endOf(reviewedAt)) / 86_400_000;
  if (ageDays > REVIEW_DAYS)
    return { kind: "bad", text: `entry ${flow.id} was last reviewed on ${reviewedAt.slice(0, 10)}` };
  if (startOf(reviewedAt) > Date.parse(asOf))
    return { kind: "bad", text: `the review of entry ${flow.id} lies in the future` };
  return judgeChange(flow, policy, reviewedAt);
}

function judgeChange(flow: Flow, policy: KubeObject, reviewedAt: string): EntryVerdict {
  const { name, namespace, generation, creationTimestamp } = policy.metadata;
  if (flow.policies !== undefined) {
    const approved = flow.policies.find(
      (one) => one.kind === policy.kind && one.name === name && (one.namespace ?? namespace) === namespace,
    );
    if (approved === undefined) return { kind: "bad", text: `entry ${flow.id} was approved for other policies` };
    return approved.digest === policyDigest(policy)
      ? { kind: "good" }
      : { kind: "bad", text: `the policy differs from the one that entry ${flow.id} approved` };
  }
  if (creationTimestamp !== undefined && Date.parse(creationTimestamp) >= endOf(reviewedAt))
    return { kind: "bad", text: `the policy is newer than the review of entry ${flow.id}` };
  // A first generation has never been changed.
  if (creationTimestamp !== undefined && generation === 1) return { kind: "good" };
  return {
    kind: "doubtful",
    text: `whether the policy has changed since the review of entry ${flow.id} (record its digest ${policyDigest(policy)} there)`,
  };
}

const KEY = "ringfence.dev/";

/** The entry that a policy's own annotations make for all of its flows, or null when it has none. */
export function annotatedEntry(policy: KubeObject): { flow: Flow; problem: string | null } | null {
  const value = (name: string): string | undefined => policy.metadata.annotations?.[`${KEY}${name}`];
  const approvedBy = value("approved-by");
  const reviewedAt = value("reviewed-on");
  const reason = value("justification");
  const digest = value("approved-digest");
  if ([approvedBy, reviewedAt, reason, digest].every((text) => text === undefined)) return null;
  const isDay =
    reviewedAt !== undefined && /^\d{4}-\d\d-\d\d$/.test(reviewedAt) && !Number.isNaN(Date.parse(reviewedAt));
  const problem =
    reason === undefined || reason === ""
      ? "its annotations hold no justification"
      : approvedBy === undefined || approvedBy === ""
        ? "its annotations name no approver"
        : isDay
          ? null
          : "its annotations hold no day of review (ringfence.dev/reviewed-on: 2026-11-21)";
  const flow: Flow = {
    id: "of its annotations",
    from: { cidr: "0.0.0.0/0" },
    to: { cidr: "0.0.0.0/0" },
    protocol: "TCP",
    ports: ["1-65535"],
    reason: reason ?? "",
    approvedBy,
    approvedAt: isDay ? reviewedAt : undefined,
    reviewedAt: isDay ? reviewedAt : undefined,
    ticket: value("ticket"),
    policies:
      digest === undefined
        ? undefined
        : [
            {
              kind: policy.kind,
              name: policy.metadata.name,
              digest,
              ...(policy.metadata.namespace === undefined ? {} : { namespace: policy.metadata.namespace }),
            },
          ],
  };
  return { flow, problem };
}
