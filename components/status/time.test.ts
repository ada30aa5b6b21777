import { describe, expect, it } from "vitest";
import { formatAge, formatAgo, formatCountdown, formatDay, formatMoment } from "./time";

const NOW = Date.parse("2026-11-21T10:08:00Z");
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe("times", () => {
  it("writes moments in UTC wherever the reader sits", () => {
    expect(formatMoment("2026-11-21T23:30:00-05:00")).toBe("22 Nov 2026, 04:30 UTC");
    expect(formatDay("2026-01-05T00:00:00Z")).toBe("5 Jan 2026");
    expect(formatMoment("yesterday")).toBe("unknown time");
  });

  it.each([
    [0, "just now"],
    [59, "just now"],
    [60, "1 min"],
    [3599, "59 min"],
    [3600, "1 h"],
    [26 * 3600, "26 h"],
    [48 * 3600, "2 days"],
    [8 * 86_400, "8 days"],
  ])("says how old %i seconds are", (seconds, words) => {
    expect(formatAge(before(seconds), NOW)).toBe(words);
  });

  it("takes a time ahead of the clock for just now, not for a negative age", () => {
    expect(formatAge(before(-90), NOW)).toBe("just now");
    expect(formatAgo(before(-90), NOW)).toBe("just now");
    expect(formatAgo(before(180), NOW)).toBe("3 min ago");
  });

  it("counts down to zero and stays there", () => {
    expect(formatCountdown(3_600_000)).toBe("1:00:00");
    expect(formatCountdown(59 * 60_000 + 4_000)).toBe("59:04");
    expect(formatCountdown(900)).toBe("0:01");
    expect(formatCountdown(-5)).toBe("0:00");
  });
});
