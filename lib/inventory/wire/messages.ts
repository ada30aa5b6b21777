/**
 * Every message between an agent and the server. Requests are strict: what the server does not know it does not take.
 * Answers are lenient: an older agent leaves out what a newer server adds, and nothing in an answer can widen what it reads.
 */
import { z } from "zod";
import { patternScan } from "../pattern-scan";
import { PROVIDERS } from "../snapshot";
import { decodeBase64 } from "./base64";
import { digest } from "./digest";
import { parseEnrolmentToken } from "./enrolment";
import { PROTOCOL_VERSION, WIRE_LIMITS } from "./protocol";

const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, "must be a UUID in lower case");
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const time = z.iso.datetime({ precision: 3 });
/** Short text without control characters. */
const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, "must not hold control characters");
const bytesInBase64 = (length: number) =>
  z.string().refine((value) => decodeBase64(value, length) !== null, `must be ${length} bytes in Base64`);

const agentVersion = text(64);
const kubernetesVersion = text(64).nullable();
const clusterUid = text(64).nullable();
const sectionName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/);
/** Raw 32 bytes of an Ed25519 public key, and an Ed25519 signature. */
const publicKey = bytesInBase64(32);
const proof = bytesInBase64(64);

/** Seconds between two scans, from which the server expects the next one. */
const scanInterval = z.number().int().min(1).max(604_800);

/** `POST /api/agent/enrol`: not signed; the proof is over enrolmentProofText(). */
export const enrolRequest = z.strictObject({
  token: z
    .string()
    .max(128)
    .refine((value) => parseEnrolmentToken(value) !== null, "is not an enrolment token"),
  publicKey,
  proof,
  agentVersion,
  protocolVersion: z.literal(PROTOCOL_VERSION),
  clusterUid,
  kubernetesVersion,
});
export const enrolResponse = z.object({
  organizationId: uuid,
  clusterId: uuid,
  agentId: uuid,
  keyId: uuid,
  /** Goes into X-Ringfence-Audience of every request from now on. */
  audience: z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/),
  intervalSeconds: scanInterval,
});

/** `POST /api/agent/heartbeat`, every 30 seconds */
export const heartbeatRequest = z.strictObject({
  agentVersion,
  kubernetesVersion,
  clusterUid,
  /** What is being listed now, for the progress on the cluster's page; total is an estimate and may be 0. */
  collecting: z.strictObject({ section: sectionName, done: count, total: count }).nullable(),
});
/** These three and never a command or a selector: a compromised server must not widen what an agent reads. */
export const heartbeatResponse = z.object({
  intervalSeconds: scanInterval,
  paused: z.boolean(),
  /** "Check again": scan now. The server takes it back when a snapshot is announced. */
  wantFull: z.boolean(),
});

export const chunkReference = z.strictObject({
  digest,
  rawBytes: z.number().int().min(1).max(WIRE_LIMITS.chunkInflatedBytes),
  objects: z.number().int().min(1),
});
export const manifestSection = z.strictObject({
  /** A name of SectionObjects, or `podtemplates`, which holds the specs that `pods` refer to by digest. */
  name: sectionName,
  status: z.enum(["complete", "unserved", "forbidden", "failed", "not-collected"]),
  message: text(WIRE_LIMITS.messageCharacters).optional(),
  resourceVersion: text(128).optional(),
  objects: count,
  chunks: z.array(chunkReference),
});
export const manifestFacts = z.strictObject({
  gitVersion: text(64).optional(),
  clusterUid: text(64).optional(),
  encryptionTransformers: z
    .array(z.strictObject({ operation: text(64), resource: text(253), prefix: text(253), count: z.number().min(0) }))
    .max(2000)
    .optional(),
  auditDelivery: z
    .strictObject({
      events: z.number().min(0),
      errors: z.array(z.strictObject({ plugin: text(253), count: z.number().min(0) })).max(100),
    })
    .optional(),
  storedObjects: z
    .array(z.strictObject({ resource: text(253), count: z.number().min(0) }))
    .max(100)
    .optional(),
  clock: z
    .strictObject({
      serverAt: time,
      readAt: time,
      leases: z.array(z.strictObject({ node: text(253), renewedAt: time })).max(5000),
    })
    .optional(),
  patternScan: patternScan.optional(),
});
/** An object that is not valid for its kind may lack even its name; then that is "". */
export const manifestInvalid = z.strictObject({
  apiVersion: text(253).or(z.literal("")),
  kind: text(253).or(z.literal("")),
  namespace: text(253).or(z.literal("")).optional(),
  name: text(253).or(z.literal("")),
  where: text(WIRE_LIMITS.messageCharacters),
  problem: text(WIRE_LIMITS.messageCharacters),
});
export const snapshotManifest = z
  .strictObject({
    /** What the agent takes the provider to be; null when it cannot tell. What a person registered counts first. */
    provider: z.enum(PROVIDERS).nullable(),
    facts: manifestFacts,
    sections: z.array(manifestSection).max(WIRE_LIMITS.sections),
    invalid: z.array(manifestInvalid).max(WIRE_LIMITS.invalidObjects),
    /** How many fields and values redaction took out, those that the second net caught among them. */
    droppedFields: count,
  })
  .superRefine((manifest, context) => {
    const names = new Set<string>();
    let chunks = 0;
    for (const section of manifest.sections) {
      if (names.has(section.name))
        context.addIssue({ code: "custom", message: `section ${section.name} is listed twice` });
      names.add(section.name);
      chunks += section.chunks.length;
      const objects = section.chunks.reduce((sum, chunk) => sum + chunk.objects, 0);
      if (objects !== section.objects)
        context.addIssue({ code: "custom", message: `section ${section.name} does not add up` });
      if (section.status === "unserved" && objects > 0) {
        context.addIssue({ code: "custom", message: `section ${section.name} is unserved but has objects` });
      }
    }
    if (chunks > WIRE_LIMITS.chunksPerSnapshot) context.addIssue({ code: "custom", message: "too many chunks" });
  });

