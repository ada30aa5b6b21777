import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, childOf, retryAfterMs, sleep } from "./backoff";

describe("back-off", () => {
  it("lies anywhere between nothing and a cap that doubles up to the longest", () => {
    const options = { firstMs: 100, longestMs: 5_000 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempt, random) => {
          const wait = backoffMs(attempt, options, () => random);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThan(Math.min(5_000, 100 * 2 ** (attempt - 1)) + 1);
        },
      ),
    );
    expect(backoffMs(3, options, () => 0.5)).toBe(200);
  });

  it.each([
    [undefined, null],
    ["3", 3_000],
    ["0", 0],
    ["999999", 60_000],
    ["soon", null],
    ["-1", null],
    ["Sat, 21 Nov 2026 10:00:10 GMT", 10_000],
    ["Sat, 21 Nov 2026 09:00:00 GMT", 0],
  ])("reads Retry-After: %s", (header, expected) => {
    expect(retryAfterMs(header, Date.parse("2026-11-21T10:00:00Z"), 60_000)).toBe(expected);
  });

  it("ends a sleep with the signal's reason", async () => {
    const stop = new AbortController();
    const sleeping = sleep(60_000, stop.signal);
    stop.abort(new Error("stop"));
    await expect(sleeping).rejects.toThrow("stop");
    await expect(sleep(60_000, stop.signal)).rejects.toThrow("stop");
  });
});

describe("a child signal", () => {
  it("is aborted with its parent and without it, and never aborts its parent", async () => {
    const parent = new AbortController();
    const [first, second, released] = [childOf(parent.signal), childOf(parent.signal), childOf(parent.signal)];
    first.abort(new Error("alone"));
    expect(parent.signal.aborted || second.signal.aborted).toBe(false);
    released.release();
    const sleeping = sleep(60_000, second.signal);
    parent.abort(new Error("all"));
    await expect(sleeping).rejects.toThrow("all");
    expect((first.signal.reason as Error).message).toBe("alone");
    expect(released.signal.aborted).toBe(false);
    expect(childOf(parent.signal).signal.aborted).toBe(true);
  });
});
