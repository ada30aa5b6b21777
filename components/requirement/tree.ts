import type { RequirementRow } from "@/lib/api/assessment";

/** A row of the tree as it is drawn: how deep it lies, and whether its own rows are shown. */
export interface TreeRow {
  row: RequirementRow;
  depth: number;
  canOpen: boolean;
  isOpen: boolean;
}

/** Ids that are open, from the address (`1,1.3`); an id opens only if everything above it does. Order and repeats don't matter. */
export function parseOpen(value: string | undefined): Set<string> {
  return new Set((value ?? "").split(",").filter((id) => /^[A-Z]?\d+(\.\d+)*$/.test(id)));
}

/** The value of `open` after `id` is opened or closed; closing takes everything below with it. */
export function toggleOpen(open: ReadonlySet<string>, id: string): string | null {
  const next = open.has(id) ? [...open].filter((each) => each !== id && !each.startsWith(`${id}.`)) : [...open, id];
  return next.length === 0 ? null : next.toSorted(compareIds).join(",");
}

/** `1.2 < 1.10`: part by part, as numbers. */
export function compareIds(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = (left[index] ?? "").localeCompare(right[index] ?? "", "en", { numeric: true });
    if (order !== 0) return order;
  }
  return 0;
}

/** Rows of the tree in reading order: the principals, and below each open row its children (found by `parent`). `parents`: ids that have any. */
export function flattenTree(
  principals: readonly RequirementRow[],
  below: readonly RequirementRow[],
  open: ReadonlySet<string>,
  parents: ReadonlySet<string>,
): TreeRow[] {
  const children = new Map<string, RequirementRow[]>();
  for (const row of below) {
    if (row.parent === null) continue;
    const list = children.get(row.parent) ?? [];
    if (!list.some((each) => each.id === row.id)) list.push(row);
    children.set(row.parent, list);
  }
  const out: TreeRow[] = [];
  const visit = (row: RequirementRow, depth: number) => {
    const canOpen = parents.has(row.id);
    const isOpen = canOpen && open.has(row.id);
    out.push({ row, depth, canOpen, isOpen });
    if (isOpen)
      for (const child of (children.get(row.id) ?? []).toSorted((a, b) => compareIds(a.id, b.id)))
        visit(child, depth + 1);
  };
  for (const row of principals) visit(row, 0);
  return out;
}
