import type { Metadata } from "next";
import { MemberTable } from "@/components/members/member-table";
import { IgnoredNote } from "@/components/ignored-note";
import { readQuery } from "@/components/query";
import { ROLE_WORDS } from "@/components/shell/navigation";
import type { SearchParams } from "@/components/ui/address";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { membersQuery } from "@/lib/api/organizations";
import { listMembers } from "@/lib/server/members";
import { load } from "../load";
import { requirePagePrincipal } from "../principal";

export const metadata: Metadata = { title: "Members" };

export default async function MembersPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(membersQuery, search);
  const { data, refused } = await load(listMembers(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/members`;
  return (
    <>
      <PageHead title="Members">Who may do what, in the whole organization or in one project, and until when.</PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FilterBar
          search={{ label: "Search members by name or e-mail", placeholder: "Name or e-mail" }}
          keep={[]}
          choices={[
            {
              name: "role",
              label: "Role",
              any: "Any role",
              options: Object.entries(ROLE_WORDS).map(([value, label]) => ({ value, label })),
            },
          ]}
        />
        <MemberTable path={path} params={search} page={data} clearHref={path} />
      </PageBody>
    </>
  );
}
