/** Reading of large JSON documents of other tools, of which only some members count. */
import type { z } from "zod";
import type { ImportOrigin } from "../import-origin";
import { type ImportedParts, type ImportKind, ImportProblem, parseWith } from "./types";

/** Reports of scanners list every match with its texts. */
export const MAX_REPORT_BYTES = 16 * 1024 * 1024;

/** The kind for a JSON document that may be large; members that the schema doesn't name are ignored. */
export function jsonImport<S extends z.ZodType>(
  kind: Omit<ImportKind, "parse" | "format" | "maxBytes">,
  schema: S,
  partsOf: (document: z.output<S>, origin: ImportOrigin) => ImportedParts,
): ImportKind {
  return {
    maxBytes: MAX_REPORT_BYTES,
    format: "json",
    ...kind,
    parse: (text, origin) => partsOf(parseWith(schema, parseJson(text)), origin),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ImportProblem(error instanceof Error ? error.message : "is not JSON");
  }
}

const DIGEST = /sha256:[0-9a-f]{64}/;
/** The digests in these texts (`repo@sha256:…`, an encoded package URL …), each once, in order. */
export function digestsIn(texts: readonly (string | undefined)[]): string[] {
  const found = texts.flatMap((text) => DIGEST.exec((text ?? "").replace(/%3a/gi, ":"))?.[0] ?? []);
  return [...new Set(found)];
}
