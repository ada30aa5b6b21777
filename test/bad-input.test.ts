/**
 * What no agent sends, over real HTTP through the production server: each gets its own status and a line in the audit trail,
 * changes nothing, and costs the server no memory to speak of.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import http from "node:http";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AGENT_PATHS,
  canonicalJson,
  encodeBase64,
  enrolmentProofText,
  type EnrolResponse,
  enrolResponse,
  PACK_MEDIA_TYPE,
  type SignedFields,
  signRequest,
} from "@/lib/inventory/wire";
import { seedCluster, type TestCluster } from "@/lib/server/evaluate/testing";
import {
  type Chunk,
  chunkOf,
  manifestOf,
  namespaceObject,
  packOf,
  seedEnrolment,
  setTestEnvironment,
} from "@/lib/server/ingest/testing";
import { makeOrganization, makePrincipal } from "@/lib/server/testing/builders";
import { createTestDatabase, type TestDatabase } from "@/lib/server/testing/database";
import { BUILD_MS, WebServer } from "./web-server";

const MIB = 1024 * 1024;

let database: TestDatabase;
let server: WebServer;
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
  server = await WebServer.start(database);
}, BUILD_MS);
afterAll(async () => {
  await server?.kill();
  await database?.drop();
});

interface Answer {
  status: number;
  code: string;
  requestId: string;
  body: Record<string, unknown>;
  /** Bytes of the body that were handed to the socket before the answer. */
  sentBytes: number;
}

/** One request; the body comes piece by piece, only as fast as the server takes it, until there is an answer. */
function send(
  method: string,
  path: string,
  headers: Record<string, string | number>,
  body: Iterable<Uint8Array>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let sentBytes = 0;
    let isAnswered = false;
    const outgoing = http.request({ host: "127.0.0.1", port: server.port, method, path, headers, agent: false });
    outgoing.on("error", (error) => !isAnswered && reject(error));
    outgoing.on("response", (incoming) => {
      isAnswered = true;
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("error", reject);
      incoming.on("end", () => {
        outgoing.destroy();
        const text = Buffer.concat(parts).toString("utf8");
        const json = JSON.parse(text) as Answer["body"] & { error?: { code: string; requestId: string } };
        resolve({
          status: incoming.statusCode ?? 0,
          code: json.error?.code ?? "",
          requestId: json.error?.requestId ?? "",
          body: json,
          sentBytes,
        });
      });
    });
    const pieces = body[Symbol.iterator]();
    const next = (): void => {
      while (!isAnswered) {
        const { done, value } = pieces.next();
        if (done) return void outgoing.end();
        sentBytes += value.byteLength;
        if (!outgoing.write(value)) return void outgoing.once("drain", next);
      }
    };
    next();
  });
}

/** Zeros without end, one piece of memory long. */
function* zeros(bytes: number): Generator<Uint8Array> {
  const piece = Buffer.alloc(256 * 1024);
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece;
}

class Caller {
  private seq = 0;
  private readonly key = generateKeyPairSync("ed25519");
  readonly publicKey = encodeBase64(this.key.publicKey.export({ format: "der", type: "spki" }).subarray(12));

  private constructor(readonly cluster: TestCluster) {}
  identity: EnrolResponse | null = null;

  static async enrolled(): Promise<Caller> {
    const caller = new Caller(await seedCluster(database));
    const token = await seedEnrolment(database, caller.cluster);
    const proof = encodeBase64(
      sign(null, Buffer.from(enrolmentProofText(token, caller.publicKey)), caller.key.privateKey),
    );
    const message = { token, publicKey: caller.publicKey, proof, agentVersion: "0.1.0", protocolVersion: 1 };
    const answer = await send("POST", AGENT_PATHS.enrol, { "content-type": "application/json" }, [
      Buffer.from(JSON.stringify({ ...message, clusterUid: null, kubernetesVersion: "v1.32.4" })),
    ]);
    expect(answer.status).toBe(201);
    caller.identity = enrolResponse.parse(answer.body);
    expect(caller.identity.audience).toBe(server.audience);
    return caller;
  }

