import { describe, expect, it } from "vitest";
import type { ImportKindRow } from "@/lib/api/imports";
import { compareSources, formatBytes } from "./words";

const kind = (id: string, unknown: number): ImportKindRow => ({
  id,
  title: id,
  nature: "fact",
  description: "",
  howToGet: "",
  format: "yaml",
  maxBytes: 1,
  example: null,
  controls: [{ id: "c", title: "c", status: unknown > 0 ? "unknown" : "pass", unknown }],
  uploadableTo: [],
});

describe("sources", () => {
  it("begin with what a control waits for, then with what is held", () => {
    const documents = new Map([["held", 2]]);
    const kinds = [kind("z", 0), kind("held", 0), kind("waiting", 3), kind("a", 0)];
    const order = kinds.sort((a, b) => compareSources(a, b, documents)).map(({ id }) => id);
    expect(order).toEqual(["waiting", "held", "a", "z"]);
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 kB"],
    [1536, "1.5 kB"],
    [1_048_576, "1 MB"],
    [64_000_000, "64 MB"],
  ])("%d is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});
