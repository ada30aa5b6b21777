/**
 * The audit trail: every change and every refusal, written in the transaction of what it records, so that both commit
 * together or not at all (PCI DSS 10.2: who, what, when, from where, on what, with which outcome).
 *
 * The database numbers and links the entries of an organization: hash = SHA-256(hex(previous hash) + " " + number + " " +
 * record), where `record` is the entry as one line of JSON. Nobody, the tables' owner included, can update or delete one.
 */
import { createHash } from "node:crypto";
import type { Role } from "@/lib/access";
import { Prisma } from "./db/generated/client";
import type { Transaction } from "./db/client";
import { withOrganization, withoutOrganization } from "./db/organization";
import type { ProcessRole } from "./db/roles";

/** What can happen. `noun:verb`, as permissions are; add a member here, never a string at a call site. */
export type AuditAction =
  | "organization:create"
  | "project:create"
  | "member:invite"
  | "invitation:accept"
  | "invitation:revoke"
  | "member:revoke"
  | "session:sign-in"
  | "session:sign-out"
  | "session:end"
  | "cluster:register"
  | "cluster:enrol-again"
  | "cluster:revoke"
  | "cluster:delete"
  | "cluster:rescan"
  | "agent:enrol"
  | "agent:rotate-key"
  | "agent:quarantine"
  | "agent:request"
  | "snapshot:announce"
  | "snapshot:upload"
  | "snapshot:commit"
  | "snapshot:refuse"
  | "snapshot:gap"
  | "scan:evaluate"
  | "scan:again"
  | "scan:fail"
  | "package:create"
  | "finding:triage"
  | "scope:update"
  | "import:create"
  | "import:refuse"
  | "import:withdraw"
  | "catalog:activate"
  | "custom-control:save"
  | "custom-control:withdraw"
  | "custom-control:try"
  | "page:open"
  | "request:refuse";

export type AuditOutcome = "done" | "refused" | "failed";

export interface AuditActor {
  type: "person" | "agent" | "worker" | "operator" | "anonymous";
  /** Person id or agent id; null for everybody else. */
  id: string | null;
  name: string;
}
export const ANONYMOUS: AuditActor = { type: "anonymous", id: null, name: "anonymous" };
export const OPERATOR: AuditActor = { type: "operator", id: null, name: "operator's command" };
export const WORKER: AuditActor = { type: "worker", id: null, name: "worker" };

type DetailValue = string | number | boolean | null | readonly string[];

export interface SystemAuditEntry {
  at: Date;
  actor: AuditActor;
  action: AuditAction;
  outcome: AuditOutcome;
  object?: { type: string; id: string | null; name: string | null } | null;
  /** Address that the request came from; null for what happens inside. */
  origin?: string | null;
  requestId?: string | null;
  /** Facts for whoever reads it later. Never a secret, a token or a body. */
  detail?: Readonly<Record<string, DetailValue>> | { role: Role };
}

export interface AuditEntry extends SystemAuditEntry {
  orgId: string;
}

/** Longest text that a caller's words may take in an entry: a header of 16 kB must not fill the trail. */
const LONGEST_TEXT = 500;

/** Adds an entry to the trail of the transaction's organization. */
export async function writeAudit(tx: Transaction, entry: AuditEntry): Promise<void> {
  // Raw, because number, previous hash and hash come from the trigger.
  await tx.$executeRaw`${INTO} VALUES (${valuesOf(entry)})`;
}

/**
 * Adds an entry unless the same actor did the same to the same object, with the same outcome and the same `detail.session`, less
 * than `withinMs` before. Two at the same moment wait for each other, so that one of them is left out.
 *
 * @returns true if it was added
 */
export async function writeAuditOnce(
  tx: Transaction,
  entry: AuditEntry & { detail: { session: string } },
  withinMs: number,
): Promise<boolean> {
  const { orgId, at, actor, action, outcome, detail } = entry;
  const object = plain(entry).objectName;
  await tx.$queryRaw`
    SELECT true FROM (SELECT pg_advisory_xact_lock(hashtextextended(${`${orgId} ${detail.session} ${object}`}, 0))) AS held`;
  const since = new Date(at.getTime() - withinMs);
  const added = await tx.$executeRaw`
    ${INTO} SELECT ${valuesOf(entry)} WHERE NOT EXISTS (
      SELECT 1 FROM audit_entry WHERE org_id = ${orgId}::uuid AND at > ${since}::timestamptz AND action = ${action}
        AND outcome = ${outcome} AND actor_id = ${actor.id}::uuid AND object_name IS NOT DISTINCT FROM ${object}::text
        AND detail ->> 'session' = ${detail.session})`;
  return added > 0;
}

const INTO = Prisma.sql`
  INSERT INTO audit_entry (org_id, at, actor_type, actor_id, actor_name, action, outcome, object_type, object_id, object_name,
    origin, request_id, detail, record)`;

function valuesOf(entry: AuditEntry): Prisma.Sql {
  const fields = plain(entry);
  const record = JSON.stringify({ orgId: entry.orgId, ...fields });
  return Prisma.sql`${entry.orgId}::uuid, ${fields.at}::timestamptz, ${fields.actorType}, ${fields.actorId}::uuid,
    ${fields.actorName}, ${fields.action}, ${fields.outcome}, ${fields.objectType}, ${fields.objectId}, ${fields.objectName},
    ${fields.origin}, ${fields.requestId}, ${JSON.stringify(fields.detail)}::jsonb, ${record}`;
}

