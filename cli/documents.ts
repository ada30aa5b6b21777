/**
 * Documents of a manifest file, as `kubectl apply` reads them (sigs.k8s.io/yaml): YAML 1.1 booleans (`yes`, `on`), no
 * sexagesimal numbers, times stay text, anchors and merge keys, JSON, any number of documents.
 *
 * A file is cut at its `---` lines before anything is parsed, so that a document that is broken can't swallow its neighbours.
 * Doubled keys are an error (as under kubectl's strict validation): which of the two holds would be a guess. Aliases may expand
 * to a bounded size only.
 */
import { type CollectionTag, isCollection, LineCounter, parseAllDocuments, type ScalarTag, type Tags } from "yaml";

export interface FoundDocument {
  /** Counted from 1, in the file. */
  line: number;
  value: unknown;
}
export interface BrokenDocument {
  line: number;
  problem: string;
}

/** Aliases that one document may expand. */
const MAX_ALIASES = 1000;
/** Tags of the YAML 1.1 schema that Kubernetes' parser doesn't have. */
const UNKNOWN_TAGS = new Set([
  "tag:yaml.org,2002:timestamp",
  "tag:yaml.org,2002:set",
  "tag:yaml.org,2002:omap",
  "tag:yaml.org,2002:pairs",
  "tag:yaml.org,2002:binary",
]);
const kubernetesTags = (tags: Tags): Tags =>
  tags.filter((tag) => {
    if (typeof tag === "string") return tag !== "timestamp";
    const { tag: name, format } = tag as (ScalarTag | CollectionTag) & { format?: string };
    return !UNKNOWN_TAGS.has(name) && format !== "TIME";
  });

/**
 * The Kubernetes objects of a file, Lists taken apart, and what could not be read. A document without any content is skipped.
 */
export function readDocuments(text: string): { documents: FoundDocument[]; broken: BrokenDocument[] } {
  const documents: FoundDocument[] = [];
  const broken: BrokenDocument[] = [];
  for (const part of splitDocuments(text.replace(/^\ufeff/, ""))) {
    const lines = new LineCounter();
    const lineAt = (offset: number) => part.line + lines.linePos(offset).line - 1;
    const parsed = parseAllDocuments(part.text, {
      version: "1.1",
      merge: true,
      uniqueKeys: true,
      strict: true,
      prettyErrors: true,
      customTags: kubernetesTags,
      lineCounter: lines,
      logLevel: "silent",
    });
    for (const document of Array.isArray(parsed) ? parsed : []) {
      const [error] = document.errors;
      if (error !== undefined) {
        broken.push({ line: lineAt(error.pos[0]), problem: firstLine(error.message) });
        continue;
      }
      const start = lineAt(document.contents?.range?.[0] ?? 0);
      try {
        const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
        if (value === null || value === undefined) continue;
        const itemLine = (i: number) => {
          const items = isCollection(document.contents) ? document.contents.get("items", true) : undefined;
          const item: unknown = isCollection(items) ? items.get(i, true) : undefined;
          const offset = (item as { range?: [number, number, number] } | undefined)?.range?.[0];
          return offset === undefined ? start : lineAt(offset);
        };
        documents.push(...flatten(value, start, itemLine));
      } catch (cause) {
        broken.push({ line: start, problem: firstLine(cause instanceof Error ? cause.message : String(cause)) });
      }
    }
  }
  return { documents, broken };
}

/** Items of `List`, `PodList` … take its place; typed lists may leave out the items' own kind. */
function flatten(value: unknown, line: number, itemLine: (i: number) => number, depth = 0): FoundDocument[] {
  const list = value as { kind?: unknown; apiVersion?: unknown; items?: unknown };
  const isList =
    typeof list === "object" && list !== null && typeof list.kind === "string" && list.kind.endsWith("List");
  if (!isList || !Array.isArray(list.items) || depth > 4) return [{ line, value }];
  const kind = String(list.kind).slice(0, -"List".length);
  return (list.items as unknown[]).flatMap((item, i) => {
    const named =
      kind !== "" && typeof item === "object" && item !== null ? { apiVersion: list.apiVersion, kind, ...item } : item;
    const at = itemLine(i);
    return flatten(named, at, () => at, depth + 1);
  });
}

/** Cuts at lines that begin with `---`; a part of directives alone (`%YAML 1.1`) stays with the document it is about. */
function splitDocuments(text: string): { text: string; line: number }[] {
  const parts: { text: string; line: number }[] = [];
  let current: string[] = [];
  let start = 1;
  const lines = text.split(/\r?\n/);
  for (const [i, line] of lines.entries()) {
    const isDirectives = current.some((l) => l.startsWith("%")) && current.every((l) => /^(%|\s*(#|$))/.test(l));
    if (/^---(\s|$)/.test(line) && current.length > 0 && !isDirectives) {
      parts.push({ text: current.join("\n"), line: start });
      current = [];
      start = i + 1;
    }
    current.push(line);
  }
  parts.push({ text: current.join("\n"), line: start });
  return parts;
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? text).replace(/ at line \d+, column \d+:?$/, "").slice(0, 300);
}
