/** A database of its own for one test file: real PostgreSQL, the real migrations, the real roles. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { type Database, openDatabase, useDatabases } from "../db/client";
import { PROCESS_ROLES, type ProcessRole } from "../db/roles";

export interface TestDatabase {
  web: Database;
  ingest: Database;
  worker: Database;
  /** Address for one of the roles, for processes that a test starts. */
  url(role: ProcessRole | "superuser"): string;
  /** A query as superuser, past row-level security: for looking at what really happened, never for what is tested. */
  asSuperuser<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/**
 * Copies the migrated template (about 15 ms) and makes its roles' connections those of this process, so that the functions
 * of lib/server under test use it. Call it in `beforeAll`, `drop` it in `afterAll`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { superuserUrl, template, password } = inject("testPostgres");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const at = (role: string, secret: string) => {
    const url = new URL(superuserUrl);
    url.pathname = `/${name}`;
    url.username = role;
    url.password = secret;
    return url.href;
  };
  const superuser = new URL(superuserUrl);
  const url = (role: ProcessRole | "superuser") =>
    role === "superuser"
      ? at(superuser.username, decodeURIComponent(superuser.password))
      : at(PROCESS_ROLES[role], password);

  await maintain(superuserUrl, async (client) => {
    // Copies of one template wait for each other: PostgreSQL refuses a template in use.
    await client.query("SELECT pg_advisory_lock(1)");
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const databases = {
    web: openDatabase(url("web"), { maxConnections: 25 }),
    ingest: openDatabase(url("ingest"), { maxConnections: 10 }),
    worker: openDatabase(url("worker"), { maxConnections: 10 }),
  };
  useDatabases(databases);
  const observer = new pg.Pool({ connectionString: url("superuser"), max: 2 });
  observer.on("error", () => undefined);
  return {
    ...databases,
    url,
    async asSuperuser<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) {
      return (await observer.query<Row>(sql, values)).rows;
    },
    async drop() {
      await Promise.all([...Object.values(databases).map((database) => database.$disconnect()), observer.end()]);
      await maintain(superuserUrl, async (client) => {
        await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
      });
    },
  };
}

async function maintain(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
