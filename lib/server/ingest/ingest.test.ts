/** The protocol as an agent meets it, and every refusal: the right answer, a line in the audit trail, nothing changed. */
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AGENT_PATHS,
  encodeBase64,
  encodePackHeader,
  formatKeyid,
  rotationProofText,
  WIRE_LIMITS,
} from "@/lib/inventory/wire";
import { verifyAuditChain } from "../audit";
import { openDatabase, useDatabases } from "../db/client";
import { seedCluster, seedOrganization, type TestCluster } from "../evaluate/testing";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { announceRoute, commitRoute, heartbeatRoute } from "./routes";
import { chunkOf, manifestOf, namespaceObject, packOf, seedEnrolment, setTestEnvironment, TestAgent } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
});
afterAll(() => database.drop());

/** A cluster without an agent yet, and the agent that enrolled for it. */
async function enrolled(orgId?: string): Promise<{ cluster: TestCluster; agent: TestAgent }> {
  const cluster = await seedCluster(database, { orgId });
  await database.asSuperuser("delete from agent where org_id = $1 and id = $2", [cluster.orgId, cluster.agentId]);
  const agent = new TestAgent();
  const answer = await agent.enrol(await seedEnrolment(database, cluster));
  expect(answer.status).toBe(201);
  return { cluster, agent };
}

interface AuditRow {
  action: string;
  outcome: string;
  actor_type: string;
  request_id: string;
  detail: Record<string, unknown>;
}
const auditOf = (orgId: string) =>
  database.asSuperuser<AuditRow>(
    "select action, outcome, actor_type, actor_id, request_id, detail from audit_entry where org_id = $1 order by seq",
    [orgId],
  );

/** Everything of the organization but its audit trail and what only says "somebody called". */
async function stateOf(orgId: string): Promise<string> {
  const tables = ["enrolment", "snapshot", "chunk", "snapshot_gap", "scan", "result", "finding", "cluster_rollup"];
  const parts = await Promise.all(
    tables.map((table) => database.asSuperuser(`select * from ${table} where org_id = $1 order by 2, 3`, [orgId])),
  );
  const keys = await database.asSuperuser("select id, revoked_at from agent_key where org_id = $1 order by id", [
    orgId,
  ]);
  const jobs = await database.asSuperuser("select count(*) from graphile_worker.jobs");
  return createHash("sha256")
    .update(JSON.stringify([parts, keys, jobs]))
    .digest("hex");
}

/** Runs a request that must be refused, and checks all three promises. */
async function expectRefusal(
  orgId: string,
  request: () => Promise<{ status: number; body: { error?: { code: string; message: string; requestId: string } } }>,
  expected: { status: number; code: string; action: string; reason?: string },
): Promise<void> {
  const before = await stateOf(orgId);
  const linesBefore = (await auditOf(orgId)).length;
  const { status, body } = await request();
  expect({ status, code: body.error?.code }).toEqual({ status: expected.status, code: expected.code });
  const lines = (await auditOf(orgId)).slice(linesBefore);
  expect(lines).toMatchObject([{ action: expected.action, outcome: "refused", request_id: body.error?.requestId }]);
  if (expected.reason !== undefined) expect(lines[0]?.detail.reason).toBe(expected.reason);
  expect(await stateOf(orgId)).toBe(before);
}

const namespaces = () => chunkOf([namespaceObject(`ns-${randomUUID().slice(0, 8)}`), namespaceObject("kube-system")]);

