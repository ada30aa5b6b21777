import { describe, expect, it } from "vitest";
import type { ImportOrigin } from "../import-origin";
import * as change from "./change";
import * as logStores from "./log-stores";
import * as monitoring from "./monitoring";
import { findImportKind } from "./index";

const origin: ImportOrigin = { by: "upload", name: "a file by jane", collectedAt: "2026-11-21T10:00:00Z" };
const kinds = Object.values({ ...change, ...logStores, ...monitoring });

describe.each(kinds.map((kind) => [kind.id, kind] as const))("%s", (id, kind) => {
  it("is on the list and reads its own example", () => {
    expect(findImportKind(id)?.title).toBe(kind.title);
    const { facts = {}, registers = {} } = kind.parse(kind.example, origin);
    expect(Object.keys(kind.nature === "fact" ? facts : registers)).not.toEqual([]);
    if (kind.nature === "fact") expect(JSON.stringify(facts)).toContain(origin.name);
  });

  it("refuses a field that it does not know", () => {
    expect(() => kind.parse(`${kind.example}surplus: 1\n`, origin)).toThrow(/surplus|the document|provider/);
  });
});

describe("what a bad document names", () => {
  it.each([
    [
      monitoring.logFreshnessImport,
      "store: a\nservers: [{ instance: a, newestEventAt: today }]",
      "servers[0].newestEventAt",
    ],
    [
      monitoring.detectionRulesImport,
      "system: a\nrules: [{ name: b, detects: [x], isEnabled: true, receivers: [] }]",
      "rules[0].detects[0]",
    ],
    [logStores.logStoreImport, "stores: [{ name: a, kind: disk }]", "stores[0].kind"],
    [change.changeRecordsImport, "changes: [{ id: a }]", "changes[0].from"],
    [change.baselineImport, "name: a\nversion: 4.2", "version"],
  ])("%#", (kind, text, place) => {
    expect(() => kind.parse(text, origin)).toThrow(place);
  });
});
