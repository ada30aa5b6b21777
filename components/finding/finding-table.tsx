import Link from "next/link";
import type { ReactNode } from "react";
import type { FindingRow } from "@/lib/api/assessment";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { tableState } from "@/components/ui/table-state";
import { LensLink } from "../lens-link";
import { OwnTag } from "../custom-control/own-tag";
import { ObjectName } from "../object-name";
import { FreshnessText } from "../status/freshness-text";
import { Moment } from "../status/moment";
import { ScopeMark } from "../status/scope-mark";
import { SeverityBars } from "../status/severity";

export function FindingTable({
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
  page: { items: FindingRow[]; page: number; pageSize: number; total: number; totalUnfiltered: number };
  clearHref: string;
  empty: ReactNode;
}) {
  const columns: Column<FindingRow>[] = [
    {
      id: "finding",
      head: "Finding",
      lead: true,
      className: "md:w-[36%]",
      cell: (row) => (
        <LensLink href={`/o/${organization}/findings/${row.number}`} className="row-link block py-1">
          {row.reason}
          <span className="block text-small font-book text-fg-3">
            <span className="mono">F-{row.number}</span> · {row.controlTitle} <OwnTag control={row.control} />
          </span>
        </LensLink>
      ),
    },
    { id: "severity", head: "Severity", sort: "severity", cell: (row) => <SeverityBars severity={row.severity} /> },
    { id: "object", head: "Object", cell: (row) => <ObjectName object={row.object} part={row.part} /> },
    {
      id: "cluster",
      head: "Cluster",
      cell: (row) => (
        <Link
          prefetch={false}
          className="row-link whitespace-nowrap"
          href={`/o/${organization}/clusters/${row.cluster.slug}`}
        >
          {row.cluster.name}
        </Link>
      ),
    },
    { id: "scope", head: "Scope", cell: (row) => <ScopeMark category={row.scope} />, wideOnly: true },
    {
      id: "requirements",
      head: "Requirements",
      cell: (row) => (
        <span className="inline-flex flex-wrap gap-x-2">
          {row.requirements.map((id) => (
            <LensLink key={id} className="row-link target" href={`/o/${organization}/requirements/${id}`}>
              {id}
            </LensLink>
          ))}
        </span>
      ),
      wideOnly: true,
    },
    {
      id: "since",
      head: "Open since",
      sort: "firstSeenAt",
      end: true,
      cell: (row) =>
        row.state === "resolved" && row.resolvedAt ? (
          <span className="text-fg-3">
            resolved <Moment at={row.resolvedAt} dayOnly />
          </span>
        ) : (
          <FreshnessText at={row.firstSeenAt} />
        ),
    },
  ];
  return (
    <DataTable
      caption="Findings"
      noun="findings"
      columns={columns}
      rowKey={(row) => String(row.number)}
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
          noun="findings"
        />
      }
    />
  );
}
