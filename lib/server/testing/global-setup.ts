/**
 * Before the database tests: one PostgreSQL for the whole run on a free port, and one migrated database that each test file
 * copies. Afterwards, or at the next run if this one is killed, everything of it is gone.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startPostgres } from "@/demo/postgres";
import { migrate } from "../db/migrate";

declare module "vitest" {
  export interface ProvidedContext {
    testPostgres: { superuserUrl: string; template: string; password: string };
  }
}

const PREFIX = "ringfence-test-postgres-";
const PASSWORD = "only-for-tests";

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweep();
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // mkdtemp closes the folder; the user `postgres` has to pass it.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "owner.pid"), String(process.pid));
  const postgres = await startPostgres(join(folder, "files"), { durable: false });
  // Usually below `folder`; elsewhere if the user `postgres` can't go there.
  writeFileSync(join(folder, "files-at"), postgres.folder);
  const template = "ringfence_template";
  const client = new pg.Client({ connectionString: postgres.superuserUrl() });
  await client.connect();
  await client.query(`CREATE DATABASE ${template}`);
  await client.end();
  await migrate({
    url: postgres.superuserUrl(template),
    passwords: { web: PASSWORD, ingest: PASSWORD, worker: PASSWORD },
  });
  project.provide("testPostgres", { superuserUrl: postgres.superuserUrl(), template, password: PASSWORD });
  return async () => {
    await postgres.stop();
    rmSync(postgres.folder, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Ends what a killed run left behind: starting over the same folder stops its server. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = existsSync(join(folder, "owner.pid")) ? Number(readFileSync(join(folder, "owner.pid"), "utf8")) : 0;
    if (owner > 0 && isAlive(owner)) continue;
    const noted = join(folder, "files-at");
    const files = existsSync(noted) ? readFileSync(noted, "utf8") : join(folder, "files");
    if (existsSync(join(files, "data/postmaster.pid"))) {
      await startPostgres(join(folder, "files"), { durable: false }).then(
        (left) => left.stop(),
        () => undefined,
      );
    }
    rmSync(files, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