  async headers(
    method: "POST" | "PUT",
    path: string,
    body: Uint8Array,
    key: Partial<SignedFields["key"]> = {},
  ): Promise<Record<string, string>> {
    const { identity } = this;
    if (identity === null) throw new Error("enrol first");
    const { organizationId, agentId, keyId, audience } = identity;
    const fields: SignedFields = {
      method,
      path,
      bodyDigest: createHash("sha256").update(body).digest("base64"),
      seq: ++this.seq,
      audience,
      key: { organizationId, agentId, keyId, ...key },
      created: Math.floor(Date.now() / 1000),
    };
    const contentType = method === "PUT" ? PACK_MEDIA_TYPE : "application/json";
    const signed = await signRequest(fields, (base) => sign(null, base, this.key.privateKey));
    return { ...signed, "content-type": contentType };
  }

  async call(method: "POST" | "PUT", path: string, body: Uint8Array, key?: Partial<SignedFields["key"]>) {
    return send(method, path, await this.headers(method, path, body, key), [body]);
  }
  post(path: string, message: unknown, key?: Partial<SignedFields["key"]>) {
    return this.call("POST", path, Buffer.from(JSON.stringify(message)), key);
  }
  heartbeat(key?: Partial<SignedFields["key"]>) {
    const message = { agentVersion: "0.1.0", kubernetesVersion: null, clusterUid: null, collecting: null };
    return this.post(AGENT_PATHS.heartbeat, message, key);
  }

  /** Announces a snapshot of these chunks. */
  async announce(chunks: Chunk[], change: Record<string, unknown> = {}) {
    const snapshotId = randomUUID();
    const manifest = manifestOf({ namespaces: chunks });
    const message = { schemaVersion: 1, snapshotId, prev: null, collectedAt: new Date().toISOString(), manifest };
    const answer = await this.post(AGENT_PATHS.announce, { ...message, gaps: [], ...change });
    return { snapshotId, manifest, answer };
  }
}

/** Everything of all organizations but the audit trails and what only says "somebody called". */
async function stateOfTables(): Promise<string> {
  const tables = ["enrolment", "snapshot", "chunk", "snapshot_gap", "scan", "result", "finding", "cluster_rollup"];
  const parts = await Promise.all(
    tables.map((table) => database.asSuperuser(`select * from ${table} order by 1, 2, 3`)),
  );
  const columns = "id, agent_state, last_scan_seq, deleted_at, paused, name";
  const rest = await Promise.all([
    database.asSuperuser(`select ${columns} from cluster order by id`),
    database.asSuperuser("select id, revoked_at, quarantined_at from agent order by id"),
    database.asSuperuser("select id, revoked_at from agent_key order by id"),
    database.asSuperuser("select id from graphile_worker._private_jobs order by id"),
  ]);
  return JSON.stringify([parts, rest]);
}

interface Expected {
  status: number;
  code: string;
  action: string;
  /** The trail that the line is in: an organization's, or null for the one that belongs to nobody. */
  trail: string | null;
  reason?: string;
}

/** The right answer, exactly one line for it, and nothing changed. */
async function expectRefusal(request: () => Promise<Answer>, expected: Expected): Promise<Answer> {
  const before = await stateOfTables();
  const answer = await request();
  expect({ status: answer.status, code: answer.code }).toEqual({ status: expected.status, code: expected.code });
  const lines = await database.asSuperuser<{ action: string; outcome: string; org: string | null; reason: string }>(
    `select action, outcome, org_id as org, detail ->> 'reason' as reason from audit_entry where request_id = $1
     union all select action, outcome, null, detail ->> 'reason' from system_audit_entry where request_id = $1`,
    [answer.requestId],
  );
  const reason = expected.reason ?? null;
  expect(lines).toEqual([{ action: expected.action, outcome: "refused", org: expected.trail, reason }]);
  expect(await stateOfTables()).toBe(before);
  return answer;
}

const namespaces = () => chunkOf([namespaceObject(`ns-${randomUUID().slice(0, 8)}`), namespaceObject("kube-system")]);
const tooLarge = { status: 413, code: "too-large" };

