/** P6: what storing results costs beside COPY, and that an unchanged scan writes no result and no finding. */
import path from "node:path";
import { openFolder, type SeededCluster, seedCluster, startDatabase, type BenchDatabase } from "../database";
import { storedLikeOracle } from "../oracle";
import { atMost, type Bench, counted, holds, mb, type Row, SEED, times } from "../row";
import { bundle, run } from "../run";
import { writeSnapshotFiles } from "../snapshot-files";

/** Tables that may only change where something was found. */
const QUIET_TABLES = ["result", "control_status", "requirement_status", "scope_row", "finding", "finding_event"];

export async function measureStoring({ folder, quick }: Bench): Promise<Row[]> {
  const [store, ingest] = [await bundle("store"), await bundle("ingest")];
  const pods = quick ? 4000 : 10_000;
  const at = path.join(folder, "snapshot");
  writeSnapshotFiles(at, { pods, seed: SEED });
  const small = path.join(folder, "small");
  writeSnapshotFiles(small, { pods: 1000, seed: SEED });
  openFolder(folder);
  const database = await startDatabase(folder);
  const env = database.environment;
  try {
    const clusters: SeededCluster[] = [];
    for (let i = 0; i < (quick ? 10 : 16); i++) clusters.push(await seedCluster(database));
    const measured = await run(store, [at, database.superuserUrl, String(database.pid), JSON.stringify(clusters)], {
      env,
    });
    const { rows, rounds, copySeconds, storeSeconds } = measured.result as Record<string, number>;
    const perRow = (seconds = 0) => ((seconds / ((rounds ?? 0) * (rows ?? 0))) * 1e6).toFixed(1);
    const [stored, copied] = [await rowsOf(database, clusters[1]), await rowsOf(database, clusters[0])];

    const cluster = await seedCluster(database);
    await run(ingest, [small, JSON.stringify(cluster), "all"], { env });
    const oracle = await storedLikeOracle(database, cluster, small);
    const written = await rowsOfSecondScan(database, ingest, cluster, small, env);
    return [
      atMost((storeSeconds ?? 0) / (copySeconds ?? 0), 1.5, times, {
        goal: "P6",
        what: "storing a result row over COPY of the same row (CPU of client and PostgreSQL)",
        beside: `, peak ${mb(measured.peakMb)}`,
        note: `${rows} rows, ${rounds} rounds in turns, seed ${SEED}; ${perRow(storeSeconds)} µs against ${perRow(copySeconds)} µs a row; COPY runs as superuser, past row-level security, without looking for what is there`,
      }),
      holds(stored !== "" && stored === copied, stored === copied ? "equal" : "different", "equal", {
        goal: "P6",
        what: "rows that were stored, against those of COPY",
      }),
      counted(written.total, 0, String, {
        goal: "P6",
        what: "result, status, scope and finding rows written by a second scan that finds nothing new",
        note: written.words,
      }),
      holds(oracle.problem === null, oracle.problem ?? `${oracle.rows} rows agree`, "all agree", {
        goal: "P6",
        what: "stored results against a plain evaluation",
      }),
    ];
  } finally {
    await database.stop();
  }
}

/** All values of a cluster's results in one digest. */
async function rowsOf(database: BenchDatabase, cluster: SeededCluster | undefined): Promise<string> {
  const [row] = await database.query<{ all: string | null }>(
    `select md5(string_agg(md5((to_jsonb(r) - 'id' - 'org_id' - 'cluster_id')::text), '' order by fingerprint)) as all
     from result r where org_id = $1`,
    [cluster?.orgId],
  );
  return row?.all ?? "";
}

/** Every row version that was written since the scan began has a transaction id at least as young: inserts and updates alike. */
async function rowsOfSecondScan(
  database: BenchDatabase,
  ingest: string,
  cluster: SeededCluster,
  folder: string,
  env: Record<string, string>,
): Promise<{ total: number; words: string }> {
  const [mark] = await database.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
  const [last] = await database.query<{ digest: string }>(
    "select encode(commit_digest, 'hex') as digest from snapshot where org_id = $1 and scan_seq = 1",
    [cluster.orgId],
  );
  await run(ingest, [folder, JSON.stringify({ ...cluster, prev: last?.digest }), "all"], { env });
  let total = 0;
  const words: string[] = [];
  for (const table of [...QUIET_TABLES, "scan"]) {
    const [row] = await database.query<{ n: number }>(
      `select count(*)::int as n from ${table} where org_id = $1 and xmin::text::bigint > $2::bigint`,
      [cluster.orgId, mark?.xid],
    );
    words.push(`${table} ${row?.n}`);
    if (table !== "scan") total += row?.n ?? 0;
  }
  return { total, words: words.join(", ") };
}
