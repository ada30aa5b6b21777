import type { Metadata } from "next";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { ScopeSummary, ScopeTable } from "@/components/scope/scope-view";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { FilterBar } from "@/components/ui/filter-bar";
import { Note } from "@/components/ui/note";
import { PageBody, PageHead } from "@/components/ui/page";
import { Segmented } from "@/components/ui/tabs";
import { scopeQuery } from "@/lib/api/assessment";
import { listScope } from "@/lib/server/scope";
import { load } from "../load";
import { scopeChoice } from "@/components/status/choices";
import { requirePagePrincipal } from "../principal";

export const metadata: Metadata = { title: "Scope" };

export default async function ScopePage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(scopeQuery, { pageSize: "30", ...search });
  const { data, refused } = await load(listScope(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/scope`;
  return (
    <>
      <PageHead
        title="Scope"
        actions={
          <Segmented
            label="Rows"
            current={query.view}
            options={[
              { id: "namespaces", label: "Namespaces", href: addressOf(path, search, { view: null, namespace: null }) },
              { id: "workloads", label: "Workloads", href: addressOf(path, search, { view: "workloads" }) },
            ]}
          />
        }
      >
        Which part of each cluster belongs to the cardholder data environment, and why. Figures count workloads.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <ScopeSummary summary={data.summary} />
        {data.summary.undeclared > 0 ? (
          <Note tone="warn">
            Some clusters carry no scope label, so nothing is known about their scope and CDE controls answer Could not
            evaluate there. Label the namespaces with <code className="mono">pci-scope</code>.
          </Note>
        ) : null}
        <FilterBar
          search={{ label: "Search by namespace or workload", placeholder: "Namespace or workload" }}
          keep={[...LENS, "view", "namespace", "sort", "direction"]}
          choices={[scopeChoice("category")]}
        />
        <ScopeTable
          organization={org}
          path={path}
          params={search}
          query={query}
          page={data}
          clearHref={addressOf(path, pick(search, LENS))}
        />
      </PageBody>
    </>
  );
}
