import type { Metadata } from "next";
import { ControlTable } from "@/components/control/control-table";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { controlsQuery } from "@/lib/api/assessment";
import { listControls } from "@/lib/server/controls";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Controls" };

export default async function ControlsPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(controlsQuery, search);
  const { data, refused } = await load(listControls(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/controls`;
  return (
    <>
      <PageHead title="Controls">
        Technical tests, each with its rule in words. A control passes only when every object of its kind was read and
        meets the rule.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FilterBar
          search={{ label: "Search controls by id or title", placeholder: "Id or title" }}
          keep={[...LENS, "sort", "direction"]}
          choices={[
            {
              name: "status",
              label: "Result",
              any: "Any result",
              options: [
                { value: "fail", label: "Fail" },
                { value: "unknown", label: "Could not evaluate" },
                { value: "pass", label: "Pass" },
                { value: "not-applicable", label: "Not applicable" },
                { value: "not-assessed", label: "Not assessed" },
              ],
            },
            {
              name: "severity",
              label: "Severity",
              any: "Any severity",
              options: [
                { value: "critical", label: "Critical" },
                { value: "high", label: "High" },
                { value: "medium", label: "Medium" },
                { value: "low", label: "Low" },
              ],
            },
          ]}
        />
        <ControlTable
          organization={org}
          path={path}
          params={search}
          query={query}
          page={data}
          clearHref={addressOf(path, pick(search, LENS))}
          empty={<Message title="No controls">This release carries no control.</Message>}
        />
      </PageBody>
    </>
  );
}
