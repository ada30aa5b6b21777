/**
 * The shipped bundle as a process, against a small Kubernetes API and a strict server. What is killed is killed with SIGKILL.
 */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AGENT_PATHS } from "@/lib/inventory/wire";
import { type AgentProcess, AgentWorld, bundleAgent, temporaryDirectory, until } from "./testing/agent-process";
import { type KubernetesStub, namespace, pod, startKubernetesStub } from "./testing/kubernetes-stub";
import { WireServer } from "./testing/wire-server";

let bundleDirectory: string;
let bundle: string;
beforeAll(async () => {
  bundleDirectory = await temporaryDirectory();
  bundle = await bundleAgent(bundleDirectory);
});
afterAll(() => rm(bundleDirectory, { recursive: true, force: true }));

let stub: KubernetesStub;
let server: WireServer;
let world: AgentWorld;
beforeEach(async () => {
  stub = await startKubernetesStub();
  server = new WireServer();
  await server.start();
  stub.resources.set(
    "/api/v1/pods",
    Array.from({ length: 900 }, (_, i) =>
      pod("web", `pod-${String(i).padStart(4, "0")}`, { nodeName: `node-${i % 7}` }),
    ),
  );
  world = await AgentWorld.create(bundle, stub.kubeconfig, server.issueToken());
});
afterEach(async () => {
  await world.remove();
  await server.stop();
  await stub.close();
});

const start = (args: readonly string[] = []) => world.start(server.url, args);
const why = (agent: AgentProcess) => () => `${agent.stderr}\n${JSON.stringify(server.received.slice(-10))}`;
const committed = (agent: AgentProcess, n: number) => until(() => server.commits.length >= n, why(agent));
const refusals = () => server.received.filter(({ status }) => status >= 400 && status !== 503);
const stateOf = async () => JSON.parse(await readFile(path.join(world.stateDir, "agent-state.json"), "utf8"));
const isCommit = (request: string) => request.endsWith("/commit");
const isPack = (request: string) => request.endsWith("/chunks");