describe("enrolment", () => {
  it("gives one identity for one token, and the same again to the same key", async () => {
    const cluster = await seedCluster(database);
    const token = await seedEnrolment(database, cluster);
    const agent = new TestAgent();
    const first = await agent.enrol(token);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ organizationId: cluster.orgId, clusterId: cluster.clusterId });
    expect((await agent.enrol(token)).body).toEqual(first.body);
    const agents = await database.asSuperuser(
      "select revoked_at from agent where cluster_id = $1 order by created_at",
      [cluster.clusterId],
    );
    // The agent that the cluster had before is revoked, and the repetition made none.
    expect(agents.map((row) => row.revoked_at === null)).toEqual([false, true]);
    expect((await agent.heartbeat()).status).toBe(200);
  });

  it("refuses a used token to another key", async () => {
    const cluster = await seedCluster(database);
    const token = await seedEnrolment(database, cluster);
    await new TestAgent().enrol(token);
    await expectRefusal(cluster.orgId, () => new TestAgent().enrol(token), {
      status: 409,
      code: "conflict",
      action: "agent:enrol",
      reason: "token-used",
    });
  });

  it("refuses expired, revoked and unknown tokens and a proof by another key, each for its own reason", async () => {
    const cluster = await seedCluster(database);
    const expired = await seedEnrolment(database, cluster, new Date(Date.now() - 1000));
    await expectRefusal(cluster.orgId, () => new TestAgent().enrol(expired), {
      status: 410,
      code: "gone",
      action: "agent:enrol",
      reason: "token-expired",
    });
    const revoked = await seedEnrolment(database, cluster);
    await database.asSuperuser("update enrolment set revoked_at = now() where org_id = $1 and used_at is null", [
      cluster.orgId,
    ]);
    await expectRefusal(cluster.orgId, () => new TestAgent().enrol(revoked), {
      status: 410,
      code: "gone",
      action: "agent:enrol",
      reason: "token-revoked",
    });
    const unknown = await seedEnrolment(database, cluster);
    await database.asSuperuser("delete from enrolment where org_id = $1 and revoked_at is null", [cluster.orgId]);
    await expectRefusal(cluster.orgId, () => new TestAgent().enrol(unknown), {
      status: 401,
      code: "unauthenticated",
      action: "agent:enrol",
      reason: "token-unknown",
    });
    const good = await seedEnrolment(database, cluster);
    const other = new TestAgent();
    await expectRefusal(cluster.orgId, () => new TestAgent().enrol(good, { publicKey: other.publicKey }), {
      status: 401,
      code: "unauthenticated",
      action: "agent:enrol",
      reason: "proof-wrong",
    });
    expect((await new TestAgent().enrol(good)).status).toBe(201);
  });

  it("lets only one of two agents win that race for one token", async () => {
    const cluster = await seedCluster(database);
    const token = await seedEnrolment(database, cluster);
    const answers = await Promise.all(
      [new TestAgent(), new TestAgent(), new TestAgent()].map((agent) => agent.enrol(token)),
    );
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, 409, 409]);
  });

  it("tells a newer agent that its version is not understood, and writes to the global trail if nobody is named", async () => {
    const cluster = await seedCluster(database);
    const token = await seedEnrolment(database, cluster);
    const before = await database.asSuperuser("select id from system_audit_entry");
    const answer = await new TestAgent().enrol(token, { protocolVersion: 2 });
    expect(answer.body.error?.code).toBe("unsupported-version");
    expect(await database.asSuperuser("select id from system_audit_entry")).toHaveLength(before.length + 1);
  });
});

