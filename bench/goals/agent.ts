/** P11: the agent's memory, CPU and bytes against a stub of the Kubernetes API in another process. */
import { atMost, type Bench, counted, holds, mb, type Row, SEED } from "../row";
import { bundle, type Measurement, run } from "../run";

export async function measureAgentGoals({ quick }: Bench): Promise<Row[]> {
  const program = await bundle("agent");
  const sizes = quick ? [1000, 5000] : [2500, 5000, 20_000];
  const points: Measurement[] = [];
  for (const pods of sizes) points.push(await run(program, [String(pods)], { node: ["--max-old-space-size=3000"] }));
  const largest = String(sizes.at(-1));
  const unscanned = await run(program, [largest, "--no-pattern-scan"], { node: ["--max-old-space-size=3000"] });
  const last = points.at(-1);
  if (last === undefined) return [];
  const { pods, objects, jsonBytes, sentBytes, againBytes, flags } = last.result as unknown as {
    pods: number;
    objects: number;
    jsonBytes: number;
    sentBytes: number;
    againBytes: number;
    flags: string[];
  };
  const at = `${pods.toLocaleString("en")} pods`;
  const amount = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
  return [
    atMost(last.peakMb, 128, (value) => `${value.toFixed(0)} MiB`, {
      goal: "P11",
      what: `agent's peak resident memory at ${at}`,
      note: `${objects} objects, ${amount(jsonBytes)} of JSON, seed ${SEED}, ${flags.join(" ")}; ${points.map((p) => `${String(p.result["pods"])} pods ${mb(p.peakMb)}`).join(", ")}`,
    }),
    // CPU seconds aren't a ratio: they gate nothing.
    {
      ...atMost((last.cpuSeconds / pods) * 1000, 0.25, (value) => `${value.toFixed(3)} s`, {
        goal: "P11",
        what: `agent's CPU per 1,000 pods at ${at}, its start included`,
        note: `without the pattern scan ${((unscanned.cpuSeconds / pods) * 1000).toFixed(3)} s, peak ${mb(unscanned.peakMb)}; ${points.map((p) => `${String(p.result["pods"])} pods ${((p.cpuSeconds / Number(p.result["pods"])) * 1000).toFixed(3)} s`).join(", ")}`,
      }),
      gates: false,
    },
    holds(jsonBytes / sentBytes >= 12, `1/${(jsonBytes / sentBytes).toFixed(1)}, ${amount(sentBytes)}`, ">= 1/12", {
      goal: "P11",
      what: "bytes that the agent sends over the API's JSON",
    }),
    counted(againBytes / sentBytes, 0.05, (value) => `${(value * 100).toFixed(1)} %`, {
      goal: "P11",
      what: "of these bytes for a second scan of the unchanged cluster",
    }),
  ];
}
