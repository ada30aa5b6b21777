/** Controls over the clusters of a lens. */
import type { z } from "zod";
import { type ControlDetail, type ControlRow, type ControlsPage, controlsQuery } from "@/lib/api/assessment";
import { freshnessOf, STALE_AFTER_HOURS } from "@/lib/assessment/status";
import { revisionOf } from "@/lib/assessment/catalog-document";
import { CONTROL_FAMILIES, CUSTOM_FAMILY, familyOf } from "@/lib/controls/families";
import { type Control, SEVERITIES } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { readsBeside } from "@/lib/controls/also-reads";
import { IMPORT_KINDS } from "@/lib/inventory/imports";
import { findSection } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import { getRequirement } from "@/lib/pci";
import {
  CONTROL_STATUSES,
  type ControlInCluster,
  controlOverClusters,
  explainCoverageIn,
  readControlStatuses,
} from "./assessment-read";
import { type ActiveCatalog, withCatalog } from "./catalog";
import { withOrganization } from "./db/organization";
import { guideErrorsAbout } from "./guides";
import { isoOrNull, type Lens, lensClusters, type LensCluster, pageSlice, readLensClusters } from "./lens";
import type { Principal } from "./principal";
import { verifyOf } from "./verify-command";

/**
 * A page of controls. Ascending by "worst" begins with the worst, ascending by severity with critical, ascending by family in the
 * catalogue's order.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listControls(
  principal: Principal,
  input: z.input<typeof controlsQuery>,
  now: Date = new Date(),
): Promise<ControlsPage> {
  const query = controlsQuery.parse(input);
  const facts = await readFacts(principal, query, now);
  const unfiltered = facts.catalog.controls.map((control) => rowOf(control, facts));
  const rows = unfiltered.filter((row) => FILTERS.every((filter) => filter.keeps(row, query)));
  const bySeverity = (a: ControlRow, b: ControlRow) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
  const byStatus = (a: ControlRow, b: ControlRow) =>
    CONTROL_STATUSES.indexOf(a.status) - CONTROL_STATUSES.indexOf(b.status);
  if (query.sort === "worst") rows.sort((a, b) => byStatus(a, b) || bySeverity(a, b) || b.counts.fail - a.counts.fail);
  else if (query.sort === "severity") rows.sort((a, b) => bySeverity(a, b) || byStatus(a, b));
  else if (query.sort === "id") rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  if (query.direction === "desc") rows.reverse();
  const { version, shippedVersion } = facts.catalog;
  return {
    items: pageSlice(rows, query),
    page: query.page,
    pageSize: query.pageSize,
    total: rows.length,
    totalUnfiltered: unfiltered.length,
    catalog: { version, shippedVersion },
    summary: {
      byStatus: {
        fail: 0,
        unknown: 0,
        "not-assessed": 0,
        pass: 0,
        "not-applicable": 0,
        ...countBy(unfiltered, (row) => [row.status]),
      },
    },
    facets: facetsOf(unfiltered, query),
  };
}

type Query = z.output<typeof controlsQuery>;

/** The filters of the list, one for each parameter. */
const FILTERS: readonly { name: keyof Query; keeps: (row: ControlRow, query: Query) => boolean }[] = [
  {
    name: "q",
    keeps: (row, { q }) => {
      const words = q?.trim().toLowerCase() ?? "";
      return row.id.includes(words) || row.title.toLowerCase().includes(words);
    },
  },
  { name: "status", keeps: (row, { status }) => status === undefined || row.status === status },
  { name: "severity", keeps: (row, { severity }) => severity === undefined || row.severity === severity },
  { name: "family", keeps: (row, { family }) => family === undefined || row.family.id === family },
  {
    name: "coverage",
    keeps: (row, { coverage }) =>
      coverage === undefined || row.requirements.some((requirement) => requirement.coverage === coverage),
  },
];

/** What each value of a filter would list, with every other filter as it is. */
function facetsOf(rows: readonly ControlRow[], query: Query): ControlsPage["facets"] {
  const beside = (name: keyof Query) =>
    rows.filter((row) => FILTERS.every((filter) => filter.name === name || filter.keeps(row, query)));
  const inFamily = countBy(beside("family"), (row) => [row.family.id]);
  return {
    status: countBy(beside("status"), (row) => [row.status]),
    severity: countBy(beside("severity"), (row) => [row.severity]),
    coverage: countBy(beside("coverage"), (row) => row.requirements.map((requirement) => requirement.coverage)),
    family: [...CONTROL_FAMILIES, CUSTOM_FAMILY]
      .map((family) => ({ ...family, controls: inFamily[family.id] ?? 0 }))
      .filter(({ id, controls }) => id !== CUSTOM_FAMILY.id || controls > 0),
  };
}

