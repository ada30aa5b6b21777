/**
 * The fleet: clusters with their twelve cells, from `cluster` and its roll-up alone, whatever the number of results below.
 *
 * A row and the page's summary come from one statement. Evidence older than seven days is shown as not assessed in the cells
 * and left out of every sum, so that a cluster that fell silent can't keep its green.
 */
import type { z } from "zod";
import { type FleetPage, fleetQuery } from "@/lib/api/clusters";
import { activeVersionSql, readActiveVersion, registerCatalog } from "./catalog";
import { withOrganization } from "./db/organization";
import { Prisma } from "./db/generated/client";
import { NOT_ASSESSED_RANK } from "./evaluate/cells";
import { type FleetRecord, fleetRowOf, fleetSql } from "./fleet-row";
import { directionSql, isoOrNull, likePattern } from "./lens";
import type { Principal } from "./principal";

export { getCluster, listScans } from "./cluster-detail";

/**
 * A page of the fleet. The summary is over the lens (project, cluster), whatever else is filtered; `total` is over all
 * filters. "Worst first" is the ascending order of the sort `worst`.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listFleet(
  principal: Principal,
  input: z.input<typeof fleetQuery>,
  now: Date = new Date(),
): Promise<FleetPage> {
  const query = fleetQuery.parse(input);
  const lens = [
    query.project === undefined ? [] : [Prisma.sql`project = ${query.project}`],
    query.cluster === undefined ? [] : [Prisma.sql`slug = ${query.cluster}`],
  ].flat();
  const filters = [
    query.q === undefined
      ? []
      : [Prisma.sql`(name ilike ${likePattern(query.q)} or project ilike ${likePattern(query.q)})`],
    query.scope === undefined ? [] : [Prisma.sql`coalesce(scope, 'undeclared') = ${query.scope}`],
    query.agent === undefined ? [] : [Prisma.sql`agent = ${query.agent}`],
    query.freshness === undefined ? [] : [Prisma.sql`freshness = ${query.freshness}`],
  ].flat();
  const where = (conditions: Prisma.Sql[]) =>
    conditions.length === 0 ? Prisma.empty : Prisma.sql`where ${Prisma.join(conditions, " and ")}`;

  const { id: orgId } = principal.organization;
  const shipped = await registerCatalog();
  const { controls, row } = await withOrganization(orgId, async (tx) => {
    const rows = await tx.$queryRaw<FleetAnswer[]>`
      with lens as (select * from (${fleetSql(principal, now)}) as fleet ${where(lens)}),
      filtered as (select *, row_number() over (order by ${orderSql(query.sort, query.direction)}, slug) as position
        from lens ${where(filters)}),
      page as (select * from filtered order by position limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize})
      select (select coalesce(jsonb_agg(to_jsonb(page) order by position), '[]') from page) as items,
        (select count(*)::int from filtered) as total, ${activeVersionSql(orgId)} as catalog,
        (select count(*)::int from (select distinct on (id) withdrawn_at from custom_control where org_id = ${orgId}::uuid
          order by id, revision desc) as own where withdrawn_at is null) as custom_controls,
        count(*)::int as clusters,
        count(*) filter (where agent = 'enrolled')::int as reporting,
        count(*) filter (where freshness in ('stale', 'expired'))::int as stale,
        count(*) filter (where freshness = 'none')::int as never_connected,
        (select count(distinct failing)::int from lens l, unnest(l.failing_control_ids) as failing
          where l.freshness in ('current', 'stale')) as failing_controls,
        count(*) filter (where freshness in ('current', 'stale') and failing_controls > 0)::int as clusters_with_failures,
        coalesce(sum(open_critical), 0)::int as critical_findings,
        min(last_scan_at) as oldest,
        coalesce(sum(workloads_cde) filter (where freshness in ('current', 'stale')), 0)::int as cde,
        coalesce(sum(workloads_connected_to) filter (where freshness in ('current', 'stale')), 0)::int as connected_to,
        coalesce(sum(workloads_out_of_scope) filter (where freshness in ('current', 'stale')), 0)::int as out_of_scope,
        coalesce(sum(workloads_undeclared) filter (where freshness in ('current', 'stale')), 0)::int as undeclared
      from lens`;
    const [only] = rows;
    if (only === undefined) throw new Error("an aggregate gave no row");
    const active = await readActiveVersion(tx, orgId, shipped, only.catalog);
    return { row: only, controls: active.controls.length + only.custom_controls };
  });
  return {
    items: row.items.map(fleetRowOf),
    page: query.page,
    pageSize: query.pageSize,
    total: row.total,
    totalUnfiltered: row.clusters,
    summary: {
      clusters: row.clusters,
      reporting: row.reporting,
      stale: row.stale,
      neverConnected: row.never_connected,
      failingControls: row.failing_controls,
      controls,
      clustersWithFailures: row.clusters_with_failures,
      criticalFindings: row.critical_findings,
      oldestEvidenceAt: isoOrNull(row.oldest),
      workloads: {
        cde: row.cde,
        connectedTo: row.connected_to,
        outOfScope: row.out_of_scope,
        undeclared: row.undeclared,
      },
    },
  };
}

interface FleetAnswer {
  /** The organization's active catalogue version. */
  catalog: string | null;
  /** Its own controls that are not withdrawn. */
  custom_controls: number;
  items: FleetRecord[];
  total: number;
  clusters: number;
  reporting: number;
  stale: number;
  never_connected: number;
  failing_controls: number;
  clusters_with_failures: number;
  critical_findings: number;
  oldest: Date | null;
  cde: number;
  connected_to: number;
  out_of_scope: number;
  undeclared: number;
}

function orderSql(sort: z.output<typeof fleetQuery>["sort"], direction: "asc" | "desc"): Prisma.Sql {
  const order = directionSql(direction);
  // "Worst" ascends from the worst.
  const reversed = directionSql(direction === "asc" ? "desc" : "asc");
  switch (sort) {
    case "worst":
      return Prisma.sql`case when freshness in ('current', 'stale') then worst_rank else ${NOT_ASSESSED_RANK}::int end ${reversed}`;
    case "name":
      return Prisma.sql`name ${order}`;
    case "project":
      return Prisma.sql`project ${order}`;
    case "findings":
      return Prisma.sql`coalesce(open_critical + open_high + open_medium + open_low, 0) ${order}`;
    case "lastScanAt":
      return Prisma.sql`last_scan_at ${order} nulls ${Prisma.raw(direction === "asc" ? "first" : "last")}`;
  }
}
