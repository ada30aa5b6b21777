import { Clock } from "lucide-react";
import type { Freshness } from "./status-label";

/** Marks a result whose evidence is older than its limit; nothing when it is current. */
export function StaleTag({ freshness }: { freshness: Freshness }) {
  if (freshness !== "stale" && freshness !== "expired") return null;
  return (
    <span className="chip hatch bg-warn-tint text-warn-fg">
      <Clock size={12} aria-hidden="true" /> {freshness === "stale" ? "Stale" : "Older than 7 days"}
    </span>
  );
}