/** A time in which a scan was due and none came, with the reason: a hole in the record that says why it is there. */
export const gapEntry = z.strictObject({
  fromAt: time,
  toAt: time,
  reason: z.enum(["agent-stopped", "server-unreachable", "collection-failed", "refused", "paused", "revoked"]),
});

/** `POST /api/agent/snapshots`: idempotent by snapshotId. */
export const announceRequest = z.strictObject({
  schemaVersion: z.number().int().min(1),
  /** Made by the agent; the same for every attempt to hand in this snapshot. */
  snapshotId: uuid,
  /** commitDigest of the last commit that this agent saw acknowledged; null before the first. */
  prev: digest.nullable(),
  collectedAt: time,
  manifest: snapshotManifest,
  /** Gaps since the last acknowledged commit. */
  gaps: z.array(gapEntry).max(WIRE_LIMITS.gaps).default([]),
});
export const announceResponse = z.object({
  snapshotId: uuid,
  /** Chunks that this organization does not have yet. */
  missing: z.array(digest).max(WIRE_LIMITS.chunksPerSnapshot),
});

/** `PUT /api/agent/snapshots/{snapshotId}/chunks`: the body is a pack (pack.ts). */
export const chunksResponse = z.object({ stored: count });

/** `POST /api/agent/snapshots/{snapshotId}/commit`: a repeated commit gets the same answer. */
export const commitRequest = z.strictObject({
  /** SHA-256 of canonicalJson() of the announcement's `manifest`. */
  manifestDigest: digest,
});
export const commitResponse = z.object({
  scanSeq: z.number().int().min(1),
  /** SHA-256 of commitDigestText(). */
  commitDigest: digest,
});

/** `POST /api/agent/rotate-key`: signed by the old key; the proof by the new one is over rotationProofText(). */
export const rotateKeyRequest = z.strictObject({ publicKey, proof });
export const rotateKeyResponse = z.object({ keyId: uuid });

export type EnrolRequest = z.infer<typeof enrolRequest>;
export type EnrolResponse = z.infer<typeof enrolResponse>;
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;
export type HeartbeatResponse = z.infer<typeof heartbeatResponse>;
export type ChunkReference = z.infer<typeof chunkReference>;
export type ManifestSection = z.infer<typeof manifestSection>;
export type SnapshotManifest = z.infer<typeof snapshotManifest>;
export type GapEntry = z.infer<typeof gapEntry>;
export type AnnounceRequest = z.infer<typeof announceRequest>;
export type AnnounceResponse = z.infer<typeof announceResponse>;
export type ChunksResponse = z.infer<typeof chunksResponse>;
export type CommitRequest = z.infer<typeof commitRequest>;
export type CommitResponse = z.infer<typeof commitResponse>;
export type RotateKeyRequest = z.infer<typeof rotateKeyRequest>;
export type RotateKeyResponse = z.infer<typeof rotateKeyResponse>;
