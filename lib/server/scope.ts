/** Scope as of the last scans: namespaces and workloads with category and reason. */
import type { z } from "zod";
import { scopePage, scopeQuery } from "@/lib/api/assessment";
import { withOrganization } from "./db/organization";
import { Prisma } from "./db/generated/client";
import { directionSql, lensClusters, likePattern } from "./lens";
import type { Principal } from "./principal";

export type ScopePage = z.infer<typeof scopePage>;

interface Row {
  cluster_slug: string;
  cluster_name: string;
  namespace: string;
  api_version: string | null;
  kind: string | null;
  name: string | null;
  category: ScopePage["items"][number]["category"];
  reasons: ScopePage["items"][number]["reasons"];
  workloads: number;
  open_findings: number;
}

/**
 * A page of namespaces or of workloads. The summary counts workloads by category over the lens, from the same roll-up as the
 * fleet page. Ascending by "category" begins with the cardholder data environment.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listScope(
  principal: Principal,
  input: z.input<typeof scopeQuery>,
  now: Date = new Date(),
): Promise<ScopePage> {
  const query = scopeQuery.parse(input);
  const lens = lensClusters(principal, "scope:read", query, now);
  const isWorkloads = query.view === "workloads";
  const from = Prisma.sql`
    from lens join scope_row s on s.org_id = lens.org_id and s.cluster_id = lens.id and s.to_seq is null
    where lens.freshness in ('current', 'stale') and s.kind is ${isWorkloads ? Prisma.sql`not null` : Prisma.sql`null`}`;
  const pattern = query.q === undefined ? "" : likePattern(query.q);
  const filters = [
    query.category === undefined ? [] : Prisma.sql`s.category = ${query.category}`,
    query.namespace === undefined ? [] : Prisma.sql`s.namespace = ${query.namespace}`,
    query.q === undefined ? [] : Prisma.sql`(s.namespace ilike ${pattern} or s.name ilike ${pattern})`,
  ].flat();
  const matching = filters.length === 0 ? Prisma.sql`true` : Prisma.join(filters, " and ");

  return withOrganization(principal.organization.id, async (tx) => {
    const [counts] = await tx.$queryRaw<
      {
        total: number;
        unfiltered: number;
        cde: number;
        connected_to: number;
        out_of_scope: number;
        undeclared: number;
      }[]
    >`
      with lens as (${lens}),
      rollups as (select r.* from lens join cluster_rollup r on r.org_id = lens.org_id and r.cluster_id = lens.id
        where lens.freshness in ('current', 'stale'))
      select (select count(*)::int ${from} and ${matching}) as total, (select count(*)::int ${from}) as unfiltered,
        coalesce(sum(workloads_cde), 0)::int as cde, coalesce(sum(workloads_connected_to), 0)::int as connected_to,
        coalesce(sum(workloads_out_of_scope), 0)::int as out_of_scope,
        coalesce(sum(workloads_undeclared), 0)::int as undeclared
      from rollups`;
    const rows = await tx.$queryRaw<Row[]>`
      with lens as (${lens})
      select lens.slug as cluster_slug, lens.name as cluster_name, s.namespace, s.api_version, s.kind, s.name, s.category,
        s.reasons, s.workloads,
        (select count(*)::int from finding f where f.org_id = s.org_id and f.cluster_id = s.cluster_id and f.state = 'open'
          and case when s.kind is null then f.namespace = s.namespace or (f.kind = 'Namespace' and f.name = s.namespace)
            else f.namespace = s.namespace and f.kind = s.kind and f.name = s.name end) as open_findings
      ${from} and ${matching}
      order by ${orderSql(query.sort, query.direction)}
      limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize}`;
    return {
      items: rows.map(rowOf),
      page: query.page,
      pageSize: query.pageSize,
      total: counts?.total ?? 0,
      totalUnfiltered: counts?.unfiltered ?? 0,
      summary: {
        cde: counts?.cde ?? 0,
        connectedTo: counts?.connected_to ?? 0,
        outOfScope: counts?.out_of_scope ?? 0,
        undeclared: counts?.undeclared ?? 0,
      },
    };
  });
}

function orderSql(sort: z.output<typeof scopeQuery>["sort"], direction: "asc" | "desc"): Prisma.Sql {
  const order = directionSql(direction);
  const rest = Prisma.sql`s.namespace ${order}, s.kind ${order}, s.name ${order}, lens.slug ${order}`;
  switch (sort) {
    case "category":
      return Prisma.sql`array_position(array['cde', 'connected-to', 'undeclared', 'out-of-scope'], s.category) ${order}, ${rest}`;
    case "namespace":
      return rest;
    case "cluster":
      return Prisma.sql`lens.slug ${order}, ${rest}`;
  }
}

function rowOf(row: Row): ScopePage["items"][number] {
  const { api_version: apiVersion, kind, namespace, name } = row;
  return {
    cluster: { slug: row.cluster_slug, name: row.cluster_name },
    namespace,
    workload: apiVersion === null || kind === null || name === null ? null : { apiVersion, kind, namespace, name },
    category: row.category,
    reasons: row.reasons,
    workloads: row.workloads,
    openFindings: row.open_findings,
  };
}
