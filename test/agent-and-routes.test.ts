/**
 * The shipped agent as a process against the real routes and a real database: what is killed in the middle of an upload is
 * there once afterwards, and once only.
 */
import { readFile, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AgentProcess, AgentWorld, bundleAgent, temporaryDirectory, until } from "@/agent/testing/agent-process";
import { type KubernetesStub, namespace, pod, startKubernetesStub } from "@/agent/testing/kubernetes-stub";
import { AGENT_PATHS } from "@/lib/inventory/wire";
import { seedCluster, type TestCluster } from "@/lib/server/evaluate/testing";
import * as routes from "@/lib/server/ingest/routes";
import { seedEnrolment, setTestEnvironment } from "@/lib/server/ingest/testing";
import { createTestDatabase, type TestDatabase } from "@/lib/server/testing/database";

/** The routes behind a socket, as Next.js would call them; can be ended like a killed server and started again. */
class RouteServer {
  private server: http.Server | null = null;
  private port = 0;
  /** Before a request is handled, or after it took effect: break the connection. */
  interfere: (method: string, path: string) => "request" | "answer" | undefined = () => undefined;
  statuses: string[] = [];

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = http.createServer((incoming, outgoing) => void this.answer(incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    await new Promise<void>((resolve) => {
      if (server === null) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async answer(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const { method = "", url: path = "" } = incoming;
    const interference = this.interfere(method, path);
    if (interference === "request") return void incoming.socket.destroy();
    const headers = new Headers();
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
    }
    const body = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
    const request = new Request(new URL(path, this.url), { method, headers, body, duplex: "half" } as RequestInit);
    const [, snapshotId = "", action = ""] = /^\/api\/agent\/snapshots\/([^/]+)\/(chunks|commit)$/.exec(path) ?? [];
    const handler = { chunks: routes.chunksRoute, commit: routes.commitRoute }[action] ?? byPath.get(path);
    const response = await handler?.(request, { params: Promise.resolve({ snapshotId }) });
    this.statuses.push(`${method} ${path.replace(snapshotId, "ID")} ${response?.status}`);
    if (interference === "answer" || response === undefined) return void incoming.socket.destroy();
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }
}
const byPath = new Map<string, typeof routes.announceRoute>([
  [AGENT_PATHS.enrol, routes.enrolRoute],
  [AGENT_PATHS.heartbeat, routes.heartbeatRoute],
  [AGENT_PATHS.announce, routes.announceRoute],
  [AGENT_PATHS.rotateKey, routes.rotateKeyRoute],
]);

let database: TestDatabase;
let bundleDirectory: string;
let bundle: string;
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
  bundleDirectory = await temporaryDirectory();
  bundle = await bundleAgent(bundleDirectory);
});
afterAll(async () => {
  await database.drop();
  await rm(bundleDirectory, { recursive: true, force: true });
});

let stub: KubernetesStub;
let server: RouteServer;
let world: AgentWorld;
let cluster: TestCluster;
beforeEach(async () => {
  stub = await startKubernetesStub();
  stub.resources.set(
    "/api/v1/pods",
    Array.from({ length: 700 }, (_, i) => pod("web", `pod-${String(i).padStart(4, "0")}`)),
  );
  server = new RouteServer();
  await server.start();
  cluster = await seedCluster(database, {});
  await database.asSuperuser("delete from agent where org_id = $1 and id = $2", [cluster.orgId, cluster.agentId]);
  world = await AgentWorld.create(bundle, stub.kubeconfig, await seedEnrolment(database, cluster));
});
afterEach(async () => {
  await world.remove();
  await server.stop();
  await stub.close();
});

const start = (args: readonly string[] = []) => world.start(server.url, args);
const scans = () =>
  database.asSuperuser<{ seq: number; objects: number; snapshot_id: string }>(
    "select seq, objects, snapshot_id from scan where org_id = $1 and cluster_id = $2 order by seq",
    [cluster.orgId, cluster.clusterId],
  );
const scanned = (agent: AgentProcess, n: number) =>
  until(
    async () => (await scans()).length >= n,
    () => `${agent.stderr}\n${server.statuses.join("\n")}`,
    30_000,
  );
/** 700 pods and the two namespaces; templates are no objects of the cluster. */
const OBJECTS = 702;

/** Every chunk that is stored is one that some snapshot announced, and its bytes are what its digest says. */
async function expectSoundStore(): Promise<void> {
  const chunks = await database.asSuperuser<{ digest: string }>(
    "select encode(digest, 'hex') as digest from chunk where org_id = $1",
    [cluster.orgId],
  );
  const announced = await database.asSuperuser<{ digest: string }>(
    `select distinct c->>'digest' as digest from snapshot s, jsonb_array_elements(s.manifest->'sections') as section,
       jsonb_array_elements(section->'chunks') as c where s.org_id = $1 and s.state = 'committed'`,
    [cluster.orgId],
  );
  expect(new Set(chunks.map(({ digest }) => digest))).toEqual(new Set(announced.map(({ digest }) => digest)));
  expect(new Set(chunks.map(({ digest }) => digest)).size).toBe(chunks.length);
}
const agentRow = async () =>
  (
    await database.asSuperuser<{ quarantined: boolean }>(
      "select quarantined_at is not null as quarantined from agent where org_id = $1 and revoked_at is null",
      [cluster.orgId],
    )
  )[0];

describe("the shipped agent and the real routes", () => {
  it("enrol, hand in and go on: each scan once, in one chain", async () => {
    for (let n = 1; n <= 3; n++) {
      if (n === 3)
        stub.resources.set("/api/v1/namespaces", [namespace("default"), namespace("kube-system"), namespace("late")]);
      const agent = start(["--once"]);
      expect(await agent.exited(), `${agent.stderr}\n${server.statuses.join("\n")}`).toBe(0);
    }
    expect((await scans()).map(({ seq, objects }) => ({ seq, objects }))).toEqual([
      { seq: 1, objects: OBJECTS },
      { seq: 2, objects: OBJECTS },
      { seq: 3, objects: OBJECTS + 1 },
    ]);
    await expectSoundStore();
    expect((await agentRow())?.quarantined).toBe(false);
    // Both sides mean the same by the interval: seconds between two scans. A server that answered with the heartbeat's thirty
    // seconds had every cluster scanned each minute.
    const state = JSON.parse(await readFile(path.join(world.stateDir, "agent-state.json"), "utf8")) as {
      identity: { intervalSeconds: number };
    };
    const [row] = await database.asSuperuser<{ interval_seconds: number }>(
      "select interval_seconds from cluster where org_id = $1 and id = $2",
      [cluster.orgId, cluster.clusterId],
    );
    expect(state.identity.intervalSeconds).toBe(row?.interval_seconds);
    expect(row?.interval_seconds).toBe(3600);
  });

  it.each(["PUT", "commit"])("an agent killed at its %s loses and doubles nothing", async (where) => {
    const victim: { agent?: AgentProcess; killed?: Promise<unknown> } = {};
    server.interfere = (method, path) => {
      const isIt = where === "PUT" ? method === "PUT" : path.endsWith("/commit");
      if (!isIt || victim.killed !== undefined) return undefined;
      victim.killed = victim.agent?.kill("SIGKILL");
      return "answer";
    };
    victim.agent = start();
    await until(() => victim.killed !== undefined, "the kill");
    await victim.killed;
    const again = start(["--once"]);
    expect(await again.exited(), again.stderr).toBe(0);
    const found = await scans();
    expect(found.map(({ seq }) => seq)).toEqual(where === "PUT" ? [1] : [1, 2]);
    expect(found.every(({ objects }) => objects === OBJECTS)).toBe(true);
    await expectSoundStore();
    expect((await agentRow())?.quarantined).toBe(false);
  });

  it.each(["announcement", "PUT", "commit"])(
    "a server that goes away at the %s gets the snapshot once when it is back",
    async (where) => {
      let isDown = false;
      server.interfere = (method, path) => {
        const isIt =
          where === "PUT"
            ? method === "PUT"
            : where === "commit"
              ? path.endsWith("/commit")
              : path === AGENT_PATHS.announce;
        if (!isIt || isDown) return undefined;
        isDown = true;
        void server.stop().then(() => server.start());
        return "request";
      };
      const agent = start();
      await scanned(agent, 1);
      expect(isDown).toBe(true);
      expect((await scans()).map(({ seq, objects }) => ({ seq, objects }))).toEqual([{ seq: 1, objects: OBJECTS }]);
      await expectSoundStore();
    },
  );

  it("a new token brings back the cluster of a revoked agent", async () => {
    const agent = start();
    await scanned(agent, 1);
    await database.asSuperuser("update agent set revoked_at = now() where org_id = $1 and revoked_at is null", [
      cluster.orgId,
    ]);
    await world.putToken(await seedEnrolment(database, cluster));
    await scanned(agent, 2);
    expect((await agentRow())?.quarantined).toBe(false);
  });
});
