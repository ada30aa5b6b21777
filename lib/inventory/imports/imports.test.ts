import { describe, expect, it } from "vitest";
import { snapshotOf } from "@/lib/fixtures/builders";
import { IMPORT_KINDS, ImportProblem, type ImportedDocument, mergeImports, withImportedFacts } from ".";
import { findSecretIn } from "../secret-net";
import { parseYamlDocument } from "./types";

const ORIGIN = { by: "upload", name: "example", collectedAt: "2026-11-21T12:00:00.000Z" } as const;
const document = (changes: Partial<ImportedDocument>): ImportedDocument => ({
  kind: "approved-access",
  name: "a.yaml",
  isOfCluster: true,
  collectedAt: "2026-11-20T00:00:00.000Z",
  parts: {},
  ...changes,
});
const clients = (...names: string[]) => ({
  registers: {
    apiClients: names.map((serviceAccount) => ({
      namespace: "n",
      serviceAccount,
      permissions: [],
      reason: "it reads its own Leases",
      approvedBy: "Ada",
      approvedAt: "2026-11-01",
    })),
  },
});
const transformers = (prefix: string) => [{ operation: "write", resource: "secrets", prefix, count: 1 }];

describe("every kind of document", () => {
  it.each(IMPORT_KINDS.map((kind) => [kind.id, kind] as const))("%s reads its own example", (id, kind) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    const parts = kind.parse(kind.example, ORIGIN);
    expect(Object.keys({ ...parts.facts, ...parts.registers })).not.toEqual([]);
    expect(Object.keys(parts.registers ?? {}).length > 0).toBe(kind.nature === "register");
    // An example that the server would refuse teaches the wrong thing.
    expect(findSecretIn(parts)).toBeNull();
    expect(kind.controls).not.toEqual([]);
    expect(kind.maxBytes).toBeLessThanOrEqual(64 * 1024 * 1024);
  });

  it.each(IMPORT_KINDS.map((kind) => [kind.id, kind] as const))("%s refuses what is not one, in words", (_, kind) => {
    for (const text of ["", "{", "[]", "nonsense: true", "\u0000", "[".repeat(20_000)]) {
      expect(() => kind.parse(text, ORIGIN), JSON.stringify(text.slice(0, 20))).toThrow(ImportProblem);
    }
  });

  it("has an id of its own", () => {
    expect(new Set(IMPORT_KINDS.map((kind) => kind.id)).size).toBe(IMPORT_KINDS.length);
  });
});

describe("parseYamlDocument", () => {
  it("refuses aliases, duplicate keys and endless nesting, naming the place where it can", () => {
    expect(() => parseYamlDocument("a: &x [1]\nb: *x")).toThrow(/alias/);
    expect(() => parseYamlDocument("a: 1\na: 2")).toThrow(/line 2/);
    expect(() => parseYamlDocument("[".repeat(200_000))).toThrow(ImportProblem);
  });
});

describe("mergeImports", () => {
  it("joins lists: the organization's first, then the cluster's by age, whatever the order given", () => {
    const documents = [
      document({ name: "new", collectedAt: "2026-11-21T00:00:00.000Z", parts: clients("newest") }),
      document({ name: "b", parts: clients("second") }),
      document({ name: "a", parts: clients("first") }),
      document({ isOfCluster: false, collectedAt: "2026-11-22T00:00:00.000Z", parts: clients("everywhere") }),
    ];
    const names = (given: ImportedDocument[]) =>
      mergeImports(given).registers.apiClients?.map(({ serviceAccount }) => serviceAccount);
    expect(names(documents)).toEqual(["everywhere", "first", "second", "newest"]);
    expect(names([...documents].reverse())).toEqual(names(documents));
  });

  it("takes the newest of what is no list, and the cluster's own before the organization's", () => {
    const says = (gitVersion: string) => ({ facts: { gitVersion } }) as ImportedDocument["parts"];
    const merged = mergeImports([
      document({ isOfCluster: false, collectedAt: "2026-11-22T00:00:00.000Z", parts: says("organization") }),
      document({ collectedAt: "2026-11-20T00:00:00.000Z", parts: says("older") }),
      document({ collectedAt: "2026-11-21T00:00:00.000Z", parts: says("newer") }),
    ]);
    expect(merged.facts).toEqual({ gitVersion: "newer" });
  });
});

describe("withImportedFacts", () => {
  it("adds what the cluster did not say, joins lists, and never replaces what it said", () => {
    const snapshot = snapshotOf([]);
    snapshot.facts = { gitVersion: "v1.32.4", encryptionTransformers: transformers("identity") };
    const imported = { gitVersion: "v9", encryptionTransformers: transformers("kms"), clusterUid: "u" };
    expect(withImportedFacts(snapshot, imported as Parameters<typeof withImportedFacts>[1]).facts).toEqual({
      gitVersion: "v1.32.4",
      clusterUid: "u",
      encryptionTransformers: [...transformers("identity"), ...transformers("kms")],
    });
  });
});
