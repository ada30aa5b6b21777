import type { ScopeRow, scopePage } from "@/lib/api/assessment";
import type { z } from "zod";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { LensLink } from "../lens-link";
import { ObjectName } from "../object-name";
import { ScopeMark, SCOPES, type ScopeCategory } from "../status/scope-mark";

type Page = z.infer<typeof scopePage>;

/** Workloads by category, each with its count, and what the categories mean. */
export function ScopeSummary({ summary }: { summary: Page["summary"] }) {
  const parts: { category: ScopeCategory; count: number }[] = [
    { category: "cde", count: summary.cde },
    { category: "connected-to", count: summary.connectedTo },
    { category: "out-of-scope", count: summary.outOfScope },
    { category: "undeclared", count: summary.undeclared },
  ];
  return (
    <ul className="grid grid-cols-2 overflow-hidden rounded-card border border-line max-lg:gap-px max-lg:bg-line lg:grid-cols-4">
      {parts.map(({ category, count }) => (
        <li key={category} className="border-line px-4 py-2.5 max-lg:bg-surface lg:not-first:border-l">
          <p className="text-[1.125rem]/6 font-heavy tracking-[-0.015em]">{count.toLocaleString("en")}</p>
          <p className="font-medium">
            <ScopeMark category={category} />
          </p>
          <p className="text-small text-fg-3">{SCOPES[category].meaning}</p>
        </li>
      ))}
    </ul>
  );
}

export function ScopeTable({
  organization,
  path,
  params,
  query,
  page,
  clearHref,
}: {
  organization: string;
  path: string;
  params: SearchParams;
  query: { sort: string; direction: "asc" | "desc"; view: "namespaces" | "workloads" };
  page: Page;
  clearHref: string;
}) {
  const columns: Column<ScopeRow>[] = [
    {
      id: "what",
      head: query.view === "namespaces" ? "Namespace" : "Workload",
      lead: true,
      sort: "namespace",
      cell: (row) =>
        row.workload === null ? <span className="mono">{row.namespace}</span> : <ObjectName object={row.workload} />,
    },
    { id: "category", head: "Category", sort: "category", cell: (row) => <ScopeMark category={row.category} /> },
    {
      id: "reasons",
      head: "Why",
      className: "md:w-[42%]",
      cell: (row) => (
        <ul className="text-fg-2">
          {row.reasons.map((reason) => (
            <li key={`${reason.code}${reason.text}`}>{reason.text}</li>
          ))}
        </ul>
      ),
    },
    { id: "cluster", head: "Cluster", sort: "cluster", cell: (row) => row.cluster.name },
    ...(query.view === "namespaces"
      ? [
          {
            id: "workloads",
            head: "Workloads",
            end: true,
            cell: (row: ScopeRow) => (
              <LensLink
                className="row-link"
                href={`${path}?view=workloads&namespace=${row.namespace}&cluster=${row.cluster.slug}`}
              >
                {row.workloads.toLocaleString("en")}
              </LensLink>
            ),
          },
        ]
      : []),
    {
      id: "findings",
      head: "Findings",
      end: true,
      cell: (row) =>
        row.openFindings > 0 ? (
          <LensLink
            className="row-link"
            href={`/o/${organization}/findings?namespace=${row.namespace}&cluster=${row.cluster.slug}`}
          >
            {row.openFindings.toLocaleString("en")} open
          </LensLink>
        ) : (
          <span className="text-fg-3">0</span>
        ),
    },
  ];
  return (
    <DataTable
      caption={query.view === "namespaces" ? "Namespaces and their scope" : "Workloads and their scope"}
      noun={query.view}
      columns={columns}
      rowKey={(row) =>
        `${row.cluster.slug}/${row.namespace}/${row.workload ? `${row.workload.kind}/${row.workload.name}` : ""}`
      }
      state={tableState({ status: "ready", ...page })}
      address={{ path, params, sort: query.sort, direction: query.direction, clearHref }}
      empty={<Message title="No inventory yet">Scope appears with the first scan of a cluster.</Message>}
      footer={
        <Pager
          path={path}
          params={params}
          page={page.page}
          pageSize={page.pageSize}
          total={page.total}
          noun={query.view}
        />
      }
    />
  );
}
