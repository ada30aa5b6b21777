/** What has to be built before a start: Prisma's client, the agent's bundle, the web application. Each only when its inputs changed. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DemoProblem } from "./state";

const root = join(import.meta.dirname, "..");

interface Build {
  name: string;
  inputs: readonly string[];
  /** What is there when it was built. */
  output: string;
  /** Where the digest of the inputs is kept: beside the output, so that both go together. */
  stamp: string;
  command: readonly string[];
  env: Record<string, string>;
}

const local = (program: string) => join(root, "node_modules", program);
const QUIET = { CHECKPOINT_DISABLE: "1", NEXT_TELEMETRY_DISABLED: "1" };

const BUILDS = {
  client: {
    name: "Prisma's client",
    inputs: ["prisma/schema.prisma", "prisma.config.ts", "package-lock.json"],
    output: "lib/server/db/generated/client.ts",
    stamp: "lib/server/db/generated/.inputs",
    command: [process.execPath, local("prisma/build/index.js"), "generate"],
    // The engine is not needed and may not be downloadable; any program will do in its place.
    env: { ...QUIET, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true" },
  },
  agent: {
    name: "the agent",
    inputs: ["agent", "lib/inventory", "lib/errors.ts", "package-lock.json", "tsconfig.json"],
    output: "dist/agent/ringfence-agent.mjs",
    stamp: "dist/agent/.inputs",
    command: [process.execPath, "agent/build.mjs"],
    env: QUIET,
  },
  web: {
    name: "the web application",
    inputs: [
      "app",
      "components",
      "lib",
      "public",
      "prisma/schema.prisma",
      "deploy",
      "package-lock.json",
      "tsconfig.json",
      "next.config.mjs",
      "next.config.ts",
      "postcss.config.mjs",
      "proxy.ts",
      "instrumentation.ts",
    ],
    output: ".next/BUILD_ID",
    stamp: ".next/.inputs",
    command: [process.execPath, local("next/dist/bin/next"), "build"],
    env: { ...QUIET, NODE_ENV: "production" },
  },
} satisfies Record<string, Build>;

export type BuildName = keyof typeof BUILDS;

/** Tests, fixtures and what another build made are no inputs. */
function isInput(path: string): boolean {
  return !/\.test\.tsx?$|(^|\/)testing(\/|$)|^lib\/fixtures(\/|$)|^lib\/server\/db\/generated(\/|$)|(^|\/)\.DS_Store$/.test(
    path,
  );
}

/** Next may add folders of its own to tsconfig.json while it builds: only what compiles differently counts. */
function contentOf(path: string): Buffer | string {
  const content = readFileSync(join(root, path));
  if (path !== "tsconfig.json") return content;
  const { compilerOptions } = JSON.parse(content.toString("utf8")) as { compilerOptions: unknown };
  return JSON.stringify(compilerOptions);
}

function digest(inputs: readonly string[]): string {
  const hash = createHash("sha256").update(`${process.versions.node} ${process.platform} ${process.arch}\n`);
  const add = (path: string) => {
    if (!isInput(path) || !existsSync(join(root, path))) return;
    if (statSync(join(root, path)).isDirectory())
      for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`);
    else hash.update(`${path}\n`).update(contentOf(path)).update("\n");
  };
  for (const input of inputs) add(input);
  return hash.digest("hex");
}

export function isBuilt(name: BuildName): boolean {
  const build: Build = BUILDS[name];
  const stamp = join(root, build.stamp);
  return (
    existsSync(join(root, build.output)) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest(build.inputs)
  );
}

/**
 * Builds if the inputs' content changed since the last time.
 * `signal` breaks a build off.
 * @returns true if it built. @throws DemoProblem with the end of the builder's output.
 */
export async function ensureBuilt(name: BuildName, signal?: AbortSignal): Promise<boolean> {
  if (isBuilt(name)) return false;
  const build: Build = BUILDS[name];
  const stamp = join(root, build.stamp);
  rmSync(stamp, { force: true });
  const before = digest(build.inputs);
  const [file = "", ...args] = build.command;
  const output: Buffer[] = [];
  const code = await new Promise<number>((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      env: { ...process.env, ...build.env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal ? { signal } : {}),
    });
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.once("error", (error) => {
      output.push(Buffer.from(String(error)));
      resolve(127);
    });
    child.once("close", (exit) => resolve(exit ?? 1));
  });
  signal?.throwIfAborted();
  if (code !== 0) {
    const text = Buffer.concat(output).toString("utf8").trim();
    const full = /ENOSPC|no space left/i.test(text) ? "\nThe disk is full: make room and start again." : "";
    throw new DemoProblem(
      `Building ${build.name} failed (exit code ${code}):\n\n${text.split("\n").slice(-40).join("\n")}${full}`,
    );
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, before);
  return true;
}

export const AGENT_BUNDLE = join(root, BUILDS.agent.output);
