import { describe, expect, it } from "vitest";
import type { FleetRow } from "@/lib/api/clusters";
import { groupByProject, tileName, tileStatus } from "./cell";

const cell = (part: Partial<FleetRow["cells"][number]>): FleetRow["cells"][number] => ({
  requirement: "1",
  status: "blocked",
  failingControls: 0,
  hasCritical: false,
  ...part,
});

describe("a tile of the heatmap", () => {
  it("is a fail only if a control fails, and could-not-evaluate if it is blocked without one", () => {
    expect(tileStatus(cell({ failingControls: 2 }))).toBe("fail");
    expect(tileStatus(cell({}))).toBe("unknown");
  });
  it("is never green for a cluster that was not assessed", () => {
    expect(tileStatus(cell({ status: "not-assessed" }))).toBe("not-assessed");
    expect(tileStatus(cell({ status: "not-applicable" }))).toBe("not-applicable");
  });
  it("says in words all that it shows", () => {
    expect(tileName("pci-prod", cell({ failingControls: 4, hasCritical: true }), "stale")).toBe(
      "pci-prod, requirement 1 Network, blocked, 4 failing controls, with a critical one, stale",
    );
    expect(tileName("pci-prod", cell({}), "current")).toBe(
      "pci-prod, requirement 1 Network, blocked, could not be evaluated",
    );
    expect(tileName("dev", cell({ status: "not-assessed" }), "none")).toBe("dev, requirement 1 Network, not assessed");
  });
});

describe("groupByProject", () => {
  it("keeps the server's order between and within projects", () => {
    const row = (id: string, slug: string) => ({ id, project: { slug, name: slug } }) as FleetRow;
    const groups = groupByProject([row("a", "prod"), row("b", "dev"), row("c", "prod")]);
    expect(groups.map((group) => [group.slug, group.rows.map((each) => each.id)])).toEqual([
      ["prod", ["a", "c"]],
      ["dev", ["b"]],
    ]);
  });
});
