/** Fleet and cluster: `/api/o/[org]/clusters…`. */
import { z } from "zod";
import {
  freshness,
  isoTime,
  lensQuery,
  pageOf,
  pageQuery,
  provider,
  rollupStatus,
  scopeCategory,
  severity,
  sortDirection,
} from "./common";

export const agentState = z.enum(["awaiting-agent", "enrolled", "silent", "revoked", "quarantined"]);

/** One of the twelve cells of a fleet row. */
export const fleetCell = z.object({
  requirement: z.string(),
  status: rollupStatus.or(z.literal("not-assessed")),
  failingControls: z.number().int(),
  hasCritical: z.boolean(),
});
export const fleetRow = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  project: z.object({ slug: z.string(), name: z.string() }),
  provider,
  kubernetesVersion: z.string().nullable(),
  scope: scopeCategory,
  agent: agentState,
  agentVersion: z.string().nullable(),
  lastSeenAt: isoTime.nullable(),
  lastScanAt: isoTime.nullable(),
  freshness,
  /** True while a snapshot is being uploaded or evaluated. */
  scanning: z.boolean(),
  openFindings: z.number().int(),
  worstSeverity: severity.nullable(),
  cells: z.array(fleetCell).length(12),
});
export type FleetRow = z.infer<typeof fleetRow>;

export const fleetQuery = pageQuery.extend(lensQuery.shape).extend({
  q: z.string().max(100).optional(),
  scope: scopeCategory.optional(),
  agent: agentState.optional(),
  freshness: freshness.optional(),
  sort: z.enum(["worst", "name", "project", "findings", "lastScanAt"]).default("worst"),
  direction: sortDirection.default("asc"),
});
export const fleetPage = pageOf(fleetRow).extend({
  summary: z.object({
    clusters: z.number().int(),
    reporting: z.number().int(),
    stale: z.number().int(),
    neverConnected: z.number().int(),
    failingControls: z.number().int(),
    /** All controls of this release: of how many `failingControls` is. */
    controls: z.number().int(),
    clustersWithFailures: z.number().int(),
    criticalFindings: z.number().int(),
    oldestEvidenceAt: isoTime.nullable(),
    workloads: z.object({
      cde: z.number().int(),
      connectedTo: z.number().int(),
      outOfScope: z.number().int(),
      undeclared: z.number().int(),
    }),
  }),
});
export type FleetPage = z.infer<typeof fleetPage>;

export const scanStepState = z.enum(["waiting", "running", "done", "warning", "failed"]);
export const scanRow = z.object({
  id: z.string(),
  seq: z.number().int(),
  state: z.enum(["uploading", "queued", "evaluating", "done", "failed"]),
  collectedAt: isoTime,
  receivedAt: isoTime.nullable(),
  evaluatedAt: isoTime.nullable(),
  catalogVersion: z.string().nullable(),
  /** The version whose code evaluated it; differs while the organization keeps an older version active. */
  codeVersion: z.string().nullable(),
  /** Uploaded documents that it was evaluated with. */
  imports: z.number().int(),
  objects: z.number().int(),
  counts: z
    .object({
      pass: z.number().int(),
      fail: z.number().int(),
      unknown: z.number().int(),
      notApplicable: z.number().int(),
    })
    .nullable(),
  newFindings: z.number().int(),
  closedFindings: z.number().int(),
  error: z.string().nullable(),
});
export type ScanRow = z.infer<typeof scanRow>;

/** SHA-256 of MANIFEST.sha256 in a scan's evidence package, lower-case hex. */
export const packageDigest = z.object({ digest: z.string() });
export type PackageDigest = z.infer<typeof packageDigest>;

export const sectionRow = z.object({
  name: z.string(),
  status: z.enum(["complete", "unserved", "forbidden", "failed", "not-collected"]),
  objects: z.number().int(),
  message: z.string().nullable(),
});

/** First contact, identity, permissions, first inventory, first results: each with real counts. */
export const onboardingStep = z.object({
  id: z.enum(["first-contact", "identity", "permissions", "first-inventory", "first-results"]),
  state: scanStepState,
  at: isoTime.nullable(),
  done: z.number().int().nullable(),
  total: z.number().int().nullable(),
  text: z.string(),
});

export const clusterDetail = fleetRow.extend({
  createdAt: isoTime,
  clusterUid: z.string().nullable(),
  serverAgentVersion: z.string(),
  versionSkew: z.enum(["none", "older", "newer", "unsupported"]).nullable(),
  enrolment: z.object({ state: z.enum(["none", "open", "used", "expired", "revoked"]), expiresAt: isoTime.nullable() }),
  agentKeys: z.array(
    z.object({
      fingerprint: z.string(),
      createdAt: isoTime,
      lastUsedAt: isoTime.nullable(),
      revokedAt: isoTime.nullable(),
      state: z.enum(["live", "revoked", "expired"]),
    }),
  ),
  sections: z.array(sectionRow),
  invalidObjects: z.array(
    z.object({ kind: z.string(), namespace: z.string().nullable(), name: z.string(), problem: z.string() }),
  ),
  droppedFields: z.number().int(),
  latestScan: scanRow.nullable(),
  onboarding: z.array(onboardingStep),
});
export type ClusterDetail = z.infer<typeof clusterDetail>;

export const registerClusterBody = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "lower case letters, digits and dashes"),
  project: z.string().max(63),
  provider,
});
/** The manifest is shown once. The token lies in a Secret inside it, never in an address. */
export const enrolmentIssued = z.object({
  clusterId: z.string(),
  slug: z.string(),
  token: z.string(),
  expiresAt: isoTime,
  /** The one command, with the manifest in a here-document. */
  command: z.string(),
  manifest: z.string(),
});
export type EnrolmentIssued = z.infer<typeof enrolmentIssued>;
