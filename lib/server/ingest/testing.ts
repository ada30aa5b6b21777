/** An agent for tests: real keys, real signatures, and the routes' own handlers instead of a socket. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from "node:crypto";
import { brotliCompressSync, constants } from "node:zlib";
import {
  type AnnounceRequest,
  AGENT_PATHS,
  canonicalJson,
  encodeBase64,
  encodePackHeader,
  enrolmentProofText,
  type EnrolResponse,
  formatEnrolmentToken,
  PACK_MEDIA_TYPE,
  type SignedFields,
  type SnapshotManifest,
  signRequest,
} from "@/lib/inventory/wire";
import { encodeSnapshot } from "@/lib/inventory/encoding";
import type { Snapshot } from "@/lib/inventory/snapshot";
import type { TestDatabase } from "../testing/database";
import { announceRoute, chunksRoute, commitRoute, enrolRoute, heartbeatRoute, rotateKeyRoute } from "./routes";

export const TEST_ORIGIN = "http://localhost:3999";

/** Settings that the routes read from the environment. */
export function setTestEnvironment(database: TestDatabase): void {
  Object.assign(process.env, {
    DATABASE_URL: database.url("web"),
    RINGFENCE_INGEST_DATABASE_URL: database.url("ingest"),
    RINGFENCE_WORKER_DATABASE_URL: database.url("worker"),
    RINGFENCE_SESSION_SECRET: "a secret that is only for tests, 32+",
    RINGFENCE_URL: TEST_ORIGIN,
    RINGFENCE_OIDC_ISSUER: "https://issuer.test",
    RINGFENCE_OIDC_CLIENT_ID: "ringfence",
    RINGFENCE_OIDC_CLIENT_SECRET: "only-for-tests",
    RINGFENCE_AGENT_IMAGE: "registry.example.com/ringfence/agent:test",
  });
}

/** A token for the cluster, as cluster registration issues it. */
export async function seedEnrolment(
  database: TestDatabase,
  cluster: { orgId: string; clusterId: string },
  expiresAt = new Date(Date.now() + 3_600_000),
): Promise<string> {
  const token = formatEnrolmentToken(cluster.orgId, randomBytes(32));
  await database.asSuperuser(
    "insert into enrolment (org_id, cluster_id, token_hash, expires_at) values ($1, $2, $3, $4)",
    [cluster.orgId, cluster.clusterId, createHash("sha256").update(token).digest(), expiresAt],
  );
  return token;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: { error?: { code: string; message: string; requestId: string } } & Record<string, unknown>;
}

