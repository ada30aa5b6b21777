/**
 * Sessions: a random id in the browser's cookie, its hash in our own row, checked at every request, revocable at once.
 *
 * 15 minutes idle (PCI DSS 8.2.8), moved only by a person's gesture: a page left open polls for hours and must still end.
 * 12 hours at most, whatever happens.
 */
import { RingfenceError } from "@/lib/errors";
import { ANONYMOUS, type AuditActor, writeSystemAudit } from "./audit";
import type { Transaction } from "./db/client";
import { withoutOrganization } from "./db/organization";
import { hashToken, randomToken } from "./seal";

export const IDLE_MS = 15 * 60_000;
export const ABSOLUTE_MS = 12 * 3_600_000;
/** A change that reaches far asks for a sign-in younger than this. */
export const FRESH_SIGN_IN_MS = 60 * 60_000;

/** The cookie's name. The prefix binds it to this host, to https and to every path; plain http on localhost can't have it. */
export function sessionCookieName(isLocal: boolean): string {
  return isLocal ? "ringfence-session" : "__Host-ringfence-session";
}

/** The Set-Cookie header for a new session. No expiry: it ends with the browser, or when the row says so. */
export function sessionCookie(token: string, isLocal: boolean): string {
  return `${sessionCookieName(isLocal)}=${token}; Path=/; HttpOnly; SameSite=Lax${isLocal ? "" : "; Secure"}`;
}

/** The Set-Cookie header that takes it away. */
export function clearedSessionCookie(isLocal: boolean): string {
  return `${sessionCookieName(isLocal)}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0${isLocal ? "" : "; Secure"}`;
}

/** The session's token in a Cookie header, or null. Two cookies of the name are refused: somebody planted one. */
export function findSessionToken(cookieHeader: string | null, isLocal: boolean): string | null {
  const name = `${sessionCookieName(isLocal)}=`;
  const found = (cookieHeader ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(name))
    .map((part) => part.slice(name.length));
  const token = found.length === 1 ? found[0] : undefined;
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : null;
}

/** What an issuer said about somebody who has just signed in. */
export interface SignIn {
  issuer: string;
  subject: string;
  name: string;
  email: string | null;
  authenticatedAt: Date | null;
  /** Null: the issuer did not state the methods, which is not the same as none. */
  amr: string[] | null;
  acr: string | null;
  groups: string[];
  idTokenSealed: Uint8Array | null;
}

export interface RequestOrigin {
  origin: string | null;
  userAgent: string | null;
  requestId: string | null;
}

/**
 * Opens a session for whoever the issuer vouched for, and remembers them by issuer and subject. It gives no access to
 * anything: that comes from memberships. A session that the browser had before ends.
 *
 * @returns the token for the cookie; it exists nowhere else.
 */
export async function openSession(
  signIn: SignIn,
  from: RequestOrigin,
  previousToken: string | null,
  now: Date = new Date(),
): Promise<{ token: string; personId: string }> {
  const token = randomToken();
  const personId = await withoutOrganization(async (tx) => {
    if (previousToken !== null) await revokeIn(tx, hashToken(previousToken), "replaced by a new sign-in", now);
    const named = { name: signIn.name, email: signIn.email, lastSignInAt: now };
    const person = await tx.person.upsert({
      where: { issuer_subject: { issuer: signIn.issuer, subject: signIn.subject } },
      create: { issuer: signIn.issuer, subject: signIn.subject, ...named },
      update: named,
    });
    await tx.session.create({
      data: {
        idHash: copy(hashToken(token)),
        personId: person.id,
        createdAt: now,
        idleExpiresAt: new Date(now.getTime() + IDLE_MS),
        absoluteExpiresAt: new Date(now.getTime() + ABSOLUTE_MS),
        authenticatedAt: signIn.authenticatedAt,
        amr: signIn.amr ?? [],
        amrStated: signIn.amr !== null,
        acr: signIn.acr,
        groups: signIn.groups,
        idTokenSealed: signIn.idTokenSealed === null ? null : copy(signIn.idTokenSealed),
        origin: from.origin,
        userAgent: from.userAgent?.slice(0, 300) ?? null,
      },
    });
    await writeSystemAudit(tx, {
      at: now,
      actor: { type: "person", id: person.id, name: person.name },
      action: "session:sign-in",
      outcome: "done",
      origin: from.origin,
      requestId: from.requestId,
      detail: { issuer: signIn.issuer, amr: signIn.amr ?? "not stated", acr: signIn.acr ?? "not stated" },
    });
    return person.id;
  });
  return { token, personId };
}

/** The living session of a request. */
export interface ActiveSession {
  idHash: Uint8Array<ArrayBuffer>;
  person: { id: string; name: string; email: string | null };
  createdAt: Date;
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  authenticatedAt: Date | null;
  amr: readonly string[] | null;
  acr: string | null;
}

interface Deadlines {
  idleExpiresAt: Date;
  absoluteExpiresAt: Date;
  revokedAt: Date | null;
}

