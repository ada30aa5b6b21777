/** When to scan. Pure: times are milliseconds since 1970, given by the caller. */

/**
 * The agent's place within the interval, the same at every start: a fleet of clusters spreads over the hour instead of
 * arriving together.
 * @param clusterIdDigest SHA-256 of the cluster's id in hexadecimal
 */
export function offsetOf(clusterIdDigest: string, intervalMs: number): number {
  return Number.parseInt(clusterIdDigest.slice(0, 12), 16) % intervalMs;
}

/** The next slot after `after`. */
export function nextSlot(after: number, intervalMs: number, offsetMs: number): number {
  return (Math.floor((after - offsetMs) / intervalMs) + 1) * intervalMs + offsetMs;
}

/**
 * When the next scan is due: at once when there was none or when the last one is older than an interval, else at the slot
 * after now. The slot is never closer than half an interval to the last scan, so that a first scan isn't repeated at once.
 */
export function dueAt(now: number, lastCollectedAt: number | null, intervalMs: number, offsetMs: number): number {
  if (lastCollectedAt === null || now - lastCollectedAt >= intervalMs || lastCollectedAt > now) return now;
  return nextSlot(Math.max(now, lastCollectedAt + intervalMs / 2), intervalMs, offsetMs);
}

/**
 * The gap that a snapshot has to tell of: the time since the last acknowledged one, when a scan was due in it and none came.
 * Half an interval of grace, because slots and scans are never exact.
 */
export function gapSince(
  lastCollectedAt: number | null,
  collectedAt: number,
  intervalMs: number,
): { fromAt: number; toAt: number } | null {
  if (lastCollectedAt === null || collectedAt - lastCollectedAt <= intervalMs * 1.5) return null;
  return { fromAt: lastCollectedAt, toAt: collectedAt };
}
