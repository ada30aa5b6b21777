/** The straight line from a snapshot to requirement statuses, and the two status vocabularies' second half. */
import type { LinkKind, Result } from "@/lib/controls/types";
import type { Scope } from "@/lib/scope/types";

/** In the order in which the worst of a requirement's parts is shown (HOUSE.md, "Words"); not-applicable only if all are. */
export const REQUIREMENT_STATUSES = [
  "fail",
  "unknown",
  "not-assessed",
  "needs-attestation",
  "compensating-control",
  "attested",
  "pass",
  "not-applicable",
] as const;
export type RequirementStatus = (typeof REQUIREMENT_STATUSES)[number];

/** Words for roll-ups over requirements, other than the words for a test. */
export const ROLLUP_STATUSES = ["blocked", "needs-attestation", "ready", "not-applicable"] as const;
export type RollupStatus = (typeof ROLLUP_STATUSES)[number];

/** How far a requirement can be tested from a cluster; stands beside its status always. */
export const COVERAGES = ["automated", "partial", "manual", "provider", "outside-kubernetes"] as const;
export type Coverage = (typeof COVERAGES)[number];

export interface ControlSummary {
  control: string;
  /** Worst of its results: fail, unknown, pass; not-applicable when every result is. A control with no result is unknown. */
  status: Result["status"];
  counts: { pass: number; fail: number; unknown: number; "not-applicable": number };
}

/** A control that ran and is linked to the requirement. */
export interface TestedPart {
  control: string;
  kind: LinkKind;
  status: Result["status"];
  decides: boolean;
}
/** A control that the catalogue names as deciding and that this release does not have: it was not asked, so it can't have passed. */
export interface MissingPart {
  control: string;
  kind: "primary";
  status: "not-assessed";
  decides: true;
}
export type RequirementPart = TestedPart | MissingPart;

export interface RequirementAssessment {
  requirement: string;
  status: RequirementStatus;
  coverage: Coverage;
  /** The links that decided, each with the control's summary status, for "why"; the missing ones last, in the catalogue's order. */
  parts: RequirementPart[];
  /** Attestation groups that a person still has to sign. */
  attestations: { id: string; status: "needs-attestation" | "attested" }[];
}

export interface Assessment {
  catalogVersion: string;
  asOf: string;
  scope: Scope;
  /** In catalogue order, then object key, then part: the same snapshot and asOf give the same bytes for ever. */
  results: { control: string; results: Result[] }[];
  controls: ControlSummary[];
  requirements: RequirementAssessment[];
}
