/**
 * Real worker processes against a real queue: killed in the middle, two on one queue, stopped politely. What a person sees
 * afterwards is what one undisturbed worker would have left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cdeNamespace, deployment, minimalPodSpec, node, snapshotOf } from "@/lib/fixtures/builders";
import { seedCluster, type TestCluster } from "../evaluate/testing";
import { seedEnrolment, setTestEnvironment, TestAgent } from "../ingest/testing";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { endAbandonedScans, lookForGaps, tidy } from "./look-after";

const root = join(import.meta.dirname, "../../..");
const privileged = minimalPodSpec({
  containers: [{ name: "app", image: "app", securityContext: { privileged: true } }],
});

let database: TestDatabase;
const processes: ChildProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
});
afterEach(() => {
  for (const child of processes.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
});
afterAll(() => database.drop());

interface WorkerProcess {
  child: ChildProcess;
  output: () => string;
  exited: Promise<number | null>;
}

/** A worker as production starts it, in a process of its own. */
async function startProcess(): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", "worker/main.ts"], {
    cwd: root,
    env: { ...process.env, RINGFENCE_WORKER_DATABASE_URL: database.url("worker") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  processes.push(child);
  let text = "";
  child.stdout.on("data", (part: Buffer) => (text += part.toString()));
  child.stderr.on("data", (part: Buffer) => (text += part.toString()));
  const exited = new Promise<number | null>((resolve) => child.on("exit", resolve));
  await until(
    () => text.includes("ready") || child.exitCode !== null,
    () => `the worker did not start: ${text}`,
  );
  return { child, output: () => text, exited };
}

async function until(isTrue: () => boolean | Promise<boolean>, problem: () => string, seconds = 45): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(problem());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function report(objects: unknown[], known?: { cluster: TestCluster; agent: TestAgent }) {
  const cluster = known?.cluster ?? (await seedCluster(database));
  const agent = known?.agent ?? new TestAgent();
  if (known === undefined) await agent.enrol(await seedEnrolment(database, cluster));
  const answer = await agent.reportSnapshot(snapshotOf([cdeNamespace("cde"), node(), ...objects]));
  expect(answer.status).toBe(200);
  return { cluster, agent };
}

async function stateOf(cluster: TestCluster, seq = 1): Promise<string> {
  const [row] = await database.asSuperuser<{ state: string }>(
    "select state from scan where cluster_id = $1 and seq = $2",
    [cluster.clusterId, seq],
  );
  return row?.state ?? "";
}
const untilDone = (cluster: TestCluster, output: () => string) =>
  until(
    async () => (await stateOf(cluster)) === "done",
    () => `the scan is not done: ${output()}`,
  );

async function count(table: string, cluster: TestCluster): Promise<number> {
  const column = ["finding_event", "audit_entry"].includes(table) ? "org_id" : "cluster_id";
  const id = column === "org_id" ? cluster.orgId : cluster.clusterId;
  const rows = await database.asSuperuser<{ n: number }>(
    `select count(*)::int as n from ${table} where ${column} = $1`,
    [id],
  );
  return rows[0]?.n ?? -1;
}
const TABLES = [
  "result",
  "control_status",
  "requirement_status",
  "scope_row",
  "finding",
  "finding_event",
  "cluster_rollup",
];

