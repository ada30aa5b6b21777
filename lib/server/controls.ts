/** Controls over the clusters of a lens. */
import type { z } from "zod";
import { type ControlDetail, type ControlRow, controlsQuery } from "@/lib/api/assessment";
import { freshnessOf } from "@/lib/assessment/status";
import { type Control, SEVERITIES } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { CONTROL_STATUSES, type ControlInCluster, controlOverClusters, readControlStatuses } from "./assessment-read";
import { type ActiveCatalog, withCatalog } from "./catalog";
import { isoOrNull, type Lens, lensClusters, type LensCluster, pageSlice, readLensClusters } from "./lens";
import type { Principal } from "./principal";
import { verifyOf } from "./verify-command";

export interface ControlsPage {
  items: ControlRow[];
  page: number;
  pageSize: number;
  total: number;
  totalUnfiltered: number;
  catalog: { version: string; shippedVersion: string };
}

/**
 * A page of controls. Ascending by "worst" begins with the worst, ascending by severity with critical.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listControls(
  principal: Principal,
  input: z.input<typeof controlsQuery>,
  now: Date = new Date(),
): Promise<ControlsPage> {
  const query = controlsQuery.parse(input);
  const { catalog, clusters, statuses } = await readFacts(principal, query, now);
  const unfiltered = catalog.controls.map((control) => rowOf(control, statuses.get(control.id), clusters));
  const q = query.q?.trim().toLowerCase();
  const rows = unfiltered.filter(
    (row) =>
      (q === undefined || row.id.includes(q) || row.title.toLowerCase().includes(q)) &&
      (query.status === undefined || row.status === query.status) &&
      (query.severity === undefined || row.severity === query.severity),
  );
  const bySeverity = (a: ControlRow, b: ControlRow) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  const byStatus = (a: ControlRow, b: ControlRow) =>
    CONTROL_STATUSES.indexOf(a.status) - CONTROL_STATUSES.indexOf(b.status);
  if (query.sort === "worst") rows.sort((a, b) => byStatus(a, b) || bySeverity(a, b) || b.counts.fail - a.counts.fail);
  else if (query.sort === "severity") rows.sort((a, b) => bySeverity(a, b) || byStatus(a, b));
  else rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  if (query.direction === "desc") rows.reverse();
  return {
    items: pageSlice(rows, query),
    page: query.page,
    pageSize: query.pageSize,
    total: rows.length,
    totalUnfiltered: unfiltered.length,
    catalog: { version: catalog.version, shippedVersion: catalog.shippedVersion },
  };
}

/** True if the organization's catalogue has such a control. */
export async function isControl(principal: Principal, id: string): Promise<boolean> {
  return withCatalog(principal.organization.id, async (_, catalog) => catalog.find(id) !== null);
}

/**
 * One control.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function getControl(
  principal: Principal,
  id: string,
  lens: Lens,
  now: Date = new Date(),
): Promise<ControlDetail> {
  const { catalog, clusters, statuses } = await readFacts(principal, lens, now, [id]);
  const control = catalog.find(id);
  if (control === null) throw new RingfenceError("not-found", "There is no such control.");
  const inClusters = new Map(statuses.get(id)?.map((entry) => [entry.clusterId, entry]));
  return {
    ...rowOf(control, statuses.get(id), clusters),
    rule: control.rule,
    sections: [...control.sections],
    verify: verifyOf(control),
    perCluster: clusters.map((cluster) => {
      const entry = inClusters.get(cluster.id);
      return {
        slug: cluster.slug,
        name: cluster.name,
        status: entry?.status ?? "not-assessed",
        counts: entry?.counts ?? { pass: 0, fail: 0, unknown: 0, notApplicable: 0 },
        freshness: freshnessOf(isoOrNull(cluster.last_scan_at), now.toISOString(), control.staleAfterHours),
        lastScanAt: isoOrNull(cluster.last_scan_at),
      };
    }),
  };
}

async function readFacts(
  principal: Principal,
  lens: Lens,
  now: Date,
  only?: readonly string[],
): Promise<{ catalog: ActiveCatalog; clusters: LensCluster[]; statuses: Map<string, ControlInCluster[]> }> {
  const clusters = lensClusters(principal, "control:read", lens, now);
  return withCatalog(principal.organization.id, async (tx, catalog) => ({
    catalog,
    clusters: await readLensClusters(tx, clusters),
    statuses: await readControlStatuses(tx, clusters, only),
  }));
}

function rowOf(control: Control, inClusters: ControlInCluster[] | undefined, clusters: LensCluster[]): ControlRow {
  const { status, counts, clustersFailing, clustersTotal } = controlOverClusters(inClusters, clusters);
  return {
    id: control.id,
    title: control.title,
    severity: control.severity,
    judges: control.judges,
    requirements: control.requirements.map(({ requirement, kind, rationale }) => ({ requirement, kind, rationale })),
    status,
    counts,
    clustersFailing,
    clustersTotal,
  };
}
