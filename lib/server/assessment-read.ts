/**
 * What requirements and controls show over the clusters of a lens. The one place that adds up: lists and details of both
 * take their numbers from here.
 *
 * Evidence counts while it is current or stale; a cluster whose evidence is older than seven days, or that never had any, is
 * "not assessed" in statuses and counts alike.
 */
import type { Freshness } from "@/lib/assessment/status";
import type { Catalog } from "@/lib/assessment/catalog";
import type { RequirementStatus } from "@/lib/assessment/types";
import { type ResultStatus, SEVERITIES, type Severity } from "@/lib/controls/types";
import type { CoverageWithReason, Requirement } from "@/lib/pci";
import type { Transaction } from "./db/client";
import { Prisma } from "./db/generated/client";
import { isAssessed, type LensCluster, oldestFreshness } from "./lens";

/** Worst first; a control over clusters adds "not assessed" between unknown and pass. */
export const CONTROL_STATUSES = ["fail", "unknown", "not-assessed", "pass", "not-applicable"] as const;
export type ControlStatus = ResultStatus | "not-assessed";

export interface Counts {
  pass: number;
  fail: number;
  unknown: number;
  notApplicable: number;
}

/** Status and number of clusters, for a requirement. */
export interface StatusGroup {
  status: RequirementStatus;
  freshness: Freshness;
  clusters: number;
}

/** Statuses of requirements by status and age of the clusters that show them. `only` restricts to these ids. */
export async function readRequirementGroups(
  tx: Transaction,
  clusters: Prisma.Sql,
  only?: readonly string[],
): Promise<Map<string, StatusGroup[]>> {
  const restriction = only === undefined ? Prisma.empty : Prisma.sql`and s.requirement_id = any(${[...only]}::text[])`;
  const rows = await tx.$queryRaw<(StatusGroup & { requirement_id: string })[]>`
    with lens as (${clusters})
    select s.requirement_id, s.status, lens.freshness, count(*)::int as clusters
    from lens join requirement_status s on s.org_id = lens.org_id and s.cluster_id = lens.id and s.to_seq is null
    where lens.freshness in ('current', 'stale') ${restriction}
    group by s.requirement_id, s.status, lens.freshness`;
  const groups = new Map<string, StatusGroup[]>();
  for (const { requirement_id: id, ...group } of rows) {
    const known = groups.get(id);
    if (known === undefined) groups.set(id, [group]);
    else known.push(group);
  }
  return groups;
}

/** Clusters as the groups of one requirement, those without evidence included; for worstOverClusters(). */
export function clustersOf(
  groups: readonly StatusGroup[] | undefined,
  clusters: readonly LensCluster[],
): { status: RequirementStatus; freshness: Freshness }[] {
  const shown = (groups ?? []).flatMap(({ status, freshness, clusters: count }) =>
    Array.from({ length: count }, () => ({ status, freshness })),
  );
  const missing = clusters.length - shown.length;
  return [
    ...shown,
    ...Array.from({ length: missing }, () => ({ status: "not-assessed" as const, freshness: "none" as const })),
  ];
}

export interface ControlInCluster {
  clusterId: string;
  status: ResultStatus;
  counts: Counts;
}

/** Current statuses of controls in the clusters of the lens whose evidence counts, by control. */
export async function readControlStatuses(
  tx: Transaction,
  clusters: Prisma.Sql,
  only?: readonly string[],
): Promise<Map<string, ControlInCluster[]>> {
  const restriction = only === undefined ? Prisma.empty : Prisma.sql`and s.control_id = any(${[...only]}::text[])`;
  const rows = await tx.$queryRaw<
    {
      control_id: string;
      cluster_id: string;
      status: ResultStatus;
      pass: number;
      fail: number;
      unknown: number;
      not_applicable: number;
    }[]
  >`
    with lens as (${clusters})
    select s.control_id, s.cluster_id, s.status, s.pass, s.fail, s.unknown, s.not_applicable
    from lens join control_status s on s.org_id = lens.org_id and s.cluster_id = lens.id and s.to_seq is null
    where lens.freshness in ('current', 'stale') ${restriction}`;
  const statuses = new Map<string, ControlInCluster[]>();
  for (const row of rows) {
    const entry = {
      clusterId: row.cluster_id,
      status: row.status,
      counts: { pass: row.pass, fail: row.fail, unknown: row.unknown, notApplicable: row.not_applicable },
    };
    const known = statuses.get(row.control_id);
    if (known === undefined) statuses.set(row.control_id, [entry]);
    else known.push(entry);
  }
  return statuses;
}

export interface ControlOverClusters {
  status: ControlStatus;
  counts: Counts;
  clustersFailing: number;
  clustersTotal: number;
  freshness: Freshness;
}

/** A control over the clusters of a lens: the worst status, the sum of its results. */
export function controlOverClusters(
  inClusters: readonly ControlInCluster[] | undefined,
  clusters: readonly LensCluster[],
): ControlOverClusters {
  const known = inClusters ?? [];
  const shown = new Set<ControlStatus>(known.map((entry) => entry.status));
  if (known.length < clusters.length || clusters.length === 0) shown.add("not-assessed");
  const counts: Counts = { pass: 0, fail: 0, unknown: 0, notApplicable: 0 };
  for (const entry of known) {
    for (const status of ["pass", "fail", "unknown", "notApplicable"] as const) counts[status] += entry.counts[status];
  }
  return {
    status: CONTROL_STATUSES.find((status) => shown.has(status)) ?? "not-assessed",
    counts,
    clustersFailing: known.filter((entry) => entry.status === "fail").length,
    clustersTotal: clusters.length,
    freshness: oldestFreshness(clusters.map((cluster) => cluster.freshness)),
  };
}

export interface OpenFindings {
  count: number;
  /** Highest rank of severity (critical 4 … low 1). */
  rank: number;
}

/** Open findings of the lens by control. */
export async function readOpenFindings(tx: Transaction, clusters: Prisma.Sql): Promise<Map<string, OpenFindings>> {
  const rows = await tx.$queryRaw<{ control_id: string; count: number; rank: number }[]>`
    with lens as (${clusters})
    select f.control_id, count(*)::int as count, max(f.severity_rank)::int as rank
    from lens join finding f on f.org_id = lens.org_id and f.cluster_id = lens.id and f.state = 'open'
    group by f.control_id`;
  return new Map(rows.map((row) => [row.control_id, { count: row.count, rank: row.rank }]));
}

/** Rank of a severity back to its word; null for 0. */
export function severityOfRank(rank: number): Severity | null {
  return SEVERITIES[4 - rank] ?? null;
}

/** The oldest moment of evidence that counts among the clusters; null if there is none. */
export function oldestEvidence(clusters: readonly LensCluster[]): Date | null {
  let oldest: Date | null = null;
  for (const { freshness, last_scan_at: at } of clusters) {
    if (at !== null && isAssessed(freshness) && (oldest === null || at < oldest)) oldest = at;
  }
  return oldest;
}

const MANAGED: ReadonlySet<string> = new Set(["eks", "gke", "aks"]);

/** How far a requirement is covered in the clusters of a lens. The provider answers only where it runs all of them. */
export function explainCoverageIn(
  catalog: Catalog,
  clusters: readonly LensCluster[],
  requirement: Requirement,
): CoverageWithReason {
  const isManaged = clusters.length > 0 && clusters.every((cluster) => MANAGED.has(cluster.provider));
  return catalog.explainCoverage(requirement, { isManaged });
}
