/**
 * Organizations of many clusters, each with the rows that a worker leaves after its scan, and one person who owns them all.
 * argv: JSON list of sizes. Prints the session's token and the organizations' names.
 */
import { createHash } from "node:crypto";
import pg from "pg";
import { CATALOG_VERSION } from "@/lib/assessment/catalog-version";
import { CONTROLS } from "@/lib/controls";
import { PRINCIPAL_REQUIREMENTS, principalOf } from "@/lib/pci";
import { closeDatabases } from "@/lib/server/db/client";
import { type Cell, worstRankOf } from "@/lib/server/evaluate/cells";
import { acceptInvitation } from "@/lib/server/invitations";
import { createOrganization } from "@/lib/server/organizations";
import { openSession } from "@/lib/server/session";
import { randomOf } from "../generate";
import { SEED } from "../row";

const FINDINGS_PER_CLUSTER = 20;
const PROJECTS = ["pci-production", "pci-staging", "development"];
const PROVIDERS = ["eks", "gke", "aks", "openshift", "self-managed"];
const sizes = JSON.parse(process.argv[2] ?? "[]") as number[];
const now = new Date();

const client = new pg.Client({ connectionString: process.env["BENCH_SUPERUSER_URL"] });
await client.connect();
const from = { origin: "127.0.0.1", userAgent: "bench", requestId: null };
const { token, personId } = await openSession(
  {
    issuer: "http://127.0.0.1:1",
    subject: "bench",
    name: "Bench Owner",
    email: null,
    authenticatedAt: now,
    amr: ["pwd", "otp"],
    acr: null,
    groups: [],
    idTokenSealed: null,
  },
  from,
  null,
);
const organizations: { slug: string; clusters: number }[] = [];
for (const clusters of sizes) {
  const slug = `fleet-${clusters}`;
  const { organizationId, invitation } = await createOrganization({
    slug,
    name: `Fleet of ${clusters}`,
    projects: PROJECTS.map((name) => ({ slug: name, name })),
  });
  await acceptInvitation({ id: personId, name: "Bench Owner" }, invitation.token, from);
  await fill(organizationId, clusters);
  organizations.push({ slug, clusters });
}
await client.query("analyze");
await client.end();
await closeDatabases();
console.log(JSON.stringify({ cpuSeconds: 0, wallSeconds: 0, peakMb: 0, result: { token, organizations } }));

