/**
 * The numbers that agent and server have agreed on. One place, so that neither side can drift from the other.
 *
 * Units are in the names. A server refuses what exceeds a limit with `too-large`; an agent never sends it.
 */

/** Version of everything in this folder. A server that does not know it answers `unsupported-version`. */
export const PROTOCOL_VERSION = 1;

/** Every path of the protocol. A path never has a query: the signature covers the path only. */
export const AGENT_PATHS = {
  enrol: "/api/agent/enrol",
  heartbeat: "/api/agent/heartbeat",
  announce: "/api/agent/snapshots",
  chunks: (snapshotId: string) => `/api/agent/snapshots/${snapshotId}/chunks`,
  commit: (snapshotId: string) => `/api/agent/snapshots/${snapshotId}/commit`,
  rotateKey: "/api/agent/rotate-key",
} as const;

/** Media type of the body of a pack (`PUT …/chunks`); everything else is `application/json`. */
export const PACK_MEDIA_TYPE = "application/x-ringfence-pack";

const KIB = 1024;
const MIB = 1024 * KIB;

export const WIRE_LIMITS = {
  /** Any JSON body but the announcement: a few hundred bytes in practice. */
  jsonBodyBytes: 64 * KIB,
  /** The announcement lists every chunk of the snapshot (about 110 bytes for each). */
  announceBodyBytes: 8 * MIB,
  /** A whole pack as it is sent: length, header and compressed chunks. */
  packBytes: 4 * MIB,
  packHeaderBytes: 512 * KIB,
  packChunks: 4096,
  /** All chunks of one pack after inflating. */
  packInflatedBytes: 20 * MIB,
  /** Inflated bytes for one compressed byte, for each chunk on its own. */
  inflateRatio: 200,
  /** Where the chunker cuts at the latest; one object larger than this makes a chunk of its own. */
  chunkTargetBytes: 256_000,
  /** One chunk after inflating. etcd takes objects of at most 1.5 MiB by default. */
  chunkInflatedBytes: 4 * MIB,
  /** Nesting of a JSON value inside a chunk, and the length of one string in UTF-8 bytes. */
  jsonDepth: 32,
  stringBytes: 64 * KIB,
  sections: 128,
  chunksPerSnapshot: 60_000,
  invalidObjects: 1_000,
  gaps: 100,
  /** Printable characters of a message for a person. */
  messageCharacters: 500,
  /** How many public keys of one agent may be valid at a time while it rotates. */
  liveKeys: 2,
} as const;

/** Seconds between heartbeats, and between scans unless the server's answer or the operator says otherwise. */
export const DEFAULT_HEARTBEAT_SECONDS = 30;
export const DEFAULT_SCAN_SECONDS = 3600;
/** How old an agent's key may get before it makes itself another one. */
export const KEY_ROTATION_DAYS = 30;
/** How old a key may get at all, by the server's clock: a signature by an older one is refused as expired. */
export const KEY_MAX_AGE_DAYS = 90;
/** How long an enrolment token is good for. */
export const ENROLMENT_TOKEN_SECONDS = 3600;
/** Difference between `created` and the server's clock that is worth recording. It is never a reason to refuse. */
export const CLOCK_SKEW_SECONDS = 300;