describe("an agent", () => {
  it("enrols, reports and hands in every object once", async () => {
    const agent = start();
    await committed(agent, 1);
    const [commit] = server.commits;
    if (commit === undefined) throw new Error("nothing was committed");
    const names = server.linesOf(commit, "pods").map((line) => JSON.parse(line).metadata.name);
    expect(names).toEqual(
      stub.resources.get("/api/v1/pods")?.map((item) => (item as { metadata: { name: string } }).metadata.name),
    );
    expect(server.linesOf(commit, "podtemplates")).toHaveLength(1);
    expect(server.linesOf(commit, "namespaces").map((line) => JSON.parse(line).metadata.name)).toEqual([
      "default",
      "kube-system",
    ]);
    expect(commit.announcement).toMatchObject({
      prev: null,
      gaps: [],
      manifest: { facts: { gitVersion: "v1.32.4" }, invalid: [] },
    });
    await until(() => server.heartbeats.length >= 2, why(agent));
    expect(server.heartbeats[0]).toMatchObject({ agentVersion: "0.1.0", kubernetesVersion: "v1.32.4" });
    expect(refusals()).toEqual([]);
  });

  it("keeps its key where only its user can read it, and no token anywhere", async () => {
    const agent = start();
    await committed(agent, 1);
    expect(await agent.kill("SIGTERM")).toBe(0);
    expect(await readdir(world.stateDir)).toEqual(["agent-state.json"]);
    expect((await stat(path.join(world.stateDir, "agent-state.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(world.stateDir)).mode & 0o777).toBe(0o700);
    const token = (await readFile(path.join(world.directory, "token"), "utf8")).trim();
    const { privateKey } = await stateOf();
    expect(JSON.stringify(await stateOf())).not.toContain(token);
    expect(agent.stderr + agent.stdout).not.toContain(token);
    expect(agent.stderr + agent.stdout).not.toContain(privateKey);
  });

  it("with --once scans once and ends", async () => {
    const agent = start(["--once"]);
    expect(await agent.exited()).toBe(0);
    expect(server.commits).toHaveLength(1);
    const again = start(["--once"]);
    expect(await again.exited()).toBe(0);
    expect(server.commits.map(({ announcement }) => announcement.prev === null)).toEqual([true, false]);
  });

  it("sends nothing again that the server has, when it is asked to check again", async () => {
    const first = start(["--once"]);
    expect(await first.exited()).toBe(0);
    const before = server.storedChunks;
    expect(before).toBeGreaterThan(1);
    const second = start(["--once"]);
    expect(await second.exited()).toBe(0);
    expect(server.commits).toHaveLength(2);
    expect(server.storedChunks).toBe(before);
    stub.resources.set("/api/v1/namespaces", [namespace("default"), namespace("kube-system"), namespace("new")]);
    const third = start(["--once"]);
    expect(await third.exited()).toBe(0);
    expect(server.storedChunks - before).toBeLessThanOrEqual(2);
  });

  it("scans at once when the server wants to know", async () => {
    const agent = start(["--once"]);
    await agent.exited();
    server.heartbeatAnswer = { intervalSeconds: 3600, paused: false, wantFull: true, command: "get secrets" };
    const running = start();
    await committed(running, 2);
    server.heartbeatAnswer = { intervalSeconds: 3600, paused: false, wantFull: false };
  });

  it("collects nothing while it is paused, and goes on afterwards", async () => {
    server.heartbeatAnswer = { intervalSeconds: 3600, paused: true, wantFull: false };
    const agent = start();
    await until(() => server.heartbeats.length >= 4, why(agent));
    expect(stub.requests.filter(({ path }) => path === "/api/v1/pods")).toEqual([]);
    server.heartbeatAnswer = { intervalSeconds: 3600, paused: false, wantFull: false };
    await committed(agent, 1);
  });

  it("tells what it may not read", async () => {
    stub.intercept = ({ path }) => (path === "/api/v1/nodes" ? { status: 403 } : undefined);
    expect(await start(["--once"]).exited()).toBe(0);
    const sections = server.commits[0]?.announcement.manifest.sections ?? [];
    expect(sections.find(({ name }) => name === "nodes")).toMatchObject({
      status: "forbidden",
      objects: 0,
      message: expect.stringContaining('"list nodes"'),
    });
  });

  it("names each setting that is missing or wrong and exits with 2", async () => {
    for (const [args, text] of [
      [["--url", "http://ringfence.example"], "https"],
      [["--url", "https://ringfence.example/base"], "path"],
      [["--scan-interval", "5"], "--scan-interval"],
      [["--context", "nowhere"], "no context nowhere"],
      [["--unknown"], "--unknown"],
    ] as const) {
      const agent = start(args);
      expect(await agent.exited()).toBe(2);
      expect(agent.stderr).toContain(text);
    }
  });
});

describe("nothing is lost and nothing doubled", () => {
  it("when the agent is killed in the middle of the upload", async () => {
    const victim: { agent?: AgentProcess; killed?: Promise<unknown> } = {};
    server.interfere = ({ path }) => {
      if (!isPack(path) || victim.killed !== undefined) return undefined;
      victim.killed = victim.agent?.kill("SIGKILL");
      return { drop: "answer" };
    };
    victim.agent = start();
    await until(() => victim.killed !== undefined, why(victim.agent));
    await victim.killed;
    expect(server.commits).toHaveLength(0);
    const second = start();
    await committed(second, 1);
    expect(server.commits).toHaveLength(1);
    expect(server.linesOf(server.commits[0] as never, "pods")).toHaveLength(900);
    expect(refusals()).toEqual([]);
    expect(server.isQuarantined).toBe(false);
  });

  it("when the agent is killed after the commit took effect and before it heard so", async () => {
    const victim: { agent?: AgentProcess; killed?: Promise<unknown> } = {};
    server.interfere = ({ path }) => {
      if (!isCommit(path) || victim.killed !== undefined) return undefined;
      victim.killed = victim.agent?.kill("SIGKILL");
      return { drop: "answer" };
    };
    victim.agent = start();
    await until(() => victim.killed !== undefined, why(victim.agent));
    await victim.killed;
    await until(() => server.commits.length === 1, "the commit of the killed agent");
    const again = start(["--once"]);
    expect(await again.exited()).toBe(0);
    expect(again.stderr).toContain("a commit from before was confirmed");
    expect(server.commits).toHaveLength(2);
    expect(server.isQuarantined).toBe(false);
    expect(refusals()).toEqual([]);
  });

  it("when the server is restarted in the middle of the upload", async () => {
    let isDown = false;
    server.interfere = ({ path }) => {
      if (!isPack(path) || isDown) return undefined;
      isDown = true;
      void server.stop().then(() => server.start());
      return { drop: "request" };
    };
    const agent = start();
    await committed(agent, 1);
    expect(isDown).toBe(true);
    expect(server.commits).toHaveLength(1);
    expect(server.linesOf(server.commits[0] as never, "pods")).toHaveLength(900);
    expect(refusals()).toEqual([]);
  });

  it.each(["announcement", "pack", "commit"] as const)("when the answer to the %s is lost", async (what) => {
    const isIt = (method: string, path: string) =>
      what === "announcement"
        ? method === "POST" && path === AGENT_PATHS.announce
        : what === "pack"
          ? isPack(path)
          : isCommit(path);
    let lost = 0;
    server.interfere = ({ method, path }) => (isIt(method, path) && lost++ === 0 ? { drop: "answer" } : undefined);
    expect(await start(["--once"]).exited()).toBe(0);
    expect(lost).toBeGreaterThan(1);
    expect(server.commits).toHaveLength(1);
    expect(server.linesOf(server.commits[0] as never, "pods")).toHaveLength(900);
  });

  it("when the answer to the enrolment is lost: the same key asks again", async () => {
    let lost = 0;
    server.interfere = ({ path }) => (path === AGENT_PATHS.enrol && lost++ === 0 ? { drop: "answer" } : undefined);
    expect(await start(["--once"]).exited()).toBe(0);
    expect(lost).toBe(2);
    expect(server.commits).toHaveLength(1);
  });

  it("when it is killed again and again: no sequence number is used twice", async () => {
    for (let round = 0; round < 4; round++) {
      const agent = start();
      const before = server.heartbeats.length;
      await until(() => server.heartbeats.length > before, why(agent));
      await agent.kill("SIGKILL");
    }
    const seqs = server.received.flatMap(({ seq }) => (seq === null ? [] : [seq]));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(server.received.filter(({ code }) => code === "replayed")).toEqual([]);
  });

  it("when its state is older than what the server has seen: it goes on above", async () => {
    await start(["--once"]).exited();
    server.advanceSeq(7_777);
    expect(await start(["--once"]).exited()).toBe(0);
    expect(server.commits).toHaveLength(2);
    expect(server.received.some(({ code }) => code === "replayed")).toBe(true);
  });
});

describe("a server that can't or won't", () => {
  it("is given the time that it asks for", async () => {
    let refusedAt = 0;
    let nextAt = 0;
    server.interfere = ({ path }) => {
      if (path !== AGENT_PATHS.announce) return undefined;
      if (refusedAt === 0) {
        refusedAt = Date.now();
        return { refuse: { status: 503, code: "unavailable", headers: { "retry-after": "2" } } };
      }
      nextAt ||= Date.now();
      return undefined;
    };
    expect(await start(["--once"]).exited()).toBe(0);
    expect(nextAt - refusedAt).toBeGreaterThanOrEqual(1_950);
  });

  it("is never followed to another address", async () => {
    server.interfere = ({ path }) =>
      path === AGENT_PATHS.heartbeat
        ? { refuse: { status: 307, code: "", headers: { location: `${stub.url}/api/v1/stolen` } } }
        : undefined;
    expect(await start(["--once"]).exited()).toBe(1);
    expect(stub.requests.some(({ path }) => path.includes("stolen"))).toBe(false);
  });

  it("says farewell: the process stays, sends nothing more, and enrols again with a new token", async () => {
    const agent = start();
    await committed(agent, 1);
    server.isRevoked = true;
    await until(() => agent.stderr.includes("turned this agent away for good"), why(agent));
    const received = server.received.length;
    // Silence can only be seen by listening: the time of two heartbeats.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(server.received.length).toBe(received);
    expect(agent.child.exitCode).toBeNull();
    await world.putToken(server.issueToken());
    await committed(agent, 2);
    expect(server.commits[1]?.announcement.prev).toBeNull();
  });

  it("refuses the token: the agent says what to do and waits", async () => {
    await world.putToken(new WireServer().issueToken());
    const agent = start();
    await until(() => agent.stderr.includes("register the cluster again"), why(agent));
    expect(agent.child.exitCode).toBeNull();
    expect(server.received.map(({ path }) => path)).toEqual([AGENT_PATHS.enrol]);
    expect(await agent.kill("SIGTERM")).toBe(0);
  });
});

describe("the key", () => {
  const age = async () => {
    const state = await stateOf();
    const keyCreatedAt = new Date(Date.now() - 31 * 86_400_000).toISOString();
    await writeFile(path.join(world.stateDir, "agent-state.json"), JSON.stringify({ ...state, keyCreatedAt }), {
      mode: 0o600,
    });
    return state;
  };

  it("is replaced after 30 days, and the old one is of no use then", async () => {
    await start(["--once"]).exited();
    const before = await age();
    const agent = start();
    await until(async () => (await stateOf()).privateKey !== before.privateKey, why(agent));
    await until(() => server.liveKeys === 1, why(agent));
    const after = await stateOf();
    expect(after.identity.keyId).not.toBe(before.identity.keyId);
    expect(after.nextPrivateKey).toBeNull();
    expect(refusals()).toEqual([]);
  });

  it("is replaced by an agent that only ever runs once at a time, too", async () => {
    await start(["--once"]).exited();
    const before = await age();
    expect(await start(["--once"]).exited()).toBe(0);
    expect((await stateOf()).privateKey).not.toBe(before.privateKey);
    expect(server.liveKeys).toBe(1);
    expect(server.commits).toHaveLength(2);
    expect(refusals()).toEqual([]);
  });

  it("that was offered when the answer was lost is offered again", async () => {
    await start(["--once"]).exited();
    await age();
    let lost = 0;
    server.interfere = ({ path }) => (path === AGENT_PATHS.rotateKey && lost++ === 0 ? { drop: "answer" } : undefined);
    const agent = start();
    await until(async () => lost >= 2 && (await stateOf()).nextPrivateKey === null, why(agent));
    expect(server.liveKeys).toBeLessThanOrEqual(2);
    expect(refusals()).toEqual([]);
  });
});

describe("what leaves the cluster", () => {
  const canary = "canary7f3a91c4";
  const pem = "-----BEGIN RSA PRIVATE KEY-----";
  const card = "4111 1111 1111 1111";

  function plant(): void {
    const meta = {
      name: "leaky",
      namespace: "web",
      labels: { app: "web", note: "4111-1111-1111-1111" },
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ password: `${canary}-applied` }),
        "example.com/free-text": `${canary}-annotation`,
      },
      managedFields: [{ manager: `${canary}-managed`, fieldsV1: {} }],
    };
    const leaky = {
      metadata: meta,
      spec: {
        containers: [
          {
            name: "app",
            image: "registry.example/app:1",
            command: ["/bin/app", `--password=${canary}-flag`],
            args: ["--token", `${canary}-argument`, pem],
            env: [{ name: "DB_PASSWORD", value: `${canary}-env` }],
            livenessProbe: {
              exec: { command: ["sh", "-c", `${canary}-probe`] },
              httpGet: { httpHeaders: [{ name: "X", value: `${canary}-header` }] },
            },
          },
        ],
        futureField: { value: `${canary}-future` },
        hostname: `${canary}-hostname`,
      },
      status: { phase: "Running", message: `${canary}-status ${card}` },
    };
    stub.resources.set("/api/v1/pods", [leaky]);
    stub.resources.set("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", [
      {
        metadata: { name: "hook" },
        webhooks: [
          { name: "a.b.c", clientConfig: { url: `https://user:${canary}-url@hook.example`, caBundle: `${canary}-ca` } },
        ],
      },
    ]);
    stub.resources.set("/apis/apps/v1/deployments", [
      {
        metadata: { ...meta, name: "leaky" },
        spec: { selector: { matchLabels: { app: "web" } }, template: { metadata: meta, spec: leaky.spec } },
      },
    ]);
  }
  const expectClean = (text: string) => {
    for (const secret of [canary, pem, "4111-1111-1111-1111", card]) expect(text).not.toContain(secret);
  };

  it("is shown whole by --print, without a server, and holds no canary", async () => {
    plant();
    const agent = world.start("https://nowhere.invalid", ["--print"]);
    expect(await agent.exited()).toBe(0);
    expect(agent.stdout).toContain('"name":"leaky"');
    expect(agent.stdout).toContain('"name":"DB_PASSWORD"');
    expectClean(agent.stdout);
    expectClean(agent.stderr);
    expect(stub.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it("is what --print shows, line for line", async () => {
    plant();
    const printed = world.start("https://nowhere.invalid", ["--print"]);
    expect(await printed.exited()).toBe(0);
    expect(await start(["--once"]).exited()).toBe(0);
    const [commit] = server.commits;
    for (const section of commit?.announcement.manifest.sections ?? []) {
      for (const line of server.linesOf(commit as never, section.name)) {
        expect(printed.stdout).toContain(`${line}\n`);
        expectClean(line);
      }
    }
    expectClean(JSON.stringify(server.heartbeats) + JSON.stringify(commit?.announcement));
    expect(commit?.announcement.manifest.droppedFields).toBeGreaterThan(8);
  });
});
