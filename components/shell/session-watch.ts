/** When a session ends without a gesture, and what to do now. Pure: times come in as milliseconds. */
export const IDLE_MINUTES = 15;
export const WARN_BEFORE_MINUTES = 2;
const GESTURE_EVERY = 60_000;

export type SessionView = { kind: "quiet" } | { kind: "warning"; leftMilliseconds: number } | { kind: "ended" };

/** Quiet until two minutes before the idle limit counted from the last gesture that the server knows of. */
export function sessionView(now: number, lastGestureAt: number): SessionView {
  const left = lastGestureAt + IDLE_MINUTES * 60_000 - now;
  if (left <= 0) return { kind: "ended" };
  if (left <= WARN_BEFORE_MINUTES * 60_000) return { kind: "warning", leftMilliseconds: left };
  return { kind: "quiet" };
}

/** A gesture is reported at most once a minute. */
export function shouldReport(now: number, lastReportedAt: number): boolean {
  return now - lastReportedAt >= GESTURE_EVERY;
}
