/** What the worker does by the clock: gaps in the record, evaluations that nobody will run any more, and tidying. */
import { WORKER, writeAudit } from "../audit";
import { withOrganization, withoutOrganization } from "../db/organization";
import { failScan } from "../evaluate/evaluate-scan";

/** Every organization, by id: the one list that a worker may read across tenants. */
async function listOrganizations(): Promise<string[]> {
  const rows = await withoutOrganization(
    (tx) => tx.$queryRaw<{ id: string }[]>`select id from organization order by id`,
    {
      role: "worker",
    },
  );
  return rows.map((row) => row.id);
}

/**
 * Opens a gap for each cluster whose snapshot is overdue: nothing came for twice its interval. It says whether the agent is
 * silent or alive, begins where the snapshot was due, and ends with the next commit.
 *
 * @returns how many were opened
 */
export async function lookForGaps(now: Date): Promise<number> {
  let opened = 0;
  for (const orgId of await listOrganizations()) {
    opened += await withOrganization(
      orgId,
      async (tx) => {
        const gaps = await tx.$queryRaw<{ cluster_id: string; slug: string; reason: string; from_at: Date }[]>`
          with due as (
            select c.id, c.slug, c.last_seen_at, c.interval_seconds,
              coalesce((select max(s.received_at) from scan s where s.org_id = c.org_id and s.cluster_id = c.id), a.created_at)
                as last_at
            from cluster c
            join agent a on a.org_id = c.org_id and a.cluster_id = c.id and a.revoked_at is null and a.quarantined_at is null
            where c.org_id = ${orgId}::uuid and c.deleted_at is null and not c.paused and c.agent_state = 'enrolled'),
          opened as (
            insert into snapshot_gap (org_id, cluster_id, reason, detail, from_at)
            select ${orgId}::uuid, id,
              case when last_seen_at is null or last_seen_at < ${now}::timestamptz - interval '5 minutes'
                then 'agent-silent' else 'snapshot-missing' end,
              'found by the server', last_at + make_interval(secs => interval_seconds)
            from due where last_at + make_interval(secs => 2 * interval_seconds) < ${now}::timestamptz
            on conflict do nothing
            returning cluster_id, reason, from_at)
          select o.cluster_id, due.slug, o.reason, o.from_at from opened o join due on due.id = o.cluster_id`;
        for (const gap of gaps) {
          await writeAudit(tx, {
            orgId,
            at: now,
            actor: WORKER,
            action: "snapshot:gap",
            outcome: "done",
            object: { type: "cluster", id: gap.cluster_id, name: gap.slug },
            detail: { reason: gap.reason, fromAt: gap.from_at.toISOString() },
          });
        }
        return gaps.length;
      },
      { role: "worker" },
    );
  }
  return opened;
}

/**
 * Ends scans that wait for a job that will not run again, because every attempt ended with the worker's death. Without this
 * they would show as "evaluating" for ever.
 *
 * @returns how many were ended
 */
export async function endAbandonedScans(now: Date): Promise<number> {
  let ended = 0;
  for (const orgId of await listOrganizations()) {
    const scans = await withOrganization(
      orgId,
      (tx) => tx.$queryRaw<{ cluster_id: string; seq: number }[]>`
        select s.cluster_id, s.seq from scan s
        where s.org_id = ${orgId}::uuid and s.state in ('queued', 'evaluating')
          and s.received_at < ${now}::timestamptz - interval '1 minute'
          and not exists (select from graphile_worker._private_jobs j
            where j.key = ${orgId} || ':evaluate:' || s.cluster_id || ':' || s.seq
              and (j.locked_at is not null or j.attempts < j.max_attempts))`,
      { role: "worker" },
    );
    for (const { cluster_id: clusterId, seq } of scans) {
      const reason = "The evaluation was given up: every attempt ended before it was complete.";
      if (await failScan({ orgId, clusterId, seq }, reason, now)) ended++;
    }
  }
  return ended;
}

/** Removes what has no meaning any more: sessions a day past their end, counters of past windows. */
export async function tidy(now: Date): Promise<void> {
  await withoutOrganization(
    async (tx) => {
      await tx.$executeRaw`delete from session where absolute_expires_at < ${now}::timestamptz - interval '1 day'`;
      await tx.$executeRaw`delete from rate_limit where window_at < ${now}::timestamptz - interval '1 hour'`;
    },
    { role: "worker" },
  );
}
