/**
 * Who used the cluster, put together from imported counts (access-activity) and uploaded audit logs.
 *
 * What either shows happened. That something did not happen only counts show that say they are complete: an uploaded log may be
 * one API server's of several. Counts that follow each other without a day between them make one period.
 */
import { kindOfUser } from "@/lib/inventory/imports/audited-user";
import type { ImportOrigin } from "@/lib/inventory/import-origin";
import { endOf, isApprovedAt, startOf } from "@/lib/inventory/registers";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface ActiveUser {
  username: string;
  kind: ReturnType<typeof kindOfUser>;
  groups: string[];
  lastAt: string;
  /** Days with requests, as far as they were counted; always the day of `lastAt`. */
  days: string[];
  clients: string[];
  /** True when a client certificate was seen. */
  usedCertificate: boolean;
  sourceAddresses: string[];
  uses: { verb: string; apiGroup: string; resource: string }[];
}
export interface Activity {
  users: ReadonlyMap<string, ActiveUser>;
  /** Days up to `asOf` for which every API server's events were counted; 0 when none were, or they ended over a week ago. */
  completeDays: number;
  evidence: EvidencePointer[];
  /** "counts.json, read 2026-11-20T00:00:00Z". */
  sources: string;
}

const FRESH_DAYS = 7;
const DAY_MS = 86_400_000;

/** Null when nothing was imported. */
export function activityOf({ inventory, asOf }: EvaluationContext): Activity | null {
  const { accessActivity = [], auditLogs = [] } = inventory.facts;
  if (accessActivity.length + auditLogs.length === 0) return null;
  const users = new Map<string, ActiveUser>();
  const user = (username: string, at: string): ActiveUser => {
    let found = users.get(username);
    if (found === undefined) {
      found = {
        username,
        kind: kindOfUser({ username }),
        groups: [],
        lastAt: at,
        days: [],
        clients: [],
        usedCertificate: false,
        sourceAddresses: [],
        uses: [],
      };
      users.set(username, found);
    }
    if (at > found.lastAt) found.lastAt = at;
    return found;
  };
  for (const record of accessActivity) {
    for (const entry of record.users) {
      const found = user(entry.username, entry.lastAt);
      join(found.groups, entry.groups ?? []);
      join(found.days, [...(entry.days ?? []), entry.lastAt.slice(0, 10)]);
      join(found.clients, entry.clients ?? []);
      join(found.sourceAddresses, entry.sourceAddresses ?? []);
      if ((entry.credentials ?? []).includes("X509SHA256")) found.usedCertificate = true;
      found.uses.push(...(entry.uses ?? []));
    }
  }
  for (const log of auditLogs) {
    for (const entry of log.users) {
      // Whoever appears only by impersonation didn't come itself.
      if (entry.impersonatedBy !== undefined) continue;
      const found = user(entry.username, entry.lastAt);
      join(found.groups, entry.groups);
      join(found.days, [
        entry.firstAt.slice(0, 10),
        entry.lastAt.slice(0, 10),
        ...entry.uses.map(({ lastAt }) => lastAt.slice(0, 10)),
      ]);
      if (entry.method === "client-certificate") found.usedCertificate = true;
      for (const { verb, apiGroup = "", resource } of entry.uses) {
        if (resource !== undefined) found.uses.push({ verb, apiGroup, resource });
      }
    }
  }
  const origins: ImportOrigin[] = [...accessActivity, ...auditLogs].map(({ origin }) => origin);
  return {
    users,
    completeDays: completeDaysOf(
      accessActivity.filter(({ isComplete }) => isComplete),
      asOf,
    ),
    evidence: [
      ...accessActivity.map((record, i) => ({
        ref: CLUSTER_REF,
        pointer: `/facts/accessActivity/${i}`,
        found: `${record.users.length} users, ${record.from} to ${record.to}`,
      })),
      ...auditLogs.map((log, i) => ({
        ref: CLUSTER_REF,
        pointer: `/facts/auditLogs/${i}`,
        found: `${log.users.length} users, ${log.from} to ${log.to}`,
      })),
    ],
    sources: origins.map(({ name, collectedAt }) => `${name}, read ${collectedAt}`).join("; "),
  };
}

/** Days from the beginning of the unbroken period that reaches to (about) now. */
function completeDaysOf(records: readonly { from: string; to: string }[], asOf: string): number {
  const ordered = [...records].sort((a, b) => (a.to < b.to ? 1 : -1));
  const [newest] = ordered;
  if (newest === undefined || daysBetween(newest.to, asOf) > FRESH_DAYS) return 0;
  let begin = newest.from;
  for (const { from, to } of ordered) {
    if (Date.parse(to) + DAY_MS < Date.parse(begin)) break;
    if (from < begin) begin = from;
  }
  return Math.max(0, daysBetween(begin, asOf));
}

/** Days of use in the last `days` that no valid record of a use of the account covers. */
export function unrecordedDays(context: EvaluationContext, user: ActiveUser, days: number): string[] {
  const records = (context.registers?.sharedAccountUses ?? []).filter(
    // The approval was given by now; it need not last after the use.
    (use) => use.account === user.username && isApprovedAt({ ...use, expiresAt: undefined }, context.asOf),
  );
  const first = Date.parse(context.asOf) - days * DAY_MS;
  return user.days.filter((day) => {
    const begin = Date.parse(day);
    if (begin + DAY_MS < first) return false;
    return !records.some(({ from, to }) => startOf(from) < begin + DAY_MS && endOf(to) > begin);
  });
}

function join(into: string[], more: readonly string[]): void {
  for (const item of more) if (!into.includes(item)) into.push(item);
}
