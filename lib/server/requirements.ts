/** Requirements of PCI DSS v4.0.1 over the clusters of a lens. */
import type { z } from "zod";
import {
  type RequirementDetail,
  type RequirementRow,
  type RequirementsPage,
  requirementsQuery,
} from "@/lib/api/assessment";
import { RingfenceError } from "@/lib/errors";
import { freshnessOf, rollupStatus, suggestedPosition, worstOverClusters } from "@/lib/assessment/status";
import { type Coverage, REQUIREMENT_STATUSES, type RequirementStatus, type RollupStatus } from "@/lib/assessment/types";
import {
  childrenOf,
  findAttestationGroup,
  findRequirement,
  LEAF_REQUIREMENTS,
  leavesOf,
  type Requirement,
  REQUIREMENTS,
} from "@/lib/pci";
import {
  clustersOf,
  controlOverClusters,
  explainCoverageIn,
  oldestEvidence,
  type OpenFindings,
  readControlStatuses,
  readOpenFindings,
  readRequirementGroups,
  severityOfRank,
  type StatusGroup,
} from "./assessment-read";
import { type ActiveCatalog, withCatalog } from "./catalog";
import {
  isAssessed,
  isoOrNull,
  type Lens,
  lensClusters,
  type LensCluster,
  oldestFreshness,
  pageSlice,
  readLensClusters,
} from "./lens";
import { guideErrorsAbout } from "./guides";
import type { Principal } from "./principal";
import { verifyOf } from "./verify-command";

/** Everything that the rows of one lens are made from. */
interface Facts {
  catalog: ActiveCatalog;
  clusters: LensCluster[];
  groups: Map<string, StatusGroup[]>;
  findings: Map<string, OpenFindings>;
  /** Statuses of leaves over the clusters, once computed: a page asks for each several times. */
  statuses: Map<string, RequirementStatus>;
}

/**
 * A page of requirements. In the tree: the principals, or with `parent` what lies directly below it; as leaves: the flat
 * list, below `parent` if there is one. A text, status or coverage to filter by makes the list flat. The summary is over all
 * leaves of the lens, whatever is filtered. Ascending by "worst" begins with the worst.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listRequirements(
  principal: Principal,
  input: z.input<typeof requirementsQuery>,
  now: Date = new Date(),
): Promise<RequirementsPage> {
  const query = requirementsQuery.parse(input);
  const facts = await readFacts(principal, query, now);
  const isFlat =
    query.view === "leaves" || query.q !== undefined || query.status !== undefined || query.coverage !== undefined;
  const parent = query.parent ?? null;
  const population = isFlat ? (parent === null ? LEAF_REQUIREMENTS : leavesOf(parent)) : childrenOf(parent);
  const unfiltered = population.map((requirement) => rowOf(requirement, facts));
  const rows = unfiltered.filter(
    (row) =>
      (query.q === undefined || matches(row, query.q)) &&
      (query.status === undefined || row.status === query.status) &&
      (query.coverage === undefined || row.coverage === query.coverage),
  );
  if (query.sort === "worst") rows.sort((a, b) => rankOf(a) - rankOf(b) || b.openFindings - a.openFindings);
  if (query.direction === "desc") rows.reverse();
  return {
    items: pageSlice(rows, query),
    page: query.page,
    pageSize: query.pageSize,
    total: rows.length,
    totalUnfiltered: unfiltered.length,
    summary: summaryOf(facts),
  };
}

/** True if the standard has the number. */
export function isRequirement(number: string): boolean {
  return findRequirement(number) !== null;
}

/**
 * One requirement, section or principal.
 *
 * @throws RingfenceError `not-found` for a number that the standard doesn't have, `forbidden`
 */
