/**
 * The state as one file in a directory that only this process's user can read.
 *
 * Written beside and renamed, with both flushed to the disk: a crash or a full disk leaves the old state or the new one.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { type AgentState, parseState, type StateStore } from "./state";

const FILE = "agent-state.json";

export class DirectoryStore implements StateStore {
  private readonly file: string;

  constructor(private readonly directory: string) {
    this.file = path.join(directory, FILE);
  }

  async load(): Promise<AgentState | null> {
    let text: string;
    try {
      text = await readFile(this.file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    return parseState(text, this.file);
  }

  async save(state: AgentState): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const beside = `${this.file}.${randomBytes(6).toString("hex")}`;
    try {
      const handle = await open(beside, "wx", 0o600);
      try {
        await handle.writeFile(JSON.stringify(state));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(beside, this.file);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    const directory = await open(this.directory, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
