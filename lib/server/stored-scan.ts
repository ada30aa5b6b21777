/** A scan as it was recorded: its assessment rebuilt from the stored intervals, and proven complete by its digest. */
import type { Assessment, ControlSummary, RequirementAssessment, RequirementPart } from "@/lib/assessment/types";
import type { Control, Result } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { refKey } from "@/lib/inventory/inventory";
import { compareRequirementIds } from "@/lib/pci";
import type { Scope, ScopeCategory, ScopeReason, ScopeSettings } from "@/lib/scope/types";
import type { Transaction } from "./db/client";
import { Prisma } from "./db/generated/client";
import { resultsDigestOf, valueDigestOf } from "./evaluate/rows";
import { objectOf } from "./results";

export interface StoredScan {
  orgId: string;
  clusterId: string;
  seq: number;
  asOf: Date;
  catalogVersion: string;
  scopeSettings: ScopeSettings;
  /** As stored with the scan, hex. */
  resultsDigest: string;
}

/**
 * The assessment of a scan, its controls in the order of `controls`, from what was stored with it, so that a later release shows what was recorded then and not what it
 * would say now.
 *
 * @throws RingfenceError `internal` if the stored results are not those that the scan's digest names
 */
export async function readStoredAssessment(
  tx: Transaction,
  scan: StoredScan,
  controls: readonly Control[],
): Promise<Assessment> {
  const at = Prisma.sql`org_id = ${scan.orgId}::uuid and cluster_id = ${scan.clusterId}::uuid
    and from_seq <= ${scan.seq}::int and (to_seq is null or to_seq > ${scan.seq}::int)`;
  const results = await readResults(tx, at, scan.resultsDigest);
  const byControl = new Map<string, Result[]>();
  for (const { control, result } of results) {
    const list = byControl.get(control);
    if (list === undefined) byControl.set(control, [result]);
    else list.push(result);
  }
  const summaries = await readSummaries(tx, at);
  const ids = summaries.map((summary) => summary.control);
  const order = orderOfControls(ids, controls);
  const inOrder = (a: { control: string }, b: { control: string }) =>
    order.indexOf(a.control) - order.indexOf(b.control);
  return {
    catalogVersion: scan.catalogVersion,
    asOf: scan.asOf.toISOString(),
    scope: await readScope(tx, at, scan.scopeSettings),
    results: order.map((control) => ({ control, results: byControl.get(control) ?? [] })),
    controls: summaries.sort(inOrder),
    requirements: await readRequirements(tx, at),
  };
}

