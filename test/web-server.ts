/** The production web server as a real process, to be killed and started again, and a proxy that stops where a test says. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { until } from "@/agent/testing/agent-process";
import { ensureBuilt } from "@/demo/build";
import { freePort } from "@/demo/postgres";
import type { TestDatabase } from "@/lib/server/testing/database";

const root = path.resolve(import.meta.dirname, "..");
const START_MS = 90_000;
/** For a hook that starts a server: `npm test` has built it by then, a test that is run alone may have to. */
export const BUILD_MS = 600_000;

/** Test files run side by side, and Next can't build twice at once: whoever comes second waits and finds it done. */
async function ensureBuiltOnce(): Promise<void> {
  const client = new pg.Client({ connectionString: inject("testPostgres").superuserUrl });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(hashtextextended('build the web application', 0))");
    await ensureBuilt("web");
  } finally {
    await client.end();
  }
}

export class WebServer {
  private child: ChildProcess | null = null;
  private ended: Promise<void> = Promise.resolve();
  output = "";

  private constructor(
    readonly port: number,
    private readonly environment: Record<string, string>,
  ) {}

  /** Starts one over the database on a free port, and builds it before if need be. */
  static async start(database: TestDatabase): Promise<WebServer> {
    await ensureBuiltOnce();
    const port = await freePort();
    const server = new WebServer(port, {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "/tmp",
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      DATABASE_URL: database.url("web"),
      RINGFENCE_INGEST_DATABASE_URL: database.url("ingest"),
      RINGFENCE_SESSION_SECRET: "a secret that is only for tests, 32+",
      RINGFENCE_URL: `http://localhost:${port}`,
      RINGFENCE_OIDC_ISSUER: "https://issuer.test",
      RINGFENCE_OIDC_CLIENT_ID: "ringfence",
      RINGFENCE_OIDC_CLIENT_SECRET: "only-for-tests",
      RINGFENCE_AGENT_IMAGE: "registry.example.com/ringfence/agent:test",
    });
    await server.startAgain();
    return server;
  }

  /** What agents are told to sign for. */
  get audience(): string {
    return `http://localhost:${this.port}`;
  }

  /** On the same port, over the same database. Another program may hold the port for a moment: it is tried again. */
  async startAgain(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      this.output = "";
      const child = spawn(process.execPath, ["--import", "tsx", "lib/server/start.ts"], {
        cwd: root,
        env: this.environment as NodeJS.ProcessEnv,
        stdio: ["ignore", "pipe", "pipe"],
      });
      child.stdout.on("data", (text) => (this.output += text));
      child.stderr.on("data", (text) => (this.output += text));
      this.child = child;
      this.ended = new Promise((resolve) => child.once("close", () => resolve()));
      const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
      await until(
        () => this.output.includes("Ringfence is ready") || hasEnded(),
        () => `the server did not start: ${this.output}`,
        START_MS,
      );
      if (!hasEnded()) return;
      if (!this.output.includes("EADDRINUSE") || Date.now() > deadline)
        throw new Error(`the server ended: ${this.output}`);
    }
  }

  async kill(): Promise<void> {
    this.child?.kill("SIGKILL");
    await this.ended;
    this.child = null;
  }

  /** Peak of the resident memory so far where the kernel keeps it, else what is resident now; bytes. */
  residentBytes(): number {
    const pid = String(this.child?.pid ?? "");
    const file = `/proc/${pid}/status`;
    const text = existsSync(file)
      ? (/VmHWM:\s+(\d+) kB/.exec(readFileSync(file, "utf8"))?.[1] ?? "")
      : execFileSync("ps", ["-o", "rss=", "-p", pid]).toString().trim();
    if (!/^\d+$/.test(text)) throw new Error("the memory of the server can't be read");
    return Number(text) * 1024;
  }
}

/** Where a proxy stops: with how much of the body let through, or with the answer kept back. */
export interface Stop {
  /** Share of the body that the server still gets, 0 to 1. */
  body: number;
  isReached(): void;
}

/**
 * A TCP proxy in front of the server that knows enough of HTTP/1.1 to find the middle of a request's body. It breaks a connection
 * whose other side is gone, as the kernel would.
 */
export class PausingProxy {
  private readonly sockets = new Set<net.Socket>();
  /** Asked for every request. After a stop nothing goes through in either direction of that connection. */
  stopAt: (method: string, path: string) => Stop | undefined = () => undefined;

  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async start(target: number): Promise<PausingProxy> {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const proxy = new PausingProxy(server, (server.address() as net.AddressInfo).port);
    server.on("connection", (client) => proxy.join(client, net.connect(target, "127.0.0.1")));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private join(client: net.Socket, server: net.Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    let isStopped = false;
    server.on("data", (part) => !isStopped && client.write(part));
    let head = Buffer.alloc(0);
    let bodyLeft = 0;
    let untilStop: { bytes: number; stop: Stop } | null = null;
    client.on("data", (part: Buffer) => {
      let rest = part;
      while (rest.length > 0 && !isStopped) {
        if (bodyLeft === 0) {
          head = Buffer.concat([head, rest]);
          const end = head.indexOf("\r\n\r\n");
          if (end === -1) return;
          rest = head.subarray(end + 4);
          const text = head.subarray(0, end + 4).toString("latin1");
          head = Buffer.alloc(0);
          bodyLeft = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1] ?? 0);
          const [method = "", target = ""] = text.split(" ", 2);
          const stop = this.stopAt(method, target);
          untilStop = stop === undefined ? null : { bytes: Math.floor(bodyLeft * stop.body), stop };
          server.write(text, "latin1");
        }
        const piece = rest.subarray(0, Math.min(bodyLeft, untilStop?.bytes ?? Number.POSITIVE_INFINITY));
        rest = rest.subarray(piece.length);
        bodyLeft -= piece.length;
        if (untilStop === null) {
          server.write(piece);
          continue;
        }
        untilStop.bytes -= piece.length;
        if (untilStop.bytes > 0) {
          server.write(piece);
          continue;
        }
        isStopped = true;
        const { stop } = untilStop;
        server.write(piece, () => stop.isReached());
      }
    });
  }
}
