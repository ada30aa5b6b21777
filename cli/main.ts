/** The command line: parse, scan, assess, print. Everything that touches the world comes in as an argument or lies in this room. */
import { readFile } from "node:fs/promises";
import { assess } from "@/lib/assessment/assess";
import { CONTROLS } from "@/lib/controls";
import { mergeImports, withImportedFacts } from "@/lib/inventory/imports";
import { refKey } from "@/lib/inventory/inventory";
import type { Snapshot } from "@/lib/inventory/snapshot";
import { DEFAULT_SCOPE_SETTINGS, type ScopeSettings } from "@/lib/scope/types";
import packageJson from "../package.json";
import { type AccessCommand, answerAccess } from "./access";
import { type AuditCommand, runAudit } from "./audit";
import { readCustomControls } from "./custom";
import { readImports } from "./imports";
import { type ManifestInput, type Place, readManifests } from "./manifests";
import { parseCommand, type ScanOptions, USAGE, UsageError } from "./options";
import { type PssCommand, runPss } from "./pss";
import { render } from "./render";
import { buildReport, hasFindings, type Report } from "./report";
import { parseScopeFile } from "./scope-file";

export interface World {
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream;
  stdin: AsyncIterable<Uint8Array | string>;
  /** ISO 8601 UTC. */
  now(): string;
}

/** Runs one command; the exit status (0 clean, 1 findings, 2 error; see USAGE). */
export async function main(words: readonly string[], world: World): Promise<number> {
  try {
    const command = parseCommand(words);
    switch (command.name) {
      case "help":
        await write(world.stdout, USAGE);
        return 0;
      case "version":
        await write(world.stdout, `ringfence ${packageJson.version}\n`);
        return 0;
      case "scan":
        return await scan(command.options, world);
      case "audit-level":
      case "audit-coverage":
        return await audit(command, world);
      case "pss":
        return await pss(command, world);
      case "who-can":
      case "can-i":
        return await access(command, world);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof UsageError ? "\nSee ringfence --help" : "";
    await write(world.stderr, `ringfence: ${message}${hint}\n`);
    return 2;
  }
}

async function scan(options: ScanOptions, world: World): Promise<number> {
  const controls = [...CONTROLS, ...(await readCustomControls(options.customFiles))];
  const unknownControls = options.controls.filter((id) => !controls.some((control) => control.id === id));
  if (unknownControls.length > 0) {
    throw new UsageError(
      `there is no control ${unknownControls.join(", ")}; there are: ${controls.map((c) => c.id).join(", ")}`,
    );
  }
  const asOf = options.asOf ?? world.now();
  const scopeSettings = await readScope(options.scopeFile);
  const imported = await readImports(options.imports, asOf);
  const { snapshot, inputs: sources, places, hasError } = await read(options, world, asOf);
  const { facts, registers } = mergeImports(imported.documents);
  const assessment = assess(withImportedFacts(snapshot, facts), { asOf, scopeSettings, registers, controls });
  const inputs = [...sources, ...imported.inputs];
  const report = buildReport(assessment, { controls, chosen: options.controls, inputs });

  const invalid = snapshot.invalid.map(({ where, problem, kind, name }) => ({
    where,
    problem: [kind, name, problem].filter(Boolean).join(" "),
  }));
  const problems = [...imported.problems, ...invalid];
  for (const { where, problem } of problems) await write(world.stderr, `ringfence: ${where}: ${problem}\n`);
  for (const input of inputs) {
    for (const { object, where, replacedBy } of "duplicates" in input ? input.duplicates : []) {
      await write(world.stderr, `ringfence: ${where}: ${object} is defined again at ${replacedBy}, which counts\n`);
    }
  }
  const outcome = {
    report,
    problems,
    controls,
    placeOf: ({ apiVersion, kind, namespace, name }: Report["results"][number]["object"]) =>
      places.get(refKey(namespace === null ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name })),
  };
  const isTerminal = world.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "";
  await write(world.stdout, render(options.output, outcome, { version: packageJson.version, isTerminal }));
  if (hasError || imported.problems.length > 0) return 2;
  return hasFindings(report.results, options.failOn) ? 1 : 0;
}

async function read(
  { source, provider }: ScanOptions,
  world: World,
  collectedAt: string,
): Promise<{ snapshot: Snapshot; inputs: Report["inputs"]; places: ReadonlyMap<string, Place>; hasError: boolean }> {
  if (source.kind === "manifests") {
    const readStdin = () => readAll(world.stdin);
    const { snapshot, inputs, places, hasBroken } = await readManifests(source.paths, {
      provider: provider ?? "other",
      collectedAt,
      readStdin,
    });
    return { snapshot, inputs: inputs satisfies ManifestInput[], places, hasError: hasBroken };
  }
  // The Kubernetes client is large; a scan of manifests does without it.
  const { scanCluster } = await import("./cluster");
  const { snapshot, input } = await scanCluster(source, {
    collectedAt,
    ...(provider === undefined ? {} : { provider }),
  });
  for (const { section, message } of input.unread)
    await write(world.stderr, `ringfence: ${section} not read: ${message}\n`);
  return { snapshot, inputs: [input], places: new Map(), hasError: false };
}

async function access(command: AccessCommand, world: World): Promise<number> {
  const { code, out, err } = answerAccess(command, await readForAccess(command.source, world));
  for (const line of err) await write(world.stderr, `${line}\n`);
  await write(world.stdout, out);
  return code;
}

async function readForAccess(source: AccessCommand["source"], world: World): Promise<Snapshot> {
  const collectedAt = world.now();
  if (source.kind === "manifests") {
    const readStdin = () => readAll(world.stdin);
    const options = { provider: "other" as const, collectedAt, readStdin, namesNameless: true };
    return (await readManifests(source.paths, options)).snapshot;
  }
  const { scanCluster } = await import("./cluster");
  return (await scanCluster(source, { collectedAt })).snapshot;
}

async function audit(command: AuditCommand, world: World): Promise<number> {
  const { text, warnings } = await runAudit(command, (file) => readText(file, world));
  for (const warning of warnings) await write(world.stderr, `ringfence: ${warning}\n`);
  await write(world.stdout, text);
  return 0;
}

async function pss(command: PssCommand, world: World): Promise<number> {
  const { code, text, problems } = await runPss(command, () => readAll(world.stdin));
  for (const problem of problems) await write(world.stderr, `ringfence: ${problem}\n`);
  await write(world.stdout, text);
  return code;
}

async function readText(file: string, world: World): Promise<string> {
  if (file === "-") return readAll(world.stdin);
  return readFile(file, "utf8").catch(() => {
    throw new UsageError(`${file} can't be read`);
  });
}

async function readScope(file: string | undefined): Promise<ScopeSettings> {
  if (file === undefined) return DEFAULT_SCOPE_SETTINGS;
  const text = await readFile(file, "utf8").catch(() => {
    throw new UsageError(`the scope file ${file} can't be read`);
  });
  return parseScopeFile(text, file);
}

async function readAll(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
  return new TextDecoder().decode(Buffer.concat(pieces));
}

/** Waits until the stream took the text; a reader that went away (`| head`) is no error. */
function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? resolve() : reject(error));
    stream.once("error", onError);
    stream.write(text, (error) => {
      if (error == null) stream.removeListener("error", onError);
      else return onError(error);
      resolve();
    });
  });
}
