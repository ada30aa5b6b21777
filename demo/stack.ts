/**
 * Ringfence with everything around it on one machine: PostgreSQL, the local issuer, four simulated clusters with the real agent,
 * a worker and the web server. `npm run demo` prints what this reports; the browser tests start it on a folder of their own.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { applyManifests, readManifest, withConfigMaps } from "./apply";
import { AGENT_BUNDLE, ensureBuilt, isBuilt } from "./build";
import { AGENT_IMAGE, DEMO_CLUSTERS, SPARE_CLUSTER } from "./clusters";
import { agentProgram } from "./kubernetes/agent-program";
import { Simulator } from "./kubernetes/simulator";
import { type Issuer, startIssuer } from "./oidc/issuer";
import { freePort, type RunningPostgres, startPostgres } from "./postgres";
import { ProcessTable } from "./process-table";
import type { Seeded } from "./seed";
import { DemoFolder, DemoProblem, type DemoState } from "./state";

const root = join(import.meta.dirname, "..");
const DATABASE = "ringfence";
const PREFERRED_PORT = 3000;
const SERVER_DEADLINE_MS = 60_000;

export interface StackOptions {
  folder: string;
  /** Port of the web server; without it the remembered one, 3000 or a free one. */
  port?: number;
  reset?: boolean;
  /** One line for each thing that was done, with the seconds that it took. */
  report(line: string): void;
  /** Breaks a start off; what was started by then is stopped again. */
  signal?: AbortSignal;
  /** A part ended although nobody asked it to. */
  onUnexpectedEnd?(reason: string): void;
}

export interface ScanProgress {
  cluster: string;
  state: "waiting for the agent" | "collecting" | "uploading" | "queued" | "evaluating" | "done" | "failed";
}

export interface RunningStack {
  /** Where to open the browser. */
  url: string;
  issuer: Issuer;
  /** The four registered clusters and the spare one, by name. */
  simulators: ReadonlyMap<string, Simulator>;
  /** Address of the database for a superuser: for looking, in tests. */
  databaseUrl: string;
  /** Where each cluster is, by its newest scan. */
  progress(): Promise<ScanProgress[]>;
  stop(): Promise<void>;
}

/** True if nobody listens there, on either loopback address: a browser tries both for "localhost". */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1", "0.0.0.0"]) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const server = createServer();
      // A machine without IPv6 has nobody listening there.
      server.once("error", ({ code }: NodeJS.ErrnoException) =>
        resolve(code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT"),
      );
      server.listen(port, host, () => server.close(() => resolve(false)));
    });
    if (isTaken) return false;
  }
  return true;
}

/**
 * Decides where the web server and the issuer of a demo live. What somebody else holds is avoided by a demo that is not set up
 * yet; afterwards its agents trust the address, so that the port can't move.
 *
 * @throws DemoProblem with the way out
 */
export async function choosePorts(state: DemoState, wanted: number | undefined): Promise<void> {
  const { ports } = state;
  if (wanted !== undefined && ports.web !== undefined && wanted !== ports.web && state.isSeeded) {
    throw new DemoProblem(
      `This demo was set up on port ${ports.web}, and its agents trust that address.\n` +
        `Start it there (npm run demo), or start over on the other port: npm run demo -- --reset --port ${wanted}`,
    );
  }
  if (!state.isSeeded) {
    ports.web = wanted ?? ports.web ?? PREFERRED_PORT;
    if (!(await isFree(ports.web))) {
      if (wanted !== undefined) {
        throw new DemoProblem(
          `Port ${wanted} is used by another program. Choose another (npm run demo -- --port N), or leave the choice to the demo.`,
        );
      }
      ports.web = await freePort();
    }
    if (ports.issuer === undefined || !(await isFree(ports.issuer))) ports.issuer = await freePort();
    return;
  }
  for (const [what, port] of [
    ["web server", ports.web],
    ["issuer", ports.issuer],
  ] as const) {
    if (port !== undefined && !(await isFree(port))) {
      throw new DemoProblem(
        `Port ${port}, where this demo's ${what} lives, is used by another program.\n` +
          "Stop that program and start again, or start over on other ports: npm run demo -- --reset",
      );
    }
  }
}

