import type { FleetRow } from "@/lib/api/clusters";
import { drawnAs, ROLLUPS } from "../status/statuses";
import { PRINCIPALS } from "./requirement-names";

type Cell = FleetRow["cells"][number];

/** What a tile of the heatmap draws. */
export function tileStatus(cell: Cell): ReturnType<typeof drawnAs> {
  return drawnAs(cell.status, cell.failingControls > 0);
}

/** The tile in words: "pci-prod, requirement 1 Network, blocked, 4 failing controls, with a critical one, stale". */
export function tileName(cluster: string, cell: Cell, freshness: FleetRow["freshness"]): string {
  const word = PRINCIPALS.find((principal) => principal.id === cell.requirement)?.word ?? "";
  const parts = [cluster, `requirement ${cell.requirement} ${word}`.trim(), ROLLUPS[cell.status].word.toLowerCase()];
  if (cell.failingControls > 0)
    parts.push(`${cell.failingControls} failing ${cell.failingControls === 1 ? "control" : "controls"}`);
  else if (cell.status === "blocked") parts.push("could not be evaluated");
  if (cell.hasCritical) parts.push("with a critical one");
  if (freshness === "stale") parts.push("stale");
  return parts.join(", ");
}

/** Rows in groups by project, in the order in which the projects first appear (so "worst first" holds between groups too). */
export function groupByProject(rows: readonly FleetRow[]): { slug: string; name: string; rows: FleetRow[] }[] {
  const groups = new Map<string, { slug: string; name: string; rows: FleetRow[] }>();
  for (const row of rows) {
    const group = groups.get(row.project.slug) ?? { ...row.project, rows: [] };
    group.rows.push(row);
    groups.set(row.project.slug, group);
  }
  return [...groups.values()];
}
