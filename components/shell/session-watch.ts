/** When a session ends without a gesture, and when to say so. Pure: times come in as milliseconds. */
export const IDLE_MINUTES = 15;
export const WARN_BEFORE_MINUTES = 2;
const GESTURE_EVERY = 60_000;

export type SessionView =
  | { kind: "quiet" }
  | { kind: "warning"; leftMilliseconds: number; canStay: boolean }
  | { kind: "ended"; because: "idle" | "absolute" };

/**
 * Quiet until two minutes before the session ends. `idleEndsAt` moves with every gesture that reached the server, `absoluteEndsAt` never
 * does: when that one is the nearer, staying is not on offer.
 */
export function sessionView(now: number, idleEndsAt: number, absoluteEndsAt: number): SessionView {
  const absolute = absoluteEndsAt <= idleEndsAt;
  const left = Math.min(idleEndsAt, absoluteEndsAt) - now;
  if (left <= 0) return { kind: "ended", because: absolute ? "absolute" : "idle" };
  if (left <= WARN_BEFORE_MINUTES * 60_000) return { kind: "warning", leftMilliseconds: left, canStay: !absolute };
  return { kind: "quiet" };
}

/** A gesture is reported at most once a minute. */
export function shouldReport(now: number, lastReportedAt: number): boolean {
  return now - lastReportedAt >= GESTURE_EVERY;
}