/** Listens on the port without serving anything. @returns what gives it back, or null when somebody else was faster */
function holdPort(port: number): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () =>
      resolve(() => new Promise((closed) => (server.listening ? server.close(() => closed()) : closed()))),
    );
  });
}

/**
 * Chooses the ports and holds the web server's until it starts. Between the choice and the start lies a build of a minute, in
 * which a second demo beside this one would find the port free and choose it too.
 *
 * @returns what gives the port back; safe to call twice. @throws DemoProblem with the way out
 */
export async function holdPorts(state: DemoState, wanted: number | undefined): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 10; attempt++) {
    await choosePorts(state, wanted);
    const release = await holdPort(state.ports.web!);
    if (release !== null) return release;
  }
  throw new DemoProblem("No port could be had for the web server. Choose one: npm run demo -- --port N");
}

/**
 * Starts everything. Whatever was started is stopped again when a later step fails.
 * @throws DemoProblem with a way out, where the person can do something about it.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const folder = new DemoFolder(options.folder);
  const wasInterrupted = folder.lock();
  const undo: (() => Promise<void> | void)[] = [() => folder.unlock()];
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    for (const step of undo.reverse()) await step();
  };
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const start = Date.now();
    options.signal?.throwIfAborted();
    const result = await work();
    options.signal?.throwIfAborted();
    options.report(`${what} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    return result;
  };

  try {
    const left = await ProcessTable.endLeftovers(folder.processFile);
    if (left.length > 0) options.report(`An earlier start had left something running; ended: ${left.join(", ")}`);
    else if (wasInterrupted) options.report("An earlier start was broken off; carrying on from what it finished");
    if (options.reset) {
      // A server of an earlier start may still hold files that are about to go.
      const outside = await endLeftPostgres(folder);
      folder.reset(outside);
      options.report("Everything of the demo was removed; starting over");
    }
    folder.checkRoom();
    const state = folder.read();
    const releasePort = await holdPorts(state, options.port);
    undo.push(releasePort);
    folder.write(state);
    const processes = new ProcessTable(folder.processFile, folder.logs);
    undo.push(() => processes.stop());

    // The client is needed before anything of lib/server is loaded; the others may take their time.
    if (await ensureBuilt("client", options.signal)) options.report("Database client generated");
    const build = async (name: "agent" | "web", done: string) => {
      const start = Date.now();
      if (!isBuilt(name)) options.report(`${done.replace(/ (built|bundled)$/, "")}: building…`);
      if (await ensureBuilt(name, options.signal))
        options.report(`${done} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    };
    const agentBuilt = build("agent", "Agent bundled");
    const webBuilt = build("web", "Web application built");
    agentBuilt.catch(() => undefined);
    webBuilt.catch(() => undefined);

    const postgres = await timed("PostgreSQL running", () => startPostgres(folder.postgres));
    undo.push(() => postgres.stop());
    state.postgresFolder = postgres.folder;
    const { migrate } = await import("@/lib/server/db/migrate");
    await timed("Database up to date", async () => {
      await makeDatabase(postgres, state.isSeeded, folder);
      await migrate({ url: postgres.superuserUrl(DATABASE), passwords: state.passwords });
    });

    const url = `http://localhost:${state.ports.web}`;
    const issuer = await startIssuer({
      port: state.ports.issuer!,
      redirectUris: [`${url}/api/auth/callback/oidc`],
      postLogoutRedirectUris: [`${url}/sign-in`],
      ...state.issuer,
    });
    undo.push(() => issuer.stop());
    state.issuer.keys = [...issuer.keys];
    folder.write(state);
    const environment = {
      DATABASE_URL: postgres.url("ringfence_web", state.passwords.web, DATABASE),
      RINGFENCE_INGEST_DATABASE_URL: postgres.url("ringfence_ingest", state.passwords.ingest, DATABASE),
      RINGFENCE_WORKER_DATABASE_URL: postgres.url("ringfence_worker", state.passwords.worker, DATABASE),
      RINGFENCE_SESSION_SECRET: state.sessionSecret,
      RINGFENCE_URL: url,
      RINGFENCE_OIDC_ISSUER: issuer.issuer,
      RINGFENCE_OIDC_CLIENT_ID: issuer.clientId,
      RINGFENCE_OIDC_CLIENT_SECRET: issuer.clientSecret,
      RINGFENCE_AGENT_IMAGE: AGENT_IMAGE,
    };

    let seeded: Seeded = { manifests: new Map(), documents: Promise.resolve() };
    if (!state.isSeeded) {
      seeded = await timed("Organization, people and clusters registered", () =>
        seedDatabase(environment, issuer.issuer),
      );
      undo.push(() => seeded.documents.catch(() => undefined));
    }

    const { WEB_ENVIRONMENT } = roles(environment);
    const onUnexpectedEnd = (reason: string) => !isStopping && options.onUnexpectedEnd?.(reason);
    processes.start("worker", [process.execPath, "--import", "tsx", "worker/main.ts"], {
      cwd: root,
      env: { RINGFENCE_WORKER_DATABASE_URL: environment.RINGFENCE_WORKER_DATABASE_URL, NODE_ENV: "production" },
      onUnexpectedEnd,
    });
    await webBuilt;
    let webEnded: string | undefined;
    await releasePort();
    processes.start("web", [process.execPath, "--import", "tsx", "lib/server/start.ts"], {
      cwd: root,
      env: WEB_ENVIRONMENT,
      onUnexpectedEnd: (reason) => {
        webEnded = reason;
        onUnexpectedEnd(reason);
      },
    });
    await timed("Web server answers", () => untilAnswering(`${url}/sign-in`, () => webEnded, options.signal));
    folder.announce(url);
    // Before the first agent collects: each cluster's first result is its whole one.
    if (!state.isSeeded) await timed("Documents uploaded", () => seeded.documents);

    await agentBuilt;
    const simulators = new Map<string, Simulator>();
    undo.push(async () => {
      await Promise.all([...simulators.values()].map((simulator) => simulator.stop()));
    });
    await timed("Four simulated clusters running, one agent each", async () => {
      for (const cluster of DEMO_CLUSTERS) {
        const simulator = await startCluster(folder, state, cluster.name, cluster.folders, processes);
        simulators.set(cluster.name, simulator);
        const manifest = seeded.manifests.get(cluster.name);
        if (manifest !== undefined) {
          const documents = readManifest(manifest, cluster.withheld);
          const granted = cluster.readsConfigMaps === true ? withConfigMaps(documents) : documents;
          await applyManifests(simulator.kubeconfig(), granted);
        }
      }
    });
    state.isSeeded = true;
    folder.write(state);
    simulators.set(
      SPARE_CLUSTER.name,
      await startCluster(folder, state, SPARE_CLUSTER.name, SPARE_CLUSTER.folders, processes),
    );
    folder.write(state);

    return {
      url,
      issuer,
      simulators,
      databaseUrl: postgres.superuserUrl(DATABASE),
      progress: () => readProgress(postgres.superuserUrl(DATABASE)),
      stop,
    };
  } catch (error) {
    await stop();
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
      throw new DemoProblem(`The disk is full. Make room on the disk of ${options.folder} and start again.`);
    }
    throw error;
  }
}

function roles(environment: Record<string, string>): { WEB_ENVIRONMENT: Record<string, string> } {
  // The web process has no business with the worker's database role.
  const { RINGFENCE_WORKER_DATABASE_URL: _, ...web } = environment;
  return { WEB_ENVIRONMENT: { ...web, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" } };
}

/** Starting a server over the files ends whoever was left over them. @returns where the files really are. */
async function endLeftPostgres(folder: DemoFolder): Promise<string | undefined> {
  if (!existsSync(join(folder.path, "state.json"))) return undefined;
  try {
    const left = await startPostgres(folder.postgres);
    await left.stop();
    return left.folder;
  } catch {
    // Files that no server can be started over are about to be removed anyway.
    return undefined;
  }
}

