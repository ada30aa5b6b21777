/**
 * The server's side of the protocol, strict and in memory: every rule that an agent has to keep is enforced here, so that a
 * test of the agent needs no database. It can be restarted on its port with everything that it had acknowledged, can lose
 * answers, and records what it refused.
 */
import { createHash, createPublicKey, randomUUID, verify } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync } from "node:zlib";
import {
  AGENT_PATHS,
  type AnnounceRequest,
  announceRequest,
  canonicalJson,
  commitDigestText,
  commitRequest,
  decodeBase64,
  decodePackHeader,
  enrolmentProofText,
  enrolRequest,
  formatEnrolmentToken,
  formatKeyid,
  type HeartbeatRequest,
  heartbeatRequest,
  PACK_MEDIA_TYPE,
  parseSignedRequest,
  rotateKeyRequest,
  rotationProofText,
  WIRE_LIMITS,
} from "@/lib/inventory/wire";

export interface Received {
  method: string;
  path: string;
  status: number;
  code: string;
  seq: number | null;
}
export interface Committed {
  snapshotId: string;
  scanSeq: number;
  announcement: AnnounceRequest;
}
/** What a test does to a request: before it is handled, or to its answer after it took effect. */
export interface Interference {
  /** Answer instead of handling. */
  refuse?: { status: number; code: string; headers?: Record<string, string> };
  /** Break the connection before handling (`request`) or after it took effect (`answer`). */
  drop?: "request" | "answer";
}

export class WireServer {
  readonly organizationId = randomUUID();
  readonly clusterId = randomUUID();
  readonly received: Received[] = [];
  readonly heartbeats: HeartbeatRequest[] = [];
  readonly commits: Committed[] = [];
  readonly chunks = new Map<string, Buffer>();
  heartbeatAnswer: Record<string, unknown> = { intervalSeconds: 3600, paused: false, wantFull: false };
  interfere: (request: { method: string; path: string; nth: number }) => Interference | undefined = () => undefined;
  isRevoked = false;
  isQuarantined = false;
  /** Chunks stored, doubled ones included. */
  storedChunks = 0;
  /** Bytes of all request bodies. */
  receivedBytes = 0;

  private readonly tokens = new Map<string, { publicKey: string | null; answer: object | null }>();
  private agentId = "";
  private readonly keys = new Map<string, string>();
  private lastSeq = 0;
  private lastCommit: string | null = null;
  private readonly announced = new Map<string, AnnounceRequest>();
  private readonly answers = new Map<string, { scanSeq: number; commitDigest: string }>();
  private readonly counts = new Map<string, number>();
  private server: http.Server | null = null;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get audience(): string {
    return "ringfence-under-test";
  }
  get liveKeys(): number {
    return this.keys.size;
  }

