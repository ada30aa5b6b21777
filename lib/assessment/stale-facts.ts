/**
 * Imported facts that are too old to vouch for today, and the facts without them.
 *
 * A log store's settings of two years ago say nothing of the store that runs now, but an old upload looks like a new one. What a
 * source said stays believed where it speaks against the cluster; nothing passes on it after 90 days. Facts about something that
 * can't change are never too old: the parts of one build, the day on which Secrets were written again.
 */
import type { ImportOrigin } from "@/lib/inventory/import-origin";
import type { ClusterFacts } from "@/lib/inventory/snapshot";

/** Days after which an imported document carries no pass. */
export const FACT_MAX_AGE_DAYS = 90;
const DAY_MS = 86_400_000;
const LASTING: ReadonlySet<string> = new Set(["sboms", "secretRewrites"]);

export interface StaleFacts {
  /** The facts without those that are too old. */
  rest: ClusterFacts;
  /** What was left out: "eks:DescribeCluster, read 2026-01-05T00:00:00Z", each once. */
  sources: string[];
}

/** The facts that are too old at `asOf`; null when none is. */
export function findStaleFacts(facts: ClusterFacts, asOf: string): StaleFacts | null {
  const oldest = Date.parse(asOf) - FACT_MAX_AGE_DAYS * DAY_MS;
  const sources = new Set<string>();
  const rest = Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) => {
      const kept = LASTING.has(key) ? value : withoutOld(value, oldest, sources);
      return kept === undefined ? [] : [[key, kept]];
    }),
  ) as ClusterFacts;
  return sources.size === 0 ? null : { rest, sources: [...sources].sort() };
}

/** The value without its parts whose origin is older; undefined when it is one itself. What holds none is returned as it is. */
function withoutOld(value: unknown, oldest: number, sources: Set<string>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    // An origin stands near the top; long lists of plain entries are not walked.
    if (!value.some((entry) => typeof entry === "object" && entry !== null)) return value;
    const kept = value
      .map((entry: unknown) => withoutOld(entry, oldest, sources))
      .filter((entry) => entry !== undefined);
    return kept.length === 0 && value.length > 0 ? undefined : kept;
  }
  const { origin } = value as { origin?: Partial<ImportOrigin> };
  if (origin?.collectedAt !== undefined) {
    if (Date.parse(origin.collectedAt) >= oldest) return value;
    sources.add(`${origin.name ?? "a document"}, read ${origin.collectedAt}`);
    return undefined;
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      const kept = withoutOld(part, oldest, sources);
      return kept === undefined ? [] : [[key, kept]];
    }),
  );
}
