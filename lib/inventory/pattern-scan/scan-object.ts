/**
 * Which places of a raw object are looked through, and how.
 *
 * Everything that a person writes: annotations and labels (the last applied configuration is opened as the object that it is),
 * the specification with its environment, arguments, probes and parameters, a ConfigMap's data. Not looked through: what
 * machines write (status, reports of scanners, leases), where numbers by the thousand would only look like cards.
 *
 * Base64 is opened, because it hides a value from people and from nobody else.
 */
import { REDACTED, findSecret } from "../secret-net";
import { isObject } from "../redaction/shape";
import { findCards } from "./card-numbers";
import { judgeNamedValue } from "./named-values";
import { decodeText, findCredentials } from "./text-rules";
import type { PatternMatch, PatternRule } from "./types";

export interface PlacedMatch extends PatternMatch {
  pointer: string;
  inside?: string;
}

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Kinds that machines write: only their metadata is looked through. */
const MACHINE_KINDS: ReadonlySet<string> = new Set([
  "VulnerabilityReport",
  "SbomReport",
  "ExposedSecretReport",
  "PolicyReport",
  "ClusterPolicyReport",
  "NodeReport",
  "EndpointSlice",
  "Lease",
  "CertificateSigningRequest",
  "CustomResourceDefinition",
  "Event",
]);
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  "apiVersion",
  "kind",
  "metadata",
  "status",
  "report",
  "results",
  "summary",
]);
const MAX_DEPTH = 40;
const MAX_TEXT = 2 * 1024 * 1024;

/** Texts in which nothing was found, so that the same image, label or path is not read ten thousand times. Bounded. */
export class CleanTexts {
  private readonly texts = new Set<string>();
  private characters = 0;

  has(text: string): boolean {
    return this.texts.has(text);
  }
  add(text: string): void {
    if (text.length > 512) return;
    if (this.characters > 1_000_000) {
      this.texts.clear();
      this.characters = 0;
    }
    this.texts.add(text);
    this.characters += text.length;
  }
}

interface Walk {
  clean: CleanTexts;
  out: Map<string, PlacedMatch>;
  /** Names of fields are those of somebody else's schema, where `secretKey` may be the name of a key. */
  plainOnly: boolean;
  inside: string | undefined;
  /** Where a value inside a document of its own stands in the object. */
  anchor: string | undefined;
  depth: number;
}

/** Every match in a raw object, in the order of its fields. `clean` is shared by the objects of one scan. */
export function scanObject(raw: unknown, clean = new CleanTexts()): PlacedMatch[] {
  const walk: Walk = { clean, out: new Map(), plainOnly: true, inside: undefined, anchor: undefined, depth: 0 };
  walkObject(raw, "", walk);
  return [...walk.out.values()];
}

function walkObject(raw: unknown, pointer: string, walk: Walk): void {
  if (!isObject(raw)) return;
  const kind = typeof raw.kind === "string" ? raw.kind : "";
  walkMetadata(raw.metadata, `${pointer}/metadata`, walk);
  if (MACHINE_KINDS.has(kind)) return;
  for (const key of Object.keys(raw).sort()) {
    if (NOT_WRITTEN.has(key)) continue;
    const at = `${pointer}/${escape(key)}`;
    if (kind === "ConfigMap" && (key === "data" || key === "binaryData"))
      walkData(raw[key], at, walk, key === "binaryData");
    else if (kind === "Secret" && (key === "data" || key === "stringData"))
      walkData(raw[key], at, walk, key === "data");
    else walkValue(raw[key], at, key, walk);
  }
}

function walkMetadata(metadata: unknown, pointer: string, walk: Walk): void {
  if (!isObject(metadata)) return;
  if (isObject(metadata.labels)) {
    for (const [key, value] of Object.entries(metadata.labels)) {
      if (typeof value === "string") addText(value, `${pointer}/labels/${escape(key)}`, key, walk);
    }
  }
  if (!isObject(metadata.annotations)) return;
  for (const key of Object.keys(metadata.annotations).sort()) {
    const value = metadata.annotations[key];
    if (typeof value !== "string") continue;
    const at = `${pointer}/annotations/${escape(key)}`;
    const applied = key === LAST_APPLIED && walk.anchor === undefined ? parseJson(value) : undefined;
    if (isObject(applied)) walkObject(applied, "", { ...walk, anchor: at });
    else addNamed(key, value, at, { ...walk, plainOnly: true });
  }
}

/** A ConfigMap's or a Secret's entries: their keys are names of values. */
function walkData(data: unknown, pointer: string, walk: Walk, isBase64: boolean): void {
  if (!isObject(data)) return;
  for (const key of Object.keys(data).sort()) {
    const value = data[key];
    if (typeof value !== "string") continue;
    const text = isBase64 ? decodeText(value) : value;
    if (text !== null) addNamed(key, text, `${pointer}/${escape(key)}`, { ...walk, plainOnly: false }, true);
  }
}

