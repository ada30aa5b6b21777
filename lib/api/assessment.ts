/** Requirements, controls, results, findings, scope, packages: `/api/o/[org]/…`. */
import { z } from "zod";
import {
  coverage,
  freshness,
  isoTime,
  lensQuery,
  pageOf,
  pageQuery,
  requirementStatus,
  resourceRef,
  resultStatus,
  rollupStatus,
  scopeCategory,
  severity,
  sortDirection,
} from "./common";

const counts = z.object({
  pass: z.number().int(),
  fail: z.number().int(),
  unknown: z.number().int(),
  notApplicable: z.number().int(),
});

export const requirementRow = z.object({
  id: z.string(),
  parent: z.string().nullable(),
  kind: z.enum(["principal", "section", "requirement"]),
  title: z.string(),
  serviceProviderOnly: z.boolean(),
  coverage,
  /** Leaf requirements: the status over the clusters of the lens. Null for principals and sections. */
  status: requirementStatus.nullable(),
  /** Principals and sections: the roll-up. Null for leaves. */
  rollup: rollupStatus.or(z.literal("not-assessed")).nullable(),
  /** Leaves below, by status (a leaf counts itself). */
  breakdown: z.partialRecord(requirementStatus, z.number().int()),
  /** Leaves: clusters that show this status of all in the lens ("n of m clusters"). */
  clustersWorst: z.number().int(),
  clustersTotal: z.number().int(),
  controls: z.number().int(),
  openFindings: z.number().int(),
  worstSeverity: severity.nullable(),
  oldestEvidenceAt: isoTime.nullable(),
  freshness,
});
export type RequirementRow = z.infer<typeof requirementRow>;
export const requirementsQuery = pageQuery.extend(lensQuery.shape).extend({
  q: z.string().max(100).optional(),
  status: requirementStatus.optional(),
  coverage: coverage.optional(),
  /** Only rows below this id; without it principals only. `view=leaves` gives the flat list of the 280. */
  parent: z.string().max(16).optional(),
  view: z.enum(["tree", "leaves"]).default("tree"),
  sort: z.enum(["id", "worst"]).default("id"),
  direction: sortDirection.default("asc"),
});
export const requirementsPage = pageOf(requirementRow).extend({
  summary: z.object({
    applicable: z.number().int(),
    ready: z.number().int(),
    blocked: z.number().int(),
    needPerson: z.number().int(),
    notAssessed: z.number().int(),
    notApplicable: z.number().int(),
    /** Of the blocked ones, those that fail; the others could not be evaluated. */
    failing: z.number().int(),
    byCoverage: z.partialRecord(coverage, z.number().int()),
  }),
});
export type RequirementsPage = z.infer<typeof requirementsPage>;

export const controlRule = z.object({
  reads: z.string(),
  pass: z.string(),
  fail: z.string(),
  unknown: z.string(),
  notApplicable: z.string(),
  why: z.string(),
  cannotSee: z.string(),
});
export const verifyCommand = z.object({ command: z.string(), expect: z.string(), needs: z.array(z.string()) });
export const remediation = z.object({
  summary: z.string(),
  manifest: z.string().optional(),
  apply: z.string().optional(),
  risk: z.string(),
});

/** An error of common guides that concerns a control or a requirement; whole in `/controls/guides`. */
export const guideErrorName = z.object({ id: z.string(), claim: z.string() });

export const requirementControl = z.object({
  id: z.string(),
  title: z.string(),
  severity,
  link: z.enum(["primary", "fail-only", "supporting"]),
  rationale: z.string(),
  status: resultStatus.or(z.literal("not-assessed")),
  counts,
  rule: controlRule,
  verify: verifyCommand,
  freshness,
});
export const requirementDetail = requirementRow.extend({
  previous: z.string().nullable(),
  next: z.string().nullable(),
  /** Kinds of evidence that an assessor usually asks for. */
  typicalEvidence: z.array(z.enum(["configuration", "process", "interview", "physical"])),
  /** What a cluster can show of it, and what that rests on. */
  kubernetesRelevance: z.enum(["direct", "supporting", "none"]),
  kubernetesReason: z.string(),
  /** Why the coverage is what it is. Null for principals and sections. */
  coverageReason: z.string().nullable(),
  appliesTo: z.string(),
  /** Which of the assessor's words the evidence points to (never the assessor's finding); null for none, or if a control is missing. */
  suggestedPosition: z.enum(["In Place", "Not in Place", "Not Applicable"]).nullable(),
  perCluster: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      status: requirementStatus,
      lastScanAt: isoTime.nullable(),
      freshness,
    }),
  ),
  controlList: z.array(requirementControl),
  /** Controls that the catalogue names as deciding and that this release does not have, so that nobody has asked them. */
  missingControls: z.array(z.string()),
  attestations: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      assessorExpects: z.string(),
      /** What a person uploads with the statement. */
      uploads: z.string(),
      frequency: z.string(),
      /** How many requirements the same statement answers for, this one included. */
      requirements: z.number().int(),
      status: z.enum(["needs-attestation", "attested"]),
    }),
  ),
  /** Version of the catalogue that the controls and links are of. */
  catalog: z.object({ version: z.string(), shippedVersion: z.string() }),
  guideErrors: z.array(guideErrorName),
});
export type RequirementDetail = z.infer<typeof requirementDetail>;

