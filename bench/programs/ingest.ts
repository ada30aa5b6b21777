/**
 * A scan through the server's real functions, without HTTP and signature: announce, store the chunks, commit, evaluate, store.
 * argv: folder of chunks; JSON of the seeded cluster (with the commit before, if there is one); `all`, or the number of a scan that is
 * handed in already, so that only its evaluation is measured, which is what a worker does; folder and cluster of a warm-up.
 */
import { closeDatabases, databaseOf } from "@/lib/server/db/client";
import { evaluateScan } from "@/lib/server/evaluate/evaluate-scan";
import type { SeededCluster } from "../database";
import { measured } from "../measured";
import { handIn } from "../wire";

const [folder = "", clusterJson = "", given, warmUpFolder, warmUpJson = ""] = process.argv.slice(2);
const { prev = null, ...cluster } = JSON.parse(clusterJson) as SeededCluster & { prev?: string };

async function evaluate({ orgId, clusterId }: SeededCluster, seq: number): Promise<void> {
  const outcome = await evaluateScan({ orgId, clusterId, seq }, { isLastAttempt: false });
  if (outcome !== "stored") throw new Error(`the scan was not stored: ${outcome}`);
}

// Servers live for days: imports, connections and a first, small cluster are their warm-up.
for (const role of given === "all" ? (["ingest", "worker"] as const) : (["worker"] as const))
  await databaseOf(role).$queryRaw`select 1`;
const baseMb = process.memoryUsage.rss() / 1024 / 1024;
if (warmUpFolder !== undefined) {
  const warmUp = JSON.parse(warmUpJson) as SeededCluster;
  await evaluate(warmUp, (await handIn(warmUp, warmUpFolder)).seq);
}

await measured(async () => {
  const start = process.cpuUsage();
  const seq = given === "all" ? (await handIn(cluster, folder, prev)).seq : Number(given);
  const handedIn = process.cpuUsage(start);
  await evaluate(cluster, seq);
  return { seq, handInCpuSeconds: (handedIn.user + handedIn.system) / 1e6, baseMb };
});
await closeDatabases();