describe("a body that is too large", () => {
  it.each([
    ["that declares its 2 GB", { "content-length": String(2 ** 31) }],
    ["that hides its length", {}],
  ])("%s is refused early, and the server stays small", { timeout: 120_000 }, async (_, length) => {
    const caller = await Caller.enrolled();
    const { snapshotId } = await caller.announce([namespaces()]);
    const path = AGENT_PATHS.chunks(snapshotId);
    const headers = { ...(await caller.headers("PUT", path, Buffer.alloc(0))), ...length };
    const before = server.residentBytes();
    const answer = await expectRefusal(() => send("PUT", path, headers, zeros(2 ** 31)), {
      ...tooLarge,
      action: "snapshot:upload",
      trail: caller.cluster.orgId,
    });
    // Some of it is under way before the refusal arrives; nowhere near the whole.
    expect(answer.sentBytes).toBeLessThan(64 * MIB);
    expect(server.residentBytes() - before).toBeLessThan(96 * MIB);
    expect((await caller.heartbeat()).status).toBe(200);
  });

  it("from somebody without a signature is not even read", { timeout: 120_000 }, async () => {
    const before = server.residentBytes();
    const headers = { "content-type": "application/json" };
    const answer = await expectRefusal(() => send("POST", AGENT_PATHS.heartbeat, headers, zeros(2 ** 31)), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      trail: null,
      reason: "signature-malformed",
    });
    expect(answer.sentBytes).toBeLessThan(64 * MIB);
    await expectRefusal(() => send("POST", AGENT_PATHS.enrol, headers, zeros(2 ** 31)), {
      ...tooLarge,
      action: "agent:enrol",
      trail: null,
    });
    expect(server.residentBytes() - before).toBeLessThan(96 * MIB);
  });

  it.each([
    ["says how large it gets", 64 * MIB],
    ["says that it is small", 1000],
  ])("inside a brotli bomb that %s is refused before it is unpacked", { timeout: 120_000 }, async (_, rawBytes) => {
    const caller = await Caller.enrolled();
    const { snapshotId } = await caller.announce([namespaces()]);
    const wire = brotliCompressSync(Buffer.alloc(64 * MIB));
    expect(wire.length).toBeLessThan(10_000);
    const digest = createHash("sha256")
      .update(Buffer.alloc(64 * MIB))
      .digest("hex");
    // Written by hand: what our own encoder would make of it is not what matters.
    const header = Buffer.from(JSON.stringify([{ digest, wireBytes: wire.length, rawBytes }]));
    const size = Buffer.alloc(4);
    size.writeUInt32BE(header.length);
    const before = server.residentBytes();
    await expectRefusal(() => caller.call("PUT", AGENT_PATHS.chunks(snapshotId), Buffer.concat([size, header, wire])), {
      ...tooLarge,
      action: "snapshot:upload",
      trail: caller.cluster.orgId,
    });
    expect(server.residentBytes() - before).toBeLessThan(48 * MIB);
  });

  it("behind a Content-Encoding is refused for that alone", async () => {
    const caller = await Caller.enrolled();
    const { snapshotId } = await caller.announce([namespaces()]);
    const bomb = gzipSync(Buffer.alloc(64 * MIB));
    const path = AGENT_PATHS.chunks(snapshotId);
    const headers = { ...(await caller.headers("PUT", path, bomb)), "content-encoding": "gzip" };
    await expectRefusal(() => send("PUT", path, headers, [bomb]), {
      status: 415,
      code: "unsupported-media-type",
      action: "snapshot:upload",
      trail: caller.cluster.orgId,
    });
  });
});

describe("a message that is not understood", () => {
  it.each([
    ["is no JSON", "{ not json"],
    ["breaks off", '{"schemaVersion":1,'],
    ["is nested without end", "[".repeat(10_000) + "]".repeat(10_000)],
    ["is another JSON", "[]"],
  ])("because it %s is invalid input", async (_, text) => {
    const caller = await Caller.enrolled();
    await expectRefusal(() => caller.call("POST", AGENT_PATHS.announce, Buffer.from(text)), {
      status: 400,
      code: "invalid-input",
      action: "snapshot:announce",
      trail: caller.cluster.orgId,
    });
  });

  it("because its schema is of another version says just that", async () => {
    const caller = await Caller.enrolled();
    for (const schemaVersion of [2, 0, 999]) {
      await expectRefusal(async () => (await caller.announce([namespaces()], { schemaVersion })).answer, {
        status: 422,
        code: "unsupported-version",
        action: "snapshot:announce",
        trail: caller.cluster.orgId,
      });
    }
  });
});