function walkValue(value: unknown, pointer: string, name: string, walk: Walk): void {
  if (walk.depth > MAX_DEPTH) return;
  if (typeof value === "string") addNamed(name, value, pointer, walk);
  else if (typeof value === "number" || typeof value === "bigint") addText(String(value), pointer, name, walk);
  else if (typeof value === "object" && value !== null) {
    walk.depth += 1;
    if (Array.isArray(value)) walkList(value, pointer, name, walk);
    else walkFields(value as Record<string, unknown>, pointer, name, walk);
    walk.depth -= 1;
  }
}

function walkFields(value: Record<string, unknown>, pointer: string, name: string, walk: Walk): void {
  // The template of a pod has metadata of its own.
  const isTemplate = name === "template" || name === "jobTemplate";
  if (isTemplate) walkMetadata(value.metadata, `${pointer}/metadata`, walk);
  // An environment variable, a header, a parameter: its name and value lie side by side.
  const sibling = typeof value.name === "string" && typeof value.value === "string" ? value.name : undefined;
  for (const key of Object.keys(value).sort()) {
    if (key === "metadata" && isTemplate) continue;
    const at = `${pointer}/${escape(key)}`;
    if (key === "value" && sibling !== undefined) {
      addNamed(sibling, String(value.value), at, { ...walk, plainOnly: false }, true);
    } else walkValue(value[key], at, key, walk);
  }
}

/** Words of a command line: `--name=value`, and `--name` followed by its value. */
function walkList(values: readonly unknown[], pointer: string, name: string, walk: Walk): void {
  let flag: string | undefined;
  values.forEach((value, i) => {
    const at = `${pointer}/${i}`;
    if (typeof value !== "string") {
      flag = undefined;
      walkValue(value, at, name, walk);
      return;
    }
    const match = /^--?([A-Za-z][A-Za-z0-9._-]{0,80})(?:=([\s\S]*))?$/.exec(value);
    const named = match?.[1];
    if (named !== undefined && match?.[2] !== undefined)
      addNamed(named, match[2], at, { ...walk, plainOnly: false }, true);
    else if (flag !== undefined && named === undefined) addNamed(flag, value, at, { ...walk, plainOnly: false });
    else addText(value, at, name, walk);
    flag = match?.[2] === undefined ? named : undefined;
  });
}

function addNamed(name: string, value: string, pointer: string, walk: Walk, countsEmpty = false): void {
  const rule = judgeNamedValue(name, value, { countsEmpty, plainOnly: walk.plainOnly });
  if (rule !== null) add({ rule }, pointer, name, walk);
  // The literal is told already; what its text looks like adds nothing, unless it is another kind of secret.
  addText(value, pointer, name, walk, rule !== null);
}

function addText(text: string, pointer: string, name: string, walk: Walk, isTold = false): void {
  if (text.length < 6 || text.length > MAX_TEXT || walk.clean.has(text)) return;
  const found = matchesIn(text, name);
  for (const match of found) if (!isTold || !isGuess(match.rule)) add(match, pointer, name, walk);
  const decoded = text.length >= 16 ? decodeText(text.trim()) : null;
  const inside = decoded === null || decoded === text ? [] : matchesIn(decoded, name);
  for (const match of inside) {
    if (!isTold || !isGuess(match.rule)) add(match, pointer, name, { ...walk, inside: "Base64" });
  }
  if (found.length + inside.length === 0) walk.clean.add(text);
}

function isGuess(rule: PatternRule): boolean {
  return rule.endsWith("-password") || rule === "password-literal";
}

function matchesIn(text: string, name: string): PatternMatch[] {
  return [...findCredentials(text), ...findCards(text, name)];
}

function add(match: PatternMatch, pointer: string, name: string, walk: Walk): void {
  const placed: PlacedMatch = { rule: match.rule, pointer: clip(walk.anchor ?? pointer) };
  const inside = [walk.anchor === undefined ? "" : pointer, walk.inside ?? ""].filter((part) => part !== "").join(" ");
  const shownName = harmless(match.name ?? name);
  if (shownName !== undefined) placed.name = shownName;
  if (match.masked !== undefined) placed.masked = match.masked;
  if (inside !== "") placed.inside = clip(inside);
  const key = `${placed.rule}\n${placed.pointer}\n${placed.inside ?? ""}\n${placed.name ?? ""}\n${placed.masked ?? ""}`;
  if (!walk.out.has(key)) walk.out.set(key, placed);
}

/** A name is shown if it looks like one and holds no secret itself. */
function harmless(name: string): string | undefined {
  return /^[A-Za-z0-9_./~ -]{1,253}$/.test(name) && findSecret(name) === null ? name : undefined;
}

const MAX_POINTER = 480;
/** A pointer too long for a message ends at the last step that fits. */
function clip(pointer: string): string {
  if (pointer.length <= MAX_POINTER) return pointer;
  const cut = pointer.slice(0, MAX_POINTER);
  return cut.slice(0, Math.max(cut.lastIndexOf("/"), 1));
}

function escape(key: string): string {
  // Nothing so short is a secret.
  if (/^[A-Za-z_-]{1,12}$/.test(key)) return key;
  if (findSecret(key) !== null) return REDACTED;
  return key
    .replace(/\p{Cc}+/gu, " ")
    .replaceAll("~", "~0")
    .replaceAll("/", "~1");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