async function readResults(
  tx: Transaction,
  at: Prisma.Sql,
  expectedDigest: string,
): Promise<{ control: string; result: Result }[]> {
  const rows = await tx.$queryRaw<
    {
      fingerprint: string;
      control_id: string;
      status: Result["status"];
      severity: NonNullable<Result["severity"]>;
      api_version: string;
      kind: string;
      namespace: string | null;
      name: string;
      part: string | null;
      reason: string;
      detail: string;
      evidence: Result["evidence"];
      scope: ScopeCategory;
    }[]
  >`
    select encode(fingerprint, 'hex') as fingerprint, control_id, status, severity, api_version, kind, namespace, name, part,
      reason, detail, evidence, scope
    from result where ${at} order by fingerprint`;
  const digests = rows.map((row) => ({
    fingerprint: row.fingerprint,
    digest: valueDigestOf({ ...row, apiVersion: row.api_version }),
  }));
  if (resultsDigestOf(digests) !== expectedDigest) {
    throw new RingfenceError("internal", "The stored results are not those of the scan. Nothing was packed.");
  }
  return rows
    .map((row) => {
      const { status, severity, reason, detail, part } = row;
      // jsonb keeps its own order of keys; a package must not depend on it.
      const evidence = row.evidence.map(({ ref, pointer, found }) => {
        const { apiVersion, kind, namespace, name } = ref;
        const plain = namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name };
        return found === undefined ? { ref: plain, pointer } : { ref: plain, pointer, found };
      });
      const result: Result = { status, object: objectOf(row), severity, reason, detail, evidence };
      return { control: row.control_id, result: part === null ? result : { ...result, part } };
    })
    .map((entry) => ({ entry, key: `${refKey(entry.result.object)}\n${entry.result.part ?? ""}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ entry }) => entry);
}

async function readSummaries(tx: Transaction, at: Prisma.Sql): Promise<ControlSummary[]> {
  const rows = await tx.$queryRaw<
    {
      control_id: string;
      status: Result["status"];
      pass: number;
      fail: number;
      unknown: number;
      not_applicable: number;
    }[]
  >`select control_id, status, pass, fail, unknown, not_applicable from control_status where ${at}`;
  return rows.map((row) => ({
    control: row.control_id,
    status: row.status,
    counts: { pass: row.pass, fail: row.fail, unknown: row.unknown, "not-applicable": row.not_applicable },
  }));
}

/** Catalogue order; controls that the catalogue doesn't have come last, by name. */
function orderOfControls(ids: readonly string[], controls: readonly Control[]): string[] {
  const known = controls.map((control) => control.id).filter((id) => ids.includes(id));
  return [...known, ...ids.filter((id) => !known.includes(id)).sort((a, b) => (a < b ? -1 : 1))];
}

async function readRequirements(tx: Transaction, at: Prisma.Sql): Promise<RequirementAssessment[]> {
  const rows = await tx.$queryRaw<
    (Pick<RequirementAssessment, "status" | "coverage" | "parts" | "attestations"> & { requirement_id: string })[]
  >`select requirement_id, status, coverage, parts, attestations from requirement_status where ${at}`;
  return rows
    .map(({ requirement_id: requirement, status, coverage, parts, attestations }) => ({
      requirement,
      status,
      coverage,
      parts: parts.map(partOf),
      attestations: attestations.map(({ id, status: own }) => ({ id, status: own })),
    }))
    .sort((a, b) => compareRequirementIds(a.requirement, b.requirement));
}

/** A part with its keys in the order in which an assessment has them. */
function partOf(part: RequirementPart): RequirementPart {
  const { control } = part;
  if (part.status === "not-assessed") return { control, kind: part.kind, status: part.status, decides: part.decides };
  return { control, kind: part.kind, status: part.status, decides: part.decides };
}

async function readScope(tx: Transaction, at: Prisma.Sql, settings: ScopeSettings): Promise<Scope> {
  const rows = await tx.$queryRaw<
    {
      namespace: string;
      api_version: string | null;
      kind: string | null;
      name: string | null;
      category: ScopeCategory;
      label_value: string | null;
      reasons: ScopeReason[];
    }[]
  >`
    select namespace, api_version, kind, name, category, label_value, reasons from scope_row where ${at}
    order by row_key collate "C"`;
  const reasonsOf = (reasons: ScopeReason[]) => reasons.map(({ code, text }) => ({ code, text }));
  const namespaces: Scope["namespaces"] = [];
  const workloads: Scope["workloads"] = [];
  for (const row of rows) {
    const { namespace, api_version: apiVersion, kind, name, category } = row;
    const reasons = reasonsOf(row.reasons);
    if (apiVersion === null || kind === null || name === null) {
      namespaces.push({ namespace, category, labelValue: row.label_value, reasons });
    } else workloads.push({ ref: { apiVersion, kind, namespace, name }, category, reasons });
  }
  const categories = new Map(namespaces.map((each) => [each.namespace, each.category]));
  return {
    settings,
    declared: namespaces.some((each) => each.category !== "undeclared"),
    namespaces,
    workloads,
    categoryOf: (namespace) => categories.get(namespace) ?? "undeclared",
    inCategory: (...wanted) =>
      namespaces.filter((each) => wanted.includes(each.category)).map((each) => each.namespace),
    hasCde: namespaces.some((each) => each.category === "cde"),
  };
}
