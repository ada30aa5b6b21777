/** CPU time of other processes, from /proc: hundredths of seconds, so measure long enough. */
import { readdirSync, readFileSync } from "node:fs";

function fieldsOf(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

/** User and system seconds of a process with its children, those that have ended included. NaN where there is no /proc. */
export function processorOf(pid: number): number {
  const own = fieldsOf(String(pid));
  if (own === null) return Number.NaN;
  let ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(own[field]), 0);
  for (const entry of readdirSync("/proc")) {
    const fields = /^\d+$/.test(entry) ? fieldsOf(entry) : null;
    if (fields !== null && Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
}

/** Peak resident memory of a process so far, in MB (VmHWM). NaN where there is no /proc. */
export function peakMbOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
