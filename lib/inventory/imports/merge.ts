/** From stored documents to what controls read. */
import type { ImportedFacts } from "../imported";
import type { Registers } from "../registers";
import type { Snapshot } from "../snapshot";
import type { ImportedParts } from "./types";

/** One uploaded document, as it is stored. */
export interface ImportedDocument {
  kind: string;
  name: string;
  /** True when it is of one cluster, false when it holds for the whole organization. */
  isOfCluster: boolean;
  /** ISO 8601, UTC: when the source was read. */
  collectedAt: string;
  parts: ImportedParts;
}
export interface MergedImports {
  facts: Partial<ImportedFacts>;
  registers: Registers;
}

/**
 * All documents as one: first the organization's, then the cluster's, each in the order of `collectedAt`, then kind and name.
 * Lists are joined; of anything else the last counts, so a cluster's own document comes before the organization's and a newer
 * one before an older. The result does not depend on the order in which the documents are given.
 */
export function mergeImports(documents: readonly ImportedDocument[]): MergedImports {
  const ordered = [...documents].sort(
    (a, b) =>
      Number(a.isOfCluster) - Number(b.isOfCluster) ||
      compare(a.collectedAt, b.collectedAt) ||
      compare(a.kind, b.kind) ||
      compare(a.name, b.name),
  );
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