describe("a signature that was used before or is too old", () => {
  it("is refused as replayed, byte for byte the same request", async () => {
    const caller = await Caller.enrolled();
    const chunk = namespaces();
    const { snapshotId } = await caller.announce([chunk]);
    const path = AGENT_PATHS.chunks(snapshotId);
    const pack = packOf([chunk]);
    const headers = await caller.headers("PUT", path, pack);
    expect((await send("PUT", path, headers, [pack])).status).toBe(200);
    await expectRefusal(() => send("PUT", path, headers, [pack]), {
      status: 409,
      code: "replayed",
      action: "agent:request",
      trail: caller.cluster.orgId,
      reason: "replayed",
    });
  });

  it("is refused as expired with its key", async () => {
    const caller = await Caller.enrolled();
    await database.asSuperuser("update agent_key set created_at = now() - interval '91 days' where agent_id = $1", [
      caller.identity?.agentId,
    ]);
    await expectRefusal(() => caller.heartbeat(), {
      status: 410,
      code: "gone",
      action: "agent:request",
      trail: caller.cluster.orgId,
      reason: "key-expired",
    });
  });
});

describe("what belongs to another organization", () => {
  it("does not exist for an agent: its snapshots", async () => {
    const [own, other] = [await Caller.enrolled(), await Caller.enrolled()];
    const chunk = namespaces();
    const { snapshotId, manifest } = await other.announce([chunk]);
    const refusal = { status: 404, code: "not-found", trail: own.cluster.orgId };
    const upload = () => own.call("PUT", AGENT_PATHS.chunks(snapshotId), packOf([chunk]));
    await expectRefusal(upload, { ...refusal, action: "snapshot:upload" });
    const manifestDigest = createHash("sha256").update(canonicalJson(manifest)).digest("hex");
    const commit = () => own.post(AGENT_PATHS.commit(snapshotId), { manifestDigest });
    await expectRefusal(commit, { ...refusal, action: "snapshot:commit" });
  });

  it("can't be spoken for: a key under another agent's name", async () => {
    const [own, other] = [await Caller.enrolled(), await Caller.enrolled()];
    const { organizationId = "", agentId = "", keyId = "" } = other.identity ?? {};
    const refusal = { status: 401, code: "signature-invalid", action: "agent:request", trail: organizationId };
    const asOther = () => own.heartbeat({ organizationId, agentId, keyId });
    await expectRefusal(asOther, { ...refusal, reason: "signature-wrong" });
    const ownKeyThere = () => own.heartbeat({ organizationId, agentId });
    await expectRefusal(ownKeyThere, { ...refusal, reason: "key-unknown" });
  });

  it("does not exist for a person: its clusters, its addresses", async () => {
    const [own, other] = [await makeOrganization(), await makeOrganization()];
    const { token } = await makePrincipal(own, "owner");
    const foreign = await seedCluster(database, { orgId: other.id, projectId: other.projects.development });
    const headers = {
      cookie: `ringfence-session=${token}`,
      origin: server.audience,
      host: new URL(server.audience).host,
      "sec-fetch-site": "same-origin",
      "content-type": "application/json",
    };
    const refusal = { status: 404, code: "not-found", action: "request:refuse" };
    for (const [method, rest] of [
      ["GET", ""],
      ["POST", "/revoke"],
      ["POST", "/enrolment"],
      ["DELETE", ""],
    ] as const) {
      const at = (slug: string) => `/api/o/${slug}/clusters/${foreign.slug}${rest}`;
      await expectRefusal(() => send(method, at(own.slug), headers, []), { ...refusal, trail: own.id });
      // An organization that somebody is no member of is none; the attempt stands in the trail that belongs to nobody.
      await expectRefusal(() => send(method, at(other.slug), headers, []), { ...refusal, trail: null });
    }
  });
});
