import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANONYMOUS, hashOfEntry, recordRefusal, verifyAuditChain, writeAudit } from "./audit";
import { listAudit } from "./audit-list";
import { withOrganization, withoutOrganization } from "./db/organization";
import { makeOrganization, makePrincipal } from "./testing/builders";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const entry = (orgId: string, name: string) => ({
  orgId,
  at: new Date("2026-11-21T10:00:00.123Z"),
  actor: ANONYMOUS,
  action: "cluster:rescan" as const,
  outcome: "done" as const,
  object: { type: "cluster", id: null, name },
  detail: { b: 1, a: 'ü"\n', list: ["x"] },
});

describe("the chain", () => {
  it("links every entry to the one before, each by its own organization, also when 30 are written at once", async () => {
    const [one, two] = [await makeOrganization(), await makeOrganization()];
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => {
        const { id } = index % 2 ? one : two;
        return withOrganization(id, (tx) => writeAudit(tx, entry(id, `c${index}`)));
      }),
    );
    for (const { id } of [one, two]) {
      const { brokenAt, entries } = await verifyAuditChain(id);
      expect(brokenAt).toBeNull();
      expect(entries).toBe(17);
      const rows = await withOrganization(id, (tx) => tx.auditEntry.findMany({ orderBy: { seq: "asc" } }));
      expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
      let previous: Uint8Array = Buffer.alloc(32);
      for (const row of rows) {
        expect(Buffer.from(row.hash)).toEqual(hashOfEntry(previous, row.seq, row.record));
        previous = row.hash;
      }
    }
  });

  const attacks: [string, string][] = [
    [
      "a record that was altered",
      "UPDATE audit_entry SET record = replace(record, 'c1', 'c9') WHERE org_id = $1 AND seq = 4",
    ],
    [
      "a column that no longer says what the record says",
      "UPDATE audit_entry SET actor_name = 'somebody else' WHERE org_id = $1 AND seq = 4",
    ],
    ["an outcome that was turned round", "UPDATE audit_entry SET outcome = 'refused' WHERE org_id = $1 AND seq = 4"],
    ["an entry that is missing in the middle", "DELETE FROM audit_entry WHERE org_id = $1 AND seq = 4"],
    ["entries that are missing at the end", "DELETE FROM audit_entry WHERE org_id = $1 AND seq >= 4"],
  ];
  for (const [name, sql] of attacks) {
    it(`shows ${name}`, async () => {
      const { id } = await makeOrganization();
      for (let index = 0; index < 3; index++)
        await withOrganization(id, (tx) => writeAudit(tx, entry(id, `c${index}`)));
      expect((await verifyAuditChain(id)).brokenAt).toBeNull();
      // What only somebody with the database's own superuser can do.
      await database.asSuperuser("ALTER TABLE audit_entry DISABLE TRIGGER USER");
      await database.asSuperuser(sql, [id]);
      await database.asSuperuser("ALTER TABLE audit_entry ENABLE TRIGGER USER");
      expect((await verifyAuditChain(id)).brokenAt).toBe(4n);
    });
  }
});

