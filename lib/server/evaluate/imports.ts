/** The uploaded documents that a scan is evaluated with: which they are, and what they say. */
import type { ImportedDocument, ImportedParts } from "@/lib/inventory/imports";
import type { Transaction } from "../db/client";

/** A document as a scan names it. */
export interface EvaluatedImport {
  id: string;
  /** SHA-256 of its text, lower-case hex. */
  digest: string;
}

/** The stored documents are not those that the scan names: trying again can't help. */
export class ImportsDamaged extends Error {}

/** The current documents of a cluster, those of its organization included, by id. */
export async function readCurrentImports(
  tx: Transaction,
  orgId: string,
  clusterId: string,
): Promise<EvaluatedImport[]> {
  const rows = await tx.$queryRaw<EvaluatedImport[]>`
    select id, encode(digest, 'hex') as digest from import
    where org_id = ${orgId}::uuid and (cluster_id = ${clusterId}::uuid or cluster_id is null)
      and superseded_at is null and withdrawn_at is null
    order by id`;
  return rows.map(({ id, digest }) => ({ id, digest }));
}

/** A document with everything that evidence says about it. */
export interface StoredImport extends ImportedDocument {
  id: string;
  digest: string;
  bytes: number;
  uploadedAt: string;
  uploadedBy: string;
}

/**
 * The documents that a scan names, whatever became of them since, by id.
 *
 * @throws ImportsDamaged if one is gone or another
 */
export async function loadImports(
  tx: Transaction,
  orgId: string,
  named: readonly EvaluatedImport[],
): Promise<StoredImport[]> {
  if (named.length === 0) return [];
  const rows = await tx.importedDocument.findMany({ where: { orgId, id: { in: named.map(({ id }) => id) } } });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return named.map(({ id, digest }) => {
    const row = byId.get(id);
    if (row === undefined) throw new ImportsDamaged(`import ${id} is gone`);
    if (Buffer.from(row.digest).toString("hex") !== digest)
      throw new ImportsDamaged(`import ${id} is another document`);
    return {
      id,
      digest,
      kind: row.kind,
      name: row.name,
      isOfCluster: row.clusterId !== null,
      collectedAt: row.collectedAt.toISOString(),
      parts: row.parts as ImportedParts,
      bytes: row.bytes,
      uploadedAt: row.uploadedAt.toISOString(),
      uploadedBy: row.uploadedByName,
    };
  });
}

/** `imports` as stored with a scan; none for a scan of a release that knew none. */
export function importsOf(stored: unknown): EvaluatedImport[] {
  return Array.isArray(stored) ? (stored as EvaluatedImport[]) : [];
}

/** True if both name the same documents. */
export function areSameImports(a: readonly EvaluatedImport[], b: readonly EvaluatedImport[]): boolean {
  const ids = new Set(b.map(({ id }) => id));
  return a.length === b.length && a.every(({ id }) => ids.has(id));
}