  async start(): Promise<void> {
    const server = http.createServer((incoming, outgoing) => this.onRequest(incoming, outgoing));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Ends it like SIGKILL would: connections break; what was acknowledged is kept. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  issueToken(): string {
    const token = formatEnrolmentToken(this.organizationId, createHash("sha256").update(randomUUID()).digest());
    this.tokens.set(token, { publicKey: null, answer: null });
    return token;
  }

  /** As if another holder of the key had spoken. */
  advanceSeq(to: number): void {
    this.lastSeq = to;
  }

  /** All objects of a committed snapshot, section by section, as lines of JSON. */
  linesOf(commit: Committed, section: string): string[] {
    const found = commit.announcement.manifest.sections.find(({ name }) => name === section);
    return (found?.chunks ?? []).flatMap(({ digest }) =>
      (this.chunks.get(digest) ?? Buffer.alloc(0))
        .toString("utf8")
        .split("\n")
        .filter((line) => line !== ""),
    );
  }

  private onRequest(incoming: http.IncomingMessage, outgoing: http.ServerResponse): void {
    const { method = "", url: path = "" } = incoming;
    const key = `${method} ${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "ID")}`;
    const nth = this.counts.get(key) ?? 0;
    this.counts.set(key, nth + 1);
    const interference = this.interfere({ method, path, nth });
    if (interference?.drop === "request") return void incoming.socket.destroy();
    const parts: Buffer[] = [];
    incoming.on("error", () => undefined);
    incoming.on("data", (part: Buffer) => {
      parts.push(part);
      this.receivedBytes += part.length;
    });
    incoming.on("end", () => {
      if (!incoming.complete) return;
      const entry: Received = { method, path, status: 0, code: "", seq: null };
      let body: object;
      let headers: Record<string, string> = {};
      try {
        if (interference?.refuse !== undefined) {
          headers = interference.refuse.headers ?? {};
          throw new Refusal(interference.refuse.status, interference.refuse.code, "the test refuses");
        }
        body = this.handle(entry, incoming, Buffer.concat(parts));
        entry.status = path === AGENT_PATHS.enrol ? 201 : 200;
      } catch (error) {
        const refusal = error instanceof Refusal ? error : new Refusal(400, "invalid-input", String(error));
        entry.status = refusal.status;
        entry.code = refusal.code;
        body = { error: { code: refusal.code, message: refusal.message, requestId: randomUUID() } };
      }
      this.received.push(entry);
      if (interference?.drop === "answer") return void incoming.socket.destroy();
      outgoing.writeHead(entry.status, { "content-type": "application/json", ...headers });
      outgoing.end(JSON.stringify(body));
    });
  }

  private handle(entry: Received, incoming: http.IncomingMessage, body: Buffer): object {
    const { method, path } = entry;
    if (method === "POST" && path === AGENT_PATHS.enrol) return this.enrol(json(body, WIRE_LIMITS.jsonBodyBytes));
    const seq = this.authenticate(incoming, body);
    entry.seq = seq;
    const [, snapshotId = "", action = ""] = /^\/api\/agent\/snapshots\/([^/]+)\/(chunks|commit)$/.exec(path) ?? [];
    if (method === "POST" && path === AGENT_PATHS.heartbeat) {
      this.heartbeats.push(heartbeatRequest.parse(json(body, WIRE_LIMITS.jsonBodyBytes)));
      return this.heartbeatAnswer;
    }
    if (method === "POST" && path === AGENT_PATHS.rotateKey)
      return this.rotate(incoming, json(body, WIRE_LIMITS.jsonBodyBytes));
    if (this.isQuarantined) throw new Refusal(409, "conflict", "quarantined");
    if (method === "POST" && path === AGENT_PATHS.announce)
      return this.announce(json(body, WIRE_LIMITS.announceBodyBytes));
    if (method === "PUT" && action === "chunks") return this.store(snapshotId, incoming, body);
    if (method === "POST" && action === "commit") return this.commit(snapshotId, json(body, WIRE_LIMITS.jsonBodyBytes));
    throw new Refusal(404, "not-found", "no such address");
  }

  private enrol(value: unknown): object {
    const request = enrolRequest.parse(value);
    const issued = this.tokens.get(request.token);
    if (issued === undefined) throw new Refusal(401, "unauthenticated", "unknown token");
    if (!isSigned(request.publicKey, enrolmentProofText(request.token, request.publicKey), request.proof)) {
      throw new Refusal(401, "unauthenticated", "the proof does not match");
    }
    if (issued.answer !== null) {
      if (issued.publicKey === request.publicKey) return issued.answer;
      throw new Refusal(409, "conflict", "the token was used");
    }
    this.agentId = randomUUID();
    const keyId = randomUUID();
    this.keys.clear();
    this.keys.set(keyId, request.publicKey);
    this.lastSeq = 0;
    this.lastCommit = null;
    this.isRevoked = false;
    issued.publicKey = request.publicKey;
    const { organizationId, clusterId, agentId, audience } = this;
    issued.answer = { organizationId, clusterId, agentId, keyId, audience, intervalSeconds: 3600 };
    return issued.answer;
  }

  private authenticate(incoming: http.IncomingMessage, body: Buffer): number {
    const headers = new Headers();
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      headers.append(incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? "");
    }
    const parsed = parseSignedRequest({ method: incoming.method ?? "", path: incoming.url ?? "", headers });
    if (!parsed.ok) throw new Refusal(401, "signature-invalid", parsed.reason);
    const { fields } = parsed;
    const digest = createHash("sha256").update(body).digest("base64");
    if (digest !== fields.bodyDigest) throw new Refusal(401, "signature-invalid", "another body");
    if (fields.audience !== this.audience) throw new Refusal(401, "signature-invalid", "another audience");
    const publicKey = this.keys.get(fields.key.keyId);
    const isOurs = fields.key.organizationId === this.organizationId && fields.key.agentId === this.agentId;
    if (publicKey === undefined || !isOurs) throw new Refusal(401, "signature-invalid", "unknown key");
    if (!verify(null, parsed.base, keyOf(publicKey), parsed.signature)) {
      throw new Refusal(401, "signature-invalid", "the signature does not match");
    }
    if (this.isRevoked) throw new Refusal(410, "gone", "revoked");
    if (fields.seq <= this.lastSeq) throw new Refusal(409, "replayed", "the number was used");
    this.lastSeq = fields.seq;
    // The first use of a newer key ends the older ones.
    const [newest] = [...this.keys.keys()].slice(-1);
    if (fields.key.keyId === newest)
      for (const keyId of this.keys.keys()) if (keyId !== newest) this.keys.delete(keyId);
    return fields.seq;
  }

