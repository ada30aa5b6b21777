/** The slow, plain way to the same answer: decode everything, judge everything, and compare row by row with what was stored. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { assess } from "@/lib/assessment/assess";
import { SnapshotDecoder } from "@/lib/inventory/encoding";
import type { BenchDatabase, SeededCluster } from "./database";
import type { StoredSnapshot } from "./snapshot-files";

export async function storedLikeOracle(
  database: BenchDatabase,
  cluster: SeededCluster,
  folder: string,
): Promise<{ rows: number; problem: string | null }> {
  const [scan] = await database.query<{ as_of: Date; pass: number; fail: number; unknown: number; na: number }>(
    "select as_of, pass, fail, unknown, not_applicable as na from scan where org_id = $1 and seq = 1",
    [cluster.orgId],
  );
  if (scan === undefined) return { rows: 0, problem: "there is no scan" };
  const index = JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as StoredSnapshot;
  const { gitVersion, clusterUid, encryptionTransformers } = index.header.facts;
  // What the agent does not read does not arrive.
  const facts = { gitVersion, clusterUid, encryptionTransformers };
  const decoder = new SnapshotDecoder({ ...index.header, facts });
  for (const chunk of index.chunks)
    decoder.addChunk(chunk.section, brotliDecompressSync(readFileSync(path.join(folder, chunk.digest))));
  const expected = assess(decoder.finish(), { asOf: scan.as_of.toISOString() }).results.flatMap(
    ({ control, results }) =>
      results.map((r) => {
        const { kind, namespace, name } = r.object;
        return JSON.stringify([control, kind, namespace ?? null, name, r.part ?? null, r.status, r.reason, r.detail]);
      }),
  );
  const stored = await database.query<Record<string, string | null>>(
    `select control_id, kind, namespace, name, part, status, reason, detail from result
     where org_id = $1 and cluster_id = $2 and to_seq is null`,
    [cluster.orgId, cluster.clusterId],
  );
  const found = stored.map((row) =>
    JSON.stringify(
      ["control_id", "kind", "namespace", "name", "part", "status", "reason", "detail"].map((c) => row[c] ?? null),
    ),
  );
  expected.sort();
  found.sort();
  const at = expected.findIndex((line, i) => line !== found[i]);
  if (at >= 0 || expected.length !== found.length)
    return { rows: found.length, problem: `expected ${expected[at] ?? "no more"}, found ${found[at] ?? "no more"}` };
  const total = scan.pass + scan.fail + scan.unknown + scan.na;
  if (total !== found.length) return { rows: found.length, problem: `the scan counts ${total} results` };
  const [open] = await database.query<{ n: number }>(
    "select count(*)::int as n from finding where org_id = $1 and state = 'open'",
    [cluster.orgId],
  );
  return open?.n === scan.fail
    ? { rows: found.length, problem: null }
    : { rows: found.length, problem: `${scan.fail} fails but ${open?.n} open findings` };
}
