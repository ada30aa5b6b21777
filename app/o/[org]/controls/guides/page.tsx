import { BookX } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { GuideList } from "@/components/guide/guide-list";
import { IgnoredNote } from "@/components/ignored-note";
import { readQuery } from "@/components/query";
import type { SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { guidesQuery } from "@/lib/api/guides";
import { listGuideErrors } from "@/lib/server/guides";
import { load } from "../../load";
import { requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "What common guides get wrong" };

export default async function GuidesPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(guidesQuery, search);
  const { data, refused } = await load(listGuideErrors(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/controls/guides`;
  const found = data.items.length;
  return (
    <>
      <PageHead title="What common guides get wrong">
        {data.totalUnfiltered} errors found in published guides to PCI DSS on Kubernetes, in our own words, with the
        right form and the controls that judge it.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FilterBar
          search={{ label: "Search errors by words, control or requirement", placeholder: "Words or number" }}
          keep={["control", "requirement"]}
          choices={[
            {
              name: "topic",
              label: "Topic",
              any: "Any topic",
              options: data.topics.map(({ topic, errors }) => ({ value: topic, label: `${topic} (${errors})` })),
            },
          ]}
        />
        {found < data.totalUnfiltered && found > 0 ? (
          <p role="status" className="text-fg-3">
            {found} of {data.totalUnfiltered} errors match.
          </p>
        ) : null}
        {found === 0 ? (
          <div className="card">
            <Message
              icon={BookX}
              title="No error matches"
              actions={
                <Link prefetch={false} className={buttonClass({})} href={path}>
                  Clear filters
                </Link>
              }
            >
              {data.totalUnfiltered} errors without the filters.
            </Message>
          </div>
        ) : (
          <GuideList base={`/o/${org}`} errors={data.items} />
        )}
      </PageBody>
    </>
  );
}
