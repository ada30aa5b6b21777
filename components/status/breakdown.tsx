import { StatusIcon } from "./status-icon";
import { STATUSES, STATUS_ORDER, type Status } from "./statuses";

/** Counts of leaf requirements by status, worst first: shape and number each. */
export function Breakdown({ counts }: { counts: Partial<Record<Status, number>> }) {
  const present = STATUS_ORDER.filter((status) => (counts[status] ?? 0) > 0);
  if (present.length === 0) return <span className="text-fg-3">–</span>;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2.5 gap-y-1 text-fg-2">
      {present.map((status) => (
        <span
          key={status}
          className="inline-flex items-center gap-1"
          title={`${counts[status]} ${STATUSES[status].word}`}
        >
          <StatusIcon shape={STATUSES[status].shape} tone={STATUSES[status].tone} size={13} />
          {counts[status]}
          <span className="sr-only">{STATUSES[status].word}</span>
        </span>
      ))}
    </span>
  );
}

export interface ResultCounts {
  pass: number;
  fail: number;
  unknown: number;
  notApplicable: number;
}

/** Results of one control over its objects, with the denominator: "2 of 23 fail". */
export function ResultCountsText({ counts, noun = "objects" }: { counts: ResultCounts; noun?: string }) {
  const judged = counts.pass + counts.fail + counts.unknown;
  if (judged === 0) return <span className="text-fg-3">nothing to judge</span>;
  const parts = [
    counts.fail > 0 ? `${counts.fail.toLocaleString("en")} fail` : null,
    counts.unknown > 0 ? `${counts.unknown.toLocaleString("en")} not evaluated` : null,
    counts.pass > 0 ? `${counts.pass.toLocaleString("en")} pass` : null,
  ].filter((part) => part !== null);
  return (
    <span className="text-fg-2">
      {parts.join(" · ")}{" "}
      <span className="text-fg-3">
        of {judged.toLocaleString("en")} {noun}
      </span>
    </span>
  );
}
