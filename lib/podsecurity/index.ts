/** The Pod Security Standards: levels, checks, namespace policies. See evaluate.ts and policy.ts. */
export type { CheckOutcome, ForbiddenField, PodUnderCheck } from "./check";
export { withApiDefaults } from "./defaults";
export type { CheckViolation, PodSecurityEvaluation } from "./evaluate";
export { isWindows, visitContainers } from "./check";
export { checksFor, describeViolations, effectiveMinor, evaluatePodSecurity } from "./evaluate";
export type { LevelVersion, PodSecurityLevel, PodSecurityMode, PodSecurityPolicy, PodSecurityVersion } from "./policy";
export {
  isAtLeast,
  PRIVILEGED_DEFAULTS,
  parseLevel,
  parseVersion,
  podSecurityLabel,
  resolvePolicy,
} from "./policy";
export { CHECKS, NEWEST_MINOR } from "./registry";
export { minorOfVersion } from "./server-version";
