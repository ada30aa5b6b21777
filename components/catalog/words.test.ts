import { describe, expect, it } from "vitest";
import { changesResults, linkChangeWords, partWords } from "./words";

describe("words for a change of the catalogue", () => {
  it.each([
    [null, "primary", "new: decides"],
    ["primary", null, "no longer counts (decides before)"],
    ["primary", "supporting", "informs (decides before)"],
    ["fail-only", "fail-only", "another rationale"],
  ] as const)("%s to %s: %s", (from, to, text) => expect(linkChangeWords({ from, to })).toBe(text));

  it("tells what may change a result from what only reads differently", () => {
    const change = { id: "a", title: "A" };
    expect(changesResults({ ...change, words: ["why"] })).toBe(false);
    expect(changesResults({ ...change, links: [{ requirement: "1.1", from: "primary", to: "primary" }] })).toBe(false);
    expect(changesResults({ ...change, links: [{ requirement: "1.1", from: "primary", to: null }] })).toBe(true);
    expect(changesResults({ ...change, revision: { from: 1, to: 2 } })).toBe(true);
    expect(partWords(["title", "cannotSee"])).toBe("title, what it can't see");
  });
});
