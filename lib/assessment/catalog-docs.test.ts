import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { findControl } from "@/lib/controls";
import { findRequirement, GUIDE_ERRORS, LEAF_REQUIREMENTS } from "@/lib/pci";
import { catalogPages } from "./catalog-docs";
import { linksOf } from "./coverage";

const folder = path.join(import.meta.dirname, "../../docs/catalogue");
const pages = catalogPages();

describe("docs/catalogue", () => {
  it.each(pages.map((page) => [page.name, page] as const))(
    "%s says what the controls say (vitest -u writes it again)",
    async (name, page) => {
      await expect(page.text).toMatchFileSnapshot(path.join(folder, name));
    },
  );
  it("holds no other page", () => {
    expect(readdirSync(folder).sort()).toEqual(pages.map(({ name }) => name).sort());
  });
});

describe("what common guides get wrong", () => {
  it("names controls and requirements that exist, each error once", () => {
    expect(new Set(GUIDE_ERRORS.map(({ id }) => id)).size).toBe(GUIDE_ERRORS.length);
    for (const { id, controls, requirements } of GUIDE_ERRORS) {
      for (const control of controls) expect(findControl(control)?.id, id).toBe(control);
      for (const requirement of requirements) expect(findRequirement(requirement)?.id, id).toBe(requirement);
    }
  });
});

it("every requirement shows controls, an attestation group, or both", () => {
  const bare = LEAF_REQUIREMENTS.filter(
    ({ id, attestations }) => linksOf(id).length === 0 && attestations.length === 0,
  );
  expect(bare.map(({ id }) => id)).toEqual([]);
});
