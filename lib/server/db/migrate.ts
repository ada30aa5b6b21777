/**
 * Applies prisma/migrations, in order, each once, with nothing but the driver: it runs where Prisma's native engine can't be
 * downloaded, and leaves the same `_prisma_migrations` table, so that `prisma migrate deploy` and this agree about what is
 * applied. Also the migrations of the job queue, whose schema belongs to the worker's role.
 *
 * `npm run migrate` with RINGFENCE_MIGRATION_DATABASE_URL: the owner's role, or a superuser (who also makes the roles).
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Logger, runMigrations } from "graphile-worker";
import pg from "pg";
import { bootstrapSql, OWNER_ROLE, PROCESS_ROLES, type ProcessRole, setPasswords } from "./roles";

/** Prisma's own advisory lock, so that neither runs beside the other. */
const MIGRATION_LOCK = 72_707_369;

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of migration.sql, lower-case hex: as Prisma computes it. */
  checksum: string;
}

/** The migrations of this release, in the order in which they apply. */
export function listMigrations(folder: string = migrationsFolder()): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "migration.sql")))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

function migrationsFolder(): string {
  const beside = join(process.cwd(), "prisma/migrations");
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../../prisma/migrations", import.meta.url));
}

export interface MigrateOptions {
  /** Address for the owner's role or a superuser. */
  url: string;
  folder?: string;
  /** Passwords for the processes' roles; only possible as superuser. */
  passwords?: Partial<Record<ProcessRole, string>>;
  log?: (line: string) => void;
}

/**
 * Brings the database at `url` up to this release.
 *
 * @returns the names that were applied now.
 * @throws Error in words for an operator: roles missing, an earlier migration failed, an applied migration was edited.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const log = options.log ?? (() => undefined);
  const client = new pg.Client({ connectionString: options.url, application_name: "ringfence-migrate" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const isSuperuser = await prepareRoles(client, options.passwords ?? {});
    await client.query(`SET ROLE ${OWNER_ROLE}`);
    await client.query(MIGRATIONS_TABLE);
    const pending = await findPending(client, listMigrations(options.folder));
    for (const migration of pending) {
      log(`applying ${migration.name}`);
      await apply(client, migration);
    }
    await migrateQueue(options.url);
    await client.query("RESET ROLE");
    if (isSuperuser) {
      await client.query(
        `REVOKE CREATE ON DATABASE ${client.escapeIdentifier(client.database ?? "")} FROM ${PROCESS_ROLES.worker}`,
      );
    }
    return pending.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

async function prepareRoles(client: pg.Client, passwords: Partial<Record<ProcessRole, string>>): Promise<boolean> {
  const { rows } = await client.query<{ super: boolean; database: string }>(
    "SELECT rolsuper AS super, current_database() AS database FROM pg_roles WHERE rolname = current_user",
  );
  const { super: isSuperuser, database } = rows[0] ?? { super: false, database: "" };
  const sql = bootstrapSql(database);
  if (isSuperuser) {
    await client.query(sql);
    await setPasswords(client, passwords);
    return true;
  }
  const wanted = [OWNER_ROLE, ...Object.values(PROCESS_ROLES)];
  const existing = await client.query<{ rolname: string }>("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", [
    wanted,
  ]);
  const missing = wanted.filter((role) => !existing.rows.some((row) => row.rolname === role));
  if (missing.length > 0) {
    throw new Error(
      `These database roles are missing: ${missing.join(", ")}. A database administrator runs once:\n\n${sql}\n`,
    );
  }
  return false;
}

async function findPending(client: pg.Client, migrations: Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{
    migration_name: string;
    checksum: string;
    finished_at: Date | null;
    logs: string | null;
  }>("SELECT migration_name, checksum, finished_at, logs FROM _prisma_migrations WHERE rolled_back_at IS NULL");
  const failed = rows.find((row) => row.finished_at === null);
  if (failed) {
    throw new Error(
      `The migration ${failed.migration_name} failed earlier: ${failed.logs ?? "it broke off"}. Repair the database, then mark it ` +
        `with: UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${failed.migration_name}' AND finished_at IS NULL;`,
    );
  }
  const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  for (const migration of migrations) {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new Error(
        `The migration ${migration.name} was changed after it had been applied. Restore its text; add a new migration.`,
      );
    }
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const id = randomUUID();
  await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)", [
    id,
    migration.checksum,
    migration.name,
  ]);
  try {
    // One message with several statements is one implicit transaction: all of a migration or nothing.
    await client.query(migration.sql);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    await client.query("UPDATE _prisma_migrations SET logs = $2 WHERE id = $1", [id, text]);
    throw new Error(`The migration ${migration.name} failed: ${text}`, { cause: error });
  }
  await client.query("UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1", [id]);
}

async function migrateQueue(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1, options: `-c role=${PROCESS_ROLES.worker}` });
  // A connection that breaks makes its query fail, which is answer enough.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  try {
    await runMigrations({ pgPool: pool, logger: new Logger(() => () => undefined) });
  } finally {
    await pool.end();
  }
}

/** The names of this release's migrations that the database lacks; for the check before a process starts. */
export async function listMissingMigrations(client: { query: pg.Client["query"] }): Promise<string[]> {
  const names = listMigrations().map((migration) => migration.name);
  const { rows: tables } = await client.query<{ found: boolean }>(
    "SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS found",
  );
  if (!tables[0]?.found) return names;
  const { rows } = await client.query<{ migration_name: string }>(
    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL",
  );
  const applied = new Set(rows.map((row) => row.migration_name));
  return names.filter((name) => !applied.has(name));
}
