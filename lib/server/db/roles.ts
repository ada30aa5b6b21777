/** The database roles, and who each one is. Names are fixed: grants and policies in the migrations name them. */
import type { Client } from "pg";

/** Owns the tables and runs migrations. No process that serves requests connects as this role. */
export const OWNER_ROLE = "ringfence_owner";
/** The processes' roles: none owns a tenant table, none is superuser or may bypass row-level security. */
export const PROCESS_ROLES = { web: "ringfence_web", ingest: "ringfence_ingest", worker: "ringfence_worker" } as const;
export type ProcessRole = keyof typeof PROCESS_ROLES;

/** What a database administrator runs once, where migrations don't run as superuser. The runner runs the same itself if it may. */
export function bootstrapSql(database: string): string {
  const name = quoteIdentifier(database);
  const create = [OWNER_ROLE, ...Object.values(PROCESS_ROLES)].map(
    (role) => `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;`,
  );
  return [
    ...create,
    // The owner runs the job queue's migrations as the worker, whose schema that is, and enqueues on behalf of the others.
    `GRANT ${PROCESS_ROLES.worker} TO ${OWNER_ROLE};`,
    `GRANT CREATE ON DATABASE ${name} TO ${PROCESS_ROLES.worker};`,
    `REVOKE CREATE ON SCHEMA public FROM PUBLIC;`,
    `GRANT CREATE, USAGE ON SCHEMA public TO ${OWNER_ROLE};`,
  ].join("\n");
}

/** Gives roles their passwords; only a superuser may. */
export async function setPasswords(client: Client, passwords: Partial<Record<ProcessRole, string>>): Promise<void> {
  for (const [process, password] of Object.entries(passwords)) {
    const role = PROCESS_ROLES[process as ProcessRole];
    await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
  }
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
