import Link from "next/link";
import type { ImportKindRow, ImportsPage } from "@/lib/api/imports";
import { addressOf, type SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { FilterBar } from "@/components/ui/filter-bar";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { FreshnessText } from "../../status/freshness-text";
import { StatusIcon } from "../../status/status-icon";
import { compareSources, NATURES, waitingControls } from "./words";

const NEED = {
  name: "need",
  label: "Need",
  any: "All sources",
  options: [
    { value: "waiting", label: "Something waits for it" },
    { value: "held", label: "With documents" },
  ],
};

/** Every source, first those that controls of this cluster wait for. */
export function SourceTable({ path, params, page }: { path: string; params: SearchParams; page: ImportsPage }) {
  const documents = new Map<string, number>();
  const oldest = new Map<string, string>();
  for (const { kind, collectedAt } of page.documents) {
    documents.set(kind, (documents.get(kind) ?? 0) + 1);
    const known = oldest.get(kind);
    if (known === undefined || collectedAt < known) oldest.set(kind, collectedAt);
  }
  const q = one(params["q"]).trim().toLowerCase();
  const need = one(params["need"]);
  const rows = page.kinds
    .filter(
      (kind) =>
        (q === "" ||
          `${kind.title} ${kind.id} ${kind.controls.map(({ id }) => id).join(" ")}`.toLowerCase().includes(q)) &&
        (need !== "waiting" || waitingControls(kind).length > 0) &&
        (need !== "held" || documents.has(kind.id)),
    )
    .sort((a, b) => compareSources(a, b, documents));
  const columns: Column<ImportKindRow>[] = [
    {
      id: "source",
      head: "Source",
      lead: true,
      className: "md:w-[46%]",
      cell: (kind) => (
        <Link
          prefetch={false}
          href={addressOf(path, { tab: "sources" }, { source: kind.id })}
          className="row-link block py-1"
        >
          {kind.title}
          <span className="mono block text-fg-3">{kind.id}</span>
        </Link>
      ),
    },
    {
      id: "nature",
      head: "Says",
      cell: (kind) => <span title={NATURES[kind.nature].meaning}>{NATURES[kind.nature].word}</span>,
    },
    {
      id: "waiting",
      head: "Would let evaluate",
      cell: (kind) => <Waiting kind={kind} />,
    },
    {
      id: "documents",
      head: "Documents",
      end: true,
      cell: (kind) => documents.get(kind.id) ?? <span className="text-fg-3">none</span>,
    },
    {
      id: "oldest",
      head: "Oldest reading",
      end: true,
      cell: (kind) => <FreshnessText at={oldest.get(kind.id) ?? null} never="–" />,
    },
  ];
  return (
    <div className="space-y-2.5">
      <p className="max-w-190 text-fg-3">
        Some controls need what the Kubernetes API does not show: a provider’s record, a policy file, a list that your
        organization keeps. Upload it here; it is read once, and every scan from then on counts it.
      </p>
      <FilterBar
        search={{ label: "Search sources by name or control", placeholder: "Name or control" }}
        keep={["tab"]}
        choices={[NEED]}
      />
      <DataTable
        caption="Sources, first those that something waits for"
        noun="sources"
        columns={columns}
        rowKey={(kind) => kind.id}
        state={tableState({ status: "ready", items: rows, total: rows.length, totalUnfiltered: page.kinds.length })}
        address={{ path, params, clearHref: `${path}?tab=sources` }}
        empty={<Message title="No sources">This release reads no uploaded document.</Message>}
      />
    </div>
  );
}

function Waiting({ kind }: { kind: ImportKindRow }) {
  const waiting = waitingControls(kind).length;
  if (waiting === 0) return <span className="text-fg-3">nothing waits</span>;
  return (
    <span className="inline-flex items-center gap-1.5 text-warn-fg">
      <StatusIcon shape="triangle-mark" tone="warn" size={14} /> {waiting} {waiting === 1 ? "control" : "controls"}
    </span>
  );
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}
