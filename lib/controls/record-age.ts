/** How old an imported record is at the moment that is judged. */
import type { ImportOrigin } from "@/lib/inventory/import-origin";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Hours from one moment to another; negative when `to` lies before `from`. */
export function hoursBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / HOUR_MS;
}
export function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS;
}

/** The records of the newest reading of each key, with their place in the list. */
export function newestOf<T extends { origin: ImportOrigin }>(
  records: readonly T[],
  keyOf: (record: T) => string,
): { record: T; index: number }[] {
  const newest = new Map<string, { record: T; index: number }>();
  for (const [index, record] of records.entries()) {
    const known = newest.get(keyOf(record));
    if (known === undefined || known.record.origin.collectedAt <= record.origin.collectedAt) {
      newest.set(keyOf(record), { record, index });
    }
  }
  return [...newest.values()].sort((a, b) => a.index - b.index);
}

/** "Source: console export, read 2026-11-21T10:00:00Z." */
export function sourceOf({ name, collectedAt }: ImportOrigin): string {
  return `Source: ${name}, read ${collectedAt}.`;
}
