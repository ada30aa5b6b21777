/**
 * NodeReport (ringfence.dev/v1): what the node collector read on one node, and the facts that follow from it.
 *
 * The collector parses and redacts on the node (agent/node-collector); the object lies in the cluster, named after its node,
 * and the agent lists it like anything else. `state.problem` of a file never repeats the file's content.
 *
 * A report counts only if its name is that of its node, the node exists as far as nodes were listed, and it was made at most
 * seven days before the snapshot and not after it (ten minutes for clocks that differ). Anything else is left out, so that a
 * control answers `unknown` instead of judging yesterday's files.
 */
import type { AuditPolicy, ImportedFacts } from "./imported";
import type {
  EncryptionProvider,
  ImportedKubeletConfig,
  ImportedServerConfig,
  NodeCertificate,
  NodePatchRecord,
  TimeSyncReport,
} from "./imported-control-plane";
import type { ClaimRule } from "./imported-access";
import type { ImportOrigin } from "./import-origin";
import type { CustomObject } from "./kinds";

export const NODE_REPORT_API_VERSION = "ringfence.dev/v1";
export const NODE_REPORT_KIND = "NodeReport";
/** Days after which a report is not used any more. */
export const NODE_REPORT_MAX_AGE_DAYS = 7;

export type NodeFileState = "read" | "absent" | "refused" | "invalid";
/** One file that the collector looked for. */
export interface NodeReportFile {
  path: string;
  /** What it is: `encryption-configuration`, `audit-policy`, `kubelet-configuration`, `static-pod`, `key`, `certificate` … */
  role: string;
  state: NodeFileState;
  /** Of `refused` and `invalid`: why, in words that repeat nothing of the content. */
  problem?: string;
  /** Octal, four digits (`0600`), and the numeric owner; absent when the file is. */
  mode?: string;
  uid?: number;
  gid?: number;
}

type Plain<T> = Omit<T, "origin" | "node" | "instance">;
/** `spec` of a NodeReport. A part is absent when its file is absent, refused or invalid; `files` says which. */
export interface NodeReportSpec {
  nodeName: string;
  /** ISO 8601, UTC. */
  collectedAt: string;
  collectorVersion: string;
  files: NodeReportFile[];
  /** `unknownFields`: as parseAuditPolicy() of audit-policy.ts names them; absent when nobody looked for them. */
  auditPolicy?: { path: string; policy: AuditPolicy; unknownFields?: string[] };
  authentication?: {
    path: string;
    issuers: string[];
    /** Absent when the file has no such section. */
    anonymous?: { enabled: boolean; paths: string[] };
    claimRules?: ClaimRule[];
  };
  authorization?: { path: string; authorizers: { type: string; name?: string }[] };
  admission?: {
    path: string;
    plugins: string[];
    podSecurity?: {
      defaults: Record<string, string>;
      exemptions: { usernames: string[]; runtimeClasses: string[]; namespaces: string[] };
    };
  };
  encryption?: { path: string; resources: { resources: string[]; providers: EncryptionProvider[] }[] };
  kubelet?: Omit<Plain<ImportedKubeletConfig>, "source" | "flags"> & {
    path: string;
    /** Absent when no place that holds the kubelet's flags could be read. */
    flags?: Record<string, string>;
  };
  server?: Omit<Plain<ImportedServerConfig>, "secretsEncryption"> & { path: string; secretsEncryption?: boolean };
  /** etcd's own configuration file (RKE2, k3s with embedded etcd). */
  etcd?: { path: string; settings: Record<string, string> };
  certificates?: Plain<NodeCertificate>[];
  timeSync?: Omit<Plain<TimeSyncReport>, "offsetSeconds"> & { offsetMicroseconds?: number };
  patch?: Pick<NodePatchRecord, "updatedAt" | "isRebootPending">;
}

/** The report as an object that the API server takes. */
export function nodeReport(spec: NodeReportSpec): CustomObject {
  return {
    apiVersion: NODE_REPORT_API_VERSION,
    kind: NODE_REPORT_KIND,
    metadata: { name: spec.nodeName },
    spec: { ...spec },
  };
}

/** Reports that count, in name order. `nodes` is null when nodes were not listed. */
export function validNodeReports(
  reports: readonly CustomObject[],
  snapshotAt: string,
  nodes: ReadonlySet<string> | null,
): NodeReportSpec[] {
  const latest = Date.parse(snapshotAt) + 10 * 60_000;
  const earliest = Date.parse(snapshotAt) - NODE_REPORT_MAX_AGE_DAYS * 86_400_000;
  return reports
    .filter(({ metadata, spec }) => {
      const report = spec as Partial<NodeReportSpec> | undefined;
      const at = Date.parse(report?.collectedAt ?? "");
      if (report?.nodeName !== metadata.name || !(at >= earliest && at <= latest)) return false;
      return nodes === null || nodes.has(metadata.name);
    })
    .map(({ spec }) => spec as unknown as NodeReportSpec)
    .sort((a, b) => (a.nodeName < b.nodeName ? -1 : 1));
}

