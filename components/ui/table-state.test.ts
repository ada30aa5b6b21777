import { describe, expect, it } from "vitest";
import { tableState } from "./table-state";

describe("tableState", () => {
  it("shows rows when there are some", () => {
    expect(tableState({ status: "ready", items: ["a"], total: 1, totalUnfiltered: 9 })).toEqual({
      kind: "rows",
      rows: ["a"],
    });
  });
  it("tells nothing at all from nothing that matches", () => {
    expect(tableState({ status: "ready", items: [], total: 0, totalUnfiltered: 0 })).toEqual({ kind: "empty" });
    expect(tableState({ status: "ready", items: [], total: 0, totalUnfiltered: 22 })).toEqual({
      kind: "filtered-empty",
      totalUnfiltered: 22,
    });
  });
  it("does not call a page past the end empty", () => {
    expect(tableState({ status: "ready", items: [], total: 51, totalUnfiltered: 51 })).toEqual({
      kind: "past-end",
      total: 51,
    });
  });
  it("never turns a failure to read into an empty table", () => {
    expect(tableState({ status: "error", reference: "r-1" })).toEqual({ kind: "error", reference: "r-1" });
    expect(tableState({ status: "loading" })).toEqual({ kind: "loading" });
  });
});
