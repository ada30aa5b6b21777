import { describe, expect, it } from "vitest";
import { requirementStatus, resultStatus, rollupStatus, scopeCategory, severity } from "@/lib/api/common";
import { resultChoice, SEVERITY_CHOICE, scopeChoice } from "./choices";
import { drawnAs, type Rollup, ROLLUPS, rollupEntry, STATUS_ORDER, STATUSES } from "./statuses";

describe("the record of statuses", () => {
  it("explains every status of the API, and no other", () => {
    expect(Object.keys(STATUSES).toSorted()).toEqual([...requirementStatus.options].toSorted());
    expect(Object.keys(ROLLUPS).toSorted()).toEqual([...rollupStatus.options, "not-assessed"].toSorted());
    for (const status of resultStatus.options) expect(STATUSES[status].word).not.toBe("");
  });

  it("gives every status a shape of its own, so that colour is never needed", () => {
    const shapes = Object.values(STATUSES).map((entry) => entry.shape);
    expect(new Set(shapes).size).toBe(shapes.length);
    const rollups = Object.values(ROLLUPS).map((entry) => entry.shape);
    expect(new Set(rollups).size).toBe(rollups.length);
  });

  it("lists every status once, worst first, in the order in which a requirement's worst part is shown", () => {
    expect(STATUS_ORDER).toEqual(requirementStatus.options);
  });

  it("never calls anything compliant, secure or a score", () => {
    const words = [...Object.values(STATUSES), ...Object.values(ROLLUPS)].map(
      (entry) => `${entry.word} ${entry.meaning}`,
    );
    expect(words.join(" ")).not.toMatch(/compliant|secure|score/i);
  });

  it("uses other words for roll-ups than for tests where the two could be confused", () => {
    expect([ROLLUPS.blocked.word, ROLLUPS.ready.word]).toEqual(["Blocked", "Ready"]);
    expect(Object.values(STATUSES).map((entry) => entry.word)).not.toContain("Ready");
  });
});

describe("a roll-up as it is drawn", () => {
  it("is an octagon only if something fails, and a triangle where something could not be evaluated", () => {
    expect(rollupEntry("blocked", true)).toMatchObject({ word: "Blocked", shape: "octagon-cross", tone: "fail" });
    expect(rollupEntry("blocked", false)).toMatchObject({ word: "Blocked", shape: "triangle-mark", tone: "warn" });
    expect(rollupEntry("blocked", false).meaning).toContain("could not be evaluated");
  });
  it("has the same shape beside its word as in the heatmap, whose tiles are drawn by drawnAs", () => {
    expect([drawnAs("blocked", true), drawnAs("blocked", false)]).toEqual(["fail", "unknown"]);
    for (const hasFail of [true, false]) {
      const drawn = drawnAs("blocked", hasFail);
      if (drawn !== "fail" && drawn !== "unknown") throw new Error(`blocked is drawn as ${drawn}`);
      expect(rollupEntry("blocked", hasFail).shape).toBe(STATUSES[drawn].shape);
    }
    for (const rollup of (Object.keys(ROLLUPS) as Rollup[]).filter((each) => each !== "blocked")) {
      for (const hasFail of [true, false]) {
        expect(drawnAs(rollup, hasFail)).toBe(rollup);
        expect(rollupEntry(rollup, hasFail)).toBe(ROLLUPS[rollup]);
      }
    }
  });
});

describe("what lists can be filtered by", () => {
  it("offers every value that the list takes, each in the one word that draws it", () => {
    expect(scopeChoice("scope").options.map((o) => o.value)).toEqual([...scopeCategory.options]);
    expect(SEVERITY_CHOICE.options.map((o) => o.value)).toEqual([...severity.options]);
    expect(
      resultChoice()
        .options.map((o) => o.value)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual([...resultStatus.options].toSorted((a, b) => a.localeCompare(b)));
    expect(resultChoice().options.find((o) => o.value === "unknown")?.label).toBe("Could not evaluate");
  });
});
