/** The four interval tables of a scan, in the terms of intervals.ts. */
import type { IntervalTable } from "./intervals";
import { type ControlRow, digestOf, type RequirementRow, type ResultRow, type ScopeTableRow } from "./rows";

export const RESULT_TABLE: IntervalTable<ResultRow> = {
  name: "result",
  key: { column: "fingerprint", type: "bytea" },
  statusColumn: "status",
  columns: [
    ["control_id", "text"],
    ["status", "text"],
    ["severity", "text"],
    ["api_version", "text"],
    ["kind", "text"],
    ["namespace", "text"],
    ["name", "text"],
    ["part", "text"],
    ["reason", "text"],
    ["detail", "text"],
    ["evidence", "jsonb"],
    ["scope", "text"],
  ],
  write: (row) => ({
    key: row.fingerprint,
    digest: row.digest,
    status: row.status,
    values: {
      control_id: row.controlId,
      status: row.status,
      severity: row.severity,
      api_version: row.apiVersion,
      kind: row.kind,
      namespace: row.namespace,
      name: row.name,
      part: row.part,
      reason: row.reason,
      detail: row.detail,
      evidence: row.evidence,
      scope: row.scope,
    },
  }),
};

export const CONTROL_TABLE: IntervalTable<ControlRow> = {
  name: "control_status",
  key: { column: "control_id", type: "text" },
  statusColumn: "status",
  columns: [
    ["status", "text"],
    ["pass", "int"],
    ["fail", "int"],
    ["unknown", "int"],
    ["not_applicable", "int"],
  ],
  write: ({ controlId, status, pass, fail, unknown, notApplicable }) => ({
    key: controlId,
    digest: digestOf([status, pass, fail, unknown, notApplicable]),
    status,
    values: { status, pass, fail, unknown, not_applicable: notApplicable },
  }),
};

export const REQUIREMENT_TABLE: IntervalTable<RequirementRow> = {
  name: "requirement_status",
  key: { column: "requirement_id", type: "text" },
  statusColumn: "status",
  columns: [
    ["status", "text"],
    ["coverage", "text"],
    ["parts", "jsonb"],
    ["attestations", "jsonb"],
  ],
  write: ({ requirementId, status, coverage, parts, attestations }) => ({
    key: requirementId,
    digest: digestOf([status, coverage, parts, attestations]),
    status,
    values: { status, coverage, parts, attestations },
  }),
};

export const SCOPE_TABLE: IntervalTable<ScopeTableRow> = {
  name: "scope_row",
  key: { column: "row_key", type: "text" },
  statusColumn: "category",
  columns: [
    ["namespace", "text"],
    ["api_version", "text"],
    ["kind", "text"],
    ["name", "text"],
    ["category", "text"],
    ["label_value", "text"],
    ["reasons", "jsonb"],
    ["workloads", "int"],
  ],
  write: (row) => ({
    key: row.rowKey,
    digest: digestOf([row.apiVersion, row.category, row.labelValue, row.reasons, row.workloads]),
    status: row.category,
    values: {
      namespace: row.namespace,
      api_version: row.apiVersion,
      kind: row.kind,
      name: row.name,
      category: row.category,
      label_value: row.labelValue,
      reasons: row.reasons,
      workloads: row.workloads,
    },
  }),
};
