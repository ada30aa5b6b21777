/**
 * Waiting: exponential back-off with full jitter, `Retry-After`, and sleeps that a signal ends.
 *
 * Full jitter (any time between nothing and the cap of this attempt) is what spreads a fleet that lost its server at one
 * moment; a fixed delay would bring all of them back at one moment too.
 */
export interface BackoffOptions {
  /** Cap of the first wait and of any wait, in milliseconds. */
  firstMs: number;
  longestMs: number;
}

/** Milliseconds to wait before attempt number `attempt` (1 = first repetition). `random` gives [0, 1). */
export function backoffMs(attempt: number, options: BackoffOptions, random: () => number = Math.random): number {
  const cap = Math.min(options.longestMs, options.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.floor(random() * cap);
}

/**
 * The wait that a `Retry-After` header asks for in milliseconds, or null. Seconds or an HTTP date (RFC 9110, 10.2.3); at
 * most `longestMs`, so that a mistaken server can't silence an agent for a year.
 */
export function retryAfterMs(header: string | undefined, now: number, longestMs: number): number | null {
  if (header === undefined) return null;
  const value = header.trim();
  if (/^\d{1,9}$/.test(value)) return Math.min(Number(value) * 1000, longestMs);
  const at = /^[A-Z][a-z]{2}, .+ GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(Math.max(at - now, 0), longestMs);
}

/** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A signal that its holder can abort, and that is aborted with its parent. */
export interface ChildSignal {
  readonly signal: AbortSignal;
  abort(reason: Error): void;
  /** Lets go of the parent; call it when the work is over. */
  release(): void;
}

/**
 * In place of AbortSignal.any(), whose signals Node 20 may collect while somebody still waits for them: then neither a
 * SIGTERM nor anything else would ever arrive.
 */
export function childOf(parent: AbortSignal): ChildSignal {
  const controller = new AbortController();
  const onAbort = () => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent.removeEventListener("abort", onAbort),
  };
}
