/**
 * Installs the npm dependencies when they are missing or older than the lock file. Plain Node: nothing is installed yet.
 * Shared by `npm run demo` and `npm test`.
 *
 * `npm install` rather than `npm ci`: a lock file that was made against a registry which lacks other platforms' optional
 * packages has no entry for them, and `npm ci` refuses such a lock (docs/decisions/004-npm-install.md).
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const stampOf = (root) => path.join(root, "node_modules/.ringfence-installed");

/** SHA-256 over what decides the contents of node_modules: both package files, Node's major version and the platform. */
export function installFingerprint(root) {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) {
    const full = path.join(root, file);
    let text = existsSync(full) ? readFileSync(full, "utf8") : "";
    if (file === "package.json" && text) {
      const { dependencies, devDependencies, overrides, allowScripts } = JSON.parse(text);
      text = JSON.stringify({ dependencies, devDependencies, overrides, allowScripts });
    }
    hash.update(`${file}\n${text}\n`);
  }
  return hash.update(`${process.versions.node.split(".")[0]} ${process.platform} ${process.arch}`).digest("hex");
}

/**
 * Makes node_modules agree with the lock file. Says what it does; returns true if it installed something.
 * Throws with npm's exit code and a way out if npm fails.
 */
export async function installDependencies(root, log = console.log) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(
      `Ringfence needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and run the command again.`,
    );
  }
  const stamp = stampOf(root);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === installFingerprint(root)) return false;
  log("Installing dependencies (npm install; about a minute the first time)");
  const code = await new Promise((resolve) => {
    const child = spawn("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    child.on("error", () => resolve(127));
    child.on("exit", (exit) => resolve(exit ?? 1));
  });
  if (code !== 0)
    throw new Error(
      `npm install failed with exit code ${code}. Look at npm's message above: often the registry is not reachable or the disk is full.`,
    );
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, installFingerprint(root));
  return true;
}
