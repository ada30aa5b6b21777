/**
 * Evaluating again what is already here: an upload, a withdrawal, a custom control or another catalogue version changes what a cluster's last
 * snapshot means, and nobody has to wait for the agent. The evaluation is a scan of its own with the snapshot's moment: its
 * evidence is as old as the snapshot, and the scan before it keeps what it said.
 */
import { WORKER, writeAudit } from "../audit";
import { findActiveVersion, registerCatalog } from "../catalog";
import { areSameRevisions, readCurrentRevisions, revisionsOf } from "../custom/stored";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { EVALUATION_ATTEMPTS } from "../ingest/commit";
import { areSameImports, importsOf, readCurrentImports } from "./imports";

/**
 * Asks a worker to evaluate a cluster's last snapshot again, or without a cluster those of all, in the transaction of what
 * changed. Several changes before the worker gets there are one evaluation.
 *
 * @returns how many clusters have a snapshot that it concerns
 */
export async function enqueueEvaluationAgain(
  tx: Transaction,
  orgId: string,
  clusterId: string | null,
): Promise<number> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select c.id from cluster c where c.org_id = ${orgId}::uuid and c.deleted_at is null
      and (${clusterId}::uuid is null or c.id = ${clusterId}::uuid)
      and exists (select from snapshot s where s.org_id = c.org_id and s.cluster_id = c.id and s.state = 'committed')
    order by c.id`;
  for (const { id } of rows) {
    await tx.$queryRaw`
      select ringfence_enqueue('evaluate-again', ${JSON.stringify({ clusterId: id })}::jsonb, ${`evaluate-again:${id}`},
        null, ${EVALUATION_ATTEMPTS}::int, null)::text`;
  }
  return rows.length;
}

/**
 * Makes the next scan of a cluster from its last committed snapshot and enqueues its evaluation.
 *
 * @returns the scan's number; null if there is nothing to evaluate again: no snapshot, or a scan of it that knows all of this
 */
export async function scanAgain(orgId: string, clusterId: string, now: Date = new Date()): Promise<number | null> {
  await registerCatalog("worker");
  return withOrganization(
    orgId,
    async (tx) => {
      const clusters = await tx.$queryRaw<
        { last_scan_seq: number; slug: string; provider: string; scope_settings: unknown }[]
      >`
        select last_scan_seq, slug, provider, scope_settings from cluster
        where org_id = ${orgId}::uuid and id = ${clusterId}::uuid and deleted_at is null for update`;
      const cluster = clusters[0];
      if (cluster === undefined) return null;
      const last = await lockLastScan(tx, orgId, clusterId);
      if (last === null || (await isUpToDate(tx, orgId, clusterId, last))) return null;
      const seq = cluster.last_scan_seq + 1;
      const scopeSettings = cluster.scope_settings === null ? null : JSON.stringify(cluster.scope_settings);
      // received_at stays that of the snapshot: how long the agent has been silent must not look shorter.
      await tx.$executeRaw`
        insert into scan (org_id, cluster_id, seq, snapshot_id, state, collected_at, received_at, as_of, provider,
          scope_settings, agent_version, objects, progress_total)
        select org_id, cluster_id, ${seq}::int, snapshot_id, 'queued', collected_at, received_at, as_of, ${cluster.provider},
          ${scopeSettings}::jsonb, agent_version, objects, objects
        from scan where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and seq = ${last.seq}::int`;
      await tx.$executeRaw`
        update cluster set last_scan_seq = ${seq}::int where org_id = ${orgId}::uuid and id = ${clusterId}::uuid`;
      await tx.$queryRaw`
        select ringfence_enqueue('evaluate-scan', ${JSON.stringify({ clusterId, seq })}::jsonb,
          ${`evaluate:${clusterId}:${seq}`}, null, ${EVALUATION_ATTEMPTS}::int, null)::text`;
      await writeAudit(tx, {
        orgId,
        at: now,
        actor: WORKER,
        action: "scan:again",
        outcome: "done",
        object: { type: "scan", id: `${clusterId}/${seq}`, name: `${cluster.slug} #${seq}` },
        detail: { of: last.seq, snapshotId: last.snapshot_id },
      });
      return seq;
    },
    { role: "worker" },
  );
}

interface LastScan {
  seq: number;
  snapshot_id: string;
  state: string;
  imports: unknown;
  custom_controls: unknown;
  catalog_version: string | null;
}

/** Locked, so that a worker that starts it at this moment has settled what it sees before we look. */
async function lockLastScan(tx: Transaction, orgId: string, clusterId: string): Promise<LastScan | null> {
  const rows = await tx.$queryRaw<LastScan[]>`
    select seq, snapshot_id, state, imports, custom_controls, catalog_version from scan
    where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid order by seq desc limit 1 for update`;
  return rows[0] ?? null;
}

/** A scan that hasn't started will see what is current; one that has, only if it is what it saw. */
async function isUpToDate(tx: Transaction, orgId: string, clusterId: string, last: LastScan): Promise<boolean> {
  if (last.state === "queued") return true;
  if (last.state === "failed") return false;
  const current = await readCurrentImports(tx, orgId, clusterId);
  const version = await findActiveVersion(tx, orgId);
  const revisions = await readCurrentRevisions(tx, orgId);
  if (!areSameRevisions(revisionsOf(last.custom_controls), revisions)) return false;
  return areSameImports(importsOf(last.imports), current) && (version === null || last.catalog_version === version);
}