export interface Chunk {
  digest: string;
  raw: Buffer;
  wire: Buffer;
  objects: number;
}
/** A chunk of one line for each object. */
export function chunkOf(objects: readonly unknown[]): Chunk {
  const raw = Buffer.from(objects.map((object) => `${JSON.stringify(object)}\n`).join(""));
  const wire = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  return { digest: createHash("sha256").update(raw).digest("hex"), raw, wire, objects: objects.length };
}
export function packOf(chunks: readonly Chunk[]): Buffer {
  const entries = chunks.map(({ digest, wire, raw }) => ({
    digest,
    wireBytes: wire.byteLength,
    rawBytes: raw.byteLength,
  }));
  return Buffer.concat([encodePackHeader(entries), ...chunks.map((chunk) => chunk.wire)]);
}
export function manifestOf(sections: Record<string, Chunk[]>): SnapshotManifest {
  return {
    provider: null,
    facts: { gitVersion: "v1.32.4" },
    sections: Object.entries(sections).map(([name, chunks]) => ({
      name,
      status: "complete",
      objects: chunks.reduce((sum, chunk) => sum + chunk.objects, 0),
      chunks: chunks.map(({ digest, raw, objects }) => ({ digest, rawBytes: raw.byteLength, objects })),
    })),
    invalid: [],
    droppedFields: 0,
  };
}
/** A whole snapshot as its chunks and its manifest. */
export function encodeForWire(snapshot: Snapshot): { manifest: SnapshotManifest; chunks: Chunk[] } {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const chunks = [...encodeSnapshot(snapshot, hash)].map(({ section, bytes, objects }) => {
    const raw = Buffer.from(bytes);
    const wire = brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    return { section, digest: createHash("sha256").update(raw).digest("hex"), raw, wire, objects };
  });
  const sections = Object.values(snapshot.sections).map(({ name, status, message }) => ({
    name: name as string,
    status,
    message,
  }));
  if (chunks.some((chunk) => chunk.section === "podtemplates")) {
    sections.push({ name: "podtemplates", status: "complete", message: undefined });
  }
  const manifest: SnapshotManifest = {
    provider: null,
    facts: snapshot.facts,
    sections: sections.map(({ name, status, message }) => {
      const own = chunks.filter((chunk) => chunk.section === name);
      return {
        name,
        status,
        ...(message === undefined ? {} : { message }),
        objects: own.reduce((sum, chunk) => sum + chunk.objects, 0),
        chunks: own.map(({ digest, raw, objects }) => ({ digest, rawBytes: raw.byteLength, objects })),
      };
    }),
    invalid: snapshot.invalid,
    droppedFields: 0,
  };
  return { manifest, chunks };
}
export function namespaceObject(name: string, labels: Record<string, string> = {}) {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

type Overrides = Partial<SignedFields> & {
  headers?: Record<string, string>;
  /** Sent instead of the body that is signed. */
  sentBody?: BodyInit;
  signWithKey?: KeyObject;
};

export class TestAgent {
  seq = 0;
  identity: EnrolResponse | null = null;
  prev: string | null = null;
  key = generateKeyPairSync("ed25519");

  get publicKey(): string {
    return encodeBase64(this.key.publicKey.export({ format: "der", type: "spki" }).subarray(12));
  }

  async enrol(token: string, change: Record<string, unknown> = {}): Promise<Answer> {
    const proofText = enrolmentProofText(token, this.publicKey);
    const message = {
      token,
      publicKey: this.publicKey,
      proof: encodeBase64(sign(null, Buffer.from(proofText), this.key.privateKey)),
      agentVersion: "0.1.0",
      protocolVersion: 1,
      clusterUid: null,
      kubernetesVersion: "v1.32.4",
      ...change,
    };
    const answer = await read(
      enrolRoute(
        new Request(TEST_ORIGIN + AGENT_PATHS.enrol, {
          method: "POST",
          body: JSON.stringify(message),
          headers: { "content-type": "application/json" },
        }),
        { params: Promise.resolve({}) },
      ),
    );
    if (answer.status === 201) this.identity = answer.body as unknown as EnrolResponse;
    return answer;
  }

  /** A signed request, sent. */
  async send(
    route: typeof heartbeatRoute,
    method: "POST" | "PUT",
    path: string,
    body: Uint8Array,
    contentType = "application/json",
    overrides: Overrides = {},
  ): Promise<Answer> {
    const { identity } = this;
    if (identity === null) throw new Error("enrol first");
    const fields: SignedFields = {
      method,
      path,
      bodyDigest: createHash("sha256").update(body).digest("base64"),
      seq: overrides.seq ?? ++this.seq,
      audience: identity.audience,
      key: { organizationId: identity.organizationId, agentId: identity.agentId, keyId: identity.keyId },
      created: Math.floor(Date.now() / 1000),
      ...stripUndefined(overrides),
    };
    const key = overrides.signWithKey ?? this.key.privateKey;
    const headers = await signRequest(fields, (base) => sign(null, base, key));
    const snapshotId = /snapshots\/([^/]+)\//.exec(path)?.[1] ?? "";
    const request = new Request(TEST_ORIGIN + path, {
      method,
      body: overrides.sentBody ?? (body as Uint8Array<ArrayBuffer>),
      headers: { ...headers, "content-type": contentType, ...overrides.headers },
      duplex: "half",
    } as RequestInit);
    return read(route(request, { params: Promise.resolve({ snapshotId }) }));
  }

  post(route: typeof heartbeatRoute, path: string, message: unknown, overrides: Overrides = {}): Promise<Answer> {
    return this.send(route, "POST", path, Buffer.from(JSON.stringify(message)), "application/json", overrides);
  }
  heartbeat(overrides: Overrides = {}, change: Record<string, unknown> = {}): Promise<Answer> {
    const message = {
      agentVersion: "0.1.0",
      kubernetesVersion: "v1.32.4",
      clusterUid: null,
      collecting: null,
      ...change,
    };
    return this.post(heartbeatRoute, AGENT_PATHS.heartbeat, message, overrides);
  }
  announce(snapshotId: string, manifest: SnapshotManifest, change: Partial<AnnounceRequest> = {}): Promise<Answer> {
    const message = {
      schemaVersion: 1,
      snapshotId,
      prev: this.prev,
      collectedAt: new Date().toISOString(),
      manifest,
      gaps: [],
      ...change,
    };
    return this.post(announceRoute, AGENT_PATHS.announce, message);
  }
  upload(snapshotId: string, pack: Uint8Array, overrides: Overrides = {}): Promise<Answer> {
    return this.send(chunksRoute, "PUT", AGENT_PATHS.chunks(snapshotId), pack, PACK_MEDIA_TYPE, overrides);
  }
  async commit(snapshotId: string, manifest: SnapshotManifest): Promise<Answer> {
    const manifestDigest = createHash("sha256").update(canonicalJson(manifest)).digest("hex");
    const answer = await this.post(commitRoute, AGENT_PATHS.commit(snapshotId), { manifestDigest });
    if (answer.status === 200) this.prev = String(answer.body.commitDigest);
    return answer;
  }
  rotate(message: unknown): Promise<Answer> {
    return this.post(rotateKeyRoute, AGENT_PATHS.rotateKey, message);
  }

  /** Announce, upload, commit: a whole snapshot of sections that are all complete. */
  report(sections: Record<string, Chunk[]>, change: Partial<AnnounceRequest> = {}): Promise<Answer> {
    return this.hand(manifestOf(sections), Object.values(sections).flat(), change);
  }
  reportSnapshot(snapshot: Snapshot, change: Partial<AnnounceRequest> = {}): Promise<Answer> {
    const { manifest, chunks } = encodeForWire(snapshot);
    return this.hand(manifest, chunks, { collectedAt: new Date(snapshot.collectedAt).toISOString(), ...change });
  }
  private async hand(manifest: SnapshotManifest, all: Chunk[], change: Partial<AnnounceRequest>): Promise<Answer> {
    const snapshotId = randomUUID();
    const announced = await this.announce(snapshotId, manifest, change);
    if (announced.status !== 200) return announced;
    const missing = new Set(announced.body.missing as string[]);
    const chunks = new Map(all.map((chunk) => [chunk.digest, chunk]));
    const sending = [...chunks.values()].filter((chunk) => missing.has(chunk.digest));
    if (sending.length > 0) {
      const uploaded = await this.upload(snapshotId, packOf(sending));
      if (uploaded.status !== 200) return uploaded;
    }
    return this.commit(snapshotId, manifest);
  }
}

function stripUndefined({ headers: _h, sentBody: _s, signWithKey: _k, ...fields }: Overrides): Partial<SignedFields> {
  return fields;
}

async function read(response: Promise<Response>): Promise<Answer> {
  const answer = await response;
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer["body"] };
}
