/**
 * The database connections of this process, one pool per role. Only lib/server imports this, and inside it tenant data is
 * reached through `withOrganization` alone.
 */
import { PrismaPg } from "@prisma/adapter-pg";
import { readDatabaseUrl } from "../env";
import { type Prisma, PrismaClient } from "./generated/client";
import { PROCESS_ROLES, type ProcessRole } from "./roles";

export type Database = PrismaClient;
export type Transaction = Prisma.TransactionClient;

/** Opens a pool. Nothing connects before the first query. */
export function openDatabase(url: string, options: { maxConnections?: number; name?: string } = {}): Database {
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: options.maxConnections ?? 10,
      application_name: options.name ?? "ringfence",
      // A statement that outlives any request we serve is a mistake; it must not hold locks for ever.
      statement_timeout: 60_000,
      idle_in_transaction_session_timeout: 60_000,
    },
    { onPoolError: () => undefined, onConnectionError: () => undefined },
  );
  return new PrismaClient({ adapter });
}

// One set per process, also when a development server loads this module several times.
const store = globalThis as { ringfenceDatabases?: Partial<Record<ProcessRole, Database>> };

/**
 * The process's database for `role`: opened from the environment at the first use, unless `useDatabases` named it.
 *
 * @throws EnvironmentError if neither is the case.
 */
export function databaseOf(role: ProcessRole): Database {
  store.ringfenceDatabases ??= {};
  const known = store.ringfenceDatabases[role];
  if (known) return known;
  const url = readDatabaseUrl(role);
  const opened = openDatabase(url, { name: `ringfence-${role}` });
  store.ringfenceDatabases[role] = opened;
  return opened;
}

/** Names the databases of this process (tests, commands). Those that were open before are closed by whoever opened them. */
export function useDatabases(databases: Partial<Record<ProcessRole, Database>>): void {
  store.ringfenceDatabases = { ...store.ringfenceDatabases, ...databases };
}

/** Closes every pool that this process has open. */
export async function closeDatabases(): Promise<void> {
  const open = Object.values(store.ringfenceDatabases ?? {});
  store.ringfenceDatabases = {};
  await Promise.all(open.map((database) => database.$disconnect()));
}

/**
 * Refuses a connection whose role could see past row-level security: a superuser, one that may bypass it, the tables' owner
 * or a member of the owner's role, or simply another role than the process should have.
 *
 * @throws Error in words for an operator.
 */
export async function assertSafeRole(database: Database, role: ProcessRole): Promise<void> {
  const expected = PROCESS_ROLES[role];
  const rows = await database.$queryRaw<{ name: string; super: boolean; bypass: boolean; owner: boolean }[]>`
    SELECT rolname AS name, rolsuper AS super, rolbypassrls AS bypass,
      EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owner
    FROM pg_roles WHERE rolname = current_user`;
  const found = rows[0];
  const name = found?.name ?? "?";
  if (!found || found.super || found.bypass || found.owner) {
    const why = found?.super ? "is a superuser" : found?.bypass ? "may bypass row-level security" : "owns the tables";
    throw new Error(
      `The database role ${name} ${why}. Ringfence starts only with ${expected}, which row-level security binds.`,
    );
  }
  if (name !== expected) throw new Error(`The database role is ${name}; this process must connect as ${expected}.`);
}
