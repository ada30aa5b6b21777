/** What the demo remembers between two starts, and the lock that keeps two starts of one clone apart. */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSameProcess, processStart } from "./process-table";

/** A sentence for the person at the terminal: what is wrong, and the way out. No stack trace belongs to it. */
export class DemoProblem extends Error {}

export interface DemoState {
  version: 1;
  /** True once the organization, its people and its clusters are all there. */
  isSeeded: boolean;
  ports: { web?: number; issuer?: number; clusters: Record<string, number> };
  passwords: { web: string; ingest: string; worker: string };
  sessionSecret: string;
  issuer: { clientSecret: string; cookieSecret: string; keys: Record<string, unknown>[] };
  /** Where PostgreSQL's files really lie. */
  postgresFolder?: string;
}

const SMALLEST_DISK_MB = 1024;

export class DemoFolder {
  constructor(readonly path: string) {}

  private get stateFile(): string {
    return join(this.path, "state.json");
  }
  private get lockFile(): string {
    return join(this.path, "lock.json");
  }
  get processFile(): string {
    return join(this.path, "processes.json");
  }
  get logs(): string {
    return join(this.path, "logs");
  }
  get postgres(): string {
    return join(this.path, "postgres");
  }
  cluster(name: string): string {
    return join(this.path, "clusters", name);
  }

  /**
   * Takes the lock. A lock of a process that no longer runs (same number and same start time) is stale and is taken over.
   * @returns true when an earlier start ended without cleaning up.
   * @throws DemoProblem when the demo of this clone runs already.
   */
  lock(): boolean {
    mkdirSync(this.path, { recursive: true });
    const own = JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) ?? "" });
    let wasStale = false;
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(this.lockFile, own, { flag: "wx" });
        return wasStale;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      let holder: { pid: number; startedAt: string; address?: string } | undefined;
      try {
        holder = JSON.parse(readFileSync(this.lockFile, "utf8")) as typeof holder;
      } catch {
        // Torn by a full disk or a kill in mid-write: stale.
      }
      if (holder && isSameProcess(holder)) {
        throw new DemoProblem(
          `The demo of this clone is running already${holder.address ? ` at ${holder.address}` : ""} (process ${holder.pid}).\n` +
            `Stop it with Ctrl-C in its terminal, or with: kill ${holder.pid}`,
        );
      }
      rmSync(this.lockFile, { force: true });
      wasStale = true;
    }
    throw new DemoProblem("Another start of the demo was faster by a moment. Wait for it, or try again.");
  }

  /** Lets a second start say where the first one is. */
  announce(address: string): void {
    writeFileSync(
      this.lockFile,
      JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid) ?? "", address }),
    );
  }

  unlock(): void {
    rmSync(this.lockFile, { force: true });
  }

  /** @throws DemoProblem when there is too little room for what the demo writes. */
  checkRoom(): void {
    const disk = statfsSync(this.path);
    const freeMb = Math.floor((disk.bavail * disk.bsize) / 1024 / 1024);
    if (freeMb < SMALLEST_DISK_MB) {
      throw new DemoProblem(
        `There are only ${freeMb} MB left on the disk of ${this.path}; the demo needs ${SMALLEST_DISK_MB} MB. Make room and start again.`,
      );
    }
  }

  /** @throws DemoProblem when the file cannot be understood. */
  read(): DemoState {
    if (!existsSync(this.stateFile)) return freshState();
    let state: DemoState | undefined;
    try {
      state = JSON.parse(readFileSync(this.stateFile, "utf8")) as DemoState;
    } catch {
      // Judged below.
    }
    if (
      state?.version !== 1 ||
      typeof state.sessionSecret !== "string" ||
      typeof state.passwords?.web !== "string" ||
      typeof state.ports !== "object"
    ) {
      throw new DemoProblem(
        `The demo's notes in ${this.stateFile} can't be read. Start over with: npm run demo -- --reset`,
      );
    }
    return state;
  }

  /** Passwords are in it: for the owner's eyes only. */
  write(state: DemoState): void {
    writeFileSync(`${this.stateFile}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    chmodSync(`${this.stateFile}.new`, 0o600);
    renameSync(`${this.stateFile}.new`, this.stateFile);
  }

  /** Removes everything but the lock. `postgresFolder`: where PostgreSQL's files are, if that is outside the clone. */
  reset(postgresFolder?: string): void {
    let outside = postgresFolder;
    try {
      outside ??= (JSON.parse(readFileSync(this.stateFile, "utf8")) as DemoState).postgresFolder;
    } catch {
      // Nothing noted.
    }
    for (const part of ["state.json", "state.json.new", "processes.json", "clusters", "postgres", "logs"])
      rmSync(join(this.path, part), { recursive: true, force: true });
    if (outside !== undefined && /ringfence-data-[0-9a-f]{16}$/.test(outside))
      rmSync(outside, { recursive: true, force: true });
  }
}

function freshState(): DemoState {
  const secret = (bytes: number) => randomBytes(bytes).toString("base64url");
  return {
    version: 1,
    isSeeded: false,
    ports: { clusters: {} },
    passwords: { web: secret(24), ingest: secret(24), worker: secret(24) },
    sessionSecret: secret(48),
    issuer: { clientSecret: secret(24), cookieSecret: secret(24), keys: [] },
  };
}
