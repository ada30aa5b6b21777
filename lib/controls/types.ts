/** What a control is, what it is given and what it answers. One file per control beside this one. */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import type { Registers } from "@/lib/inventory/registers";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { Scope } from "@/lib/scope/types";

export const SEVERITIES = ["critical", "high", "medium", "low"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const RESULT_STATUSES = ["pass", "fail", "unknown", "not-applicable"] as const;
/** A machine's answer. `unknown`: data missing, refused or invalid. `not-applicable`: nothing of its kind to judge. */
export type ResultStatus = (typeof RESULT_STATUSES)[number];

/**
 * - `primary`: decides the requirement. - `fail-only`: a fail breaks the requirement, a pass proves nothing.
 * - `supporting`: informs and never decides.
 */
export type LinkKind = "primary" | "fail-only" | "supporting";
export interface RequirementLink {
  requirement: string;
  kind: LinkKind;
  /** Why this control is evidence for that requirement, in one sentence of our own words. */
  rationale: string;
}

/** The rule in words; shown to a QSA beside the result, and the specification that the code is held against. */
export interface ControlRule {
  reads: string;
  pass: string;
  fail: string;
  unknown: string;
  notApplicable: string;
  /** Why we take this as evidence. */
  why: string;
  /** What it cannot show. */
  cannotSee: string;
}

/** A place in the snapshot that the result rests on. */
export interface EvidencePointer {
  ref: ResourceRef;
  /** JSON pointer (RFC 6901) into the redacted object; "" for the whole object. */
  pointer: string;
  /** The value found, as a short text. Absent if nothing is there, or if the place itself is what counts: never shown as "nothing". */
  found?: string;
}

export interface Result {
  status: ResultStatus;
  /** What was judged; for a cluster-wide control `CLUSTER_REF`. */
  object: ResourceRef;
  /** A container, rule or webhook inside the object, when several are judged apart. Part of the fingerprint. */
  part?: string;
  /** Overrides the control's severity for this result (sub-grades of the catalogue). */
  severity?: Severity;
  /** At most about 90 characters, for tables. */
  reason: string;
  /** Whole sentences that name names: objects, fields, values, what would make an unknown known. */
  detail: string;
  evidence: EvidencePointer[];
}

export const CLUSTER_REF: ResourceRef = { apiVersion: "ringfence.dev/v1", kind: "Cluster", name: "cluster" };

export interface EvaluationContext {
  inventory: Inventory;
  scope: Scope;
  /** The moment that the evaluation is about, ISO 8601 UTC. The only clock a control may read. */
  asOf: string;
  /** What the organization has approved. Absent: nothing is approved, which is also what an empty list says. */
  registers?: Registers;
}

export type { ApiClient, Registers } from "@/lib/inventory/registers";

export interface Remediation {
  /** What to do, in one or two sentences. */
  summary: string;
  /** YAML ready for `kubectl apply` (or `kubectl patch`, see `apply`), generated for the very object; absent for a runbook. */
  manifest?: string;
  /** The command that applies it. */
  apply?: string;
  /** What the change could break. */
  risk: string;
}

export interface VerifyCommand {
  /** A command that an assessor can paste into bash; shows the same facts without Ringfence. */
  command: string;
  /** What to look for in its output. */
  expect: string;
  /** Programs beyond kubectl and jq (`openssl`, `curl` …); empty if none. */
  needs: readonly string[];
}

export interface Control {
  id: string;
  title: string;
  severity: Severity;
  requirements: readonly RequirementLink[];
  /** What one result is about. */
  judges:
    | "cluster"
    | "namespace"
    | "workload"
    | "networkpolicy"
    | "role"
    | "binding"
    | "serviceaccount"
    | "ingress"
    | "node"
    | "policy"
    | "daemonset"
    | "log-store"
    | "service"
    | "image"
    | "certificate"
    | "secret"
    | "subject"
    | "component"
    | "volume"
    | "backup"
    | "flow";
  /** Sections without which it answers `unknown`. */
  sections: readonly SectionName[];
  rule: ControlRule;
  /** Hours after which a result is shown as stale; 24 unless set. */
  staleAfterHours?: number;
  evaluate(context: EvaluationContext): Result[];
  /** The assessor's command for the control, or for one result of it. */
  verify(context: { scope: Scope }, result?: Result): VerifyCommand;
  remediate(context: EvaluationContext, result: Result): Remediation;
  /** Counts up when what it decides changes, so that a new catalogue version can say so; 1 unless set. */
  revision?: number;
}
