/** What a new catalogue version would change, its effect on the last scans, and activating it. */
import type { CatalogActivated, CatalogEffect, CatalogPage, CatalogVersionView } from "@/lib/api/catalog";
import { compareCatalogs } from "@/lib/assessment/catalog-document";
import { RingfenceError } from "@/lib/errors";
import { writeAudit } from "./audit";
import { findCatalogDocument, withCatalog } from "./catalog";
import type { Transaction } from "./db/client";
import { Prisma } from "./db/generated/client";
import { enqueueEvaluationAgain } from "./evaluate/again";
import { actorOf, allows, type Principal, requirePermission, requireProjectsWith } from "./principal";

/**
 * The active version, and what the one that this release brings would change.
 *
 * @throws RingfenceError `forbidden`
 */
export async function getCatalogPage(principal: Principal): Promise<CatalogPage> {
  requireProjectsWith(principal, "control:read");
  const orgId = principal.organization.id;
  return withCatalog(orgId, async (tx, catalog) => {
    const { version, shippedVersion } = catalog;
    const activations = await tx.catalogActivation.findMany({ where: { orgId }, orderBy: { seq: "desc" }, take: 50 });
    const [last] = activations;
    if (last === undefined) throw new Error("an organization always has an active version");
    const shipped = await findCatalogDocument(tx, shippedVersion);
    const active = version === shippedVersion ? shipped : await findCatalogDocument(tx, version);
    if (shipped === null || active === null) throw new Error(`the catalogue ${version} or ${shippedVersion} is gone`);
    const isNewer = version !== shippedVersion;
    return {
      active: {
        version,
        since: last.activatedAt.toISOString(),
        by: last.activatedByName,
        controls: active.controls.length,
      },
      shipped: { version: shippedVersion, controls: shipped.controls.length },
      changes: isNewer ? compareCatalogs(active, shipped) : null,
      decidedAnew: [...catalog.decidedAnew],
      retired: [...catalog.retired],
      effects: isNewer ? await readEffects(tx, principal, version, shippedVersion) : [],
      history: activations.map((row) => ({
        version: row.version,
        at: row.activatedAt.toISOString(),
        by: row.activatedByName,
      })),
      mayActivate: allows(principal, "catalog:activate"),
    };
  });
}

async function readEffects(
  tx: Transaction,
  principal: Principal,
  active: string,
  shipped: string,
): Promise<CatalogPage["effects"]> {
  const projects = requireProjectsWith(principal, "cluster:read");
  const visible = projects === null ? Prisma.empty : Prisma.sql`and c.project_id = any(${projects}::uuid[])`;
  const rows = await tx.$queryRaw<
    {
      slug: string;
      name: string;
      scan_seq: number;
      made_of: number | null;
      changes: CatalogEffect | null;
      made_at: Date | null;
    }[]
  >`
    select c.slug, c.name, r.scan_seq, p.scan_seq as made_of, p.changes, p.made_at
    from cluster c
    join cluster_rollup r on r.org_id = c.org_id and r.cluster_id = c.id
    left join catalog_preview p on p.org_id = c.org_id and p.cluster_id = c.id and p.version = ${shipped}
      and p.against = ${active}
    where c.org_id = ${principal.organization.id}::uuid and c.deleted_at is null ${visible}
    order by c.slug`;
  return rows.map((row) => ({
    cluster: { slug: row.slug, name: row.name },
    lastScanSeq: row.scan_seq,
    effect: row.changes,
    effectScanSeq: row.made_of,
    madeAt: row.made_at?.toISOString() ?? null,
  }));
}

/**
 * A version as it was recorded, whether or not it is active.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function getCatalogVersion(principal: Principal, version: string): Promise<CatalogVersionView> {
  requireProjectsWith(principal, "control:read");
  return withCatalog(principal.organization.id, async (tx, catalog) => {
    const row = await tx.catalog.findUnique({ where: { version } });
    const document = await findCatalogDocument(tx, version);
    if (row === null || document === null) throw new RingfenceError("not-found", "There is no such version here.");
    return {
      version,
      digest: Buffer.from(row.digest).toString("hex"),
      firstSeenAt: row.firstSeenAt.toISOString(),
      isActive: catalog.version === version,
      controls: document.controls,
    };
  });
}

/**
 * Makes the version that this release brings the organization's, and has every cluster evaluated again under it. Earlier scans
 * keep the version that they ran under.
 *
 * @throws RingfenceError `forbidden`; `conflict` for a version that is active already or that this release can't run
 */
export async function activateCatalog(
  principal: Principal,
  version: string,
  now: Date = new Date(),
): Promise<CatalogActivated> {
  requirePermission(principal, "catalog:activate");
  const orgId = principal.organization.id;
  return withCatalog(orgId, async (tx, before) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`catalog ${orgId}`}, 0))`;
    if (version !== before.shippedVersion) {
      throw new RingfenceError("conflict", `This release runs ${before.shippedVersion}; only that can be activated.`);
    }
    const last = await tx.catalogActivation.findFirst({ where: { orgId }, orderBy: { seq: "desc" } });
    if (last?.version === version) throw new RingfenceError("conflict", `${version} is active already.`);
    await tx.catalogActivation.create({
      data: {
        orgId,
        seq: (last?.seq ?? 0) + 1,
        version,
        activatedAt: now,
        activatedBy: principal.person.id,
        activatedByName: principal.person.name,
      },
    });
    await writeAudit(tx, {
      orgId,
      at: now,
      actor: actorOf(principal),
      action: "catalog:activate",
      outcome: "done",
      object: { type: "catalog", id: null, name: version },
      origin: principal.origin,
      requestId: principal.requestId,
      detail: { from: last?.version ?? null, to: version },
    });
    return { version, clusters: await enqueueEvaluationAgain(tx, orgId, null) };
  });
}

/**
 * Asks workers what the version that this release brings would say of each cluster's last scan. It changes nothing.
 *
 * @throws RingfenceError `forbidden`; `conflict` if there is no newer version
 */
export async function requestCatalogPreview(principal: Principal): Promise<{ clusters: number }> {
  requirePermission(principal, "catalog:activate");
  const orgId = principal.organization.id;
  return withCatalog(orgId, async (tx, { version, shippedVersion }) => {
    if (version === shippedVersion) throw new RingfenceError("conflict", `${version} is active already.`);
    return { clusters: await enqueuePreviews(tx, orgId, shippedVersion) };
  });
}

async function enqueuePreviews(tx: Transaction, orgId: string, version: string): Promise<number> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select c.id from cluster c join cluster_rollup r on r.org_id = c.org_id and r.cluster_id = c.id
    where c.org_id = ${orgId}::uuid and c.deleted_at is null order by c.id`;
  for (const { id } of rows) {
    await tx.$queryRaw`
      select ringfence_enqueue('preview-catalog', ${JSON.stringify({ clusterId: id, version })}::jsonb,
        ${`preview-catalog:${id}`}, null, 3, null)::text`;
  }
  return rows.length;
}
