/** Custom controls as they are stored: which are current, which a scan was evaluated with, and what they say. */
import { createHash } from "node:crypto";
import { customDefinition } from "@/lib/api/custom-controls";
import { storedCustomControl } from "@/lib/controls/custom/control";
import { definitionText } from "@/lib/controls/custom/definition-text";
import type { CustomControlDefinition } from "@/lib/controls/custom/types";
import type { Control } from "@/lib/controls/types";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { Transaction } from "../db/client";
import type { CustomControl } from "../db/generated/client";

/** A revision as a scan names it. */
export interface EvaluatedRevision {
  id: string;
  revision: number;
  /** SHA-256 of the definition's text, lower-case hex. */
  digest: string;
}
/** A revision with everything that evidence says about it. */
export interface StoredRevision extends EvaluatedRevision {
  definition: CustomControlDefinition;
  createdAt: string;
  createdBy: string;
}

/** The stored revisions are not those that the scan names: trying again can't help. */
export class CustomControlsDamaged extends Error {}

export function digestOfDefinition(definition: CustomControlDefinition): string {
  return createHash("sha256").update(definitionText(definition)).digest("hex");
}

/**
 * A definition that was read from outside, as the engine takes it. Whether its kinds exist is for the check to say, of every
 * definition and at every use: another release may know others.
 */
export function definitionOf(input: unknown, revision: number): CustomControlDefinition {
  const { kinds, ...rest } = customDefinition.parse(input);
  return { ...rest, kinds: kinds as SectionName[], revision };
}

export function revisionOf(row: CustomControl): StoredRevision {
  return {
    id: row.id,
    revision: row.revision,
    digest: Buffer.from(row.digest).toString("hex"),
    definition: definitionOf(row.definition, row.revision),
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdByName,
  };
}

/** The newest revision of every control of the organization that is not withdrawn, by id. */
export async function readCurrentRevisions(tx: Transaction, orgId: string): Promise<StoredRevision[]> {
  const rows = await tx.customControl.findMany({
    where: { orgId },
    orderBy: [{ id: "asc" }, { revision: "desc" }],
    distinct: ["id"],
  });
  return rows.filter((row) => row.withdrawnAt === null).map(revisionOf);
}

/** The newest revision of each of these controls, withdrawn or not. */
export async function readNewestRevisions(
  tx: Transaction,
  orgId: string,
  ids: readonly string[],
): Promise<StoredRevision[]> {
  const rows = await tx.customControl.findMany({
    where: { orgId, id: { in: [...ids] } },
    orderBy: [{ id: "asc" }, { revision: "desc" }],
    distinct: ["id"],
  });
  return rows.map(revisionOf);
}

/**
 * The revisions that a scan names, whatever became of them since.
 *
 * @throws CustomControlsDamaged if one is gone or another
 */
export async function loadRevisions(
  tx: Transaction,
  orgId: string,
  named: readonly EvaluatedRevision[],
): Promise<StoredRevision[]> {
  if (named.length === 0) return [];
  const rows = await tx.customControl.findMany({ where: { orgId, id: { in: named.map(({ id }) => id) } } });
  const stored = new Map(rows.map((row) => [`${row.id} ${row.revision}`, row]));
  return named.map(({ id, revision, digest }) => {
    const row = stored.get(`${id} ${revision}`);
    if (row === undefined) throw new CustomControlsDamaged(`revision ${revision} of ${id} is gone`);
    const known = revisionOf(row);
    if (known.digest !== digest || digestOfDefinition(known.definition) !== digest)
      throw new CustomControlsDamaged(`revision ${revision} of ${id} is another definition`);
    return known;
  });
}

/** `custom_controls` as stored with a scan; none for a scan of a release that knew none. */
export function revisionsOf(stored: unknown): EvaluatedRevision[] {
  return Array.isArray(stored) ? (stored as EvaluatedRevision[]) : [];
}

/** Only what a scan keeps of a revision. */
export function namesOf(revisions: readonly EvaluatedRevision[]): EvaluatedRevision[] {
  return revisions.map(({ id, revision, digest }) => ({ id, revision, digest }));
}

/** True if both name the same revisions. */
export function areSameRevisions(a: readonly EvaluatedRevision[], b: readonly EvaluatedRevision[]): boolean {
  const names = new Set(b.map(({ id, revision }) => `${id} ${revision}`));
  return a.length === b.length && a.every(({ id, revision }) => names.has(`${id} ${revision}`));
}

/** The revisions as controls of which something was stored. */
export function controlsOf(revisions: readonly StoredRevision[]): Control[] {
  return revisions.map(({ definition }) => storedCustomControl(definition));
}
