import type { Metadata } from "next";
import Link from "next/link";
import { ControlTable } from "@/components/control/control-table";
import { ControlsSummary } from "@/components/control/summary";
import { IgnoredNote } from "@/components/ignored-note";
import { LENS, readQuery } from "@/components/query";
import { addressOf, pick, type SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { FilterBar } from "@/components/ui/filter-bar";
import { Note } from "@/components/ui/note";
import { PageBody, PageHead } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { controlsQuery } from "@/lib/api/assessment";
import { listControls } from "@/lib/server/controls";
import { load } from "../../load";
import { COVERAGE_CHOICE, resultChoice, SEVERITY_CHOICE, withCounts } from "@/components/status/choices";
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
  // Thirty a page: the document stays light with the whole catalogue.
  const { query, ignored } = readQuery(controlsQuery, { pageSize: "30", ...search });
  const { data, refused } = await load(listControls(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/controls`;
  return (
    <>
      <PageHead
        title="Controls"
        actions={
          <>
            <Link prefetch={false} className={buttonClass({})} href={`${path}/guides`}>
              What common guides get wrong
            </Link>
            <Link prefetch={false} className={buttonClass({})} href={`${path}/custom`}>
              Own controls
            </Link>
            <Link prefetch={false} className={buttonClass({})} href={`/o/${org}/catalog`}>
              Catalogue {data.catalog.version}
            </Link>
          </>
        }
      >
        Technical tests, each with its rule in words. A control passes only when every object of its kind was read and
        meets the rule.
      </PageHead>
      <PageBody>
        {data.catalog.version === data.catalog.shippedVersion ? null : (
          <Note
            tone="human"
            actions={
              <Link prefetch={false} className="link" href={`/o/${org}/catalog`}>
                See what changes
              </Link>
            }
          >
            <b className="font-strong">Catalogue {data.catalog.shippedVersion} is here.</b> Scans run with{" "}
            {data.catalog.version} until it is activated.
          </Note>
        )}
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <ControlsSummary path={path} lens={pick(search, LENS)} counts={data.summary.byStatus} />
        <FilterBar
          search={{ label: "Search controls by id or title", placeholder: "Id or title" }}
          keep={[...LENS, "sort", "direction"]}
          choices={[
            withCounts(resultChoice("not-assessed"), data.facets.status),
            {
              name: "family",
              label: "Family",
              any: "Any family",
              options: data.facets.family.map(({ id, title, controls }) => ({
                value: id,
                label: `${title} (${controls})`,
              })),
            },
            withCounts(SEVERITY_CHOICE, data.facets.severity),
            withCounts(COVERAGE_CHOICE, data.facets.coverage),
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
