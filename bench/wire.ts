/** A generated cluster's chunks, handed in through the server's own functions as an agent would. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { encodePackHeader, type SnapshotManifest } from "@/lib/inventory/wire";
import { announceSnapshot, manifestDigestOf } from "@/lib/server/ingest/announce";
import { storeChunks } from "@/lib/server/ingest/chunks";
import { commitSnapshot } from "@/lib/server/ingest/commit";
import type { SeededCluster } from "./database";
import type { StoredSnapshot } from "./snapshot-files";

/** What an agent puts into one request. */
const PACK_BYTES = 2_000_000;
const PACK_INFLATED_BYTES = 16_000_000;

function readStored(folder: string): StoredSnapshot {
  return JSON.parse(readFileSync(path.join(folder, "index.json"), "utf8")) as StoredSnapshot;
}

function manifestOf({ header, chunks }: StoredSnapshot): SnapshotManifest {
  const { gitVersion, clusterUid, encryptionTransformers } = header.facts;
  return {
    provider: null,
    facts: { gitVersion, clusterUid, encryptionTransformers },
    sections: header.sections.map(({ name, status }) => {
      const own = chunks.filter((chunk) => chunk.section === name);
      return {
        name,
        status,
        objects: own.reduce((sum, chunk) => sum + chunk.objects, 0),
        chunks: own.map(({ digest, rawBytes, objects }) => ({ digest, rawBytes, objects })),
      };
    }),
    invalid: [],
    droppedFields: 0,
  };
}

/** Announces, sends what is missing, commits. @returns the scan's number and the commit that the next one has to name */
export async function handIn(
  cluster: SeededCluster,
  folder: string,
  prev: string | null = null,
): Promise<{ seq: number; commitDigest: string }> {
  const snapshotId = randomUUID();
  const stored = readStored(folder);
  const { orgId, agentId, clusterId, slug } = cluster;
  const agent = { orgId, agentId, keyId: agentId, clusterId, clusterSlug: slug, isQuarantined: false };
  const manifest = manifestOf(stored);
  const now = new Date();
  const { missing } = await announceSnapshot(
    agent,
    {
      schemaVersion: stored.header.schemaVersion,
      snapshotId,
      prev,
      collectedAt: now.toISOString(),
      manifest,
      gaps: [],
    },
    now,
  );
  const wanted = new Set(missing);
  let pack: { digest: string; wire: Buffer; rawBytes: number }[] = [];
  let [wireBytes, rawBytes] = [0, 0];
  const send = async () => {
    if (pack.length === 0) return;
    const entries = pack.map(({ digest, wire, rawBytes: raw }) => ({
      digest,
      wireBytes: wire.byteLength,
      rawBytes: raw,
    }));
    await storeChunks(agent, snapshotId, Buffer.concat([encodePackHeader(entries), ...pack.map(({ wire }) => wire)]));
    [pack, wireBytes, rawBytes] = [[], 0, 0];
  };
  for (const chunk of stored.chunks) {
    if (!wanted.delete(chunk.digest)) continue;
    if (wireBytes + chunk.wireBytes > PACK_BYTES || rawBytes + chunk.rawBytes > PACK_INFLATED_BYTES) await send();
    pack.push({ digest: chunk.digest, wire: readFileSync(path.join(folder, chunk.digest)), rawBytes: chunk.rawBytes });
    wireBytes += chunk.wireBytes;
    rawBytes += chunk.rawBytes;
  }
  await send();
  const options = { now: new Date(), requestId: snapshotId, origin: null };
  const { scanSeq, commitDigest } = await commitSnapshot(agent, snapshotId, manifestDigestOf(manifest), options);
  return { seq: scanSeq, commitDigest };
}
