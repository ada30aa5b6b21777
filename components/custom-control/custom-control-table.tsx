import Link from "next/link";
import type { CustomControlsPage } from "@/lib/api/custom-controls";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { Moment } from "../status/moment";
import { SeverityBars } from "../status/severity";

type Row = CustomControlsPage["items"][number];

/** Every own control, withdrawn ones last. */
export function CustomControlTable({ organization, page }: { organization: string; page: CustomControlsPage }) {
  const path = `/o/${organization}/controls/custom`;
  const columns: Column<Row>[] = [
    {
      id: "control",
      head: "Control",
      lead: true,
      className: "md:w-[36%]",
      cell: (row) => (
        <Link prefetch={false} href={`${path}/${row.id}`} className="row-link block py-1">
          {row.title}
          <span className="mono block text-small font-book text-fg-3">{row.id}</span>
        </Link>
      ),
    },
    { id: "state", head: "State", cell: (row) => (row.withdrawn === null ? "Runs" : "Withdrawn") },
    { id: "severity", head: "Severity", cell: (row) => <SeverityBars severity={row.severity} /> },
    { id: "kinds", head: "Kinds", wideOnly: true, cell: (row) => row.kinds.join(", ") },
    {
      id: "requirements",
      head: "Requirements",
      cell: (row) => (row.requirements.length === 0 ? null : row.requirements.join(", ")),
    },
    {
      id: "revision",
      head: "Revision",
      cell: (row) => (
        <>
          {row.revision}, <Moment at={row.createdAt} />
          <span className="block text-small text-fg-3">{row.createdBy}</span>
        </>
      ),
    },
  ];
  const { items } = page;
  return (
    <DataTable
      caption="Own controls"
      noun="controls"
      columns={columns}
      rowKey={(row) => row.id}
      state={tableState({
        status: "ready",
        items,
        total: items.length,
        totalUnfiltered: items.length,
      })}
      address={{ path, params: {}, clearHref: path }}
      empty={
        <Message title="No own controls">
          {page.mayTry
            ? "Write one in CEL, or import a ValidatingAdmissionPolicy."
            : "An owner or a compliance officer can write one."}
        </Message>
      }
    />
  );
}
