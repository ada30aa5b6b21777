/** What expires and what doesn't: keys by the server's clock; no request by the agent's (docs/decisions/011). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sign } from "node:crypto";
import {
  encodeBase64,
  formatKeyid,
  KEY_MAX_AGE_DAYS,
  KEY_ROTATION_DAYS,
  rotationProofText,
  signatureBase,
} from "@/lib/inventory/wire";
import { seedCluster, type TestCluster } from "../evaluate/testing";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { isKeyExpired } from "./authenticate";
import { seedEnrolment, setTestEnvironment, TestAgent } from "./testing";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  setTestEnvironment(database);
});
afterAll(() => database.drop());

async function enrolled(): Promise<{ cluster: TestCluster; agent: TestAgent }> {
  const cluster = await seedCluster(database);
  const agent = new TestAgent();
  expect((await agent.enrol(await seedEnrolment(database, cluster))).status).toBe(201);
  return { cluster, agent };
}

/** Makes the agent's keys as old as that, by the clock of whoever stored them. */
const age = (agent: TestAgent, hours: number) =>
  database.asSuperuser(
    "update agent_key set created_at = now() - make_interval(hours => $2) where agent_id = $1 and revoked_at is null",
    [agent.identity?.agentId, hours],
  );
const trailOf = (cluster: TestCluster) =>
  database.asSuperuser<{ action: string; outcome: string; actor_type: string; detail: Record<string, unknown> }>(
    "select action, outcome, actor_type, detail from audit_entry where org_id = $1 and outcome = 'refused' order by seq",
    [cluster.orgId],
  );
const skewOf = async (cluster: TestCluster) =>
  (
    await database.asSuperuser<{ clock_skew_seconds: number }>("select clock_skew_seconds from cluster where id = $1", [
      cluster.clusterId,
    ])
  )[0]?.clock_skew_seconds;
const lastSeq = async (agent: TestAgent) =>
  Number(
    (
      await database.asSuperuser<{ last_seq: string }>("select last_seq from agent where id = $1", [
        agent.identity?.agentId,
      ])
    )[0]?.last_seq,
  );

