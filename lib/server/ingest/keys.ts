/** Key rotation: the old key vouches for the new one, which proves itself. */
import { randomUUID } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import { decodeBase64, formatKeyid, type RotateKeyRequest, rotationProofText, WIRE_LIMITS } from "@/lib/inventory/wire";
import { writeAudit } from "../audit";
import { withOrganization } from "../db/organization";
import { agentActor } from "./actor";
import type { AgentCaller } from "./authenticate";
import { fingerprintOfKey } from "./enrol";
import { isSignedBy } from "./signature";

/**
 * Adds a key, and keeps at most two alive: a third ends the one that was offered before and never used. The same key again
 * gets the same answer (the first was lost).
 *
 * @throws RingfenceError `invalid-input` (proof), `conflict` (a key of the past)
 */
export async function rotateKey(
  agent: AgentCaller,
  message: RotateKeyRequest,
  options: { now: Date; requestId: string; origin: string | null },
): Promise<{ keyId: string }> {
  const publicKey = decodeBase64(message.publicKey, 32);
  const proof = decodeBase64(message.proof, 64);
  const keyid = formatKeyid({ organizationId: agent.orgId, agentId: agent.agentId, keyId: agent.keyId });
  const text = Buffer.from(rotationProofText(keyid, message.publicKey));
  if (publicKey === null || proof === null || !isSignedBy(publicKey, text, proof)) {
    throw new RingfenceError("invalid-input", "The proof does not match the key.");
  }
  const fingerprint = fingerprintOfKey(publicKey);
  const { orgId, agentId } = agent;
  return withOrganization(
    orgId,
    async (tx) => {
      // One rotation at a time for an agent.
      await tx.$queryRaw`select 1 from agent where org_id = ${orgId}::uuid and id = ${agentId}::uuid for update`;
      const keys = await tx.agentKey.findMany({ where: { orgId, agentId }, orderBy: { createdAt: "asc" } });
      const same = keys.find((key) => key.fingerprint === fingerprint);
      if (same !== undefined) {
        if (same.revokedAt !== null) throw new RingfenceError("conflict", "This key was in use before.");
        return { keyId: same.id };
      }
      const others = keys.filter((key) => key.revokedAt === null && key.id !== agent.keyId);
      const tooMany = others.slice(0, Math.max(0, others.length + 2 - WIRE_LIMITS.liveKeys));
      if (tooMany.length > 0) {
        await tx.agentKey.updateMany({
          where: { orgId, id: { in: tooMany.map((key) => key.id) } },
          data: { revokedAt: options.now },
        });
      }
      const keyId = randomUUID();
      await tx.agentKey.create({
        data: { orgId, id: keyId, agentId, publicKey: Buffer.from(publicKey), fingerprint, createdAt: options.now },
      });
      await writeAudit(tx, {
        orgId,
        at: options.now,
        actor: agentActor(agentId, agent.clusterSlug),
        action: "agent:rotate-key",
        outcome: "done",
        object: { type: "cluster", id: agent.clusterId, name: agent.clusterSlug },
        origin: options.origin,
        requestId: options.requestId,
        detail: { keyFingerprint: fingerprint },
      });
      return { keyId };
    },
    { role: "ingest" },
  );
}
