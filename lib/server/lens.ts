/**
 * The lens: which clusters a page is about, and how old their evidence is. Every list of this room begins with it, so that an
 * overview and its detail count the same clusters in the same way.
 */
import type { Permission } from "@/lib/access";
import { EXPIRED_AFTER_DAYS, type Freshness, STALE_AFTER_HOURS } from "@/lib/assessment/status";
import { Prisma } from "./db/generated/client";
import type { Transaction } from "./db/client";
import { type Principal, requireProjectsWith } from "./principal";

export interface Lens {
  /** Slug of a project. */
  project?: string | undefined;
  /** Slug of a cluster. */
  cluster?: string | undefined;
}

/**
 * A query over the clusters of the lens that the principal may see: `org_id, id, slug, name, project, project_name, provider,
 * scan_seq, last_scan_at, freshness`. Deleted clusters are not in it. For use as a CTE.
 *
 * The rule of age is that of lib/assessment/status.ts freshnessOf(), in SQL; a test holds them together.
 *
 * @throws RingfenceError `forbidden` if the principal may do `permission` in no project
 */
export function lensClusters(principal: Principal, permission: Permission, lens: Lens, now: Date): Prisma.Sql {
  const projects = requireProjectsWith(principal, permission);
  const visible = projects === null ? Prisma.empty : Prisma.sql`and c.project_id = any(${projects}::uuid[])`;
  const project = lens.project === undefined ? Prisma.empty : Prisma.sql`and p.slug = ${lens.project}`;
  const cluster = lens.cluster === undefined ? Prisma.empty : Prisma.sql`and c.slug = ${lens.cluster}`;
  return Prisma.sql`
    select c.org_id, c.id, c.slug, c.name, p.slug as project, p.name as project_name, c.provider, r.scan_seq, r.last_scan_at,
      ${freshnessSql(Prisma.sql`r.last_scan_at`, now)} as freshness
    from cluster c
    join project p on p.org_id = c.org_id and p.id = c.project_id
    left join cluster_rollup r on r.org_id = c.org_id and r.cluster_id = c.id
    where c.org_id = ${principal.organization.id}::uuid and c.deleted_at is null ${visible} ${project} ${cluster}`;
}

/** freshnessOf() as an expression. */
export function freshnessSql(at: Prisma.Sql, now: Date): Prisma.Sql {
  const staleBefore = new Date(now.getTime() - STALE_AFTER_HOURS * 3_600_000);
  const expiredBefore = new Date(now.getTime() - EXPIRED_AFTER_DAYS * 24 * 3_600_000);
  return Prisma.sql`case when ${at} is null then 'none' when ${at} < ${expiredBefore}::timestamptz then 'expired'
    when ${at} < ${staleBefore}::timestamptz then 'stale' else 'current' end`;
}

export interface LensCluster {
  id: string;
  slug: string;
  name: string;
  project: string;
  provider: string;
  scan_seq: number | null;
  last_scan_at: Date | null;
  freshness: Freshness;
}

/** The clusters of a lens in name order. */
export function readLensClusters(tx: Transaction, clusters: Prisma.Sql): Promise<LensCluster[]> {
  return tx.$queryRaw<LensCluster[]>`with lens as (${clusters}) select * from lens order by slug`;
}

/** True while the evidence still says something: current or stale. */
export function isAssessed(freshness: Freshness): boolean {
  return freshness === "current" || freshness === "stale";
}

const AGE: readonly Freshness[] = ["current", "stale", "expired"];
/** The oldest of several; clusters that never had a scan don't age a row, unless there is no other. */
export function oldestFreshness(all: Iterable<Freshness>): Freshness {
  let worst = -1;
  for (const freshness of all) worst = Math.max(worst, AGE.indexOf(freshness));
  return AGE[worst] ?? "none";
}

export function isoOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** A `%`-pattern for ILIKE that finds the words as they are. */
export function likePattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}

/** The part of an array that a page shows. */
export function pageSlice<T>(all: readonly T[], query: { page: number; pageSize: number }): T[] {
  return all.slice((query.page - 1) * query.pageSize, query.page * query.pageSize);
}

/** A union of `asc` and `desc` as SQL. */
export function directionSql(direction: "asc" | "desc"): Prisma.Sql {
  return direction === "desc" ? Prisma.sql`desc` : Prisma.sql`asc`;
}