describe("a signature by a key that is too old", () => {
  it("is refused as expired, audited as that, and burns nothing", async () => {
    const { cluster, agent } = await enrolled();
    await agent.heartbeat();
    const before = await lastSeq(agent);
    await age(agent, KEY_MAX_AGE_DAYS * 24 + 1);
    const answer = await agent.heartbeat();
    expect([answer.status, answer.body.error?.code]).toEqual([410, "gone"]);
    expect(answer.body.error?.message).toContain("expired");
    expect(await trailOf(cluster)).toMatchObject([
      { action: "agent:request", actor_type: "agent", detail: { reason: "key-expired" } },
    ]);
    expect(await lastSeq(agent)).toBe(before);
  });

  it("counts the last hour, too", async () => {
    const { agent } = await enrolled();
    await age(agent, KEY_MAX_AGE_DAYS * 24 - 1);
    expect((await agent.heartbeat()).status).toBe(200);
  });

  it("can't be saved by the time that the signature claims", async () => {
    const { agent } = await enrolled();
    await age(agent, KEY_MAX_AGE_DAYS * 24 + 1);
    const weekAgo = Math.floor(Date.now() / 1000) - 7 * 86_400;
    expect((await agent.heartbeat({ created: weekAgo })).status).toBe(410);
  });

  it("is no longer able to vouch for a new key; enrolling again is the way back", async () => {
    const { cluster, agent } = await enrolled();
    await age(agent, KEY_MAX_AGE_DAYS * 24 + 1);
    const next = new TestAgent();
    const { organizationId = "", agentId = "", keyId = "" } = agent.identity ?? {};
    const text = rotationProofText(formatKeyid({ organizationId, agentId, keyId }), next.publicKey);
    const proof = encodeBase64(sign(null, Buffer.from(text), next.key.privateKey));
    expect((await agent.rotate({ publicKey: next.publicKey, proof })).status).toBe(410);
    const keys = await database.asSuperuser("select id from agent_key where agent_id = $1", [agentId]);
    expect(keys).toHaveLength(1);
    expect((await next.enrol(await seedEnrolment(database, cluster))).status).toBe(201);
    expect((await next.heartbeat()).status).toBe(200);
  });

  it("leaves a stranger who doesn't hold the key with the answer of a wrong signature", async () => {
    const { cluster, agent } = await enrolled();
    await age(agent, KEY_MAX_AGE_DAYS * 24 + 1);
    const stranger = new TestAgent().key.privateKey;
    expect((await agent.heartbeat({ signWithKey: stranger })).body.error?.code).toBe("signature-invalid");
    expect((await trailOf(cluster)).map(({ detail }) => detail.reason)).toEqual(["signature-wrong"]);
  });

  it("never meets an agent that rotates: the ages lie far apart, and the limit is exact", () => {
    expect(KEY_ROTATION_DAYS * 2).toBeLessThan(KEY_MAX_AGE_DAYS);
    const now = new Date("2026-11-21T10:00:00Z");
    const older = (ms: number) => new Date(now.getTime() - KEY_MAX_AGE_DAYS * 86_400_000 - ms);
    expect([isKeyExpired(older(0), now), isKeyExpired(older(-1), now), isKeyExpired(now, now)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the agent's clock", () => {
  it.each([
    ["a year behind", -31_536_000],
    ["a year ahead", 31_536_000],
    ["an hour behind", -3600],
    ["ten minutes ahead", 600],
  ])("%s is recorded and refuses nothing", async (_, offset) => {
    const { cluster, agent } = await enrolled();
    expect((await agent.heartbeat({ created: Math.floor(Date.now() / 1000) + offset })).status).toBe(200);
    expect(Math.abs(Number(await skewOf(cluster)) + offset)).toBeLessThan(60);
    expect(await trailOf(cluster)).toEqual([]);
    // Once it is right, so is the record.
    expect((await agent.heartbeat()).status).toBe(200);
    expect(await skewOf(cluster)).toBe(0);
  });

  it("makes no old request good again: its number is what counts, however fresh it looks", async () => {
    const { cluster, agent } = await enrolled();
    expect((await agent.heartbeat({ seq: 5 })).status).toBe(200);
    const again = await agent.heartbeat({ seq: 5, created: Math.floor(Date.now() / 1000) + 1 });
    expect([again.status, again.body.error?.code]).toEqual([409, "replayed"]);
    expect((await trailOf(cluster)).map(({ detail }) => detail.reason)).toEqual(["replayed"]);
  });
});

describe("a signature that sets itself an end", () => {
  it("is not of this profile and refused, past or not", async () => {
    const { cluster, agent } = await enrolled();
    const unnamed = () =>
      database.asSuperuser<{ detail: { reason?: string } }>("select detail from system_audit_entry");
    const before = (await unnamed()).length;
    for (const expires of [1, Math.floor(Date.now() / 1000) + 3600]) {
      const { organizationId = "", agentId = "", keyId = "", audience = "" } = agent.identity ?? {};
      const created = Math.floor(Date.now() / 1000);
      const keyid = formatKeyid({ organizationId, agentId, keyId });
      const covered = `("@method" "@path" "content-digest" "x-agent-seq" "x-ringfence-audience")`;
      const input = `sig1=${covered};created=${created};expires=${expires};keyid="${keyid}";alg="ed25519"`;
      // The parameter is really signed, so that only the profile stands in its way.
      const body = Buffer.from("{}");
      const digest = encodeBase64(await crypto.subtle.digest("SHA-256", body).then((bytes) => new Uint8Array(bytes)));
      const base = signatureBase({
        method: "POST",
        path: "/api/agent/heartbeat",
        bodyDigest: digest,
        seq: 1,
        audience,
        key: { organizationId, agentId, keyId },
        created,
      }).replace(";keyid=", `;expires=${expires};keyid=`);
      const signature = encodeBase64(sign(null, Buffer.from(base), agent.key.privateKey));
      const answer = await agent.heartbeat({
        headers: { "signature-input": input, signature: `sig1=:${signature}:` },
      });
      expect([answer.status, answer.body.error?.code]).toEqual([401, "signature-invalid"]);
    }
    expect(await lastSeq(agent)).toBe(0);
    // What can't be read names nobody: it stands in the trail that belongs to no organization.
    expect(await trailOf(cluster)).toEqual([]);
    const lines = await unnamed();
    expect(lines).toHaveLength(before + 2);
    expect(lines.filter(({ detail }) => detail.reason === "signature-malformed")).toHaveLength(2);
  });
});
