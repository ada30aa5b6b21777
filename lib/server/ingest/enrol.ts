/** Enrolment: a single-use token and a key of the agent's own become an agent. */
import { createHash, randomUUID } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import {
  decodeBase64,
  type EnrolRequest,
  type EnrolResponse,
  enrolmentProofText,
  parseEnrolmentToken,
} from "@/lib/inventory/wire";
import { writeAudit } from "../audit";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { agentActor } from "./actor";
import { isSignedBy } from "./signature";

/** Why an enrolment was refused, for the audit trail. */
export type EnrolmentRefusalReason =
  | "token-unknown"
  | "token-revoked"
  | "token-expired"
  | "token-used"
  | "proof-wrong"
  | "cluster-deleted";

export class EnrolmentRefused extends RingfenceError {
  constructor(
    readonly reason: EnrolmentRefusalReason,
    code: "unauthenticated" | "gone" | "conflict",
    message: string,
    /** The organization that the token names; it proves nothing. */
    readonly claimedOrgId: string | null,
    /** Known when the token itself was found. */
    readonly cluster: { id: string; slug: string } | null,
  ) {
    super(code, message);
    this.name = "EnrolmentRefused";
  }
}

interface EnrolmentRow {
  id: string;
  cluster_id: string;
  slug: string;
  interval_seconds: number;
  expires_at: Date;
  used_at: Date | null;
  used_public_key: Uint8Array | null;
  agent_id: string | null;
  revoked_at: Date | null;
  deleted_at: Date | null;
}

/**
 * Enrols an agent, or repeats the answer if the very same key asks again within the token's life (its first answer was lost).
 *
 * An agent that the cluster had before is replaced: its keys end here, so that a cluster never has two voices.
 *
 * @throws EnrolmentRefused
 */
export async function enrolAgent(
  message: EnrolRequest,
  options: { audience: string; now: Date; requestId: string; origin: string | null },
): Promise<EnrolResponse> {
  const named = parseEnrolmentToken(message.token);
  const publicKey = decodeBase64(message.publicKey, 32);
  const proof = decodeBase64(message.proof, 64);
  if (named === null || publicKey === null || proof === null) {
    throw new EnrolmentRefused("token-unknown", "unauthenticated", "The enrolment token is not valid.", null, null);
  }
  const orgId = named.organizationId;
  const proven = isSignedBy(publicKey, Buffer.from(enrolmentProofText(message.token, message.publicKey)), proof);
  if (!proven) {
    throw new EnrolmentRefused("proof-wrong", "unauthenticated", "The proof does not match the key.", orgId, null);
  }
  return withOrganization(
    orgId,
    async (tx) => {
      const enrolment = await lockEnrolment(tx, orgId, message.token);
      const refuse = (reason: EnrolmentRefusalReason, code: "unauthenticated" | "gone" | "conflict", text: string) =>
        new EnrolmentRefused(
          reason,
          code,
          text,
          orgId,
          enrolment === null ? null : { id: enrolment.cluster_id, slug: enrolment.slug },
        );
      if (enrolment === null) throw refuse("token-unknown", "unauthenticated", "The enrolment token is not valid.");
      if (enrolment.deleted_at !== null) throw refuse("cluster-deleted", "gone", "The cluster was removed.");
      if (enrolment.revoked_at !== null) throw refuse("token-revoked", "gone", "The enrolment token was revoked.");
      if (enrolment.expires_at <= options.now)
        throw refuse("token-expired", "gone", "The enrolment token has expired.");
      const answerOf = (agentId: string, keyId: string): EnrolResponse => ({
        organizationId: orgId,
        clusterId: enrolment.cluster_id,
        agentId,
        keyId,
        audience: options.audience,
        intervalSeconds: enrolment.interval_seconds,
      });
      if (enrolment.used_at !== null) {
        const same = Buffer.from(enrolment.used_public_key ?? []).equals(Buffer.from(publicKey));
        const before = same && enrolment.agent_id !== null ? await findLiveKey(tx, orgId, enrolment.agent_id) : null;
        if (before === null) throw refuse("token-used", "conflict", "The enrolment token was used before.");
        return answerOf(before.agentId, before.id);
      }
      const { agentId, keyId } = await createAgent(tx, enrolment, message, publicKey, orgId, options.now);
      await writeAudit(tx, {
        orgId,
        at: options.now,
        actor: agentActor(agentId, enrolment.slug),
        action: "agent:enrol",
        outcome: "done",
        object: { type: "cluster", id: enrolment.cluster_id, name: enrolment.slug },
        origin: options.origin,
        requestId: options.requestId,
        detail: { keyFingerprint: fingerprintOfKey(publicKey), agentVersion: message.agentVersion },
      });
      return answerOf(agentId, keyId);
    },
    { role: "ingest" },
  );
}

