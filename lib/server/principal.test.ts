import { describe, expect, it } from "vitest";
import { PERMISSIONS, type Role } from "@/lib/access";
import {
  allows,
  allowsSomewhere,
  type Principal,
  projectsWith,
  requireFreshSignIn,
  requirePermission,
  requireProjectsWith,
} from "./principal";

const START = new Date("2026-11-21T08:00:00Z");

function principal(roles: { role: Role; projectId: string | null }[], authenticatedAt: Date | null = START): Principal {
  return {
    organization: { id: "o", slug: "acme", name: "Acme" },
    person: { id: "p", name: "Ada", email: null },
    roles,
    session: {
      idHash: new Uint8Array(32),
      createdAt: START,
      idleExpiresAt: START,
      absoluteExpiresAt: START,
      authenticatedAt,
      amr: null,
      acr: null,
    },
    origin: null,
    requestId: null,
  };
}

describe("a role", () => {
  it("in one project gives nothing in another, and nothing over the whole organization", () => {
    const ada = principal([{ role: "platformEngineer", projectId: "dev" }]);
    expect(allows(ada, "cluster:register", "dev")).toBe(true);
    expect(allows(ada, "cluster:register", "pci")).toBe(false);
    expect(allows(ada, "cluster:register")).toBe(false);
    expect(allowsSomewhere(ada, "cluster:register")).toBe(true);
  });

  it("in the whole organization counts in every project", () => {
    const ada = principal([{ role: "complianceOfficer", projectId: null }]);
    expect(projectsWith(ada, "finding:triage")).toBeNull();
    expect(allows(ada, "finding:triage", "any")).toBe(true);
  });

  it("adds to the person's others, each in its own project", () => {
    const ada = principal([
      { role: "assessor", projectId: "pci" },
      { role: "platformEngineer", projectId: "dev" },
    ]);
    expect(projectsWith(ada, "cluster:read")).toEqual(["pci", "dev"]);
    expect(projectsWith(ada, "cluster:revoke")).toEqual(["dev"]);
    expect(projectsWith(ada, "member:invite")).toEqual([]);
  });

  it("that does not suffice is refused by naming the roles that would", () => {
    const ada = principal([{ role: "assessor", projectId: null }]);
    expect(() => requirePermission(ada, "cluster:register")).toThrow(/cluster:register.*owner or platform engineer/);
    expect(() => requireProjectsWith(ada, "member:invite")).toThrow(/owner/);
  });

  it("does not come from having none", () => {
    const nobody = principal([]);
    for (const permission of PERMISSIONS) {
      expect(allowsSomewhere(nobody, permission)).toBe(false);
      expect(projectsWith(nobody, permission)).toEqual([]);
    }
  });
});

describe("a fresh sign-in", () => {
  const later = (minutes: number) => new Date(START.getTime() + minutes * 60_000);

  it("is one of the last hour, by the issuer's word", () => {
    expect(() => requireFreshSignIn(principal([]), later(60))).not.toThrow();
    expect(() => requireFreshSignIn(principal([]), later(60.1))).toThrow(/sign in again/);
    // A session opened just now over an old sign-in at the issuer is not fresh.
    expect(() => requireFreshSignIn(principal([], later(-120)), START)).toThrow(/sign in again/);
  });

  it("is counted from the session's beginning where the issuer does not say", () => {
    expect(() => requireFreshSignIn(principal([], null), later(59))).not.toThrow();
  });
});
