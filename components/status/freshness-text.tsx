"use client";
import clsx from "clsx";
import { Clock } from "lucide-react";
import { useSyncExternalStore } from "react";
import { formatAge, formatAgo, formatMoment } from "./time";
import type { Freshness } from "./status-label";

/** One timer for every age on the page; time moves in steps of 20 seconds, so that one draw sees one moment. */
const STEP = 20_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
const moment = () => Math.floor(Date.now() / STEP) * STEP;
function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, STEP);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** How old something is, with the exact moment in its title. Stale evidence carries a clock and the warning colour. */
export function FreshnessText({
  at,
  freshness,
  never = "never",
  sentence = false,
}: {
  at: string | null;
  freshness?: Freshness;
  never?: string;
  /** Inside a sentence: "3 min ago". */
  sentence?: boolean;
}) {
  const now = useSyncExternalStore(subscribe, moment, moment);
  if (at === null) return <span className="text-fg-3">{never}</span>;
  const old = freshness === "stale" || freshness === "expired";
  return (
    <time
      dateTime={at}
      title={formatMoment(at)}
      suppressHydrationWarning
      className={clsx("inline-flex items-center gap-1 whitespace-nowrap", old ? "text-warn-fg" : undefined)}
    >
      {old ? <Clock size={13} aria-label="stale," className="shrink-0" /> : null}
      <span suppressHydrationWarning>{sentence ? formatAgo(at, now) : formatAge(at, now)}</span>
    </time>
  );
}