const controlStatus = resultStatus.or(z.literal("not-assessed"));
const controlFamily = z.object({ id: z.string(), title: z.string() });

export const controlRow = z.object({
  id: z.string(),
  title: z.string(),
  severity,
  family: controlFamily,
  judges: z.string(),
  requirements: z.array(
    z.object({
      requirement: z.string(),
      title: z.string(),
      kind: z.enum(["primary", "fail-only", "supporting"]),
      rationale: z.string(),
      /** How far the requirement can be tested in this lens: by this control and all others. */
      coverage,
    }),
  ),
  status: resultStatus.or(z.literal("not-assessed")),
  counts,
  clustersFailing: z.number().int(),
  clustersTotal: z.number().int(),
});
export type ControlRow = z.infer<typeof controlRow>;
export const controlsQuery = pageQuery.extend(lensQuery.shape).extend({
  q: z.string().max(100).optional(),
  status: resultStatus.or(z.literal("not-assessed")).optional(),
  severity: severity.optional(),
  /** Id of a family, the first part of a control's id. */
  family: z.string().max(20).optional(),
  /** Controls that count toward a requirement of this coverage. */
  coverage: coverage.optional(),
  sort: z.enum(["worst", "id", "severity", "family"]).default("worst"),
  direction: sortDirection.default("asc"),
});
export const controlsPage = pageOf(controlRow).extend({
  /** The active version, and the one that this release brings: another while it waits to be activated. */
  catalog: z.object({ version: z.string(), shippedVersion: z.string() }),
  /** Every control of the lens by status, whatever is filtered. */
  summary: z.object({ byStatus: z.record(controlStatus, z.number().int()) }),
  /** For each filter, how many rows each of its values would list beside the other filters. */
  facets: z.object({
    status: z.partialRecord(controlStatus, z.number().int()),
    severity: z.partialRecord(severity, z.number().int()),
    coverage: z.partialRecord(coverage, z.number().int()),
    /** Every family of the catalogue, in its order. */
    family: z.array(controlFamily.extend({ controls: z.number().int() })),
  }),
});
export type ControlsPage = z.infer<typeof controlsPage>;
export const controlDetail = controlRow.extend({
  rule: controlRule,
  /** Counts up when what it decides changes. */
  revision: z.number().int(),
  /** A result is shown as stale after so many hours. */
  staleAfterHours: z.number(),
  catalog: z.object({
    version: z.string(),
    shippedVersion: z.string(),
    /** This release decides it otherwise than the active version says. */
    isDecidedAnew: z.boolean(),
    /** This release has no code for it. */
    isRetired: z.boolean(),
  }),
  /** What of the Kubernetes API it reads. */
  sections: z.array(
    z.object({
      name: z.string(),
      resources: z.array(z.string()),
      /** Without it no pass is believed; otherwise it asks another source or says so itself. */
      isNeeded: z.boolean(),
      /** Read only where an operator allows it. */ isOptional: z.boolean(),
    }),
  ),
  /** Documents that people upload and that it reads. */
  sources: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      nature: z.enum(["fact", "register"]),
      description: z.string(),
      /** Clusters of the lens that could not evaluate the control, and those that hold such a document; the first few. */
      clusters: z.array(
        z.object({ slug: z.string(), name: z.string(), documents: z.number().int(), isWaiting: z.boolean() }),
      ),
      moreClusters: z.number().int(),
    }),
  ),
  guideErrors: z.array(guideErrorName),
  verify: verifyCommand,
  perCluster: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      status: resultStatus.or(z.literal("not-assessed")),
      counts,
      freshness,
      lastScanAt: isoTime.nullable(),
    }),
  ),
});
export type ControlDetail = z.infer<typeof controlDetail>;