/** An unfinished first start leaves an organization without its clusters: its database begins again. */
async function makeDatabase(postgres: RunningPostgres, isSeeded: boolean, folder: DemoFolder): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.superuserUrl() });
  await client.connect();
  try {
    const exists = (await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE])).rowCount === 1;
    if (exists && !isSeeded) {
      await client.query(`DROP DATABASE ${DATABASE} WITH (FORCE)`);
      rmSync(join(folder.path, "clusters"), { recursive: true, force: true });
    }
    if (!exists && isSeeded) {
      throw new DemoProblem(
        "The demo's database is gone although its other files are there. Start over with: npm run demo -- --reset",
      );
    }
    if (!exists || !isSeeded) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** What is uploaded goes on after the answer; the database's connections are closed when that has ended. */
async function seedDatabase(environment: Record<string, string>, issuer: string): Promise<Seeded> {
  const { readWebEnvironment, useWebEnvironment } = await import("@/lib/server/env");
  const { closeDatabases, openDatabase, useDatabases } = await import("@/lib/server/db/client");
  useWebEnvironment(readWebEnvironment(environment));
  useDatabases({ web: openDatabase(environment.DATABASE_URL!) });
  try {
    const { seed } = await import("./seed");
    const { manifests, documents } = await seed(issuer);
    const closed = (async () => {
      try {
        await documents;
      } finally {
        await closeDatabases();
      }
    })();
    // Whoever waits for it hears of a failure; until then nobody does.
    closed.catch(() => undefined);
    return { manifests, documents: closed };
  } catch (error) {
    await closeDatabases();
    throw error;
  }
}

