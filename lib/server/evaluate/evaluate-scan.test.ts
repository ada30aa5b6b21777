/** From an agent's upload to stored results: what a scan writes, what it leaves alone, and two workers with one scan. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assess } from "@/lib/assessment/assess";
import { CONTROLS } from "@/lib/controls";
import { cdeNamespace, deployment, minimalPodSpec, node, runningDeployment, snapshotOf } from "@/lib/fixtures/builders";
import { SnapshotDecoder } from "@/lib/inventory/encoding";
import { encodeForWire, seedEnrolment, setTestEnvironment, TestAgent } from "../ingest/testing";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { evaluateScan } from "./evaluate-scan";
import { resultRows, resultsDigestOf } from "./rows";
import { seedCluster, type TestCluster } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
});
afterAll(() => database.drop());

const privileged = minimalPodSpec({
  containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
});
const plain = minimalPodSpec();
const at = (hour: number) => `2026-11-20T${String(hour).padStart(2, "0")}:00:00.000Z`;
const world = (...objects: unknown[]) => [cdeNamespace("cde"), node(), ...objects];

async function start(orgId?: string): Promise<{ cluster: TestCluster; agent: TestAgent }> {
  const cluster = await seedCluster(database, { orgId });
  const agent = new TestAgent();
  await agent.enrol(await seedEnrolment(database, cluster));
  return { cluster, agent };
}

/** Uploads a cluster of these objects and evaluates it; answers the scan's number. */
async function scan(
  { cluster, agent }: { cluster: TestCluster; agent: TestAgent },
  objects: unknown[],
  hour: number,
  options: Parameters<typeof snapshotOf>[1] = {},
): Promise<number> {
  const answer = await agent.reportSnapshot(snapshotOf(objects, { collectedAt: at(hour), ...options }));
  expect(answer.body.error).toBeUndefined();
  const seq = Number(answer.body.scanSeq);
  const done = await evaluateScan(
    { orgId: cluster.orgId, clusterId: cluster.clusterId, seq },
    { isLastAttempt: false },
  );
  expect(done).toBe("stored");
  return seq;
}

interface FindingRow {
  number: number;
  name: string;
  state: string;
  reopened: number;
  last_seen_at: Date | null;
  first_seen_seq: number;
}
const findingsOf = (cluster: TestCluster, control = "pod-no-privileged") =>
  database.asSuperuser<FindingRow>(
    `select number, name, state, reopened, last_seen_at, first_seen_seq from finding
     where cluster_id = $1 and control_id = $2 order by number`,
    [cluster.clusterId, control],
  );
const scanRow = async (cluster: TestCluster, seq: number) =>
  (await database.asSuperuser("select * from scan where cluster_id = $1 and seq = $2", [cluster.clusterId, seq]))[0];

