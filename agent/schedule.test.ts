import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueAt, gapSince, nextSlot, offsetOf } from "./schedule";

const HOUR = 3_600_000;

describe("slots", () => {
  it("come once an interval, at the cluster's own offset", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), fc.integer({ min: 0, max: HOUR - 1 }), (now, offset) => {
        const slot = nextSlot(now, HOUR, offset);
        expect(slot).toBeGreaterThan(now);
        expect(slot - now).toBeLessThanOrEqual(HOUR);
        expect((slot - offset) % HOUR).toBe(0);
      }),
    );
  });

  it("spread clusters over the interval", () => {
    const offsets = Array.from({ length: 200 }, (_, i) =>
      offsetOf((i * 2654435761).toString(16).padStart(12, "0") + "0".repeat(52), HOUR),
    );
    expect(Math.max(...offsets)).toBeLessThan(HOUR);
    expect(new Set(offsets.map((offset) => Math.floor(offset / (HOUR / 10)))).size).toBeGreaterThan(5);
  });
});

describe("the next scan", () => {
  it("is due at once when there was none, when the last is old, or when the clock went back", () => {
    expect(dueAt(5 * HOUR, null, HOUR, 7)).toBe(5 * HOUR);
    expect(dueAt(5 * HOUR, 4 * HOUR, HOUR, 7)).toBe(5 * HOUR);
    expect(dueAt(5 * HOUR, 6 * HOUR, HOUR, 7)).toBe(5 * HOUR);
  });

  it("keeps half an interval's distance and never waits longer than one and a half", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: HOUR - 1 }), fc.integer({ min: 0, max: HOUR - 1 }), (age, offset) => {
        const now = 1000 * HOUR;
        const due = dueAt(now, now - age, HOUR, offset);
        expect(due - (now - age)).toBeGreaterThan(HOUR / 2);
        expect(due - (now - age)).toBeLessThanOrEqual(2 * HOUR);
      }),
    );
  });
});

describe("gaps", () => {
  it("are told when a scan was due and none came", () => {
    expect(gapSince(null, 9 * HOUR, HOUR)).toBeNull();
    expect(gapSince(8 * HOUR, 9 * HOUR, HOUR)).toBeNull();
    expect(gapSince(7 * HOUR, 9 * HOUR, HOUR)).toEqual({ fromAt: 7 * HOUR, toAt: 9 * HOUR });
  });
});
