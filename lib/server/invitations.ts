/**
 * Invitations: the only way to a membership. Single use, expiring, SHA-256 at rest. The token names its organization (so that
 * it can be looked up inside it) and is entered in a form, never carried in an address.
 */
import { randomBytes, randomUUID } from "node:crypto";
import {
  createInvitationBody,
  type CreateInvitationBody,
  type InvitationAccepted,
  type InvitationIssued,
} from "@/lib/api/organizations";
import type { Role } from "@/lib/access";
import { RingfenceError } from "@/lib/errors";
import { type AuditActor, writeAudit } from "./audit";
import type { Transaction } from "./db/client";
import { isUniqueViolation } from "./db/errors";
import { withOrganization } from "./db/organization";
import { actorOf, type Principal, requireFreshSignIn, requirePermission } from "./principal";
import { hashToken } from "./seal";

const PREFIX = "rfi_";

/** `rfi_` + base64url(organization's 16 bytes ‖ 32 random bytes). */
export function makeOrganizationToken(prefix: string, orgId: string): string {
  return prefix + Buffer.concat([Buffer.from(orgId.replaceAll("-", ""), "hex"), randomBytes(32)]).toString("base64url");
}

/** The organization that a token names, or null if it isn't a token. It proves nothing until the token's hash is found there. */
export function organizationOfToken(prefix: string, token: string): string | null {
  if (!token.startsWith(prefix) || !/^[A-Za-z0-9_-]{64}$/.test(token.slice(prefix.length))) return null;
  const hex = Buffer.from(token.slice(prefix.length), "base64url").subarray(0, 16).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

interface NewInvitation {
  orgId: string;
  role: Role;
  projectId: string | null;
  note: string;
  createdBy: string | null;
  actor: AuditActor;
  expiresAt: Date;
  membershipExpiresAt: Date | null;
  origin: string | null;
  requestId: string | null;
  now: Date;
}

/** Adds an invitation inside a transaction of its organization. The caller has checked who may. */
export async function issueInvitation(tx: Transaction, invitation: NewInvitation): Promise<InvitationIssued> {
  const { orgId, role, projectId, note, createdBy, actor, expiresAt, membershipExpiresAt, origin, requestId, now } =
    invitation;
  const id = randomUUID();
  const token = makeOrganizationToken(PREFIX, orgId);
  const tokenHash = new Uint8Array(hashToken(token));
  await tx.invitation.create({
    data: { orgId, id, tokenHash, projectId, role, note, createdAt: now, createdBy, expiresAt, membershipExpiresAt },
  });
  await writeAudit(tx, {
    orgId,
    at: now,
    actor,
    action: "member:invite",
    outcome: "done",
    object: { type: "invitation", id, name: note || null },
    origin,
    requestId,
    detail: { role, projectId, expiresAt: expiresAt.toISOString() },
  });
  return { id, token, role, expiresAt: expiresAt.toISOString() };
}

/**
 * Invites somebody to a role in the whole organization or in one project.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found` for the project, `invalid-input`
 */
export async function createInvitation(
  principal: Principal,
  body: CreateInvitationBody,
  now: Date = new Date(),
): Promise<InvitationIssued> {
  requirePermission(principal, "member:invite");
  requireFreshSignIn(principal, now);
  const input = createInvitationBody.parse(body);
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    const project =
      input.project === undefined
        ? null
        : await tx.project.findUnique({ where: { orgId_slug: { orgId, slug: input.project } } });
    if (input.project !== undefined && project === null)
      throw new RingfenceError("not-found", "There is no such project.");
    return issueInvitation(tx, {
      orgId,
      role: input.role,
      projectId: project?.id ?? null,
      note: input.note,
      createdBy: principal.person.id,
      actor: actorOf(principal),
      expiresAt: new Date(now.getTime() + input.expiresInHours * 3_600_000),
      membershipExpiresAt: input.membershipExpiresAt === undefined ? null : new Date(input.membershipExpiresAt),
      origin: principal.origin,
      requestId: principal.requestId,
      now,
    });
  });
}

/**
 * Redeems an invitation for a signed-in person. Of any number of tries at once exactly one succeeds: one UPDATE takes it.
 * Unknown, used, expired and revoked look the same from outside.
 *
 * @throws RingfenceError `gone`; `conflict` if the person already holds a role there
 */
export async function acceptInvitation(
  person: { id: string; name: string },
  token: string,
  from: { origin: string | null; requestId: string | null },
  now: Date = new Date(),
): Promise<InvitationAccepted> {
  const refused = () =>
    new RingfenceError(
      "gone",
      "This invitation is not valid: it was used, has expired or never existed. Ask for a new one.",
    );
  const orgId = organizationOfToken(PREFIX, token);
  if (orgId === null) throw refused();
  const tokenHash = new Uint8Array(hashToken(token));
  try {
    return await withOrganization(orgId, async (tx) => {
      const taken = await tx.invitation.updateManyAndReturn({
        where: { orgId, tokenHash, usedAt: null, revokedAt: null, expiresAt: { gt: now } },
        data: { usedAt: now, usedBy: person.id },
      });
      const invitation = taken[0];
      if (invitation === undefined) throw refused();
      const { id, projectId, membershipExpiresAt } = invitation;
      const role = invitation.role as Role;
      await tx.membership.create({
        data: {
          orgId,
          personId: person.id,
          projectId,
          role,
          invitationId: id,
          createdAt: now,
          expiresAt: membershipExpiresAt,
        },
      });
      await writeAudit(tx, {
        orgId,
        at: now,
        actor: { type: "person", id: person.id, name: person.name },
        action: "invitation:accept",
        outcome: "done",
        object: { type: "invitation", id, name: invitation.note || null },
        ...from,
        detail: { role, projectId },
      });
      const organization = await tx.organization.findUniqueOrThrow({ where: { id: orgId } });
      return { organization: { slug: organization.slug, name: organization.name }, role };
    });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new RingfenceError("conflict", "You already hold a role there. Ask an owner to change it.");
    throw error;
  }
}
