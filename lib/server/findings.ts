/** Findings: failing results followed over time, in the order in which they should be repaired. */
import type { z } from "zod";
import { type FindingDetail, type FindingRow, findingsQuery } from "@/lib/api/assessment";
import { freshnessOf } from "@/lib/assessment/status";
import { withCustomControls } from "@/lib/assessment/catalog";
import { findControl } from "@/lib/controls";
import { isCustomControlId } from "@/lib/controls/custom/control";
import type { Control, Result } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { findRequirement } from "@/lib/pci";
import { type ActiveCatalog, withCatalog } from "./catalog";
import { controlsOf, readNewestRevisions } from "./custom/stored";
import type { Transaction } from "./db/client";
import { Prisma } from "./db/generated/client";
import { describeFinding } from "./finding-snapshot";
import { directionSql, isoOrNull, type Lens, lensClusters, likePattern } from "./lens";
import type { Principal } from "./principal";
import { objectOf } from "./results";
import { verifyOf } from "./verify-command";

export interface FindingsPage {
  items: FindingRow[];
  page: number;
  pageSize: number;
  total: number;
  totalUnfiltered: number;
}

interface Row {
  number: number;
  cluster_id: string;
  cluster_slug: string;
  cluster_name: string;
  project: string;
  control_id: string;
  severity: FindingRow["severity"];
  state: FindingRow["state"];
  scope: FindingRow["scope"];
  api_version: string;
  kind: string;
  namespace: string | null;
  name: string;
  part: string | null;
  reason: string;
  detail: string;
  evidence: FindingDetail["evidence"];
  first_seen_at: Date;
  last_seen_at: Date;
  resolved_at: Date | null;
  reopened: number;
}

const COLUMNS = Prisma.sql`f.number, f.cluster_id, lens.slug as cluster_slug, lens.name as cluster_name, lens.project,
  f.control_id, f.severity, f.state, f.scope, f.api_version, f.kind, f.namespace, f.name, f.part, f.reason, f.detail,
  f.evidence, f.first_seen_at, coalesce(f.last_seen_at, lens.last_scan_at, f.first_seen_at) as last_seen_at, f.resolved_at,
  f.reopened`;

/**
 * A page of findings. `state` says what the page is about; `totalUnfiltered` counts it before the other filters. Ascending by
 * "priority" begins with what to repair first: severity times scope, then how many requirements it unblocks, then age.
 * Findings of clusters that fell silent stay in the list and show their age.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listFindings(
  principal: Principal,
  input: z.input<typeof findingsQuery>,
  now: Date = new Date(),
): Promise<FindingsPage> {
  const query = findingsQuery.parse(input);
  const lens = lensClusters(principal, "finding:read", query, now);
  const orgId = principal.organization.id;
  return withCatalog(orgId, (tx, catalog) => pageOf(tx, orgId, catalog, lens, query, now));
}

async function pageOf(
  tx: Transaction,
  orgId: string,
  catalog: ActiveCatalog,
  lens: Prisma.Sql,
  query: z.output<typeof findingsQuery>,
  now: Date,
): Promise<FindingsPage> {
  const pattern = query.q === undefined ? "" : likePattern(query.q);
  const number = /^(?:F-)?(\d{1,9})$/i.exec(query.q?.trim() ?? "")?.[1];
  const filters = [
    query.severity === undefined ? [] : Prisma.sql`f.severity = ${query.severity}`,
    query.scope === undefined ? [] : Prisma.sql`f.scope = ${query.scope}`,
    query.control === undefined ? [] : Prisma.sql`f.control_id = ${query.control}`,
    query.requirement === undefined
      ? []
      : Prisma.sql`f.control_id = any(${catalog.controlsOf(query.requirement, "deciding").map((each) => each.id)}::text[])`,
    query.namespace === undefined
      ? []
      : Prisma.sql`(f.namespace = ${query.namespace} or (f.kind = 'Namespace' and f.name = ${query.namespace}))`,
    query.q === undefined
      ? []
      : Prisma.sql`(f.name ilike ${pattern} or f.namespace ilike ${pattern} or f.reason ilike ${pattern}
          or f.control_id ilike ${pattern} or f.number = ${number === undefined ? -1 : Number(number)}::int)`,
  ].flat();
  const matching = filters.length === 0 ? Prisma.sql`true` : Prisma.join(filters, " and ");
  const from = Prisma.sql`from lens join finding f on f.org_id = lens.org_id and f.cluster_id = lens.id
    where f.state = ${query.state}`;

  const [counts] = await tx.$queryRaw<{ total: number; unfiltered: number }[]>`
    with lens as (${lens})
    select count(*) filter (where ${matching})::int as total, count(*)::int as unfiltered ${from}`;
  const rows = await tx.$queryRaw<Row[]>`
    with lens as (${lens})
    select ${COLUMNS} ${from} and ${matching}
    order by ${orderSql(catalog, query.sort, query.direction)}
    limit ${query.pageSize} offset ${(query.page - 1) * query.pageSize}`;
  const known = await withWithdrawn(tx, catalog, orgId, rows);
  return {
    items: rows.map((row) => rowOf(row, known, now)),
    page: query.page,
    pageSize: query.pageSize,
    total: counts?.total ?? 0,
    totalUnfiltered: counts?.unfiltered ?? 0,
  };
}

/**
 * One finding with its rule, its history, and the object and repair as of the cluster's last scan.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function getFinding(principal: Principal, number: number, now: Date = new Date()): Promise<FindingDetail> {
  const orgId = principal.organization.id;
  const anywhere: Lens = {};
  const lens = lensClusters(principal, "finding:read", anywhere, now);
  const { catalog, row, history } = await withCatalog(orgId, async (tx, active) => {
    const [found] = await tx.$queryRaw<Row[]>`
      with lens as (${lens})
      select ${COLUMNS} from lens join finding f on f.org_id = lens.org_id and f.cluster_id = lens.id
      where f.number = ${Number.isSafeInteger(number) && number > 0 && number < 2 ** 31 ? number : -1}::int`;
    if (found === undefined) throw new RingfenceError("not-found", "There is no such finding.");
    return {
      catalog: await withWithdrawn(tx, active, orgId, [found]),
      row: found,
      history: await readHistory(tx, orgId, found.number),
    };
  });
  const control = controlIn(catalog, row);
  if (control === null)
    throw new RingfenceError("not-found", "This release does not have the finding's control any more.");
  const result = resultOf(row);
  const described = await describeFinding(orgId, row.cluster_id, control, result, row.state === "open");
  return {
    ...rowOf(row, catalog, now),
    detail: row.detail,
    evidence: row.evidence,
    rule: control.rule,
    verify: described?.verify ?? verifyOf(control),
    remediation: described?.remediation ?? null,
    rawObject: described?.rawObject ?? null,
    history,
    links: control.requirements.map(({ requirement, kind }) => ({
      requirement,
      title: findRequirement(requirement)?.title ?? "",
      kind,
    })),
  };
}

async function readHistory(tx: Transaction, orgId: string, number: number): Promise<FindingDetail["history"]> {
  const events = await tx.findingEvent.findMany({
    where: { orgId, findingNumber: number },
    orderBy: [{ scanSeq: "asc" }, { at: "asc" }],
  });
  return events.map((event) => ({
    at: event.at.toISOString(),
    event: event.event as FindingDetail["history"][number]["event"],
    scanSeq: event.scanSeq,
  }));
}

/** The catalogue with the withdrawn own controls that these findings are of: their history is still read. */
async function withWithdrawn(
  tx: Transaction,
  catalog: ActiveCatalog,
  orgId: string,
  rows: readonly Row[],
): Promise<ActiveCatalog> {
  const ids = new Set(rows.map((row) => row.control_id).filter((id) => isCustomControlId(id)));
  const missing = [...ids].filter((id) => catalog.find(id) === null);
  if (missing.length === 0) return catalog;
  const withdrawn = controlsOf(await readNewestRevisions(tx, orgId, missing));
  return { ...withCustomControls(catalog, withdrawn), shippedVersion: catalog.shippedVersion };
}

