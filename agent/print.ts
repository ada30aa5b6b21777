/**
 * `--print`: every byte that would leave the cluster, in readable form, and none of it sent.
 *
 * The bodies are made by the very code that makes them for the server. What is missing here is only what depends on the
 * server's answers: identities, signatures, and which chunks it already has (all are shown).
 */
import { brotliDecompressSync } from "node:zlib";
import { AGENT_PATHS, canonicalJson } from "@/lib/inventory/wire";
import type { ClusterIdentity } from "./enrol";
import { sha256Hex } from "./identity/keys";
import { announcementOf, type PreparedSnapshot } from "./upload/hand-in";
import { AGENT_VERSION } from "./version";

export function* printSnapshot(snapshot: PreparedSnapshot, cluster: ClusterIdentity): Generator<string> {
  yield "# Nothing is sent. Every request also carries Content-Digest, X-Agent-Seq, X-Ringfence-Audience, Signature-Input\n";
  yield "# and Signature: a digest of the body, a number, the server's name, the agent's id and a signature.\n\n";
  yield `### POST ${AGENT_PATHS.heartbeat}\n${JSON.stringify({ agentVersion: AGENT_VERSION, ...cluster, collecting: null })}\n\n`;
  yield `### POST ${AGENT_PATHS.announce}\n${JSON.stringify(announcementOf(snapshot, null))}\n\n`;
  yield `### PUT ${AGENT_PATHS.chunks(snapshot.snapshotId)}\n`;
  const printed = new Set<string>();
  for (const section of snapshot.manifest.sections) {
    for (const { digest } of section.chunks) {
      if (printed.has(digest)) continue;
      printed.add(digest);
      const wire = snapshot.spool.read(digest);
      yield `# ${section.name}: chunk ${digest}, ${wire.length} bytes compressed\n`;
      yield brotliDecompressSync(wire).toString("utf8");
    }
  }
  const manifestDigest = sha256Hex(canonicalJson(snapshot.manifest));
  yield `\n### POST ${AGENT_PATHS.commit(snapshot.snapshotId)}\n${JSON.stringify({ manifestDigest })}\n`;
}