export async function getRequirement(
  principal: Principal,
  number: string,
  lens: Lens,
  now: Date = new Date(),
): Promise<RequirementDetail> {
  const requirement = findRequirement(number);
  if (requirement === null) throw new RingfenceError("not-found", "There is no such requirement.");
  const clustersSql = lensClusters(principal, "requirement:read", lens, now);
  const { facts, links, controls, perCluster } = await withCatalog(principal.organization.id, async (tx, catalog) => {
    const read = await readFactsIn(tx, catalog, clustersSql);
    const linked = catalog.linksOf(requirement.id);
    const ids = linked.map((link) => link.control.id);
    return {
      facts: read,
      links: linked,
      controls: await readControlStatuses(tx, clustersSql, ids),
      perCluster: await tx.$queryRaw<{ cluster_id: string; status: RequirementStatus }[]>`
      with lens as (${clustersSql})
      select s.cluster_id, s.status from lens
      join requirement_status s on s.org_id = lens.org_id and s.cluster_id = lens.id and s.to_seq is null and s.requirement_id = ${requirement.id}`,
    };
  });
  const row = rowOf(requirement, facts);
  const index = REQUIREMENTS.indexOf(requirement);
  const missing = facts.catalog.missingOf(requirement);
  const inCluster = new Map(perCluster.map((each) => [each.cluster_id, each.status]));
  return {
    ...row,
    previous: REQUIREMENTS[index - 1]?.id ?? null,
    next: REQUIREMENTS[index + 1]?.id ?? null,
    typicalEvidence: [...requirement.typicalEvidence],
    kubernetesRelevance: requirement.kubernetesRelevance,
    kubernetesReason: requirement.kubernetesReason,
    coverageReason: row.status === null ? null : explainCoverageIn(facts.catalog, facts.clusters, requirement).reason,
    appliesTo: requirement.appliesTo,
    suggestedPosition: row.status === null ? null : suggestedPosition(row.status, missing),
    missingControls: missing,
    perCluster: facts.clusters.map((cluster) => ({
      slug: cluster.slug,
      name: cluster.name,
      status: statusInCluster(requirement, cluster, inCluster.get(cluster.id)),
      lastScanAt: isoOrNull(cluster.last_scan_at),
      freshness: cluster.freshness,
    })),
    controlList: links.map(({ control, kind, rationale }) => {
      const over = controlOverClusters(controls.get(control.id), facts.clusters);
      const ages = facts.clusters.map(({ last_scan_at: at }) =>
        freshnessOf(isoOrNull(at), now.toISOString(), control.staleAfterHours),
      );
      return {
        id: control.id,
        title: control.title,
        severity: control.severity,
        link: kind,
        rationale,
        status: over.status,
        counts: over.counts,
        rule: control.rule,
        verify: verifyOf(control),
        freshness: oldestFreshness(ages),
      };
    }),
    attestations: requirement.attestations.map((id) => {
      const group = findAttestationGroup(id);
      return {
        id,
        title: group?.title ?? id,
        assessorExpects: group?.assessorExpects ?? "",
        uploads: group?.uploads ?? "",
        frequency: group?.frequency ?? "",
        requirements: LEAF_REQUIREMENTS.filter(({ attestations }) => attestations.includes(id)).length,
        status: "needs-attestation" as const,
      };
    }),
    catalog: { version: facts.catalog.version, shippedVersion: facts.catalog.shippedVersion },
    guideErrors: guideErrorsAbout({ requirement: requirement.id }),
  };
}

async function readFacts(principal: Principal, lens: Lens, now: Date): Promise<Facts> {
  const clusters = lensClusters(principal, "requirement:read", lens, now);
  return withCatalog(principal.organization.id, (tx, catalog) => readFactsIn(tx, catalog, clusters));
}

async function readFactsIn(
  tx: Parameters<typeof readLensClusters>[0],
  catalog: ActiveCatalog,
  clusters: Parameters<typeof readLensClusters>[1],
): Promise<Facts> {
  return {
    catalog,
    clusters: await readLensClusters(tx, clusters),
    groups: await readRequirementGroups(tx, clusters),
    findings: await readOpenFindings(tx, clusters),
    statuses: new Map(),
  };
}

function statusInCluster(
  requirement: Requirement,
  cluster: LensCluster,
  status: RequirementStatus | undefined,
): RequirementStatus {
  return requirement.kind === "requirement" && isAssessed(cluster.freshness) && status !== undefined
    ? status
    : "not-assessed";
}

