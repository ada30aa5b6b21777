/** Results of the last scans in a lens: what each control said about each object. */
import type { z } from "zod";
import { type ResultRow, resultsQuery } from "@/lib/api/assessment";
import { type Freshness, freshnessOf } from "@/lib/assessment/status";
import { type ActiveCatalog, withCatalog } from "./catalog";
import type { Transaction } from "./db/client";
import { Prisma } from "./db/generated/client";
import { directionSql, lensClusters, likePattern } from "./lens";
import type { Principal } from "./principal";

export interface ResultsPage {
  items: ResultRow[];
  page: number;
  pageSize: number;
  total: number;
  totalUnfiltered: number;
}

interface Row {
  id: string;
  cluster_slug: string;
  cluster_name: string;
  control_id: string;
  severity: ResultRow["severity"];
  status: ResultRow["status"];
  api_version: string;
  kind: string;
  namespace: string | null;
  name: string;
  part: string | null;
  reason: string;
  detail: string;
  evidence: ResultRow["evidence"];
  since_at: Date;
  last_scan_at: Date;
  finding: number | null;
}

/**
 * A page of results. Clusters without evidence of the last seven days have none, as everywhere. `control` and `requirement`
 * say what the page is about; `totalUnfiltered` counts what they leave, before the other filters. Ascending by "worst" begins
 * with fails, the most severe first.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listResults(
  principal: Principal,
  input: z.input<typeof resultsQuery>,
  now: Date = new Date(),
): Promise<ResultsPage> {
  const query = resultsQuery.parse(input);
  const lens = lensClusters(principal, "result:read", query, now);
  return withCatalog(principal.organization.id, (tx, catalog) => pageOf(tx, catalog, lens, query, now));
}

async function pageOf(
  tx: Transaction,
  catalog: ActiveCatalog,
  lens: Prisma.Sql,
  query: z.output<typeof resultsQuery>,
  now: Date,
): Promise<ResultsPage> {
  const about = [
    Prisma.sql`lens.freshness in ('current', 'stale')`,
    query.control === undefined ? [] : Prisma.sql`r.control_id = ${query.control}`,
    query.requirement === undefined
      ? []
      : Prisma.sql`r.control_id = any(${catalog.controlsOf(query.requirement, "all").map((control) => control.id)}::text[])`,
  ].flat();
  const pattern = query.q === undefined ? "" : likePattern(query.q);
  const filters = [
    query.namespace === undefined
      ? []
      : Prisma.sql`(r.namespace = ${query.namespace} or (r.kind = 'Namespace' and r.name = ${query.namespace}))`,
    query.status === undefined ? [] : Prisma.sql`r.status = ${query.status}`,
    query.severity === undefined ? [] : Prisma.sql`r.severity = ${query.severity}`,
    query.q === undefined
      ? []
      : Prisma.sql`(r.name ilike ${pattern} or r.namespace ilike ${pattern} or r.reason ilike ${pattern} or r.control_id ilike ${pattern})`,
  ].flat();
  const from = Prisma.sql`
    from lens join result r on r.org_id = lens.org_id and r.cluster_id = lens.id and r.to_seq is null
    where ${Prisma.join(about, " and ")}`;
  const matching = filters.length === 0 ? Prisma.sql`true` : Prisma.join(filters, " and ");

  const [counts] = await tx.$queryRaw<{ total: number; unfiltered: number }[]>`
    with lens as (${lens})
    select count(*) filter (where ${matching})::int as total, count(*)::int as unfiltered ${from}`;
  const rows = await tx.$queryRaw<Row[]>`
    with lens as (${lens}), page as (
      select r.*, lens.slug as cluster_slug, lens.name as cluster_name, lens.last_scan_at ${from} and ${matching}
      order by ${orderSql(query.sort, query.direction)}
      limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize})
    select r.id, r.cluster_slug, r.cluster_name, r.control_id, r.severity, r.status, r.api_version, r.kind, r.namespace,
      r.name, r.part, r.reason, r.detail, r.evidence, r.since_at, r.last_scan_at,
      (select f.number from finding f where f.org_id = r.org_id and f.cluster_id = r.cluster_id
        and f.fingerprint = r.fingerprint and f.state = 'open') as finding
    from page r order by ${orderSql(query.sort, query.direction, Prisma.sql`r.cluster_slug`)}`;
  return {
    items: rows.map((row) => rowOf(row, catalog, now)),
    page: query.page,
    pageSize: query.pageSize,
    total: counts?.total ?? 0,
    totalUnfiltered: counts?.unfiltered ?? 0,
  };
}

function orderSql(
  sort: "worst" | "object" | "since",
  direction: "asc" | "desc",
  cluster: Prisma.Sql = Prisma.sql`lens.slug`,
): Prisma.Sql {
  const order = directionSql(direction);
  const object = Prisma.sql`r.namespace ${order} nulls first, r.kind ${order}, r.name ${order}, r.part ${order} nulls first, ${cluster} ${order}, r.control_id ${order}, r.fingerprint`;
  switch (sort) {
    case "worst":
      return Prisma.sql`array_position(array['fail', 'unknown', 'pass', 'not-applicable'], r.status) ${order},
        array_position(array['critical', 'high', 'medium', 'low'], r.severity) ${order},
        array_position(array['cde', 'connected-to', 'undeclared', 'out-of-scope'], r.scope) ${order}, ${object}`;
    case "object":
      return object;
    case "since":
      return Prisma.sql`r.since_at ${order}, ${object}`;
  }
}

function rowOf(row: Row, catalog: ActiveCatalog, now: Date): ResultRow {
  const lastScanAt = row.last_scan_at.toISOString();
  const freshness: Freshness = freshnessOf(
    lastScanAt,
    now.toISOString(),
    catalog.find(row.control_id)?.staleAfterHours,
  );
  return {
    id: row.id,
    cluster: { slug: row.cluster_slug, name: row.cluster_name },
    control: row.control_id,
    severity: row.severity,
    status: row.status,
    object: objectOf(row),
    part: row.part,
    reason: row.reason,
    detail: row.detail,
    evidence: row.evidence,
    since: row.since_at.toISOString(),
    lastScanAt,
    freshness,
    finding: row.finding,
  };
}

/** The object that a row is about, as a reference. */
export function objectOf(row: { api_version: string; kind: string; namespace: string | null; name: string }) {
  const { api_version: apiVersion, kind, namespace, name } = row;
  return namespace === null ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name };
}
