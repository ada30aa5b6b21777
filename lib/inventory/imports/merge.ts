/** From stored documents to what controls read. */
import type { ImportedFacts } from "../imported";
import type { Registers } from "../registers";
import type { Snapshot } from "../snapshot";
import type { ImportedParts } from "./types";

/** One uploaded document, as it is stored. */
export interface ImportedDocument {
  kind: string;
  /** ISO 8601, UTC: when the source was read. */
  collectedAt: string;
  parts: ImportedParts;
}
export interface MergedImports {
  facts: Partial<ImportedFacts>;
  registers: Registers;
}

/**
 * All documents as one. Lists are joined in the order of `collectedAt`, then kind; of anything else the newest counts. The
 * result does not depend on the order in which the documents are given.
 */
export function mergeImports(documents: readonly ImportedDocument[]): MergedImports {
  const ordered = [...documents].sort((a, b) => compare(a.collectedAt, b.collectedAt) || compare(a.kind, b.kind));
  const facts: Record<string, unknown> = {};
  const registers: Record<string, unknown> = {};
  for (const { parts } of ordered) {
    add(facts, parts.facts);
    add(registers, parts.registers);
  }
  return { facts, registers };
}

/** The snapshot with imported facts beside its own. What the cluster itself said is never replaced; lists are joined. */
export function withImportedFacts(snapshot: Snapshot, facts: Partial<ImportedFacts>): Snapshot {
  const merged: Record<string, unknown> = { ...facts };
  for (const [key, value] of Object.entries(snapshot.facts)) {
    const imported = merged[key];
    merged[key] =
      Array.isArray(value) && Array.isArray(imported) ? [...(value as unknown[]), ...(imported as unknown[])] : value;
  }
  return { ...snapshot, facts: merged };
}

function add(into: Record<string, unknown>, parts: object | undefined): void {
  for (const [key, value] of Object.entries(parts ?? {})) {
    const before = into[key];
    into[key] =
      Array.isArray(before) && Array.isArray(value) ? [...(before as unknown[]), ...(value as unknown[])] : value;
  }
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
