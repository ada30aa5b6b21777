/** The goals that are measured so far. Each compares inside one run, in interleaved pairs, and names its seed. */
import path from "node:path";
import { bundle, growthExponent, type Measurement, median, run } from "./run";
import { writeSnapshotFiles } from "./snapshot-files";

export interface Row {
  goal: string;
  what: string;
  figure: string;
  limit: string;
  met: boolean;
  /** Whether missing it by more than the margin fails the run. */
  gates: boolean;
  note?: string;
}
interface World {
  folder: string;
  quick: boolean;
}

const SEED = 20_261_121;
const ratio = (value: number) => `${value.toFixed(2)}x`;
const mb = (value: number) => `${value.toFixed(0)} MB`;

/** Interleaved pairs of denominator and subject, so that a busy neighbour hits both. */
async function pairs(count: number, denominator: () => Promise<Measurement>, subject: () => Promise<Measurement>) {
  const below: Measurement[] = [];
  const above: Measurement[] = [];
  for (let i = 0; i < count; i++) {
    below.push(await denominator());
    above.push(await subject());
  }
  const ratios = above.map((a, i) => a.cpuSeconds / (below[i]?.cpuSeconds ?? Number.NaN));
  return { below, above, cpuRatio: median(ratios) };
}

async function evaluation({ folder, quick }: World): Promise<Row[]> {
  const [parse, evaluate] = [await bundle("parse"), await bundle("evaluate")];
  const sizes = quick ? [500, 1000, 2000, 4000] : [1250, 2500, 5000, 10_000];
  const main = quick ? 2000 : 5000;
  const points: { pods: number; controls: number; peak: number; results: number }[] = [];
  const rows: Row[] = [];
  for (const pods of sizes) {
    const files = writeSnapshotFiles(path.join(folder, String(pods)), { pods, seed: SEED });
    const measuredPairs = await pairs(
      pods === main ? 5 : 3,
      () => run(parse, [files.apiFile]),
      () => run(evaluate, [path.join(folder, String(pods))]),
    );
    const controls = median(measuredPairs.above.map((m) => Number(m.result["controlsCpuSeconds"])));
    const results = measuredPairs.above[0]?.result ?? {};
    points.push({
      pods,
      controls,
      peak: median(measuredPairs.above.map((m) => m.peakMb)),
      results: Number(results["objects"]),
    });
    if (pods !== main) continue;
    const controlRatio = median(
      measuredPairs.above.map(
        (m, i) => Number(m.result["controlsCpuSeconds"]) / (measuredPairs.below[i]?.cpuSeconds ?? Number.NaN),
      ),
    );
    const parsePeak = median(measuredPairs.below.map((m) => m.peakMb));
    const peak = median(measuredPairs.above.map((m) => m.peakMb));
    const note = `${pods} pods, ${files.stored.objects} objects, ${(files.apiBytes / 1e6).toFixed(0)} MB of JSON, seed ${SEED}; ${results["controls"]} controls gave ${results["pass"]} pass, ${results["fail"]} fail, ${results["unknown"]} unknown; parse ${mb(parsePeak)} peak`;
    rows.push({
      goal: "P1",
      what: "inflate, verify, decode, all controls (without storing): CPU over parse",
      figure: `${ratio(measuredPairs.cpuRatio)}, peak ${mb(peak)}`,
      limit: "2.0x",
      met: measuredPairs.cpuRatio <= 2,
      gates: measuredPairs.cpuRatio > 2.5,
      note,
    });
    rows.push({
      goal: "P2",
      what: "its peak memory over parse",
      figure: `${ratio(peak / parsePeak)}, peak ${mb(peak)}`,
      limit: "0.75x",
      met: peak / parsePeak <= 0.75,
      gates: peak / parsePeak > 0.94,
    });
    rows.push({
      goal: "P3",
      what: "all controls: CPU over parse",
      figure: `${ratio(controlRatio)}, peak ${mb(peak)}`,
      limit: "0.5x",
      met: controlRatio <= 0.5,
      gates: controlRatio > 0.625,
    });
    rows.push({
      goal: "P11",
      what: "what the agent sends, over the API's JSON",
      figure: `1/${(files.apiBytes / files.stored.wireBytes).toFixed(1)} (${(files.stored.wireBytes / 1e6).toFixed(1)} MB)`,
      limit: "1/12",
      met: files.apiBytes / files.stored.wireBytes >= 12,
      gates: true,
    });
  }
  const exponent = growthExponent(points.map((p) => ({ x: p.pods, y: p.controls })));
  rows.push({
    goal: "P3",
    what: "growth exponent of the controls in pods",
    figure: exponent.toFixed(2),
    limit: "1.1",
    met: exponent <= 1.1,
    gates: exponent > 1.375,
    note: points.map((p) => `${p.pods} pods ${p.controls.toFixed(3)} s`).join(", "),
  });
  const [first, last] = [points[0], points.at(-1)];
  if (first && last) {
    const perThousand = ((last.peak - first.peak) / (last.pods - first.pods)) * 1000;
    rows.push({
      goal: "P2",
      what: "further memory per 1,000 pods",
      figure: `${perThousand.toFixed(1)} MB`,
      limit: "10 MB",
      met: perThousand <= 10,
      gates: perThousand > 12.5,
    });
  }
  if (!quick) {
    const pods = 20_000;
    const files = writeSnapshotFiles(path.join(folder, String(pods)), { pods, seed: SEED });
    const capped = await run(evaluate, [path.join(folder, String(pods))], { node: ["--max-old-space-size=160"] }).then(
      (m) => m,
      () => null,
    );
    rows.push({
      goal: "P2",
      what: "20,000 pods under --max-old-space-size=160",
      figure: capped ? `works, peak ${mb(capped.peakMb)}` : "out of memory",
      limit: "works",
      met: capped !== null,
      gates: true,
      note: `${files.stored.objects} objects`,
    });
  }
  return rows;
}

/** Goal names (space separated) → what measures them. */
export const GOALS: Record<string, (world: World) => Promise<Row[]>> = {
  "P1 P2 P3 P11": evaluation,
};
