/**
 * P6: the result rows of one scan, stored by the product and by COPY in turns, each time for a new cluster.
 * argv: folder of chunks, superuser's address, PostgreSQL's process id, JSON of the seeded clusters (two for each round).
 * The cost of each is the CPU of this process and of PostgreSQL.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import pg from "pg";
import { assess } from "@/lib/assessment/assess";
import { CONTROLS } from "@/lib/controls";
import { createInventory } from "@/lib/inventory/create-inventory";
import { SnapshotDecoder } from "@/lib/inventory/encoding";
import { DEFAULT_SCOPE_SETTINGS } from "@/lib/scope/types";
import { closeDatabases, databaseOf } from "@/lib/server/db/client";
import { withOrganization } from "@/lib/server/db/organization";
import { writeIntervals } from "@/lib/server/evaluate/intervals";
import { type ResultRow, resultRows } from "@/lib/server/evaluate/rows";
import { RESULT_TABLE } from "@/lib/server/evaluate/tables";
import { copyField, copyIn } from "../copy";
import type { SeededCluster } from "../database";
import { processorOf } from "../processor";
import type { StoredSnapshot } from "../snapshot-files";

const [folder = "", superuserUrl = "", postgresPid = "", clustersJson = "[]"] = process.argv.slice(2);
const clusters = JSON.parse(clustersJson) as SeededCluster[];
const index = JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as StoredSnapshot;
const asOf = index.header.collectedAt;
const decoder = new SnapshotDecoder(index.header);
for (const chunk of index.chunks)
  decoder.addChunk(chunk.section, brotliDecompressSync(readFileSync(path.join(folder, chunk.digest))));
const assessment = assess(createInventory(decoder.finish()), { asOf, scopeSettings: DEFAULT_SCOPE_SETTINGS });
const rows = resultRows(assessment, new Map(CONTROLS.map((control) => [control.id, control])));

const client = new pg.Client({ connectionString: superuserUrl });
await client.connect();
await databaseOf("worker").$queryRaw`select 1`;

const COLUMNS = ["org_id", "cluster_id", "from_seq", "since_at", "fingerprint", "digest"];
const sql = `copy result (${[...COLUMNS, ...RESULT_TABLE.columns.map(([name]) => name)].join(", ")}) from stdin`;

function* lines(cluster: SeededCluster, all: readonly ResultRow[]): Generator<Buffer> {
  let text = "";
  for (const row of all) {
    const { values } = RESULT_TABLE.write(row);
    const fields = [cluster.orgId, cluster.clusterId, 1, asOf, `\\x${row.fingerprint}`, `\\x${row.digest}`];
    for (const [name, type] of RESULT_TABLE.columns) {
      const value = values[name] as string | null;
      fields.push(type === "jsonb" ? JSON.stringify(value) : (value as string));
    }
    text += `${fields.map((field) => copyField(field)).join("\t")}\n`;
    if (text.length > 256_000) {
      yield Buffer.from(text);
      text = "";
    }
  }
  yield Buffer.from(text);
}
const copy = (cluster: SeededCluster) => copyIn(client, sql, lines(cluster, rows));
const store = async ({ orgId, clusterId }: SeededCluster) => {
  const place = { orgId, clusterId, seq: 1, asOf: new Date(asOf), next: null };
  const change = await withOrganization(orgId, (tx) => writeIntervals(tx, RESULT_TABLE, place, rows), {
    role: "worker",
    timeoutMs: 120_000,
  });
  if (change.inserted !== rows.length || change.ended !== 0) throw new Error(JSON.stringify(change));
};

/** CPU seconds of this process and of PostgreSQL for the work. */
async function cost(work: () => Promise<void>): Promise<number> {
  const before = processorOf(Number(postgresPid)) + used();
  await work();
  return processorOf(Number(postgresPid)) + used() - before;
}
function used(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const rounds: { copy: number; store: number }[] = [];
for (let i = 0; i + 1 < clusters.length; i += 2) {
  const [a, b] = [clusters[i], clusters[i + 1]];
  if (a === undefined || b === undefined) break;
  const spent = { copy: await cost(() => copy(a)), store: await cost(() => store(b)) };
  // The first round warms both up.
  if (i > 0) rounds.push(spent);
}
const sums = rounds.reduce((sum, round) => ({ copy: sum.copy + round.copy, store: sum.store + round.store }));
console.log(
  JSON.stringify({
    cpuSeconds: sums.store,
    wallSeconds: 0,
    peakMb: process.resourceUsage().maxRSS / 1024,
    result: { rows: rows.length, rounds: rounds.length, copySeconds: sums.copy, storeSeconds: sums.store },
  }),
);
await client.end();
await closeDatabases();