function rowOf(requirement: Requirement, facts: Facts): RequirementRow {
  const leaves = leavesOf(requirement.id);
  const statuses = leaves.map((leaf) => statusOf(leaf, facts));
  const isLeaf = requirement.kind === "requirement";
  const own = worstOverClusters(clustersOf(facts.groups.get(requirement.id), facts.clusters));
  const breakdown: RequirementRow["breakdown"] = {};
  for (const status of isLeaf ? [own.status] : statuses) breakdown[status] = (breakdown[status] ?? 0) + 1;
  const { catalog } = facts;
  const findings = catalog
    .controlsOf(requirement.id, "deciding")
    .flatMap((control) => facts.findings.get(control.id) ?? []);
  return {
    id: requirement.id,
    parent: requirement.parent,
    kind: requirement.kind,
    title: requirement.title,
    serviceProviderOnly: requirement.serviceProviderOnly,
    coverage: isLeaf ? coverageIn(requirement, facts) : coverageOfAll(leaves.map((leaf) => coverageIn(leaf, facts))),
    status: isLeaf ? own.status : null,
    rollup: isLeaf ? null : rollupOf(statuses),
    breakdown,
    clustersWorst: isLeaf ? own.showing : 0,
    clustersTotal: facts.clusters.length,
    controls: catalog.controlsOf(requirement.id, "all").length,
    openFindings: findings.reduce((sum, each) => sum + each.count, 0),
    worstSeverity: severityOfRank(findings.reduce((rank, each) => Math.max(rank, each.rank), 0)),
    oldestEvidenceAt: isoOrNull(oldestEvidence(facts.clusters)),
    freshness: oldestFreshness(facts.clusters.map((cluster) => cluster.freshness)),
  };
}

function statusOf(leaf: Requirement, facts: Facts): RequirementStatus {
  const known = facts.statuses.get(leaf.id);
  if (known !== undefined) return known;
  const { status } = worstOverClusters(clustersOf(facts.groups.get(leaf.id), facts.clusters));
  facts.statuses.set(leaf.id, status);
  return status;
}

/** Nothing below was assessed anywhere: then "needs attestation" would say too much. */
function rollupOf(statuses: readonly RequirementStatus[]): RollupStatus | "not-assessed" {
  return statuses.length > 0 && statuses.every((status) => status === "not-assessed")
    ? "not-assessed"
    : rollupStatus(statuses);
}

function coverageIn(leaf: Requirement, { catalog, clusters }: Facts): Coverage {
  return explainCoverageIn(catalog, clusters, leaf).coverage;
}

/** Of a section: the coverage that all below share; partial where some of it can be tested; else what needs most of a person. */
function coverageOfAll(all: readonly Coverage[]): Coverage {
  const present = new Set(all);
  const [only] = present;
  if (only !== undefined && present.size === 1) return only;
  if (present.has("automated") || present.has("partial")) return "partial";
  return present.has("manual") ? "manual" : present.has("provider") ? "provider" : "outside-kubernetes";
}

function matches(row: RequirementRow, q: string): boolean {
  const words = q.trim().toLowerCase();
  return (
    row.id === words.toUpperCase() || row.id.startsWith(words.toUpperCase()) || row.title.toLowerCase().includes(words)
  );
}

const ROLLUP_RANK: Record<RollupStatus | "not-assessed", number> = {
  blocked: 0,
  "not-assessed": 2,
  "needs-attestation": 3,
  ready: 6,
  "not-applicable": 7,
};
function rankOf(row: RequirementRow): number {
  return row.status === null ? ROLLUP_RANK[row.rollup ?? "not-assessed"] : REQUIREMENT_STATUSES.indexOf(row.status);
}

function summaryOf(facts: Facts): RequirementsPage["summary"] {
  const summary: RequirementsPage["summary"] = {
    applicable: 0,
    ready: 0,
    blocked: 0,
    needPerson: 0,
    notAssessed: 0,
    notApplicable: 0,
    failing: 0,
    byCoverage: {},
  };
  for (const leaf of LEAF_REQUIREMENTS) {
    const coverage = coverageIn(leaf, facts);
    summary.byCoverage[coverage] = (summary.byCoverage[coverage] ?? 0) + 1;
    const status = statusOf(leaf, facts);
    if (status === "not-applicable") {
      summary.notApplicable++;
      continue;
    }
    summary.applicable++;
    if (status === "fail") summary.failing++;
    if (status === "fail" || status === "unknown") summary.blocked++;
    else if (status === "not-assessed") summary.notAssessed++;
    else if (status === "needs-attestation") summary.needPerson++;
    else summary.ready++;
  }
  return summary;
}