  private rotate(incoming: http.IncomingMessage, value: unknown): object {
    const { publicKey, proof } = rotateKeyRequest.parse(value);
    const keyId = /keyid="[^"/]*\/[^"/]*\/([^"]*)"/.exec(String(incoming.headers["signature-input"]))?.[1] ?? "";
    const keyid = formatKeyid({ organizationId: this.organizationId, agentId: this.agentId, keyId });
    if (!isSigned(publicKey, rotationProofText(keyid, publicKey), proof))
      throw new Refusal(400, "invalid-input", "proof");
    for (const [known, key] of this.keys) if (key === publicKey) return { keyId: known };
    if (this.keys.size >= WIRE_LIMITS.liveKeys) throw new Refusal(409, "conflict", "two keys live");
    const created = randomUUID();
    this.keys.set(created, publicKey);
    return { keyId: created };
  }

  private announce(value: unknown): object {
    const request = announceRequest.parse(value);
    const { snapshotId } = request;
    const before = this.announced.get(snapshotId);
    if (before !== undefined && canonicalJson(before.manifest) !== canonicalJson(request.manifest)) {
      throw new Refusal(409, "conflict", "another manifest under this id");
    }
    this.announced.set(snapshotId, request);
    const digests = new Set(request.manifest.sections.flatMap(({ chunks }) => chunks.map(({ digest }) => digest)));
    return {
      snapshotId,
      missing: this.answers.has(snapshotId) ? [] : [...digests].filter((digest) => !this.chunks.has(digest)),
    };
  }

  private store(snapshotId: string, incoming: http.IncomingMessage, body: Buffer): object {
    if (incoming.headers["content-type"] !== PACK_MEDIA_TYPE)
      throw new Refusal(415, "unsupported-media-type", "not a pack");
    if (body.length > WIRE_LIMITS.packBytes) throw new Refusal(413, "too-large", "the pack");
    const announced = this.announced.get(snapshotId);
    if (announced === undefined) throw new Refusal(404, "not-found", "not announced");
    const references = new Map(
      announced.manifest.sections.flatMap(({ chunks }) => chunks).map((chunk) => [chunk.digest, chunk]),
    );
    const header = decodePackHeader(body);
    if (!header.ok || header.totalBytes !== body.length)
      throw new Refusal(400, "invalid-input", "the pack does not add up");
    let offset = header.bodyOffset;
    let stored = 0;
    for (const { digest, wireBytes, rawBytes } of header.entries) {
      const raw = brotliDecompressSync(body.subarray(offset, offset + wireBytes), { maxOutputLength: rawBytes });
      offset += wireBytes;
      if (createHash("sha256").update(raw).digest("hex") !== digest) throw new Refusal(400, "invalid-input", "digest");
      const reference = references.get(digest);
      const lines = raw.toString("utf8").split("\n").length - 1;
      if (reference?.rawBytes !== raw.length || reference.objects !== lines)
        throw new Refusal(400, "invalid-input", "not announced");
      if (!this.chunks.has(digest)) stored++;
      this.chunks.set(digest, raw);
      this.storedChunks++;
    }
    return { stored };
  }

  private commit(snapshotId: string, value: unknown): object {
    const { manifestDigest } = commitRequest.parse(value);
    const announced = this.announced.get(snapshotId);
    if (announced === undefined) throw new Refusal(404, "not-found", "not announced");
    const digest = createHash("sha256").update(canonicalJson(announced.manifest)).digest("hex");
    if (digest !== manifestDigest) throw new Refusal(409, "conflict", "another manifest");
    const before = this.answers.get(snapshotId);
    if (before !== undefined) return before;
    if (announced.manifest.sections.some(({ chunks }) => chunks.some((chunk) => !this.chunks.has(chunk.digest)))) {
      throw new Refusal(409, "conflict", "chunks are missing");
    }
    if (announced.prev !== this.lastCommit) {
      this.isQuarantined = true;
      throw new Refusal(409, "conflict", "fork");
    }
    const text = commitDigestText({ snapshotId, manifestDigest, prev: announced.prev });
    const answer = { scanSeq: this.commits.length + 1, commitDigest: createHash("sha256").update(text).digest("hex") };
    this.lastCommit = answer.commitDigest;
    this.answers.set(snapshotId, answer);
    this.commits.push({ snapshotId, scanSeq: answer.scanSeq, announcement: announced });
    return answer;
  }
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

function json(body: Buffer, limit: number): unknown {
  if (body.length > limit) throw new Refusal(413, "too-large", "the body");
  return JSON.parse(body.toString("utf8"));
}

function keyOf(publicKey: string) {
  const raw = decodeBase64(publicKey, 32) ?? new Uint8Array();
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

function isSigned(publicKey: string, text: string, proof: string): boolean {
  return verify(null, Buffer.from(text), keyOf(publicKey), decodeBase64(proof, 64) ?? new Uint8Array());
}
