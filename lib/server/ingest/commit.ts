/** The commit: one transaction makes a snapshot a scan, or sets a fork aside. */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import { commitDigestText, type CommitResponse, type GapEntry, type SnapshotManifest } from "@/lib/inventory/wire";
import { writeAudit } from "../audit";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { agentActor } from "./actor";
import { chunksOf, findMissing } from "./announce";
import type { AgentCaller } from "./authenticate";

/** Attempts that the queue makes of one evaluation before the scan counts as failed. */
export const EVALUATION_ATTEMPTS = 6;

export interface CommitOptions {
  now: Date;
  requestId: string;
  origin: string | null;
}

/**
 * Commits a snapshot of which every chunk is here: it becomes the cluster's next scan and its evaluation is enqueued, all in
 * one transaction. Repeated, it answers the same.
 *
 * The chain: a snapshot names the commit that its agent saw acknowledged last. One lost acknowledgement is forgiven (the
 * process died between our commit and its own note of it), because a copied key can't hide behind that: whoever commits
 * next names a commit that is neither the last nor the one before it. Anything else is a fork: two holders of one key. The
 * agent is set aside with its snapshot, nothing of it is evaluated, and a person has to enrol it again.
 *
 * @throws RingfenceError `not-found`, `conflict` (chunks missing, another manifest, refused, fork)
 */
export async function commitSnapshot(
  agent: AgentCaller,
  snapshotId: string,
  manifestDigest: string,
  options: CommitOptions,
): Promise<CommitResponse> {
  const outcome = await withOrganization(
    agent.orgId,
    (tx) => commitIn(tx, agent, snapshotId, manifestDigest, options),
    { role: "ingest" },
  );
  if (outcome === "quarantined") {
    throw new RingfenceError(
      "conflict",
      "This agent's chain of commits has forked; it is in quarantine. Enrol it again.",
    );
  }
  return outcome;
}

interface SnapshotRow {
  cluster_id: string;
  state: string;
  manifest: SnapshotManifest & { gaps: GapEntry[] };
  manifest_digest: string;
  prev_digest: string | null;
  commit_digest: string | null;
  scan_seq: number | null;
  objects: number;
  collected_at: Date;
  announced_at: Date;
}

async function commitIn(
  tx: Transaction,
  agent: AgentCaller,
  snapshotId: string,
  manifestDigest: string,
  options: CommitOptions,
): Promise<CommitResponse | "quarantined"> {
  const { orgId, clusterId } = agent;
  // The cluster first, then the snapshot: everybody takes the two locks in this order.
  const clusters = await tx.$queryRaw<
    {
      last_scan_seq: number;
      provider: string;
      scope_settings: unknown;
      agent_version: string | null;
      deleted: boolean;
    }[]
  >`
    select last_scan_seq, provider, scope_settings, agent_version, deleted_at is not null as deleted from cluster
    where org_id = ${orgId}::uuid and id = ${clusterId}::uuid for update`;
  const cluster = clusters[0];
  const rows = await tx.$queryRaw<SnapshotRow[]>`
    select cluster_id, state, manifest, encode(manifest_digest, 'hex') as manifest_digest,
      encode(prev_digest, 'hex') as prev_digest, encode(commit_digest, 'hex') as commit_digest, scan_seq, objects,
      collected_at, announced_at
    from snapshot where org_id = ${orgId}::uuid and id = ${snapshotId}::uuid for update`;
  const snapshot = rows[0];
  if (cluster === undefined || cluster.deleted) throw new RingfenceError("gone", "The cluster was removed.");
  if (snapshot === undefined || snapshot.cluster_id !== clusterId) {
    throw new RingfenceError("not-found", "No such snapshot.");
  }
  if (snapshot.manifest_digest !== manifestDigest) {
    throw new RingfenceError("conflict", "This snapshot was announced with another manifest.");
  }
  if (snapshot.state === "committed" && snapshot.scan_seq !== null && snapshot.commit_digest !== null) {
    return { scanSeq: snapshot.scan_seq, commitDigest: snapshot.commit_digest };
  }
  if (agent.isQuarantined || snapshot.state === "quarantined") return "quarantined";
  if (snapshot.state !== "announced") {
    throw new RingfenceError("conflict", `This snapshot was ${snapshot.state}. Announce another.`);
  }
  const missing = await findMissing(tx, orgId, [...chunksOf(snapshot.manifest).keys()]);
  if (missing.length > 0) throw new RingfenceError("conflict", `${missing.length} chunks are missing. Announce again.`);

  const actor = agentActor(agent.agentId, agent.clusterSlug);
  const object = { type: "cluster", id: clusterId, name: agent.clusterSlug } as const;
  const common = { orgId, at: options.now, actor, object, origin: options.origin, requestId: options.requestId };

  if (!(await continuesChain(tx, agent, snapshot.prev_digest))) {
    await quarantine(tx, agent, snapshotId, options.now);
    await writeAudit(tx, {
      ...common,
      action: "agent:quarantine",
      outcome: "done",
      detail: { snapshotId, reason: "chain-forked" },
    });
    return "quarantined";
  }

  const seq = cluster.last_scan_seq + 1;
  const text = commitDigestText({ snapshotId, manifestDigest, prev: snapshot.prev_digest });
  const commitDigest = createHash("sha256").update(text).digest("hex");
  // The server's own clock bounds the agent's: evidence is never from the future, and never younger than its announcement.
  const asOf = snapshot.collected_at < snapshot.announced_at ? snapshot.collected_at : snapshot.announced_at;
  await tx.$executeRaw`
    update snapshot set state = 'committed', scan_seq = ${seq}::int, commit_digest = decode(${commitDigest}, 'hex'),
      committed_at = ${options.now}::timestamptz
    where org_id = ${orgId}::uuid and id = ${snapshotId}::uuid`;
  await tx.$executeRaw`
    update cluster set last_scan_seq = ${seq}::int, last_commit_digest = decode(${commitDigest}, 'hex')
    where org_id = ${orgId}::uuid and id = ${clusterId}::uuid`;
  const scopeSettings = cluster.scope_settings === null ? null : JSON.stringify(cluster.scope_settings);
  await tx.$executeRaw`
    insert into scan (org_id, cluster_id, seq, snapshot_id, state, collected_at, received_at, as_of, provider,
      scope_settings, agent_version, objects, progress_total)
    values (${orgId}::uuid, ${clusterId}::uuid, ${seq}::int, ${snapshotId}::uuid, 'queued',
      ${snapshot.collected_at}::timestamptz, ${snapshot.announced_at}::timestamptz, ${asOf}::timestamptz,
      ${cluster.provider}, ${scopeSettings}::jsonb, ${cluster.agent_version}, ${snapshot.objects}::int, ${snapshot.objects}::int)`;
  await recordGaps(tx, agent, snapshot.manifest.gaps, snapshot.announced_at);
  await tx.$queryRaw`
    select ringfence_enqueue('evaluate-scan', ${JSON.stringify({ clusterId, seq })}::jsonb,
      ${`evaluate:${clusterId}:${seq}`}, null, ${EVALUATION_ATTEMPTS}::int, null)::text`;
  await writeAudit(tx, {
    ...common,
    action: "snapshot:commit",
    outcome: "done",
    detail: { snapshotId, scanSeq: seq, manifestDigest, commitDigest, objects: snapshot.objects },
  });
  return { scanSeq: seq, commitDigest };
}