/** How many rows have each value; a row counts once for each of its values. */
function countBy<Value extends string>(
  rows: readonly ControlRow[],
  valuesOf: (row: ControlRow) => readonly Value[],
): Partial<Record<Value, number>> {
  const counts: Partial<Record<Value, number>> = {};
  for (const row of rows) for (const value of new Set(valuesOf(row))) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
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
  const facts = await readFacts(principal, lens, now, [id]);
  const { catalog, clusters, statuses } = facts;
  const control = catalog.find(id);
  if (control === null) throw new RingfenceError("not-found", "There is no such control.");
  const inClusters = new Map(statuses.get(id)?.map((entry) => [entry.clusterId, entry]));
  const { version, shippedVersion } = catalog;
  return {
    ...rowOf(control, facts),
    rule: control.rule,
    revision: revisionOf(control),
    staleAfterHours: control.staleAfterHours ?? STALE_AFTER_HOURS,
    catalog: {
      version,
      shippedVersion,
      isDecidedAnew: catalog.decidedAnew.includes(id),
      isRetired: catalog.retired.includes(id),
    },
    sections: [
      ...control.sections.map((name) => sectionOf(name, true)),
      ...readsBeside(id).map((name) => sectionOf(name, false)),
    ],
    sources: await readSources(principal, lens, now, { control: id, clusters, inClusters }),
    guideErrors: guideErrorsAbout({ control: id }),
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

interface Facts {
  catalog: ActiveCatalog;
  clusters: LensCluster[];
  statuses: Map<string, ControlInCluster[]>;
}

async function readFacts(principal: Principal, lens: Lens, now: Date, only?: readonly string[]): Promise<Facts> {
  const clusters = lensClusters(principal, "control:read", lens, now);
  return withCatalog(principal.organization.id, async (tx, catalog) => ({
    catalog,
    clusters: await readLensClusters(tx, clusters),
    statuses: await readControlStatuses(tx, clusters, only),
  }));
}

function rowOf(control: Control, { catalog, clusters, statuses }: Facts): ControlRow {
  const over = controlOverClusters(statuses.get(control.id), clusters);
  return {
    id: control.id,
    title: control.title,
    severity: control.severity,
    family: familyOf(control.id),
    judges: control.judges,
    requirements: control.requirements.map(({ requirement: number, kind, rationale }) => {
      const requirement = getRequirement(number);
      const { coverage } = explainCoverageIn(catalog, clusters, requirement);
      return { requirement: number, title: requirement.title, kind, rationale, coverage };
    }),
    status: over.status,
    counts: over.counts,
    clustersFailing: over.clustersFailing,
    clustersTotal: over.clustersTotal,
  };
}

/** A section as the rights that fill it name it: `networkpolicies.networking.k8s.io`. */
function sectionOf(name: SectionName, isNeeded: boolean): ControlDetail["sections"][number] {
  const section = findSection(name);
  return {
    name,
    resources: [
      ...new Set(section?.sources.map(({ group, resource }) => (group === "" ? resource : `${resource}.${group}`))),
    ],
    isNeeded,
    isOptional: section?.optional === true,
  };
}

/** So many clusters are named for each source. */
const CLUSTERS_SHOWN = 5;

/** The documents that the control reads, and where in the lens they are or would help. */
async function readSources(
  principal: Principal,
  lens: Lens,
  now: Date,
  known: { control: string; clusters: readonly LensCluster[]; inClusters: ReadonlyMap<string, ControlInCluster> },
): Promise<ControlDetail["sources"]> {
  const kinds = IMPORT_KINDS.filter(({ controls }) => controls.includes(known.control));
  if (kinds.length === 0) return [];
  const clusters = lensClusters(principal, "import:read", lens, now);
  const ids = kinds.map(({ id }) => id);
  const rows = await withOrganization(
    principal.organization.id,
    (tx) => tx.$queryRaw<{ kind: string; cluster_id: string; documents: number }[]>`
      with lens as (${clusters})
      select i.kind, lens.id as cluster_id, count(*)::int as documents
      from lens join import i on i.org_id = lens.org_id and (i.cluster_id = lens.id or i.cluster_id is null)
        and i.superseded_at is null and i.withdrawn_at is null and i.kind = any(${ids}::text[])
      group by i.kind, lens.id`,
  );
  const held = new Map(rows.map((row) => [`${row.kind} ${row.cluster_id}`, row.documents]));
  return kinds.map(({ id, title, nature, description }) => {
    const concerned = known.clusters
      .map((cluster) => ({
        slug: cluster.slug,
        name: cluster.name,
        documents: held.get(`${id} ${cluster.id}`) ?? 0,
        isWaiting: (known.inClusters.get(cluster.id)?.counts.unknown ?? 0) > 0,
      }))
      .filter(({ documents, isWaiting }) => documents > 0 || isWaiting)
      .sort((a, b) => Number(b.isWaiting) - Number(a.isWaiting));
    return {
      id,
      title,
      nature,
      description,
      clusters: concerned.slice(0, CLUSTERS_SHOWN),
      moreClusters: Math.max(0, concerned.length - CLUSTERS_SHOWN),
    };
  });
}
