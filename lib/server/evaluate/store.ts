/**
 * The one transaction that ends an evaluation: results, statuses, scope, findings, roll-up, the scan's header and the audit
 * entry appear together or not at all.
 *
 * Two workers may come here with the same scan (one was thought dead): a lock per cluster lets one in, and the scan's state
 * tells the other that it is done. A worker that is killed before the end has written nothing.
 */
import type { Assessment } from "@/lib/assessment/types";
import { isCustomControlId } from "@/lib/controls/custom/control";
import type { Control } from "@/lib/controls/types";
import type { Inventory } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import { WORKER, writeAudit } from "../audit";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { type Cell, cellsOf, worstRankOf } from "./cells";
import { type BlindSpots, objectKey } from "./finding-plan";
import { writeFindings } from "./findings";
import { type ScanPlace, writeIntervals } from "./intervals";
import {
  clusterCategory,
  type ControlRow,
  controlRows,
  requirementRows,
  type ResultRow,
  resultRows,
  resultsDigestOf,
  scopeRows,
} from "./rows";
import { CONTROL_TABLE, REQUIREMENT_TABLE, RESULT_TABLE, SCOPE_TABLE } from "./tables";

export interface ScanIdentity {
  orgId: string;
  clusterId: string;
  seq: number;
}
export interface Evaluation {
  inventory: Pick<Inventory, "invalid" | "readable">;
  assessment: Assessment;
  controls: readonly Control[];
}

const STORE_TIMEOUT_MS = 120_000;

/**
 * Stores an evaluation.
 *
 * @returns "stored", or "already-done" when somebody else was quicker (then nothing was written)
 */
export async function storeEvaluation(
  scan: ScanIdentity,
  evaluation: Evaluation,
  now: () => Date,
): Promise<"stored" | "already-done"> {
  const controls = new Map(evaluation.controls.map((control) => [control.id, control]));
  const { assessment } = evaluation;
  const rows = {
    results: resultRows(assessment, controls),
    controls: controlRows(assessment),
    requirements: requirementRows(assessment),
    scope: scopeRows(assessment.scope),
  };
  const digest = resultsDigestOf(rows.results);
  return withOrganization(
    scan.orgId,
    async (tx) => {
      const place = await lockPlace(tx, scan);
      if (place === null) return "already-done";
      await writeIntervals(tx, RESULT_TABLE, place.at, rows.results);
      await writeIntervals(tx, CONTROL_TABLE, place.at, rows.controls);
      await writeIntervals(tx, REQUIREMENT_TABLE, place.at, rows.requirements);
      await writeIntervals(tx, SCOPE_TABLE, place.at, rows.scope);

      // Findings and roll-up show the newest scan only: a late evaluation of an older one completes the record, no more.
      let opened = 0;
      let closed = 0;
      const evaluatedAt = now();
      if (place.at.next === null) {
        const blind = blindSpotsOf(evaluation);
        const plan = await writeFindings(tx, place.at, rows.results, blind, place.previousAsOf);
        opened = plan.opened.length + plan.reopened.length;
        closed = plan.resolved.length;
        const cells = cellsOf(rows.requirements, rows.controls, rows.results, controls);
        await writeRollup(tx, place.at, assessment, cells, rows.controls, evaluatedAt);
      }
      const counts = countByStatus(rows.results);
      await tx.$executeRaw`
        update scan set state = 'done', evaluated_at = ${evaluatedAt}::timestamptz,
          catalog_version = ${assessment.catalogVersion}, results_digest = decode(${digest}, 'hex'),
          pass = ${counts.pass}::int, fail = ${counts.fail}::int, unknown = ${counts.unknown}::int,
          not_applicable = ${counts["not-applicable"]}::int, new_findings = ${opened}::int,
          closed_findings = ${closed}::int, progress_done = progress_total, error = null
        where org_id = ${scan.orgId}::uuid and cluster_id = ${scan.clusterId}::uuid and seq = ${scan.seq}::int`;
      // Last, because the trail's end is one row for the whole organization.
      await writeAudit(tx, {
        orgId: scan.orgId,
        at: evaluatedAt,
        actor: WORKER,
        action: "scan:evaluate",
        outcome: "done",
        object: { type: "scan", id: `${scan.clusterId}/${scan.seq}`, name: `${place.slug} #${scan.seq}` },
        detail: {
          catalogVersion: assessment.catalogVersion,
          asOf: assessment.asOf,
          resultsDigest: digest,
          fail: counts.fail,
          unknown: counts.unknown,
          newFindings: opened,
          closedFindings: closed,
        },
      });
      return "stored";
    },
    { role: "worker", timeoutMs: STORE_TIMEOUT_MS },
  );
}

function countByStatus(rows: readonly ResultRow[]): Record<ResultRow["status"], number> {
  const counts = { pass: 0, fail: 0, unknown: 0, "not-applicable": 0 };
  for (const row of rows) counts[row.status]++;
  return counts;
}

