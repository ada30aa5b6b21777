/**
 * `npm run demo`: everything from an empty clone to four scanned clusters in the browser.
 *
 * Plain Node without dependencies, because it installs them; then it hands over to demo/main.ts.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { installDependencies } from "./install.mjs";

const root = path.resolve(import.meta.dirname, "..");
process.chdir(root);

try {
  await installDependencies(root);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

const child = spawn(process.execPath, ["--import", "tsx", "demo/main.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// Ctrl-C reaches both of us; the demo stops its parts in order, and we wait for it.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
process.on("SIGHUP", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
