/** Token buckets in memory: each process limits for itself, so a fleet of web processes allows a multiple of it. */

export interface RateLimiter {
  /** Takes one token for `key`; answers 0 when it may go on, otherwise the seconds after which it may. */
  take(key: string, nowMs: number): number;
}

/**
 * A limiter of `perSecond` on average and `burst` at once, per key.
 *
 * It holds at most `maxKeys` keys. When that many are in use at once, the fullest bucket that is found first makes room;
 * somebody who invents keys can't thereby empty a bucket that is being held back.
 */
export function createRateLimiter(options: { perSecond: number; burst: number; maxKeys?: number }): RateLimiter {
  const { perSecond, burst, maxKeys = 50_000 } = options;
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const refill = (bucket: { tokens: number; atMs: number }, nowMs: number) =>
    Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond);

  function makeRoom(nowMs: number): void {
    for (const [key, bucket] of buckets) if (refill(bucket, nowMs) >= burst) buckets.delete(key);
    if (buckets.size < maxKeys) return;
    let fullest: string | undefined;
    let most = -1;
    let looked = 0;
    for (const [key, bucket] of buckets) {
      const tokens = refill(bucket, nowMs);
      if (tokens > most) [fullest, most] = [key, tokens];
      if (++looked === 1000) break;
    }
    if (fullest !== undefined) buckets.delete(fullest);
  }

  return {
    take(key, nowMs) {
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        if (buckets.size >= maxKeys) makeRoom(nowMs);
        bucket = { tokens: burst, atMs: nowMs };
        buckets.set(key, bucket);
      }
      bucket.tokens = refill(bucket, nowMs);
      bucket.atMs = nowMs;
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
      bucket.tokens -= 1;
      return 0;
    },
  };
}
