/**
 * Two organizations share every table. Row-level security keeps them apart even where the code above it forgets to ask, so
 * these tests talk to the database directly, as the roles that the processes have.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { diffToSchema } from "../testing/schema-engine";
import { assertSafeRole, openDatabase } from "./client";
import { withOrganization, withoutOrganization, withPerson } from "./organization";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Tables that belong to nobody; each needs a reason. Everything else is a tenant's. */
const GLOBAL_TABLES = ["_prisma_migrations", "catalog", "person", "rate_limit", "session", "system_audit_entry"];

async function makeOrganization(slug: string): Promise<string> {
  const id = randomUUID();
  await withOrganization(id, async (tx) => {
    await tx.organization.create({ data: { id, slug, name: slug } });
    await tx.project.create({ data: { orgId: id, slug: "pci-production", name: "PCI production" } });
  });
  return id;
}

describe("the schema", () => {
  it("is what the migrations make", async () => {
    expect(await diffToSchema(database.url("superuser"))).toContain("This is an empty migration.");
  });

  it("forces row-level security, with USING and WITH CHECK on the organization, on every tenant table", async () => {
    const tables = await database.asSuperuser<{
      name: string;
      enabled: boolean;
      forced: boolean;
      owner: string;
      policies: { name: string; command: string; using: string; check: string; roles: string[] }[];
    }>(`
      SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced, pg_get_userbyid(c.relowner) AS owner,
        coalesce((SELECT json_agg(json_build_object('name', p.polname, 'command', p.polcmd, 'using', pg_get_expr(p.polqual, p.polrelid),
          'check', pg_get_expr(p.polwithcheck, p.polrelid),
          'roles', (SELECT coalesce(array_agg(rolname), '{}') FROM pg_roles WHERE oid = ANY(p.polroles))) ORDER BY p.polname)
          FROM pg_policy p WHERE p.polrelid = c.oid), '[]') AS policies
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`);
    expect(tables.filter((table) => !table.enabled).map((table) => table.name)).toEqual(GLOBAL_TABLES);
    for (const table of tables.filter((candidate) => candidate.enabled)) {
      expect(table, table.name).toMatchObject({ forced: true, owner: "ringfence_owner" });
      const column = table.name === "organization" ? "id" : "org_id";
      const rule = `(${column} = ( SELECT ringfence_org() AS ringfence_org))`;
      expect(
        table.policies.filter((policy) => policy.name === "tenant"),
        table.name,
      ).toEqual([{ name: "tenant", command: "*", using: rule, check: rule, roles: [] }]);
    }
    // Whatever else a policy allows is reading, by one named role, of four tables.
    const others = tables.flatMap((table) =>
      table.policies.filter((policy) => policy.name !== "tenant").map((policy) => ({ table: table.name, ...policy })),
    );
    expect(others.map(({ table, name, command, roles }) => [table, name, command, roles.join()])).toEqual([
      ["membership", "own_memberships", "r", "ringfence_web"],
      ["organization", "own_organizations", "r", "ringfence_web"],
      ["organization", "worker_directory", "r", "ringfence_worker"],
      ["project", "own_projects", "r", "ringfence_web"],
    ]);
  });

  it("leads every key and foreign key of a tenant table with the organization", async () => {
    const keys = await database.asSuperuser<{ table: string; name: string; type: string; first: string }>(`
      SELECT c.relname AS table, k.conname AS name, k.contype AS type, a.attname AS first
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
      WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND k.contype IN ('p', 'u', 'f') AND c.relname <> 'organization'`);
    const exceptions = keys.filter((key) => key.first !== "org_id").map((key) => key.name);
    // A person is global: people are in several organizations.
    expect(exceptions).toEqual(["membership_person_id_fkey"]);
    const unkeyed = await database.asSuperuser<{ name: string }>(`
      SELECT relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')`);
    expect(unkeyed).toEqual([]);
  });

  it("has no view that would show rows with its owner's rights", async () => {
    expect(
      await database.asSuperuser(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')",
      ),
    ).toEqual([]);
  });

  it("pins the search path of every function that runs with its owner's rights", async () => {
    const open = await database.asSuperuser<{ name: string }>(`
      SELECT proname AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
        AND NOT coalesce(array_to_string(proconfig, ',') LIKE '%search_path=%', false)`);
    expect(open).toEqual([]);
  });
});

describe("the processes' roles", () => {
  it("are accepted: each is bound by row-level security", async () => {
    for (const role of ["web", "ingest", "worker"] as const)
      await expect(assertSafeRole(database[role], role)).resolves.toBeUndefined();
  });

  it("are refused when a process connects as superuser, as the owner or as another process", async () => {
    const superuser = openDatabase(database.url("superuser"));
    await expect(assertSafeRole(superuser, "web")).rejects.toThrow(/is a superuser/);
    await superuser.$disconnect();
    await database.asSuperuser("ALTER ROLE ringfence_owner PASSWORD 'only-for-tests'");
    const address = new URL(database.url("web"));
    address.username = "ringfence_owner";
    const owner = openDatabase(address.href);
    await expect(assertSafeRole(owner, "web")).rejects.toThrow(/owns the tables/);
    await owner.$disconnect();
    await expect(assertSafeRole(database.ingest, "web")).rejects.toThrow(/must connect as ringfence_web/);
  });

  it("leave an agent's data path no way to people, sessions, invitations or memberships", async () => {
    const rights = await database.asSuperuser<{ table: string }>(`
      SELECT DISTINCT table_name AS table FROM information_schema.role_table_grants WHERE grantee = 'ringfence_ingest' ORDER BY 1`);
    const tables = rights.map((row) => row.table);
    for (const table of ["person", "session", "invitation", "membership", "finding", "result"])
      expect(tables).not.toContain(table);
  });
});

