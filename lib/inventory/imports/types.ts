/**
 * Imports: documents that a person uploads because no API of the cluster shows what they say: a provider's record, an audit
 * policy, a register. One file per kind beside this one; index.ts is the explicit list.
 *
 * A document is parsed once, when it is uploaded, by `parse`; what it says is stored, and merged into facts and registers
 * before controls run (merge.ts). The text itself is not kept.
 */
import { z } from "zod";
import { type CST, isCollection, isNode, isScalar, LineCounter, parseDocument, Parser, visit } from "yaml";
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
  /**
   * `fact`: what a source says of one cluster. `register`: what the organization has decided, for one cluster or for all of
   * them; it takes the right to decide (`register:update`), because an entry can turn a fail into a pass.
   */
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
  if (isNestedDeeper(text, MAX_DEPTH)) throw new ImportProblem(`is nested more than ${MAX_DEPTH} levels deep`);
  const lines = new LineCounter();
  const at = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `at line ${line}, column ${col}`;
  };
  // The library's own check for duplicate keys and its drawing of errors take quadratic time; both are done here instead.
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined) throw new ImportProblem(`${error.message} ${at(error.pos[0])}`);
  visit(document, {
    Alias: (_, node) => {
      throw new ImportProblem(`holds a YAML alias ${at(node.range?.[0])}; write the value out`);
    },
    Map: (_, node) => {
      const keys = new Set<unknown>();
      for (const { key } of node.items) {
        const name: unknown = isScalar(key) ? key.value : key;
        const start = isNode(key) ? key.range?.[0] : node.range?.[0];
        if (isCollection(name)) throw new ImportProblem(`has a key that is no plain word ${at(start)}`);
        if (keys.has(name)) throw new ImportProblem(`names the key "${String(name)}" twice ${at(start)}`);
        keys.add(name);
      }
    },
  });
  return document.toJS() as unknown;
}

const MAX_DEPTH = 64;

/**
 * The parser builds the tree of tokens in a loop, but values from it by recursion, and a stack that is full of them ends the
 * process instead of the request. So the depth is asked of the tokens first.
 */
function isNestedDeeper(text: string, limit: number): boolean {
  for (const root of new Parser().parse(text)) {
    const open: { token: CST.Token | null | undefined; depth: number }[] = [{ token: root, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { token, depth } = next;
      if (depth > limit) return true;
      if (token?.type === "document") open.push({ token: token.value, depth });
      else if (token != null && "items" in token) {
        for (const { key, value } of token.items) {
          open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
        }
      }
    }
  }
  return false;
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
