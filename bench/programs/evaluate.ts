/**
 * The pure part of a scan: inflate, verify, decode, look-ups, all controls, requirement statuses. argv: folder of chunks; folder of
 * a small cluster that is judged before the measured one, because a worker judges one snapshot after the other.
 * Reports the CPU of the controls apart (P3).
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { assess } from "@/lib/assessment/assess";
import { SnapshotDecoder } from "@/lib/inventory/encoding";
import { createInventory } from "@/lib/inventory/create-inventory";
import { DEFAULT_SCOPE_SETTINGS } from "@/lib/scope/types";
import { measured } from "../measured";
import type { StoredSnapshot } from "../snapshot-files";

const [folder = "", warmUpFolder] = process.argv.slice(2);
if (warmUpFolder !== undefined) evaluate(warmUpFolder);
await measured(() => evaluate(folder));

function evaluate(of: string): Record<string, unknown> {
  const index = JSON.parse(readFileSync(path.join(of, "index.json"), "utf8")) as StoredSnapshot;
  const decoder = new SnapshotDecoder(index.header);
  for (const chunk of index.chunks) {
    const raw = brotliDecompressSync(readFileSync(path.join(of, chunk.digest)));
    if (createHash("sha256").update(raw).digest("hex") !== chunk.digest)
      throw new Error(`chunk ${chunk.digest} is damaged`);
    decoder.addChunk(chunk.section, raw);
  }
  const inventory = createInventory(decoder.finish());
  const cpu = process.cpuUsage();
  const assessment = assess(inventory, { asOf: index.header.collectedAt, scopeSettings: DEFAULT_SCOPE_SETTINGS });
  const used = process.cpuUsage(cpu);
  const counts = { pass: 0, fail: 0, unknown: 0, "not-applicable": 0 };
  for (const { results } of assessment.results) for (const result of results) counts[result.status]++;
  const unjudged = assessment.results.filter(({ results }) =>
    results.every((result) => result.status === "not-applicable" || result.reason.includes("could not be read")),
  );
  return {
    controlsUnjudged: unjudged.length,
    controlsCpuSeconds: (used.user + used.system) / 1e6,
    controls: assessment.results.length,
    ...counts,
    objects: index.objects,
  };
}
