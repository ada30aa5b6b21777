/**
 * The two status vocabularies and how one follows from the other: results → control → requirement → roll-up, and age.
 *
 * The rules are those of the glossary ("requirement", "roll-up", "stale"); each has its unit test.
 */
import type { ResultStatus } from "@/lib/controls/types";
import { REQUIREMENT_STATUSES, type RequirementAssessment, type RequirementStatus, type RollupStatus } from "./types";

export type StatusCounts = Record<ResultStatus, number>;

export function countStatuses(statuses: Iterable<ResultStatus>): StatusCounts {
  const counts: StatusCounts = { pass: 0, fail: 0, unknown: 0, "not-applicable": 0 };
  for (const status of statuses) counts[status] += 1;
  return counts;
}

/**
 * A control over its results: any fail is fail; else any unknown is unknown; else any pass is pass; not applicable if every
 * result is. Without a single result it is unknown, because an empty answer has looked at nothing.
 */
export function controlStatus(counts: StatusCounts): ResultStatus {
  if (counts.fail > 0) return "fail";
  if (counts.unknown > 0) return "unknown";
  if (counts.pass > 0) return "pass";
  return counts["not-applicable"] > 0 ? "not-applicable" : "unknown";
}

/**
 * The worst in the order fail, unknown, not assessed, needs attestation, compensating control, attested, pass; not applicable
 * only if every one is. An empty list is not assessed.
 */
export function worstStatus(statuses: Iterable<RequirementStatus>): RequirementStatus {
  const order: readonly RequirementStatus[] = REQUIREMENT_STATUSES;
  let worst = order.length;
  for (const status of statuses) worst = Math.min(worst, order.indexOf(status));
  return order[worst] ?? "not-assessed";
}

/**
 * A requirement from its parts. A primary link contributes its control's status; a deciding control that this release lacks
 * contributes not assessed; a fail-only link contributes fail or nothing; a supporting link informs and never decides; an
 * attestation group contributes its own status. Without any part that contributes, nothing was assessed.
 */
export function requirementStatus(
  parts: RequirementAssessment["parts"],
  attestations: RequirementAssessment["attestations"],
): RequirementStatus {
  const machine = parts.filter((part) => part.decides).map((part) => part.status);
  return worstStatus([...machine, ...attestations.map((attestation) => attestation.status)]);
}

/** Whether a link takes part in deciding, given its control's status. */
export function decides(kind: "primary" | "fail-only" | "supporting", status: ResultStatus): boolean {
  switch (kind) {
    case "primary":
      return true;
    case "fail-only":
      return status === "fail";
    case "supporting":
      return false;
  }
}

/**
 * A section, a principal requirement or a cluster over its requirements: Blocked by any fail or unknown; Needs attestation
 * while any is not assessed or waits for a person; Ready; Not applicable if every one is, or there is none.
 */
export function rollupStatus(statuses: Iterable<RequirementStatus>): RollupStatus {
  let rollup: RollupStatus = "not-applicable";
  for (const status of statuses) {
    if (status === "fail" || status === "unknown") return "blocked";
    if (status === "not-assessed" || status === "needs-attestation") rollup = "needs-attestation";
    else if (status !== "not-applicable" && rollup !== "needs-attestation") rollup = "ready";
  }
  return rollup;
}

export type Freshness = "current" | "stale" | "expired" | "none";
export const STALE_AFTER_HOURS = 24;
export const EXPIRED_AFTER_DAYS = 7;

/**
 * How old evidence is at `now`: current up to 24 hours (or what the control says), stale after that, expired after 7 days; none
 * when there is none. Both times ISO 8601. Evidence from the future (a clock that is wrong) is current.
 */
export function freshnessOf(collectedAt: string | null, now: string, staleAfterHours = STALE_AFTER_HOURS): Freshness {
  if (collectedAt === null) return "none";
  const hours = (Date.parse(now) - Date.parse(collectedAt)) / 3_600_000;
  // A time that can't be read proves nothing.
  if (Number.isNaN(hours) || hours > EXPIRED_AFTER_DAYS * 24) return "expired";
  return hours > staleAfterHours ? "stale" : "current";
}

/** The status that is shown for evidence of this age: stale keeps its value, expired and absent are not assessed. */
export function statusAtAge(status: RequirementStatus, freshness: Freshness): RequirementStatus {
  return freshness === "expired" || freshness === "none" ? "not-assessed" : status;
}

/** True if a cluster counts among those that show `status` ("6 of 8 clusters pass"): not with stale evidence. */
export function countsAmongClusters(freshness: Freshness): boolean {
  return freshness === "current";
}

/**
 * Over several clusters a requirement shows the worst, with how many of them show it. An accepted risk changes nothing here;
 * only an approved compensating control does, and it comes in as its own status.
 */
export function worstOverClusters(clusters: readonly { status: RequirementStatus; freshness: Freshness }[]): {
  status: RequirementStatus;
  showing: number;
  total: number;
} {
  const shown = clusters.map(({ status, freshness }) => ({ status: statusAtAge(status, freshness), freshness }));
  const status = worstStatus(shown.map((cluster) => cluster.status));
  const showing = shown.filter(
    (cluster) => cluster.status === status && (status === "not-assessed" || countsAmongClusters(cluster.freshness)),
  ).length;
  return { status, showing, total: clusters.length };
}

export type StatedPosition = "In Place" | "Not in Place" | "Not Applicable";
/**
 * Which of the assessor's words the evidence points to; never "Not Tested", and nothing while something is open or a deciding
 * control is `missing` (missingControlsOf() in coverage.ts): then the tests that ran are a part of what has to be tested. A fail is
 * a fail, whatever else has not been tested.
 */
export function suggestedPosition(status: RequirementStatus, missing: readonly string[]): StatedPosition | null {
  if (missing.length > 0 && status !== "fail") return null;
  switch (status) {
    case "pass":
    case "attested":
    case "compensating-control":
      return "In Place";
    case "fail":
      return "Not in Place";
    case "not-applicable":
      return "Not Applicable";
    case "unknown":
    case "not-assessed":
    case "needs-attestation":
      return null;
  }
}
