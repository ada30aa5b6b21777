import type { ImportKindRow } from "@/lib/api/imports";

/** What a source says: how things are, or what was decided. */
export const NATURES: Record<ImportKindRow["nature"], { word: string; meaning: string }> = {
  fact: { word: "Fact", meaning: "What a system outside the Kubernetes API says of this cluster." },
  register: {
    word: "Register",
    meaning: "What your organization has approved. What is not in it counts as not approved.",
  },
};
export const FORMATS: Record<ImportKindRow["format"], string> = {
  json: "JSON",
  yaml: "YAML or JSON",
  jsonl: "JSON lines",
};

/** `12 kB`, `1 MB`: how large a file may be, or is. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [amount, unit] = bytes < 1_000_000 ? [bytes / 1000, "kB"] : [bytes / 1_000_000, "MB"];
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} ${unit}`;
}

/** Controls that could not be evaluated and read this source. */
export function waitingControls(kind: Pick<ImportKindRow, "controls">): ImportKindRow["controls"] {
  return kind.controls.filter(({ unknown }) => unknown > 0);
}

/** In the order in which a person would look: what something waits for, then what is held already, then the rest. */
export function compareSources(a: ImportKindRow, b: ImportKindRow, documents: ReadonlyMap<string, number>): number {
  const waiting = (kind: ImportKindRow) => waitingControls(kind).length;
  const held = (kind: ImportKindRow) => documents.get(kind.id) ?? 0;
  return waiting(b) - waiting(a) || held(b) - held(a) || (a.title < b.title ? -1 : 1);
}
