/** From the bytes of an uploaded document to what it says: limits, the secret net, its kind's own schema. */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import type { ImportOrigin } from "@/lib/inventory/import-origin";
import { findImportKind, type ImportKind, type ImportedParts, ImportProblem } from "@/lib/inventory/imports";
import { findSecret, findSecretIn, type SecretKind } from "@/lib/inventory/secret-net";
import { readBody } from "./ingest/body";

/** What a document says may take this much as JSON; the database refuses twice as much. */
const MAX_PARTS_BYTES = 8 * 1024 * 1024;

export interface ReadDocument {
  bytes: number;
  /** SHA-256 of the text, lower-case hex. */
  digest: string;
  parts: ImportedParts;
}

/** The document holds what must never be stored. The message names the place, never the value. */
export class SecretInDocument extends RingfenceError {
  constructor(
    readonly kind: SecretKind,
    readonly where: string,
  ) {
    const what = `what looks like a ${kind.replaceAll("-", " ")}`;
    super("secret-detected", `The document holds ${what} (${where}). Nothing of it was stored: take it out first.`, {
      details: [{ where, message: `holds ${what}` }],
    });
    this.name = "SecretInDocument";
  }
}

/** @throws RingfenceError `not-found` for a kind that this release doesn't have */
export function getImportKind(id: string): ImportKind {
  const kind = findImportKind(id);
  if (kind === null) throw new RingfenceError("not-found", "There is no such kind of document.");
  return kind;
}

/**
 * The document in a request's body.
 *
 * @throws RingfenceError `unsupported-media-type`, `too-large` (while it streams in), `invalid-input` with the place at fault;
 *   SecretInDocument
 */
export async function readDocument(request: Request, kind: ImportKind, origin: ImportOrigin): Promise<ReadDocument> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    throw new RingfenceError("unsupported-media-type", "Send the document itself, as application/octet-stream.");
  }
  const bytes = await readBody(request, kind.maxBytes);
  const parts = parseDocument(textOf(bytes), kind, origin);
  return { bytes: bytes.byteLength, digest: createHash("sha256").update(bytes).digest("hex"), parts };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalid("the document", "is not text in UTF-8");
  }
}

/**
 * What a document of that kind says. The net looks at every line of the text and at everything that would be stored, where a
 * value may stand that the text spells in pieces.
 *
 * @throws RingfenceError `invalid-input`; SecretInDocument
 */
export function parseDocument(text: string, kind: ImportKind, origin: ImportOrigin): ImportedParts {
  if (findSecret(origin.name) !== null)
    throw new SecretInDocument(findSecret(origin.name) ?? "cloud-token", "its name");
  if (text.trim() === "") throw invalid("the document", "is empty");
  assertNoSecretInLines(text);
  let parts: ImportedParts;
  try {
    parts = kind.parse(text, origin);
  } catch (error) {
    if (error instanceof ImportProblem) throw invalid(placeOf(error.message), error.message);
    throw error;
  }
  const found = findSecretIn(parts);
  if (found !== null) throw new SecretInDocument(found.kind, found.where);
  const unstorable = findUnstorable(parts);
  if (unstorable !== null)
    throw invalid(unstorable, "holds a character that can't be stored (NUL or half a surrogate)");
  if (Buffer.byteLength(JSON.stringify(parts)) > MAX_PARTS_BYTES) {
    throw new RingfenceError("too-large", "What the document says is more than can be kept. Split it.");
  }
  return parts;
}

function assertNoSecretInLines(text: string): void {
  let line = 1;
  for (let start = 0; start <= text.length; line += 1) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    const kind = findSecret(text.slice(start, end));
    if (kind !== null) throw new SecretInDocument(kind, `line ${line}`);
    start = end + 1;
  }
}

/** The place that a problem's message begins or ends with, for the field beside which it is shown. */
function placeOf(message: string): string {
  return /^[^\s:]+(?=: )/.exec(message)?.[0] ?? /line \d+(?:, column \d+)?/.exec(message)?.[0] ?? "the document";
}

function invalid(where: string, message: string): RingfenceError {
  return new RingfenceError("invalid-input", `The document can't be read: ${message.slice(0, 500)}`, {
    details: [{ where: where.slice(0, 200), message: message.slice(0, 500) }],
  });
}

/** The place of a text that PostgreSQL's jsonb can't hold; null for none. */
function findUnstorable(parts: ImportedParts): string | null {
  const open: { value: unknown; where: string }[] = [{ value: parts, where: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, where } = next;
    if (typeof value === "string") {
      if (value.includes("\0") || /\p{Surrogate}/u.test(value)) return where;
    } else if (typeof value === "object" && value !== null) {
      for (const [key, each] of Object.entries(value)) {
        open.push({ value: key, where }, { value: each, where: where === "" ? key : `${where}.${key}` });
      }
    }
  }
  return null;
}

/** What the parts add, for a person: name of the fact or register, and how many entries if it is a list. */
export function describeParts(parts: ImportedParts): { name: string; entries: number | null }[] {
  return Object.entries({ ...parts.facts, ...parts.registers }).map(([name, value]: [string, unknown]) => ({
    name,
    entries: Array.isArray(value) ? value.length : null,
  }));
}
