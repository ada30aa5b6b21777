import { describe, expect, it } from "vitest";
import { addressOf, pick } from "./address";

describe("addressOf", () => {
  it("keeps what was there, applies the changes, and writes one view in one way", () => {
    expect(addressOf("/f", { sort: "name", cluster: "b" }, { severity: "high" })).toBe(
      "/f?cluster=b&severity=high&sort=name",
    );
    expect(addressOf("/f", { severity: "high", sort: "name" }, { cluster: "b" })).toBe(
      "/f?cluster=b&severity=high&sort=name",
    );
  });
  it("goes back to the first page when anything but the page changes", () => {
    expect(addressOf("/f", { page: "4", q: "x" }, { q: "y" })).toBe("/f?q=y");
    expect(addressOf("/f", { page: "4", q: "x" }, { page: 5 })).toBe("/f?page=5&q=x");
    expect(addressOf("/f", { page: "2" }, { page: 1 })).toBe("/f");
  });
  it("removes what is set to nothing", () => {
    expect(addressOf("/f", { q: "x", sort: "" }, { q: null })).toBe("/f");
    expect(addressOf("/f", { q: "x" }, { q: undefined })).toBe("/f");
  });
  it("escapes what a person typed", () => {
    expect(addressOf("/f", {}, { q: "a&b=c d" })).toBe("/f?q=a%26b%3Dc+d");
  });
  it("takes the first of a repeated parameter", () => {
    expect(addressOf("/f", { cluster: ["a", "b"] })).toBe("/f?cluster=a");
  });
});

describe("pick", () => {
  it("keeps only the lens", () => {
    expect(pick({ project: "p", q: "x", cluster: undefined }, ["project", "cluster"])).toEqual({ project: "p" });
  });
});
