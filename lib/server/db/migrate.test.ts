/** The runner of migrations on a PostgreSQL that knows nothing of Ringfence yet. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningPostgres, startPostgres } from "@/demo/postgres";
import { deployWithPrisma, diagnoseWithPrisma, diffToSchema } from "../testing/schema-engine";
import { assertSafeRole, openDatabase } from "./client";
import { listMigrations, listMissingMigrations, migrate } from "./migrate";
import { bootstrapSql } from "./roles";

let folder: string;
let postgres: RunningPostgres;
let counter = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-migrate-test-"));
  chmodSync(folder, 0o755);
  postgres = await startPostgres(join(folder, "files"), { durable: false });
});
afterAll(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function query<Row extends pg.QueryResultRow>(database: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: postgres.superuserUrl(database) });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const results: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(sql);
    return [results].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

async function makeDatabase(): Promise<string> {
  const name = `empty_${counter++}`;
  await query("postgres", `CREATE DATABASE ${name}`);
  return name;
}

/** A copy of the real migrations, with one more. */
function migrationsWith(name: string, sql: string): string {
  const copy = join(folder, `migrations-${counter++}`);
  cpSync(join(process.cwd(), "prisma/migrations"), copy, { recursive: true });
  mkdirSync(join(copy, name), { recursive: true });
  writeFileSync(join(copy, name, "migration.sql"), sql);
  return copy;
}

const NAMES = listMigrations().map((migration) => migration.name);

// In this order: the first knows no roles yet, and roles belong to the whole server.
describe.sequential("migrating", () => {
  it("without the right to make roles says what a database administrator has to run, which then suffices", async () => {
    const database = await makeDatabase();
    await query("postgres", "CREATE ROLE somebody LOGIN PASSWORD 'x'");
    await expect(migrate({ url: postgres.url("somebody", "x", database) })).rejects.toThrow(
      /CREATE ROLE ringfence_owner/,
    );
    await query(database, bootstrapSql(database));
    await query(database, "ALTER ROLE ringfence_owner PASSWORD 'owner'");
    expect(await migrate({ url: postgres.url("ringfence_owner", "owner", database) })).toEqual(NAMES);
    expect(await migrate({ url: postgres.url("ringfence_owner", "owner", database) })).toEqual([]);
    const owners = await query<{ owner: string; schema: string }>(
      database,
      "SELECT DISTINCT schemaname AS schema, tableowner AS owner FROM pg_tables WHERE schemaname IN ('public', 'graphile_worker') ORDER BY 1",
    );
    expect(owners).toEqual([
      { schema: "graphile_worker", owner: "ringfence_worker" },
      { schema: "public", owner: "ringfence_owner" },
    ]);
  });

  it("as superuser makes the roles, gives them their passwords, and leaves each bound by row-level security", async () => {
    const database = await makeDatabase();
    const passwords = { web: "it's 1", ingest: "i", worker: "w" };
    expect(await migrate({ url: postgres.superuserUrl(database), passwords })).toEqual(NAMES);
    for (const role of ["web", "ingest", "worker"] as const) {
      const connection = openDatabase(postgres.url(`ringfence_${role}`, passwords[role], database));
      await expect(assertSafeRole(connection, role)).resolves.toBeUndefined();
      // No process makes tables, not even its own.
      await expect(connection.$executeRawUnsafe("CREATE TABLE public.mine (n int)")).rejects.toThrow(
        /permission denied/,
      );
      await expect(connection.$executeRawUnsafe("CREATE SCHEMA mine")).rejects.toThrow(/permission denied/);
      await connection.$disconnect();
    }
  });

  it("by four runners at once applies each migration once", async () => {
    const database = await makeDatabase();
    const applied = await Promise.all(
      Array.from({ length: 4 }, () => migrate({ url: postgres.superuserUrl(database) })),
    );
    expect(applied.filter((names) => names.length > 0)).toEqual([NAMES]);
  });

  it("keeps Prisma's own record, so that its tools find nothing left to do", async () => {
    const database = await makeDatabase();
    await migrate({ url: postgres.superuserUrl(database) });
    const rows = await query<{ migration_name: string; checksum: string; done: boolean; applied_steps_count: number }>(
      database,
      "SELECT migration_name, checksum, finished_at IS NOT NULL AS done, applied_steps_count FROM _prisma_migrations ORDER BY 1",
    );
    expect(rows).toEqual(
      listMigrations().map(({ name, checksum }) => ({
        migration_name: name,
        checksum,
        done: true,
        applied_steps_count: 1,
      })),
    );
  });

  it("is understood by Prisma's own engine, which applies the same folders and finds nothing to add to ours", async () => {
    const ours = await makeDatabase();
    await migrate({ url: postgres.superuserUrl(ours) });
    expect(await diagnoseWithPrisma(postgres.superuserUrl(ours))).toEqual({
      editedMigrationNames: [],
      failedMigrationNames: [],
      hasMigrationsTable: true,
      history: null,
    });
    const theirs = await makeDatabase();
    await query(theirs, bootstrapSql(theirs));
    await query(theirs, "ALTER ROLE ringfence_owner PASSWORD 'owner'");
    const owner = postgres.url("ringfence_owner", "owner", theirs);
    expect(await deployWithPrisma(owner)).toEqual(NAMES);
    // Only the job queue, which is not Prisma's, is left to do.
    expect(await migrate({ url: owner })).toEqual([]);
    expect(await diffToSchema(owner)).toContain("This is an empty migration.");
  });

  it("that fails changes nothing, is remembered, and is not tried again by itself", async () => {
    const database = await makeDatabase();
    const broken = migrationsWith("20991231000000_broken", "CREATE TABLE half (n int); SELECT no_such_function();");
    await expect(migrate({ url: postgres.superuserUrl(database), folder: broken })).rejects.toThrow(
      /20991231000000_broken failed: .*no_such_function/,
    );
    expect(await query(database, "SELECT to_regclass('public.half') AS found")).toEqual([{ found: null }]);
    await expect(migrate({ url: postgres.superuserUrl(database), folder: broken })).rejects.toThrow(
      /failed earlier.*UPDATE _prisma_migrations/s,
    );
    await query(database, "UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL");
    expect(
      await migrate({
        url: postgres.superuserUrl(database),
        folder: migrationsWith("20991231000000_broken", "CREATE TABLE half (n int);"),
      }),
    ).toEqual(["20991231000000_broken"]);
  });

  it("refuses a migration whose text was changed after it had been applied", async () => {
    const database = await makeDatabase();
    await migrate({ url: postgres.superuserUrl(database) });
    const changed = migrationsWith(NAMES[0] ?? "", "SELECT 1;");
    await expect(migrate({ url: postgres.superuserUrl(database), folder: changed })).rejects.toThrow(
      /was changed after it had been applied/,
    );
  });

  it("is missed by the check before a process starts, as long as it is missing", async () => {
    const database = await makeDatabase();
    const client = new pg.Client({ connectionString: postgres.superuserUrl(database) });
    await client.connect();
    expect(await listMissingMigrations(client)).toEqual(NAMES);
    await migrate({ url: postgres.superuserUrl(database) });
    expect(await listMissingMigrations(client)).toEqual([]);
    await client.end();
  });
});
