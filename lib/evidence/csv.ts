/** Tables for spreadsheets: RFC 4180, with every cell that a spreadsheet would take for a formula defused. */
import { findRequirement } from "@/lib/pci";
import type { EvidenceSource } from "./package";

/** A row with its line end. */
export function csvRow(cells: readonly (string | number | null | undefined)[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

/**
 * A text that begins with `=`, `+`, `-`, `@`, tab or carriage return (also behind spaces) gets an apostrophe in front (OWASP,
 * "CSV Injection"); one with a comma, quote or line break is quoted. Numbers stay numbers.
 */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const defused = /^\s*[=+\-@\t\r|%]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

export function* resultsCsv({ assessment, controls }: EvidenceSource): Generator<string> {
  const byId = new Map(controls.map((control) => [control.id, control]));
  yield csvRow([
    "control",
    "title",
    "status",
    "severity",
    "scope",
    "apiVersion",
    "kind",
    "namespace",
    "name",
    "part",
    "reason",
    "detail",
    "requirements",
  ]);
  for (const { control: id, results } of assessment.results) {
    const control = byId.get(id);
    const requirements = (control?.requirements ?? []).map((link) => link.requirement).join(" ");
    for (const { status, severity, object, part, reason, detail } of results) {
      const scope = object.namespace === undefined ? "" : assessment.scope.categoryOf(object.namespace);
      yield csvRow([
        id,
        control?.title,
        status,
        severity ?? control?.severity,
        scope,
        object.apiVersion,
        object.kind,
        object.namespace,
        object.name,
        part,
        reason,
        detail,
        requirements,
      ]);
    }
  }
}

export function* requirementsCsv({ assessment }: EvidenceSource): Generator<string> {
  yield csvRow([
    "requirement",
    "title (in our words)",
    "status",
    "coverage",
    "deciding controls",
    "informing controls",
    "open attestations",
  ]);
  for (const { requirement, status, coverage, parts, attestations } of assessment.requirements) {
    const text = (deciding: boolean) =>
      parts
        .filter((p) => p.decides === deciding)
        .map((p) => `${p.control}: ${p.status}`)
        .join("; ");
    const open = attestations
      .filter((a) => a.status === "needs-attestation")
      .map((a) => a.id)
      .join("; ");
    // The requirement's number is a text: 1.10 must not become 1.1.
    yield csvRow([
      `§${requirement}`,
      findRequirement(requirement)?.title,
      status,
      coverage,
      text(true),
      text(false),
      open,
    ]);
  }
}
