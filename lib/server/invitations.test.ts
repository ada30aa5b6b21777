import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withOrganization } from "./db/organization";
import { acceptInvitation, createInvitation, organizationOfToken } from "./invitations";
import { createOrganization } from "./organizations";
import { resolvePrincipal } from "./principal";
import { makeOrganization, makePerson, makePrincipal } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const FROM = { origin: "192.0.2.9", requestId: null };

describe("an invitation", () => {
  it("of 20 people who redeem it at once lets exactly one in", async () => {
    const { id, slug, ownerInvitation } = await makeOrganization();
    const people = await Promise.all(Array.from({ length: 20 }, () => makePerson()));
    const outcomes = await Promise.allSettled(people.map((person) => acceptInvitation(person, ownerInvitation, FROM)));
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "gone" });
    }
    expect(await withOrganization(id, (tx) => tx.membership.count())).toBe(1);
    const winner = people[outcomes.findIndex((outcome) => outcome.status === "fulfilled")];
    await expect(resolvePrincipal(winner?.token ?? null, slug, FROM)).resolves.toMatchObject({
      roles: [{ role: "owner", projectId: null }],
    });
  });

  it("redeemed by one person in 20 windows at once makes one membership", async () => {
    const { id, ownerInvitation } = await makeOrganization();
    const person = await makePerson();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => acceptInvitation(person, ownerInvitation, FROM)),
    );
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    expect(await withOrganization(id, (tx) => tx.membership.count())).toBe(1);
  });

  it("that has expired, was revoked, was altered or never existed is refused in the same words", async () => {
    const organization = await makeOrganization();
    const owner = await makePrincipal(organization, "owner");
    const issue = () => createInvitation(owner, { role: "assessor", expiresInHours: 1 });
    const [expired, revoked, altered] = [await issue(), await issue(), await issue()];
    await withOrganization(organization.id, (tx) =>
      tx.invitation.updateMany({ where: { id: revoked.id }, data: { revokedAt: new Date() } }),
    );
    const person = await makePerson();
    const tries: [string, Date][] = [
      [expired.token, new Date(Date.now() + 3_600_001)],
      [revoked.token, new Date()],
      [`${altered.token.slice(0, -4)}AAAA`, new Date()],
      ["rfi_", new Date()],
      ["", new Date()],
    ];
    const messages = new Set<string>();
    for (const [token, at] of tries) {
      await acceptInvitation(person, token, FROM, at).then(
        () => expect.unreachable("it was accepted"),
        (error: Error & { code: string }) => {
          expect(error.code).toBe("gone");
          messages.add(error.message);
        },
      );
    }
    expect(messages.size).toBe(1);
  });

  it("gives the role in the project that it names, until the day that it names", async () => {
    const organization = await makeOrganization();
    const owner = await makePrincipal(organization, "owner");
    const until = new Date(Date.now() + 86_400_000);
    const { token } = await createInvitation(owner, {
      role: "assessor",
      project: "pci-production",
      membershipExpiresAt: until.toISOString(),
    });
    const person = await makePerson();
    await acceptInvitation(person, token, FROM);
    await expect(resolvePrincipal(person.token, organization.slug, FROM)).resolves.toMatchObject({
      roles: [{ role: "assessor", projectId: organization.projects["pci-production"] }],
    });
    await database.asSuperuser(
      "UPDATE session SET idle_expires_at = now() + interval '3 days', absolute_expires_at = now() + interval '3 days'",
    );
    await expect(resolvePrincipal(person.token, organization.slug, FROM, until)).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("can only be made by an owner of the whole organization, with a recent sign-in", async () => {
    const organization = await makeOrganization();
    for (const role of ["complianceOfficer", "platformEngineer", "assessor"] as const) {
      const principal = await makePrincipal(organization, role);
      await expect(createInvitation(principal, { role: "owner" })).rejects.toMatchObject({ code: "forbidden" });
    }
    const projectOwner = await makePrincipal(organization, "owner", { project: "development" });
    await expect(createInvitation(projectOwner, { role: "owner" })).rejects.toMatchObject({ code: "forbidden" });
    const owner = await makePrincipal(organization, "owner");
    const later = new Date(Date.now() + 61 * 60_000);
    await expect(createInvitation(owner, { role: "assessor" }, later)).rejects.toMatchObject({
      code: "fresh-sign-in-required",
    });
  });

  it("is stored as a hash, and its token names the organization that it is looked up in", async () => {
    const { id, ownerInvitation } = await makeOrganization();
    expect(organizationOfToken("rfi_", ownerInvitation)).toBe(id);
    const rows = await database.asSuperuser<{ text: string }>(
      "SELECT i::text AS text FROM invitation i UNION ALL SELECT a::text FROM audit_entry a",
    );
    for (const row of rows) expect(row.text).not.toContain(ownerInvitation);
  });
});

describe("creating an organization", () => {
  it("refuses a slug that is taken and leaves nothing of the second behind", async () => {
    const { slug } = await makeOrganization();
    const before = await database.asSuperuser("SELECT 1 FROM audit_entry");
    await expect(
      createOrganization({ slug, name: "again", projects: [{ slug: "one", name: "One" }] }),
    ).rejects.toMatchObject({ code: "conflict" });
    expect(await database.asSuperuser("SELECT 1 FROM audit_entry")).toHaveLength(before.length);
  });

  it("names what is wrong with its input", async () => {
    await expect(createOrganization({ slug: "Not A Slug", name: "", projects: [] })).rejects.toMatchObject({
      code: "invalid-input",
      details: expect.arrayContaining([
        expect.objectContaining({ where: "slug" }),
        expect.objectContaining({ where: "name" }),
      ]),
    });
  });
});