function blindSpotsOf({ inventory, controls }: Evaluation): BlindSpots {
  const asked = new Set(controls.map(({ id }) => id));
  const unreadable = (sections: readonly SectionName[]) => !inventory.readable(...sections).known;
  return {
    controls: new Set(controls.filter((control) => unreadable(control.sections)).map((control) => control.id)),
    objects: new Set(inventory.invalid.map(objectKey)),
    isWithdrawn: (id) => isCustomControlId(id) && !asked.has(id),
  };
}

/** Locks the cluster for evaluations and says where the scan stands among those that are done; null if it is done itself. */
async function lockPlace(
  tx: Transaction,
  scan: ScanIdentity,
): Promise<{ at: ScanPlace; previousAsOf: Date | null; slug: string } | null> {
  const { orgId, clusterId, seq } = scan;
  // Not the cluster's row, which heartbeats update: those must not wait for an evaluation.
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`evaluate ${clusterId}`}, 0))`;
  const found = await tx.$queryRaw<{ state: string; as_of: Date; slug: string; deleted: boolean }[]>`
    select s.state, s.as_of, c.slug, c.deleted_at is not null as deleted
    from scan s join cluster c on c.org_id = s.org_id and c.id = s.cluster_id
    where s.org_id = ${orgId}::uuid and s.cluster_id = ${clusterId}::uuid and s.seq = ${seq}::int
    for update of s`;
  const row = found[0];
  if (row === undefined || row.deleted || row.state === "done" || row.state === "failed") return null;
  const neighbours = await tx.$queryRaw<{ seq: number; as_of: Date }[]>`
    (select seq, as_of from scan where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and state = 'done'
      and seq > ${seq}::int order by seq limit 1)
    union all
    (select seq, as_of from scan where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and state = 'done'
      and seq < ${seq}::int order by seq desc limit 1)`;
  const next = neighbours.find((other) => other.seq > seq);
  const previous = neighbours.find((other) => other.seq < seq);
  const at: ScanPlace = {
    orgId,
    clusterId,
    seq,
    asOf: row.as_of,
    next: next === undefined ? null : { seq: next.seq, asOf: next.as_of },
  };
  return { at, previousAsOf: previous?.as_of ?? null, slug: row.slug };
}

async function writeRollup(
  tx: Transaction,
  at: ScanPlace,
  assessment: Assessment,
  cells: readonly Cell[],
  controls: readonly ControlRow[],
  evaluatedAt: Date,
): Promise<void> {
  const failing = controls.filter((row) => row.status === "fail").map((row) => row.controlId);
  const scope = assessment.scope;
  const inCategory = (category: string) => scope.workloads.filter((workload) => workload.category === category).length;
  await tx.$executeRaw`
    insert into cluster_rollup (org_id, cluster_id, scan_seq, catalog_version, last_scan_at, evaluated_at, scope, cells,
      worst_rank, failing_controls, failing_control_ids, workloads_cde, workloads_connected_to, workloads_out_of_scope,
      workloads_undeclared, open_critical, open_high, open_medium, open_low)
    select ${at.orgId}::uuid, ${at.clusterId}::uuid, ${at.seq}::int, ${assessment.catalogVersion}, ${at.asOf}::timestamptz,
      ${evaluatedAt}::timestamptz, ${clusterCategory(scope)}, ${JSON.stringify(cells)}::jsonb,
      ${worstRankOf(cells, failing.length)}::int, ${failing.length}::int, ${failing}::text[], ${inCategory("cde")}::int,
      ${inCategory("connected-to")}::int, ${inCategory("out-of-scope")}::int, ${inCategory("undeclared")}::int,
      count(*) filter (where severity = 'critical'), count(*) filter (where severity = 'high'),
      count(*) filter (where severity = 'medium'), count(*) filter (where severity = 'low')
    from finding where org_id = ${at.orgId}::uuid and cluster_id = ${at.clusterId}::uuid and state = 'open'
    on conflict (org_id, cluster_id) do update set scan_seq = excluded.scan_seq, catalog_version = excluded.catalog_version,
      last_scan_at = excluded.last_scan_at, evaluated_at = excluded.evaluated_at, scope = excluded.scope,
      cells = excluded.cells, worst_rank = excluded.worst_rank, failing_controls = excluded.failing_controls,
      failing_control_ids = excluded.failing_control_ids, workloads_cde = excluded.workloads_cde,
      workloads_connected_to = excluded.workloads_connected_to, workloads_out_of_scope = excluded.workloads_out_of_scope,
      workloads_undeclared = excluded.workloads_undeclared, open_critical = excluded.open_critical,
      open_high = excluded.open_high, open_medium = excluded.open_medium, open_low = excluded.open_low`;
}
