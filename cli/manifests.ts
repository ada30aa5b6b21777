/** Manifest files and folders as one snapshot. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { createSnapshot } from "@/lib/inventory/create-snapshot";
import { refKey } from "@/lib/inventory/inventory";
import { sectionOfKind, SECTIONS, splitApiVersion } from "@/lib/inventory/sections";
import type { InvalidObject, Provider, SectionName, Snapshot } from "@/lib/inventory/snapshot";
import { readDocuments } from "./documents";
import { UsageError } from "./usage-error";

export interface ManifestInput {
  /** As it was given, joined with the path below it. */
  path: string;
  /** Objects that were judged. */
  objects: number;
  /** Objects of kinds that no control reads, by kind. */
  ignored: Record<string, number>;
  /** Documents and objects that could not be judged, with file and line. */
  invalid: { where: string; problem: string }[];
  /** Objects that another document defines again: the last one counts, as when they are applied in this order. */
  duplicates: { object: string; where: string; replacedBy: string }[];
}
export interface Place {
  path: string;
  line: number;
}
export interface ManifestScan {
  snapshot: Snapshot;
  inputs: ManifestInput[];
  /** Where each object stands; by refKey(). */
  places: ReadonlyMap<string, Place>;
  hasBroken: boolean;
}

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);
const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** Files beside manifests that are YAML and never applied by themselves. */
const NOT_MANIFESTS =
  /^(kustomization\.ya?ml|Chart\.(ya?ml|lock)|values([.-].*)?\.ya?ml|package(-lock)?\.json|tsconfig.*\.json)$/;

/**
 * Reads every manifest below `paths`. What is broken is named and the rest is still read.
 *
 * @throws UsageError for a path that doesn't exist or can't be read, or when there is no manifest at all
 */
export async function readManifests(
  paths: readonly string[],
  options: {
    provider: Provider;
    collectedAt: string;
    readStdin: () => Promise<string>;
    /** Give objects without a name one, where the name says nothing: questions about rights take bindings without. */
    namesNameless?: boolean;
  },
): Promise<ManifestScan> {
  const files = await manifestFiles(paths, options.readStdin);

  const inputs: ManifestInput[] = [];
  const found = new Map<string, { object: unknown; where: string; input: ManifestInput; name: string; place: Place }>();
  const broken: InvalidObject[] = [];
  const unread: InvalidObject[] = [];
  const scannedOnly: unknown[] = [];
  for (const file of files) {
    const input: ManifestInput = { path: file.path, objects: 0, ignored: {}, invalid: [], duplicates: [] };
    inputs.push(input);
    const refuse = (where: string, problem: string) => {
      broken.push({ apiVersion: "", kind: "", name: "", where, problem });
      input.invalid.push({ where, problem });
    };
    let text: string;
    try {
      text = await file.text();
    } catch (error) {
      refuse(`${file.path}:1`, error instanceof Error ? error.message : String(error));
      continue;
    }
    const { documents, broken: unreadable } = readDocuments(text);
    for (const { line, problem } of unreadable) refuse(`${file.path}:${line}`, problem);
    for (const { line, value } of documents) {
      const where = `${file.path}:${line}`;
      const identity = identify(value);
      if (identity === undefined) {
        refuse(where, "is no Kubernetes object: it has no apiVersion and kind");
        continue;
      }
      if (sectionOfKind(identity.apiVersion, identity.kind) === undefined) {
        const kind = `${identity.apiVersion} ${identity.kind}`;
        input.ignored[kind] = (input.ignored[kind] ?? 0) + 1;
        scannedOnly.push(value);
        if (holdsPodTemplate(value)) unread.push(unreadWorkload(identity, value, where));
        continue;
      }
      // An object without a name can't be a second one of anything.
      const key = identity.key ?? where;
      const earlier = found.get(key);
      if (earlier !== undefined) {
        earlier.input.objects -= 1;
        earlier.input.duplicates.push({ object: identity.name, where: earlier.where, replacedBy: where });
      }
      input.objects += 1;
      found.set(key, { object: value, where, input, name: identity.name, place: { path: file.path, line } });
    }
  }

  const snapshot = createSnapshot({
    source: "manifests",
    provider: options.provider,
    collectedAt: options.collectedAt,
    facts: {},
    objects: [...found.values()].map(({ object, where }, index) => ({
      object: options.namesNameless === true ? named(object, `unnamed-${index + 1}`) : object,
      where,
    })),
    sections: manifestSections(),
    invalid: [...broken, ...unread],
    scannedOnly,
  });
  const inputOf = new Map([...found.values()].map(({ where, input }) => [where, input]));
  for (const { where, problem } of snapshot.invalid.slice(broken.length + unread.length)) {
    const input = inputOf.get(where);
    if (input === undefined) continue;
    input.objects -= 1;
    input.invalid.push({ where, problem });
  }
  return { snapshot, inputs, places: placesOf(found.values()), hasBroken: snapshot.invalid.length > unread.length };
}

