/**
 * The pages that an assessor opens, in the audit trail: the banner above every page of theirs says so (PCI DSS 10.2).
 *
 * Everybody else's reading leaves no entry. What is drawn again in the same session within a minute (a page that follows a scan)
 * is one opening.
 */
import { isAssessor } from "@/lib/access";
import { writeAuditOnce } from "./audit";
import { withOrganization } from "./db/organization";
import { actorOf, type Principal } from "./principal";

export const ONE_OPENING_MS = 60_000;

/** Parameters of a page that say what was looked at. Any other may hold what somebody typed, and only its name is kept. */
const PLAIN_PARAMETERS: ReadonlySet<string> = new Set([
  "project",
  "cluster",
  "action",
  "actor",
  "agent",
  "category",
  "control",
  "coverage",
  "direction",
  "freshness",
  "namespace",
  "open",
  "outcome",
  "page",
  "pageSize",
  "parent",
  "provider",
  "requirement",
  "scope",
  "severity",
  "sort",
  "state",
  "status",
  "tab",
  "view",
]);
const PLAIN_VALUE = /^[\w.,:-]{1,100}$/;

/** The address of a page as the trail keeps it: lens, filters and page, and of free text only that there was some. */
export function recordedPath(address: string): string {
  const url = new URL(address, "http://page.invalid");
  const kept = new URLSearchParams();
  for (const [name, value] of url.searchParams) {
    if (name === "_rsc" || !/^\w{1,40}$/.test(name)) continue;
    kept.append(name, PLAIN_PARAMETERS.has(name) && PLAIN_VALUE.test(value) ? value : "not-recorded");
  }
  return kept.size === 0 ? url.pathname : `${url.pathname}?${kept}`;
}

export interface PageVisit {
  /** Path and query as the browser asked for them. */
  address: string;
  /** Refused: there was nothing to see for them. */
  outcome: "done" | "refused";
}

/** Writes the opening of a page, if the principal is an assessor. @returns true if there is a new entry */
export async function recordVisit(
  principal: Principal,
  { address, outcome }: PageVisit,
  now: Date = new Date(),
): Promise<boolean> {
  if (!isAssessor(principal.roles.map((held) => held.role))) return false;
  const orgId = principal.organization.id;
  const entry = {
    orgId,
    at: now,
    actor: actorOf(principal),
    action: "page:open" as const,
    outcome,
    object: { type: "page", id: null, name: recordedPath(address) },
    origin: principal.origin,
    requestId: principal.requestId,
    // Enough of the session's hash to tell two sessions apart; the token can't be had from it.
    detail: { session: Buffer.from(principal.session.idHash).toString("hex").slice(0, 16) },
  };
  return withOrganization(orgId, (tx) => writeAuditOnce(tx, entry, ONE_OPENING_MS));
}
