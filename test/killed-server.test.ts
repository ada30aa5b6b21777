/**
 * The production server, killed with SIGKILL while the shipped agent hands in a snapshot: in the middle of a body, of a
 * transaction, and between an effect and its answer. What is there afterwards is what an undisturbed server would hold.
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { brotliDecompressSync } from "node:zlib";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AgentWorld, bundleAgent, temporaryDirectory, until } from "@/agent/testing/agent-process";
import { type KubernetesStub, namespace, pod, startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { commitDigestText } from "@/lib/inventory/wire";
import { evaluateScan } from "@/lib/server/evaluate/evaluate-scan";
import { seedCluster, type TestCluster } from "@/lib/server/evaluate/testing";
import { seedEnrolment, setTestEnvironment } from "@/lib/server/ingest/testing";
import { createTestDatabase, type TestDatabase } from "@/lib/server/testing/database";
import { BUILD_MS, PausingProxy, WebServer } from "./web-server";

const PODS = 3000;

let database: TestDatabase;
let directory: string;
let bundle: string;
let stub: KubernetesStub;
let server: WebServer;
/** What a run without a kill leaves. */
let undisturbed: Outcome;
const proxies: PausingProxy[] = [];
const worlds: AgentWorld[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
  directory = await temporaryDirectory();
  bundle = await bundleAgent(directory);
  stub = await startKubernetesStub();
  stub.resources.set("/api/v1/namespaces", [
    namespace("default"),
    { ...namespace("kube-system"), metadata: { name: "kube-system", uid: uuidOf("kube-system") } },
    namespace("web", { "pci-scope": "cde" }),
  ]);
  stub.resources.set(
    "/api/v1/pods",
    Array.from({ length: PODS }, (_, i) => podOf(i)),
  );
  server = await WebServer.start(database);
  const cluster = await newCluster();
  await handIn(cluster, await PausingProxy.start(server.port));
  undisturbed = await outcomeOf(cluster);
}, BUILD_MS);
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.remove();
  for (const proxy of proxies.splice(0)) await proxy.close();
});
afterAll(async () => {
  await server?.kill();
  await stub?.close();
  await database?.drop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

/** Identities that no compression makes small, so that the upload has a middle. */
function uuidOf(seed: string): string {
  const hex = createHash("sha256").update(seed).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
function podOf(i: number): Record<string, unknown> {
  const made = pod("web", `pod-${String(i).padStart(5, "0")}-${uuidOf(`name ${i}`).slice(0, 5)}`, {
    nodeName: `node-${i % 7}`,
    ...(i % 50 === 0 ? { hostNetwork: true } : {}),
  });
  return { ...made, metadata: { ...(made.metadata as object), uid: uuidOf(`pod ${i}`) } };
}

async function newCluster(): Promise<TestCluster> {
  const cluster = await seedCluster(database, {});
  await database.asSuperuser("delete from agent where org_id = $1 and id = $2", [cluster.orgId, cluster.agentId]);
  return cluster;
}

/** One scan by the shipped agent through the proxy; resolves when it has ended well. */
async function handIn(cluster: TestCluster, proxy: PausingProxy): Promise<void> {
  proxies.push(proxy);
  const world = await AgentWorld.create(bundle, stub.kubeconfig, await seedEnrolment(database, cluster));
  worlds.push(world);
  const agent = world.start(proxy.url, ["--once"]);
  expect(await agent.exited(), `${agent.stderr}\n${server.output}`).toBe(0);
}

interface Outcome {
  chunks: string[];
  objects: number;
  results: string;
}

/** Everything that the scan left, without ids and times; checks on the way what must hold of any outcome. */
async function outcomeOf(cluster: TestCluster): Promise<Outcome> {
  const { orgId, clusterId } = cluster;
  const scans = await database.asSuperuser<{ seq: number; snapshot_id: string; objects: number }>(
    "select seq, snapshot_id, objects from scan where org_id = $1 and cluster_id = $2 order by seq",
    [orgId, clusterId],
  );
  expect(scans.map(({ seq }) => seq)).toEqual([1]);
  const snapshots = await database.asSuperuser<Record<"id" | "manifest_digest" | "commit_digest", string>>(
    `select id, encode(manifest_digest, 'hex') as manifest_digest, encode(commit_digest, 'hex') as commit_digest
     from snapshot where org_id = $1 and state = 'committed' and scan_seq = 1 and prev_digest is null`,
    [orgId],
  );
  const [snapshot] = snapshots;
  if (snapshot === undefined || snapshots.length !== 1) throw new Error(`${snapshots.length} snapshots were committed`);
  expect(scans[0]?.snapshot_id).toBe(snapshot.id);
  const text = commitDigestText({ snapshotId: snapshot.id, manifestDigest: snapshot.manifest_digest, prev: null });
  expect(snapshot.commit_digest).toBe(createHash("sha256").update(text).digest("hex"));
  const [row] = await database.asSuperuser<{ seq: number; last: string; quarantined: number; jobs: number }>(
    `select c.last_scan_seq as seq, encode(c.last_commit_digest, 'hex') as last,
       (select count(*)::int from agent a where a.org_id = c.org_id and a.quarantined_at is not null) as quarantined,
       (select count(*)::int from graphile_worker._private_jobs j where j.payload ->> 'clusterId' = c.id::text) as jobs
     from cluster c where c.org_id = $1 and c.id = $2`,
    [orgId, clusterId],
  );
  expect(row).toEqual({ seq: 1, last: snapshot.commit_digest, quarantined: 0, jobs: 1 });
  const commits = await database.asSuperuser(
    "select 1 from audit_entry where org_id = $1 and action = 'snapshot:commit' and outcome = 'done'",
    [orgId],
  );
  expect(commits).toHaveLength(1);

  const announced = await database.asSuperuser<{ digest: string }>(
    `select distinct c->>'digest' as digest from snapshot s, jsonb_array_elements(s.manifest->'sections') as section,
       jsonb_array_elements(section->'chunks') as c where s.org_id = $1 and s.state = 'committed' order by 1`,
    [orgId],
  );
  const stored = await database.asSuperuser<{ digest: string; data: Buffer }>(
    "select encode(digest, 'hex') as digest, data from chunk where org_id = $1 order by 1",
    [orgId],
  );
  const chunks = stored.map(({ digest }) => digest);
  expect(chunks).toEqual(announced.map(({ digest }) => digest));
  for (const { digest, data } of stored) {
    expect(createHash("sha256").update(brotliDecompressSync(data)).digest("hex")).toBe(digest);
  }

  expect(await evaluateScan({ orgId, clusterId, seq: 1 }, { isLastAttempt: true })).toBe("stored");
  const results = await database.asSuperuser<{ line: string }>(
    `select (to_jsonb(r) - 'org_id' - 'cluster_id' - 'id' - 'since_at')::text as line from result r
     where org_id = $1 and cluster_id = $2 order by 1`,
    [orgId, clusterId],
  );
  expect(results.length).toBeGreaterThan(PODS);
  const lines = results.map(({ line }) => line).join("\n");
  return { chunks, objects: scans[0]?.objects ?? 0, results: createHash("sha256").update(lines).digest("hex") };
}

/** Holds up whoever inserts into the table, from within PostgreSQL. */
async function closeTable(table: "chunk" | "scan") {
  const gate = new pg.Client({ connectionString: database.url("superuser") });
  await gate.connect();
  await gate.query("begin");
  await gate.query(`lock table ${table} in share row exclusive mode`);
  return {
    isWaitedFor: async () =>
      (
        await gate.query(
          "select 1 from pg_locks where relation = $1::regclass and not granted and database is not null",
          [table],
        )
      ).rowCount === 1,
    open: () => gate.end(),
  };
}

const isIt = (where: "upload" | "commit", method: string, path: string) =>
  where === "upload" ? method === "PUT" && path.endsWith("/chunks") : path.endsWith("/commit");

describe("a server that is killed loses and doubles nothing", () => {
  it.each(["upload", "commit"] as const)("in the middle of the body of the %s", { timeout: 180_000 }, async (where) => {
    const cluster = await newCluster();
    const proxy = await PausingProxy.start(server.port);
    const restarted = new Promise<void>((resolve, reject) => {
      let kills = 0;
      proxy.stopAt = (method, path) =>
        kills === 0 && isIt(where, method, path)
          ? { body: 0.5, isReached: () => void (kills++ === 0 && restart().then(resolve, reject)) }
          : undefined;
    });
    await handIn(cluster, proxy);
    await restarted;
    expect(await outcomeOf(cluster)).toEqual(undisturbed);
  });

  it.each([
    ["upload", "chunk"],
    ["commit", "scan"],
  ] as const)("in the transaction of the %s", { timeout: 180_000 }, async (where, table) => {
    const cluster = await newCluster();
    const gate = await closeTable(table);
    const work = handIn(cluster, await PausingProxy.start(server.port));
    work.catch(() => undefined);
    try {
      await until(gate.isWaitedFor, `the ${where} to come to its transaction`, 60_000);
      await server.kill();
    } finally {
      await gate.open();
    }
    // Whatever the broken-off transaction did is gone before anybody comes back.
    const done = where === "upload" ? "select 1 from chunk where org_id = $1" : "select 1 from scan where org_id = $1";
    expect(await database.asSuperuser(done, [cluster.orgId])).toEqual([]);
    await server.startAgain();
    await work;
    expect(await outcomeOf(cluster)).toEqual(undisturbed);
  });

  it.each([
    ["upload", "chunk"],
    ["commit", "scan"],
  ] as const)("after the %s took effect and before its answer", { timeout: 180_000 }, async (where, table) => {
    const cluster = await newCluster();
    const proxy = await PausingProxy.start(server.port);
    let isHeld = false;
    proxy.stopAt = (method, path) =>
      !isHeld && isIt(where, method, path) ? { body: 1, isReached: () => (isHeld = true) } : undefined;
    const work = handIn(cluster, proxy);
    work.catch(() => undefined);
    const hasEffect = async () =>
      (await database.asSuperuser(`select 1 from ${table} where org_id = $1`, [cluster.orgId])).length > 0;
    await until(async () => isHeld && (await hasEffect()), `the ${where} to take effect`, 60_000);
    await restart();
    await work;
    expect(await outcomeOf(cluster)).toEqual(undisturbed);
  });
});

async function restart(): Promise<void> {
  await server.kill();
  await server.startAgain();
}
