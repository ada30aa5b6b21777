/**
 * From a signed request to the agent that sent it (RFC 9421 in the profile of lib/inventory/wire/signature.ts), or a refusal
 * with a reason of its own.
 *
 * Order matters. What costs nothing comes first; the body is read only for a valid signature; and the sequence number is
 * burnt last, by one UPDATE that is replay protection, revocation and liveness at once. A request that fails before it burns
 * nothing, so nobody can use up an agent's numbers without its key.
 *
 * No answer depends on the agent's clock: `created` is compared with ours only to record how far apart the two are. What
 * expires is the key, by our clock (docs/decisions/011-signatures-and-clocks.md).
 */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import {
  CLOCK_SKEW_SECONDS,
  encodeBase64,
  KEY_MAX_AGE_DAYS,
  parseSignedRequest,
  type SignedFields,
} from "@/lib/inventory/wire";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { readBody } from "./body";
import { isSignedBy } from "./signature";

/** Why an agent was refused, for the audit trail; the agent itself is told less. */
export type RefusalReason =
  | "signature-malformed"
  | "key-unknown"
  | "audience-wrong"
  | "signature-wrong"
  | "key-revoked"
  | "key-expired"
  | "agent-revoked"
  | "body-digest-wrong"
  | "replayed";

/** A good signature, but whoever sent it now need not be the one who signed. */
const NOT_THEIRS: ReadonlySet<RefusalReason> = new Set(["replayed", "body-digest-wrong"]);

export class AgentRefused extends RingfenceError {
  constructor(
    readonly reason: RefusalReason,
    code: "signature-invalid" | "gone" | "replayed",
    message: string,
    /** The key that the request names, once it could be read; it proves nothing unless the signature was verified. */
    readonly claimed: SignedFields["key"] | null,
    /** The agent whose valid signature the whole request carries; null while none was verified, for a replay and for another body. */
    readonly signer: Pick<AgentCaller, "agentId" | "clusterId" | "clusterSlug"> | null = null,
  ) {
    super(code, message);
    this.name = "AgentRefused";
  }
}

/** An agent whose signature, body and sequence number were all good. */
export interface AgentCaller {
  orgId: string;
  agentId: string;
  keyId: string;
  clusterId: string;
  clusterSlug: string;
  /** A copied key was seen: it may talk, but nothing that it sends is taken. */
  isQuarantined: boolean;
}

interface KeyRow {
  public_key: Uint8Array;
  key_revoked: boolean;
  key_created_at: Date;
  agent_revoked: boolean;
  cluster_id: string;
  cluster_slug: string;
  quarantined: boolean;
}

/**
 * Authenticates the request and gives its body, both or neither.
 *
 * @param options.audience this server's own, as told to agents at their enrolment
 * @param options.onVerified told who signed before the body is read, so that a refused body has a name in the audit trail
 * @throws AgentRefused; RingfenceError `too-large`, `unsupported-media-type`, `invalid-input` for the body
 */
export async function authenticateAgent(
  request: Request,
  options: { audience: string; maxBodyBytes: number; now: Date; onVerified: (agent: AgentCaller) => void },
): Promise<{ agent: AgentCaller; body: Uint8Array }> {
  const url = new URL(request.url);
  const parsed = parseSignedRequest({
    method: request.method,
    path: url.pathname + url.search,
    headers: request.headers,
  });
  if (!parsed.ok) throw new AgentRefused("signature-malformed", "signature-invalid", `${parsed.reason}.`, null);
  const { fields, signature, base } = parsed;
  const { key } = fields;
  let signer: AgentRefused["signer"] = null;
  const refuse = (reason: RefusalReason, message: string, code: "signature-invalid" | "gone" | "replayed") =>
    new AgentRefused(reason, code, message, key, NOT_THEIRS.has(reason) ? null : signer);

  const known = await withOrganization(key.organizationId, (tx) => findKey(tx, key), { role: "ingest" });
  if (known === null) throw refuse("key-unknown", "No such key is enrolled.", "signature-invalid");
  if (fields.audience !== options.audience) {
    throw refuse("audience-wrong", "The request is meant for another server.", "signature-invalid");
  }
  if (!isSignedBy(known.public_key, base, signature)) {
    throw refuse("signature-wrong", "The signature does not match the request.", "signature-invalid");
  }
  signer = { agentId: key.agentId, clusterId: known.cluster_id, clusterSlug: known.cluster_slug };
  if (known.agent_revoked) throw refuse("agent-revoked", "This agent was revoked.", "gone");
  if (known.key_revoked) throw refuse("key-revoked", "This key was revoked.", "signature-invalid");
  if (isKeyExpired(known.key_created_at, options.now)) {
    // Not `signature-invalid`: no other signature by this key would do better, so the agent stops and waits for a token.
    throw refuse(
      "key-expired",
      `This key has expired: it is older than ${KEY_MAX_AGE_DAYS} days. Enrol the agent again.`,
      "gone",
    );
  }

  const agent: AgentCaller = {
    orgId: key.organizationId,
    agentId: key.agentId,
    keyId: key.keyId,
    clusterId: known.cluster_id,
    clusterSlug: known.cluster_slug,
    isQuarantined: known.quarantined,
  };
  options.onVerified(agent);
  const body = await readBody(request, options.maxBodyBytes);
  if (encodeBase64(createHash("sha256").update(body).digest()) !== fields.bodyDigest) {
    throw refuse("body-digest-wrong", "The body is not the one that was signed.", "signature-invalid");
  }

  const burnt = await withOrganization(key.organizationId, (tx) => burnSequence(tx, fields, options.now), {
    role: "ingest",
  });
  if (burnt === "replayed") throw refuse("replayed", "The sequence number was used before.", "replayed");
  if (burnt === "revoked") throw refuse("agent-revoked", "This agent was revoked.", "gone");
  return { agent, body };
}

