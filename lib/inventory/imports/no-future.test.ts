import { describe, expect, it } from "vitest";
import { findImportKind } from "./index";
import { ImportProblem } from "./types";

const origin = { by: "upload" as const, name: "canaries.yaml", collectedAt: "2026-11-21T10:00:00Z" };
const kind = findImportKind("admission-canaries");
const tried = (at: string) => kind?.parse(kind.example.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, at), origin);

describe("a document", () => {
  it("is refused when it tells of events after it was read, and the place is named", () => {
    expect(() => tried("2036-11-21T10:00:00Z")).toThrow(ImportProblem);
    expect(() => tried("2036-11-21T10:00:00Z")).toThrow(/triedAt \(2036-11-21T10:00:00Z\) lies after/);
  });

  it("may be a day ahead, as time zones are", () => {
    expect(tried("2026-11-22T09:00:00Z")?.facts).toBeDefined();
  });
});
