import { describe, expect, it } from "vitest";
import {
  ATTESTATION_GROUPS,
  childrenOf,
  compareRequirementIds,
  coverageOf,
  explainCoverage,
  findRequirement,
  getRequirement,
  LEAF_REQUIREMENTS,
  leavesOf,
  PRINCIPAL_REQUIREMENTS,
  principalOf,
  REQUIREMENTS,
} from ".";

describe("the standard", () => {
  it("has 12 principals, 3 appendices, 71 sections and 280 requirements", () => {
    expect(PRINCIPAL_REQUIREMENTS.map((r) => r.id)).toEqual(Array.from({ length: 12 }, (_, i) => String(i + 1)));
    expect(REQUIREMENTS.filter((r) => r.appendix).map((r) => r.id)).toEqual(["A1", "A2", "A3"]);
    expect(REQUIREMENTS.filter((r) => r.kind === "section")).toHaveLength(71);
    expect(LEAF_REQUIREMENTS).toHaveLength(280);
    expect(new Set(REQUIREMENTS.map((r) => r.id)).size).toBe(366);
  });

  it("is in the standard's order, numbers as numbers, appendices last", () => {
    expect(["1.10", "A1", "1.2", "12", "2", "1", "1.2.1"].sort(compareRequirementIds)).toEqual([
      "1",
      "1.2",
      "1.2.1",
      "1.10",
      "2",
      "12",
      "A1",
    ]);
    const ids = REQUIREMENTS.map((r) => r.id);
    expect(ids).toEqual(ids.toSorted(compareRequirementIds));
    expect(ids.indexOf("10")).toBeGreaterThan(ids.indexOf("9.5.1.3"));
  });

  it("is one tree: every parent exists, is a prefix, and comes first", () => {
    for (const { id, parent, kind } of REQUIREMENTS) {
      if (parent === null) expect(kind).toBe("principal");
      else {
        expect(getRequirement(parent).id).toBe(parent);
        expect(id.startsWith(`${parent}.`), id).toBe(true);
      }
    }
    expect(childrenOf("1").map((r) => r.id)).toEqual(["1.1", "1.2", "1.3", "1.4", "1.5"]);
    expect(REQUIREMENTS.filter((r) => r.parent === null).flatMap((r) => leavesOf(r.id))).toHaveLength(280);
    expect(leavesOf("9.5.1.2").map((r) => r.id)).toEqual(["9.5.1.2", "9.5.1.2.1"]);
    expect(principalOf("A1.1.2")).toBe("A1");
  });

  it("has attestation groups and requirements that name each other", () => {
    expect(ATTESTATION_GROUPS).toHaveLength(30);
    for (const requirement of LEAF_REQUIREMENTS) {
      const naming = ATTESTATION_GROUPS.filter((g) => g.requirements.includes(requirement.id)).map((g) => g.id);
      expect([...requirement.attestations].sort(), requirement.id).toEqual(naming.sort());
    }
    for (const id of ATTESTATION_GROUPS.flatMap((g) => g.requirements)) expect(findRequirement(id), id).not.toBeNull();
  });

  it("lets somebody or something answer for every requirement", () => {
    const orphans = LEAF_REQUIREMENTS.filter((r) => r.primaryControls.length === 0 && r.attestations.length === 0);
    expect(orphans.map((r) => r.id)).toEqual([]);
  });

  it("knows what was superseded and throws for a number that doesn't exist", () => {
    expect(getRequirement("6.4.1")).toMatchObject({ supersededBy: "6.4.2", supersededOn: "2025-03-31" });
    expect(() => getRequirement("1.9.9")).toThrow(RangeError);
    expect(findRequirement("constructor")).toBeNull();
  });

  it("carries no trace of where the numbers came from", () => {
    expect(JSON.stringify(REQUIREMENTS)).not.toMatch(/idConfirmedBy|idMissingFrom|ComplianceAsCode/);
  });
});

describe("coverageOf", () => {
  const base = { ...getRequirement("1.3.1"), primaryControls: ["a", "b"], attestations: [] as string[] };
  const link = (control: string, kind: "primary" | "fail-only" | "supporting" = "primary") => ({ control, kind });
  it("is automated only when every deciding control exists, one can pass, and nobody has to attest", () => {
    expect(coverageOf(base, { links: [link("a"), link("b")] })).toBe("automated");
    expect(coverageOf(base, { links: [link("a")] })).toBe("partial");
    expect(coverageOf(base, { links: [link("a", "fail-only"), link("b", "fail-only")] })).toBe("partial");
    expect(coverageOf({ ...base, attestations: ["att-policies"] }, { links: [link("a"), link("b")] })).toBe("partial");
  });
  it("doesn't count supporting links", () => {
    expect(coverageOf(base, { links: [link("a", "supporting")] })).toBe("manual");
  });
  it("tells outside Kubernetes, provider and manual apart", () => {
    const physical = {
      ...base,
      kubernetesRelevance: "none" as const,
      responsibility: { selfManaged: "customer" as const, managed: "provider" as const },
    };
    expect(coverageOf(physical, { links: [] })).toBe("outside-kubernetes");
    expect(coverageOf(physical, { links: [], isManaged: true })).toBe("provider");
    expect(coverageOf(base, { links: [] })).toBe("manual");
  });
  it("says why, and names what is missing", () => {
    const whole = [link("a"), link("b")];
    expect(explainCoverage(base, { links: whole }).reason).toBe(
      "Every control that decides it is in the catalogue, and no person has to state anything for it.",
    );
    expect(explainCoverage(base, { links: [link("a")] }).reason).toBe(
      "Controls decide a part of it. b would decide too and does not in this catalogue.",
    );
    expect(explainCoverage({ ...base, attestations: ["att-policies"] }, { links: whole }).reason).toBe(
      "Controls decide a part of it. A person has to state the rest, with files that show it.",
    );
    expect(explainCoverage(base, { links: whole.map(({ control }) => link(control, "fail-only")) }).reason).toBe(
      "A control can show that it is broken; no control can show that it is met.",
    );
    expect(explainCoverage(base, { links: [link("a", "supporting")] }).reason).toContain("informs them");
  });
});