describe("worker processes", () => {
  it("loses nothing and doubles nothing when one is killed in the middle of an evaluation", {
    timeout: 120_000,
  }, async () => {
    const { cluster } = await report([deployment("web", "cde", privileged)]);
    const undisturbed = await report([deployment("web", "cde", privileged)]);
    // Whoever evaluates this cluster has to wait at the door of the last transaction, with everything computed.
    const gate = new pg.Client({ connectionString: database.url("superuser") });
    await gate.connect();
    await gate.query("select pg_advisory_lock(hashtextextended($1, 0))", [`evaluate ${cluster.clusterId}`]);
    try {
      const first = await startProcess();
      const isWaiting = async () => {
        const rows = await gate.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
        return rows.rowCount === 1 && (await stateOf(cluster)) === "evaluating";
      };
      await until(isWaiting, () => `the worker never came to its last transaction: ${first.output()}`);
      await untilDone(undisturbed.cluster, first.output);
      first.child.kill("SIGKILL");
      await first.exited;
      for (const table of TABLES) expect([table, await count(table, cluster)]).toEqual([table, 0]);
    } finally {
      await gate.end();
    }
    const second = await startProcess();
    await untilDone(cluster, second.output);
    for (const table of TABLES) {
      expect([table, await count(table, cluster)]).toEqual([table, await count(table, undisturbed.cluster)]);
    }
    const lines = await database.asSuperuser(
      "select 1 from audit_entry where org_id = $1 and action = 'scan:evaluate'",
      [cluster.orgId],
    );
    expect(lines).toHaveLength(1);
    await until(
      async () =>
        (
          await database.asSuperuser("select 1 from graphile_worker._private_jobs where key like '%' || $1 || '%'", [
            cluster.clusterId,
          ])
        ).length === 0,
      () => "the job was left behind",
    );
    second.child.kill("SIGTERM");
    expect(await second.exited).toBe(0);
    expect(second.output()).toContain("stopped");
  });

  it("shares a queue between two processes, each scan once", { timeout: 120_000 }, async () => {
    const workers = await Promise.all([startProcess(), startProcess()]);
    const worlds = await Promise.all(
      Array.from({ length: 6 }, (_, i) => report([deployment(`w${i}`, "cde", privileged)])),
    );
    for (const { cluster } of worlds) await untilDone(cluster, () => workers.map((worker) => worker.output()).join());
    for (const { cluster } of worlds) {
      const lines = await database.asSuperuser(
        "select 1 from audit_entry where org_id = $1 and action = 'scan:evaluate'",
        [cluster.orgId],
      );
      expect(lines).toHaveLength(1);
      const events = await database.asSuperuser("select 1 from finding_event where org_id = $1", [cluster.orgId]);
      expect(events).toHaveLength(await count("finding", cluster));
    }
    for (const { child } of workers) child.kill("SIGTERM");
    expect(await Promise.all(workers.map((worker) => worker.exited))).toEqual([0, 0]);
  });

  it("refuses to start with another role's database", async () => {
    const child = spawn(process.execPath, ["--import", "tsx", "worker/main.ts"], {
      cwd: root,
      env: { ...process.env, RINGFENCE_WORKER_DATABASE_URL: database.url("superuser") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    processes.push(child);
    let text = "";
    child.stderr.on("data", (part: Buffer) => (text += part.toString()));
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(1);
    expect(text).toMatch(/superuser/);
  });
});

describe("by the clock", () => {
  const NOW = new Date();
  const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);

  it("opens one gap for an overdue snapshot, with its reason and a line in the trail, until the next commit", async () => {
    const world = await report([]);
    const gaps = () =>
      database.asSuperuser("select reason, to_at is null as open from snapshot_gap where cluster_id = $1", [
        world.cluster.clusterId,
      ]);
    await lookForGaps(hours(1.9));
    expect(await gaps()).toEqual([]);
    await lookForGaps(hours(2.1));
    await lookForGaps(hours(2.2));
    expect(await gaps()).toEqual([{ reason: "agent-silent", open: true }]);
    const lines = await database.asSuperuser(
      "select 1 from audit_entry where org_id = $1 and action = 'snapshot:gap'",
      [world.cluster.orgId],
    );
    expect(lines).toHaveLength(1);
    await report([deployment("web")], world);
    expect(await gaps()).toEqual([{ reason: "agent-silent", open: false }]);
  });

  it("opens none for a cluster that is paused, revoked, removed or was never connected", async () => {
    const changes = ["paused = true", "agent_state = 'revoked'", "deleted_at = now()"];
    for (const change of changes) {
      const { cluster } = await report([]);
      await database.asSuperuser(`update cluster set ${change} where id = $1`, [cluster.clusterId]);
      await lookForGaps(hours(50));
      expect(await count("snapshot_gap", cluster)).toBe(0);
    }
    const never = await seedCluster(database);
    await database.asSuperuser("delete from agent where id = $1", [never.agentId]);
    await lookForGaps(hours(50));
    expect(await count("snapshot_gap", never)).toBe(0);
  });

  it("ends a scan whose every attempt died, and leaves one alone that may still run", async () => {
    const [dead, alive] = [await report([]), await report([])];
    await database.asSuperuser(
      "update graphile_worker._private_jobs set attempts = max_attempts where payload ->> 'clusterId' = $1",
      [dead.cluster.clusterId],
    );
    await endAbandonedScans(hours(1));
    expect([await stateOf(dead.cluster), await stateOf(alive.cluster)]).toEqual(["failed", "queued"]);
    const [line] = await database.asSuperuser(
      "select outcome from audit_entry where org_id = $1 and action = 'scan:fail'",
      [dead.cluster.orgId],
    );
    expect(line?.outcome).toBe("failed");
  });

  it("tidies sessions and counters of the past only", async () => {
    await database.asSuperuser(
      "insert into rate_limit (key, window_at, hits) values ('old', now() - interval '2 hours', 1), ('new', now(), 1)",
    );
    await tidy(new Date());
    expect(await database.asSuperuser("select key from rate_limit where key in ('old', 'new')")).toEqual([
      { key: "new" },
    ]);
  });
});
