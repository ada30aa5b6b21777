/** What an audit policy records. See evaluate-policy.ts and request-cases.ts. */
export type { AuditDecision, AuditedRequest, AuditedUser, ResourceRequest, UrlRequest } from "./evaluate-policy";
export { evaluateAuditPolicy, isAtLeastLevel, isRecorded } from "./evaluate-policy";
