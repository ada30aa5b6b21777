/**
 * Findings against a model that keeps one small state machine for each object: whatever a sequence of scans says of them, the
 * table, the history and the numbers are those of the model.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withOrganization } from "../db/organization";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { objectKey } from "./finding-plan";
import { writeFindings } from "./findings";
import { fingerprintOf, type ResultRow, valueDigestOf } from "./rows";
import { seedCluster } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const CONTROL = "pod-no-privileged";
const OBJECTS = 4;
const asOf = (seq: number) => new Date(Date.UTC(2026, 10, 1, seq));
const objectOf = (i: number) => ({ apiVersion: "apps/v1", kind: "Deployment", namespace: "n", name: `w${i}` });

type Seen = "fail a" | "fail b" | "pass" | "not-applicable" | "unknown" | "absent" | "invalid";
interface ModelScan {
  seen: Seen[];
  /** A section of the control was not read. */
  isBlind: boolean;
}
const scan: fc.Arbitrary<ModelScan> = fc.record({
  seen: fc.array(
    fc.constantFrom<Seen>("fail a", "fail a", "fail b", "pass", "not-applicable", "unknown", "absent", "invalid"),
    { minLength: OBJECTS, maxLength: OBJECTS },
  ),
  isBlind: fc.boolean(),
});

function rowsOf(model: ModelScan): ResultRow[] {
  const rows = model.seen.flatMap((seen, i): ResultRow[] => {
    if (seen === "absent" || seen === "invalid") return [];
    const [word = "", reason = "-"] = seen.split(" ");
    return [resultRow(i, word as ResultRow["status"], reason)];
  });
  // Something that always passes, so that the control was evaluated.
  return [...rows, resultRow(99, "pass", "-")];
}

function resultRow(i: number, status: ResultRow["status"], reason: string): ResultRow {
  const object = objectOf(i);
  const value = {
    status,
    severity: "high" as const,
    apiVersion: object.apiVersion,
    scope: "cde" as const,
    reason,
    detail: reason,
    evidence: [],
  };
  return {
    ...object,
    ...value,
    part: null,
    controlId: CONTROL,
    digest: valueDigestOf(value),
    fingerprint: fingerprintOf(CONTROL, object, undefined),
  };
}

interface ModelFinding {
  state: "open" | "resolved";
  reopened: number;
  reason: string;
  /** Set while open: nobody could look since the scan after this one. Set when resolved: the last that showed it. */
  lastSeenAt: Date | null;
  events: string[];
}

/** What one more scan means for one object; written without looking at the implementation's cases. */
function step(finding: ModelFinding | undefined, seen: Seen, isBlind: boolean, seq: number): ModelFinding | undefined {
  const previous = seq > 1 ? asOf(seq - 1) : asOf(seq);
  if (seen.startsWith("fail")) {
    const reason = seen.slice(-1);
    if (finding === undefined)
      return { state: "open", reopened: 0, reason, lastSeenAt: null, events: [`opened ${seq}`] };
    if (finding.state === "open") return { ...finding, reason, lastSeenAt: null };
    return {
      ...finding,
      state: "open",
      reopened: finding.reopened + 1,
      reason,
      lastSeenAt: null,
      events: [...finding.events, `reopened ${seq}`],
    };
  }
  if (finding === undefined || finding.state === "resolved") return finding;
  const couldSee = seen === "pass" || seen === "not-applicable" || (seen === "absent" && !isBlind);
  const lastSeenAt = finding.lastSeenAt ?? previous;
  return couldSee
    ? { ...finding, state: "resolved", lastSeenAt, events: [...finding.events, `resolved ${seq}`] }
    : { ...finding, lastSeenAt };
}

describe("writeFindings", () => {
  it("follows every object as the model does", { timeout: 180_000 }, async () => {
    const { orgId } = await seedCluster(database);
    await fc.assert(
      fc.asyncProperty(fc.array(scan, { minLength: 1, maxLength: 7 }), async (scans) => {
        const cluster = await seedCluster(database, { orgId });
        const model = new Map<string, ModelFinding>();
        for (const [index, each] of scans.entries()) {
          const seq = index + 1;
          const at = { orgId, clusterId: cluster.clusterId, seq, asOf: asOf(seq), next: null };
          const blind = {
            controls: new Set(each.isBlind ? [CONTROL] : []),
            objects: new Set(each.seen.flatMap((seen, i) => (seen === "invalid" ? [objectKey(objectOf(i))] : []))),
          };
          const previous = seq > 1 ? asOf(seq - 1) : null;
          await withOrganization(orgId, (tx) => writeFindings(tx, at, rowsOf(each), blind, previous), {
            role: "worker",
          });
          for (const [i, seen] of each.seen.entries()) {
            const next = step(model.get(`w${i}`), seen, each.isBlind, seq);
            if (next !== undefined) model.set(`w${i}`, next);
          }
          expect(await readAll(cluster.clusterId)).toEqual(
            [...model].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, finding]) => ({ name, ...finding })),
          );
        }
      }),
      { numRuns: 40, seed: 20261121 },
    );
    const numbers = await database.asSuperuser<{ number: number }>(
      "select number from finding where org_id = $1 order by number",
      [orgId],
    );
    expect(numbers.map((row) => row.number)).toEqual(numbers.map((_, i) => i + 1));
  });
});

async function readAll(clusterId: string): Promise<(ModelFinding & { name: string })[]> {
  const rows = await database.asSuperuser<{
    name: string;
    state: "open" | "resolved";
    reopened: number;
    reason: string;
    last_seen_at: Date | null;
    events: string[];
  }>(
    `select f.name, f.state, f.reopened, f.reason, f.last_seen_at,
       (select array_agg(e.event || ' ' || e.scan_seq order by e.scan_seq) from finding_event e
        where e.org_id = f.org_id and e.finding_number = f.number) as events
     from finding f where f.cluster_id = $1 order by f.name`,
    [clusterId],
  );
  return rows.map(({ last_seen_at: lastSeenAt, ...row }) => ({ ...row, lastSeenAt }));
}
