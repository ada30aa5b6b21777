/**
 * How often somebody may ask: one table of limits, counted in the database, so that every process counts together. If it
 * can't count, it refuses: a limit that opens on an error is none.
 */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import { databaseOf } from "./db/client";
import type { ProcessRole } from "./db/roles";

/** Requests per window of seconds. "Per" says who is counted: an address, or a signed-in session. */
export const RATE_LIMITS = {
  /** Starting and finishing sign-ins, per address: a company may sit behind one. */
  "sign-in": { requests: 240, windowSeconds: 60 },
  /** Redeeming invitations, per session: a token has 256 random bits, so this is about load, not guessing. */
  invitation: { requests: 10, windowSeconds: 60 },
  /** Reading, per session: an open page polls a few addresses every couple of seconds. */
  read: { requests: 900, windowSeconds: 60 },
  /** Changing, per session. */
  change: { requests: 120, windowSeconds: 60 },
  /** Uploading or checking a document, per session: reading a megabyte of YAML takes a second of a processor. */
  import: { requests: 60, windowSeconds: 60 },
  /** Trying an own control on a snapshot, per session: each takes a thread, and some seconds of it. */
  "custom-try": { requests: 20, windowSeconds: 60 },
  /** Taking away an evidence package, per session. */
  package: { requests: 20, windowSeconds: 60 },
} as const satisfies Record<string, { requests: number; windowSeconds: number }>;
export type RateLimitName = keyof typeof RATE_LIMITS;

export class RateLimited extends RingfenceError {
  constructor(
    retryAfterSeconds: number,
    /** True for the first refusal of a window: the one that the audit trail records. */
    readonly isFirst: boolean,
  ) {
    super("rate-limited", `Too many requests. Try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
    this.name = "RateLimited";
  }
}

/**
 * Counts one request of `who` against the limit.
 *
 * @throws RateLimited; RingfenceError `unavailable` if the count can't be kept.
 */
export async function countRequest(
  name: RateLimitName,
  who: string,
  now: Date = new Date(),
  role: ProcessRole = "web",
): Promise<void> {
  const { requests, windowSeconds } = RATE_LIMITS[name];
  const windowMs = windowSeconds * 1000;
  const windowAt = new Date(Math.floor(now.getTime() / windowMs) * windowMs);
  // Hashed: the table needs to tell callers apart, not to know them.
  const key = createHash("sha256").update(`${name} ${who}`).digest("hex");
  let hits: number;
  try {
    const rows = await databaseOf(role).$queryRaw<{ hits: number }[]>`
      INSERT INTO rate_limit (key, window_at, hits) VALUES (${key}, ${windowAt}::timestamptz, 1)
      ON CONFLICT (key) DO UPDATE SET window_at = excluded.window_at,
        hits = CASE WHEN rate_limit.window_at = excluded.window_at THEN least(rate_limit.hits, 1000000000) + 1 ELSE 1 END
      RETURNING hits`;
    if (rows[0] === undefined) throw new Error("no count came back");
    hits = rows[0].hits;
  } catch (error) {
    throw new RingfenceError("unavailable", "The server can't answer right now.", {
      retryAfterSeconds: 5,
      cause: error,
    });
  }
  if (hits <= requests) return;
  const retryAfterSeconds = Math.max(1, Math.ceil((windowAt.getTime() + windowMs - now.getTime()) / 1000));
  throw new RateLimited(retryAfterSeconds, hits === requests + 1);
}
