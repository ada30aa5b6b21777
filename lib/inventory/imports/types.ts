/**
 * Imports: documents that a person uploads because no API of the cluster shows what they say: a provider's record, an audit
 * policy, a register. One file per kind beside this one; index.ts is the explicit list.
 *
 * A document is parsed once, when it is uploaded, by `parse`; what it says is stored, and merged into facts and registers
 * before controls run (merge.ts). The text itself is not kept.
 */
import { z } from "zod";
import { isAlias, parseDocument, visit } from "yaml";
import type { ImportedFacts } from "../imported";
import type { ImportOrigin } from "../import-origin";
import type { Registers } from "../registers";

/** What a document adds. Lists are added to those of other documents; anything else replaces what an older one said. */
export interface ImportedParts {
  facts?: Partial<ImportedFacts>;
  registers?: Partial<Registers>;
}

export interface ImportKind {
  /** kebab-case; stored, so for ever. */
  id: string;
  title: string;
  /** `fact`: what a source says of the cluster. `register`: what the organization has decided. */
  nature: "fact" | "register";
  /** What it is and what it makes known, in one or two sentences. */
  description: string;
  /** How a person gets the document: the command or the place. */
  howToGet: string;
  format: "json" | "yaml" | "jsonl";
  maxBytes: number;
  /** Ids of the controls that read it. */
  controls: readonly string[];
  /** A valid document, shown beside the upload. */
  example: string;
  /**
   * What the document says. `origin` goes into the facts.
   * @throws ImportProblem naming the place and what is wrong
   */
  parse(text: string, origin: ImportOrigin): ImportedParts;
}

/** The document can't be read; the message names the place in it. */
export class ImportProblem extends Error {}

export const MAX_IMPORT_BYTES = 1024 * 1024;

/** The kind for a JSON or YAML document of one schema. */
export function documentImport<S extends z.ZodType>(
  kind: Omit<ImportKind, "parse" | "format" | "maxBytes"> & { maxBytes?: number; format?: "json" | "yaml" },
  schema: S,
  partsOf: (document: z.output<S>, origin: ImportOrigin) => ImportedParts,
): ImportKind {
  return {
    maxBytes: MAX_IMPORT_BYTES,
    format: "yaml",
    ...kind,
    parse(text, origin) {
      return partsOf(parseWith(schema, parseYamlDocument(text)), origin);
    },
  };
}

/**
 * JSON or YAML text as plain data (YAML 1.2 holds JSON). Aliases and duplicate keys are refused.
 * @throws ImportProblem naming line and column
 */
export function parseYamlDocument(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw new ImportProblem(error.message.split("\n")[0] ?? "is not YAML");
  visit(document, (_, node) => {
    if (isAlias(node)) throw new ImportProblem("holds a YAML alias; write the value out");
  });
  return document.toJS() as unknown;
}

/**
 * @throws ImportProblem naming the path of the first problem
 */
export function parseWith<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = (issue?.path ?? [])
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  throw new ImportProblem(
    `${path === "" ? "the document" : path.replace(/^\./, "")}: ${issue?.message ?? "is not valid"}`,
  );
}
