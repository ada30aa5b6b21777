import clsx from "clsx";
import { ArrowDown, ArrowUp, ListFilter } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { addressOf, type SearchParams } from "./address";
import { buttonClass } from "./button";
import { ErrorState, Message, TableSkeleton } from "./states";
import type { TableState } from "./table-state";

export interface Column<Row> {
  id: string;
  head: string;
  cell: (row: Row) => ReactNode;
  /** Value of `sort` in the address that orders by this column. */
  sort?: string;
  end?: boolean;
  /** The cell that names the row: bold, first on a phone, without a label there. */
  lead?: boolean;
  /** Not shown between 768 and 1280 px. */
  wideOnly?: boolean;
  className?: string;
}

/** The address of the list and what of it is a filter, for sort links and "Clear filters". */
export interface ListAddress {
  path: string;
  params: SearchParams;
  sort?: string;
  direction?: "asc" | "desc";
  /** Address without filters, keeping the lens. */
  clearHref: string;
}

/** Draws a TableState. `empty` is the page's own sentence for "there is nothing yet"; everything else is the same on every page. */
export function DataTable<Row>({
  caption,
  columns,
  state,
  rowKey,
  address,
  empty,
  noun,
  footer,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  state: TableState<Row>;
  rowKey: (row: Row) => string;
  address: ListAddress;
  empty: ReactNode;
  /** Plural, for "22 findings match without them". */
  noun: string;
  footer?: ReactNode;
}) {
  if (state.kind === "loading") return <TableSkeleton label={`Reading ${noun}`} columns={columns.length} />;
  return (
    <div className="card">
      {state.kind === "error" ? <ErrorState title={`The ${noun} did not load`} reference={state.reference} /> : null}
      {state.kind === "empty" ? empty : null}
      {state.kind === "filtered-empty" ? (
        <Message
          icon={ListFilter}
          title={`No ${noun} match`}
          actions={
            <Link className={buttonClass({})} href={address.clearHref}>
              Clear filters
            </Link>
          }
        >
          {state.totalUnfiltered.toLocaleString("en")} {noun} without the filters.
        </Message>
      ) : null}
      {state.kind === "past-end" ? (
        <Message
          icon={ListFilter}
          title="This page is past the end"
          actions={
            <Link className={buttonClass({})} href={addressOf(address.path, address.params, { page: 1 })}>
              First page
            </Link>
          }
        >
          The list has {state.total.toLocaleString("en")} {noun} now.
        </Message>
      ) : null}
      {state.kind === "rows" ? (
        <div className="overflow-x-auto">
          <table className="rows">
            <caption className="sr-only">{caption}</caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th
                    key={column.id}
                    scope="col"
                    className={clsx(column.end && "end", column.wideOnly && "max-xl:hidden", column.className)}
                    aria-sort={sorted(column, address)}
                  >
                    <SortHead column={column} address={address} />
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {state.rows.map((row) => (
                <tr key={rowKey(row)}>
                  {columns.map((column) => (
                    <td
                      key={column.id}
                      data-label={column.lead ? undefined : column.head || undefined}
                      data-lead={column.lead ? "" : undefined}
                      className={clsx(
                        column.end && "end",
                        column.lead && "font-medium",
                        column.wideOnly && "md:max-xl:hidden",
                        column.className,
                      )}
                    >
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {footer && state.kind === "rows" ? <div className="border-t border-line">{footer}</div> : null}
    </div>
  );
}

function sorted<Row>(column: Column<Row>, address: ListAddress): "ascending" | "descending" | undefined {
  if (column.sort === undefined || column.sort !== address.sort) return undefined;
  return address.direction === "desc" ? "descending" : "ascending";
}

function SortHead<Row>({ column, address }: { column: Column<Row>; address: ListAddress }) {
  if (column.sort === undefined) return column.head;
  const current = sorted(column, address);
  const direction = current === "ascending" ? "desc" : null;
  const Arrow = current === "descending" ? ArrowDown : ArrowUp;
  return (
    <Link
      prefetch={false}
      scroll={false}
      href={addressOf(address.path, address.params, { sort: column.sort, direction })}
      className={clsx("-mx-1 inline-flex items-center gap-1 rounded px-1 py-1 hover:text-fg", current && "text-fg")}
    >
      {column.head}
      {current ? <Arrow size={12} aria-hidden="true" /> : null}
    </Link>
  );
}