describe("authentication", () => {
  it("refuses a request again, and any lower number", async () => {
    const { cluster, agent } = await enrolled();
    expect((await agent.heartbeat({ seq: 10 })).status).toBe(200);
    const replayed = { status: 409, code: "replayed", action: "agent:request", reason: "replayed" };
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ seq: 10 }), replayed);
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ seq: 9 }), replayed);
    expect((await agent.heartbeat({ seq: 11 })).status).toBe(200);
  });

  it("burns a number once, whoever comes first", async () => {
    const { agent } = await enrolled();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => agent.heartbeat({ seq: 50 })));
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  });

  it("burns no number for a request that it refuses", async () => {
    const { cluster, agent } = await enrolled();
    const stranger = generateKeyPairSync("ed25519").privateKey;
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ seq: 900, signWithKey: stranger }), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      reason: "signature-wrong",
    });
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ seq: 900, sentBody: "{}" }), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      reason: "body-digest-wrong",
    });
    expect((await agent.heartbeat({ seq: 1 })).status).toBe(200);
  });

  it("refuses another audience and an unknown key, and says so in the organization that is named", async () => {
    const { cluster, agent } = await enrolled();
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ audience: "https://elsewhere.test" }), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      reason: "audience-wrong",
    });
    const { organizationId, agentId } = agent.identity ?? { organizationId: "", agentId: "" };
    const key = { organizationId, agentId, keyId: randomUUID() };
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ key }), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      reason: "key-unknown",
    });
  });

  it("answers an organization that doesn't exist exactly like a key that doesn't", async () => {
    const { agent } = await enrolled();
    const { agentId, keyId, organizationId } = agent.identity ?? { agentId: "", keyId: "", organizationId: "" };
    const nowhere = await agent.heartbeat({ key: { organizationId: randomUUID(), agentId, keyId } });
    const unknown = await agent.heartbeat({ key: { organizationId, agentId, keyId: randomUUID() } });
    expect([nowhere.status, nowhere.body.error?.code, nowhere.body.error?.message]).toEqual([
      unknown.status,
      unknown.body.error?.code,
      unknown.body.error?.message,
    ]);
  });

  it("turns a revoked agent away for good", async () => {
    const { cluster, agent } = await enrolled();
    await database.asSuperuser("update agent set revoked_at = now() where org_id = $1 and revoked_at is null", [
      cluster.orgId,
    ]);
    await expectRefusal(cluster.orgId, () => agent.heartbeat(), {
      status: 410,
      code: "gone",
      action: "agent:request",
      reason: "agent-revoked",
    });
    // Its signature was good, so the trail names it; one that only claims to be it stays anonymous.
    const [named] = (await auditOf(cluster.orgId)).slice(-1);
    expect(named).toMatchObject({ actor_type: "agent", actor_id: agent.identity?.agentId });
    const impostor = new TestAgent();
    impostor.identity = agent.identity;
    await impostor.heartbeat({ seq: 9000 });
    const [claimed] = (await auditOf(cluster.orgId)).slice(-1);
    expect(claimed).toMatchObject({ actor_type: "anonymous", actor_id: null, detail: { reason: "signature-wrong" } });
  });

  it("takes no second spelling of the signature", async () => {
    const { agent } = await enrolled();
    for (const headers of [
      { "x-agent-seq": "007" },
      { signature: "sig1=::" },
      { "signature-input": "sig2=()" },
      { "content-digest": "md5=:AAAA:" },
    ] as Record<string, string>[]) {
      expect((await agent.heartbeat({ headers })).body.error?.code).toBe("signature-invalid");
    }
  });

  it("records a clock that is far off and refuses nothing for it", async () => {
    const { cluster, agent } = await enrolled();
    expect((await agent.heartbeat({ created: Math.floor(Date.now() / 1000) - 90_000 })).status).toBe(200);
    const [row] = await database.asSuperuser("select clock_skew_seconds from cluster where id = $1", [
      cluster.clusterId,
    ]);
    expect(row?.clock_skew_seconds).toBeGreaterThanOrEqual(89_990);
  });
});

describe("a database that is away", () => {
  it("sends agents away for a moment instead of turning them down", async () => {
    const { agent } = await enrolled();
    const nowhere = openDatabase("postgresql://ringfence_ingest:x@127.0.0.1:1/none");
    useDatabases({ ingest: nowhere });
    try {
      const answer = await agent.heartbeat();
      expect([answer.status, answer.body.error?.code]).toEqual([503, "unavailable"]);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(JSON.stringify(answer.body)).not.toContain("127.0.0.1");
    } finally {
      useDatabases({ ingest: database.ingest });
      await nowhere.$disconnect();
    }
    expect((await agent.heartbeat()).status).toBe(200);
  });
});

