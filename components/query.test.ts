import { describe, expect, it } from "vitest";
import { findingsQuery } from "@/lib/api/assessment";
import { readQuery } from "./query";

describe("readQuery", () => {
  it("fills in the defaults of the API", () => {
    expect(readQuery(findingsQuery, {}).query).toMatchObject({ page: 1, state: "open", sort: "priority" });
  });
  it("drops what doesn't fit and keeps the rest, so that an old link still opens", () => {
    const { query, ignored } = readQuery(findingsQuery, { severity: "gigantic", page: "zero", cluster: "pci-prod" });
    expect(ignored).toEqual(["page", "severity"]);
    expect(query).toMatchObject({ page: 1, cluster: "pci-prod" });
    expect(query.severity).toBeUndefined();
  });
  it("takes an empty parameter for an absent one", () => {
    expect(readQuery(findingsQuery, { severity: "", q: "" })).toMatchObject({ ignored: [] });
  });
  it("leaves parameters of other parts of the page alone", () => {
    expect(readQuery(findingsQuery, { tab: "agent" }).ignored).toEqual([]);
  });
});
