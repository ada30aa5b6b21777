/**
 * Imported sources about logging, detection and change: what the log store, the alerting system, host agents and delivery tools
 * say of themselves. Absent means that nobody has imported it.
 */
import type { AuditEventField } from "./imported-audit-log";
import type { ImportOrigin } from "./import-origin";

/** How much the API servers write into their audit logs. */
export interface AuditVolume {
  origin: ImportOrigin;
  /** Node, or name of the API server's pod; absent: each of them. */
  instance?: string;
  /** Measured over how many days, and the mean of a day. */
  days: number;
  bytesPerDay: number;
}

/** What the store holds of this cluster at the moment of `origin.collectedAt`. */
export interface LogFreshness {
  origin: ImportOrigin;
  store: string;
  /** Newest audit event of each API server (node, or name of its pod); null when there is none. */
  servers: { instance: string; newestEventAt: string | null }[];
  /** A request that was made to be found again. */
  canary?: { sentAt: string; auditId: string; foundAt: string | null };
  /** How many sampled events lack a field that PCI DSS 10.2.2 asks for. */
  sample?: { events: number; missing: Partial<Record<AuditEventField, number>> };
  /** Newest event of the workloads of a namespace; null when there is none. */
  workloads?: { namespace: string; newestEventAt: string | null }[];
}

/** What has to be noticed in the events of a cluster. */
export const DETECTIONS = [
  "exec-in-cde",
  "secret-reads-by-people",
  "rbac-change",
  "policy-delete",
  "anonymous-access",
  "refused-request-burst",
  "webhook-change",
  "audit-silence",
  "privileged-pod",
  "new-exposure",
] as const;
export type Detection = (typeof DETECTIONS)[number];

export interface DetectionRules {
  origin: ImportOrigin;
  system: string;
  rules: {
    name: string;
    detects: Detection[];
    isEnabled: boolean;
    receivers: string[];
    /** ISO 8601: when the rule was last tried with an event that it must find. */
    testedAt?: string;
  }[];
}
/** Days (YYYY-MM-DD) on which the events were reviewed. */
export interface LogReviews {
  origin: ImportOrigin;
  isAutomated: boolean;
  days: string[];
}

/** Security functions whose failure has to be noticed (PCI DSS 10.7.2). */
export const SECURITY_FUNCTIONS = [
  "network-plugin",
  "policy-engine",
  "audit-logging",
  "log-shipper",
  "runtime-sensor",
  "vulnerability-scanner",
  "identity-provider",
  "certificate-renewal",
  "backup",
  "agent-heartbeat",
  "configuration-drift",
] as const;
export type SecurityFunction = (typeof SECURITY_FUNCTIONS)[number];

export interface FailureAlarms {
  origin: ImportOrigin;
  system: string;
  alarms: { name: string; watches: SecurityFunction; isEnabled: boolean; receivers: string[] }[];
}
/** Failures of security functions within a period, as the incident system holds them. */
export interface FailureIncidents {
  origin: ImportOrigin;
  from: string;
  to: string;
  incidents: {
    id: string;
    function: SecurityFunction;
    startedAt: string;
    /** Null while it lasts. */
    endedAt: string | null;
    cause: string | null;
    fix: string | null;
  }[];
}

/** A sensor's own answer about what its pods or host agents do. */
export interface SensorRecord {
  origin: ImportOrigin;
  /** Name of the DaemonSet, or of the host agent. */
  sensor: string;
  /** Nodes, and whether its driver or probe receives events there. */
  nodes?: { node: string; isSeeing: boolean }[];
  rulesUpdatedAt?: string;
  outputs: { name: string; isOutsideCluster: boolean }[];
  /** When a test event last arrived at an output outside the cluster. */
  testEventAt?: string;
}

/** A malware scanner that runs on hosts or as a DaemonSet. */
export interface MalwareProtection {
  origin: ImportOrigin;
  product: string;
  nodes: { node: string; isActive: boolean; updatedAt: string | null; shipsLogs: boolean }[];
}

/** What of a node must not change unnoticed. */
export const WATCHED_FILES = [
  "control-plane-manifests",
  "pki",
  "audit-policy",
  "kubelet-configuration",
  "runtime-binaries",
] as const;
export type WatchedFiles = (typeof WATCHED_FILES)[number];
export interface FileIntegrityRecord {
  origin: ImportOrigin;
  tool: string;
  receivers: string[];
  nodes: { node: string; covers: WatchedFiles[]; comparedAt: string | null }[];
}

/** What a delivery tool outside the cluster (a platform's cluster profiles, a pipeline) says of what it manages. */
export interface DeliveryRecord {
  origin: ImportOrigin;
  tool: string;
  applications: {
    name: string;
    /** Namespaces whose workloads, policies and roles it manages. */
    namespaces: string[];
    isSynced: boolean;
    outOfSyncSince?: string;
    revision: string | null;
  }[];
}
/** Whether changes in a source repository need a review before they count. */
export interface SourceProtection {
  origin: ImportOrigin;
  repositories: { url: string; branch: string; isProtected: boolean }[];
}

export interface ImportedMonitoringFacts {
  auditVolumes?: AuditVolume[];
  logFreshness?: LogFreshness[];
  detectionRules?: DetectionRules[];
  logReviews?: LogReviews[];
  failureAlarms?: FailureAlarms[];
  failureIncidents?: FailureIncidents[];
  sensorRecords?: SensorRecord[];
  malwareProtection?: MalwareProtection[];
  fileIntegrity?: FileIntegrityRecord[];
  deliveryRecords?: DeliveryRecord[];
  sourceProtection?: SourceProtection[];
}