/** The facts that reports of validNodeReports() give. */
export function factsOfNodeReports(reports: readonly NodeReportSpec[]): Partial<ImportedFacts> {
  const facts: Partial<ImportedFacts> = {};
  const add = <K extends ListFact>(key: K, ...entries: NonNullable<ImportedFacts[K]>[number][]): void => {
    if (entries.length === 0) return;
    const list = (facts[key] ?? []) as unknown[];
    list.push(...entries);
    Object.assign(facts, { [key]: list });
  };
  for (const report of reports) {
    const { nodeName: node } = report;
    const from = (path: string): ImportOrigin => ({
      by: "node-collector",
      name: `${node}:${path}`,
      collectedAt: report.collectedAt,
    });
    const { auditPolicy, authentication, authorization, admission, encryption, kubelet, server, timeSync } = report;
    if (auditPolicy !== undefined)
      add("auditPolicies", {
        origin: from(auditPolicy.path),
        instance: node,
        policy: auditPolicy.policy,
        ...(auditPolicy.unknownFields === undefined ? {} : { unknownFields: auditPolicy.unknownFields }),
      });
    if (authentication !== undefined) {
      const { path, issuers, anonymous = null, claimRules } = authentication;
      const rules = claimRules === undefined ? {} : { claimRules };
      add("authenticationConfigs", { origin: from(path), instance: node, issuers, anonymous, ...rules });
    }
    if (authorization !== undefined) {
      const { path, authorizers } = authorization;
      add("authorizationConfigs", { origin: from(path), instance: node, authorizers });
    }
    if (admission !== undefined) {
      const { path, plugins } = admission;
      add("admissionConfigs", { origin: from(path), instance: node, plugins });
    }
    if (encryption !== undefined) {
      const { path, resources } = encryption;
      add("encryptionConfigs", { origin: from(path), instance: node, resources });
    }
    if (kubelet !== undefined) {
      const { path, flags = null, ...settings } = kubelet;
      add("kubeletConfigs", { origin: from(path), node, source: "file", flags, ...settings });
    }
    if (server !== undefined) {
      const { path, secretsEncryption = null, ...settings } = server;
      add("serverConfigs", { origin: from(path), node, secretsEncryption, ...settings });
    }
    if (report.etcd !== undefined)
      add("etcdConfigs", { origin: from(report.etcd.path), node, settings: report.etcd.settings });
    for (const certificate of report.certificates ?? [])
      add("nodeCertificates", { origin: from(certificate.path), node, ...certificate });
    for (const { path, mode, uid, gid } of report.files) {
      if (mode === undefined || uid === undefined || gid === undefined) continue;
      add("nodeFiles", { origin: from(path), node, path, mode, uid, gid });
    }
    if (timeSync !== undefined) {
      const { offsetMicroseconds, ...rest } = timeSync;
      const offsetSeconds = offsetMicroseconds === undefined ? null : offsetMicroseconds / 1_000_000;
      add("timeSync", { origin: from(timeSync.tool), node, offsetSeconds, ...rest });
    }
    if (report.patch !== undefined) add("nodePatches", { origin: from("package database"), node, ...report.patch });
  }
  const podSecurity = podSecurityOf(reports);
  if (podSecurity !== undefined) facts.podSecurityAdmission = podSecurity;
  return facts;
}

type ListFact = {
  [K in keyof ImportedFacts]-?: NonNullable<ImportedFacts[K]> extends unknown[] ? K : never;
}[keyof ImportedFacts];

/** One configuration for the cluster, and only if every control-plane node that has one says the same. */
function podSecurityOf(reports: readonly NodeReportSpec[]): ImportedFacts["podSecurityAdmission"] {
  const found = reports.flatMap((report) =>
    report.admission?.podSecurity === undefined ? [] : [{ report, podSecurity: report.admission.podSecurity }],
  );
  const [first] = found;
  if (first === undefined) return undefined;
  const texts = new Set(found.map(({ podSecurity }) => JSON.stringify(podSecurity)));
  if (texts.size > 1) return undefined;
  const { report, podSecurity } = first;
  return {
    origin: {
      by: "node-collector",
      name: `${found.map(({ report: { nodeName } }) => nodeName).join(", ")}:${report.admission?.path ?? ""}`,
      collectedAt: report.collectedAt,
    },
    defaults: podSecurity.defaults,
    exemptions: podSecurity.exemptions,
  };
}
