/** What a table shows: exactly one of these, computed here and drawn by DataTable. */
export type TableState<Row> =
  | { kind: "loading" }
  | { kind: "error"; reference: string | null }
  | { kind: "empty" }
  | { kind: "filtered-empty"; totalUnfiltered: number }
  | { kind: "past-end"; total: number }
  | { kind: "rows"; rows: readonly Row[] };

/**
 * The state of one page of rows. `empty` only when nothing exists at all; when a filter hides everything it says how many rows there are
 * without it, and a page number past the end is neither.
 */
export function tableState<Row>(
  input:
    | { status: "loading" }
    | { status: "error"; reference: string | null }
    | { status: "ready"; items: readonly Row[]; total: number; totalUnfiltered: number },
): TableState<Row> {
  if (input.status === "loading") return { kind: "loading" };
  if (input.status === "error") return { kind: "error", reference: input.reference };
  if (input.items.length > 0) return { kind: "rows", rows: input.items };
  if (input.total > 0) return { kind: "past-end", total: input.total };
  if (input.totalUnfiltered > 0) return { kind: "filtered-empty", totalUnfiltered: input.totalUnfiltered };
  return { kind: "empty" };
}
