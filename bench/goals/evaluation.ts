/** P1 to P3 without a database: inflate, verify, decode and judge, against a process that only reads and parses. */
import path from "node:path";
import { atMost, type Bench, holds, mb, type Row, SEED, times } from "../row";
import { bundle, growthExponent, type Measurement, median, pairs, run } from "../run";
import { writeSnapshotFiles } from "../snapshot-files";

interface Size {
  pods: number;
  below: Measurement[];
  above: Measurement[];
}
/** As many pods as the cluster that a worker is taken to have judged before. */
const WARM_UP_PODS = 500;
const controlsCpu = (m: Measurement) => Number(m.result["controlsCpuSeconds"]);

export async function measureEvaluation({ folder, quick }: Bench): Promise<Row[]> {
  const [parse, evaluate] = [await bundle("parse"), await bundle("evaluate")];
  const warmUp = path.join(folder, "warm-up");
  writeSnapshotFiles(warmUp, { pods: WARM_UP_PODS, seed: SEED });
  const sizes = quick ? [1000, 2000, 4000, 8000] : [1250, 2500, 5000, 10_000];
  const main = quick ? 2000 : 5000;
  const rows: Row[] = [];
  const points: Size[] = [];
  for (const pods of sizes) {
    const at = path.join(folder, String(pods));
    const files = writeSnapshotFiles(at, { pods, seed: SEED });
    const measured = await pairs(
      pods === main ? (quick ? 3 : 5) : quick ? 2 : 3,
      () => run(parse, [files.apiFile]),
      () => run(evaluate, [at, warmUp]),
    );
    points.push({ pods, ...measured });
    if (pods !== main) continue;
    const { below, above } = measured;
    const ratioOf = (pick: (m: Measurement) => number, base: (m: Measurement) => number) =>
      median(above.map((m, i) => pick(m) / base(below[i] ?? m)));
    const counts = above[0]?.result ?? {};
    const peak = median(above.map((m) => m.peakMb));
    const parsePeak = median(below.map((m) => m.peakMb));
    const judged = `${counts["controls"]} controls gave ${counts["pass"]} pass, ${counts["fail"]} fail, ${counts["unknown"]} unknown, ${counts["not-applicable"]} not applicable`;
    rows.push(
      atMost(
        ratioOf(
          (m) => m.cpuSeconds,
          (m) => m.cpuSeconds,
        ),
        2,
        times,
        {
          goal: "P1",
          what: "inflate, verify, decode, all controls (without storing): CPU over parse",
          beside: `, peak ${mb(peak)}`,
          note: `${pods} pods, ${files.stored.objects} objects, ${(files.apiBytes / 1e6).toFixed(0)} MB of JSON, seed ${SEED}; ${judged}; parse peaks at ${mb(parsePeak)}`,
        },
      ),
      atMost(peak / parsePeak, 0.75, times, {
        goal: "P2",
        what: "peak memory of evaluating over parse",
        beside: `, peak ${mb(peak)}`,
      }),
      atMost(
        ratioOf(controlsCpu, (m) => m.cpuSeconds),
        0.5,
        times,
        {
          goal: "P3",
          what: "all controls: CPU over parse",
          beside: `, peak ${mb(peak)}`,
        },
      ),
      holds(Number(counts["controlsUnjudged"]) === 0, `${counts["controlsUnjudged"]} of ${counts["controls"]}`, "0", {
        goal: "P3",
        what: "controls that found nothing to judge in the generated cluster",
      }),
    );
  }
  const growth = growthExponent(points.map(({ pods, above }) => ({ x: pods, y: median(above.map(controlsCpu)) })));
  rows.push(
    atMost(growth, 1.1, (value) => value.toFixed(2), {
      goal: "P3",
      what: "growth exponent of the controls in pods",
      note: points.map(({ pods, above }) => `${pods} pods ${median(above.map(controlsCpu)).toFixed(3)} s`).join(", "),
    }),
  );
  const [first, last] = [points[0], points.at(-1)];
  if (first && last) {
    const peakOf = (size: Size) => median(size.above.map((m) => m.peakMb));
    const perThousand = ((peakOf(last) - peakOf(first)) / (last.pods - first.pods)) * 1000;
    rows.push(
      atMost(perThousand, 10, (value) => `${value.toFixed(1)} MB`, {
        goal: "P2",
        what: "further memory of evaluating per 1,000 pods",
        note: points.map((size) => `${size.pods} pods ${mb(peakOf(size))}`).join(", "),
      }),
    );
  }
  rows.push(await capped(evaluate, folder, quick));
  return rows;
}

/** A heap that is too small for the cluster's JSON many times over. */
async function capped(evaluate: string, folder: string, quick: boolean): Promise<Row> {
  const [pods, heapMb] = quick ? [5000, 64] : [20_000, 160];
  const at = path.join(folder, `capped-${pods}`);
  const files = writeSnapshotFiles(at, { pods, seed: SEED });
  const done = await run(evaluate, [at], { node: [`--max-old-space-size=${heapMb}`], quiet: true }).catch(() => null);
  return holds(done !== null, done === null ? "out of memory" : `works, peak ${mb(done.peakMb)}`, "works", {
    goal: "P2",
    what: `${pods.toLocaleString("en")} pods under --max-old-space-size=${heapMb}`,
    note: `${files.stored.objects} objects, ${(files.apiBytes / 1e6).toFixed(0)} MB of JSON`,
  });
}
