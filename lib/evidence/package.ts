/**
 * The evidence package of one scan: what an assessor carries away, readable and verifiable without us.
 *
 * Pure and streaming: files come one after the other, each as pieces of text, so that a package larger than memory can be
 * written. The same input gives the same bytes for ever; digests are computed by the caller's hash while the pieces pass.
 *
 * | path                     | what                                                                                   |
 * | ------------------------ | -------------------------------------------------------------------------------------- |
 * | `README.txt`             | what lies where, how to verify, what the package proves and what it does not           |
 * | `VERIFY.sh`              | checks every digest and finds added files, with sh and sha256sum or openssl            |
 * | `index.html`             | the scan to read and to print                                                          |
 * | `results.json`, `.csv`   | every result of every control; requirements, sections and scope beside it              |
 * | `requirements.csv`       | the status of every requirement                                                        |
 * | `cited/<control>.json`   | the redacted objects that failing and unknown results point to                         |
 * | `objects/<section>.ndjson` | the whole redacted snapshot, one object a line                                       |
 * | `imports/<kind>-<digest>.json` | what each uploaded document said, with the digest of its text                    |
 * | `custom-controls/<id>-r<revision>.json` | each of the organization's own controls that ran: expressions, mapping, revision |
 * | `MANIFEST.sha256`        | digest and path of every other file, sorted; not signed yet                            |
 */
import type { Assessment } from "@/lib/assessment/types";
import { CONTROLS } from "@/lib/controls";
import type { Control } from "@/lib/controls/types";
import { SECTIONS } from "@/lib/inventory/sections";
import type { Section, Snapshot } from "@/lib/inventory/snapshot";
import { citedFiles } from "./cited";
import { customControlFiles, type EvidenceCustomControl } from "./custom-controls";
import { type EvidenceImport, importFiles } from "./imports";
import { requirementsCsv, resultsCsv } from "./csv";
import { renderIndex } from "./index-html";
import { renderReadme } from "./readme";
import { resultsJson } from "./results-json";
import { VERIFY_SCRIPT } from "./verify-script";

export interface EvidenceInput {
  organization: string;
  project: string;
  cluster: { id: string; name: string };
  scan: {
    /** Number of the scan within its cluster. */
    seq: number;
    snapshotId: string;
    /** When the server had the whole snapshot, ISO 8601 UTC. */
    receivedAt: string | null;
    agentVersion: string | null;
    /** Digest that binds this snapshot to the one before it; null where there is no chain (manifests). */
    commitDigest: string | null;
    /** Fields and values that the agent took out before anything left the cluster. */
    droppedFields: number;
    /** The catalogue version whose code evaluated it; `assessment.catalogVersion` unless an older version was kept active. */
    codeVersion?: string | null;
  };
  assessment: Assessment;
  /** As the agent collected it, without what was imported. */
  snapshot: Snapshot;
  /** Uploaded documents that the scan was evaluated with, by id; none unless given. */
  imports?: readonly EvidenceImport[];
  /** Revisions of the organization's own controls that ran; none unless given. */
  customControls?: readonly EvidenceCustomControl[];
  /** The controls that ran, in catalogue order; this release's unless given. */
  controls?: readonly Control[];
}
/** The input with everything filled in, as the renderers take it. */
export type EvidenceSource = EvidenceInput & {
  controls: readonly Control[];
  imports: readonly EvidenceImport[];
  customControls: readonly EvidenceCustomControl[];
};

/** An incremental SHA-256, as node:crypto's createHash gives it. */
export interface RunningHash {
  update(text: string): unknown;
  /** Lower-case hex. */
  digest(): string;
}

export interface EvidenceFile {
  /** `[A-Za-z0-9._/-]`, relative, no `..`. */
  path: string;
  /** The pieces, UTF-8 when written. To be read exactly once, to the end, before the next file is asked for. */
  content: Generator<string>;
}

export const MANIFEST_PATH = "MANIFEST.sha256";

/**
 * The files in their fixed order, the manifest last. Throws Error when a file was not read to its end before the next was asked
 * for: its digest would be of something else.
 */
export function* buildEvidencePackage(input: EvidenceInput, newHash: () => RunningHash): Generator<EvidenceFile> {
  const source: EvidenceSource = {
    ...input,
    controls: input.controls ?? CONTROLS,
    imports: input.imports ?? [],
    customControls: input.customControls ?? [],
  };
  const digests = new Map<string, string>();
  for (const { path, content } of contentFiles(source)) {
    if (!SAFE_PATH.test(path)) throw new Error(`the path ${path} can't be written everywhere`);
    yield { path, content: hashed(path, content, newHash(), digests) };
    if (!digests.has(path)) throw new Error(`${path} was not read to its end`);
  }
  yield { path: MANIFEST_PATH, content: manifest(digests) };
}
const SAFE_PATH = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

interface PlainFile {
  path: string;
  content: Iterable<string>;
}
function* contentFiles(source: EvidenceSource): Generator<PlainFile> {
  yield { path: "README.txt", content: [renderReadme(source)] };
  yield { path: "VERIFY.sh", content: [VERIFY_SCRIPT] };
  yield { path: "index.html", content: renderIndex(source) };
  yield { path: "requirements.csv", content: requirementsCsv(source) };
  yield { path: "results.csv", content: resultsCsv(source) };
  yield { path: "results.json", content: resultsJson(source) };
  yield* citedFiles(source);
  yield* importFiles(source.imports);
  yield* customControlFiles(source.customControls);
  for (const { name } of SECTIONS) {
    const section = source.snapshot.sections[name] as Section | undefined;
    if (section !== undefined && section.objects.length > 0) {
      yield { path: `objects/${name}.ndjson`, content: lines(section) };
    }
  }
}

function* lines(section: Section): Generator<string> {
  for (const object of section.objects) yield `${JSON.stringify(object)}\n`;
}

function* hashed(
  path: string,
  content: Iterable<string>,
  hash: RunningHash,
  digests: Map<string, string>,
): Generator<string> {
  for (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  digests.set(path, hash.digest());
}

/** `sha256sum`'s own format: digest, two spaces, path; sorted by code unit, so that it never depends on a locale. */
function* manifest(digests: ReadonlyMap<string, string>): Generator<string> {
  for (const path of [...digests.keys()].sort()) yield `${digests.get(path)}  ${path}\n`;
}