describe("an entry", () => {
  it("can't be changed, deleted or truncated, not even by the tables' owner", async () => {
    const { id } = await makeOrganization();
    for (const role of ["web", "ingest", "worker"] as const) {
      for (const sql of ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]) {
        await expect(
          withOrganization(id, (tx) => tx.$executeRawUnsafe(sql), { role }),
          `${role}: ${sql}`,
        ).rejects.toThrow(/permission denied|insert-only/);
      }
    }
    for (const sql of [
      "UPDATE audit_entry SET action = 'x'",
      "DELETE FROM audit_entry",
      "TRUNCATE audit_entry",
      "UPDATE system_audit_entry SET action = 'x'",
      "DELETE FROM system_audit_entry",
    ]) {
      await expect(database.asSuperuser(sql), sql).rejects.toThrow(/insert-only/);
    }
  });

  it("can't be numbered or hashed by whoever writes it", async () => {
    const { id } = await makeOrganization();
    await withOrganization(
      id,
      (tx) => tx.$executeRaw`
      INSERT INTO audit_entry (org_id, seq, at, actor_type, actor_name, action, outcome, detail, record, prev_hash, hash)
      VALUES (${id}::uuid, 999, now(), 'person', 'x', 'x', 'done', '{}', '{}', '\\x00', '\\x00')`,
    );
    const seqs = await withOrganization(id, (tx) =>
      tx.auditEntry.findMany({ select: { seq: true }, orderBy: { seq: "asc" } }),
    );
    expect(seqs.map((row) => Number(row.seq))).toEqual([1, 2, 3]);
    await expect(withOrganization(id, (tx) => tx.$executeRaw`UPDATE audit_head SET seq = 0`)).rejects.toThrow(
      /permission denied/,
    );
  });

  it("goes away with the change that it records, and takes the change with it", async () => {
    const { id } = await makeOrganization();
    const before = (await verifyAuditChain(id)).entries;
    await expect(
      withOrganization(id, async (tx) => {
        await tx.project.create({ data: { orgId: id, slug: "half-done", name: "x" } });
        await writeAudit(tx, entry(id, "x"));
        throw new Error("later");
      }),
    ).rejects.toThrow("later");
    await expect(
      withOrganization(id, async (tx) => {
        await tx.project.create({ data: { orgId: id, slug: "half-done", name: "x" } });
        await writeAudit(tx, { ...entry(id, "x"), outcome: "no such outcome" as "done" });
      }),
    ).rejects.toThrow();
    expect((await verifyAuditChain(id)).entries).toBe(before);
    expect(await withOrganization(id, (tx) => tx.project.count({ where: { slug: "half-done" } }))).toBe(0);
  });

  it("can't be prevented by words that PostgreSQL or UTF-8 does not know", async () => {
    const { id } = await makeOrganization();
    await withOrganization(id, (tx) => writeAudit(tx, entry(id, `a\u0000b\ud800c${"x".repeat(100_000)}`)));
    const rows = await withOrganization(id, (tx) => tx.auditEntry.findMany({ orderBy: { seq: "desc" }, take: 1 }));
    expect(rows[0]?.objectName?.startsWith("a\uFFFDb\uFFFDcxxx")).toBe(true);
    expect(rows[0]?.objectName?.length).toBe(500);
    expect((await verifyAuditChain(id)).brokenAt).toBeNull();
  });

  it("of an organization that doesn't exist goes to the global trail", async () => {
    await recordRefusal({ ...entry("x", "x"), orgId: "11111111-1111-4111-8111-111111111111", requestId: "trace-1" });
    expect(await database.asSuperuser("SELECT 1 FROM system_audit_entry WHERE request_id = 'trace-1'")).toHaveLength(1);
    await expect(withoutOrganization((tx) => tx.systemAuditEntry.findMany())).rejects.toThrow(/permission denied/);
  });
});

describe("reading it", () => {
  it("shows an assessor the newest first, filters and counts; a platform engineer is refused", async () => {
    const organization = await makeOrganization();
    const assessor = await makePrincipal(organization, "assessor");
    for (let index = 0; index < 5; index++)
      await withOrganization(organization.id, (tx) => writeAudit(tx, entry(organization.id, `c${index}`)));
    const page = await listAudit(assessor, { action: "cluster:rescan", pageSize: 2, page: 2 });
    expect(page.items.map((row) => row.object?.name)).toEqual(["c2", "c1"]);
    expect(page).toMatchObject({ total: 5, totalUnfiltered: 7, page: 2 });
    const engineer = await makePrincipal(organization, "platformEngineer");
    await expect(listAudit(engineer, {})).rejects.toMatchObject({ code: "forbidden" });
  });
});
