import type { MemberRow, MembersPage } from "@/lib/api/organizations";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { ROLE_WORDS } from "../shell/navigation";
import { FreshnessText } from "../status/freshness-text";
import { Moment } from "../status/moment";

export function MemberTable({
  path,
  params,
  page,
  clearHref,
}: {
  path: string;
  params: SearchParams;
  page: MembersPage;
  clearHref: string;
}) {
  const columns: Column<MemberRow>[] = [
    {
      id: "person",
      head: "Person",
      lead: true,
      cell: (row) => (
        <span className="block py-1">
          {row.person.name}
          {row.person.email ? <span className="block text-small font-book text-fg-3">{row.person.email}</span> : null}
        </span>
      ),
    },
    { id: "role", head: "Role", cell: (row) => ROLE_WORDS[row.role] },
    {
      id: "where",
      head: "Where",
      cell: (row) => row.project?.name ?? <span className="text-fg-3">the whole organization</span>,
    },
    { id: "since", head: "Since", cell: (row) => <Moment at={row.createdAt} dayOnly /> },
    {
      id: "until",
      head: "Until",
      cell: (row) =>
        row.expiresAt ? <Moment at={row.expiresAt} dayOnly /> : <span className="text-fg-3">no end</span>,
    },
    { id: "seen", head: "Last sign-in", end: true, cell: (row) => <FreshnessText at={row.person.lastSignInAt} /> },
  ];
  return (
    <DataTable
      caption="Members"
      noun="members"
      columns={columns}
      rowKey={(row) => row.id}
      state={tableState({ status: "ready", ...page })}
      address={{ path, params, clearHref }}
      empty={<Message title="No members">Somebody has to be a member to see this page.</Message>}
      footer={
        <Pager
          path={path}
          params={params}
          page={page.page}
          pageSize={page.pageSize}
          total={page.total}
          noun="members"
        />
      }
    />
  );
}
