/** The only ways to a transaction: over one organization, over one person's own memberships, or over global tables. */
import { RingfenceError } from "@/lib/errors";
import { databaseOf, type Transaction } from "./client";
import type { ProcessRole } from "./roles";

export interface TransactionOptions {
  role?: ProcessRole;
  /** Milliseconds after which the transaction is given up; 15 seconds unless set (evaluations take longer). */
  timeoutMs?: number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Runs `work` in a transaction that sees and writes rows of `organizationId` only: row-level security reads the id from the
 * transaction's own setting, which ends with it. What throws rolls back.
 *
 * @throws RingfenceError `internal` if the id is not a UUID: an undefined id must never become "every organization".
 */
export function withOrganization<T>(
  organizationId: string,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return transaction({ organizationId }, work, options);
}

/**
 * Runs `work` in a transaction that sees the memberships of one person, in every organization, and the organizations and
 * projects of those; it can write none of them. For choosing the organization, before there is one.
 */
export function withPerson<T>(personId: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return transaction({ personId }, work, {});
}

/** Runs `work` over the global tables (person, session, rate_limit, system_audit_entry); no tenant row is visible. */
export function withoutOrganization<T>(
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return transaction({}, work, options);
}

async function transaction<T>(
  who: { organizationId?: string; personId?: string },
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  for (const [key, value] of Object.entries(who)) {
    if (typeof value !== "string" || !UUID.test(value))
      throw new RingfenceError("internal", `A transaction needs a valid ${key}.`);
  }
  return databaseOf(options.role ?? "web").$transaction(
    async (tx) => {
      if (who.organizationId !== undefined)
        await tx.$queryRaw`SELECT set_config('app.org_id', ${who.organizationId}, true)`;
      if (who.personId !== undefined) await tx.$queryRaw`SELECT set_config('app.person_id', ${who.personId}, true)`;
      return work(tx);
    },
    { timeout: options.timeoutMs ?? 15_000, maxWait: 10_000 },
  );
}
