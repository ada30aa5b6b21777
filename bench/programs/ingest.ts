/**
 * A scan through the server's real functions, without HTTP and signature: announce, store the chunks, commit, evaluate, store.
 * argv: folder of chunks, JSON of the seeded cluster (with the commit before, if there is one), and optionally the number of a scan that is handed in already: then only its
 * evaluation is measured, which is what a worker does.
 */
import { closeDatabases, databaseOf } from "@/lib/server/db/client";
import { evaluateScan } from "@/lib/server/evaluate/evaluate-scan";
import type { SeededCluster } from "../database";
import { measured } from "../measured";
import { handIn } from "../wire";

const [folder = "", clusterJson = "", given] = process.argv.slice(2);
const { prev = null, ...cluster } = JSON.parse(clusterJson) as SeededCluster & { prev?: string };
// Imports and connections are the warm-up; a server lives for days.
for (const role of given === undefined ? (["ingest", "worker"] as const) : (["worker"] as const))
  await databaseOf(role).$queryRaw`select 1`;

await measured(async () => {
  const start = process.cpuUsage();
  const seq = given === undefined ? (await handIn(cluster, folder, prev)).seq : Number(given);
  const handedIn = process.cpuUsage(start);
  const { orgId, clusterId } = cluster;
  const outcome = await evaluateScan({ orgId, clusterId, seq }, { isLastAttempt: false });
  if (outcome !== "stored") throw new Error(`the scan was not stored: ${outcome}`);
  return { seq, handInCpuSeconds: (handedIn.user + handedIn.system) / 1e6 };
});
await closeDatabases();
