/**
 * `npm run bench`: each goal beside its figure, with peak memory. Ratios of one run count; absolute times don't.
 *
 * `npm run bench -- --only P3,P6` runs some goals; `--quick` takes smaller clusters and fleets (about three minutes). Exits 1 if a
 * deterministic counter misses its goal, a ratio misses its goal by more than a quarter, or a benchmark breaks off.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { BENCHMARKS } from "./goals";
import { stopAll } from "./cleanup";
import { openFolder } from "./database";
import { type Row, SEED } from "./row";

const args = process.argv.slice(2);
const only = args.includes("--only") ? new Set((args[args.indexOf("--only") + 1] ?? "").split(",")) : null;
const quick = args.includes("--quick");
const base = mkdtempSync(path.join(tmpdir(), "ringfence-bench-"));
openFolder(base);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void stopAll().then(() => {
      rmSync(base, { recursive: true, force: true });
      process.exit(130);
    });
  });
const rows: Row[] = [];
const broken: string[] = [];
const started = performance.now();
console.log(`seed ${SEED}${quick ? ", smaller sizes (--quick)" : ""}`);
try {
  for (const [i, { goals, measure }] of BENCHMARKS.entries()) {
    if (only && !goals.some((goal) => only.has(goal))) continue;
    const from = performance.now();
    const folder = mkdtempSync(path.join(base, `${i}-`));
    console.log(`\n== ${goals.join(", ")}`);
    try {
      for (const row of await measure({ folder, quick })) {
        rows.push(row);
        const note = row.note ? `\n     ${row.note}` : "";
        console.log(
          `${row.goal.padEnd(4)} ${row.what}: ${row.figure} (goal ${row.limit})${row.met ? "" : "  MISSED"}${note}`,
        );
      }
    } catch (error) {
      broken.push(goals.join(", "));
      console.error(error);
    }
    rmSync(folder, { recursive: true, force: true });
    console.log(`     (${((performance.now() - from) / 1000).toFixed(0)} s)`);
  }
} finally {
  rmSync(base, { recursive: true, force: true });
}
console.log("\n| goal | what | figure | goal's limit | met |\n|---|---|---|---|---|");
for (const row of rows)
  console.log(`| ${row.goal} | ${row.what} | ${row.figure} | ${row.limit} | ${row.met ? "yes" : "NO"} |`);
for (const goals of broken) console.log(`| ${goals} | broke off | | | NO |`);
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s in all`);
process.exitCode = broken.length === 0 && rows.every((row) => !row.gates) ? 0 : 1;
