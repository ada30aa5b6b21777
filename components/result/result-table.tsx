import Link from "next/link";
import type { ReactNode } from "react";
import type { ResultRow } from "@/lib/api/assessment";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { LazyDetails } from "@/components/ui/lazy-details";
import { Pager } from "@/components/ui/pager";
import { tableState } from "@/components/ui/table-state";
import { OwnTag } from "../custom-control/own-tag";
import { ObjectName } from "../object-name";
import { Moment } from "../status/moment";
import { SeverityBars } from "../status/severity";
import { StatusLabel } from "../status/status-label";
import { EvidenceList } from "./evidence";

/** Pointers of a result that a row opens into; a page of results must stay light. */
const POINTERS = 6;

/** Every object that was judged: what, why, on which evidence. The reason opens into the whole sentence and its pointers. */
export function ResultTable({
  organization,
  path,
  params,
  query,
  page,
  clearHref,
  empty,
  showControl,
}: {
  organization: string;
  path: string;
  params: SearchParams;
  query: { sort: string; direction: "asc" | "desc" };
  page: { items: ResultRow[]; page: number; pageSize: number; total: number; totalUnfiltered: number };
  clearHref: string;
  empty: ReactNode;
  showControl: boolean;
}) {
  const columns: Column<ResultRow>[] = [
    {
      id: "object",
      head: "Object",
      lead: true,
      sort: "object",
      className: "md:w-[34%]",
      cell: (row) => (
        <span className="block">
          <ObjectName object={row.object} part={row.part} />
          <span className="block text-small font-book text-fg-3">
            {row.cluster.name}
            {showControl ? (
              <>
                {" · "}
                <Link prefetch={false} className="row-link mono" href={`/o/${organization}/controls/${row.control}`}>
                  {row.control}
                </Link>{" "}
                <OwnTag control={row.control} />
              </>
            ) : null}
          </span>
        </span>
      ),
    },
    {
      id: "status",
      head: "Result",
      sort: "worst",
      cell: (row) => <StatusLabel status={row.status} freshness={row.freshness} />,
    },
    {
      id: "reason",
      head: "Reason",
      className: "md:w-[36%]",
      cell: (row) => (
        <LazyDetails
          className="group w-full text-left"
          summaryClass="rounded hover:underline hover:underline-offset-3"
          summary={
            <>
              {row.reason}
              <span className="text-small whitespace-nowrap text-fg-3">
                {" "}
                · {row.evidence.length > 0 ? "evidence" : "more"}
              </span>
            </>
          }
        >
          <div className="mt-2 space-y-2 text-fg-2">
            <p>{row.detail}</p>
            <EvidenceList evidence={row.evidence} limit={POINTERS} />
            {row.finding === null ? null : (
              <Link prefetch={false} className="link" href={`/o/${organization}/findings/${row.finding}`}>
                Finding F-{row.finding}
              </Link>
            )}
          </div>
        </LazyDetails>
      ),
    },
    {
      id: "severity",
      head: "Severity",
      cell: (row) => (row.status === "fail" ? <SeverityBars severity={row.severity} /> : null),
      wideOnly: true,
    },
    {
      id: "since",
      head: "Since",
      sort: "since",
      end: true,
      cell: (row) => <Moment at={row.since} dayOnly />,
      wideOnly: true,
    },
  ];
  return (
    <DataTable
      caption="Results, one for each object"
      noun="results"
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
          noun="results"
        />
      }
    />
  );
}