describe("evaluateScan", () => {
  it("stores exactly what the pure core says of the decoded snapshot", async () => {
    const one = await start();
    const snapshot = snapshotOf(
      world(...runningDeployment("web", "cde", privileged), deployment("api", "cde", plain)),
      {
        collectedAt: at(1),
      },
    );
    await one.agent.reportSnapshot(snapshot);
    const identity = { orgId: one.cluster.orgId, clusterId: one.cluster.clusterId, seq: 1 };
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("stored");

    const { manifest, chunks } = encodeForWire(snapshot);
    const decoder = new SnapshotDecoder({ ...snapshot, sections: manifest.sections });
    for (const section of manifest.sections) {
      for (const { digest } of section.chunks) {
        decoder.addChunk(section.name, chunks.find((chunk) => chunk.digest === digest)?.raw ?? Buffer.alloc(0));
      }
    }
    const assessment = assess(decoder.finish(), { asOf: at(1) });
    const rows = resultRows(assessment, new Map());
    const stored = await database.asSuperuser(
      `select control_id, kind, namespace, name, part, status, reason, detail, evidence, scope from result
       where cluster_id = $1 and to_seq is null order by control_id, kind, namespace, name, part, detail`,
      [one.cluster.clusterId],
    );
    const shape = (row: Record<string, unknown>) =>
      JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    const expected = rows.map(({ controlId, kind, namespace, name, part, status, reason, detail, evidence, scope }) =>
      shape({ control_id: controlId, kind, namespace, name, part, status, reason, detail, evidence, scope }),
    );
    // jsonb orders keys in its own way; compare by value.
    const canonical = (texts: string[]) =>
      texts.map((text) => JSON.stringify(sortKeys(JSON.parse(text)))).sort((a, b) => (a < b ? -1 : 1));
    expect(canonical(stored.map(shape))).toEqual(canonical(expected));
    const row = await scanRow(one.cluster, 1);
    expect(row).toMatchObject({ state: "done", error: null, as_of: new Date(at(1)) });
    expect(Number(row?.pass) + Number(row?.fail) + Number(row?.unknown) + Number(row?.not_applicable)).toBe(
      rows.length,
    );
    const requirements = await database.asSuperuser<{ requirement_id: string }>(
      "select requirement_id, status, coverage, parts, attestations from requirement_status where cluster_id = $1",
      [one.cluster.clusterId],
    );
    const byId = new Map(requirements.map((each) => [each.requirement_id, each]));
    expect(requirements).toHaveLength(assessment.requirements.length);
    for (const { requirement, ...value } of assessment.requirements) {
      expect(byId.get(requirement)).toEqual({ requirement_id: requirement, ...value });
    }
    const [rollup] = await database.asSuperuser<{ cells: unknown[]; scope: string; failing_controls: number }>(
      "select * from cluster_rollup where cluster_id = $1",
      [one.cluster.clusterId],
    );
    expect(rollup?.cells).toHaveLength(12);
    expect(rollup?.scope).toBe("cde");
    expect(rollup?.failing_controls).toBe(assessment.controls.filter((control) => control.status === "fail").length);
    const [line] = await database.asSuperuser(
      "select outcome from audit_entry where org_id = $1 and action = 'scan:evaluate'",
      [one.cluster.orgId],
    );
    expect(line?.outcome).toBe("done");
  });

  it("does nothing for a scan that is done, and one thing for two workers", async () => {
    const one = await start();
    await one.agent.reportSnapshot(snapshotOf(world(deployment("web", "cde", privileged)), { collectedAt: at(1) }));
    const identity = { orgId: one.cluster.orgId, clusterId: one.cluster.clusterId, seq: 1 };
    const outcomes = await Promise.all([1, 2, 3].map(() => evaluateScan(identity, { isLastAttempt: false })));
    expect([...outcomes].sort((a, b) => (a < b ? -1 : 1))).toEqual(["already-done", "already-done", "stored"]);
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("already-done");
    const events = await database.asSuperuser("select 1 from finding_event where org_id = $1", [one.cluster.orgId]);
    const findings = await database.asSuperuser("select 1 from finding where org_id = $1", [one.cluster.orgId]);
    expect(events).toHaveLength(findings.length);
    const lines = await database.asSuperuser(
      "select 1 from audit_entry where org_id = $1 and action = 'scan:evaluate'",
      [one.cluster.orgId],
    );
    expect(lines).toHaveLength(1);
  });

  it("writes no row of results, statuses, scope or findings for a scan that finds nothing new", async () => {
    const one = await start();
    const objects = world(...runningDeployment("web", "cde", privileged));
    await scan(one, objects, 1);
    const tables = ["result", "control_status", "requirement_status", "scope_row", "finding", "finding_event"];
    const read = () =>
      Promise.all(
        tables.map((table) =>
          database.asSuperuser(`select xmin, * from ${table} where org_id = $1 order by ctid`, [one.cluster.orgId]),
        ),
      );
    const before = await read();
    await scan(one, objects, 2);
    expect(await read()).toEqual(before);
    const [rollup] = await database.asSuperuser("select last_scan_at from cluster_rollup where cluster_id = $1", [
      one.cluster.clusterId,
    ]);
    expect(rollup?.last_scan_at).toEqual(new Date(at(2)));
  });

  it("follows a finding through rollout, repair, return and disappearance", async () => {
    const one = await start();
    await scan(one, world(...runningDeployment("web", "cde", privileged)), 1);
    const [opened] = await findingsOf(one.cluster);
    expect(opened).toMatchObject({ state: "open", name: "web", first_seen_seq: 1, last_seen_at: null });
    // Other pods of the same workload: the same finding.
    await scan(one, world(...runningDeployment("web", "cde", privileged, { replicas: 5 })), 2);
    expect((await findingsOf(one.cluster)).map((row) => row.number)).toEqual([opened?.number]);
    await scan(one, world(...runningDeployment("web", "cde", plain)), 3);
    expect(await findingsOf(one.cluster)).toMatchObject([
      { state: "resolved", reopened: 0, last_seen_at: new Date(at(2)) },
    ]);
    await scan(one, world(...runningDeployment("web", "cde", privileged)), 4);
    expect(await findingsOf(one.cluster)).toMatchObject([
      { number: opened?.number, state: "open", reopened: 1, last_seen_at: null },
    ]);
    await scan(one, world(), 5);
    expect(await findingsOf(one.cluster)).toMatchObject([{ state: "resolved", reopened: 1 }]);
    const events = await database.asSuperuser(
      "select event, scan_seq from finding_event where org_id = $1 and finding_number = $2 order by scan_seq",
      [one.cluster.orgId, opened?.number],
    );
    expect(events.map((row) => `${row.event} ${row.scan_seq}`)).toEqual([
      "opened 1",
      "resolved 3",
      "reopened 4",
      "resolved 5",
    ]);
  });

  it("keeps a finding open, and says since when, while nobody can look", async () => {
    const one = await start();
    await scan(one, world(deployment("web", "cde", privileged)), 1);
    await scan(one, [cdeNamespace("cde"), node()], 2, { sections: { deployments: { status: "forbidden" } } });
    expect(await findingsOf(one.cluster)).toMatchObject([{ state: "open", last_seen_at: new Date(at(1)) }]);
    const [rollup] = await database.asSuperuser("select * from cluster_rollup where cluster_id = $1", [
      one.cluster.clusterId,
    ]);
    expect(Number(rollup?.open_critical) + Number(rollup?.open_high)).toBeGreaterThan(0);
    await scan(one, world(deployment("web", "cde", privileged)), 3);
    expect(await findingsOf(one.cluster)).toMatchObject([{ state: "open", last_seen_at: null, reopened: 0 }]);
  });

  it("completes the record with an older scan that comes late, and overwrites nothing newer", async () => {
    const one = await start();
    await one.agent.reportSnapshot(snapshotOf(world(deployment("web", "cde", privileged)), { collectedAt: at(1) }));
    await scan(one, world(deployment("web", "cde", plain)), 2);
    const [before] = await database.asSuperuser("select * from cluster_rollup where cluster_id = $1", [
      one.cluster.clusterId,
    ]);
    const identity = { orgId: one.cluster.orgId, clusterId: one.cluster.clusterId, seq: 1 };
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("stored");
    const [after] = await database.asSuperuser("select * from cluster_rollup where cluster_id = $1", [
      one.cluster.clusterId,
    ]);
    expect(after).toEqual(before);
    expect(await findingsOf(one.cluster)).toEqual([]);
    const statuses = await database.asSuperuser(
      `select from_seq, to_seq, status from result where cluster_id = $1 and control_id = 'pod-no-privileged' and name = 'web'
       order by from_seq`,
      [one.cluster.clusterId],
    );
    expect(statuses).toEqual([
      { from_seq: 1, to_seq: 2, status: "fail" },
      { from_seq: 2, to_seq: null, status: "pass" },
    ]);
  });

  it("numbers findings of an organization without gaps or doubles under concurrency", async () => {
    const first = await start();
    const others = await Promise.all([1, 2, 3].map(() => start(first.cluster.orgId)));
    const all = [first, ...others];
    await Promise.all(
      all.map((each) => scan(each, world(...["a", "b", "c"].map((n) => deployment(n, "cde", privileged))), 1)),
    );
    const rows = await database.asSuperuser<{ number: number }>(
      "select number from finding where org_id = $1 order by number",
      [first.cluster.orgId],
    );
    expect(rows.length).toBeGreaterThanOrEqual(12);
    expect(rows.map((row) => row.number)).toEqual(rows.map((_, i) => i + 1));
  });

  it("evaluates a scan again to the same digest, whatever happened to the cluster's settings since", async () => {
    const one = await start();
    const objects = world(...runningDeployment("web", "cde", privileged));
    await scan(one, objects, 1);
    await database.asSuperuser("update cluster set provider = 'eks', scope_settings = $2 where id = $1", [
      one.cluster.clusterId,
      JSON.stringify({ labelKey: "other" }),
    ]);
    const row = await scanRow(one.cluster, 1);
    expect(row).toMatchObject({ provider: "self-managed", scope_settings: null });
    const snapshot = snapshotOf(objects, { collectedAt: at(1) });
    const assessment = assess(snapshot, { asOf: at(1) });
    const digest = resultsDigestOf(resultRows(assessment, new Map(CONTROLS.map((control) => [control.id, control]))));
    expect(row?.results_digest).toEqual(Buffer.from(digest, "hex"));
  });

  it("fails a scan whose stored bytes were changed, at once and with the reason", async () => {
    const one = await start();
    await one.agent.reportSnapshot(snapshotOf(world(), { collectedAt: at(1) }));
    await database.asSuperuser("update chunk set data = set_byte(data, 3, get_byte(data, 3) # 255) where org_id = $1", [
      one.cluster.orgId,
    ]);
    const identity = { orgId: one.cluster.orgId, clusterId: one.cluster.clusterId, seq: 1 };
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("failed");
    const row = await scanRow(one.cluster, 1);
    expect(row?.state).toBe("failed");
    expect(row?.error).toMatch(/chunk [0-9a-f]{64}/);
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("already-done");
  });

  it("answers for a scan that does not exist, and for another organization's, with nothing", async () => {
    const one = await start();
    const other = await start();
    await one.agent.reportSnapshot(snapshotOf(world(), { collectedAt: at(1) }));
    const identity = { orgId: other.cluster.orgId, clusterId: one.cluster.clusterId, seq: 1 };
    expect(await evaluateScan(identity, { isLastAttempt: false })).toBe("already-done");
    expect(await evaluateScan({ ...identity, clusterId: randomUUID() }, { isLastAttempt: false })).toBe("already-done");
    expect((await scanRow(one.cluster, 1))?.state).toBe("queued");
  });
});

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
