/**
 * From the collector's stream to a snapshot ready to hand in: objects become chunks, chunks go compressed into the spool, and
 * what stays in memory is the manifest.
 */
import { randomUUID } from "node:crypto";
import { type EncodedChunk, POD_TEMPLATES, SnapshotEncoder } from "@/lib/inventory/encoding";
import {
  type GapEntry,
  type ManifestSection,
  type SnapshotManifest,
  snapshotManifest,
  WIRE_LIMITS,
} from "@/lib/inventory/wire";
import type { SectionName } from "@/lib/inventory/snapshot";
import type { CollectEvent, SectionEnd } from "../collect";
import { sha256Hex } from "../identity/keys";
import type { PreparedSnapshot } from "./hand-in";
import type { Spool } from "./spool";

/**
 * Drains the collector. The spool is the caller's, also when this throws.
 * @param gapOf the gaps that a snapshot of this time has to tell of
 * @throws what the collector throws
 */
export async function prepareSnapshot(
  events: AsyncIterable<CollectEvent>,
  spool: Spool,
  options: { startedAt: Date; gapOf: (collectedAt: Date) => GapEntry[] },
): Promise<PreparedSnapshot> {
  const manifest: SnapshotManifest = { provider: null, facts: {}, sections: [], invalid: [], droppedFields: 0 };
  let section = new SectionBuilder(spool);
  for await (const event of events) {
    switch (event.type) {
      case "facts":
        manifest.provider = event.provider;
        manifest.facts = factsOf(event.facts);
        break;
      case "start":
      case "restart":
        section = new SectionBuilder(spool);
        break;
      case "objects":
        for (const object of event.objects) section.add(event.section, object as never);
        break;
      case "end":
        section.finish(event, manifest);
        break;
      case "scanned":
        manifest.facts.patternScan = event.patternScan;
        break;
    }
  }
  return {
    snapshotId: randomUUID(),
    // The oldest moment that anything in it can be of: evidence is never called younger than it is.
    collectedAt: options.startedAt.toISOString(),
    manifest: snapshotManifest.parse(manifest),
    gaps: options.gapOf(options.startedAt),
    spool,
  };
}

type Chunks = ManifestSection["chunks"];

class SectionBuilder {
  private readonly encoder = new SnapshotEncoder(sha256Hex);
  private readonly chunks = new Map<string, Chunks>();
  private problem: string | null = null;

  constructor(private readonly spool: Spool) {}

  add(section: SectionName, object: never): void {
    for (const chunk of this.encoder.add(section, object)) this.keep(chunk);
  }

  finish(end: SectionEnd, manifest: SnapshotManifest): void {
    for (const chunk of this.encoder.finish(end.section)) this.keep(chunk);
    const room = WIRE_LIMITS.invalidObjects - manifest.invalid.length;
    manifest.invalid.push(...end.invalid.slice(0, room));
    if (end.invalid.length > room) this.problem = `${end.invalid.length} of its objects are not valid for their kind.`;
    manifest.droppedFields += end.dropped;

    const status = this.problem === null ? end.status : "failed";
    const message = this.problem ?? end.message;
    const [pods, templates] = [this.chunks.get(end.section) ?? [], this.chunks.get(POD_TEMPLATES)];
    if (templates !== undefined) {
      manifest.sections.push({ name: POD_TEMPLATES, status, objects: count(templates), chunks: templates });
    }
    manifest.sections.push({
      name: end.section,
      status,
      ...(message === undefined ? {} : { message }),
      ...(end.resourceVersion === undefined ? {} : { resourceVersion: end.resourceVersion }),
      objects: count(pods),
      chunks: pods,
    });
  }

  private keep(chunk: EncodedChunk): void {
    if (chunk.bytes.length > WIRE_LIMITS.chunkInflatedBytes) {
      this.problem = "One of its objects is too large to be sent.";
      return;
    }
    const digest = sha256Hex(chunk.bytes);
    this.spool.add(digest, chunk.bytes);
    const list = this.chunks.get(chunk.section) ?? [];
    list.push({ digest, rawBytes: chunk.bytes.length, objects: chunk.objects });
    this.chunks.set(chunk.section, list);
  }
}

function count(chunks: Chunks): number {
  return chunks.reduce((sum, chunk) => sum + chunk.objects, 0);
}

/** A version or metric label of unheard-of length is cut out rather than allowed to stop the scan. */
function factsOf(facts: Extract<CollectEvent, { type: "facts" }>["facts"]): SnapshotManifest["facts"] {
  const out: SnapshotManifest["facts"] = {};
  if (facts.gitVersion !== undefined && facts.gitVersion.length <= 64) out.gitVersion = facts.gitVersion;
  if (facts.clusterUid !== undefined && facts.clusterUid.length <= 64) out.clusterUid = facts.clusterUid;
  if (facts.encryptionTransformers !== undefined) {
    const sane = facts.encryptionTransformers.filter(
      ({ operation, resource, prefix }) => operation.length <= 64 && resource.length <= 253 && prefix.length <= 253,
    );
    // Cut, it would no longer be the whole: then it is better not known.
    if (sane.length === facts.encryptionTransformers.length && sane.length <= 2000) out.encryptionTransformers = sane;
  }
  const { auditDelivery, storedObjects, clock } = facts;
  if (auditDelivery !== undefined && auditDelivery.errors.length <= 100) out.auditDelivery = auditDelivery;
  if (storedObjects !== undefined) out.storedObjects = storedObjects;
  if (clock !== undefined && clock.leases.length <= 5000) out.clock = clock;
  return out;
}
