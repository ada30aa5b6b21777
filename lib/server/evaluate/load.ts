/** A committed snapshot back from its chunks: streamed in batches, verified, decoded line by line. */
import { createHash } from "node:crypto";
import { brotliDecompress } from "node:zlib";
import { SnapshotDecoder } from "@/lib/inventory/encoding";
import type { Provider, Snapshot } from "@/lib/inventory/snapshot";
import { type SnapshotManifest, WIRE_LIMITS } from "@/lib/inventory/wire";
import { withOrganization } from "../db/organization";
import type { ProcessRole } from "../db/roles";

/** The stored bytes are not those that were committed: trying again can't help. */
export class SnapshotDamaged extends Error {}

/** Chunks per query: about 4 MB raw, so that memory follows the snapshot's objects and not its bytes. */
const BATCH_CHUNKS = 16;

export interface LoadOptions {
  role: ProcessRole;
  /** As registered for the cluster when the snapshot was committed; the agent's own guess doesn't count. */
  provider: Provider;
  /** Told after each batch: objects read so far. */
  onProgress?: (objects: number) => Promise<void>;
}

/**
 * Loads a snapshot of the organization.
 *
 * @throws SnapshotDamaged
 */
export async function loadSnapshot(orgId: string, snapshotId: string, options: LoadOptions): Promise<Snapshot> {
  const { role } = options;
  const stored = await withOrganization(
    orgId,
    (tx) =>
      tx.snapshot.findUnique({
        where: { orgId_id: { orgId, id: snapshotId } },
        select: { manifest: true, schemaVersion: true, collectedAt: true },
      }),
    { role },
  );
  if (stored === null) throw new SnapshotDamaged(`snapshot ${snapshotId} is gone`);
  const manifest = stored.manifest as unknown as SnapshotManifest;
  const decoder = new SnapshotDecoder({
    schemaVersion: stored.schemaVersion,
    source: "agent",
    provider: options.provider,
    collectedAt: stored.collectedAt.toISOString(),
    facts: manifest.facts,
    invalid: manifest.invalid,
    sections: manifest.sections,
  });
  const chunks = manifest.sections.flatMap((section) =>
    section.chunks.map(({ digest, objects }) => ({ section: section.name, digest, objects })),
  );
  let objects = 0;
  for (let i = 0; i < chunks.length; i += BATCH_CHUNKS) {
    const batch = chunks.slice(i, i + BATCH_CHUNKS);
    const data = await readChunks(
      orgId,
      batch.map((chunk) => chunk.digest),
      role,
    );
    for (const chunk of batch) {
      const wire = data.get(chunk.digest);
      if (wire === undefined) throw new SnapshotDamaged(`chunk ${chunk.digest} is gone`);
      decoder.addChunk(chunk.section, await inflateStored(wire, chunk.digest));
      if (chunk.section !== "podtemplates") objects += chunk.objects;
    }
    await options.onProgress?.(objects);
  }
  return decoder.finish();
}

async function readChunks(
  orgId: string,
  digests: readonly string[],
  role: ProcessRole,
): Promise<Map<string, Uint8Array>> {
  const rows = await withOrganization(
    orgId,
    (tx) => tx.$queryRaw<{ digest: string; data: Uint8Array }[]>`
      select encode(digest, 'hex') as digest, data from chunk
      where org_id = ${orgId}::uuid and digest in (select decode(d, 'hex') from unnest(${[...digests]}::text[]) as d)`,
    { role },
  );
  return new Map(rows.map((row) => [row.digest, row.data]));
}

/** Checked again on the way out: a database can be damaged or tampered with, and evidence must show it. */
async function inflateStored(wire: Uint8Array, digest: string): Promise<Buffer> {
  const raw = await new Promise<Buffer>((resolve, reject) => {
    brotliDecompress(wire, { maxOutputLength: WIRE_LIMITS.chunkInflatedBytes }, (error, result) => {
      if (error === null) resolve(result);
      else reject(new SnapshotDamaged(`chunk ${digest} can't be inflated`, { cause: error }));
    });
  });
  if (createHash("sha256").update(raw).digest("hex") !== digest) {
    throw new SnapshotDamaged(`chunk ${digest} holds other bytes than were committed`);
  }
  return raw;
}
