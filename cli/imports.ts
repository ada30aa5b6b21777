/** Documents beside the source (`--import KIND=FILE`): the same kinds that a person uploads to the server, read the same way. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import {
  findImportKind,
  IMPORT_KINDS,
  type ImportedDocument,
  ImportProblem,
  type ImportKind,
} from "@/lib/inventory/imports";
import { UsageError } from "./usage-error";

export interface ImportInput {
  import: string;
  file: string;
  /** SHA-256 of the file, lower-case hex. */
  sha256: string;
  /** ISO 8601 UTC: when the file was last written, which is the most that a file says of its age. */
  collectedAt: string;
}
export interface ReadImports {
  documents: ImportedDocument[];
  inputs: ImportInput[];
  /** Documents that are not what their kind asks for; the others count. */
  problems: { where: string; problem: string }[];
}

/** `KIND=FILE` as kind and file. Throws UsageError for a kind that doesn't exist. */
export function parseImport(value: string): { kind: ImportKind; file: string } {
  const equals = value.indexOf("=");
  const kind = equals < 0 ? null : findImportKind(value.slice(0, equals));
  if (kind === null || equals === value.length - 1) {
    const ids = IMPORT_KINDS.map(({ id }) => id).join(", ");
    throw new UsageError(`--import must be KIND=FILE, not ${value}; the kinds are ${ids}`);
  }
  return { kind, file: value.slice(equals + 1) };
}

/** Reads the files. Throws UsageError for a file that can't be read; what is wrong inside one is among the problems. */
export async function readImports(
  imports: readonly { kind: ImportKind; file: string }[],
  asOf: string,
): Promise<ReadImports> {
  const read: ReadImports = { documents: [], inputs: [], problems: [] };
  for (const { kind, file } of imports) {
    const { bytes, writtenAt } = await readWhole(file, kind);
    const collectedAt = Date.parse(writtenAt) < Date.parse(asOf) ? writtenAt : new Date(asOf).toISOString();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      const parts = kind.parse(text, { by: "upload", name: file, collectedAt });
      read.documents.push({ kind: kind.id, name: file, isOfCluster: true, collectedAt, parts });
      read.inputs.push({ import: kind.id, file, sha256, collectedAt });
    } catch (error) {
      if (!(error instanceof ImportProblem) && !(error instanceof TypeError)) throw error;
      const problem = error instanceof ImportProblem ? error.message : "is not text in UTF-8";
      read.problems.push({ where: file, problem: `${kind.id}: ${problem}` });
    }
  }
  return read;
}

async function readWhole(file: string, kind: ImportKind): Promise<{ bytes: Uint8Array; writtenAt: string }> {
  try {
    const { size, mtime } = await stat(file);
    if (size > kind.maxBytes) throw new UsageError(`${file} is larger than the ${kind.maxBytes} bytes of ${kind.id}`);
    return { bytes: await readFile(file), writtenAt: mtime.toISOString() };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the document ${file} can't be read`);
  }
}