/** A cluster as lib/server/evaluate/store.ts leaves it: header, agent, snapshot, scan, roll-up, findings. */
async function fill(orgId: string, count: number): Promise<void> {
  const random = randomOf(SEED + count);
  const { rows: projects } = await client.query<{ id: string }>(
    "select id from project where org_id = $1 order by slug",
    [orgId],
  );
  const controls = CONTROLS.map(({ id, severity, requirements }) => ({ id, severity, requirements }));
  const items: Record<string, unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const failing = controls.filter(() => random() < 0.25);
    const cells = PRINCIPAL_REQUIREMENTS.map(({ id: requirement }): Cell => {
      const linked = failing.filter((control) =>
        control.requirements.some(
          (link) => link.kind !== "supporting" && principalOf(link.requirement) === requirement,
        ),
      );
      const open = random() < 0.7 ? "needs-attestation" : "ready";
      return {
        requirement,
        status: linked.length > 0 ? "blocked" : open,
        failingControls: linked.length,
        hasCritical: linked.some(({ severity }) => severity === "critical"),
      };
    });
    const name = `${["payments", "ledger", "issuing", "cards", "web", "data"][n % 6]}-${String(n).padStart(5, "0")}`;
    items.push({
      n,
      id: uuidOf(`${orgId}/${n}`),
      agent: uuidOf(`${orgId}/agent/${n}`),
      snapshot: uuidOf(`${orgId}/snapshot/${n}`),
      scan: uuidOf(`${orgId}/scan/${n}`),
      project: projects[n % projects.length]?.id,
      name,
      provider: PROVIDERS[n % PROVIDERS.length],
      scope: n % 3 === 0 ? "cde" : n % 3 === 1 ? "connected-to" : "out-of-scope",
      // Most clusters reported within the hour; some fell silent hours or weeks ago.
      at: new Date(
        now.getTime() - (n % 50 === 0 ? 9 * 86_400_000 : n % 20 === 0 ? 30 * 3_600_000 : random() * 3_600_000),
      ),
      cells,
      failing: failing.map(({ id }) => id),
      rank: worstRankOf(cells, failing.length),
      workloads: 20 + Math.floor(random() * 200),
    });
  }
  const json = (part: Record<string, unknown>[]) => JSON.stringify(part);
  const types = `n int, id uuid, agent uuid, snapshot uuid, scan uuid, project uuid, name text, provider text, scope text,
    at timestamptz, cells jsonb, failing text[], rank int, workloads int`;
  for (let i = 0; i < items.length; i += 1000) {
    const batch = json(items.slice(i, i + 1000));
    const source = `jsonb_to_recordset($2::jsonb) as i(${types})`;
    for (const sql of [
      `insert into cluster (org_id, id, project_id, slug, name, provider, agent_state, kubernetes_version, agent_version,
         last_seen_at, last_scan_seq)
       select $1, i.id, i.project, i.name, i.name, i.provider, 'enrolled', 'v1.34.2', '0.1.0',
         case when i.n % 20 = 0 then i.at else now() end, 1 from ${source}`,
      `insert into agent (org_id, id, cluster_id, protocol_version, agent_version) select $1, i.agent, i.id, 1, '0.1.0' from ${source}`,
      `insert into snapshot (org_id, id, cluster_id, agent_id, state, schema_version, manifest, manifest_digest, commit_digest,
         scan_seq, objects, chunks, raw_bytes, collected_at, announced_at, committed_at)
       select $1, i.snapshot, i.id, i.agent, 'committed', 1, '{}', sha256(i.name::bytea), sha256(i.name::bytea), 1, 14500, 100,
         9000000, i.at, i.at, i.at from ${source}`,
      `insert into scan (org_id, cluster_id, seq, id, snapshot_id, state, collected_at, received_at, as_of, provider, objects,
         evaluated_at, catalog_version, results_digest)
       select $1, i.id, 1, i.scan, i.snapshot, 'done', i.at, i.at, i.at, i.provider, 14500, i.at, '${CATALOG_VERSION}', sha256(i.name::bytea) from ${source}`,
      `insert into finding (org_id, number, cluster_id, control_id, fingerprint, state, severity, severity_rank, scope, scope_rank,
         api_version, kind, namespace, name, reason, detail, evidence, digest, first_seen_seq, first_seen_at)
       select $1, i.n * ${FINDINGS_PER_CLUSTER} + k, i.id, coalesce(i.failing[1 + k % greatest(cardinality(i.failing), 1)], 'none'),
         sha256((i.name || k)::bytea), 'open', (array['critical', 'high', 'medium', 'low'])[1 + k % 4], 4 - k % 4, i.scope,
         case i.scope when 'cde' then 3 when 'connected-to' then 2 else 0 end, 'apps/v1', 'Deployment', 'team-' || k,
         'service-' || k, 'a container may run as root', 'A sentence about what was found and where.', '[]',
         sha256((i.name || k)::bytea), 1, i.at
       from ${source}, generate_series(1, ${FINDINGS_PER_CLUSTER}) as k`,
      `insert into cluster_rollup (org_id, cluster_id, scan_seq, catalog_version, last_scan_at, evaluated_at, scope, cells, worst_rank,
         failing_controls, failing_control_ids, workloads_cde, workloads_connected_to, workloads_out_of_scope,
         open_critical, open_high, open_medium, open_low)
       select $1, i.id, 1, '${CATALOG_VERSION}', i.at, i.at, i.scope, i.cells, i.rank, cardinality(i.failing), i.failing,
         i.workloads, i.workloads, i.workloads, 5, 5, 5, 5 from ${source}`,
    ])
      await client.query(sql, [orgId, batch]);
  }
}

function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
