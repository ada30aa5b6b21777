import { describe, expect, it } from "vitest";
import type { RequirementRow } from "@/lib/api/assessment";
import { PARENTS } from "./parents";
import { compareIds, flattenTree, parseOpen, toggleOpen } from "./tree";

function row(id: string, parent: string | null, kind: RequirementRow["kind"]): RequirementRow {
  return {
    id,
    parent,
    kind,
    title: id,
    serviceProviderOnly: false,
    coverage: "automated",
    status: null,
    rollup: null,
    breakdown: {},
    clustersWorst: 0,
    clustersTotal: 0,
    controls: 0,
    openFindings: 0,
    worstSeverity: null,
    oldestEvidenceAt: null,
    freshness: "none",
  };
}
const principals = [row("1", null, "principal"), row("2", null, "principal")];
const below = [
  row("1.2", "1", "section"),
  row("1.10", "1", "section"),
  row("1.2.1", "1.2", "requirement"),
  row("1.2.2", "1.2", "requirement"),
  row("1.2.2.1", "1.2.2", "requirement"),
];
const parents = new Set(["1", "2", "1.2", "1.10", "1.2.2"]);

describe("the tree of requirements", () => {
  it("shows children only below what is open, in the order of the numbers", () => {
    const ids = (open: string) => flattenTree(principals, below, parseOpen(open), parents).map((each) => each.row.id);
    expect(ids("")).toEqual(["1", "2"]);
    expect(ids("1")).toEqual(["1", "1.2", "1.10", "2"]);
    expect(ids("1,1.2")).toEqual(["1", "1.2", "1.2.1", "1.2.2", "1.10", "2"]);
  });
  it("keeps a section closed while what is above it is closed", () => {
    expect(flattenTree(principals, below, parseOpen("1.2"), parents).map((each) => each.row.id)).toEqual(["1", "2"]);
  });
  it("opens a requirement that has requirements of its own", () => {
    const ids = flattenTree(principals, below, parseOpen("1,1.2,1.2.2"), parents).map((each) => each.row.id);
    expect(ids).toEqual(["1", "1.2", "1.2.1", "1.2.2", "1.2.2.1", "1.10", "2"]);
  });
  it("knows the requirements that have others below them", () => {
    expect(PARENTS.has("10.2.1")).toBe(true);
    expect(PARENTS.has("1.3.1")).toBe(false);
  });
  it("never offers to open a requirement with nothing below", () => {
    const leaf = flattenTree(principals, below, parseOpen("1,1.2"), parents).find((each) => each.row.id === "1.2.1");
    expect(leaf).toMatchObject({ depth: 2, canOpen: false });
  });
  it("closes what lies below together with a section, and only that", () => {
    expect(toggleOpen(parseOpen("1,1.2,10"), "1")).toBe("10");
    expect(toggleOpen(parseOpen("1"), "1")).toBeNull();
    expect(toggleOpen(parseOpen("10"), "1")).toBe("1,10");
  });
  it("ignores what is no number of a requirement", () => {
    expect([...parseOpen("1,<script>,1.2.,A1,..")]).toEqual(["1", "A1"]);
  });
  it("orders by parts, as numbers", () => {
    expect(["1.10", "1.2", "A1.1", "12", "2"].toSorted(compareIds)).toEqual(["1.2", "1.10", "2", "12", "A1.1"]);
  });
});
