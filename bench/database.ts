/** A PostgreSQL of the benchmarks' own: a folder below the temporary one, a free port, the real migrations and roles. */
import { randomUUID } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { startPostgres } from "@/demo/postgres";
import { migrate } from "@/lib/server/db/migrate";
import { stopAtEnd } from "./cleanup";

const DATABASE = "ringfence_bench";
const PASSWORD = "only-for-benchmarks";

export interface BenchDatabase {
  /** What the server's processes read from the environment. */
  environment: Record<string, string>;
  superuserUrl: string;
  /** A query as superuser: for filling and for looking, never for what is measured. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  pid: number;
  logFile: string;
  stop(): Promise<void>;
}

export async function startDatabase(folder: string): Promise<BenchDatabase> {
  const postgres = await startPostgres(path.join(folder, "postgres"), { durable: false });
  try {
    const maintenance = new pg.Client({ connectionString: postgres.superuserUrl() });
    await maintenance.connect();
    await maintenance.query(`create database ${DATABASE}`);
    await maintenance.end();
    const superuserUrl = postgres.superuserUrl(DATABASE);
    await migrate({ url: superuserUrl, passwords: { web: PASSWORD, ingest: PASSWORD, worker: PASSWORD } });
    const pool = new pg.Pool({ connectionString: superuserUrl, max: 2 });
    pool.on("error", () => undefined);
    const url = (role: string) => postgres.url(`ringfence_${role}`, PASSWORD, DATABASE);
    return {
      environment: {
        DATABASE_URL: url("web"),
        RINGFENCE_INGEST_DATABASE_URL: url("ingest"),
        RINGFENCE_WORKER_DATABASE_URL: url("worker"),
      },
      superuserUrl,
      query: async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
        (await pool.query<Row>(sql, values)).rows,
      pid: postgres.pid,
      logFile: path.join(postgres.folder, "postgres.log"),
      stop: stopAtEnd(async () => {
        await pool.end();
        await postgres.stop();
        rmSync(postgres.folder, { recursive: true, force: true });
      }),
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** A folder that the user `postgres` may pass. */
export function openFolder(folder: string): void {
  chmodSync(folder, 0o755);
}

export interface SeededCluster {
  orgId: string;
  projectId: string;
  clusterId: string;
  agentId: string;
  slug: string;
}

/** A new organization with one project and one enrolled cluster, so that nothing of an earlier run is there already. */
export async function seedCluster(database: BenchDatabase): Promise<SeededCluster> {
  const [orgId, projectId, clusterId, agentId] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const slug = `c-${clusterId.slice(0, 8)}`;
  await database.query("insert into organization (id, slug, name) values ($1, $2, $2)", [orgId, `o-${slug}`]);
  await database.query("insert into project (org_id, id, slug, name) values ($1, $2, 'pci', 'PCI')", [
    orgId,
    projectId,
  ]);
  await database.query(
    `insert into cluster (org_id, id, project_id, slug, name, provider, agent_state, last_seen_at)
     values ($1, $2, $3, $4, $4, 'self-managed', 'enrolled', now())`,
    [orgId, clusterId, projectId, slug],
  );
  await database.query(
    "insert into agent (org_id, id, cluster_id, protocol_version, agent_version) values ($1, $2, $3, 1, '0.1.0')",
    [orgId, agentId, clusterId],
  );
  return { orgId, projectId, clusterId, agentId, slug };
}