describe("key rotation", () => {
  async function rotateTo(agent: TestAgent, next: TestAgent) {
    const { organizationId, agentId, keyId } = agent.identity ?? { organizationId: "", agentId: "", keyId: "" };
    const text = rotationProofText(formatKeyid({ organizationId, agentId, keyId }), next.publicKey);
    const proof = encodeBase64(sign(null, Buffer.from(text), next.key.privateKey));
    return agent.rotate({ publicKey: next.publicKey, proof });
  }

  it("keeps both keys until the new one is used, then expires the old one", async () => {
    const { cluster, agent } = await enrolled();
    const next = new TestAgent();
    const answer = await rotateTo(agent, next);
    expect(answer.status).toBe(200);
    // A lost answer, asked for again.
    expect((await rotateTo(agent, next)).body.keyId).toBe(answer.body.keyId);
    expect((await agent.heartbeat()).status).toBe(200);
    next.seq = agent.seq;
    next.identity = agent.identity === null ? null : { ...agent.identity, keyId: String(answer.body.keyId) };
    expect((await next.heartbeat()).status).toBe(200);
    await expectRefusal(cluster.orgId, () => agent.heartbeat({ seq: 5000 }), {
      status: 401,
      code: "signature-invalid",
      action: "agent:request",
      reason: "key-revoked",
    });
  });

  it("never has more than two live keys", async () => {
    const { agent } = await enrolled();
    for (let i = 0; i < 4; i++) expect((await rotateTo(agent, new TestAgent())).status).toBe(200);
    const live = await database.asSuperuser("select 1 from agent_key where agent_id = $1 and revoked_at is null", [
      agent.identity?.agentId,
    ]);
    expect(live).toHaveLength(2);
    expect((await agent.heartbeat()).status).toBe(200);
  });

  it("refuses a key without proof", async () => {
    const { cluster, agent } = await enrolled();
    const publicKey = new TestAgent().publicKey;
    await expectRefusal(cluster.orgId, () => agent.rotate({ publicKey, proof: encodeBase64(new Uint8Array(64)) }), {
      status: 400,
      code: "invalid-input",
      action: "agent:rotate-key",
    });
  });
});

describe("heartbeat", () => {
  it("answers interval, pause and want-full, and nothing else", async () => {
    const { cluster, agent } = await enrolled();
    expect((await agent.heartbeat()).body).toEqual({ intervalSeconds: 3600, paused: false, wantFull: false });
    await database.asSuperuser("update cluster set paused = true, rescan_requested_at = now() where id = $1", [
      cluster.clusterId,
    ]);
    expect((await agent.heartbeat()).body).toEqual({ intervalSeconds: 3600, paused: true, wantFull: true });
    const collecting = { section: "pods", done: 10, total: 200 };
    await agent.heartbeat({}, { collecting });
    const [row] = await database.asSuperuser("select collecting from cluster where id = $1", [cluster.clusterId]);
    expect(row?.collecting).toEqual(collecting);
  });

  it("refuses a state that was copied into another cluster", async () => {
    const { cluster, agent } = await enrolled();
    await agent.heartbeat({}, { clusterUid: "uid-one" });
    await expectRefusal(cluster.orgId, () => agent.heartbeat({}, { clusterUid: "uid-two" }), {
      status: 409,
      code: "conflict",
      action: "agent:request",
    });
  });
});