/** SHA-256 of the raw key, lower-case hex: how people compare keys. */
export function fingerprintOfKey(publicKey: Uint8Array): string {
  return createHash("sha256").update(publicKey).digest("hex");
}

async function lockEnrolment(tx: Transaction, orgId: string, token: string): Promise<EnrolmentRow | null> {
  const hash = createHash("sha256").update(token).digest("hex");
  const rows = await tx.$queryRaw<EnrolmentRow[]>`
    select e.id, e.cluster_id, c.slug, c.interval_seconds, e.expires_at, e.used_at, e.used_public_key, e.agent_id,
      e.revoked_at, c.deleted_at
    from enrolment e join cluster c on c.org_id = e.org_id and c.id = e.cluster_id
    where e.org_id = ${orgId}::uuid and e.token_hash = decode(${hash}, 'hex')
    for update`;
  return rows[0] ?? null;
}

async function findLiveKey(
  tx: Transaction,
  orgId: string,
  agentId: string,
): Promise<{ id: string; agentId: string } | null> {
  return tx.agentKey.findFirst({
    where: { orgId, agentId, revokedAt: null, agent: { revokedAt: null } },
    orderBy: { createdAt: "asc" },
    select: { id: true, agentId: true },
  });
}

async function createAgent(
  tx: Transaction,
  enrolment: EnrolmentRow,
  message: EnrolRequest,
  publicKey: Uint8Array,
  orgId: string,
  now: Date,
): Promise<{ agentId: string; keyId: string }> {
  const clusterId = enrolment.cluster_id;
  await tx.$executeRaw`
    with replaced as (
      update agent set revoked_at = ${now}::timestamptz
      where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and revoked_at is null
      returning org_id, id)
    update agent_key k set revoked_at = ${now}::timestamptz
    from replaced where k.org_id = replaced.org_id and k.agent_id = replaced.id and k.revoked_at is null`;
  const agentId = randomUUID();
  const keyId = randomUUID();
  const { protocolVersion, agentVersion } = message;
  await tx.agent.create({
    data: { orgId, id: agentId, clusterId, protocolVersion, agentVersion, createdAt: now, lastSeenAt: now },
  });
  await tx.agentKey.create({
    data: {
      orgId,
      id: keyId,
      agentId,
      publicKey: Buffer.from(publicKey),
      fingerprint: fingerprintOfKey(publicKey),
      createdAt: now,
    },
  });
  await tx.enrolment.update({
    where: { orgId_id: { orgId, id: enrolment.id } },
    data: { usedAt: now, usedPublicKey: Buffer.from(publicKey), agentId },
  });
  await tx.cluster.update({
    where: { orgId_id: { orgId, id: clusterId } },
    data: {
      agentState: "enrolled",
      agentVersion,
      kubernetesVersion: message.kubernetesVersion,
      clusterUid: message.clusterUid,
      lastSeenAt: now,
    },
  });
  return { agentId, keyId };
}
