/** A definition as one text, the same for the same definition wherever it was stored: what its digest is made of. */
import type { CustomControlDefinition } from "./types";

/** JSON with sorted keys; the revision is left out, because the database counts it. */
export function definitionText({ revision: _, ...definition }: CustomControlDefinition): string {
  return JSON.stringify(sorted(definition));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
