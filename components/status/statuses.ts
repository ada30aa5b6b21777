/**
 * Every status that a screen can show: its shape, its word and what it means. One Record per vocabulary, so that a status without an
 * explanation does not compile. Shape carries the status and colour only helps: circle and octagon were checked by a machine, a square was
 * signed by a person, a diamond is a compensating control, a triangle could not run, a dashed circle has no evidence.
 */
import type { z } from "zod";
import type { requirementStatus, rollupStatus } from "@/lib/api/common";

export type Status = z.infer<typeof requirementStatus>;
export type Rollup = z.infer<typeof rollupStatus> | "not-assessed";

export type Shape =
  | "circle-tick"
  | "octagon-cross"
  | "triangle-mark"
  | "circle-dashed"
  | "square-lines"
  | "square-tick"
  | "diamond-wave"
  | "circle-dash";
export type Tone = "pass" | "fail" | "warn" | "human" | "exc" | "none";

export interface StatusEntry {
  shape: Shape;
  tone: Tone;
  word: string;
  meaning: string;
}

export const STATUSES: Record<Status, StatusEntry> = {
  pass: {
    shape: "circle-tick",
    tone: "pass",
    word: "Pass",
    meaning: "A machine checked every object of its kind, and all of them meet the rule.",
  },
  fail: {
    shape: "octagon-cross",
    tone: "fail",
    word: "Fail",
    meaning: "A machine checked, and at least one object does not meet the rule.",
  },
  unknown: {
    shape: "triangle-mark",
    tone: "warn",
    word: "Could not evaluate",
    meaning: "Something needed for the answer was refused, missing or invalid. The reason names it.",
  },
  "not-assessed": {
    shape: "circle-dashed",
    tone: "none",
    word: "Not assessed",
    meaning:
      "There is no evidence for this place and time, it is older than 7 days, or a control that decides is not in this release.",
  },
  "needs-attestation": {
    shape: "square-lines",
    tone: "human",
    word: "Needs attestation",
    meaning: "A named person has to sign a part that no machine can check.",
  },
  attested: {
    shape: "square-tick",
    tone: "human",
    word: "Attested",
    meaning: "A named person signed it, with a date, and the signature has not expired.",
  },
  "compensating-control": {
    shape: "diamond-wave",
    tone: "exc",
    word: "Compensating control",
    meaning: "An approved worksheet stands in its place until it expires. It is never counted as a pass.",
  },
  "not-applicable": {
    shape: "circle-dash",
    tone: "none",
    word: "Not applicable",
    meaning: "There is nothing of its kind to judge, and the reason is on record.",
  },
};

/** Roll-ups over requirements have words of their own, so that they are never taken for a test. */
export const ROLLUPS: Record<Rollup, StatusEntry> = {
  blocked: {
    shape: "octagon-cross",
    tone: "fail",
    word: "Blocked",
    meaning: "At least one requirement below fails or could not be evaluated.",
  },
  "needs-attestation": {
    shape: "square-lines",
    tone: "human",
    word: "Needs attestation",
    meaning: "Nothing below is blocked, but a person still has to sign or evidence is missing.",
  },
  ready: {
    shape: "circle-tick",
    tone: "pass",
    word: "Ready",
    meaning: "Every applicable requirement below passes, is attested or has a compensating control.",
  },
  "not-applicable": {
    shape: "circle-dash",
    tone: "none",
    word: "Not applicable",
    meaning: "Nothing below applies here.",
  },
  "not-assessed": {
    shape: "circle-dashed",
    tone: "none",
    word: "Not assessed",
    meaning: "There is no evidence yet, it is older than 7 days, or what decides is not in this release.",
  },
};

/**
 * What a roll-up is drawn as, in the heatmap and beside its word: Blocked with nothing below that fails is blocked by what could not be
 * evaluated, and takes the triangle.
 */
export function drawnAs(rollup: Rollup, hasFail: boolean): Exclude<Rollup, "blocked"> | "fail" | "unknown" {
  return rollup !== "blocked" ? rollup : hasFail ? "fail" : "unknown";
}

/** A roll-up with the shape that it is drawn as; its word stays its own. */
export function rollupEntry(rollup: Rollup, hasFail: boolean): StatusEntry {
  const drawn = drawnAs(rollup, hasFail);
  if (drawn !== "unknown") return ROLLUPS[rollup];
  const { shape, tone } = STATUSES.unknown;
  return {
    ...ROLLUPS[rollup],
    shape,
    tone,
    meaning: "Nothing below fails, but at least one requirement could not be evaluated.",
  };
}

/** Worst first; the order in which breakdowns are listed. */
export const STATUS_ORDER: readonly Status[] = [
  "fail",
  "unknown",
  "not-assessed",
  "needs-attestation",
  "compensating-control",
  "attested",
  "pass",
  "not-applicable",
];
