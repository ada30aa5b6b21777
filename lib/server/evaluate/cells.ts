/** The twelve cells of the fleet page: the principal requirements of one cluster. */
import { rollupStatus } from "@/lib/assessment/status";
import type { RollupStatus } from "@/lib/assessment/types";
import type { Control } from "@/lib/controls/types";
import { PRINCIPAL_REQUIREMENTS, principalOf } from "@/lib/pci";
import type { ControlRow, RequirementRow, ResultRow } from "./rows";

export interface Cell {
  requirement: string;
  status: RollupStatus | "not-assessed";
  failingControls: number;
  hasCritical: boolean;
}

/** A cell counts the controls that fail, with the links by which they decide something (supporting links inform and never decide). */
export function cellsOf(
  requirements: readonly RequirementRow[],
  controlRows: readonly ControlRow[],
  results: readonly ResultRow[],
  controls: ReadonlyMap<string, Control>,
): Cell[] {
  const failing = new Set(controlRows.filter((row) => row.status === "fail").map((row) => row.controlId));
  const critical = new Set(
    results.filter((row) => row.status === "fail" && row.severity === "critical").map((row) => row.controlId),
  );
  return PRINCIPAL_REQUIREMENTS.map(({ id: requirement }): Cell => {
    const leaves = requirements.filter((row) => principalOf(row.requirementId) === requirement);
    const linked = [...failing].filter((id) =>
      controls
        .get(id)
        ?.requirements.some((link) => link.kind !== "supporting" && principalOf(link.requirement) === requirement),
    );
    return {
      requirement,
      status: leaves.length === 0 ? "not-assessed" : rollupStatus(leaves.map((row) => row.status)),
      failingControls: linked.length,
      hasCritical: linked.some((id) => critical.has(id)),
    };
  });
}

/** For the sort "worst first": blocked requirements, then failing controls; a cluster without evidence stands at 500. */
export function worstRankOf(cells: readonly Cell[], failingControls: number): number {
  const blocked = cells.filter((cell) => cell.status === "blocked").length;
  if (blocked > 0) return blocked * 1000 + Math.min(failingControls, 999);
  return cells.some((cell) => cell.status === "needs-attestation") ? 100 : 10;
}
/** Where a cluster stands in that sort while nothing, or nothing recent, is known of it. */
export const NOT_ASSESSED_RANK = 500;
