import type { ControlsPage } from "@/lib/api/assessment";
import { addressOf, type SearchParams } from "@/components/ui/address";
import Link from "next/link";
import { BarPart, StatusFigure } from "../status/figure";
import { STATUSES } from "../status/statuses";

const FIGURES = [
  ["fail", "fail"],
  ["unknown", "could not evaluate"],
  ["not-assessed", "not assessed"],
  ["not-applicable", "not applicable"],
] as const;

/** "61 of 98 applicable controls pass", and what the others say; each figure leads to its controls. */
export function ControlsSummary({
  path,
  lens,
  counts,
}: {
  path: string;
  lens: SearchParams;
  counts: ControlsPage["summary"]["byStatus"];
}) {
  const applicable = counts.pass + counts.fail + counts.unknown + counts["not-assessed"];
  return (
    <section
      aria-label="Controls in figures"
      className="grid grid-cols-2 overflow-hidden rounded-card border border-line max-lg:gap-px max-lg:bg-line lg:grid-cols-[2.4fr_1fr_1.2fr_1fr_1fr]"
    >
      <div className="px-4 py-2.5 max-lg:col-span-2 max-lg:bg-surface">
        <p className="text-[1.125rem]/6 font-heavy tracking-[-0.015em]">
          {counts.pass.toLocaleString("en")} of {applicable.toLocaleString("en")}{" "}
          <span className="text-small font-book tracking-normal text-fg-3">applicable controls pass</span>
        </p>
        <span aria-hidden="true" className="mt-2 flex h-2 gap-0.5 overflow-hidden rounded">
          <BarPart value={counts.pass} look="bg-pass" />
          <BarPart value={counts["not-assessed"]} look="shadow-[inset_0_0_0_1px_var(--none)]" />
          <BarPart value={counts.unknown} look="bg-warn" />
          <BarPart value={counts.fail} look="bg-fail" />
        </span>
      </div>
      {FIGURES.map(([status, words]) => (
        <StatusFigure key={status} entry={STATUSES[status]} value={counts[status]}>
          {counts[status] === 0 ? (
            words
          ) : (
            <Link prefetch={false} className="row-link" href={addressOf(path, lens, { status })}>
              {words}
            </Link>
          )}
        </StatusFigure>
      ))}
    </section>
  );
}
