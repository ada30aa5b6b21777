/** The bundled agent as a real process, for tests that kill it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { execFile } from "node:child_process";

const root = path.resolve(import.meta.dirname, "../..");

/** Bundles the agent as it ships. @returns the file, in a directory that the caller removes */
export async function bundleAgent(directory: string): Promise<string> {
  await promisify(execFile)(process.execPath, [path.join(root, "agent/build.mjs"), "--outdir", directory]);
  return path.join(directory, "ringfence-agent.mjs");
}

export function temporaryDirectory(): Promise<string> {
  return mkdtemp(path.join(tmpdir(), "ringfence-agent-test-"));
}

export class AgentProcess {
  stdout = "";
  stderr = "";
  private readonly exit: Promise<number | null>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.on("data", (text) => (this.stdout += text));
    child.stderr?.on("data", (text) => (this.stderr += text));
    this.exit = new Promise((resolve) => child.once("close", resolve));
  }

  /** Exit code, null after a signal. */
  exited(): Promise<number | null> {
    return this.exit;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    this.child.kill(signal);
    return this.exit;
  }

  /** Peak resident memory in bytes so far, from the kernel; null where there is no /proc. */
  async peakMemoryBytes(): Promise<number | null> {
    const text = await readFile(`/proc/${this.child.pid}/status`, "utf8").catch(() => "");
    const match = /VmHWM:\s+(\d+) kB/.exec(text);
    return match === null ? null : Number(match[1]) * 1024;
  }
}

/** A place for one agent: state, token and kubeconfig; starts processes in it. */
export class AgentWorld {
  private readonly running = new Set<AgentProcess>();

  private constructor(
    readonly directory: string,
    private readonly bundle: string,
  ) {}

  static async create(bundle: string, kubeconfig: string, token?: string): Promise<AgentWorld> {
    const directory = await temporaryDirectory();
    await writeFile(path.join(directory, "kubeconfig"), kubeconfig, { mode: 0o600 });
    const world = new AgentWorld(directory, bundle);
    if (token !== undefined) await world.putToken(token);
    return world;
  }

  get stateDir(): string {
    return path.join(this.directory, "state");
  }

  putToken(token: string): Promise<void> {
    return writeFile(path.join(this.directory, "token"), `${token}\n`, { mode: 0o600 });
  }

  start(url: string, args: readonly string[] = [], nodeArgs: readonly string[] = []): AgentProcess {
    const settings = ["--url", url, "--token-file", path.join(this.directory, "token"), "--state-dir", this.stateDir];
    const all = [
      ...nodeArgs,
      this.bundle,
      "--kubeconfig",
      path.join(this.directory, "kubeconfig"),
      ...settings,
      ...args,
    ];
    const child = spawn(process.execPath, all, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, NODE_ENV: "production", RINGFENCE_HEARTBEAT_SECONDS: "1" },
    });
    const started = new AgentProcess(child);
    this.running.add(started);
    return started;
  }

  async remove(): Promise<void> {
    for (const started of this.running) await started.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Waits until `isTrue`, looking every 20 ms. @throws Error with `what` after the deadline */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: string | (() => string),
  deadlineMs = 20_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`still waiting: ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