async function continuesChain(tx: Transaction, agent: AgentCaller, prev: string | null): Promise<boolean> {
  const rows = await tx.$queryRaw<{ commit_digest: string; prev_digest: string | null }[]>`
    select encode(commit_digest, 'hex') as commit_digest, encode(prev_digest, 'hex') as prev_digest
    from snapshot where org_id = ${agent.orgId}::uuid and cluster_id = ${agent.clusterId}::uuid
      and agent_id = ${agent.agentId}::uuid and scan_seq is not null
    order by scan_seq desc limit 1`;
  const last = rows[0];
  // A newly enrolled agent begins a chain of its own: the person who enrolled it vouches for it.
  if (last === undefined) return prev === null;
  return prev === last.commit_digest || prev === last.prev_digest;
}

async function quarantine(tx: Transaction, agent: AgentCaller, snapshotId: string, now: Date): Promise<void> {
  const reason = "Two commits name the same predecessor: the agent's key is in use in two places.";
  await tx.$executeRaw`
    update snapshot set state = 'quarantined', problem = ${reason}
    where org_id = ${agent.orgId}::uuid and id = ${snapshotId}::uuid`;
  await tx.$executeRaw`
    update agent set quarantined_at = ${now}::timestamptz, quarantine_reason = ${reason}
    where org_id = ${agent.orgId}::uuid and id = ${agent.agentId}::uuid`;
  await tx.$executeRaw`
    update cluster set agent_state = 'quarantined' where org_id = ${agent.orgId}::uuid and id = ${agent.clusterId}::uuid`;
}

/** Gaps as the agent explains them; the gap that the server itself saw open ends with this snapshot. */
async function recordGaps(
  tx: Transaction,
  agent: AgentCaller,
  gaps: readonly GapEntry[],
  receivedAt: Date,
): Promise<void> {
  await tx.$executeRaw`
    update snapshot_gap set to_at = greatest(from_at, ${receivedAt}::timestamptz)
    where org_id = ${agent.orgId}::uuid and cluster_id = ${agent.clusterId}::uuid and to_at is null`;
  if (gaps.length === 0) return;
  await tx.$executeRaw`
    insert into snapshot_gap (org_id, cluster_id, reason, detail, from_at, to_at)
    select ${agent.orgId}::uuid, ${agent.clusterId}::uuid, g.reason, 'reported by the agent', g."fromAt", g."toAt"
    from jsonb_to_recordset(${JSON.stringify(gaps)}::jsonb) as g(reason text, "fromAt" timestamptz, "toAt" timestamptz)`;
}