function named(object: unknown, name: string): unknown {
  const { metadata } = object as { metadata?: Record<string, unknown> | null };
  return metadata?.name === undefined || metadata.name === ""
    ? { ...(object as object), metadata: { ...metadata, name } }
    : object;
}

/** What a folder can hold is complete, even if empty; what only a running cluster shows stays uncollected unless it is there. */
function manifestSections(): { [K in SectionName]?: { status: "complete" } } {
  return Object.fromEntries(SECTIONS.filter((s) => s.inManifests).map((s) => [s.name, { status: "complete" }]));
}

export interface ManifestFile {
  /** As it was given, joined with the path below it. */
  path: string;
  text(): Promise<string>;
}

/**
 * Every manifest file below `paths`, in the order of their names; `-` is standard input.
 *
 * @throws UsageError for a path that doesn't exist or can't be read, or when there is no manifest at all
 */
export async function manifestFiles(
  paths: readonly string[],
  readStdin: () => Promise<string>,
): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const given of paths) {
    if (given === "-") files.push({ path: "-", text: readStdin });
    else for (const file of await filesBelow(given)) files.push({ path: file, text: () => readText(file) });
  }
  if (files.length === 0) throw new UsageError(`there is no .yaml, .yml or .json file below ${paths.join(", ")}`);
  return files;
}

async function filesBelow(given: string): Promise<string[]> {
  const info = await stat(given).catch(() => undefined);
  if (info === undefined) throw new UsageError(`${given} doesn't exist or can't be read`);
  if (!info.isDirectory()) return [given];
  const files: string[] = [];
  const entries = await readdir(given, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(given, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    const isDirectory = entry.isSymbolicLink()
      ? (await stat(full).catch(() => undefined))?.isDirectory()
      : entry.isDirectory();
    // Links to folders aren't followed: they may lead round in a circle.
    if (isDirectory === true) files.push(...(entry.isSymbolicLink() ? [] : await filesBelow(full)));
    else if (EXTENSIONS.has(path.extname(entry.name)) && !NOT_MANIFESTS.test(entry.name)) files.push(full);
  }
  return files;
}

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new Error(`is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof TypeError) throw new Error("is not UTF-8", { cause: error });
    throw error;
  }
}

interface Identity {
  apiVersion: string;
  kind: string;
  name: string;
  key?: string;
}
function identify(value: unknown): Identity | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { apiVersion, kind, metadata } = value as { apiVersion?: unknown; kind?: unknown; metadata?: unknown };
  if (typeof apiVersion !== "string" || typeof kind !== "string" || apiVersion === "" || kind === "") return undefined;
  const { name, namespace } = (typeof metadata === "object" && metadata !== null ? metadata : {}) as Record<
    string,
    unknown
  >;
  const isNamespaced = sectionOfKind(apiVersion, kind)?.namespaced === true;
  const place = isNamespaced ? `${typeof namespace === "string" ? namespace : "default"}/` : "";
  if (typeof name !== "string" || name === "") return { apiVersion, kind, name: kind };
  const readable = `${kind} ${place}${name}`;
  return { apiVersion, kind, name: readable, key: `${splitApiVersion(apiVersion).group} ${readable}` };
}

/** Kinds of other projects that make pods from a template (Rollout, DeploymentConfig, a Knative Service). */
function holdsPodTemplate(value: unknown): boolean {
  const { spec } = value as { spec?: { template?: { spec?: { containers?: unknown } } } };
  return Array.isArray(spec?.template?.spec?.containers);
}
/** Its pods are real, and what they run isn't judged: the controls about workloads have to say so. */
function unreadWorkload({ apiVersion, kind }: Identity, value: unknown, where: string): InvalidObject {
  const { name, namespace } = (value as { metadata?: { name?: unknown; namespace?: unknown } }).metadata ?? {};
  return {
    apiVersion,
    kind,
    namespace: typeof namespace === "string" ? namespace : "default",
    name: typeof name === "string" ? name : where,
    where,
    problem: "holds a pod template, and its kind is not read",
  };
}

function placesOf(found: Iterable<{ object: unknown; place: Place }>): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const { object, place } of found) {
    const { apiVersion, kind, metadata } = object as {
      apiVersion: string;
      kind: string;
      metadata?: Record<string, unknown>;
    };
    if (typeof metadata?.name !== "string") continue;
    const namespaced = sectionOfKind(apiVersion, kind)?.namespaced === true;
    const namespace = typeof metadata.namespace === "string" ? metadata.namespace : "default";
    const ref = { apiVersion, kind, name: metadata.name };
    places.set(refKey(namespaced ? { ...ref, namespace } : ref), place);
  }
  return places;
}
