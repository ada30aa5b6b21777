/** Chunks: opened within limits, verified line by line, stored by digest; all of a request or none. */
import { RingfenceError } from "@/lib/errors";
import { refuseLine, type WireSectionName } from "@/lib/inventory/encoding";
import { findSecretIn } from "@/lib/inventory/secret-net";
import type { ChunksResponse, SnapshotManifest } from "@/lib/inventory/wire";
import { withOrganization } from "../db/organization";
import { chunksOf } from "./announce";
import type { AgentCaller } from "./authenticate";
import { checkJsonLimits } from "./json-limits";
import { openPack } from "./pack";
import { SecretDetected } from "./secret-detected";

/**
 * Stores the chunks of a pack that the snapshot announced and the organization lacks.
 *
 * @returns how many were new
 * @throws RingfenceError `not-found` (no such snapshot of this cluster), `conflict` (it isn't waiting for chunks),
 *   `invalid-input` (not announced, not what was announced, not lines of JSON objects), `too-large`; SecretDetected
 */
export async function storeChunks(agent: AgentCaller, snapshotId: string, body: Uint8Array): Promise<ChunksResponse> {
  const announced = await withOrganization(
    agent.orgId,
    async (tx) => {
      const snapshot = await tx.snapshot.findUnique({
        where: { orgId_id: { orgId: agent.orgId, id: snapshotId } },
        select: { clusterId: true, state: true, manifest: true },
      });
      if (snapshot === null || snapshot.clusterId !== agent.clusterId) {
        throw new RingfenceError("not-found", "No such snapshot.");
      }
      if (agent.isQuarantined || snapshot.state !== "announced") {
        throw new RingfenceError("conflict", "This snapshot is not waiting for chunks.");
      }
      return chunksOf(snapshot.manifest as unknown as SnapshotManifest);
    },
    { role: "ingest" },
  );
  const chunks: { digest: string; wire: Uint8Array; rawBytes: number; objects: number }[] = [];
  for await (const { digest, wire, raw } of openPack(body)) {
    const expected = announced.get(digest);
    if (expected === undefined) throw new RingfenceError("invalid-input", `The chunk ${digest} was not announced.`);
    const objects = verifyLines(raw, { digest, snapshotId, sections: expected.sections });
    if (objects !== expected.objects || raw.byteLength !== expected.rawBytes) {
      throw new RingfenceError("invalid-input", `The chunk ${digest} is not as long as was announced.`);
    }
    chunks.push({ digest, wire, rawBytes: raw.byteLength, objects });
  }
  const stored = await withOrganization(
    agent.orgId,
    (tx) =>
      tx.chunk.createMany({
        data: chunks.map(({ digest, wire, rawBytes, objects }) => ({
          orgId: agent.orgId,
          digest: Buffer.from(digest, "hex"),
          rawBytes,
          wireBytes: wire.byteLength,
          objects,
          // A copy: `wire` is a view into the whole request.
          data: Buffer.from(wire),
        })),
        skipDuplicates: true,
      }),
    { role: "ingest" },
  );
  return { stored: stored.count };
}

/**
 * Checks that the bytes are lines that a projection of this release could have made, each ended by a newline: JSON without
 * pathological shapes, without secrets, and with nothing in it that should have been redacted.
 *
 * @returns number of lines
 */
export function verifyLines(
  raw: Uint8Array,
  chunk: { digest: string; snapshotId: string; sections: ReadonlySet<WireSectionName> },
): number {
  const { digest, snapshotId } = chunk;
  checkJsonLimits(raw);
  const invalid = (why: string, cause?: unknown) =>
    new RingfenceError("invalid-input", `The chunk ${digest} ${why}.`, { cause });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(raw);
  } catch (cause) {
    throw invalid("is not UTF-8", cause);
  }
  const lines = text.split("\n");
  if (lines.pop() !== "") throw invalid("does not end with a newline");
  for (const [i, line] of lines.entries()) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw invalid(`has no JSON in line ${i + 1}`, cause);
    }
    const secret = findSecretIn(value);
    if (secret !== null) throw new SecretDetected(secret.kind, `${digest} line ${i + 1}: ${secret.where}`, snapshotId);
    for (const section of chunk.sections) {
      const refused = refuseLine(section, value, `line ${i + 1}`);
      if (refused !== undefined) throw invalid(`is refused in line ${i + 1} of ${section}: ${refused.problem}`);
    }
  }
  return lines.length;
}
