import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { acceptInvitation, createInvitation } from "./invitations";
import { listMembers, revokeMember } from "./members";
import { describeSession, getOrganization } from "./organizations";
import { resolvePrincipal } from "./principal";
import { createProject, listProjects } from "./projects";
import { requireSession } from "./session";
import { makeOrganization, makePerson, makePrincipal } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const FROM = { origin: null, requestId: null };

describe("members", () => {
  it("are listed, filtered and counted for those who may see them", async () => {
    const organization = await makeOrganization();
    const owner = await makePrincipal(organization, "owner", { name: "Ada" });
    await makePrincipal(organization, "assessor", { name: "Quentin", project: "pci-production" });
    await makePrincipal(await makeOrganization(), "owner", { name: "Stranger" });
    const all = await listMembers(owner, {});
    expect(all.items.map((row) => [row.person.name, row.role, row.project?.slug ?? null])).toEqual([
      ["Ada", "owner", null],
      ["Quentin", "assessor", "pci-production"],
    ]);
    expect(await listMembers(owner, { q: "QUENT" })).toMatchObject({ total: 1, totalUnfiltered: 2 });
    const engineer = await makePrincipal(organization, "platformEngineer");
    await expect(listMembers(engineer, {})).rejects.toMatchObject({ code: "forbidden" });
  });

  it("that are revoked find the organization gone at their next request", async () => {
    const organization = await makeOrganization();
    const owner = await makePrincipal(organization, "owner");
    const engineer = await makePrincipal(organization, "platformEngineer");
    const row = (await listMembers(owner, { role: "platformEngineer" })).items[0];
    await revokeMember(owner, row?.id ?? "");
    await expect(resolvePrincipal(engineer.token, organization.slug, FROM)).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(revokeMember(owner, row?.id ?? "")).rejects.toMatchObject({ code: "not-found" });
  });

  it("always keep one owner, even if two remove each other at once", async () => {
    const organization = await makeOrganization();
    const one = await makePrincipal(organization, "owner");
    const person = await makePerson();
    await acceptInvitation(person, (await createInvitation(one, { role: "owner" })).token, FROM);
    const two = await resolvePrincipal(person.token, organization.slug, FROM);
    const rows = (await listMembers(one, {})).items;
    const idOf = (personId: string) => rows.find((row) => row.person.id === personId)?.id ?? "";
    const outcomes = await Promise.allSettled([
      revokeMember(one, idOf(two.person.id)),
      revokeMember(two, idOf(one.person.id)),
    ]);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find((outcome) => outcome.status === "rejected")).toMatchObject({ reason: { code: "conflict" } });
  });
});

describe("projects", () => {
  it("are those in which one may read", async () => {
    const organization = await makeOrganization();
    const everywhere = await makePrincipal(organization, "complianceOfficer");
    const somewhere = await makePrincipal(organization, "assessor", { project: "pci-production" });
    expect((await listProjects(everywhere)).items.map((project) => project.slug)).toEqual([
      "development",
      "pci-production",
    ]);
    expect((await listProjects(somewhere)).items.map((project) => project.slug)).toEqual(["pci-production"]);
  });

  it("are made by owners, once", async () => {
    const organization = await makeOrganization();
    const owner = await makePrincipal(organization, "owner");
    await createProject(owner, { slug: "staging", name: "Staging" });
    await expect(createProject(owner, { slug: "staging", name: "Staging" })).rejects.toMatchObject({
      code: "conflict",
    });
    await expect(
      createProject(await makePrincipal(organization, "platformEngineer"), { slug: "x", name: "X" }),
    ).rejects.toMatchObject({ code: "forbidden" });
  });
});

describe("a session's view", () => {
  it("names the organizations and roles of the person, and nobody else's", async () => {
    const [one, two] = [await makeOrganization({ slug: "a-one" }), await makeOrganization({ slug: "b-two" })];
    await makePrincipal(two, "owner");
    const principal = await makePrincipal(one, "platformEngineer", { project: "development" });
    const view = await describeSession(await requireSession(principal.token));
    expect(view.organizations).toEqual([
      { slug: "a-one", name: "a-one", roles: [{ role: "platformEngineer", project: "development" }] },
    ]);
    expect(await getOrganization(principal)).toMatchObject({ slug: "a-one" });
  });
});