/** True once a key that this server took at `createdAt` is past its life. Both times are the server's own. */
export function isKeyExpired(createdAt: Date, now: Date): boolean {
  return now.getTime() - createdAt.getTime() >= KEY_MAX_AGE_DAYS * 86_400_000;
}

async function findKey(tx: Transaction, key: SignedFields["key"]): Promise<KeyRow | null> {
  const rows = await tx.$queryRaw<KeyRow[]>`
    select k.public_key, k.revoked_at is not null as key_revoked, k.created_at as key_created_at,
      (a.revoked_at is not null or c.deleted_at is not null) as agent_revoked,
      c.id as cluster_id, c.slug as cluster_slug, a.quarantined_at is not null as quarantined
    from agent_key k
    join agent a on a.org_id = k.org_id and a.id = k.agent_id
    join cluster c on c.org_id = a.org_id and c.id = a.cluster_id
    where k.org_id = ${key.organizationId}::uuid and k.id = ${key.keyId}::uuid and k.agent_id = ${key.agentId}::uuid`;
  return rows[0] ?? null;
}

/**
 * Burns the number. The first use of a newer key ends the older ones: the agent stores a key before it signs with it, so
 * whoever still holds an older one from then on is somebody else.
 */
async function burnSequence(
  tx: Transaction,
  fields: SignedFields,
  now: Date,
): Promise<"burnt" | "replayed" | "revoked"> {
  const { organizationId, agentId, keyId } = fields.key;
  const nowSeconds = Math.floor(now.getTime() / 1000);
  const skew = nowSeconds - fields.created;
  const recorded = Math.abs(skew) > CLOCK_SKEW_SECONDS ? Math.max(-2_000_000_000, Math.min(2_000_000_000, skew)) : 0;
  const burnt = await tx.$queryRaw<{ first_use: boolean }[]>`
    with burnt as (
      update agent set last_seq = ${fields.seq}::bigint, last_seen_at = ${now}::timestamptz
      where org_id = ${organizationId}::uuid and id = ${agentId}::uuid and last_seq < ${fields.seq}::bigint
        and revoked_at is null
      returning org_id, cluster_id),
    seen as (
      update cluster c set last_seen_at = ${now}::timestamptz, clock_skew_seconds = ${recorded}::int
      from burnt where c.org_id = burnt.org_id and c.id = burnt.cluster_id
      returning c.id)
    select k.last_used_at is null as first_use
    from burnt join agent_key k on k.org_id = burnt.org_id and k.id = ${keyId}::uuid
    left join seen on true`;
  const row = burnt[0];
  if (row === undefined) {
    const agent = await tx.agent.findUnique({
      where: { orgId_id: { orgId: organizationId, id: agentId } },
      select: { revokedAt: true },
    });
    return agent?.revokedAt === null ? "replayed" : "revoked";
  }
  await tx.$executeRaw`
    update agent_key set last_used_at = ${now}::timestamptz
    where org_id = ${organizationId}::uuid and id = ${keyId}::uuid
      and (last_used_at is null or last_used_at < ${now}::timestamptz - interval '1 minute')`;
  if (row.first_use) {
    await tx.$executeRaw`
      update agent_key old set revoked_at = ${now}::timestamptz
      from agent_key new
      where new.org_id = ${organizationId}::uuid and new.id = ${keyId}::uuid
        and old.org_id = new.org_id and old.agent_id = new.agent_id and old.id <> new.id
        and old.created_at <= new.created_at and old.revoked_at is null`;
  }
  return "burnt";
}