/** A finding may be of a control that the active version no longer has, or doesn't have yet. */
function controlIn(catalog: ActiveCatalog, row: Row): Control | null {
  return catalog.find(row.control_id) ?? findControl(row.control_id);
}

function orderSql(
  catalog: ActiveCatalog,
  sort: z.output<typeof findingsQuery>["sort"],
  direction: "asc" | "desc",
): Prisma.Sql {
  const order = directionSql(direction);
  const reversed = directionSql(direction === "asc" ? "desc" : "asc");
  const ids = catalog.controls.map((control) => control.id);
  const counts = catalog.controls.map((control) => decidedBy(control).length);
  const requirements = Prisma.sql`coalesce((${counts}::int[])[array_position(${ids}::text[], f.control_id)], 0)`;
  const age = Prisma.sql`f.first_seen_at ${order}, f.number ${order}`;
  switch (sort) {
    case "priority":
      return Prisma.sql`f.severity_rank * (f.scope_rank + 1) ${reversed}, f.scope_rank ${reversed}, ${requirements} ${reversed}, ${age}`;
    case "severity":
      return Prisma.sql`f.severity_rank ${reversed}, ${age}`;
    case "firstSeenAt":
      return age;
    case "number":
      return Prisma.sql`f.number ${order}`;
  }
}

/** Requirements that a control helps to decide. */
function decidedBy(control: Control): string[] {
  return control.requirements.filter((link) => link.kind !== "supporting").map((link) => link.requirement);
}

/** The failing result that the finding shows, as the control made it. */
function resultOf(row: Row): Result {
  const { severity, reason, detail, evidence, part } = row;
  const result: Result = { status: "fail", object: objectOf(row), severity, reason, detail, evidence };
  return part === null ? result : { ...result, part };
}

function rowOf(row: Row, catalog: ActiveCatalog, now: Date): FindingRow {
  const control = controlIn(catalog, row);
  const lastSeenAt = row.last_seen_at.toISOString();
  return {
    number: row.number,
    cluster: { slug: row.cluster_slug, name: row.cluster_name, project: row.project },
    control: row.control_id,
    controlTitle: control?.title ?? row.control_id,
    requirements: control === null ? [] : decidedBy(control),
    severity: row.severity,
    state: row.state,
    scope: row.scope,
    object: objectOf(row),
    part: row.part,
    reason: row.reason,
    firstSeenAt: row.first_seen_at.toISOString(),
    lastSeenAt,
    resolvedAt: isoOrNull(row.resolved_at),
    reopened: row.reopened,
    freshness: freshnessOf(lastSeenAt, now.toISOString(), control?.staleAfterHours),
  };
}