export const evidencePointer = z.object({ ref: resourceRef, pointer: z.string(), found: z.string().optional() });
export const resultRow = z.object({
  id: z.string(),
  cluster: z.object({ slug: z.string(), name: z.string() }),
  control: z.string(),
  severity,
  status: resultStatus,
  object: resourceRef,
  part: z.string().nullable(),
  reason: z.string(),
  detail: z.string(),
  evidence: z.array(evidencePointer),
  since: isoTime,
  lastScanAt: isoTime,
  freshness,
  finding: z.number().int().nullable(),
});
export type ResultRow = z.infer<typeof resultRow>;
export const resultsQuery = pageQuery.extend(lensQuery.shape).extend({
  control: z.string().max(80).optional(),
  requirement: z.string().max(16).optional(),
  namespace: z.string().max(63).optional(),
  status: resultStatus.optional(),
  severity: severity.optional(),
  q: z.string().max(100).optional(),
  sort: z.enum(["worst", "object", "since"]).default("worst"),
  direction: sortDirection.default("asc"),
});
export const resultsPage = pageOf(resultRow);

export const findingState = z.enum(["open", "resolved"]);
export const findingRow = z.object({
  number: z.number().int(),
  cluster: z.object({ slug: z.string(), name: z.string(), project: z.string() }),
  control: z.string(),
  controlTitle: z.string(),
  requirements: z.array(z.string()),
  severity,
  state: findingState,
  scope: scopeCategory,
  object: resourceRef,
  part: z.string().nullable(),
  reason: z.string(),
  firstSeenAt: isoTime,
  lastSeenAt: isoTime,
  resolvedAt: isoTime.nullable(),
  reopened: z.number().int(),
  freshness,
});
export type FindingRow = z.infer<typeof findingRow>;
export const findingsQuery = pageQuery.extend(lensQuery.shape).extend({
  q: z.string().max(100).optional(),
  state: findingState.default("open"),
  severity: severity.optional(),
  scope: scopeCategory.optional(),
  control: z.string().max(80).optional(),
  requirement: z.string().max(16).optional(),
  namespace: z.string().max(63).optional(),
  sort: z.enum(["priority", "severity", "firstSeenAt", "number"]).default("priority"),
  direction: sortDirection.default("asc"),
});
export const findingsPage = pageOf(findingRow);
export const findingDetail = findingRow.extend({
  detail: z.string(),
  evidence: z.array(evidencePointer),
  rule: controlRule,
  verify: verifyCommand,
  remediation: remediation.nullable(),
  /** The redacted object as it was in the latest scan, pretty JSON; null if it is gone. */
  rawObject: z.string().nullable(),
  history: z.array(
    z.object({ at: isoTime, event: z.enum(["opened", "resolved", "reopened"]), scanSeq: z.number().int() }),
  ),
  links: z.array(
    z.object({ requirement: z.string(), title: z.string(), kind: z.enum(["primary", "fail-only", "supporting"]) }),
  ),
});
export type FindingDetail = z.infer<typeof findingDetail>;

export const scopeRow = z.object({
  cluster: z.object({ slug: z.string(), name: z.string() }),
  namespace: z.string(),
  /** Null for the row of the namespace itself. */
  workload: resourceRef.nullable(),
  category: scopeCategory,
  reasons: z.array(z.object({ code: z.string(), text: z.string() })),
  workloads: z.number().int(),
  openFindings: z.number().int(),
});
export type ScopeRow = z.infer<typeof scopeRow>;
export const scopeQuery = pageQuery.extend(lensQuery.shape).extend({
  q: z.string().max(100).optional(),
  category: scopeCategory.optional(),
  namespace: z.string().max(63).optional(),
  view: z.enum(["namespaces", "workloads"]).default("namespaces"),
  sort: z.enum(["category", "namespace", "cluster"]).default("category"),
  direction: sortDirection.default("asc"),
});
export const scopePage = pageOf(scopeRow).extend({
  summary: z.object({
    cde: z.number().int(),
    connectedTo: z.number().int(),
    outOfScope: z.number().int(),
    undeclared: z.number().int(),
  }),
});
