/** Chunks: opened within limits, verified line by line, stored by digest; all of a request or none. */
import { RingfenceError } from "@/lib/errors";
import { refuseLine, type WireSectionName } from "@/lib/inventory/encoding";
import { findSecret, findSecretIn } from "@/lib/inventory/secret-net";
import type { ChunksResponse, SnapshotManifest } from "@/lib/inventory/wire";
import type { Transaction } from "../db/client";
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
  const chunks: VerifiedChunk[] = [];
  for await (const { digest, wire, raw } of openPack(body)) {
    const expected = announced.get(digest);
    if (expected === undefined) throw new RingfenceError("invalid-input", `The chunk ${digest} was not announced.`);
    const objects = verifyLines(raw, { digest, snapshotId, sections: expected.sections });
    if (objects !== expected.objects || raw.byteLength !== expected.rawBytes) {
      throw new RingfenceError("invalid-input", `The chunk ${digest} is not as long as was announced.`);
    }
    chunks.push({ digest, wire, rawBytes: raw.byteLength, objects });
  }
  const stored = await withOrganization(agent.orgId, (tx) => insertChunks(tx, agent.orgId, chunks), { role: "ingest" });
  return { stored };
}

interface VerifiedChunk {
  digest: string;
  wire: Uint8Array;
  rawBytes: number;
  objects: number;
}

/**
 * One statement with one parameter for all bytes: a row each through the client costs more than verifying them.
 *
 * @returns how many were new
 */
async function insertChunks(tx: Transaction, orgId: string, chunks: readonly VerifiedChunk[]): Promise<number> {
  let offset = 1;
  const rows = chunks.map(({ digest, wire, rawBytes, objects }) => {
    const row = { digest, raw_bytes: rawBytes, wire_bytes: wire.byteLength, objects, at: offset };
    offset += wire.byteLength;
    return row;
  });
  return tx.$executeRaw`
    insert into chunk (org_id, digest, raw_bytes, wire_bytes, objects, data)
    select ${orgId}::uuid, decode(n.digest, 'hex'), n.raw_bytes, n.wire_bytes, n.objects,
      substring(${Buffer.concat(chunks.map((chunk) => chunk.wire))}::bytea from n.at for n.wire_bytes)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as n(digest text, raw_bytes int, wire_bytes int, objects int, at int)
    on conflict do nothing`;
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
    // The line as it stands first, which is cheap and finds the same, unless an escape hides something from it.
    const isSuspicious = line.includes("\\") || findSecret(line) !== null;
    const secret = isSuspicious ? findSecretIn(value) : null;
    if (secret !== null) throw new SecretDetected(secret.kind, `${digest} line ${i + 1}: ${secret.where}`, snapshotId);
    for (const section of chunk.sections) {
      const refused = refuseLine(section, value, `line ${i + 1}`);
      if (refused !== undefined) throw invalid(`is refused in line ${i + 1} of ${section}: ${refused.problem}`);
    }
  }
  return lines.length;
}
