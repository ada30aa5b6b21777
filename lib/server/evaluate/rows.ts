/** An assessment as rows: the identity of each (fingerprint) and its value (digest), so that only changes are written. */
import { createHash } from "node:crypto";
import type { Assessment, RequirementStatus } from "@/lib/assessment/types";
import type { Control, EvidencePointer, Result, ResultStatus, Severity } from "@/lib/controls/types";
import type { ResourceRef } from "@/lib/inventory/inventory";
import type { Scope, ScopeCategory } from "@/lib/scope/types";

export interface ResultRow {
  /** SHA-256 in hex of what is judged by what: stays the same from scan to scan. */
  fingerprint: string;
  /** SHA-256 in hex of everything else: another digest is a change. */
  digest: string;
  controlId: string;
  status: ResultStatus;
  severity: Severity;
  apiVersion: string;
  kind: string;
  namespace: string | null;
  name: string;
  part: string | null;
  reason: string;
  detail: string;
  evidence: EvidencePointer[];
  scope: ScopeCategory;
}

export interface ControlRow {
  controlId: string;
  status: ResultStatus;
  pass: number;
  fail: number;
  unknown: number;
  notApplicable: number;
}
export interface RequirementRow {
  requirementId: string;
  status: RequirementStatus;
  coverage: string;
  parts: unknown;
  attestations: unknown;
}
export interface ScopeTableRow {
  rowKey: string;
  namespace: string;
  apiVersion: string | null;
  kind: string | null;
  name: string | null;
  category: ScopeCategory;
  labelValue: string | null;
  reasons: unknown;
  workloads: number;
}

function sha256(parts: readonly (string | null)[]): string {
  const hash = createHash("sha256");
  // Length before each part: ("ab", "c") and ("a", "bc") are different things.
  for (const part of parts) hash.update(part === null ? "-\n" : `${Buffer.byteLength(part)}:${part}\n`);
  return hash.digest("hex");
}

/**
 * Identity of a result over scans and rollouts: control, kind, namespace, owning workload and part. The version of the API
 * is left out (a Deployment stays the same thing when its group's version moves on), and so is every pod's name, because
 * the object of a pod's result is its root owner.
 *
 * @param ordinal tells apart several results of one control for one object and part; 0 for the first
 */
export function fingerprintOf(control: string, object: ResourceRef, part: string | undefined, ordinal = 0): string {
  const identity = [control, object.kind, object.namespace ?? null, object.name, part ?? null];
  return sha256(ordinal === 0 ? identity : [...identity, String(ordinal)]);
}

/** The category of what a result is about; a cluster-wide object takes the cluster's (the highest that it holds). */
export function categoryOfObject(scope: Scope, object: ResourceRef): ScopeCategory {
  if (object.namespace !== undefined) return scope.categoryOf(object.namespace);
  if (object.kind === "Namespace") return scope.categoryOf(object.name);
  return clusterCategory(scope);
}

/** The highest category of the cluster's namespaces: cde, connected-to, undeclared, out-of-scope. */
export function clusterCategory(scope: Scope): ScopeCategory {
  if (!scope.declared) return "undeclared";
  const order: ScopeCategory[] = ["cde", "connected-to", "undeclared", "out-of-scope"];
  const present = new Set(scope.namespaces.map((namespace) => namespace.category));
  return order.find((category) => present.has(category)) ?? "undeclared";
}

/** Results in catalogue order, each with its identity. Severity is the result's own where it has one. */
export function resultRows(assessment: Assessment, controls: ReadonlyMap<string, Control>): ResultRow[] {
  const rows: ResultRow[] = [];
  const seen = new Map<string, number>();
  for (const { control, results } of assessment.results) {
    const severity = controls.get(control)?.severity ?? "medium";
    for (const result of results) {
      const plain = fingerprintOf(control, result.object, result.part);
      const ordinal = seen.get(plain) ?? 0;
      seen.set(plain, ordinal + 1);
      const fingerprint = ordinal === 0 ? plain : fingerprintOf(control, result.object, result.part, ordinal);
      rows.push(resultRow(control, result, result.severity ?? severity, fingerprint, assessment.scope));
    }
  }
  return rows;
}

function resultRow(control: string, result: Result, severity: Severity, fingerprint: string, scope: Scope): ResultRow {
  const { object, reason, detail, evidence, status } = result;
  const category = categoryOfObject(scope, object);
  return {
    fingerprint,
    digest: valueDigestOf({
      status,
      severity,
      apiVersion: object.apiVersion,
      scope: category,
      reason,
      detail,
      evidence,
    }),
    controlId: control,
    status,
    severity,
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespace: object.namespace ?? null,
    name: object.name,
    part: result.part ?? null,
    reason,
    detail,
    evidence,
    scope: category,
  };
}

/** Digest of a result's value, from a fresh result as from a stored row (whose JSON may have another order of keys). */
export function valueDigestOf(
  row: Pick<ResultRow, "status" | "severity" | "apiVersion" | "scope" | "reason" | "detail" | "evidence">,
): string {
  const evidence = row.evidence.map(({ ref, pointer, found }) => [
    ref.apiVersion,
    ref.kind,
    ref.namespace ?? null,
    ref.name,
    pointer,
    found ?? null,
  ]);
  return sha256([
    row.status,
    row.severity,
    row.apiVersion,
    row.scope,
    row.reason,
    row.detail,
    JSON.stringify(evidence),
  ]);
}

export function controlRows(assessment: Assessment): ControlRow[] {
  return assessment.controls.map(({ control, status, counts }) => ({
    controlId: control,
    status,
    pass: counts.pass,
    fail: counts.fail,
    unknown: counts.unknown,
    notApplicable: counts["not-applicable"],
  }));
}

export function requirementRows(assessment: Assessment): RequirementRow[] {
  return assessment.requirements.map(({ requirement, status, coverage, parts, attestations }) => ({
    requirementId: requirement,
    status,
    coverage,
    parts,
    attestations,
  }));
}

/** A row for each namespace (kind null) and for each workload in it. */
export function scopeRows(scope: Scope): ScopeTableRow[] {
  const workloadsIn = new Map<string, number>();
  for (const { ref } of scope.workloads) {
    workloadsIn.set(ref.namespace ?? "", (workloadsIn.get(ref.namespace ?? "") ?? 0) + 1);
  }
  const namespaces = scope.namespaces.map(
    ({ namespace, category, labelValue, reasons }): ScopeTableRow => ({
      rowKey: namespace,
      namespace,
      apiVersion: null,
      kind: null,
      name: null,
      category,
      labelValue,
      reasons,
      workloads: workloadsIn.get(namespace) ?? 0,
    }),
  );
  const workloads = scope.workloads.map(
    ({ ref, category, reasons }): ScopeTableRow => ({
      rowKey: `${ref.namespace ?? ""}/${ref.kind}/${ref.name}`,
      namespace: ref.namespace ?? "",
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      name: ref.name,
      category,
      labelValue: null,
      reasons,
      workloads: 0,
    }),
  );
  return [...namespaces, ...workloads];
}

/** Digest of a row's value, for tables whose key isn't a fingerprint. Key order of the row decides; build rows alike. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/**
 * SHA-256 in hex over every result, in the order of their fingerprints: the same snapshot, catalogue, scope settings and asOf
 * give it again, and so do the stored rows of the scan as long as nobody touched them.
 */
export function resultsDigestOf(rows: readonly { fingerprint: string; digest: string }[]): string {
  const lines = rows.map((row) => `${row.fingerprint} ${row.digest}\n`).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const hash = createHash("sha256");
  for (const line of lines) hash.update(line);
  return hash.digest("hex");
}
