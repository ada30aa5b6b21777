/**
 * Catalogue versions: the documents of all that this installation has seen, and the one that each organization works with.
 *
 * A release brings one version. It is stored when the release first starts; an organization goes on with its active one, whose
 * controls and links its scans run with, until an officer activates the new one (decision 015).
 */
import { createHash } from "node:crypto";
import { type Catalog, catalogOf, catalogOfDocument, withCustomControls } from "@/lib/assessment/catalog";
import { type CatalogDocument, catalogDocumentOf } from "@/lib/assessment/catalog-document";
import { CATALOG_VERSION } from "@/lib/assessment/catalog-version";
import { controlsOf, readCurrentRevisions } from "./custom/stored";
import type { Database, Transaction } from "./db/client";
import { databaseOf } from "./db/client";
import { Prisma } from "./db/generated/client";
import { type TransactionOptions, withOrganization } from "./db/organization";
import type { ProcessRole } from "./db/roles";

/** The catalogue that an organization works with, and the version that this release brings. */
export interface ActiveCatalog extends Catalog {
  /** Equal to `version` unless a newer one waits to be activated. */
  shippedVersion: string;
}

// One per process, also when a server loads this module several times.
const store = globalThis as { ringfenceCatalog?: Promise<string> };

/**
 * The name under which this release's catalogue is stored; stores it at the first call of a process. Controls that changed
 * without a new version (a build between two releases) get a name of their own, `VERSION+DIGEST`: a name never means two things.
 * Not to be called inside a transaction: it takes a connection of its own.
 */
export function registerCatalog(role: ProcessRole = "web"): Promise<string> {
  if (store.ringfenceCatalog !== undefined) return store.ringfenceCatalog;
  const name = storeCatalog(databaseOf(role));
  store.ringfenceCatalog = name;
  name.catch(() => delete store.ringfenceCatalog);
  return name;
}

async function storeCatalog(database: Database): Promise<string> {
  const plain = catalogDocumentOf();
  const digest = digestOf(plain);
  const own = `${CATALOG_VERSION}+${digest.slice(0, 8)}`;
  for (const version of [CATALOG_VERSION, own]) {
    const document = JSON.stringify({ ...plain, version });
    await database.$executeRaw`
      insert into catalog (version, digest, document) values (${version}, decode(${digest}, 'hex'), ${document}::jsonb)
      on conflict do nothing`;
    const rows = await database.$queryRaw<{ digest: string }[]>`
      select encode(digest, 'hex') as digest from catalog where version = ${version}`;
    if (rows[0]?.digest === digest) return version;
  }
  throw new Error(`The catalogue ${own} is stored with another content.`);
}

/** SHA-256 of what the controls are; the version's name is left out, so that the same controls are the same. */
export function digestOf({ controls }: CatalogDocument): string {
  return createHash("sha256").update(JSON.stringify(controls)).digest("hex");
}

/** The document of a version; null if this installation never saw it. */
export async function findCatalogDocument(tx: Transaction, version: string): Promise<CatalogDocument | null> {
  const row = await tx.catalog.findUnique({ where: { version }, select: { document: true } });
  return row === null ? null : (row.document as unknown as CatalogDocument);
}

/** Catalogues that were built in this process: a version's document never changes. */
const built = new Map<string, Catalog>();

/**
 * The catalogue of a version, with the code of this release; null if its document was never stored.
 *
 * @param shipped name of this release's own, from registerCatalog()
 */
export async function findCatalog(tx: Transaction, version: string, shipped: string): Promise<Catalog | null> {
  const key = `${version} ${shipped}`;
  const known = built.get(key);
  if (known !== undefined) return known;
  const document = version === shipped ? null : await findCatalogDocument(tx, version);
  if (document === null && version !== shipped) return null;
  const catalog = document === null ? catalogOf(undefined, shipped) : catalogOfDocument(document);
  built.set(key, catalog);
  return catalog;
}

/** A transaction over one organization, with the catalogue that it works with. */
export async function withCatalog<T>(
  orgId: string,
  work: (tx: Transaction, catalog: ActiveCatalog) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const shipped = await registerCatalog(options.role);
  return withOrganization(orgId, async (tx) => work(tx, await readActiveCatalog(tx, orgId, shipped)), options);
}

/**
 * The organization's catalogue with its own controls, inside its transaction. An organization that has none yet begins with this
 * release's.
 *
 * @param shipped this release's own, from registerCatalog()
 * @param active the active version, where the caller has read it already
 * @throws Error if the active version's document is gone, which nobody may delete
 */
export async function readActiveCatalog(
  tx: Transaction,
  orgId: string,
  shipped: string,
  active?: string | null,
): Promise<ActiveCatalog> {
  const catalog = await readActiveVersion(tx, orgId, shipped, active);
  const custom = controlsOf(await readCurrentRevisions(tx, orgId));
  return { ...withCustomControls(catalog, custom), shippedVersion: shipped };
}

/** The organization's active version, without its own controls; otherwise as readActiveCatalog(). */
export async function readActiveVersion(
  tx: Transaction,
  orgId: string,
  shipped: string,
  active?: string | null,
): Promise<Catalog> {
  const version = active ?? (await findActiveVersion(tx, orgId)) ?? (await beginWith(tx, orgId, shipped));
  const catalog = await findCatalog(tx, version, shipped);
  if (catalog === null) throw new Error(`the catalogue ${version} is not stored`);
  return catalog;
}

/** The version that the organization activated last, as an expression; null if it has none yet. */
export function activeVersionSql(orgId: string): Prisma.Sql {
  return Prisma.sql`(select version from catalog_activation where org_id = ${orgId}::uuid order by seq desc limit 1)`;
}

/** The version that the organization activated last; null if it has none yet. */
export async function findActiveVersion(tx: Transaction, orgId: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ version: string | null }[]>`select ${activeVersionSql(orgId)} as version`;
  return rows[0]?.version ?? null;
}

async function beginWith(tx: Transaction, orgId: string, version: string): Promise<string> {
  await tx.$executeRaw`
    insert into catalog_activation (org_id, seq, version, activated_at, activated_by_name)
    values (${orgId}::uuid, 1, ${version}, now(), 'the first version that the organization met')
    on conflict do nothing`;
  // Another process may have been quicker, with another release.
  return (await findActiveVersion(tx, orgId)) ?? version;
}
