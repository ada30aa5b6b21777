/**
 * How a snapshot travels and rests: sections cut into chunks of NDJSON, one projected object a line.
 *
 * Pods are split. The section `podtemplates` holds each distinct spec once, as `{digest, static?, spec}`; `pods` holds what is
 * left of each pod, with the template's digest. Thousands of pods then share a handful of specs, on the wire, at rest and in memory.
 * What the split forgets: the random letters of the service account token volume's name, and the host name.
 *
 * Chunk boundaries follow the content: after an object whose key hashes to 0 modulo 64, or before the chunk would exceed 256 kB.
 * One changed object therefore changes one chunk, one new object at most two, and unchanged chunks are known by their digest and
 * neither sent nor stored again.
 *
 * Pure: digests are computed by the caller's function, compression and storage are the caller's.
 */
import { refKey, refOf } from "./inventory";
import { Interner } from "./intern";
import type { KubeObject, Pod, PodSpec } from "./kinds";
import { normalisePodSpec, rememberTemplateKey } from "./pod-template";
import {
  isControlPlanePod,
  type PodInstance,
  readPodInstance,
  readProjectedObject,
  readProjectedPodSpec,
} from "./redaction";
import { isObject } from "./redaction/shape";
import { isSectionName } from "./sections";
import type { InvalidObject, Section, SectionName, SectionObjects, SectionStatus, Snapshot } from "./snapshot";

export const POD_TEMPLATES = "podtemplates";
export type WireSectionName = SectionName | typeof POD_TEMPLATES;

export const CHUNK_RAW_BYTES = 256 * 1024;
const BOUNDARY_MODULUS = 64;
/** No object of the API is larger than about 1.5 MiB (etcd's limit); a line beyond this is refused unread. */
export const MAX_LINE_LENGTH = 4 * 1024 * 1024;

/** SHA-256 of a text's UTF-8, lower-case hex. */
export type Hash = (text: string) => string;

export interface EncodedChunk {
  section: WireSectionName;
  bytes: Uint8Array;
  objects: number;
}
interface PodTemplateLine {
  digest: string;
  static?: true;
  spec: PodSpec;
}

/**
 * Takes projected objects section by section, in list order, and gives chunks as they fill. Holds at most one chunk for each
 * open section, and 32 bytes' worth of digest for each distinct pod spec.
 */
export class SnapshotEncoder {
  private readonly open = new Map<WireSectionName, { lines: string[]; bytes: number }>();
  private readonly templates = new Set<string>();
  private readonly utf8 = new TextEncoder();

  constructor(private readonly hash: Hash) {}

  /** Adds an object; the chunks that it filled, if any. */
  add<K extends SectionName>(section: K, object: SectionObjects[K]): EncodedChunk[] {
    if (section !== "pods") return this.append(section, refKey(refOf(object)), JSON.stringify(object));
    const pod = object as Pod;
    const template = this.templateOf(pod);
    const chunks: EncodedChunk[] = [];
    if (!this.templates.has(template.digest)) {
      this.templates.add(template.digest);
      chunks.push(...this.append(POD_TEMPLATES, template.digest, JSON.stringify(template)));
    }
    chunks.push(...this.append("pods", refKey(refOf(pod)), JSON.stringify(instanceOf(pod, template.digest))));
    return chunks;
  }

  /** The rest of a section after its last object; for `pods` also the rest of the templates. */
  finish(section: SectionName): EncodedChunk[] {
    return section === "pods" ? [...this.flush(POD_TEMPLATES), ...this.flush("pods")] : this.flush(section);
  }

  private templateOf(pod: Pod): PodTemplateLine {
    const spec = normalisePodSpec(pod.spec);
    const isStatic = isControlPlanePod(pod.metadata);
    const digest = this.hash(`${isStatic ? "static" : "pod"}\n${JSON.stringify(spec)}`);
    return isStatic ? { digest, static: true, spec } : { digest, spec };
  }

  private append(section: WireSectionName, key: string, json: string): EncodedChunk[] {
    const line = `${json}\n`;
    const bytes = this.utf8.encode(line).byteLength;
    const chunks: EncodedChunk[] = [];
    let current = this.open.get(section);
    if (current !== undefined && current.bytes + bytes > CHUNK_RAW_BYTES) {
      chunks.push(...this.flush(section));
      current = undefined;
    }
    if (current === undefined) {
      current = { lines: [], bytes: 0 };
      this.open.set(section, current);
    }
    current.lines.push(line);
    current.bytes += bytes;
    if (hashOf(key) % BOUNDARY_MODULUS === 0) chunks.push(...this.flush(section));
    return chunks;
  }

