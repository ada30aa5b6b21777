/**
 * Who asks: from a request's session to a `Principal`, or a refusal. There is no optional principal, and no function of this
 * room answers without one.
 */
import { can, type Permission, type Role, rolesThatCan } from "@/lib/access";
import { RingfenceError } from "@/lib/errors";
import type { AuditActor } from "./audit";
import { databaseOf } from "./db/client";
import { webEnvironment } from "./env";
import { hashToken } from "./seal";
import { type ActiveSession, assertAlive, FRESH_SIGN_IN_MS, findSessionToken } from "./session";

/** A signed-in person inside one organization, with the roles that they hold there at this moment. */
export interface Principal {
  organization: { id: string; slug: string; name: string };
  person: { id: string; name: string; email: string | null };
  /** At least one. `projectId` null: the whole organization. */
  roles: readonly { role: Role; projectId: string | null }[];
  session: Omit<ActiveSession, "person">;
  /** Address that the request came from, for the audit trail; null inside the server itself. */
  origin: string | null;
  requestId: string | null;
}

/** Somebody signed in asked for an organization that is not theirs. They learn only that there is nothing here. */
export class NotAMember extends RingfenceError {
  constructor(readonly actor: AuditActor) {
    super("not-found", "There is nothing at this address.");
    this.name = "NotAMember";
  }
}

interface PrincipalRow {
  person_id: string;
  person_name: string;
  person_email: string | null;
  created_at: Date;
  idle_expires_at: Date;
  absolute_expires_at: Date;
  revoked_at: Date | null;
  authenticated_at: Date | null;
  amr: string[];
  amr_stated: boolean;
  acr: string | null;
  org_id: string | null;
  org_slug: string | null;
  org_name: string | null;
  roles: { role: Role; projectId: string | null }[];
}

/**
 * The principal of a session's token in the organization `slug`, in one statement.
 *
 * @throws RingfenceError `unauthenticated` or `session-expired`; NotAMember (`not-found`) where the person has no living membership,
 *   whether or not there is such an organization.
 */
export async function resolvePrincipal(
  token: string | null,
  slug: string,
  from: { origin: string | null; requestId: string | null },
  now: Date = new Date(),
): Promise<Principal> {
  if (token === null) throw new RingfenceError("unauthenticated", "Sign in first.");
  const idHash = new Uint8Array(hashToken(token));
  const rows = await databaseOf("web").$queryRaw<PrincipalRow[]>`
    SELECT * FROM ringfence_principal(${idHash}, ${slug}, ${now}::timestamptz)`;
  const row = rows[0];
  if (row === undefined) throw new RingfenceError("unauthenticated", "Sign in first.");
  assertAlive(
    { idleExpiresAt: row.idle_expires_at, absoluteExpiresAt: row.absolute_expires_at, revokedAt: row.revoked_at },
    now,
  );
  if (row.org_id === null || row.org_slug === null || row.org_name === null || row.roles.length === 0) {
    throw new NotAMember({ type: "person", id: row.person_id, name: row.person_name });
  }
  return {
    organization: { id: row.org_id, slug: row.org_slug, name: row.org_name },
    person: { id: row.person_id, name: row.person_name, email: row.person_email },
    roles: row.roles,
    session: {
      idHash,
      createdAt: row.created_at,
      idleExpiresAt: row.idle_expires_at,
      absoluteExpiresAt: row.absolute_expires_at,
      authenticatedAt: row.authenticated_at,
      amr: row.amr_stated ? row.amr : null,
      acr: row.acr,
    },
    ...from,
  };
}

/** The principal in the audit trail. */
export function actorOf(principal: Principal): AuditActor {
  return { type: "person", id: principal.person.id, name: principal.person.name };
}

/** True if the principal may do `permission` in the project, or, without one, in the whole organization. */
export function allows(principal: Principal, permission: Permission, projectId?: string): boolean {
  return principal.roles.some(
    (held) => can(held.role, permission) && (held.projectId === null || held.projectId === projectId),
  );
}

/** The projects in which the principal may do `permission`; null means every project, an empty list none. */
export function projectsWith(principal: Principal, permission: Permission): string[] | null {
  const holding = principal.roles.filter((held) => can(held.role, permission));
  if (holding.some((held) => held.projectId === null)) return null;
  return [...new Set(holding.flatMap((held) => (held.projectId === null ? [] : [held.projectId])))];
}

/** True if the principal may do `permission` somewhere in the organization. */
export function allowsSomewhere(principal: Principal, permission: Permission): boolean {
  return principal.roles.some((held) => can(held.role, permission));
}

/**
 * Asks for a permission in a project, or in the whole organization.
 *
 * @throws RingfenceError `forbidden`, which names the roles that could.
 */
export function requirePermission(principal: Principal, permission: Permission, projectId?: string): void {
  if (allows(principal, permission, projectId)) return;
  throw forbidden(permission);
}

/** @throws RingfenceError `forbidden` if the principal may do it nowhere; else as `projectsWith`. */
export function requireProjectsWith(principal: Principal, permission: Permission): string[] | null {
  const projects = projectsWith(principal, permission);
  if (projects?.length === 0) throw forbidden(permission);
  return projects;
}

function forbidden(permission: Permission): RingfenceError {
  const words: Record<Role, string> = {
    owner: "owner",
    complianceOfficer: "compliance officer",
    platformEngineer: "platform engineer",
    assessor: "assessor",
  };
  const roles = rolesThatCan(permission).map((role) => words[role]);
  return new RingfenceError(
    "forbidden",
    `Your role does not allow this (${permission}). It takes the role ${roles.join(" or ")}.`,
  );
}

/**
 * Asks for a recent sign-in before an act that reaches far (enrol, revoke, invite).
 *
 * @throws RingfenceError `fresh-sign-in-required`
 */
export function requireFreshSignIn(principal: Principal, now: Date = new Date()): void {
  const since = principal.session.authenticatedAt ?? principal.session.createdAt;
  if (now.getTime() - since.getTime() <= FRESH_SIGN_IN_MS) return;
  throw new RingfenceError(
    "fresh-sign-in-required",
    "For this, sign in again: your last sign-in is more than an hour old.",
  );
}

/**
 * The principal of a page of the organization `slug`, and the address that was asked for. Redirects to the sign-in
 * page without a living session, and shows the "not found" page for an organization that is not theirs.
 */
export async function requirePagePrincipal(slug: string): Promise<{ principal: Principal; address: string }> {
  const [{ headers }, { notFound, redirect }] = await Promise.all([import("next/headers"), import("next/navigation")]);
  const sent = await headers();
  const token = findSessionToken(sent.get("cookie"), webEnvironment().isLocal);
  const address = sent.get("x-ringfence-path") ?? `/o/${slug}`;
  try {
    const principal = await resolvePrincipal(token, slug, {
      origin: sent.get("x-ringfence-origin"),
      requestId: sent.get("x-request-id"),
    });
    return { principal, address };
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    if (error.code === "not-found") return notFound();
    if (error.status !== 401) throw error;
    const reason = error.code === "session-expired" ? "&reason=session-expired" : "";
    return redirect(`/sign-in?callbackUrl=${encodeURIComponent(address)}${reason}`);
  }
}
