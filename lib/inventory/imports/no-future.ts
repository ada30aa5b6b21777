/**
 * Refuses documents whose events lie after the moment at which they were read.
 *
 * Such a date is a mistake or worse: whatever asks how old an event is would call it fresh for ever. A day of grace covers time
 * zones and dates without a time. Ends (`expiresAt`, `notAfter`) may lie ahead, and registers answer for their own dates.
 */
import { type ImportKind, ImportProblem } from "./types";

const EVENTS: ReadonlySet<string> = new Set([
  "checkedAt",
  "comparedAt",
  "databaseAt",
  "finishedAt",
  "firstAt",
  "foundAt",
  "from",
  "lastAt",
  "lastSignInAt",
  "newestEventAt",
  "oldestEventAt",
  "ranAt",
  "readAt",
  "scannedAt",
  "sentAt",
  "startedAt",
  "testEventAt",
  "testedAt",
  "to",
  "triedAt",
]);
const GRACE_MS = 86_400_000;

/** The kind, refusing facts about events that lie in the future of their source. */
export function refusingTheFuture(kind: ImportKind): ImportKind {
  return {
    ...kind,
    parse(text, origin) {
      const parts = kind.parse(text, origin);
      const latest = Date.parse(origin.collectedAt) + GRACE_MS;
      const place = findLater(parts.facts, latest, "");
      if (place !== null) {
        throw new ImportProblem(`${place} lies after the moment at which the source was read, ${origin.collectedAt}`);
      }
      return parts;
    },
  };
}

function findLater(value: unknown, latest: number, path: string): string | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, part] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof part === "string") {
      const isDate = EVENTS.has(key) && /^\d{4}-\d\d-\d\d(?:T|$)/.test(part);
      if (isDate && Date.parse(part) > latest) return `${at} (${part})`;
    } else {
      const found = findLater(part, latest, at);
      if (found !== null) return found;
    }
  }
  return null;
}
