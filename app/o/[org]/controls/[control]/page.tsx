import type { Metadata } from "next";
import { ControlView } from "@/components/control/control-view";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { ResultFilters } from "@/components/result/result-filters";
import { ResultTable } from "@/components/result/result-table";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { Message } from "@/components/ui/states";
import { resultsQuery } from "@/lib/api/assessment";
import { getControl } from "@/lib/server/controls";
import { listResults } from "@/lib/server/results";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

interface Props {
  params: Promise<{ org: string; control: string }>;
  searchParams: Promise<SearchParams>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: decodeURIComponent((await params).control) };
}

export default async function ControlPage({ params, searchParams }: Props) {
  const { org, control: id } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(resultsQuery, { pageSize: "25", ...search });
  const lens = { project: query.project, cluster: query.cluster };
  const { data: control, refused } = await load(getControl(principal, id, lens));
  if (refused) return refused;
  const results = await load(listResults(principal, { ...query, control: control.id }));
  if (results.refused) return results.refused;
  const path = `/o/${org}/controls/${control.id}`;
  return (
    <ControlView
      organization={org}
      control={control}
      results={
        <div className="space-y-2.5">
          <IgnoredNote path={path} params={search} ignored={ignored} />
          <ResultFilters />
          <ResultTable
            organization={org}
            path={path}
            params={search}
            query={query}
            page={results.data}
            clearHref={addressOf(path, pick(search, LENS))}
            empty={
              <Message title="Nothing was judged yet">
                Results appear with the first scan of a cluster in this lens.
              </Message>
            }
            showControl={false}
          />
        </div>
      }
    />
  );
}