describe("a transaction", () => {
  it("without an organization sees nothing and writes nothing", async () => {
    await makeOrganization("alone");
    const seen = await withoutOrganization(async (tx) => [await tx.organization.count(), await tx.project.count()]);
    expect(seen).toEqual([0, 0]);
    await expect(
      withoutOrganization((tx) => tx.project.create({ data: { orgId: randomUUID(), slug: "x", name: "x" } })),
    ).rejects.toThrow(/row-level security/);
  });

  it("refuses an organization id that is not one, instead of leaving the condition out", async () => {
    const missing = undefined as unknown as string;
    await expect(withOrganization(missing, (tx) => tx.project.count())).rejects.toThrow(/valid organizationId/);
    await expect(withOrganization("", (tx) => tx.project.count())).rejects.toThrow(/valid organizationId/);
  });

  it("hides the other organization, even when asked for it by id", async () => {
    const [mine, theirs] = [await makeOrganization("mine"), await makeOrganization("theirs")];
    const seen = await withOrganization(mine, async (tx) => ({
      listed: await tx.project.findMany(),
      asked: await tx.project.findMany({ where: { orgId: theirs } }),
      organization: await tx.organization.findUnique({ where: { id: theirs } }),
      raw: await tx.$queryRaw<unknown[]>`SELECT * FROM project WHERE org_id = ${theirs}::uuid`,
    }));
    expect(seen.listed.map((project) => project.orgId)).toEqual([mine]);
    expect([seen.asked, seen.organization, seen.raw]).toEqual([[], null, []]);
  });

  it("can neither insert into, update nor move a row to the other organization", async () => {
    const [mine, theirs] = [await makeOrganization("writer"), await makeOrganization("victim")];
    await expect(
      withOrganization(mine, (tx) => tx.project.create({ data: { orgId: theirs, slug: "planted", name: "planted" } })),
    ).rejects.toThrow(/row-level security/);
    const changed = await withOrganization(mine, (tx) =>
      tx.project.updateMany({ where: { orgId: theirs }, data: { name: "taken" } }),
    );
    expect(changed.count).toBe(0);
    await expect(withOrganization(mine, (tx) => tx.project.updateMany({ data: { orgId: theirs } }))).rejects.toThrow();
    expect(await withOrganization(theirs, (tx) => tx.project.findMany({ select: { name: true } }))).toEqual([
      { name: "PCI production" },
    ]);
  });

  it("keeps 200 of two organizations apart on shared connections", async () => {
    const ids = [await makeOrganization("left"), await makeOrganization("right")];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const id = ids[index % 2] ?? "";
        return withOrganization(id, async (tx) =>
          (await tx.project.findMany()).every((project) => project.orgId === id),
        );
      }),
    );
    expect(answers.every(Boolean)).toBe(true);
    // And nothing of it stays on a pooled connection.
    expect(await withoutOrganization((tx) => tx.project.count())).toBe(0);
  });

  it("of a person shows their own memberships and organizations, and can write none", async () => {
    const [mine, theirs] = [await makeOrganization("has-me"), await makeOrganization("has-not")];
    const subject = randomBytes(8).toString("hex");
    const person = await withoutOrganization((tx) =>
      tx.person.create({ data: { issuer: "https://issuer.example", subject, name: "Ada" } }),
    );
    await withOrganization(mine, (tx) =>
      tx.membership.create({ data: { orgId: mine, personId: person.id, role: "owner" } }),
    );
    const organizations = await withPerson(person.id, (tx) => tx.organization.findMany());
    expect(organizations.map((organization) => organization.id)).toEqual([mine]);
    await expect(
      withPerson(person.id, (tx) =>
        tx.membership.create({ data: { orgId: theirs, personId: person.id, role: "owner" } }),
      ),
    ).rejects.toThrow(/row-level security/);
    expect(
      await withPerson(person.id, (tx) =>
        tx.membership.updateMany({ data: { role: "assessor" } }).catch(() => ({ count: 0 })),
      ),
    ).toEqual({ count: 0 });
  });

  it("cannot make the worker act for another organization", async () => {
    const [mine, theirs] = [await makeOrganization("asks"), await makeOrganization("is-spared")];
    await withOrganization(
      mine,
      (tx) => tx.$executeRaw`SELECT ringfence_enqueue('evaluate', ${JSON.stringify({ orgId: theirs })}::jsonb, 'key')`,
      { role: "ingest" },
    );
    const jobs = await database.asSuperuser<{ payload: { orgId: string } }>(
      "SELECT payload FROM graphile_worker._private_jobs",
    );
    expect(jobs.map((job) => job.payload.orgId)).toEqual([mine]);
    await expect(
      withoutOrganization((tx) => tx.$executeRaw`SELECT ringfence_enqueue('evaluate', '{}'::jsonb)`),
    ).rejects.toThrow(/no organization/);
  });
});
