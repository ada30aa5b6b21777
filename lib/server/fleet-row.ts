/** One cluster as the fleet shows it: the query that the fleet page and the cluster page share, and the row made of it. */
import type { FleetRow } from "@/lib/api/clusters";
import type { Freshness } from "@/lib/assessment/status";
import { PRINCIPAL_REQUIREMENTS } from "@/lib/pci";
import { Prisma } from "./db/generated/client";
import type { Cell } from "./evaluate/cells";
import { freshnessSql, isAssessed } from "./lens";
import { type Principal, requireProjectsWith } from "./principal";

/** An enrolled agent that says nothing for this long (ten heartbeats) is shown as silent. */
export const SILENT_AFTER_MS = 5 * 60_000;
/** A snapshot that was announced longer ago than this is not being uploaded any more. */
export const UPLOAD_MS = 60 * 60_000;

export interface FleetRecord {
  id: string;
  slug: string;
  name: string;
  project: string;
  project_name: string;
  provider: FleetRow["provider"];
  kubernetes_version: string | null;
  agent: FleetRow["agent"];
  agent_version: string | null;
  last_seen_at: string | null;
  last_scan_at: string | null;
  freshness: Freshness;
  scanning: boolean;
  scope: FleetRow["scope"] | null;
  cells: Cell[] | null;
  open_critical: number | null;
  open_high: number | null;
  open_medium: number | null;
  open_low: number | null;
}

/** Clusters that the principal may see, with everything that a row shows. For use as a CTE. */
export function fleetSql(principal: Principal, now: Date): Prisma.Sql {
  const orgId = principal.organization.id;
  const projects = requireProjectsWith(principal, "cluster:read");
  const visible = projects === null ? Prisma.empty : Prisma.sql`and c.project_id = any(${projects}::uuid[])`;
  const silentBefore = new Date(now.getTime() - SILENT_AFTER_MS);
  const uploadingSince = new Date(now.getTime() - UPLOAD_MS);
  return Prisma.sql`
    select c.id, c.slug, c.name, p.slug as project, p.name as project_name, c.provider, c.kubernetes_version,
      case when c.agent_state = 'enrolled' and (c.last_seen_at is null or c.last_seen_at < ${silentBefore}::timestamptz)
        then 'silent' else c.agent_state end as agent,
      c.agent_version, c.last_seen_at, r.last_scan_at, ${freshnessSql(Prisma.sql`r.last_scan_at`, now)} as freshness,
      (c.agent_state = 'enrolled' and c.collecting is not null and c.last_seen_at >= ${silentBefore}::timestamptz
        or exists (select from scan s where s.org_id = c.org_id and s.cluster_id = c.id and s.state in ('queued', 'evaluating'))
        or c.agent_state = 'enrolled' and exists (select from snapshot n where n.org_id = c.org_id and n.cluster_id = c.id and n.state = 'announced'
          and n.announced_at >= ${uploadingSince}::timestamptz)) as scanning,
      r.scope, r.cells, r.open_critical, r.open_high, r.open_medium, r.open_low,
      r.worst_rank, r.failing_controls, r.failing_control_ids, r.workloads_cde, r.workloads_connected_to,
      r.workloads_out_of_scope, r.workloads_undeclared
    from cluster c
    join project p on p.org_id = c.org_id and p.id = c.project_id
    left join cluster_rollup r on r.org_id = c.org_id and r.cluster_id = c.id
    where c.org_id = ${orgId}::uuid and c.deleted_at is null ${visible}`;
}

/** A record as a row of the API; times of a JSON aggregate are texts. */
export function fleetRowOf(record: FleetRecord): FleetRow {
  const open = [
    record.open_critical ?? 0,
    record.open_high ?? 0,
    record.open_medium ?? 0,
    record.open_low ?? 0,
  ] as const;
  const severities = ["critical", "high", "medium", "low"] as const;
  const worst = open.findIndex((count) => count > 0);
  return {
    id: record.id,
    slug: record.slug,
    name: record.name,
    project: { slug: record.project, name: record.project_name },
    provider: record.provider,
    kubernetesVersion: record.kubernetes_version,
    scope: record.scope ?? "undeclared",
    agent: record.agent,
    agentVersion: record.agent_version,
    lastSeenAt: isoText(record.last_seen_at),
    lastScanAt: isoText(record.last_scan_at),
    freshness: record.freshness,
    scanning: record.scanning,
    openFindings: open[0] + open[1] + open[2] + open[3],
    worstSeverity: severities[worst] ?? null,
    cells: cellsAtAge(record.cells, record.freshness),
  };
}

function cellsAtAge(cells: Cell[] | null, freshness: Freshness): FleetRow["cells"] {
  if (cells !== null && isAssessed(freshness)) return cells;
  return PRINCIPAL_REQUIREMENTS.map(({ id }) => ({
    requirement: id,
    status: "not-assessed" as const,
    failingControls: 0,
    hasCritical: false,
  }));
}

function isoText(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
