import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processStart } from "./process-table";
import { DemoFolder, DemoProblem } from "./state";

let path: string;
let folder: DemoFolder;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "ringfence-state-test-"));
  folder = new DemoFolder(path);
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

describe("the demo's folder", () => {
  it("refuses a second start while the first one runs, and says where it is", async () => {
    const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      writeFileSync(
        join(path, "lock.json"),
        JSON.stringify({ pid: other.pid, startedAt: processStart(other.pid!), address: "http://localhost:3999" }),
      );
      expect(() => folder.lock()).toThrow(
        new RegExp(`running already at http://localhost:3999 \\(process ${other.pid}\\)`),
      );
    } finally {
      other.kill("SIGKILL");
    }
    await expect.poll(() => processStart(other.pid!)).toBeNull();
    expect(folder.lock()).toBe(true);
    folder.unlock();
    expect(folder.lock()).toBe(false);
  });

  it("takes over a torn lock and one whose number belongs to another process now", () => {
    writeFileSync(join(path, "lock.json"), '{"pid":');
    expect(folder.lock()).toBe(true);
    writeFileSync(join(path, "lock.json"), JSON.stringify({ pid: process.pid, startedAt: "long ago" }));
    expect(folder.lock()).toBe(true);
  });

  it("keeps its passwords from other users", () => {
    const state = folder.read();
    folder.write(state);
    expect(statSync(join(path, "state.json")).mode & 0o777).toBe(0o600);
    expect(folder.read()).toEqual(state);
    expect(new Set(Object.values(state.passwords)).size).toBe(3);
  });

  it("names the way out when its notes are damaged, and the way works", () => {
    writeFileSync(join(path, "state.json"), "{ half");
    mkdirSync(join(path, "clusters/pci-prod"), { recursive: true });
    expect(() => folder.read()).toThrow(DemoProblem);
    expect(() => folder.read()).toThrow("--reset");
    folder.reset();
    expect(folder.read().isSeeded).toBe(false);
    expect(existsSync(join(path, "clusters"))).toBe(false);
  });
});
