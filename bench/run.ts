/**
 * Runs one measured program in a process of its own, so that its CPU time and peak memory are its alone.
 *
 * Programs are bundled once with esbuild and run by plain Node. A program does its warm-up and its imports before `measured`
 * and consumes its result; what is compared is always measured in the same run, on the same machine.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const root = path.resolve(import.meta.dirname, "..");

export interface Measurement {
  /** User and system CPU seconds between start and end of the measured part. */
  cpuSeconds: number;
  wallSeconds: number;
  /** Peak resident memory of the whole process, in MB. */
  peakMb: number;
  /** What the program found, for checking it against the oracle and for the report. */
  result: Record<string, unknown>;
}

/** Bundles `bench/programs/NAME.ts` and returns the bundle's path. */
export async function bundle(name: string): Promise<string> {
  const outfile = path.join(root, "dist/bench", `${name}.mjs`);
  mkdirSync(path.dirname(outfile), { recursive: true });
  await build({
    entryPoints: [path.join(root, "bench/programs", `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    alias: { "@": root },
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return outfile;
}

/** Runs a bundle with arguments and reads the one JSON line that it prints last. */
export function run(
  bundleFile: string,
  args: string[],
  options: { node?: string[]; env?: Record<string, string>; quiet?: boolean } = {},
): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.node ?? []), bundleFile, ...args], {
      stdio: ["ignore", "pipe", options.quiet ? "ignore" : "inherit"],
      env: { ...process.env, ...options.env },
    });
    let out = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), 10 * 60_000);
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      const line = out.trim().split("\n").at(-1) ?? "";
      if (code !== 0) reject(new Error(`${path.basename(bundleFile)} ended with ${signal ?? code}\n${out}`));
      else resolve(JSON.parse(line) as Measurement);
    });
  });
}

/** Interleaved pairs of denominator and subject, so that a busy neighbour hits both. */
export async function pairs<T>(
  count: number,
  denominator: () => Promise<T>,
  subject: () => Promise<T>,
): Promise<{ below: T[]; above: T[] }> {
  const [below, above]: [T[], T[]] = [[], []];
  for (let i = 0; i < count; i++) {
    below.push(await denominator());
    above.push(await subject());
  }
  return { below, above };
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Slope of log(y) over log(x) by least squares: the growth exponent. */
export function growthExponent(points: readonly { x: number; y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = (pick: (p: { x: number; y: number }) => number) =>
    logs.reduce((sum, p) => sum + pick(p), 0) / logs.length;
  const [mx, my] = [mean((p) => p.x), mean((p) => p.y)];
  return logs.reduce((sum, p) => sum + (p.x - mx) * (p.y - my), 0) / logs.reduce((sum, p) => sum + (p.x - mx) ** 2, 0);
}
