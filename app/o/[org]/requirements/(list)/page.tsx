import { ListChecks } from "lucide-react";
import type { Metadata } from "next";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { PARENTS } from "@/components/requirement/parents";
import { flattenTree, parseOpen, type TreeRow } from "@/components/requirement/tree";
import { RequirementTree } from "@/components/requirement/requirement-tree";
import { RequirementsSummary } from "@/components/requirement/summary";
import { STATUSES } from "@/components/status/statuses";
import { COVERAGE_CHOICE } from "@/components/status/choices";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { Pager } from "@/components/ui/pager";
import { Message } from "@/components/ui/states";
import { Segmented } from "@/components/ui/tabs";
import { requirementsQuery } from "@/lib/api/assessment";
import { listRequirements } from "@/lib/server/requirements";
import Link from "next/link";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Requirements" };

const FILTERS = ["q", "status", "coverage"] as const;

export default async function RequirementsPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(requirementsQuery, { pageSize: "30", ...search });
  const filtered = FILTERS.some((name) => query[name] !== undefined);
  const flat = query.view === "leaves" || filtered;
  const open = parseOpen(typeof search["open"] === "string" ? search["open"] : undefined);

  const listed = flat ? { ...query, view: "leaves" as const } : { ...query, page: 1, pageSize: 200, parent: undefined };
  const { data, refused } = await load(listRequirements(principal, listed));
  if (refused) return refused;
  const below = flat
    ? []
    : await Promise.all(
        [...open]
          .filter((parent) => PARENTS.has(parent))
          .map((parent) => listRequirements(principal, { ...query, page: 1, pageSize: 200, parent })),
      );
  const rows: TreeRow[] = flat
    ? data.items.map((row) => ({ row, depth: 0, canOpen: false, isOpen: false }))
    : flattenTree(
        data.items.filter((row) => row.kind === "principal"),
        below.flatMap((page) => page.items),
        open,
        PARENTS,
      );
  const path = `/o/${org}/requirements`;
  return (
    <>
      <PageHead
        title="PCI DSS v4.0.1"
        actions={
          <Segmented
            label="How to list"
            current={flat ? "flat" : "tree"}
            options={[
              { id: "tree", label: "Tree", href: addressOf(path, pick(search, LENS)) },
              { id: "flat", label: "Flat list", href: addressOf(path, pick(search, LENS), { view: "leaves" }) },
            ]}
          />
        }
      >
        Requirements in our own words, by their numbers. Over several clusters a requirement shows the worst.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <RequirementsSummary summary={data.summary} />
        <FilterBar
          search={{ label: "Search requirements by number or words", placeholder: "Number or words" }}
          keep={["project", "cluster", "view"]}
          choices={[
            {
              name: "status",
              label: "Status",
              any: "Any status",
              options: Object.entries(STATUSES).map(([value, entry]) => ({ value, label: entry.word })),
            },
            COVERAGE_CHOICE,
            ...(flat
              ? [
                  {
                    name: "sort",
                    label: "Order",
                    any: "By number",
                    options: [{ value: "worst", label: "Worst first" }],
                  },
                ]
              : []),
          ]}
        />
        {rows.length === 0 ? (
          <div className="card">
            <Message
              icon={ListChecks}
              title="No requirement matches"
              actions={
                <Link prefetch={false} className={buttonClass({})} href={addressOf(path, pick(search, LENS))}>
                  Clear filters
                </Link>
              }
            >
              {data.totalUnfiltered.toLocaleString("en")} requirements without the filters.
            </Message>
          </div>
        ) : (
          <RequirementTree organization={org} rows={rows} open={open} params={search} />
        )}
        {flat && data.total > data.pageSize ? (
          <Pager
            path={path}
            params={search}
            page={data.page}
            pageSize={data.pageSize}
            total={data.total}
            noun="requirements"
          />
        ) : null}
      </PageBody>
    </>
  );
}
