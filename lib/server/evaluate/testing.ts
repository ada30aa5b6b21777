/** Worlds for the tests of ingest, evaluation and reads: rows that the product's own functions would have made. */
import { createHash, randomUUID } from "node:crypto";
import type { TestDatabase } from "../testing/database";

export interface TestCluster {
  orgId: string;
  projectId: string;
  clusterId: string;
  agentId: string;
  slug: string;
}

/** An organization with one project and one enrolled cluster. */
export async function seedCluster(
  database: TestDatabase,
  options: { orgId?: string; projectId?: string; projectSlug?: string; slug?: string; provider?: string } = {},
): Promise<TestCluster> {
  const orgId = options.orgId ?? (await seedOrganization(database));
  const projectId = options.projectId ?? randomUUID();
  const clusterId = randomUUID();
  const agentId = randomUUID();
  const slug = options.slug ?? `c-${clusterId.slice(0, 8)}`;
  if (options.projectId === undefined) {
    const projectSlug = options.projectSlug ?? `p-${projectId.slice(0, 8)}`;
    await database.asSuperuser("insert into project (org_id, id, slug, name) values ($1, $2, $3, $3)", [
      orgId,
      projectId,
      projectSlug,
    ]);
  }
  await database.asSuperuser(
    `insert into cluster (org_id, id, project_id, slug, name, provider, agent_state, last_seen_at)
     values ($1, $2, $3, $4, $4, $5, 'enrolled', now())`,
    [orgId, clusterId, projectId, slug, options.provider ?? "self-managed"],
  );
  await database.asSuperuser(
    "insert into agent (org_id, id, cluster_id, protocol_version, agent_version) values ($1, $2, $3, 1, '0.1.0')",
    [orgId, agentId, clusterId],
  );
  return { orgId, projectId, clusterId, agentId, slug };
}

export async function seedOrganization(database: TestDatabase): Promise<string> {
  const orgId = randomUUID();
  await database.asSuperuser("insert into organization (id, slug, name) values ($1, $2, $2)", [
    orgId,
    `o-${orgId.slice(0, 8)}`,
  ]);
  return orgId;
}

/** A committed snapshot without chunks and its queued scan. */
export async function seedScan(
  database: TestDatabase,
  cluster: TestCluster,
  seq: number,
  asOf: Date,
  manifest: unknown = { provider: null, facts: {}, sections: [], invalid: [], droppedFields: 0, gaps: [] },
): Promise<void> {
  const snapshotId = randomUUID();
  const digest = createHash("sha256").update(snapshotId).digest();
  await database.asSuperuser(
    `insert into snapshot (org_id, id, cluster_id, agent_id, state, schema_version, manifest, manifest_digest, commit_digest,
       scan_seq, objects, chunks, raw_bytes, collected_at, announced_at, committed_at)
     values ($1, $2, $3, $4, 'committed', 1, $5, $6, $6, $7, 0, 0, 0, $8, $8, $8)`,
    [cluster.orgId, snapshotId, cluster.clusterId, cluster.agentId, JSON.stringify(manifest), digest, seq, asOf],
  );
  await database.asSuperuser(
    `insert into scan (org_id, cluster_id, seq, snapshot_id, state, collected_at, received_at, as_of, provider, objects)
     values ($1, $2, $3, $4, 'queued', $5, $5, $5, 'self-managed', 0)`,
    [cluster.orgId, cluster.clusterId, seq, snapshotId, asOf],
  );
  await database.asSuperuser(
    "update cluster set last_scan_seq = greatest(last_scan_seq, $3) where org_id = $1 and id = $2",
    [cluster.orgId, cluster.clusterId, seq],
  );
}
