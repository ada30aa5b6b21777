/** The product's production server over a generated fleet, and an empty page of the same Next.js beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { ensureBuilt } from "@/demo/build";
import { freePort } from "@/demo/postgres";
import { stopAtEnd } from "./cleanup";
import { type BenchDatabase, startDatabase } from "./database";
import { bundle, run } from "./run";

const root = path.resolve(import.meta.dirname, "..");

export interface Fleet {
  slug: string;
  clusters: number;
}
export interface Site {
  origin: string;
  pid: number;
  stop(): Promise<void>;
}
export interface WebBench {
  product: Site;
  empty: Site;
  fleets: Fleet[];
  /** `name=value`, as the browser sends it. */
  cookie: string;
  database: BenchDatabase;
  stop(): Promise<void>;
}

/** Builds what has to be built, fills a database, starts both servers. */
export async function startWeb(folder: string, sizes: readonly number[]): Promise<WebBench> {
  await ensureBuilt("client");
  await ensureBuilt("web");
  const emptyPage = await buildEmptyPage();
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.reverse()) await step();
    undo.length = 0;
  };
  try {
    const database = await startDatabase(folder);
    undo.push(() => database.stop());
    const seeded = await run(await bundle("seed-fleet"), [JSON.stringify(sizes)], {
      env: { ...database.environment, BENCH_SUPERUSER_URL: database.superuserUrl },
    });
    const { token, organizations } = seeded.result as { token: string; organizations: Fleet[] };
    const port = await freePort();
    const product = await serve(["--import", "tsx", "lib/server/start.ts"], port, {
      ...database.environment,
      HOST: "127.0.0.1",
      PORT: String(port),
      RINGFENCE_SESSION_SECRET: "a secret that is only for benchmarks, 32+",
      RINGFENCE_URL: `http://127.0.0.1:${port}`,
      RINGFENCE_OIDC_ISSUER: "http://127.0.0.1:1",
      RINGFENCE_OIDC_CLIENT_ID: "ringfence",
      RINGFENCE_AGENT_IMAGE: "registry.example.com/ringfence-agent:0.1.0",
      RINGFENCE_OIDC_CLIENT_SECRET: "only-for-benchmarks",
    });
    undo.push(() => product.stop());
    const emptyPort = await freePort();
    const empty = await serve([await bundle("empty-server"), emptyPage, String(emptyPort)], emptyPort, {});
    undo.push(() => empty.stop());
    return { product, empty, fleets: organizations, cookie: `ringfence-session=${token}`, database, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function buildEmptyPage(): Promise<string> {
  const folder = path.join(root, "dist/bench/empty-page");
  if (existsSync(path.join(folder, ".next/BUILD_ID"))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, "bench/empty-page"), folder, { recursive: true });
  const code = await new Promise((resolve) => {
    const next = path.join(root, "node_modules/next/dist/bin/next");
    const child = spawn(process.execPath, [next, "build"], {
      cwd: folder,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    });
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`building the empty page ended with ${code}`);
  return folder;
}

async function serve(args: string[], port: number, env: Record<string, string>): Promise<Site> {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, NODE_ENV: "production" },
  });
  let said = "";
  child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const site: Site = {
    origin: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    stop: stopAtEnd(async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(late);
    }),
  };
  const deadline = Date.now() + 60_000;
  while (!/ready/.test(said)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await site.stop();
      throw new Error(`the server did not start:\n${said}`);
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  return site;
}

export interface Answer {
  status: number;
  encoding: string;
  /** As they came over the wire. */
  body: Buffer;
}
const connections = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** One request as a browser sends it, the body left compressed. */
export function get(url: string, cookie?: string): Promise<Answer> {
  const headers = { "accept-encoding": "gzip, deflate, br", ...(cookie === undefined ? {} : { cookie }) };
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers, agent: connections }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            encoding: response.headers["content-encoding"] ?? "identity",
            body: Buffer.concat(parts),
          }),
        );
      })
      .on("error", reject);
  });
}