  private flush(section: WireSectionName): EncodedChunk[] {
    const current = this.open.get(section);
    if (current === undefined) return [];
    this.open.delete(section);
    return [{ section, bytes: this.utf8.encode(current.lines.join("")), objects: current.lines.length }];
  }
}

function instanceOf(pod: Pod, template: string): PodInstance {
  const { spec, ...rest } = pod;
  return spec.nodeName === undefined ? { ...rest, template } : { ...rest, template, nodeName: spec.nodeName };
}

/** FNV-1a, 32 bits, over UTF-16 units: spreads keys evenly and is the same everywhere; not for security. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193) >>> 0;
  // The low bits of FNV follow the last characters too closely; fold the high ones in.
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** All chunks of a snapshot that lies in memory, in section order. */
export function* encodeSnapshot(snapshot: Snapshot, hash: Hash): Generator<EncodedChunk> {
  const encoder = new SnapshotEncoder(hash);
  for (const section of Object.values(snapshot.sections) as Section[]) {
    for (const object of section.objects) yield* encoder.add(section.name, object as never);
    yield* encoder.finish(section.name);
  }
}

export interface DecodedHeader extends Omit<Snapshot, "sections"> {
  /** As announced; sections that this release doesn't know (of a newer agent) are left out. */
  sections: readonly { name: string; status: SectionStatus; message?: string; resourceVersion?: string }[];
}

/**
 * Rebuilds a snapshot from its chunks, in any order of sections. All pods of one template on one node share one spec object.
 *
 * Every line passes the shape of its kind again. A line that is no valid object never stops the decoding: it is named in the
 * snapshot's `invalid`, so that the controls of its section answer `unknown` for it.
 */
export class SnapshotDecoder {
  private readonly sections = new Map<SectionName, Section>();
  private readonly templates = new Map<string, PodSpec>();
  private readonly placed = new Map<string, PodSpec>();
  private readonly instances: PodInstance[] = [];
  private readonly interner = new Interner();
  private readonly invalid: InvalidObject[];
  private readonly utf8 = new TextDecoder("utf-8", { fatal: true });

  constructor(private readonly header: DecodedHeader) {
    this.invalid = [...header.invalid];
    for (const { name, status, message, resourceVersion } of header.sections) {
      if (!isSectionName(name)) continue;
      const section: Section = { name, status, objects: [] };
      if (message !== undefined) section.message = message;
      if (resourceVersion !== undefined) section.resourceVersion = resourceVersion;
      this.sections.set(name, section);
    }
  }

  /** A whole chunk, inflated. Throws TypeError for bytes that aren't UTF-8. */
  addChunk(section: string, bytes: Uint8Array): void {
    const text = this.utf8.decode(bytes);
    let number = 0;
    for (let start = 0; start < text.length; ) {
      number += 1;
      const newline = text.indexOf("\n", start);
      const end = newline < 0 ? text.length : newline;
      this.addLine(section, text.slice(start, end), `${section}, line ${number} of its chunk`);
      start = end + 1;
    }
  }

  /** One line; `where` is named if it is invalid. Sections that this release doesn't know are skipped. */
  addLine(section: string, line: string, where: string): void {
    if (section !== POD_TEMPLATES && !isSectionName(section)) return;
    const value = parseLine(line);
    if (value === undefined) {
      this.invalid.push({ apiVersion: "", kind: "", name: "", where, problem: "is not JSON of bearable size" });
    } else if (section === POD_TEMPLATES) this.addTemplate(value, where);
    else if (section === "pods") this.addInstance(value, where);
    else this.addObject(section, value, where);
  }

  finish(): Snapshot {
    this.interner.clear();
    const pods: Pod[] = [];
    for (const { template, nodeName, ...rest } of this.instances) {
      const spec = this.specOf(template, nodeName);
      if (spec !== undefined) pods.push({ ...rest, spec });
      else
        this.invalid.push({
          ...nameOf(rest),
          where: "pods",
          problem: `its template ${template} is missing or invalid`,
        });
    }
    if (pods.length > 0) this.sectionFor("pods").objects = pods;
    return {
      schemaVersion: this.header.schemaVersion,
      source: this.header.source,
      provider: this.header.provider,
      collectedAt: this.header.collectedAt,
      facts: this.header.facts,
      sections: Object.fromEntries(this.sections) as Snapshot["sections"],
      invalid: this.invalid,
    };
  }

