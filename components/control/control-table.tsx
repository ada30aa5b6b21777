import type { ReactNode } from "react";
import type { ControlRow } from "@/lib/api/assessment";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { tableState } from "@/components/ui/table-state";
import { OwnTag } from "../custom-control/own-tag";
import { LensLink } from "../lens-link";
import { ResultCountsText } from "../status/breakdown";
import { LINK_WORDS } from "./link-words";
import { SeverityBars } from "../status/severity";
import { StatusLabel } from "../status/status-label";

export function ControlTable({
  organization,
  path,
  params,
  query,
  page,
  clearHref,
  empty,
}: {
  organization: string;
  path: string;
  params: SearchParams;
  query: { sort: string; direction: "asc" | "desc" };
  page: { items: ControlRow[]; page: number; pageSize: number; total: number; totalUnfiltered: number };
  clearHref: string;
  empty: ReactNode;
}) {
  const columns: Column<ControlRow>[] = [
    {
      id: "control",
      head: "Control",
      lead: true,
      sort: "id",
      className: "md:w-[36%]",
      cell: (row) => (
        <LensLink href={`/o/${organization}/controls/${row.id}`} className="row-link block py-1">
          {row.title}
          <span className="block text-small font-book text-fg-3">
            <span className="mono">{row.id}</span> · {row.family.title} <OwnTag control={row.id} />
          </span>
        </LensLink>
      ),
    },
    { id: "status", head: "Result", sort: "worst", cell: (row) => <StatusLabel status={row.status} /> },
    {
      id: "counts",
      head: "Objects judged",
      cell: (row) => (row.status === "not-assessed" ? null : <ResultCountsText counts={row.counts} noun="" />),
    },
    { id: "severity", head: "Severity", sort: "severity", cell: (row) => <SeverityBars severity={row.severity} /> },
    {
      id: "requirements",
      head: "Requirements",
      wideOnly: true,
      cell: (row) => (
        <span className="inline-flex flex-wrap gap-x-2">
          {row.requirements.map((link) => (
            <LensLink
              key={link.requirement}
              href={`/o/${organization}/requirements/${link.requirement}`}
              className={link.kind === "primary" ? "row-link target" : "row-link target text-fg-3"}
              title={`${LINK_WORDS[link.kind].word}. ${link.rationale}`}
            >
              {link.requirement}
            </LensLink>
          ))}
        </span>
      ),
    },
    {
      id: "clusters",
      head: "Clusters",
      end: true,
      cell: (row) =>
        row.clustersTotal === 0 ? null : (
          <span className={`whitespace-nowrap ${row.clustersFailing > 0 ? "text-fail-fg" : "text-fg-3"}`}>
            {row.clustersFailing} of {row.clustersTotal} fail
          </span>
        ),
    },
  ];
  return (
    <DataTable
      caption="Controls"
      noun="controls"
      columns={columns}
      rowKey={(row) => row.id}
      state={tableState({ status: "ready", ...page })}
      address={{ path, params, sort: query.sort, direction: query.direction, clearHref }}
      empty={empty}
      footer={
        <Pager
          path={path}
          params={params}
          page={page.page}
          pageSize={page.pageSize}
          total={page.total}
          noun="controls"
        />
      }
    />
  );
}
