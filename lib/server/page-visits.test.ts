import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "@/lib/access";
import { verifyAuditChain } from "./audit";
import { listAudit } from "./audit-list";
import { recordedPath, recordVisit } from "./page-visits";
import { makeOrganization, makePrincipal } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const NOW = new Date("2026-11-21T10:00:00Z");
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const opening = (address: string) => ({ address, outcome: "done" as const });

async function world(role: Role) {
  const organization = await makeOrganization();
  const principal = await makePrincipal(organization, role);
  const entries = async () => (await listAudit(principal, { action: "page:open" })).items;
  return { organization, principal, entries };
}

describe("what an assessor opens", () => {
  it("is in the audit trail with person, address, outcome and origin, and the chain holds", async () => {
    const { organization, principal, entries } = await world("assessor");
    expect(await recordVisit(principal, opening("/o/x/requirements/8.6.1?cluster=pci-prod&status=fail"), NOW)).toBe(
      true,
    );
    await recordVisit(principal, { address: "/o/x/members", outcome: "refused" }, NOW);
    expect(await entries()).toMatchObject([
      { outcome: "refused", object: { type: "page", name: "/o/x/members" } },
      {
        at: NOW.toISOString(),
        actor: { type: "person", id: principal.person.id, name: principal.person.name },
        outcome: "done",
        object: { name: "/o/x/requirements/8.6.1?cluster=pci-prod&status=fail" },
        origin: "192.0.2.1",
        requestId: principal.requestId,
      },
    ]);
    expect((await verifyAuditChain(organization.id)).brokenAt).toBeNull();
  });

  it("is one entry when the page is drawn again within a minute, also when both happen at once", async () => {
    const { principal, entries } = await world("assessor");
    const drawn = Array.from({ length: 8 }, () => recordVisit(principal, opening("/o/x/clusters/a"), NOW));
    expect((await Promise.all(drawn)).filter(Boolean)).toHaveLength(1);
    expect(await recordVisit(principal, opening("/o/x/clusters/a"), later(59))).toBe(false);
    expect(await recordVisit(principal, opening("/o/x/clusters/a"), later(61))).toBe(true);
    expect(await entries()).toHaveLength(2);
  });

  it("is an entry each for another page, another filter and another session", async () => {
    const { principal, entries } = await world("assessor");
    const elsewhere = { ...principal, session: { ...principal.session, idHash: new Uint8Array(32).fill(7) } };
    await recordVisit(principal, opening("/o/x/clusters/a"), NOW);
    await recordVisit(principal, opening("/o/x/clusters/b"), NOW);
    await recordVisit(principal, opening("/o/x/clusters/b?tab=scans"), NOW);
    await recordVisit(elsewhere, opening("/o/x/clusters/a"), NOW);
    expect(await entries()).toHaveLength(4);
  });

  it("is not recorded of anybody who is more than an assessor", async () => {
    const { principal, entries } = await world("owner");
    const both = { ...principal, roles: [...principal.roles, { role: "assessor" as const, projectId: null }] };
    expect(await recordVisit(principal, opening("/o/x/clusters"), NOW)).toBe(false);
    expect(await recordVisit(both, opening("/o/x/clusters"), NOW)).toBe(false);
    expect(await entries()).toEqual([]);
  });
});

describe("the address in the trail", () => {
  it("keeps lens, filters and page, and of anything that somebody typed only the name", () => {
    expect(recordedPath("/o/x/findings?project=pci&severity=high&page=2&_rsc=1a2b")).toBe(
      "/o/x/findings?project=pci&severity=high&page=2",
    );
    expect(recordedPath("/o/x/findings?q=hunter2")).toBe("/o/x/findings?q=not-recorded");
    expect(recordedPath("/o/x/findings?status=Bearer%20abc")).not.toContain("abc");
    expect(recordedPath("/o/x/findings?token%20x=abc")).toBe("/o/x/findings");
  });
});
