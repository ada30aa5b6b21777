import clsx from "clsx";
import { Clock } from "lucide-react";
import type { z } from "zod";
import type { freshness } from "@/lib/api/common";
import { StatusIcon } from "./status-icon";
import { type Rollup, rollupEntry, STATUSES, type Status, type StatusEntry, type Tone } from "./statuses";

export type Freshness = z.infer<typeof freshness>;

const TEXT: Record<Tone, string> = {
  pass: "text-pass-fg",
  fail: "text-fail-fg",
  warn: "text-warn-fg",
  human: "text-human-fg",
  exc: "text-exc-fg",
  none: "text-none-fg",
};

function Label({ entry, stale, note }: { entry: StatusEntry; stale: boolean; note?: string }) {
  return (
    <span
      title={stale ? `${entry.meaning} The evidence is older than its limit.` : entry.meaning}
      className={clsx(
        "inline-flex items-center gap-1.5 font-medium whitespace-nowrap",
        stale && entry.tone === "pass" ? TEXT.warn : TEXT[entry.tone],
      )}
    >
      <StatusIcon shape={entry.shape} tone={stale && entry.tone === "pass" ? "warn" : entry.tone} />
      {entry.word}
      {stale ? (
        <span className="inline-flex items-center gap-1 text-warn-fg">
          <Clock size={13} aria-hidden="true" /> stale
        </span>
      ) : null}
      {note ? <span>{note}</span> : null}
    </span>
  );
}

/** A result or a requirement's status: shape and word. Stale evidence keeps its result and says that it is stale. */
export function StatusLabel({ status, freshness, note }: { status: Status; freshness?: Freshness; note?: string }) {
  return <Label entry={STATUSES[status]} stale={freshness === "stale"} note={note} />;
}

/** The roll-up of a principal requirement or a section, in its own words. `hasFail`: something below fails, not only could not run. */
export function RollupLabel({
  rollup,
  hasFail,
  freshness,
}: {
  rollup: Rollup;
  hasFail: boolean;
  freshness?: Freshness;
}) {
  return <Label entry={rollupEntry(rollup, hasFail)} stale={freshness === "stale"} />;
}