describe("snapshots", () => {
  it("takes a snapshot once, whatever is repeated, and asks for no chunk twice", async () => {
    const { cluster, agent } = await enrolled();
    const chunk = namespaces();
    const manifest = manifestOf({ namespaces: [chunk] });
    const snapshotId = randomUUID();
    await database.asSuperuser("update cluster set rescan_requested_at = now() where id = $1", [cluster.clusterId]);
    for (let i = 0; i < 2; i++) {
      expect((await agent.announce(snapshotId, manifest)).body).toEqual({ snapshotId, missing: [chunk.digest] });
    }
    expect((await agent.upload(snapshotId, packOf([chunk]))).body).toEqual({ stored: 1 });
    expect((await agent.upload(snapshotId, packOf([chunk]))).body).toEqual({ stored: 0 });
    expect((await agent.announce(snapshotId, manifest)).body.missing).toEqual([]);
    const commits = await Promise.all([1, 2].map(() => agent.commit(snapshotId, manifest)));
    // One agent, one request at a time: a request that was overtaken must come again.
    const retried = await agent.commit(snapshotId, manifest);
    expect(retried.body.scanSeq).toBe(1);
    for (const commit of commits) if (commit.status === 200) expect(commit.body).toEqual(retried.body);
    expect(
      await database.asSuperuser("select seq, state from scan where cluster_id = $1", [cluster.clusterId]),
    ).toEqual([{ seq: 1, state: "queued" }]);
    const jobs = await database.asSuperuser<{ payload: unknown }>(
      "select payload from graphile_worker._private_jobs where payload ->> 'clusterId' = $1",
      [cluster.clusterId],
    );
    expect(jobs.map((job) => job.payload)).toEqual([{ clusterId: cluster.clusterId, seq: 1, orgId: cluster.orgId }]);
    const [row] = await database.asSuperuser("select rescan_requested_at, last_scan_seq from cluster where id = $1", [
      cluster.clusterId,
    ]);
    expect(row).toEqual({ rescan_requested_at: null, last_scan_seq: 1 });
    // The next snapshot shares the chunk.
    expect((await agent.report({ namespaces: [chunk] })).body.scanSeq).toBe(2);
    expect((await verifyAuditChain(cluster.orgId, { role: "worker" })).brokenAt).toBeNull();
  });

  it("bounds the evidence's time by its own clock", async () => {
    const { cluster, agent } = await enrolled();
    await agent.report({ namespaces: [namespaces()] }, { collectedAt: "2031-01-01T00:00:00.000Z" });
    await agent.report({ namespaces: [namespaces()] }, { collectedAt: "2026-01-01T00:00:00.000Z" });
    const scans = await database.asSuperuser<{ as_of: Date; received_at: Date; collected_at: Date }>(
      "select as_of, received_at, collected_at from scan where cluster_id = $1 order by seq",
      [cluster.clusterId],
    );
    expect(scans[0]?.as_of).toEqual(scans[0]?.received_at);
    expect(scans[1]?.as_of).toEqual(scans[1]?.collected_at);
  });

  it("does not commit what is not complete", async () => {
    const { cluster, agent } = await enrolled();
    const manifest = manifestOf({ namespaces: [namespaces()] });
    const snapshotId = randomUUID();
    await agent.announce(snapshotId, manifest);
    await expectRefusal(cluster.orgId, () => agent.commit(snapshotId, manifest), {
      status: 409,
      code: "conflict",
      action: "snapshot:commit",
    });
  });

  it("says nothing about another organization's chunks, snapshots or clusters", async () => {
    const one = await enrolled();
    const two = await enrolled(await seedOrganization(database));
    const chunk = namespaces();
    const manifest = manifestOf({ namespaces: [chunk] });
    const snapshotId = randomUUID();
    await one.agent.announce(snapshotId, manifest);
    await one.agent.upload(snapshotId, packOf([chunk]));
    // The same bytes: still missing for the other organization.
    expect((await two.agent.announce(randomUUID(), manifest)).body.missing).toEqual([chunk.digest]);
    for (const request of [
      () => two.agent.upload(snapshotId, packOf([chunk])),
      () => two.agent.commit(snapshotId, manifest),
    ]) {
      const before = await stateOf(one.cluster.orgId);
      const answer = await request();
      expect([answer.status, answer.body.error?.message]).toEqual([404, "No such snapshot."]);
      expect(await stateOf(one.cluster.orgId)).toBe(before);
    }
    const lines = (await auditOf(two.cluster.orgId)).filter((line) => line.outcome === "refused");
    expect(lines.map((line) => line.action)).toEqual(["snapshot:upload", "snapshot:commit"]);
    // A snapshot of a sister cluster in one organization is none of its business either.
    const sister = await enrolled(one.cluster.orgId);
    expect((await sister.agent.upload(snapshotId, packOf([chunk]))).status).toBe(404);
    expect((await sister.agent.announce(snapshotId, manifest)).status).toBe(404);
  });

  it("forgives one lost acknowledgement, and quarantines a fork", async () => {
    const { cluster, agent } = await enrolled();
    await agent.report({ namespaces: [namespaces()] });
    const known = agent.prev;
    await agent.report({ namespaces: [namespaces()] });
    agent.prev = known;
    expect((await agent.report({ namespaces: [namespaces()] })).body.scanSeq).toBe(3);
    agent.prev = "0".repeat(64);
    const scans = await database.asSuperuser("select seq from scan where cluster_id = $1", [cluster.clusterId]);
    const answer = await agent.report({ namespaces: [namespaces()] });
    expect([answer.status, answer.body.error?.code]).toEqual([409, "conflict"]);
    expect(await database.asSuperuser("select seq from scan where cluster_id = $1", [cluster.clusterId])).toEqual(
      scans,
    );
    const [row] = await database.asSuperuser("select agent_state from cluster where id = $1", [cluster.clusterId]);
    expect(row?.agent_state).toBe("quarantined");
    const lines = await auditOf(cluster.orgId);
    expect(lines.map((line) => `${line.action} ${line.outcome}`).slice(-2)).toEqual([
      "agent:quarantine done",
      "snapshot:commit refused",
    ]);
    // It may still say that it lives, and is told to rest; nothing else of it is taken.
    expect((await agent.heartbeat()).body.paused).toBe(true);
    expect((await agent.announce(randomUUID(), manifestOf({}))).status).toBe(409);
    // A person who enrols it again ends the quarantine and begins a new chain.
    const again = new TestAgent();
    await again.enrol(await seedEnrolment(database, cluster));
    expect((await again.report({ namespaces: [namespaces()] })).body.scanSeq).toBe(4);
  });

  it("keeps gaps with their reasons and ends the one that it had opened itself", async () => {
    const { cluster, agent } = await enrolled();
    await database.asSuperuser(
      "insert into snapshot_gap (org_id, cluster_id, reason, from_at) values ($1, $2, 'silent', now())",
      [cluster.orgId, cluster.clusterId],
    );
    const gap = {
      fromAt: "2026-11-20T01:00:00.000Z",
      toAt: "2026-11-20T03:00:00.000Z",
      reason: "server-unreachable" as const,
    };
    await agent.report({ namespaces: [namespaces()] }, { gaps: [gap] });
    const rows = await database.asSuperuser(
      "select reason, to_at is null as open from snapshot_gap where cluster_id = $1 order by from_at",
      [cluster.clusterId],
    );
    expect(rows).toEqual([
      { reason: "server-unreachable", open: false },
      { reason: "silent", open: false },
    ]);
  });
});

