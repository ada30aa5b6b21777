/** Applies a finding plan: numbers, rows and history, each with one statement. */
import type { Severity } from "@/lib/controls/types";
import type { ScopeCategory } from "@/lib/scope/types";
import type { Prisma } from "@/lib/server/db/generated/client";
import { type BlindSpots, type FindingPlan, type KnownFinding, planFindings } from "./finding-plan";
import type { ScanPlace } from "./intervals";
import type { ResultRow } from "./rows";

type Transaction = Prisma.TransactionClient;

export const SEVERITY_RANK: Record<Severity, number> = { critical: 4, high: 3, medium: 2, low: 1 };
export const SCOPE_RANK: Record<ScopeCategory, number> = {
  cde: 3,
  "connected-to": 2,
  undeclared: 1,
  "out-of-scope": 0,
};

interface KnownRow {
  number: number;
  fingerprint: string;
  digest: string;
  state: "open" | "resolved";
  control_id: string;
  kind: string;
  namespace: string | null;
  name: string;
  is_unevaluated: boolean;
}

/**
 * Compares the results of the cluster's newest scan with its findings and writes what changed.
 *
 * @param previousAsOf moment of the scan before, which is when a finding that goes away or out of sight was last seen
 */
export async function writeFindings(
  tx: Transaction,
  at: ScanPlace,
  rows: readonly ResultRow[],
  blind: BlindSpots,
  previousAsOf: Date | null,
): Promise<FindingPlan> {
  const failing = rows.filter((row) => row.status === "fail").map((row) => row.fingerprint);
  const known = await tx.$queryRaw<KnownRow[]>`
    select number, encode(fingerprint, 'hex') as fingerprint, encode(digest, 'hex') as digest, state, control_id, kind,
      namespace, name, (state = 'open' and last_seen_at is not null) as is_unevaluated
    from finding
    where org_id = ${at.orgId}::uuid and cluster_id = ${at.clusterId}::uuid
      and (state = 'open' or fingerprint in (select decode(f, 'hex') from unnest(${failing}::text[]) as f))
    order by number`;
  const plan = planFindings(
    rows,
    known.map(
      (row): KnownFinding => ({
        number: row.number,
        fingerprint: row.fingerprint,
        digest: row.digest,
        state: row.state,
        controlId: row.control_id,
        kind: row.kind,
        namespace: row.namespace,
        name: row.name,
        isUnevaluated: row.is_unevaluated,
      }),
    ),
    blind,
  );
  const seenBefore = previousAsOf ?? at.asOf;
  if (plan.changed.length > 0) await update(tx, at, plan.changed, false);
  if (plan.reopened.length > 0) {
    await update(tx, at, plan.reopened, true);
    await addEvents(
      tx,
      at,
      plan.reopened.map((item) => item.number),
      "reopened",
    );
  }
  if (plan.resolved.length > 0) {
    await tx.$executeRaw`
      update finding set state = 'resolved', resolved_at = ${at.asOf}::timestamptz, resolved_seq = ${at.seq}::int,
        last_seen_at = coalesce(last_seen_at, ${seenBefore}::timestamptz)
      where org_id = ${at.orgId}::uuid and number = any(${plan.resolved}::int[])`;
    await addEvents(tx, at, plan.resolved, "resolved");
  }
  if (plan.unevaluated.length > 0) {
    await tx.$executeRaw`
      update finding set last_seen_at = ${seenBefore}::timestamptz
      where org_id = ${at.orgId}::uuid and number = any(${plan.unevaluated}::int[])`;
  }
  if (plan.opened.length > 0) await open(tx, at, plan.opened);
  return plan;
}

const RECORD = `number int, digest text, severity text, severity_rank int, scope text, scope_rank int, api_version text,
  reason text, detail text, evidence jsonb`;

function recordOf(number: number, row: ResultRow): Record<string, unknown> {
  return {
    number,
    digest: row.digest,
    severity: row.severity,
    severity_rank: SEVERITY_RANK[row.severity],
    scope: row.scope,
    scope_rank: SCOPE_RANK[row.scope],
    api_version: row.apiVersion,
    reason: row.reason,
    detail: row.detail,
    evidence: row.evidence,
  };
}

async function update(
  tx: Transaction,
  at: ScanPlace,
  items: readonly { number: number; row: ResultRow }[],
  isReopening: boolean,
): Promise<void> {
  const records = JSON.stringify(items.map(({ number, row }) => recordOf(number, row)));
  await tx.$executeRawUnsafe(
    `update finding f set digest = decode(n.digest, 'hex'), severity = n.severity, severity_rank = n.severity_rank,
       scope = n.scope, scope_rank = n.scope_rank, api_version = n.api_version, reason = n.reason, detail = n.detail,
       evidence = n.evidence, last_seen_at = null, state = 'open', resolved_at = null, resolved_seq = null,
       reopened = f.reopened + $3::int
     from jsonb_to_recordset($2::jsonb) as n(${RECORD})
     where f.org_id = $1::uuid and f.number = n.number`,
    at.orgId,
    records,
    isReopening ? 1 : 0,
  );
}

/** Numbers come from the organization's counter, whose row stays locked to the end: no number is lost or given twice. */
async function open(tx: Transaction, at: ScanPlace, rows: readonly ResultRow[]): Promise<void> {
  const counter = await tx.$queryRaw<{ last_number: number }[]>`
    insert into finding_counter (org_id, last_number) values (${at.orgId}::uuid, ${rows.length}::int)
    on conflict (org_id) do update set last_number = finding_counter.last_number + ${rows.length}::int
    returning last_number`;
  const last = counter[0]?.last_number;
  if (last === undefined) throw new Error("the finding counter gave no number");
  const first = last - rows.length + 1;
  const records = rows.map((row, i) => ({
    ...recordOf(first + i, row),
    fingerprint: row.fingerprint,
    control_id: row.controlId,
    kind: row.kind,
    namespace: row.namespace,
    name: row.name,
    part: row.part,
  }));
  await tx.$executeRawUnsafe(
    `insert into finding (org_id, number, cluster_id, control_id, fingerprint, digest, state, severity, severity_rank, scope,
       scope_rank, api_version, kind, namespace, name, part, reason, detail, evidence, first_seen_seq, first_seen_at)
     select $1::uuid, n.number, $2::uuid, n.control_id, decode(n.fingerprint, 'hex'), decode(n.digest, 'hex'), 'open',
       n.severity, n.severity_rank, n.scope, n.scope_rank, n.api_version, n.kind, n.namespace, n.name, n.part, n.reason,
       n.detail, n.evidence, $3::int, $4::timestamptz
     from jsonb_to_recordset($5::jsonb)
       as n(${RECORD}, fingerprint text, control_id text, kind text, namespace text, name text, part text)`,
    at.orgId,
    at.clusterId,
    at.seq,
    at.asOf,
    JSON.stringify(records),
  );
  await addEvents(
    tx,
    at,
    records.map((_, i) => first + i),
    "opened",
  );
}

async function addEvents(
  tx: Transaction,
  at: ScanPlace,
  numbers: readonly number[],
  event: "opened" | "resolved" | "reopened",
): Promise<void> {
  await tx.$executeRaw`
    insert into finding_event (org_id, finding_number, scan_seq, event, at)
    select ${at.orgId}::uuid, n, ${at.seq}::int, ${event}, ${at.asOf}::timestamptz
    from unnest(${[...numbers]}::int[]) as n`;
}
