/**
 * What an uploaded audit log shows, counted when it is uploaded; the events themselves are not kept. One entry per upload, so
 * a period may be put together from several files. A file holds what one API server wrote, or what a store was asked for: that
 * it is everything can't be seen from it, and whoever reads these facts must not take silence for absence without more.
 */
import type { ImportOrigin } from "./import-origin";

export interface AuditLogSummary {
  origin: ImportOrigin;
  /** ISO 8601, UTC: when the first and the last event of the file was received. */
  from: string;
  to: string;
  /** Requests with at least one event of their end (ResponseComplete or Panic); each auditID once. */
  requests: number;
  /** Days (YYYY-MM-DD) between `from` and `to` without any event. */
  daysWithoutEvents: string[];
  /** Lines that hold no audit event of audit.k8s.io/v1. */
  unreadableLines: number;
  /** Answers 401: nobody was authenticated, so the event has no user. */
  unauthorized: RefusedRequests;
  /** Answers 403. */
  forbidden: RefusedRequests;
  /** How many events lack a field that PCI DSS 10.2.2 asks for, by field: `user`, `verb`, `time`, `status`, `source`, `object`. */
  missingFields: Partial<Record<AuditEventField, number>>;
  /** Whoever the requests were made as (the impersonated one, where somebody was), in name order. */
  users: UserActivity[];
  /** Changes that people made and the API server accepted, in time order. */
  writes: HumanWrite[];
  /** Entries that did not fit into the lists above; above 0, a list is not complete. */
  leftOut: { users: number; uses: number; writes: number };
}
export const AUDIT_EVENT_FIELDS = ["user", "verb", "time", "status", "source", "object"] as const;
export type AuditEventField = (typeof AUDIT_EVENT_FIELDS)[number];

export interface RefusedRequests {
  count: number;
  exampleAuditId?: string;
}

export interface UserActivity {
  username: string;
  /** Groups of any of its requests, without `system:authenticated`; service accounts' own groups are left out. */
  groups: string[];
  kind: AuditedUserKind;
  /** How it was authenticated, as far as events say; `unknown` for a user name alone. */
  method: SignInMethod;
  /** Who made requests as this user by impersonation; absent when it always came itself. */
  impersonatedBy?: string[];
  firstAt: string;
  lastAt: string;
  requests: number;
  /** What it was let do (any answer but 401 and 403), each kind of request once. */
  uses: PermissionUse[];
}
/** `component`: a part of Kubernetes or of the provider's control plane (`system:…`, `eks:…`). */
export type AuditedUserKind = "person" | "service-account" | "component" | "anonymous";
export type SignInMethod = "identity-provider" | "client-certificate" | "service-account" | "unknown";

export interface PermissionUse {
  verb: string;
  /** Of a resource. */
  apiGroup?: string;
  /** `pods`, `pods/exec`. */
  resource?: string;
  /** Absent for cluster-scoped requests and lists over all namespaces. */
  namespace?: string;
  /** Path of a request that is about no resource. */
  path?: string;
  count: number;
  lastAt: string;
}

/** One accepted request of a person that changed an object: no dry run, no review, no session into a container. */
export interface HumanWrite {
  auditId: string;
  at: string;
  username: string;
  /** The person behind an impersonated user. */
  impersonatedBy?: string;
  verb: string;
  apiGroup: string;
  /** `deployments`, `deployments/scale`. */
  resource: string;
  namespace?: string;
  /** Absent where the API server chooses the name, and for collections. */
  name?: string;
  /** Program in the user agent, such as `kubectl`; it is what the client says of itself. */
  client?: string;
}
