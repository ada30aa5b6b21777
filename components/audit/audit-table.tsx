import type { AuditPage, AuditRow } from "@/lib/api/organizations";
import type { SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Pager } from "@/components/ui/pager";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { Moment } from "../status/moment";
import { actionWords } from "./words";

const OUTCOMES: Record<AuditRow["outcome"], { word: string; look: string }> = {
  done: { word: "Done", look: "text-fg-2" },
  refused: { word: "Refused", look: "font-medium text-warn-fg" },
  failed: { word: "Failed", look: "font-medium text-fail-fg" },
};

/** Who did what, when, on what, with which outcome, from where; each entry with the hash that links it to the one before. */
export function AuditTable({
  path,
  params,
  page,
  clearHref,
}: {
  path: string;
  params: SearchParams;
  page: AuditPage;
  clearHref: string;
}) {
  const columns: Column<AuditRow>[] = [
    { id: "seq", head: "No.", cell: (row) => <span className="text-fg-3">{row.seq}</span> },
    { id: "at", head: "When", cell: (row) => <Moment at={row.at} /> },
    {
      id: "who",
      head: "Who",
      lead: true,
      cell: (row) => (
        <span>
          {row.actor.name}
          {row.actor.type === "person" || row.actor.name.includes(row.actor.type) ? null : (
            <span className="text-fg-3"> · {row.actor.type}</span>
          )}
        </span>
      ),
    },
    { id: "what", head: "Did", cell: (row) => <Did action={row.action} /> },
    {
      id: "object",
      head: "To",
      cell: (row) =>
        row.object === null ? null : (
          <span className="break-words">
            <span className="text-fg-3">{row.object.type}</span> {row.object.name ?? row.object.id}
          </span>
        ),
    },
    {
      id: "outcome",
      head: "Outcome",
      cell: (row) => <span className={OUTCOMES[row.outcome].look}>{OUTCOMES[row.outcome].word}</span>,
    },
    {
      id: "detail",
      head: "Detail",
      className: "md:max-w-100",
      cell: (row) => {
        const facts = Object.entries(row.detail);
        return (
          <details className="w-full text-left">
            <summary className="truncate rounded text-fg-3 hover:underline hover:underline-offset-3">
              {facts.length === 0 ? "hash" : facts.map(([name, value]) => `${name}: ${text(value)}`).join(", ")}
            </summary>
            <dl className="mono mt-1.5 space-y-0.5 break-all text-fg-2">
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt className="inline text-fg-3">{name}</dt> <dd className="inline">{text(value)}</dd>
                </div>
              ))}
              {row.origin ? (
                <div>
                  <dt className="inline text-fg-3">from</dt> <dd className="inline">{row.origin}</dd>
                </div>
              ) : null}
              {row.requestId ? (
                <div>
                  <dt className="inline text-fg-3">request</dt> <dd className="inline">{row.requestId}</dd>
                </div>
              ) : null}
              <div>
                <dt className="inline text-fg-3">hash</dt> <dd className="inline">{row.hash}</dd>
              </div>
            </dl>
          </details>
        );
      },
    },
  ];
  return (
    <DataTable
      caption="Audit trail, newest first"
      noun="entries"
      columns={columns}
      rowKey={(row) => String(row.seq)}
      state={tableState({ status: "ready", ...page })}
      address={{ path, params, clearHref }}
      empty={
        <Message title="Nothing is recorded yet">
          Every change, every refusal, every download and every page that an assessor opens leaves an entry here.
        </Message>
      }
      footer={
        <Pager
          path={path}
          params={params}
          page={page.page}
          pageSize={page.pageSize}
          total={page.total}
          noun="entries"
        />
      }
    />
  );
}

/** In words, with the name that the trail itself holds and that the filter takes. */
function Did({ action }: { action: string }) {
  const words = actionWords(action);
  if (words === null) return <span className="mono">{action}</span>;
  return (
    <span className="block">
      {words} <span className="mono block text-small text-fg-3">{action}</span>
    </span>
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
