"use client";
import clsx from "clsx";
import Link from "next/link";
import { type KeyboardEvent, useRef } from "react";
import type { FleetRow } from "@/lib/api/clusters";
import { Spinner } from "@/components/ui/spinner";
import { AgentDot } from "../cluster/agent-dot";
import { platformWords } from "../cluster/words";
import { FreshnessText } from "../status/freshness-text";
import { ScopeMark } from "../status/scope-mark";
import { SeverityBars } from "../status/severity";
import { groupByProject, tileName, tileStatus } from "./cell";
import { PRINCIPALS } from "./requirement-names";

const ARROWS: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** A table may be a grid (ARIA in HTML, "table"). */
const GRID = { role: "grid" } as const;

/**
 * Clusters by requirements. A grid in the sense of ARIA: one tile can be reached by Tab, the arrows go from tile to tile, Enter opens the
 * requirement for that cluster. On a phone each cluster is a strip of twelve tiles.
 */
export function FleetGrid({
  organization,
  rows,
  grouped,
}: {
  organization: string;
  rows: readonly FleetRow[];
  grouped: boolean;
}) {
  const table = useRef<HTMLTableElement>(null);
  const base = `/o/${organization}`;
  const groups = grouped ? groupByProject(rows) : [{ slug: "", name: "", rows: [...rows] }];
  const order = new Map(groups.flatMap((group) => group.rows).map((row, index) => [row.id, index]));

  const onKeyDown = (event: KeyboardEvent) => {
    const step = ARROWS[event.key];
    const tile = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>("[data-row]") : null;
    if (!step || !tile || !table.current) return;
    const row = Number(tile.dataset["row"]) + step[0];
    const column = Number(tile.dataset["column"]) + step[1];
    const next = table.current.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`);
    if (!next) return;
    event.preventDefault();
    for (const each of table.current.querySelectorAll<HTMLElement>("[data-row]")) each.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };

  return (
    <div className="overflow-x-auto">
      <table ref={table} {...GRID} aria-label="Clusters by requirement" className="fleet w-full">
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th scope="col" className="max-lg:hidden">
              Scope
            </th>
            {PRINCIPALS.map((principal) => (
              <th key={principal.id} scope="col" title={principal.title} className="principal">
                <b>{principal.id}</b> <span>{principal.word}</span>
              </th>
            ))}
            <th scope="col">Findings</th>
            <th scope="col">Last scan</th>
          </tr>
        </thead>
        {groups.map((group) => (
          <tbody key={group.slug}>
            {group.name ? (
              <tr className="group">
                <th colSpan={16} scope="colgroup">
                  <b>{group.name}</b> · {group.rows.length} {group.rows.length === 1 ? "cluster" : "clusters"}
                </th>
              </tr>
            ) : null}
            {group.rows.map((row) => {
              const at = order.get(row.id) ?? 0;
              return (
                <tr key={row.id} className="cluster">
                  <th scope="row">
                    <span className="flex items-center gap-2">
                      <AgentDot state={row.agent} />
                      <Link
                        prefetch={false}
                        href={`${base}/clusters/${row.slug}`}
                        className="row-link truncate font-strong text-fg"
                      >
                        {row.name}
                      </Link>
                      <span className="truncate text-small text-fg-3">
                        {platformWords(row.provider, row.kubernetesVersion)}
                      </span>
                      {row.scanning ? (
                        <span className="flex items-center gap-1 text-small text-accent">
                          <Spinner size={12} /> scanning
                        </span>
                      ) : null}
                    </span>
                  </th>
                  <td className="max-lg:hidden">
                    <ScopeMark category={row.scope} />
                  </td>
                  {row.cells.map((cell, column) => {
                    const status = tileStatus(cell);
                    const name = tileName(row.name, cell, row.freshness);
                    return (
                      <td key={cell.requirement} className="cell">
                        <Link
                          prefetch={false}
                          href={`${base}/requirements?cluster=${row.slug}&open=${cell.requirement}`}
                          tabIndex={at === 0 && column === 0 ? 0 : -1}
                          data-row={at}
                          data-column={column}
                          data-status={status}
                          data-critical={cell.hasCritical ? "" : undefined}
                          data-stale={row.freshness === "stale" ? "" : undefined}
                          aria-label={name}
                          title={name}
                          className="tile"
                          onKeyDown={onKeyDown}
                        >
                          {status === "fail" ? cell.failingControls : null}
                        </Link>
                      </td>
                    );
                  })}
                  <td className="findings">
                    {row.openFindings > 0 ? (
                      <Link
                        prefetch={false}
                        href={`${base}/findings?cluster=${row.slug}`}
                        className={clsx(
                          "row-link inline-flex items-center gap-1.5",
                          row.worstSeverity === "critical" && "font-strong text-fail-fg",
                        )}
                      >
                        {row.worstSeverity ? <SeverityBars severity={row.worstSeverity} bare /> : null}
                        {row.openFindings.toLocaleString("en")}
                        <span className="md:sr-only">open</span>
                      </Link>
                    ) : (
                      <span className="text-fg-3">
                        {row.lastScanAt === null ? "–" : "0"} <span className="md:sr-only">open</span>
                      </span>
                    )}
                  </td>
                  <td className="age text-fg-3">
                    <span className="md:hidden">last scan </span>
                    <FreshnessText at={row.lastScanAt} freshness={row.freshness} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        ))}
      </table>
    </div>
  );
}
