import { describe, expect, it } from "vitest";
import { CONTROLS } from "@/lib/controls";
import { LEAF_REQUIREMENTS } from "@/lib/pci";
import { coverageOf, linksOf, missingControlsOf } from "./coverage";

describe("this release against the catalogue", () => {
  it("lacks what the catalogue names as deciding and no file holds, in the catalogue's order", () => {
    const existing = new Set(CONTROLS.map((control) => control.id));
    for (const { id, primaryControls } of LEAF_REQUIREMENTS) {
      expect(missingControlsOf(id), id).toEqual(primaryControls.filter((control) => !existing.has(control)));
    }
    expect(missingControlsOf("10.5.1")).toEqual([]);
    expect(() => missingControlsOf("1.9.9")).toThrow(RangeError);
  });

  it("is never called automated where a deciding control is missing", () => {
    const automated = LEAF_REQUIREMENTS.filter(({ id }) => coverageOf(id) === "automated");
    expect(automated.length).toBeGreaterThan(0);
    for (const { id } of automated) expect(missingControlsOf(id), id).toEqual([]);
  });

  // The control's file wins. Each line is a choice that was made in it; a new one must be made on purpose.
  it("disagrees about the links of controls that exist in these places only", () => {
    const differences = LEAF_REQUIREMENTS.flatMap(({ id, primaryControls, supportingControls }) => {
      const links = linksOf(id);
      const kindOf = (control: string) => links.find((link) => link.control.id === control)?.kind ?? "no link";
      const named = [
        ...primaryControls.map((control) => ({ control, planned: "primary" })),
        ...supportingControls.map((control) => ({ control, planned: "supporting" })),
      ].filter(({ control }) => CONTROLS.some((each) => each.id === control));
      const unplanned = links
        .filter(({ control }) => !named.some((each) => each.control === control.id))
        .map(({ control, kind }) => `${id} ${control.id}: no link in the catalogue, ${kind} in its file`);
      return [
        ...named
          .filter(({ control, planned }) => kindOf(control) !== planned)
          .map(
            ({ control, planned }) => `${id} ${control}: ${planned} in the catalogue, ${kindOf(control)} in its file`,
          ),
        ...unplanned,
      ];
    });
    const failOnly = (link: string) => `${link}: primary in the catalogue, fail-only in its file`;
    expect(differences).toEqual([
      failOnly("2.2.2 sec-no-embedded-credentials"),
      failOnly("3.3.1 sec-pan-discovery"),
      failOnly("3.5.1 sec-pan-discovery"),
      failOnly("8.3.2 sec-no-embedded-credentials"),
      failOnly("8.6.1 pod-no-debug-containers"),
      failOnly("8.6.2 sec-no-embedded-credentials"),
      failOnly("12.5.2 scp-namespace-labelled"),
      failOnly("12.5.2 scp-label-protected"),
      failOnly("12.5.2 scp-declared-vs-effective"),
    ]);
  });
});
