import type { Metadata } from "next";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { RequirementTree } from "@/components/requirement/requirement-tree";
import { PARENTS } from "@/components/requirement/parents";
import { RequirementView } from "@/components/requirement/requirement-view";
import { ResultFilters } from "@/components/result/result-filters";
import { ResultTable } from "@/components/result/result-table";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { Section } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { requirementsQuery, resultsQuery } from "@/lib/api/assessment";
import { getRequirement, listRequirements } from "@/lib/server/requirements";
import { listResults } from "@/lib/server/results";
import { type Principal } from "@/lib/server/principal";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

interface Props {
  params: Promise<{ org: string; number: string }>;
  searchParams: Promise<SearchParams>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Requirement ${decodeURIComponent((await params).number)}` };
}

export default async function RequirementPage({ params, searchParams }: Props) {
  const { org, number } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query } = readQuery(resultsQuery, search);
  const { data: requirement, refused } = await load(
    getRequirement(principal, decodeURIComponent(number), { project: query.project, cluster: query.cluster }),
  );
  if (refused) return refused;
  const tests = requirement.kind === "requirement" && requirement.controlList.length > 0;
  return (
    <RequirementView
      organization={org}
      requirement={requirement}
      results={tests ? <Results principal={principal} org={org} requirement={requirement.id} search={search} /> : null}
      below={
        PARENTS.has(requirement.id) ? (
          <Below principal={principal} org={org} parent={requirement.id} search={search} />
        ) : null
      }
    />
  );
}

async function Results({
  principal,
  org,
  requirement,
  search,
}: {
  principal: Principal;
  org: string;
  requirement: string;
  search: SearchParams;
}) {
  const { query, ignored } = readQuery(resultsQuery, { pageSize: "12", ...search });
  const { data, refused } = await load(listResults(principal, { ...query, requirement }));
  if (refused) return refused;
  const path = `/o/${org}/requirements/${requirement}`;
  return (
    <div className="space-y-2.5">
      <IgnoredNote path={path} params={search} ignored={ignored} />
      <ResultFilters />
      <ResultTable
        organization={org}
        path={path}
        params={search}
        query={query}
        page={data}
        clearHref={addressOf(path, pick(search, LENS))}
        empty={
          <Message title="Nothing was judged yet">
            Results appear with the first scan of a cluster in this lens.
          </Message>
        }
        showControl
      />
    </div>
  );
}

async function Below({
  principal,
  org,
  parent,
  search,
}: {
  principal: Principal;
  org: string;
  parent: string;
  search: SearchParams;
}) {
  const { query } = readQuery(requirementsQuery, pick(search, LENS));
  const { data, refused } = await load(listRequirements(principal, { ...query, page: 1, pageSize: 200, parent }));
  if (refused) return refused;
  return (
    <Section title={`Below ${parent}`}>
      <RequirementTree
        organization={org}
        open={new Set()}
        params={pick(search, LENS)}
        rows={data.items
          .filter((row) => row.id !== parent)
          .map((row) => ({
            row,
            depth: row.id.split(".").length - parent.split(".").length - 1,
            canOpen: false,
            isOpen: false,
          }))}
      />
    </Section>
  );
}
