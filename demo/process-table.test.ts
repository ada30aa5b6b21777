import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isSameProcess, type ProcessNote, processStart, ProcessTable } from "./process-table";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ringfence-processes-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FOREVER = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
const notesIn = (file: string) => JSON.parse(readFileSync(file, "utf8")) as ProcessNote[];

describe("process table", () => {
  it("ends exactly what an earlier start left behind", async () => {
    const file = join(folder, "processes.json");
    const crashed = new ProcessTable(file, folder);
    const left = crashed.start("left", FOREVER, { cwd: folder });
    // A stranger has got the number of a process of ours since: another start time.
    const stranger = spawn(FOREVER[0]!, FOREVER.slice(1));
    const notes = notesIn(file);
    writeFileSync(file, JSON.stringify([...notes, { name: "stranger", pid: stranger.pid, startedAt: "1" }]));
    try {
      expect(await ProcessTable.endLeftovers(file)).toEqual(["left"]);
      expect(isSameProcess(notes[0]!)).toBe(false);
      expect(processStart(stranger.pid!)).not.toBeNull();
      expect(left.pid).toBe(notes[0]!.pid);
      expect(existsSync(file)).toBe(false);
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("makes a process end that does not want to", async () => {
    const file = join(folder, "processes.json");
    const table = new ProcessTable(file, folder);
    const child = table.start(
      "stubborn",
      [process.execPath, "-e", 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'],
      { cwd: folder },
    );
    await expect.poll(() => readFileSync(table.logFile("stubborn"), "utf8")).toContain("up");
    const { endProcess } = await import("./process-table");
    await endProcess({ pid: child.pid!, startedAt: processStart(child.pid!)! }, 200);
    expect(processStart(child.pid!)).toBeNull();
  });

  it("reports a process that ends although nobody asked, and stays silent when somebody did", async () => {
    const reasons: string[] = [];
    const table = new ProcessTable(join(folder, "processes.json"), folder);
    table.start("short", [process.execPath, "-e", "process.exit(7)"], {
      cwd: folder,
      onUnexpectedEnd: (reason) => reasons.push(reason),
    });
    table.start("long", FOREVER, { cwd: folder, onUnexpectedEnd: (reason) => reasons.push(reason) });
    await expect.poll(() => reasons.length).toBe(1);
    expect(reasons[0]).toContain("short ended by itself (exit code 7)");
    await table.stop();
    expect(reasons).toHaveLength(1);
    expect(existsSync(join(folder, "processes.json"))).toBe(false);
  });

  it("ends nothing for a file that it can't read", async () => {
    const file = join(folder, "processes.json");
    writeFileSync(file, '[{"name":"x","pi');
    expect(await ProcessTable.endLeftovers(file)).toEqual([]);
  });
});
