/** Every kind of document that can be imported, in the order of the page. Explicit, as the list of controls is. */
import { approvedAccessImport } from "./approved-access";
import { auditLogImport } from "./audit-log";
import type { ImportKind } from "./types";

export { type ImportedDocument, mergeImports, type MergedImports, withImportedFacts } from "./merge";
export { type ImportedParts, type ImportKind, ImportProblem } from "./types";

export const IMPORT_KINDS: readonly ImportKind[] = [approvedAccessImport, auditLogImport];

const BY_ID = new Map(IMPORT_KINDS.map((kind) => [kind.id, kind]));

/** The kind of that id, or null. */
export function findImportKind(id: string): ImportKind | null {
  return BY_ID.get(id) ?? null;
}
