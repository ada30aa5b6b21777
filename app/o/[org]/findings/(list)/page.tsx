import type { Metadata } from "next";
import { FindingTable } from "@/components/finding/finding-table";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { Segmented } from "@/components/ui/tabs";
import { findingsQuery } from "@/lib/api/assessment";
import { listFindings } from "@/lib/server/findings";
import { load } from "../../load";
import { SEVERITY_CHOICE, scopeChoice } from "@/components/status/choices";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Findings" };

export default async function FindingsPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(findingsQuery, { pageSize: "30", ...search });
  const { data, refused } = await load(listFindings(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/findings`;
  const narrowed = [
    query.control ? `control ${query.control}` : null,
    query.requirement ? `requirement ${query.requirement}` : null,
    query.namespace ? `namespace ${query.namespace}` : null,
  ].filter((part) => part !== null);
  return (
    <>
      <PageHead
        title="Findings"
        actions={
          <Segmented
            label="State"
            current={query.state}
            options={[
              { id: "open", label: "Open", href: addressOf(path, search, { state: null }) },
              { id: "resolved", label: "Resolved", href: addressOf(path, search, { state: "resolved" }) },
            ]}
          />
        }
      >
        A failing result followed over time. It keeps its number until it is fixed, and after.
        {narrowed.length > 0 ? ` Narrowed to ${narrowed.join(", ")}.` : ""}
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FilterBar
          search={{ label: "Search findings by object, control or reason", placeholder: "Object, control or reason" }}
          keep={[...LENS, "state", "control", "requirement", "namespace", "direction"]}
          choices={[
            SEVERITY_CHOICE,
            scopeChoice("scope"),
            {
              name: "sort",
              label: "Order",
              any: "Most urgent first",
              options: [
                { value: "severity", label: "By severity" },
                { value: "firstSeenAt", label: "Oldest first" },
                { value: "number", label: "By number" },
              ],
            },
          ]}
        />
        <FindingTable
          organization={org}
          path={path}
          params={search}
          query={query}
          page={data}
          clearHref={addressOf(path, pick(search, LENS))}
          empty={
            <Message title={query.state === "open" ? "Nothing is open" : "Nothing was resolved yet"}>
              {query.state === "open"
                ? "No control found a fault in the clusters of this lens. The controls page says what ran and what could not be evaluated."
                : "A finding is resolved when a later scan sees the object meet the rule."}
            </Message>
          }
        />
      </PageBody>
    </>
  );
}
