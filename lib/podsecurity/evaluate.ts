/**
 * The Pod Security Standards, with the API server's own answers.
 *
 * Source of the rules: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and the behaviour of the built-in
 * admission plug-in PodSecurity.
 */
import type { Check, CheckOutcome, CheckRevision, ForbiddenField, PodUnderCheck } from "./check";
import { withApiDefaults } from "./defaults";
import { CHECKS, NEWEST_MINOR } from "./registry";
import type { PodSecurityLevel, PodSecurityVersion } from "./policy";

export interface CheckViolation {
  check: string;
  reason: string;
  detail: string;
  fields: readonly ForbiddenField[];
}

export interface PodSecurityEvaluation {
  allowed: boolean;
  level: PodSecurityLevel;
  /** The minor version whose rules were applied. */
  minor: number;
  /** In the order of the API server's refusal. Empty when allowed. */
  violations: readonly CheckViolation[];
}

/**
 * Judges a pod or a pod template against a level.
 *
 * @param pod redacted or raw; API defaults are filled in first, so a manifest and the pod made from it get the same answer.
 * @param level privileged allows everything.
 * @param version `latest` or a minor version; a version newer than the API server's is the API server's.
 * @param serverMinor minor version of the API server; without it the newest known rules stand in.
 */
export function evaluatePodSecurity(
  pod: PodUnderCheck,
  level: PodSecurityLevel,
  version: PodSecurityVersion = "latest",
  serverMinor: number = NEWEST_MINOR,
): PodSecurityEvaluation {
  const minor = effectiveMinor(version, serverMinor);
  const subject = { annotations: pod.annotations, spec: withApiDefaults(pod.spec) };
  const violations = checksFor(level, minor).flatMap(({ check, revision }) => {
    const outcome = revision.evaluate(subject);
    return outcome.allowed ? [] : [violationOf(check.id, outcome)];
  });
  return { allowed: violations.length === 0, level, minor, violations };
}

/** The minor version whose rules an API server applies: never newer than the server, never newer than this catalogue. */
export function effectiveMinor(version: PodSecurityVersion, serverMinor: number = NEWEST_MINOR): number {
  const newest = Math.min(serverMinor, NEWEST_MINOR);
  return version === "latest" ? newest : Math.min(version, newest);
}

/** The checks of a level at a minor version, in the API server's order; restricted replaces what its checks override. */
export function checksFor(level: PodSecurityLevel, minor: number): { check: Check; revision: CheckRevision }[] {
  if (level === "privileged") return [];
  const active = CHECKS.flatMap((check) => {
    if (level === "baseline" && check.level !== "baseline") return [];
    const revision = check.revisions.findLast((candidate) => candidate.sinceMinor <= minor);
    return revision === undefined ? [] : [{ check, revision }];
  });
  const overridden = new Set(active.flatMap(({ revision }) => revision.overrides ?? []));
  return active.filter(({ check }) => !overridden.has(check.id));
}

/** `host namespaces (hostNetwork=true), privileged (container "a" must not …)`: the part of a refusal after the level. */
export function describeViolations(violations: readonly CheckViolation[]): string {
  return violations.map((v) => (v.detail === "" ? v.reason : `${v.reason} (${v.detail})`)).join(", ");
}

function violationOf(check: string, outcome: Extract<CheckOutcome, { allowed: false }>): CheckViolation {
  return { check, reason: outcome.reason, detail: outcome.detail, fields: outcome.fields };
}
