/**
 * `npm test`: everything that CI runs, on a machine that has Node and npm and nothing else prepared.
 *
 * Plain Node without dependencies, because it installs them. Every stage prints what it does; the last line counts:
 * `N passed, N failed, N skipped`. A static check (format, lint, types, build) counts as one test. Only tests whose name says
 * KUBEBUILDER_ASSETS may be skipped: any other skip is a failure, so that a test which quietly steps aside is noticed.
 *
 * `npm test -- --only unit,types` runs some stages; the closing line then counts those alone.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installDependencies } from "../demo/install.mjs";

const root = path.resolve(import.meta.dirname, "..");
process.chdir(root);
const bin = (name) => path.join(root, "node_modules/.bin", name);
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
const onlyAt = process.argv.indexOf("--only");
const only = onlyAt === -1 ? null : new Set((process.argv[onlyAt + 1] ?? "").split(","));
const reports = mkdtempSync(path.join(tmpdir(), "ringfence-test-"));
let child = null;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    child?.kill(signal);
    process.exitCode = 130;
  });

/** Runs a program to its end; output goes straight through. Resolves with the exit code. */
function run(command, args, { env = {}, timeoutMinutes = 30 } = {}) {
  return new Promise((resolve) => {
    child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
    const timer = setTimeout(() => {
      console.error(`${path.basename(command)} did not end within ${timeoutMinutes} minutes; stopped`);
      child.kill("SIGKILL");
    }, timeoutMinutes * 60_000);
    child.on("error", (error) => {
      clearTimeout(timer);
      console.error(String(error));
      resolve(127);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      child = null;
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}

function count(name, passed) {
  totals[passed ? "passed" : "failed"]++;
  if (!passed) failures.push(name);
}

async function stage(name, work) {
  if (only && !only.has(name)) return;
  const start = Date.now();
  console.log(`\n== ${name}`);
  try {
    await work();
  } catch (error) {
    console.error(error);
    count(name, false);
  }
  console.log(`== ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

const check = (name, command, args, options) => async () => count(name, (await run(command, args, options)) === 0);

/** Reads a vitest JSON report (one row per test) into the totals. */
function countVitest(file, exitCode, name) {
  if (!existsSync(file)) return count(`${name}: no report was written (exit code ${exitCode})`, false);
  const report = JSON.parse(readFileSync(file, "utf8"));
  let failedTests = 0;
  for (const suite of report.testResults) {
    if (suite.status === "failed" && suite.assertionResults.every((t) => t.status !== "failed")) {
      failedTests++;
      count(`${name}: ${path.relative(root, suite.name)} did not load: ${String(suite.message).split("\n")[0]}`, false);
    }
    for (const test of suite.assertionResults) {
      if (test.status === "passed") totals.passed++;
      else if (test.status === "failed") {
        failedTests++;
        count(`${name}: ${path.relative(root, suite.name)}: ${test.fullName}`, false);
      } else if (name === "cluster" && !test.fullName.includes("[cluster]")) continue;
      else if (test.fullName.includes("KUBEBUILDER_ASSETS")) totals.skipped++;
      else {
        failedTests++;
        count(`${name}: skipped without leave: ${path.relative(root, suite.name)}: ${test.fullName}`, false);
      }
    }
  }
  if (exitCode !== 0 && failedTests === 0) count(`${name}: vitest ended with exit code ${exitCode}`, false);
  if (report.numTotalTests === 0) count(`${name}: not one test was found`, false);
}

function vitest(project, more = []) {
  return async () => {
    const file = path.join(reports, `${project}.json`);
    const code = await run(bin("vitest"), [
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${file}`,
      ...more,
    ]);
    countVitest(file, code, project);
  };
}

/** The programs that an assessor's commands need: from PATH, or Debian's packages. Counts a failure when they can't be had. */
async function assessorPrograms() {
  const isThere = (program) =>
    (process.env.PATH ?? "").split(path.delimiter).some((folder) => existsSync(path.join(folder, program)));
  const packages = { kubectl: "kubernetes-client", jq: "jq" };
  const missing = Object.keys(packages).filter((program) => !isThere(program));
  if (missing.length > 0 && existsSync("/usr/bin/apt-get") && process.getuid?.() === 0) {
    console.log(`no ${missing.join(", no ")} here: installing Debian's packages`);
    await run("apt-get", ["update", "-q"], { timeoutMinutes: 5 });
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing.map((name) => packages[name])], {
      timeoutMinutes: 10,
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  const absent = missing.filter((program) => !isThere(program));
  if (absent.length > 0) {
    console.error(`Install ${absent.join(" and ")} and run npm test again; the cluster tests count as failed.`);
    return false;
  }
  // Before 1.27 kubectl asks for the API's description in protobuf, which the simulated clusters do not serve.
  const version = spawnSync("kubectl", ["version", "--client", "-o", "json"], { encoding: "utf8" }).stdout ?? "";
  const minor = Number(/"minor":\s*"(\d+)/.exec(version)?.[1] ?? 0);
  if (minor < 27)
    console.error(
      `kubectl 1.27 or newer is needed, this is 1.${minor}: install one and run npm test again; the cluster tests count as failed.`,
    );
  return minor >= 27;
}

async function clusterTests() {
  if (!(await assessorPrograms())) return count("cluster tests: kubectl or jq could not be had", false);
  await vitest("cluster", ["-t", "\\[cluster\\]"])();
}

/** A browser: Debian's, or Playwright's own, or an attempt to get one. Returns null when there is none, after saying so. */
async function browser() {
  const system = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => existsSync(file));
  if (system) return system;
  if (existsSync("/usr/bin/apt-get") && process.getuid?.() === 0) {
    console.log("no Chromium here: installing Debian's package");
    await run("apt-get", ["update", "-q"], { timeoutMinutes: 5 });
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], {
      timeoutMinutes: 10,
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    if (existsSync("/usr/bin/chromium")) return "/usr/bin/chromium";
  }
  console.log("no Chromium here: asking Playwright for its own");
  if ((await run(bin("playwright"), ["install", "chromium"], { timeoutMinutes: 5 })) === 0) return "playwright";
  console.error(
    "No browser: install Chromium (Debian: apt-get install -y chromium) and run npm test again; the browser tests count as failed.",
  );
  return null;
}

async function browserTests() {
  if ((await browser()) === null) return count("browser tests: no browser could be had", false);
  const file = path.join(root, "test-results/results.json");
  rmSync(file, { force: true });
  const code = await run(bin("playwright"), ["test"], { timeoutMinutes: 20 });
  if (!existsSync(file)) return count(`browser tests: no report was written (exit code ${code})`, false);
  const { stats, errors = [] } = JSON.parse(readFileSync(file, "utf8"));
  totals.passed += stats.expected;
  for (let i = 0; i < stats.unexpected + stats.flaky; i++) count("browser test (see above)", false);
  for (let i = 0; i < stats.skipped; i++) count("browser test skipped without leave", false);
  for (const error of errors) count(`browser tests: ${String(error.message).split("\n")[0]}`, false);
  if (stats.expected + stats.unexpected + stats.flaky === 0) count("browser tests: not one test was found", false);
}

const started = Date.now();
try {
  await installDependencies(root);
  await stage("generate", check("generate", process.execPath, ["--import", "tsx", "test/build.ts", "client"]));
  await stage("format", check("format", bin("biome"), ["format", "."]));
  await stage("lint", check("lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]));
  await stage("types", async () => {
    // The routes' own types first: those of an earlier build may name pages that have moved since.
    if ((await run(bin("next"), ["typegen"])) !== 0) return count("types: next typegen", false);
    await check("types", bin("tsc"), ["-p", "."])();
  });
  await stage("unit", vitest("unit"));
  await stage("build", check("build", process.execPath, ["--import", "tsx", "test/build.ts", "agent", "web"]));
  await stage("world", vitest("world"));
  await stage("cluster", clusterTests);
  await stage("browser", browserTests);
} catch (error) {
  console.error(error);
  count(String(error), false);
} finally {
  rmSync(reports, { recursive: true, force: true });
}
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((f) => `  ${f}`).join("\n")}`);
console.log(`\nin ${((Date.now() - started) / 60_000).toFixed(1)} minutes`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : (process.exitCode ?? 0);
