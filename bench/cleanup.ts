/** What a benchmark that is broken off has to stop: servers outlive a terminal's Ctrl-C otherwise. */
const stops = new Set<() => Promise<void>>();

/** @returns the same function, which forgets itself once it has run */
export function stopAtEnd(stop: () => Promise<void>): () => Promise<void> {
  const once = async () => {
    if (!stops.delete(once)) return;
    await stop();
  };
  stops.add(once);
  return once;
}

/** Stops everything that still runs, the youngest first. */
export async function stopAll(): Promise<void> {
  for (const stop of [...stops].reverse()) await stop().catch(() => undefined);
}
