/**
 * `npm run bench`: each goal beside its figure, with peak memory. Ratios of one run count; absolute times don't.
 *
 * `npm run bench -- --only P3` runs some goals; `--quick` uses smaller clusters. Exits 1 if a deterministic counter misses its goal, or a
 * ratio misses its goal by more than a quarter.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GOALS, type Row } from "./goals";

const args = process.argv.slice(2);
const only = args.includes("--only") ? new Set((args[args.indexOf("--only") + 1] ?? "").split(",")) : null;
const quick = args.includes("--quick");
const folder = mkdtempSync(path.join(tmpdir(), "ringfence-bench-"));
const rows: Row[] = [];
try {
  for (const [name, measure] of Object.entries(GOALS)) {
    if (only && !name.split(" ").some((goal) => only.has(goal))) continue;
    console.log(`\n== ${name}`);
    const measuredRows = await measure({ folder: path.join(folder, name.replaceAll(" ", "-")), quick });
    for (const row of measuredRows) {
      rows.push(row);
      console.log(
        `${row.goal.padEnd(4)} ${row.what}: ${row.figure} (goal ${row.limit})${row.met ? "" : "  MISSED"}${row.note ? `\n     ${row.note}` : ""}`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log("\n| goal | what | figure | goal | met |\n|---|---|---|---|---|");
for (const row of rows)
  console.log(`| ${row.goal} | ${row.what} | ${row.figure} | ${row.limit} | ${row.met ? "yes" : "NO"} |`);
process.exitCode = rows.every((row) => row.met || !row.gates) ? 0 : 1;
