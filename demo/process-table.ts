/**
 * The demo's child processes: each with a log file of its own, each noted in a file with its start time, so that a start after
 * a crash ends exactly what was left behind and nothing else that happens to have the same number.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface ProcessNote {
  name: string;
  pid: number;
  /** As the system states it; together with the number it names one process for ever. */
  startedAt: string;
}

/** When a process started, or null if there is none of that number (or only the corpse of one). */
export function processStart(pid: number): string | null {
  const proc = `/proc/${pid}/stat`;
  if (existsSync("/proc/self/stat")) {
    try {
      // The name in parentheses may hold spaces: count from behind it. Field 3 is the state, field 22 the start in ticks.
      const fields = readFileSync(proc, "utf8")
        .replace(/^.*\)\s*/s, "")
        .split(" ");
      return fields[0] === "Z" ? null : (fields[19] ?? null);
    } catch {
      return null;
    }
  }
  try {
    return (
      execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .trim() || null
    );
  } catch {
    return null;
  }
}

export function isSameProcess(note: Pick<ProcessNote, "pid" | "startedAt">): boolean {
  return processStart(note.pid) === note.startedAt;
}

/** Asks a process to end, then makes it. Resolves when it is gone. */
export async function endProcess(note: Pick<ProcessNote, "pid" | "startedAt">, graceMs = 8000): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(note.pid, name);
    } catch {
      // Gone between the look and the call.
    }
  };
  if (!isSameProcess(note)) return;
  signal("SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isSameProcess(note) && Date.now() < deadline) await new Promise((next) => setTimeout(next, 20));
  if (isSameProcess(note)) signal("SIGKILL");
  while (isSameProcess(note)) await new Promise((next) => setTimeout(next, 20));
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd: string;
  /** Called when the process ends although nobody asked it to. */
  onUnexpectedEnd?(reason: string): void;
}

export class ProcessTable {
  private readonly notes = new Map<number, ProcessNote>();
  private readonly children: { name: string; child: ChildProcess; note: ProcessNote }[] = [];
  private isStopping = false;

  constructor(
    private readonly file: string,
    private readonly logFolder: string,
  ) {
    mkdirSync(logFolder, { recursive: true });
  }

  logFile(name: string): string {
    return join(this.logFolder, `${name}.log`);
  }

  /** Starts a process in a group of its own: Ctrl-C in the terminal reaches us alone, and we stop the others in order. */
  start(name: string, command: readonly string[], options: RunOptions): ChildProcess {
    const log = openSync(this.logFile(name), "w");
    const [file = "", ...args] = command;
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    if (child.pid === undefined) throw new Error(`${name} could not be started (${file})`);
    const note = this.note(name, child.pid);
    this.children.push({ name, child, note });
    child.once("exit", (code, signal) => {
      this.forget(note.pid);
      if (!this.isStopping)
        options.onUnexpectedEnd?.(
          `${name} ended by itself (${signal ?? `exit code ${code}`}); its log: ${this.logFile(name)}`,
        );
    });
    return child;
  }

  /** Remembers a process that somebody else started for us (an agent of a simulated cluster). */
  note(name: string, pid: number): ProcessNote {
    const note = { name, pid, startedAt: processStart(pid) ?? "" };
    this.notes.set(pid, note);
    this.save();
    return note;
  }

  forget(pid: number): void {
    if (this.notes.delete(pid)) this.save();
  }

  /** Ends the children, the youngest first. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const { note } of this.children.reverse()) await endProcess(note);
    this.children.length = 0;
    rmSync(this.file, { force: true });
  }

  /** Ends what an earlier start left running. @returns the names of what was ended. */
  static async endLeftovers(file: string): Promise<string[]> {
    if (!existsSync(file)) return [];
    let notes: ProcessNote[];
    try {
      notes = JSON.parse(readFileSync(file, "utf8")) as ProcessNote[];
    } catch {
      // A torn file: nothing in it can be trusted enough to end a process for it.
      rmSync(file);
      return [];
    }
    const left = notes.filter((note) => note.startedAt !== "" && isSameProcess(note));
    await Promise.all(left.map((note) => endProcess(note)));
    rmSync(file, { force: true });
    return left.map((note) => note.name);
  }

  private save(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.new`, JSON.stringify([...this.notes.values()]));
    renameSync(`${this.file}.new`, this.file);
  }
}
