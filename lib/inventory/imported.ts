/**
 * Sources that are not Kubernetes objects: files on control-plane hosts, records of a cloud provider's API, settings of the
 * store that keeps the logs. The agent cannot read them; an importer (node collector, cloud reader, upload by a person) fills
 * them in, and says where each came from. Absent means that nobody has imported it, so a control answers `unknown`.
 */
import type { ImportOrigin } from "./import-origin";
import type { ImportedAccessFacts } from "./imported-access";
import type { ImportedStorageFacts } from "./imported-storage";
import type { ImportedExposureFacts } from "./imported-exposure";
import type { ImportedImageFacts } from "./imported-images";
import type { ImportedControlPlaneFacts } from "./imported-control-plane";
import type { AuditLogSummary } from "./imported-audit-log";
import type { ImportedMonitoringFacts } from "./imported-monitoring";

export type { ImportOrigin };

export const AUDIT_LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

export const AUDIT_STAGES = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
export type AuditStage = (typeof AUDIT_STAGES)[number];

export interface AuditGroupResources {
  /** Empty or absent is the core group; `*` is every group. */
  group?: string;
  resources?: string[];
  resourceNames?: string[];
}

/** One rule of audit.k8s.io/v1 Policy; an absent or empty list restricts nothing. */
export interface AuditPolicyRule {
  level: AuditLevel;
  users?: string[];
  userGroups?: string[];
  verbs?: string[];
  resources?: AuditGroupResources[];
  namespaces?: string[];
  nonResourceURLs?: string[];
  omitStages?: AuditStage[];
  /** Overrides the policy's; says what a body holds, never whether there is an event. */
  omitManagedFields?: boolean;
}

/** audit.k8s.io/v1 Policy without its metadata. */
export interface AuditPolicy {
  rules: AuditPolicyRule[];
  omitStages?: AuditStage[];
  omitManagedFields?: boolean;
}

/** The policy file that one API server runs with. Every API server has its own copy, so every one is judged. */
export interface ImportedAuditPolicy {
  origin: ImportOrigin;
  /** Node, or name of the API server's pod. */
  instance: string;
  policy: AuditPolicy;
  /** Fields that the API server dropped when it read the file (audit-policy.ts); absent when nobody looked for them. */
  unknownFields?: string[];
}

/** What a managed control plane's provider says about audit logging. */
export type AuditRecord = { origin: ImportOrigin } & (
  | {
      provider: "eks" /** Enabled control-plane log types, for example `audit`, `authenticator`. */;
      logTypes: string[];
    }
  | {
      provider: "gke" /** Enabled Data Access log types of the Kubernetes Engine API: `ADMIN_READ`, `DATA_READ`, `DATA_WRITE`. */;
      dataAccess: string[];
    }
  | {
      provider: "aks" /** Enabled diagnostic categories, for example `kube-audit`, `kube-audit-admin`. */;
      categories: string[];
    }
  | { provider: "openshift" /** spec.audit.profile of APIServer/cluster. */; profile: string }
  | { provider: "other" /** The provider's record says that audit events are delivered. */; delivered: boolean }
);

/** What a sample of recorded audit events shows; counted where the events lie, so no event leaves the store. */
export interface AuditEventSample {
  origin: ImportOrigin;
  /** ISO 8601, UTC: the period that the sample covers. */
  from: string;
  to: string;
  /** Events about secrets that hold a request or response body, and one auditID of them. */
  secretEventsWithBody: number;
  exampleAuditId?: string;
}

/** Where audit events of the cluster are kept. */
export interface LogStore {
  /** Name that people know it by: index pattern, log group, bucket. */
  name: string;
  kind: "elasticsearch" | "opensearch" | "cloudwatch" | "s3" | "gcs" | "azure-storage" | "loki" | "splunk" | "other";
  retention?: LogRetention;
  protection?: LogProtection;
}

export interface LogRetention {
  origin: ImportOrigin;
  /** Days until an event is deleted, counted from the event; null when nothing ever deletes. */
  deleteAfterDays: number | null;
  /** False when the life-cycle policy exists but is not attached to every index, group or bucket in use. */
  isAttached: boolean;
  /** Indices or groups in use that the policy does not cover. */
  unattached: string[];
  /** Days for which events stay in a tier that can be searched at once; null when always. */
  searchableDays: number | null;
  /** ISO 8601, UTC: the oldest event found; absent when the store was not asked. */
  oldestEventAt?: string;
  /** ISO 8601, UTC: since when the cluster sends logs here; absent when not known. */
  deliveringSince?: string;
  /** Days (YYYY-MM-DD) within the last twelve months for which no event was found; absent when not asked. */
  daysWithoutEvents?: string[];
}

export interface LogProtection {
  origin: ImportOrigin;
  /** Write-once storage; `none` when events can be overwritten. `append-only` is a store that denies deletion by role. */
  lock: "compliance" | "governance" | "append-only" | "none";
  /** Days for which the lock holds each event; null when without end. */
  lockDays: number | null;
  /** Identities that may bypass a governance lock or a deletion denial. */
  bypassIdentities: string[];
  /** Identities that can delete or overwrite events, without the break-glass roles. */
  writersThatCanDelete: LogStoreIdentity[];
  /** Named break-glass roles. */
  breakGlass: string[];
  /** Identities with read access that are not on the approved list; `everyone` when the store has no read restriction. */
  unapprovedReaders: string[] | "everyone";
  /** Whether reads of the store are themselves logged. */
  areReadsLogged: boolean;
}
export interface LogStoreIdentity {
  name: string;
  kind: "cluster" | "shipper" | "person" | "role";
}

/** Output settings of the process that ships audit logs, as far as they can be read without secrets. */
export interface LogShipperOutput {
  origin: ImportOrigin;
  /** Workload that it is about, or the host service's name. */
  shipper: string;
  /** Path or pattern that it tails. */
  tails: string;
  format: "json" | "text";
  scheme: "https" | "http" | "tls" | "tcp";
  verifiesCertificate: boolean;
  authenticates: boolean;
  /** Position file on a volume that outlives the pod. */
  persistsPosition: boolean;
}

/** `PodSecurityConfiguration` of the API server's admission configuration. */
export interface PodSecurityAdmissionConfig {
  origin: ImportOrigin;
  defaults: { [key in "enforce" | "enforce-version" | "audit" | "audit-version" | "warn" | "warn-version"]?: string };
  exemptions: { usernames: string[]; runtimeClasses: string[]; namespaces: string[] };
}

/** All imported sources of one cluster. */
export interface ImportedFacts
  extends ImportedAccessFacts,
    ImportedMonitoringFacts,
    ImportedControlPlaneFacts,
    ImportedImageFacts,
    ImportedExposureFacts,
    ImportedStorageFacts {
  auditPolicies?: ImportedAuditPolicy[];
  auditRecord?: AuditRecord;
  auditEvents?: AuditEventSample;
  auditLogs?: AuditLogSummary[];
  logStores?: LogStore[];
  logShippers?: LogShipperOutput[];
  podSecurityAdmission?: PodSecurityAdmissionConfig;
}
