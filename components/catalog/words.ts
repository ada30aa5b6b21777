import type { CatalogChangesView } from "@/lib/api/catalog";

type Change = CatalogChangesView["changed"][number];
type Link = NonNullable<Change["links"]>[number];

const PARTS: Readonly<Record<string, string>> = {
  title: "title",
  reads: "what it reads",
  pass: "when it passes",
  fail: "when it fails",
  unknown: "when it could not evaluate",
  notApplicable: "when it is not applicable",
  why: "why it is evidence",
  cannotSee: "what it can't see",
};

/** Which parts of a rule are worded differently, as a list in words. */
export function partWords(parts: readonly string[]): string {
  return parts.map((part) => PARTS[part] ?? part).join(", ");
}

const KINDS = { primary: "decides", "fail-only": "can only break it", supporting: "informs" } as const;

/** What happens to the link to a requirement. */
export function linkChangeWords({ from, to }: Pick<Link, "from" | "to">): string {
  if (from === null) return to === null ? "unchanged" : `new: ${KINDS[to]}`;
  if (to === null) return `no longer counts (${KINDS[from]} before)`;
  return from === to ? "another rationale" : `${KINDS[to]} (${KINDS[from]} before)`;
}

/** True if a control may answer differently because of the change, and not only reads differently. */
export function changesResults(change: Change): boolean {
  const hasOtherLinks = (change.links ?? []).some(({ from, to }) => from !== to);
  return change.revision !== undefined || change.severity !== undefined || hasOtherLinks;
}