/** @throws RingfenceError `session-expired` if the session ended by itself, `unauthenticated` if it was revoked. */
export function assertAlive(session: Deadlines, now: Date): void {
  if (session.revokedAt !== null) throw new RingfenceError("unauthenticated", "You are signed out. Sign in again.");
  if (session.absoluteExpiresAt <= now) {
    throw new RingfenceError("session-expired", "The session ended after 12 hours. Sign in again.");
  }
  if (session.idleExpiresAt <= now) {
    throw new RingfenceError("session-expired", "The session ended after 15 minutes without activity. Sign in again.");
  }
}

/**
 * The session whose token the request carries.
 *
 * @throws RingfenceError `unauthenticated` or `session-expired`
 */
export async function requireSession(token: string | null, now: Date = new Date()): Promise<ActiveSession> {
  if (token === null) throw new RingfenceError("unauthenticated", "Sign in first.");
  const idHash = copy(hashToken(token));
  const found = await withoutOrganization((tx) =>
    tx.session.findUnique({ where: { idHash }, include: { person: true } }),
  );
  if (found === null) throw new RingfenceError("unauthenticated", "Sign in first.");
  assertAlive(found, now);
  const { person } = found;
  return {
    idHash,
    person: { id: person.id, name: person.name, email: person.email },
    createdAt: found.createdAt,
    idleExpiresAt: found.idleExpiresAt,
    absoluteExpiresAt: found.absoluteExpiresAt,
    authenticatedAt: found.authenticatedAt,
    amr: found.amrStated ? found.amr : null,
    acr: found.acr,
  };
}

/**
 * A person did something: the idle limit starts anew. One UPDATE that a dead session can't pass.
 *
 * @throws RingfenceError `session-expired`
 */
export async function recordGesture(
  session: ActiveSession,
  now: Date = new Date(),
): Promise<{ idleExpiresAt: Date; absoluteExpiresAt: Date }> {
  const wanted = new Date(now.getTime() + IDLE_MS);
  const idleExpiresAt = wanted < session.absoluteExpiresAt ? wanted : session.absoluteExpiresAt;
  const moved = await withoutOrganization((tx) =>
    tx.session.updateMany({
      where: { idHash: session.idHash, revokedAt: null, idleExpiresAt: { gt: now }, absoluteExpiresAt: { gt: now } },
      data: { idleExpiresAt },
    }),
  );
  if (moved.count !== 1) throw new RingfenceError("session-expired", "The session has ended. Sign in again.");
  return { idleExpiresAt, absoluteExpiresAt: session.absoluteExpiresAt };
}

/** Ends the session of a token, if there is one. Its sealed ID token and its person come back for signing out at the issuer. */
export async function closeSession(
  token: string | null,
  from: RequestOrigin,
  now: Date = new Date(),
): Promise<{ idTokenSealed: Uint8Array | null } | null> {
  if (token === null) return null;
  return withoutOrganization(async (tx) => {
    const ended = await revokeIn(tx, hashToken(token), "signed out", now);
    if (ended === null) return null;
    await writeSystemAudit(tx, {
      at: now,
      actor: ended.actor,
      action: "session:sign-out",
      outcome: "done",
      origin: from.origin,
      requestId: from.requestId,
    });
    return { idTokenSealed: ended.idTokenSealed };
  });
}

/** Ends every session of a person at once, on every device: a laptop was lost. @returns how many there were */
export async function closeAllSessions(
  person: { id: string; name: string },
  from: RequestOrigin,
  now: Date = new Date(),
): Promise<number> {
  return withoutOrganization(async (tx) => {
    const ended = await tx.session.updateMany({
      where: { personId: person.id, revokedAt: null, absoluteExpiresAt: { gt: now } },
      data: { revokedAt: now, revokedReason: "signed out everywhere", idTokenSealed: null },
    });
    await writeSystemAudit(tx, {
      at: now,
      actor: { type: "person", id: person.id, name: person.name },
      action: "session:end",
      outcome: "done",
      origin: from.origin,
      requestId: from.requestId,
      detail: { sessions: ended.count },
    });
    return ended.count;
  });
}

async function revokeIn(
  tx: Transaction,
  hash: Buffer,
  reason: string,
  now: Date,
): Promise<{ actor: AuditActor; idTokenSealed: Uint8Array | null } | null> {
  const idHash = copy(hash);
  const session = await tx.session.findUnique({ where: { idHash }, include: { person: true } });
  if (session === null || session.revokedAt !== null) return null;
  await tx.session.update({ where: { idHash }, data: { revokedAt: now, revokedReason: reason, idTokenSealed: null } });
  const { person } = session;
  return {
    actor: person ? { type: "person", id: person.id, name: person.name } : ANONYMOUS,
    idTokenSealed: session.idTokenSealed,
  };
}

/** Prisma wants bytes over a buffer of their own, not over Node's shared pool. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
