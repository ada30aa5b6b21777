import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { contextOf } from "@/lib/fixtures/builders";
import { SECTION_NAMES } from "@/lib/inventory/sections";
import { findRequirement } from "@/lib/pci";
import { CONTROL_FAMILIES, familyOf } from "./families";
import { CONTROLS, findControl } from "./index";

const folder = import.meta.dirname;
const files = readdirSync(folder);
const CONTROL_FILE = /^(adm|auth|chg|cp|det|img|iso|log|mon|net|node|pod|rbac|scp|sec|sto|tls|ver)-[a-z0-9-]+\.ts$/;
const ids = CONTROLS.map((control) => control.id);

describe("the list of controls", () => {
  it("holds every control file of the folder, each once, and nothing else", () => {
    const inFolder = files.filter((file) => CONTROL_FILE.test(file)).map((file) => file.replace(/\.ts$/, ""));
    expect([...ids].sort()).toEqual(inFolder.sort());
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("keeps the catalogue's order of families", () => {
    const families = ids.map((id) => CONTROL_FAMILIES.indexOf(familyOf(id)));
    expect(families).not.toContain(-1);
    expect(families).toEqual([...families].sort((a, b) => a - b));
  });

  it("finds a control by its id and nothing by another", () => {
    for (const control of CONTROLS) expect(findControl(control.id)).toBe(control);
    expect(findControl("no-such-control")).toBeNull();
  });
});

describe.each(CONTROLS.map((control) => [control.id, control] as const))("%s", (id, control) => {
  it("links to requirements of the standard, each once, with a sentence that says why", () => {
    const requirements = control.requirements.map((link) => link.requirement);
    expect(new Set(requirements).size).toBe(requirements.length);
    expect(requirements.length).toBeGreaterThan(0);
    for (const link of control.requirements) {
      expect(findRequirement(link.requirement)?.kind, link.requirement).toBe("requirement");
      expect(link.rationale, link.requirement).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  it("names sections that a snapshot can have", () => {
    for (const section of control.sections) expect(SECTION_NAMES).toContain(section);
  });

  it("has a test of its own with a passing, a failing and an unknown case", () => {
    const test = readFileSync(path.join(folder, `${id}.test.ts`), "utf8");
    for (const status of ["pass", "fail", "unknown"]) expect(test, status).toContain(`"${status}"`);
  });

  it("says something about every snapshot, also one in which nothing could be read", () => {
    const unread = {
      sections: Object.fromEntries(SECTION_NAMES.map((name) => [name, { status: "forbidden" as const }])),
      facts: {},
    };
    const results = control.evaluate(contextOf([], unread));
    expect(results.length).toBeGreaterThan(0);
    expect(results.map((result) => result.status)).not.toContain("pass");
    expect(control.evaluate(contextOf([])).length).toBeGreaterThan(0);
  });

  it("states its rule in words", () => {
    for (const text of Object.values(control.rule)) expect(text).toMatch(/^\S.{3,}\.$/s);
  });
});