describe("bad input", () => {
  const announcing = async () => {
    const world = await enrolled();
    const chunk = namespaces();
    const snapshotId = randomUUID();
    await world.agent.announce(snapshotId, manifestOf({ namespaces: [chunk] }));
    return { ...world, orgId: world.cluster.orgId, chunk, snapshotId };
  };
  const upload = { action: "snapshot:upload" };

  it("refuses a body of 2 GB by its length, and one that hides its length", async () => {
    const { orgId, agent, snapshotId } = await announcing();
    const expected = { status: 413, code: "too-large", ...upload };
    const length = { "content-length": String(2 ** 31) };
    await expectRefusal(orgId, () => agent.upload(snapshotId, Buffer.alloc(10), { headers: length }), expected);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    await expectRefusal(orgId, () => agent.upload(snapshotId, Buffer.alloc(10), { sentBody: endless }), expected);
    expect(pulled).toBeLessThan(8);
  });

  it("refuses a gzip bomb and a brotli bomb", async () => {
    const { orgId, agent, snapshotId } = await announcing();
    const gzip = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const encoded = { headers: { "content-encoding": "gzip" } };
    await expectRefusal(orgId, () => agent.upload(snapshotId, gzip, encoded), {
      status: 415,
      code: "unsupported-media-type",
      ...upload,
    });
    await expectRefusal(orgId, () => agent.upload(snapshotId, gzip), { status: 413, code: "too-large", ...upload });
    const raw = Buffer.alloc(WIRE_LIMITS.chunkInflatedBytes, 0x20);
    const bomb = {
      digest: createHash("sha256").update(raw).digest("hex"),
      raw,
      wire: brotliCompressSync(raw),
      objects: 1,
    };
    await expectRefusal(orgId, () => agent.upload(snapshotId, packOf([bomb])), {
      status: 413,
      code: "too-large",
      ...upload,
    });
    const lying = encodePackHeader([{ digest: bomb.digest, wireBytes: bomb.wire.byteLength, rawBytes: 100 }]);
    await expectRefusal(orgId, () => agent.upload(snapshotId, Buffer.concat([lying, bomb.wire])), {
      status: 413,
      code: "too-large",
      ...upload,
    });
  });

  it("refuses invalid JSON, in messages and in chunks", async () => {
    const { orgId, agent, snapshotId } = await announcing();
    const send = (body: string) => agent.send(announceRoute, "POST", AGENT_PATHS.announce, Buffer.from(body));
    const expected = { status: 400, code: "invalid-input" };
    await expectRefusal(orgId, () => send('{"schemaVersion": 1,'), { ...expected, action: "snapshot:announce" });
    await expectRefusal(orgId, () => send("[".repeat(40)), { ...expected, action: "snapshot:announce" });
    await expectRefusal(orgId, () => send('{"schemaVersion":1}'), { ...expected, action: "snapshot:announce" });
    const raw = Buffer.from("not json\n");
    const broken = {
      digest: createHash("sha256").update(raw).digest("hex"),
      raw,
      wire: brotliCompressSync(raw),
      objects: 1,
    };
    const manifest = manifestOf({ namespaces: [broken] });
    const id = randomUUID();
    await agent.announce(id, manifest);
    await expectRefusal(orgId, () => agent.upload(id, packOf([broken])), { ...expected, ...upload });
    expect((await agent.upload(snapshotId, packOf([broken]))).status).toBe(409);
  });

  it("refuses a schema version that it doesn't know", async () => {
    const { cluster, agent } = await enrolled();
    const message = { schemaVersion: 2, whatever: true };
    await expectRefusal(cluster.orgId, () => agent.post(announceRoute, AGENT_PATHS.announce, message), {
      status: 422,
      code: "unsupported-version",
      action: "snapshot:announce",
    });
  });

  it("refuses a section, a chunk and a manifest that were not announced", async () => {
    const { orgId, agent, snapshotId, chunk } = await announcing();
    await expectRefusal(orgId, () => agent.announce(randomUUID(), manifestOf({ secrets: [chunk] })), {
      status: 400,
      code: "invalid-input",
      action: "snapshot:announce",
    });
    await expectRefusal(orgId, () => agent.upload(snapshotId, packOf([namespaces()])), {
      status: 400,
      code: "invalid-input",
      ...upload,
    });
    await expectRefusal(orgId, () => agent.announce(snapshotId, manifestOf({})), {
      status: 409,
      code: "conflict",
      action: "snapshot:announce",
    });
    const manifestDigest = "0".repeat(64);
    await expectRefusal(orgId, () => agent.post(commitRoute, AGENT_PATHS.commit(snapshotId), { manifestDigest }), {
      status: 409,
      code: "conflict",
      action: "snapshot:commit",
    });
  });

  it("sees a secret through JSON's escapes", async () => {
    const { cluster, agent } = await enrolled();
    const text = JSON.stringify(namespaceObject("shop", { note: "4111 1111 1111 1111" })).replaceAll("4", "\\u0034");
    const raw = Buffer.from(`${text}\n`);
    const digest = createHash("sha256").update(raw).digest("hex");
    const chunk = { digest, raw, wire: brotliCompressSync(raw), objects: 1 };
    const snapshotId = randomUUID();
    await agent.announce(snapshotId, manifestOf({ namespaces: [chunk] }));
    expect((await agent.upload(snapshotId, packOf([chunk]))).body.error?.code).toBe("secret-detected");
    expect(await database.asSuperuser("select 1 from chunk where org_id = $1", [cluster.orgId])).toEqual([]);
  });

  it("refuses an object with a field that should never have left the cluster", async () => {
    const { cluster, agent } = await enrolled();
    const full = chunkOf([{ ...namespaceObject("shop"), data: { password: "cGFzc3dvcmQ=" } }]);
    const manifest = manifestOf({ namespaces: [full] });
    const snapshotId = randomUUID();
    await agent.announce(snapshotId, manifest);
    await expectRefusal(cluster.orgId, () => agent.upload(snapshotId, packOf([full])), {
      status: 400,
      code: "invalid-input",
      ...upload,
    });
  });

  it("refuses another content type and a path that is no snapshot", async () => {
    const { cluster, agent } = await enrolled();
    await expectRefusal(
      cluster.orgId,
      () => agent.send(heartbeatRoute, "POST", AGENT_PATHS.heartbeat, Buffer.from("{}"), "text/plain"),
      { status: 415, code: "unsupported-media-type", action: "agent:request" },
    );
    await expectRefusal(cluster.orgId, () => agent.upload("1234", Buffer.alloc(4)), {
      status: 404,
      code: "not-found",
      ...upload,
    });
  });

  it.each([
    ["a card number", "4111 1111 1111 1111", "card-number"],
    ["a private key", "-----BEGIN PRIVATE KEY-----", "private-key"],
    ["a cloud token after a line break", "see\nAKIAABCDEFGHIJKLMNOP", "cloud-token"],
  ])("refuses an upload with %s, stores nothing of it, and records an incident", async (_, value, kind) => {
    const { cluster, agent } = await enrolled();
    const clean = namespaces();
    const dirty = chunkOf([namespaceObject("other"), namespaceObject("shop", { note: value })]);
    const manifest = manifestOf({ namespaces: [clean, dirty] });
    const snapshotId = randomUUID();
    await agent.announce(snapshotId, manifest);
    const answer = await agent.upload(snapshotId, packOf([clean, dirty]));
    expect([answer.status, answer.body.error?.code]).toEqual([422, "secret-detected"]);
    expect(await database.asSuperuser("select 1 from chunk where org_id = $1", [cluster.orgId])).toEqual([]);
    const last = (await auditOf(cluster.orgId)).at(-1);
    expect(last).toMatchObject({ action: "snapshot:refuse", outcome: "refused", detail: { secretKind: kind } });
    expect(JSON.stringify(last)).not.toContain("1111");
    expect(JSON.stringify(answer.body)).not.toContain("1111");
    // That snapshot is over; the next one is welcome.
    expect((await agent.upload(snapshotId, packOf([clean]))).status).toBe(409);
    expect((await agent.report({ namespaces: [clean] })).status).toBe(200);
  });
});
