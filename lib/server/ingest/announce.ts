/** The announcement: what a snapshot holds; the answer names what the organization lacks. */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import { POD_TEMPLATES, type WireSectionName } from "@/lib/inventory/encoding";
import { findSecretIn } from "@/lib/inventory/secret-net";
import { isSectionName } from "@/lib/inventory/sections";
import { SNAPSHOT_SCHEMA_VERSION } from "@/lib/inventory/snapshot";
import {
  type AnnounceRequest,
  type AnnounceResponse,
  canonicalJson,
  type SnapshotManifest,
} from "@/lib/inventory/wire";
import type { Prisma } from "../db/generated/client";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import type { AgentCaller } from "./authenticate";
import { assertSameCluster } from "./heartbeat";
import { SecretDetected } from "./secret-detected";

/** SHA-256 of the manifest in its canonical form, lower-case hex. */
export function manifestDigestOf(manifest: SnapshotManifest): string {
  return createHash("sha256").update(canonicalJson(manifest)).digest("hex");
}

export interface AnnouncedChunk {
  rawBytes: number;
  objects: number;
  /** Sections that hold it; nearly always one. */
  sections: Set<WireSectionName>;
}

/** Every chunk of a manifest, each digest once. */
export function chunksOf(manifest: SnapshotManifest): Map<string, AnnouncedChunk> {
  const chunks = new Map<string, AnnouncedChunk>();
  for (const section of manifest.sections) {
    // Checked by announceSnapshot.
    const name = section.name as WireSectionName;
    for (const { digest, rawBytes, objects } of section.chunks) {
      const known = chunks.get(digest);
      if (known === undefined) chunks.set(digest, { rawBytes, objects, sections: new Set([name]) });
      else known.sections.add(name);
    }
  }
  return chunks;
}

/**
 * Takes an announcement. The same snapshot announced again gets the same answer, less what came in since; another snapshot
 * puts aside one that was announced before and never committed.
 *
 * @throws RingfenceError `unsupported-version`, `invalid-input`, `conflict` (another manifest under this id, another cluster,
 *   quarantine), `not-found` (the id belongs to another cluster of the organization); SecretDetected
 */
export async function announceSnapshot(
  agent: AgentCaller,
  message: AnnounceRequest,
  now: Date,
): Promise<AnnounceResponse> {
  const { manifest, snapshotId } = message;
  if (message.schemaVersion !== SNAPSHOT_SCHEMA_VERSION) {
    throw new RingfenceError(
      "unsupported-version",
      `Snapshots of version ${message.schemaVersion} are not understood here.`,
    );
  }
  if (agent.isQuarantined) throw new RingfenceError("conflict", "This agent is in quarantine.");
  for (const { name } of manifest.sections) {
    if (!isSectionName(name) && name !== POD_TEMPLATES) {
      throw new RingfenceError("invalid-input", `The section ${name} is not known here.`);
    }
  }
  const secret = findSecretIn(manifest);
  if (secret !== null) throw new SecretDetected(secret.kind, `manifest.${secret.where}`, snapshotId);

  const chunks = chunksOf(manifest);
  const manifestDigest = manifestDigestOf(manifest);
  return withOrganization(
    agent.orgId,
    async (tx) => {
      const known = await tx.snapshot.findUnique({ where: { orgId_id: { orgId: agent.orgId, id: snapshotId } } });
      if (known !== null) {
        if (known.clusterId !== agent.clusterId) throw new RingfenceError("not-found", "No such snapshot.");
        if (Buffer.from(known.manifestDigest).toString("hex") !== manifestDigest) {
          throw new RingfenceError("conflict", "This snapshot was announced with another manifest.");
        }
        if (known.state === "quarantined" || known.state === "refused") {
          throw new RingfenceError("conflict", `This snapshot was ${known.state}.`);
        }
        if (known.state === "committed") return { snapshotId, missing: [] };
        if (known.state === "abandoned") await setState(tx, agent, snapshotId, "announced");
      }
      await abandonOthers(tx, agent, snapshotId);
      if (known === null) await insertSnapshot(tx, agent, message, { manifestDigest, chunks, now });
      return { snapshotId, missing: await findMissing(tx, agent.orgId, [...chunks.keys()]) };
    },
    { role: "ingest" },
  );
}

async function insertSnapshot(
  tx: Transaction,
  agent: AgentCaller,
  message: AnnounceRequest,
  facts: { manifestDigest: string; chunks: Map<string, AnnouncedChunk>; now: Date },
): Promise<void> {
  const { manifest } = message;
  const cluster = await tx.cluster.findUniqueOrThrow({
    where: { orgId_id: { orgId: agent.orgId, id: agent.clusterId } },
    select: { clusterUid: true },
  });
  assertSameCluster(cluster.clusterUid, manifest.facts.clusterUid);
  let rawBytes = 0;
  for (const chunk of facts.chunks.values()) rawBytes += chunk.rawBytes;
  await tx.snapshot.create({
    data: {
      orgId: agent.orgId,
      id: message.snapshotId,
      clusterId: agent.clusterId,
      agentId: agent.agentId,
      state: "announced",
      schemaVersion: message.schemaVersion,
      manifest: { ...manifest, gaps: message.gaps } as unknown as Prisma.InputJsonValue,
      manifestDigest: Buffer.from(facts.manifestDigest, "hex"),
      prevDigest: message.prev === null ? null : Buffer.from(message.prev, "hex"),
      objects: manifest.sections.reduce((sum, s) => sum + (s.name === POD_TEMPLATES ? 0 : s.objects), 0),
      droppedFields: Math.min(manifest.droppedFields, 2_000_000_000),
      chunks: facts.chunks.size,
      rawBytes,
      collectedAt: new Date(message.collectedAt),
      announcedAt: facts.now,
    },
  });
  // "Check again" is answered by this snapshot; the list is complete, so nothing is being collected any more.
  await tx.$executeRaw`
    update cluster set rescan_requested_at = null, collecting = null,
      kubernetes_version = coalesce(${manifest.facts.gitVersion ?? null}::text, kubernetes_version),
      cluster_uid = coalesce(cluster_uid, ${manifest.facts.clusterUid ?? null}::text)
    where org_id = ${agent.orgId}::uuid and id = ${agent.clusterId}::uuid`;
}

async function abandonOthers(tx: Transaction, agent: AgentCaller, snapshotId: string): Promise<void> {
  await tx.snapshot.updateMany({
    where: { orgId: agent.orgId, clusterId: agent.clusterId, state: "announced", id: { not: snapshotId } },
    data: { state: "abandoned", problem: "A later snapshot was announced before this one was complete." },
  });
}

async function setState(tx: Transaction, agent: AgentCaller, id: string, state: string): Promise<void> {
  await tx.snapshot.update({ where: { orgId_id: { orgId: agent.orgId, id } }, data: { state, problem: null } });
}

/** Digests that the organization doesn't have, in the order asked. It never says what other organizations have. */
export async function findMissing(tx: Transaction, orgId: string, digests: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ digest: string }[]>`
    select d.digest from unnest(${[...digests]}::text[]) with ordinality as d(digest, n)
    where not exists (select from chunk c where c.org_id = ${orgId}::uuid and c.digest = decode(d.digest, 'hex'))
    order by d.n`;
  return rows.map((row) => row.digest);
}
