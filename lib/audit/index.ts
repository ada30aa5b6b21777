/** What an audit policy records. See evaluate-policy.ts, request-cases.ts, demands.ts, coverage.ts and lint-policy.ts. */
export type { CoverageGap, CoverageRow } from "./coverage";
export {
  auditCoverage,
  demandWords,
  PUBLIC_PATHS,
  isFailedLoginRecorded,
  PROBED_PATHS,
  refusableRequests,
} from "./coverage";
export type { AuditDemand, LoggedRequirement } from "./demands";
export { ADMIN_CHANGES, BEYOND_THE_POLICY, LOGGED_REQUIREMENTS, policyEngineChanges } from "./demands";
export type { AuditDecision, AuditedRequest, AuditedUser, ResourceRequest, UrlRequest } from "./evaluate-policy";
export type { PolicyDefect } from "./lint-policy";
export { lintAuditPolicy } from "./lint-policy";
export type { ProbedIdentity, ProbedResource } from "./request-cases";
export { identitiesIn, objectNamesIn, requestsFor, resourceWords } from "./request-cases";
export { evaluateAuditPolicy, isAtLeastLevel, isRecorded } from "./evaluate-policy";
