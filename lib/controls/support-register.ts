/** The organization's own record of suppliers' support dates, for what this release's calendars don't hold. */
import { endOf } from "@/lib/inventory/registers";
import type { ComponentSupport } from "@/lib/inventory/registers/component-support";
import { CALENDAR_MAX_AGE_DAYS, daysBetween } from "./support-calendar";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface RegisteredSupport {
  isSupported: boolean;
  words: string;
  evidence: EvidencePointer;
}

/** What the register says of a component and version; null when it says nothing, or says "supported" from too long ago. */
export function registeredSupport(
  { registers, asOf }: EvaluationContext,
  component: string,
  version: string | null,
): RegisteredSupport | null {
  const fits = (entry: ComponentSupport): boolean =>
    component.startsWith(entry.component) &&
    (entry.version === undefined || (version !== null && `${version}.`.startsWith(entry.version)));
  const all = registers?.componentSupport ?? [];
  const [best] = all.filter(fits).sort((a, b) => b.component.length - a.component.length);
  if (best === undefined) return null;
  const isSupported = Date.parse(asOf) < endOf(best.supportedUntil);
  if (isSupported && daysBetween(best.seenAt, asOf) > CALENDAR_MAX_AGE_DAYS) return null;
  return {
    isSupported,
    words: `support ${isSupported ? "until" : "ended"} ${best.supportedUntil} (register: ${best.source}, read ${best.seenAt})`,
    evidence: {
      ref: CLUSTER_REF,
      pointer: `/registers/componentSupport/${all.indexOf(best)}`,
      found: `${best.component} ${best.supportedUntil}`,
    },
  };
}
