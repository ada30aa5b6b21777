/** What stands around every page of an organization, in one statement: its projects, and how many findings are open. */
import { withOrganization } from "./db/organization";
import { type Principal, projectsWith, requireProjectsWith } from "./principal";

export interface ShellFacts {
  /** Those that the principal may read, by name. */
  projects: { slug: string; name: string }[];
  /** Open findings of the clusters whose findings the principal may read; null if there are none such. */
  openFindings: number | null;
}

interface Row {
  id: string;
  slug: string;
  name: string;
  open_findings: number;
}

/**
 * The shell's facts. The findings are added up from the clusters' roll-ups, which an evaluation writes in the same transaction, because
 * counting them one by one costs more than the page itself in a large fleet.
 *
 * @throws RingfenceError `forbidden`
 */
export async function getShellFacts(principal: Principal): Promise<ShellFacts> {
  const orgId = principal.organization.id;
  const visible = requireProjectsWith(principal, "project:read");
  const withFindings = projectsWith(principal, "finding:read");
  const rows = await withOrganization(
    orgId,
    (tx) => tx.$queryRaw<Row[]>`
      select p.id, p.slug, p.name,
        coalesce(sum(r.open_critical + r.open_high + r.open_medium + r.open_low), 0)::int as open_findings
      from project p
      left join cluster c on c.org_id = p.org_id and c.project_id = p.id and c.deleted_at is null
      left join cluster_rollup r on r.org_id = c.org_id and r.cluster_id = c.id
      where p.org_id = ${orgId}::uuid
      group by p.id, p.slug, p.name
      order by p.name`,
  );
  const isIn = (projects: string[] | null, row: Row) => projects === null || projects.includes(row.id);
  const counted = rows.filter((row) => isIn(withFindings, row));
  return {
    projects: rows.filter((row) => isIn(visible, row)).map(({ slug, name }) => ({ slug, name })),
    openFindings: withFindings?.length === 0 ? null : counted.reduce((sum, row) => sum + row.open_findings, 0),
  };
}