/** Adds an entry where no organization is known: a wrong token, a failed sign-in. */
export async function writeSystemAudit(tx: Transaction, entry: SystemAuditEntry): Promise<void> {
  const fields = plain(entry);
  // Raw, because nobody who writes it may read it, which INSERT … RETURNING would need.
  await tx.$executeRaw`
    INSERT INTO system_audit_entry (at, actor_type, actor_id, actor_name, action, outcome, object_type, object_id, object_name,
      origin, request_id, detail)
    VALUES (${fields.at}::timestamptz, ${fields.actorType}, ${fields.actorId}::uuid, ${fields.actorName}, ${fields.action},
      ${fields.outcome}, ${fields.objectType}, ${fields.objectId}, ${fields.objectName}, ${fields.origin}, ${fields.requestId},
      ${JSON.stringify(fields.detail)}::jsonb)`;
}

/**
 * Records a refusal in a transaction of its own: that of the refused change is rolled back. Goes to the organization's trail
 * if one is named and exists, else to the global one.
 */
export async function recordRefusal(
  entry: SystemAuditEntry & { orgId: string | null },
  options: { role?: ProcessRole } = {},
): Promise<void> {
  const { orgId } = entry;
  if (orgId !== null) {
    const isWritten = await withOrganization(
      orgId,
      async (tx) => {
        const found = await tx.organization.findUnique({ where: { id: orgId }, select: { id: true } });
        if (found === null) return false;
        await writeAudit(tx, { ...entry, orgId });
        return true;
      },
      options,
    );
    if (isWritten) return;
  }
  await withoutOrganization((tx) => writeSystemAudit(tx, entry), options);
}

function plain(entry: SystemAuditEntry) {
  const cut = (text: string | null | undefined) =>
    text === null || text === undefined ? null : clean(text.slice(0, LONGEST_TEXT));
  const detail = Object.fromEntries(
    Object.entries(entry.detail ?? {}).map(([key, value]) => [
      key,
      typeof value === "string" ? cut(value) : Array.isArray(value) ? value.slice(0, 100).map(cut) : value,
    ]),
  ) as Prisma.JsonObject;
  return {
    at: entry.at.toISOString(),
    actorType: entry.actor.type,
    actorId: entry.actor.id,
    actorName: cut(entry.actor.name) ?? "",
    action: entry.action,
    outcome: entry.outcome,
    objectType: entry.object?.type ?? null,
    objectId: cut(entry.object?.id),
    objectName: cut(entry.object?.name),
    origin: cut(entry.origin),
    requestId: cut(entry.requestId),
    detail,
  };
}

/** PostgreSQL's text holds no NUL, and a lone surrogate has no UTF-8: a caller must not be able to stop its own entry. */
function clean(text: string): string {
  return text.replaceAll("\0", "\uFFFD").replace(/\p{Surrogate}/gu, "\uFFFD");
}

export interface ChainLink {
  seq: bigint;
  record: string;
  prevHash: Uint8Array;
  hash: Uint8Array;
}

/** What the hash of the entry numbered `seq` with this record must be, after `prevHash`. */
export function hashOfEntry(prevHash: Uint8Array, seq: bigint, record: string): Buffer {
  return createHash("sha256")
    .update(`${Buffer.from(prevHash).toString("hex")} ${seq} ${record}`, "utf8")
    .digest();
}

/**
 * Walks an organization's chain from its first entry to its head.
 *
 * @returns the number of the first entry at fault, or null with the count if the chain holds.
 */
export async function verifyAuditChain(
  orgId: string,
  options: { role?: ProcessRole } = {},
): Promise<{ brokenAt: bigint | null; entries: number }> {
  return withOrganization(
    orgId,
    async (tx) => {
      let hash: Uint8Array = Buffer.alloc(32);
      let seq = 0n;
      for (;;) {
        const links = await tx.$queryRaw<(ChainLink & { agrees: boolean })[]>`
          SELECT seq, record, prev_hash AS "prevHash", hash,
            (record::jsonb ->> 'action' = action AND record::jsonb ->> 'outcome' = outcome AND (record::jsonb ->> 'at')::timestamptz = at
              AND record::jsonb ->> 'actorType' = actor_type AND record::jsonb ->> 'actorName' = actor_name
              AND (record::jsonb ->> 'actorId') IS NOT DISTINCT FROM actor_id::text
              AND (record::jsonb ->> 'objectId') IS NOT DISTINCT FROM object_id
              AND (record::jsonb ->> 'objectName') IS NOT DISTINCT FROM object_name
              AND (record::jsonb ->> 'objectType') IS NOT DISTINCT FROM object_type
              AND (record::jsonb ->> 'origin') IS NOT DISTINCT FROM origin
              AND (record::jsonb ->> 'requestId') IS NOT DISTINCT FROM request_id
              AND record::jsonb -> 'detail' = detail AND record::jsonb ->> 'orgId' = org_id::text) AS agrees
          FROM audit_entry WHERE org_id = ${orgId}::uuid AND seq > ${seq} ORDER BY seq LIMIT 1000`;
        for (const link of links) {
          const expected = hashOfEntry(hash, seq + 1n, link.record);
          const holds =
            link.seq === seq + 1n &&
            link.agrees &&
            Buffer.from(link.prevHash).equals(hash) &&
            Buffer.from(link.hash).equals(expected);
          if (!holds) return { brokenAt: seq + 1n, entries: Number(seq) };
          hash = link.hash;
          seq = link.seq;
        }
        if (links.length < 1000) break;
      }
      const head = await tx.auditHead.findUnique({ where: { orgId } });
      // Entries missing at the end leave a head that is ahead of them.
      if ((head?.seq ?? 0n) !== seq) return { brokenAt: seq + 1n, entries: Number(seq) };
      return { brokenAt: null, entries: Number(seq) };
    },
    { ...options, timeoutMs: 120_000 },
  );
}