  private addObject(name: SectionName, value: unknown, where: string): void {
    const { object, problems } = readProjectedObject(name, value, where);
    this.invalid.push(...problems);
    if (object === undefined) return;
    this.shareParts(object);
    this.sectionFor(name).objects.push(object as never);
  }

  private addInstance(value: unknown, where: string): void {
    const { object, problems } = readPodInstance(value, where);
    this.invalid.push(...problems);
    if (object === undefined) return;
    this.shareParts(object);
    object.template = this.interner.text(object.template);
    if (object.nodeName !== undefined) object.nodeName = this.interner.text(object.nodeName);
    this.instances.push(object);
  }

  /** Replaces what many objects have in common by one copy of it. */
  private shareParts(object: KubeObject & { spec?: unknown }): void {
    const { metadata } = object;
    object.apiVersion = this.interner.text(object.apiVersion);
    object.kind = this.interner.text(object.kind);
    if (metadata.namespace !== undefined) metadata.namespace = this.interner.text(metadata.namespace);
    if (metadata.labels !== undefined) metadata.labels = this.interner.object(metadata.labels);
    if (metadata.annotations !== undefined) metadata.annotations = this.interner.object(metadata.annotations);
    if (metadata.ownerReferences !== undefined)
      metadata.ownerReferences = this.interner.object(metadata.ownerReferences);
    // A Deployment and its ReplicaSets mostly carry the same template.
    if (isObject(object.spec) && isObject(object.spec.template)) {
      const { template } = object.spec;
      if (isObject(template.spec)) template.spec = this.interner.object(template.spec);
    }
  }

  /** A template that can't be read is left out here, and named for each pod that refers to it. */
  private addTemplate(value: unknown, where: string): void {
    const line = isObject(value) ? value : {};
    const { spec, problem } = readProjectedPodSpec(line.spec, line.static === true);
    if (spec === undefined || typeof line.digest !== "string") {
      const why = problem ?? "has no digest";
      this.invalid.push({
        apiVersion: "v1",
        kind: "PodTemplate",
        name: String(line.digest ?? "").slice(0, 64),
        where,
        problem: why,
      });
      return;
    }
    rememberTemplateKey(spec, line.digest);
    this.templates.set(line.digest, spec);
  }

  private specOf(digest: string, nodeName: string | undefined): PodSpec | undefined {
    const template = this.templates.get(digest);
    if (template === undefined || nodeName === undefined) return template;
    const key = `${digest} ${nodeName}`;
    const known = this.placed.get(key);
    if (known !== undefined) return known;
    const spec = { ...template, nodeName };
    rememberTemplateKey(spec, digest);
    this.placed.set(key, spec);
    return spec;
  }

  private sectionFor(name: SectionName): Section {
    const section = this.sections.get(name) ?? { name, status: "not-collected" as const, objects: [] };
    this.sections.set(name, section);
    return section;
  }
}

/**
 * What whoever takes a line from outside asks: could a projection of this release have made it? `undefined` if so; else what is
 * wrong, and whether the secret net caught something.
 */
export function refuseLine(
  section: WireSectionName,
  value: unknown,
  where: string,
): { problem: string; secret: boolean } | undefined {
  if (section === POD_TEMPLATES) {
    const line = isObject(value) ? value : {};
    const { dropped, problem, secret } = readProjectedPodSpec(line.spec, line.static === true);
    const extra = Object.keys(line).some((key) => key !== "digest" && key !== "static" && key !== "spec");
    if (problem !== undefined) return { problem, secret };
    return dropped > 0 || extra ? { problem: "holds what should have been redacted", secret } : undefined;
  }
  const read = section === "pods" ? readPodInstance(value, where) : readProjectedObject(section, value, where);
  const [problem] = read.problems;
  if (problem !== undefined) return { problem: problem.problem, secret: false };
  return read.dropped > 0 ? { problem: "holds what should have been redacted", secret: false } : undefined;
}

function parseLine(line: string): unknown {
  if (line.length > MAX_LINE_LENGTH) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function nameOf(object: KubeObject): Omit<InvalidObject, "where" | "problem"> {
  const { apiVersion, kind, metadata } = object;
  return metadata.namespace === undefined
    ? { apiVersion, kind, name: metadata.name }
    : { apiVersion, kind, namespace: metadata.namespace, name: metadata.name };
}
