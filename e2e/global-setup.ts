/** Starts the world of the browser tests once for the run and hands its addresses to the tests. */
import { spawn } from "node:child_process";
import path from "node:path";

const START_MS = 360_000;

export default async function globalSetup(): Promise<() => Promise<void>> {
  // A world that somebody started by hand (`npx tsx e2e/world.ts`) is used as it is.
  if (process.env["RINGFENCE_E2E_WORLD"] !== undefined) return async () => undefined;
  const root = path.resolve(import.meta.dirname, "..");
  const child = spawn(process.execPath, ["--import", "tsx", "e2e/world.ts"], {
    cwd: root,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the world was not ready within ${START_MS / 1000} s`)), START_MS);
    let text = "";
    child.stdout.on("data", (data: Buffer) => {
      text += data.toString();
      const at = text.indexOf("\n");
      if (at === -1) return;
      clearTimeout(timer);
      resolve(text.slice(0, at));
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the world ended with exit code ${code} before it was ready`));
    });
  });
  process.env["RINGFENCE_E2E_WORLD"] = line;
  return async () => {
    child.stdin.end();
    await Promise.race([ended, new Promise<void>((resolve) => setTimeout(resolve, 30_000))]);
    child.kill("SIGKILL");
  };
}
