import clsx from "clsx";
import { ChevronRight } from "lucide-react";
import Link from "next/link";
import { addressOf, type SearchParams } from "@/components/ui/address";
import { LensLink } from "../lens-link";
import { CoverageLabel } from "../status/coverage";
import { Breakdown } from "../status/breakdown";
import { FreshnessText } from "../status/freshness-text";
import { SeverityBars } from "../status/severity";
import { RollupLabel, StatusLabel } from "../status/status-label";
import { toggleOpen, type TreeRow } from "./tree";

/** The standard as a table with a disclosure link per row (a plain table: screen readers skip cells in a treegrid). */
export function RequirementTree({
  organization,
  rows,
  open,
  params,
}: {
  organization: string;
  rows: readonly TreeRow[];
  open: ReadonlySet<string>;
  params: SearchParams;
}) {
  const path = `/o/${organization}/requirements`;
  return (
    <div className="card overflow-x-auto">
      <table className="rows">
        <caption className="sr-only">Requirements of PCI DSS v4.0.1</caption>
        <thead>
          <tr>
            <th scope="col">Requirement</th>
            <th scope="col">Status</th>
            <th scope="col">Breakdown</th>
            <th scope="col" className="max-xl:hidden">
              How it is checked
            </th>
            <th scope="col">Findings</th>
            <th scope="col" className="end">
              Oldest evidence
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, depth, canOpen, isOpen }) => (
            <tr key={row.id} className={clsx(depth > 0 && "bg-[color-mix(in_srgb,var(--canvas)_60%,var(--surface))]")}>
              <td data-lead="" className="xl:w-[42%]">
                <span className="flex items-center gap-2" style={{ paddingLeft: depth * 18 }}>
                  {canOpen ? (
                    <Link
                      prefetch={false}
                      scroll={false}
                      href={addressOf(path, params, { open: toggleOpen(open, row.id) })}
                      aria-expanded={isOpen}
                      aria-label={`${isOpen ? "Close" : "Open"} ${row.id}`}
                      className="grid size-6 shrink-0 place-items-center rounded text-fg-3 hover:bg-hover"
                    >
                      <ChevronRight size={14} aria-hidden="true" className={isOpen ? "rotate-90" : undefined} />
                    </Link>
                  ) : (
                    <span className="w-6 shrink-0" />
                  )}
                  <LensLink href={`${path}/${row.id}`} className="row-link flex min-w-0 gap-2.5">
                    <span className={clsx("min-w-5 shrink-0", depth === 1 ? "font-medium" : "font-strong")}>
                      {row.id}
                    </span>
                    <span className={depth === 0 ? "font-strong" : depth === 1 ? "font-book text-fg-2" : "font-book"}>
                      {row.title}
                      {row.serviceProviderOnly ? <span className="text-fg-3"> · service providers</span> : null}
                    </span>
                  </LensLink>
                </span>
              </td>
              <td data-label="Status">
                {row.status !== null ? (
                  <StatusLabel status={row.status} freshness={row.freshness} />
                ) : row.rollup !== null ? (
                  <RollupLabel rollup={row.rollup} hasFail={(row.breakdown.fail ?? 0) > 0} freshness={row.freshness} />
                ) : null}
              </td>
              <td data-label="Breakdown" className="whitespace-nowrap">
                {row.kind === "requirement" ? (
                  row.clustersTotal > 0 && row.status !== "not-assessed" ? (
                    <span className="text-fg-3">
                      in {row.clustersWorst} of {row.clustersTotal} clusters
                    </span>
                  ) : null
                ) : (
                  <Breakdown counts={row.breakdown} />
                )}
              </td>
              <td
                data-label={row.kind === "requirement" ? "How it is checked" : undefined}
                className="md:max-xl:hidden"
              >
                {row.kind === "requirement" ? (
                  <span className="inline-flex items-center gap-2">
                    <CoverageLabel coverage={row.coverage} />
                    {row.controls > 0 ? (
                      <span className="whitespace-nowrap text-fg-3">
                        {row.controls} {row.controls === 1 ? "control" : "controls"}
                      </span>
                    ) : null}
                  </span>
                ) : null}
              </td>
              <td data-label="Findings" className="whitespace-nowrap">
                {row.openFindings > 0 ? (
                  <LensLink
                    href={`/o/${organization}/findings?requirement=${row.id}`}
                    className="row-link inline-flex items-center gap-1.5"
                  >
                    {row.worstSeverity ? <SeverityBars severity={row.worstSeverity} bare /> : null}
                    {row.openFindings.toLocaleString("en")} open
                  </LensLink>
                ) : (
                  <span className="text-fg-3">–</span>
                )}
              </td>
              <td data-label="Oldest evidence" className="end text-fg-3">
                <FreshnessText at={row.oldestEvidenceAt} freshness={row.freshness} never="–" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
