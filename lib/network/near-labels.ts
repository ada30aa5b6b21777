/** What a selector that matches nothing was probably meant to say: the nearest labels that exist. */
import type { LabelSelector } from "@/lib/inventory/kinds";
import { isEmptySelector, type Labels, matchesSelector } from "@/lib/inventory/selectors";

/** Most single-character changes between what was written and what was meant. */
const MOST_CHANGES = 2;

/**
 * The selector with one key or value replaced by a near one, when exactly one replacement makes it match something; else null.
 * Only plain labels are corrected.
 */
export function correctSelector(selector: LabelSelector, existing: readonly Labels[]): LabelSelector | null {
  if (isEmptySelector(selector)) return null;
  const found = new Map<string, LabelSelector>();
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const [otherKey, otherValue] of existing.flatMap((labels) => Object.entries(labels))) {
      const isNear =
        (otherKey === key && otherValue !== value && isClose(value, otherValue)) ||
        (otherKey !== key && otherValue === value && isClose(key, otherKey));
      if (!isNear) continue;
      const { [key]: _, ...rest } = selector.matchLabels ?? {};
      const corrected = { ...selector, matchLabels: { ...rest, [otherKey]: otherValue } };
      if (existing.some((labels) => matchesSelector(corrected, labels)))
        found.set(JSON.stringify(corrected), corrected);
    }
  }
  const [only] = found.values();
  return found.size === 1 && only !== undefined ? only : null;
}

/** `app=paymnet is on no pod`, for the first label that nothing carries. */
export function describeMiss(selector: LabelSelector, existing: readonly Labels[]): string {
  const keys = [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
  const missing = keys.find((key) => !existing.some((labels) => Object.hasOwn(labels, key)));
  if (missing !== undefined) return `no one carries the label ${missing}`;
  const [pair] = Object.entries(selector.matchLabels ?? {}).filter(
    ([key, value]) => !existing.some((labels) => labels[key] === value),
  );
  return pair === undefined ? "no one carries all of its labels" : `no one carries ${pair[0]}=${pair[1]}`;
}

function isClose(a: string, b: string): boolean {
  return Math.abs(a.length - b.length) <= MOST_CHANGES && changes(a, b) <= MOST_CHANGES;
}

/** Insertions, deletions, replacements and swaps of neighbours between two texts. */
function changes(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    const before = rows[i - 1] ?? [];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (before[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
