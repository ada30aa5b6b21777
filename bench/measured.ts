/** The measured part of a program: prints one JSON line with CPU, wall clock and peak memory. */
import type { Measurement } from "./run";

export async function measured(work: () => Promise<Record<string, unknown>> | Record<string, unknown>): Promise<void> {
  const cpu = process.cpuUsage();
  const wall = performance.now();
  const result = await work();
  const used = process.cpuUsage(cpu);
  const report: Measurement = {
    cpuSeconds: (used.user + used.system) / 1e6,
    wallSeconds: (performance.now() - wall) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
    result,
  };
  console.log(JSON.stringify(report));
}
