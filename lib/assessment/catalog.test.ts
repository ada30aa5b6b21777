import { describe, expect, it } from "vitest";
import { CONTROLS } from "@/lib/controls";
import type { Control } from "@/lib/controls/types";
import { AS_OF, cdeNamespace, minimalPod, snapshotOf } from "@/lib/fixtures/builders";
import { refOf } from "@/lib/inventory/inventory";
import { getRequirement } from "@/lib/pci";
import { assess } from "./assess";
import { catalogOf, catalogOfDocument } from "./catalog";
import { type CatalogDocument, catalogDocumentOf, compareCatalogs, isUnchanged } from "./catalog-document";
import { CATALOG_VERSION } from "./catalog-version";

function control(id: string, changes: Partial<Control> = {}): Control {
  return {
    id,
    title: `Title of ${id}`,
    severity: "high",
    judges: "workload",
    sections: ["pods"],
    requirements: [{ requirement: "2.2.6", kind: "primary", rationale: "because" }],
    rule: { reads: "r", pass: "p", fail: "f", unknown: "u", notApplicable: "n", why: "w", cannotSee: "c" },
    evaluate: ({ inventory }) =>
      inventory.livePods.map(({ pod }) => ({
        status: "pass",
        object: refOf(pod),
        reason: "r",
        detail: "d",
        evidence: [],
      })),
    verify: () => ({ command: "true", expect: "", needs: [] }),
    remediate: () => ({ summary: "", risk: "" }),
    ...changes,
  };
}
const snapshot = snapshotOf([cdeNamespace(), minimalPod("a")]);
const document = (controls: Control[], version = "1"): CatalogDocument => catalogDocumentOf(controls, version);

describe("the document of a catalogue", () => {
  it("holds every control of this release and survives JSON unchanged", () => {
    const own = catalogDocumentOf();
    expect(own.version).toBe(CATALOG_VERSION);
    expect(own.controls.map(({ id }) => id)).toEqual(CONTROLS.map(({ id }) => id));
    const stored = JSON.parse(JSON.stringify(own)) as CatalogDocument;
    expect(stored).toEqual(own);
    expect(isUnchanged(compareCatalogs(stored, own))).toBe(true);
  });

  it("assesses as this release does when it is this release's", () => {
    const stored = JSON.parse(JSON.stringify(catalogDocumentOf())) as CatalogDocument;
    const { controls, decidedAnew, retired } = catalogOfDocument(stored);
    expect([decidedAnew, retired]).toEqual([[], []]);
    expect(JSON.stringify(assess(snapshot, { asOf: AS_OF, controls }))).toBe(
      JSON.stringify(assess(snapshot, { asOf: AS_OF })),
    );
  });
});

describe("compareCatalogs", () => {
  it("names what came, went and changed, and nothing else", () => {
    const before = document([control("a-kept"), control("b-gone"), control("c-changed")]);
    const changed = control("c-changed", {
      revision: 2,
      severity: "low",
      title: "Another title",
      rule: { ...control("x").rule, fail: "otherwise", why: "else" },
      requirements: [
        { requirement: "2.2.6", kind: "supporting", rationale: "because" },
        { requirement: "1.3.1", kind: "primary", rationale: "new" },
      ],
    });
    const after = document([control("a-kept"), changed, control("d-came")], "2");
    expect(compareCatalogs(before, after)).toEqual({
      from: "1",
      to: "2",
      added: [{ id: "d-came", title: "Title of d-came", severity: "high", requirements: ["2.2.6"] }],
      removed: [{ id: "b-gone", title: "Title of b-gone", severity: "high", requirements: ["2.2.6"] }],
      changed: [
        {
          id: "c-changed",
          title: "Another title",
          revision: { from: 1, to: 2 },
          words: ["title", "fail", "why"],
          severity: { from: "high", to: "low" },
          links: [
            { requirement: "2.2.6", from: "primary", to: "supporting" },
            { requirement: "1.3.1", from: null, to: "primary" },
          ],
        },
      ],
    });
    const back = compareCatalogs(after, before).changed[0]?.links;
    expect(back).toContainEqual({ requirement: "1.3.1", from: "primary", to: null });
  });

  it("says so when only the rationale of a link is worded differently", () => {
    const words = [{ requirement: "2.2.6", kind: "primary" as const, rationale: "in other words" }];
    const { changed } = compareCatalogs(document([control("a")]), document([control("a", { requirements: words })]));
    expect(changed[0]?.links).toEqual([{ requirement: "2.2.6", from: "primary", to: "primary" }]);
  });
});

describe("a stored version with the code of a newer release", () => {
  const stored = document([
    control("a-kept", { severity: "low", title: "As it was", staleAfterHours: 48 }),
    control("b-gone"),
    control("c-anew"),
  ]);
  const code = [
    control("a-kept", { requirements: [{ requirement: "1.3.1", kind: "primary", rationale: "moved" }] }),
    control("c-anew", { revision: 2 }),
    control("d-new"),
  ];
  const catalog = catalogOfDocument(stored, code);

  it("runs the version's controls, rated, named and linked as it says", () => {
    expect(catalog.controls.map(({ id }) => id)).toEqual(["a-kept", "b-gone", "c-anew"]);
    expect(catalog.find("a-kept")).toMatchObject({ severity: "low", title: "As it was", staleAfterHours: 48 });
    expect(catalog.find("c-anew")?.staleAfterHours).toBeUndefined();
    expect(catalog.linksOf("1.3.1")).toEqual([]);
    expect(catalog.linksOf("2.2.6").map((link) => link.control.id)).toEqual(["a-kept", "b-gone", "c-anew"]);
    expect(catalog.find("d-new")).toBeNull();
    expect(catalog.decidedAnew).toEqual(["c-anew"]);
    expect(catalog.controlsOf("2.2", "deciding")).toHaveLength(3);
    expect(catalog.missingOf(getRequirement("2.2.6"))).toEqual(getRequirement("2.2.6").primaryControls);
  });

  it("answers unknown for a control that the release has no code for: it never passes by not being asked", () => {
    const { controls, version: catalogVersion } = catalog;
    const assessment = assess(snapshot, { asOf: AS_OF, controls, catalogVersion });
    expect(assessment.catalogVersion).toBe("1");
    expect(catalog.retired).toEqual(["b-gone"]);
    expect(assessment.controls.map(({ control: id, status }) => [id, status])).toEqual([
      ["a-kept", "pass"],
      ["b-gone", "unknown"],
      ["c-anew", "pass"],
    ]);
    const part = { control: "b-gone", kind: "primary", status: "unknown", decides: true };
    const requirement = assessment.requirements.find((each) => each.requirement === "2.2.6");
    expect(requirement?.parts).toContainEqual(part);
    expect(["unknown", "fail"]).toContain(requirement?.status);
    expect(catalogOf(code).missingOf(getRequirement("2.2.6"))).not.toContain("a-kept");
  });
});
