import { describe, expect, it } from "vitest";
import { REASON_LENGTH, shortReason } from "./short-reason";

describe("shortReason", () => {
  it("leaves alone what fits, to the last character", () => {
    const exact = "x".repeat(REASON_LENGTH);
    expect(shortReason(exact)).toBe(exact);
    expect(shortReason("no TLS for shop.example.com")).toBe("no TLS for shop.example.com");
  });
  it("cuts behind a whole word and says so", () => {
    expect(shortReason("pulled anew at each start, so that nodes may differ", 27)).toBe("pulled anew at each start…");
    expect(shortReason("pulled anew at each start, so that nodes may differ", 31)).toBe(
      "pulled anew at each start, so…",
    );
    expect(shortReason("one two three", 8)).toBe("one two…");
  });
  it("cuts a word that is longer than everything, never through a character", () => {
    expect(shortReason("a".repeat(20), 10)).toBe(`${"a".repeat(9)}…`);
    expect(shortReason("😀".repeat(10), 10)).toBe(`${"😀".repeat(4)}…`);
  });
  it("is never longer than asked, whatever the text", () => {
    const text = "the quick (brown) fox: jumps, over; the lazy dog and runs away";
    for (let length = 5; length <= text.length; length++) {
      const short = shortReason(text, length);
      expect(short.length).toBeLessThanOrEqual(length);
      if (length < text.length) expect(short).toMatch(/[^\s,;:(]…$/);
    }
  });
});
