/** What an audit policy records. See evaluate-policy.ts and request-cases.ts. */
export type { AuditDecision, AuditedRequest, AuditedUser, ResourceRequest, UrlRequest } from "./evaluate-policy";
export type { ProbedIdentity, ProbedResource } from "./request-cases";
export { identitiesIn, objectNamesIn, requestsFor, resourceWords } from "./request-cases";
export { evaluateAuditPolicy, isAtLeastLevel, isRecorded } from "./evaluate-policy";