async function untilAnswering(url: string, ended: () => string | undefined, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + SERVER_DEADLINE_MS;
  for (;;) {
    signal?.throwIfAborted();
    const problem = ended();
    if (problem !== undefined) throw new Error(`The web server did not start. ${problem}`);
    try {
      const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(10_000) });
      await response.arrayBuffer();
      if (response.status < 500) return;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline)
      throw new Error(`The web server did not answer at ${url} within ${SERVER_DEADLINE_MS / 1000} seconds.`);
    await new Promise((next) => setTimeout(next, 100));
  }
}

/** One simulated cluster, on its remembered port if that is free and on another otherwise; its kubeconfig says which. */
export async function startCluster(
  folder: DemoFolder,
  state: DemoState,
  name: string,
  folders: readonly string[],
  processes: ProcessTable,
): Promise<Simulator> {
  const dataFolder = folder.cluster(name);
  mkdirSync(dataFolder, { recursive: true });
  rmSync(processes.logFile(`agent-${name}`), { force: true });
  const remembered = state.ports.clusters[name];
  const simulator = await Simulator.start({
    name,
    folders,
    dataFolder,
    programs: [agentProgram(AGENT_BUNDLE)],
    port: remembered !== undefined && (await isFree(remembered)) ? remembered : 0,
    logFile: processes.logFile(`agent-${name}`),
    onProcess: (pid, isRunning) => (isRunning ? processes.note(`agent-${name}`, pid) : processes.forget(pid)),
  });
  state.ports.clusters[name] = simulator.port;
  writeFileSync(join(dataFolder, "kubeconfig"), simulator.kubeconfig(), { mode: 0o600 });
  return simulator;
}

async function readProgress(databaseUrl: string): Promise<ScanProgress[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{
      name: string;
      agent_state: string;
      state: ScanProgress["state"] | null;
      collecting: boolean;
    }>(
      `SELECT c.name, c.agent_state, c.collecting IS NOT NULL AS collecting,
         (SELECT s.state FROM scan s WHERE s.org_id = c.org_id AND s.cluster_id = c.id ORDER BY s.seq DESC LIMIT 1) AS state
       FROM cluster c WHERE c.deleted_at IS NULL ORDER BY c.created_at`,
    );
    return rows.map((row) => ({
      cluster: row.name,
      state: row.state ?? (row.collecting || row.agent_state === "enrolled" ? "collecting" : "waiting for the agent"),
    }));
  } finally {
    await client.end();
  }
}
