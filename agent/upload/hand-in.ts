/**
 * Hands a prepared snapshot in: announce, send what the server lacks, commit.
 *
 * Each of the three may be repeated, also after the server was restarted in between: the announcement is known by its id,
 * chunks by their digests, the commit by both. Before the commit is sent it is written into the agent's state, so that an
 * agent that dies before it hears the answer asks again instead of starting a second chain from the old end.
 */
import { createHash } from "node:crypto";
import {
  AGENT_PATHS,
  type AnnounceRequest,
  announceResponse,
  type CommitResponse,
  canonicalJson,
  chunksResponse,
  commitResponse,
  encodePackHeader,
  type GapEntry,
  PACK_MEDIA_TYPE,
  type PackEntry,
  planPacks,
  type SnapshotManifest,
} from "@/lib/inventory/wire";
import { SNAPSHOT_SCHEMA_VERSION } from "@/lib/inventory/snapshot";
import type { Identity } from "../identity/identity";
import { sha256Hex } from "../identity/keys";
import type { Log } from "../log";
import { type ServerClient, ServerRefused, type ServerRequest } from "../server-client";
import type { Spool } from "./spool";

export interface PreparedSnapshot {
  /** UUID, the same for every attempt. */
  snapshotId: string;
  collectedAt: string;
  manifest: SnapshotManifest;
  gaps: GapEntry[];
  spool: Spool;
}

/** A server that lost half an upload is announced to again; more often than this it is not an accident. */
const ANNOUNCEMENTS = 3;

export function announcementOf(snapshot: PreparedSnapshot, prev: string | null): AnnounceRequest {
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    snapshotId: snapshot.snapshotId,
    prev,
    collectedAt: snapshot.collectedAt,
    manifest: snapshot.manifest,
    gaps: snapshot.gaps,
  };
}

/**
 * @returns the server's answer to the commit, which is stored in the identity's state already
 * @throws ServerUnreachable, ServerRefused
 */
export async function handIn(
  client: ServerClient,
  identity: Identity,
  snapshot: PreparedSnapshot,
  log: Log,
  signal?: AbortSignal,
): Promise<CommitResponse> {
  const { snapshotId } = snapshot;
  const manifestDigest = sha256Hex(canonicalJson(snapshot.manifest));
  for (let round = 1; ; round++) {
    try {
      const body = announcementOf(snapshot, identity.state.lastCommit);
      const { missing } = await client.postJson(identity, AGENT_PATHS.announce, body, announceResponse, { signal });
      const packs = planPacks(missing.map((digest) => entryOf(snapshot.spool, digest)));
      log.info("snapshot announced", { snapshotId, missing: missing.length, packs: packs.length });
      for (const pack of packs) {
        await client.sendSigned(identity, packRequest(snapshotId, pack, snapshot.spool), chunksResponse, { signal });
      }
      await identity.update({ pendingCommit: { snapshotId, manifestDigest, collectedAt: snapshot.collectedAt } });
      return await sendCommit(client, identity, signal);
    } catch (error) {
      // Not found, or in conflict with what the server holds now: it may have forgotten the announcement or some chunks.
      const isWorthAnother = error instanceof ServerRefused && (error.status === 404 || error.status === 409);
      if (!isWorthAnother || round >= ANNOUNCEMENTS) throw error;
      log.warn("the upload did not fit together on the server; announcing it again", {
        snapshotId,
        reason: error.message,
      });
    }
  }
}

/**
 * Finds out what became of a commit whose answer was lost.
 * @returns true when there was one and it had been, or is now, accepted
 * @throws ServerUnreachable when it is still not known: nothing new may be announced then
 */
export async function resumeCommit(
  client: ServerClient,
  identity: Identity,
  log: Log,
  signal?: AbortSignal,
): Promise<boolean> {
  const { pendingCommit } = identity.state;
  if (pendingCommit === null) return false;
  try {
    const { scanSeq } = await sendCommit(client, identity, signal);
    log.info("a commit from before was confirmed", { snapshotId: pendingCommit.snapshotId, scanSeq });
    return true;
  } catch (error) {
    if (!(error instanceof ServerRefused) || error.isFarewell || error.status === 401) throw error;
    log.warn("a commit from before was not accepted; the next snapshot takes its place", {
      snapshotId: pendingCommit.snapshotId,
      reason: error.message,
    });
    await identity.update({ pendingCommit: null });
    return false;
  }
}

async function sendCommit(client: ServerClient, identity: Identity, signal?: AbortSignal): Promise<CommitResponse> {
  const { pendingCommit } = identity.state;
  if (pendingCommit === null) throw new Error("there is no commit to send");
  const { snapshotId, manifestDigest, collectedAt } = pendingCommit;
  const body = { manifestDigest };
  const answer = await client.postJson(identity, AGENT_PATHS.commit(snapshotId), body, commitResponse, { signal });
  await identity.update({ lastCommit: answer.commitDigest, lastCollectedAt: collectedAt, pendingCommit: null });
  return answer;
}

function entryOf(spool: Spool, digest: string): PackEntry {
  const entry = spool.entry(digest);
  if (entry === undefined) throw new Error(`the server asks for chunk ${digest}, which is not of this snapshot`);
  return entry;
}

function packRequest(snapshotId: string, pack: PackEntry[], spool: Spool): ServerRequest {
  const header = encodePackHeader(pack);
  const pieces = function* (): Generator<Uint8Array> {
    yield header;
    for (const { digest } of pack) yield spool.read(digest);
  };
  const hash = createHash("sha256");
  let bodyBytes = 0;
  for (const piece of pieces()) {
    hash.update(piece);
    bodyBytes += piece.length;
  }
  return {
    method: "PUT",
    path: AGENT_PATHS.chunks(snapshotId),
    contentType: PACK_MEDIA_TYPE,
    body: pieces,
    bodyBytes,
    bodyDigest: hash.digest("base64"),
  };
}
