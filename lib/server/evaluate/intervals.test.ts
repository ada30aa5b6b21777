/**
 * Interval writing against a model that keeps every scan in full: whatever the sequence of scans, and in whatever order they
 * are evaluated, reading at a scan gives exactly that scan.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withOrganization } from "../db/organization";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { writeIntervals } from "./intervals";
import { fingerprintOf, type ResultRow } from "./rows";
import { CONTROL_TABLE, RESULT_TABLE } from "./tables";
import { seedCluster, seedScan, type TestCluster } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const STATUSES = ["pass", "fail", "unknown", "not-applicable"] as const;
const asOf = (seq: number) => new Date(Date.UTC(2026, 10, 1, seq));

/** One scan: for each of five workloads, nothing or a status with one of two reasons. */
type ModelScan = (null | { status: (typeof STATUSES)[number]; reason: string })[];
const scan: fc.Arbitrary<ModelScan> = fc.array(
  fc.option(fc.record({ status: fc.constantFrom(...STATUSES), reason: fc.constantFrom("a", "b") })),
  { minLength: 5, maxLength: 5 },
);

function rowsOf(model: ModelScan): ResultRow[] {
  return model.flatMap((entry, i) => {
    if (entry === null) return [];
    const object = { apiVersion: "apps/v1", kind: "Deployment", namespace: "n", name: `w${i}` };
    const fingerprint = fingerprintOf("control", object, undefined);
    const digest = Buffer.from(`${entry.status} ${entry.reason}`.padEnd(32)).toString("hex").slice(0, 64);
    const row: ResultRow = {
      ...object,
      ...entry,
      fingerprint,
      digest,
      controlId: "control",
      severity: "low",
      part: null,
      detail: entry.reason,
      evidence: [],
      scope: "cde",
    };
    return [row];
  });
}

async function evaluate(cluster: TestCluster, seq: number, model: ModelScan, done: readonly number[]) {
  const later = done.filter((other) => other > seq).sort((a, b) => a - b)[0];
  const at = {
    orgId: cluster.orgId,
    clusterId: cluster.clusterId,
    seq,
    asOf: asOf(seq),
    next: later === undefined ? null : { seq: later, asOf: asOf(later) },
  };
  return withOrganization(cluster.orgId, (tx) => writeIntervals(tx, RESULT_TABLE, at, rowsOf(model)), {
    role: "worker",
  });
}

async function readAt(cluster: TestCluster, seq: number): Promise<string[]> {
  const rows = await database.asSuperuser<{ name: string; status: string; reason: string }>(
    `select name, status, reason from result where org_id = $1 and cluster_id = $2 and from_seq <= $3
       and (to_seq is null or to_seq > $3) order by name`,
    [cluster.orgId, cluster.clusterId, seq],
  );
  return rows.map((row) => `${row.name} ${row.status} ${row.reason}`);
}
const expected = (model: ModelScan) => rowsOf(model).map((row) => `${row.name} ${row.status} ${row.reason}`);

describe("writeIntervals", () => {
  it("gives every scan back, whatever the scans and the order of their evaluation", { timeout: 120_000 }, async () => {
    const orgId = (await seedCluster(database)).orgId;
    const sequences = fc.array(scan, { minLength: 1, maxLength: 6 }).chain((scans) =>
      fc.record({
        scans: fc.constant(scans),
        order: fc.shuffledSubarray(
          scans.map((_, i) => i),
          { minLength: scans.length },
        ),
      }),
    );
    await fc.assert(
      fc.asyncProperty(sequences, async ({ scans, order }) => {
        const cluster = await seedCluster(database, { orgId });
        const done: number[] = [];
        for (const index of order) {
          await evaluate(cluster, index + 1, scans[index] ?? [], done);
          done.push(index + 1);
          for (const seq of done) expect(await readAt(cluster, seq)).toEqual(expected(scans[seq - 1] ?? []));
        }
        const overlaps = await database.asSuperuser(
          `select 1 from result a join result b using (org_id, cluster_id, fingerprint)
           where a.cluster_id = $1 and a.from_seq < b.from_seq and (a.to_seq is null or a.to_seq > b.from_seq)`,
          [cluster.clusterId],
        );
        expect(overlaps).toEqual([]);
      }),
      { numRuns: 60, seed: 20261121 },
    );
  });

  it("writes nothing for a scan that is like the one before", async () => {
    const cluster = await seedCluster(database);
    const model: ModelScan = [{ status: "fail", reason: "a" }, null, { status: "pass", reason: "b" }, null, null];
    expect(await evaluate(cluster, 1, model, [])).toEqual({ inserted: 2, ended: 0 });
    const before = await database.asSuperuser("select xmin, * from result where cluster_id = $1 order by name", [
      cluster.clusterId,
    ]);
    expect(await evaluate(cluster, 2, model, [1])).toEqual({ inserted: 0, ended: 0 });
    const after = await database.asSuperuser("select xmin, * from result where cluster_id = $1 order by name", [
      cluster.clusterId,
    ]);
    expect(after).toEqual(before);
  });

  it("keeps 'since' while only the reason changes", async () => {
    const cluster = await seedCluster(database);
    await evaluate(cluster, 1, [{ status: "fail", reason: "a" }], []);
    await evaluate(cluster, 2, [{ status: "fail", reason: "b" }], [1]);
    await evaluate(cluster, 3, [{ status: "pass", reason: "b" }], [1, 2]);
    const rows = await database.asSuperuser<{ since_at: Date }>(
      "select since_at from result where cluster_id = $1 order by from_seq",
      [cluster.clusterId],
    );
    expect(rows.map((row) => row.since_at)).toEqual([asOf(1), asOf(1), asOf(3)]);
  });

  it("works for tables with a text key", async () => {
    const cluster = await seedCluster(database);
    await seedScan(database, cluster, 1, asOf(1));
    const at = { ...cluster, seq: 1, asOf: asOf(1), next: null };
    const row = { controlId: "x", status: "fail", pass: 1, fail: 2, unknown: 3, notApplicable: 4 } as const;
    await withOrganization(cluster.orgId, (tx) => writeIntervals(tx, CONTROL_TABLE, at, [row]), { role: "worker" });
    const again = { ...at, seq: 2 };
    const changed = { ...row, fail: 3 };
    const result = await withOrganization(cluster.orgId, (tx) => writeIntervals(tx, CONTROL_TABLE, again, [changed]), {
      role: "worker",
    });
    expect(result).toEqual({ inserted: 1, ended: 1 });
    expect(
      await database.asSuperuser(
        "select from_seq, to_seq, fail from control_status where cluster_id = $1 order by from_seq",
        [cluster.clusterId],
      ),
    ).toEqual([
      { from_seq: 1, to_seq: 2, fail: 2 },
      { from_seq: 2, to_seq: null, fail: 3 },
    ]);
  });
});
