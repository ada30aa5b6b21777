import { ChevronLeft, ChevronRight } from "lucide-react";
import Link from "next/link";
import { addressOf, type SearchParams } from "./address";
import { buttonClass } from "./button";

/** "51 to 100 of 412 findings" and the pages beside this one. `parameter` when two lists share an address. */
export function Pager({
  path,
  params,
  page,
  pageSize,
  total,
  noun,
  parameter = "page",
}: {
  path: string;
  params: SearchParams;
  page: number;
  pageSize: number;
  total: number;
  noun: string;
  parameter?: string;
}) {
  const last = Math.max(1, Math.ceil(total / pageSize));
  const from = total === 0 ? 0 : (page - 1) * pageSize + 1;
  const to = Math.min(total, page * pageSize);
  const href = (target: number) => addressOf(path, params, { [parameter]: target });
  return (
    <nav aria-label={`Pages of ${noun}`} className="flex min-h-11 items-center gap-2 px-3.5 py-1.5 text-fg-3">
      <span>
        {from.toLocaleString("en")} to {to.toLocaleString("en")} of {total.toLocaleString("en")} {noun}
      </span>
      {last > 1 ? (
        <span className="no-print ml-auto flex items-center gap-1.5">
          {page > 1 ? (
            <Link prefetch={false} className={buttonClass({ small: true })} href={href(page - 1)} rel="prev">
              <ChevronLeft size={14} aria-hidden="true" /> Previous
            </Link>
          ) : null}
          {page < last ? (
            <Link prefetch={false} className={buttonClass({ small: true })} href={href(page + 1)} rel="next">
              Next <ChevronRight size={14} aria-hidden="true" />
            </Link>
          ) : null}
        </span>
      ) : null}
    </nav>
  );
}
