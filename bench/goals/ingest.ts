/** P1 from an agent's chunks to stored results, and P2 for the worker that evaluates and stores. */
import path from "node:path";
import { openFolder, type SeededCluster, seedCluster, startDatabase } from "../database";
import { processorOf } from "../processor";
import { atMost, type Bench, mb, type Row, SEED, times } from "../row";
import { bundle, median, pairs, run } from "../run";
import { writeSnapshotFiles } from "../snapshot-files";

export async function measureIngest({ folder, quick }: Bench): Promise<Row[]> {
  const [parse, ingest] = [await bundle("parse"), await bundle("ingest")];
  const pods = quick ? 2000 : 5000;
  const at = path.join(folder, "snapshot");
  const files = writeSnapshotFiles(at, { pods, seed: SEED });
  const warmUp = path.join(folder, "warm-up");
  writeSnapshotFiles(warmUp, { pods: 500, seed: SEED + 1 });
  openFolder(folder);
  const database = await startDatabase(folder);
  const env = database.environment;
  try {
    const whole = async (cluster: SeededCluster) =>
      run(ingest, [at, JSON.stringify(cluster), "all", warmUp, JSON.stringify(await seedCluster(database))], { env });
    // The first run makes PostgreSQL's own files grow; it is not counted.
    await whole(await seedCluster(database));
    let databaseCpu = 0;
    const count = quick ? 3 : 5;
    const clusters: SeededCluster[] = [];
    const { below, above } = await pairs(
      count,
      () => run(parse, [files.apiFile]),
      async () => {
        // An organization of its own: every chunk is missing, every row is new.
        const cluster = await seedCluster(database);
        clusters.push(cluster);
        const before = processorOf(database.pid);
        const measured = await whole(cluster);
        databaseCpu += processorOf(database.pid) - before;
        return measured;
      },
    );
    const ratio = median(above.map((m, i) => m.cpuSeconds / (below[i]?.cpuSeconds ?? Number.NaN)));
    const parseCpu = median(below.map((m) => m.cpuSeconds));
    const parsePeak = median(below.map((m) => m.peakMb));
    const handIn = median(above.map((m) => Number(m.result["handInCpuSeconds"])));

    // The same scans again for a process that evaluates only: their state is put back to what the commit left.
    const peaks: number[] = [];
    const workerCpu: number[] = [];
    let base = Number.NaN;
    for (const cluster of clusters) {
      await database.query("update scan set state = 'queued' where org_id = $1", [cluster.orgId]);
      const measured = await run(ingest, [at, JSON.stringify(cluster), "1"], { env });
      peaks.push(measured.peakMb);
      base = Number(measured.result["baseMb"]);
      workerCpu.push(measured.cpuSeconds);
    }
    const [stored] = await database.query<{ results: number }>(
      "select count(*)::int as results from result where org_id = $1",
      [clusters[0]?.orgId],
    );
    return [
      atMost(ratio, 2, times, {
        goal: "P1",
        what: "announce, verify, store chunks, commit, evaluate, store results: CPU of the process over parse",
        beside: `, peak ${mb(median(above.map((m) => m.peakMb)))}`,
        note: `${pods} pods, ${files.stored.objects} objects, ${stored?.results} result rows, seed ${SEED}; taking in ${times(handIn / parseCpu)}, evaluating and storing ${times(median(above.map((m) => m.cpuSeconds)) / parseCpu - handIn / parseCpu)}; evaluating it again in a process without warm-up ${times(median(workerCpu) / parseCpu)}; PostgreSQL's own CPU beside it ${times(databaseCpu / count / parseCpu)}`,
      }),
      atMost(median(peaks) / parsePeak, 0.75, times, {
        goal: "P2",
        what: "peak memory of a worker that evaluates and stores, over parse",
        beside: `, peak ${mb(median(peaks))}`,
        note: `${mb(base)} of it are there before the first snapshot: Node, the bundle and the database client, whatever the cluster; the snapshot adds ${times((median(peaks) - base) / parsePeak)}`,
      }),
    ];
  } finally {
    await database.stop();
  }
}
