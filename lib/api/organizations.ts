/** Session, organization, projects, people, invitations and the audit trail. */
import { z } from "zod";
import { isoTime, orgSlug, pageOf, pageQuery, role } from "./common";

/** `GET /api/session`: who is signed in, where they belong, and when the session ends. Asking does not prolong it. */
export const sessionView = z.object({
  person: z.object({ id: z.string(), name: z.string(), email: z.string().nullable() }),
  organizations: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      roles: z.array(z.object({ role, project: z.string().nullable() })),
    }),
  ),
  /** The server's own time, so that a wrong clock in the browser doesn't matter for the countdown. */
  now: isoTime,
  idleExpiresAt: isoTime,
  absoluteExpiresAt: isoTime,
  /** How the person authenticated, as the issuer stated it; null means "not stated". */
  amr: z.array(z.string()).nullable(),
  acr: z.string().nullable(),
});
export type SessionView = z.infer<typeof sessionView>;
export const sessionDeadlines = z.object({ now: isoTime, idleExpiresAt: isoTime, absoluteExpiresAt: isoTime });
export type SessionDeadlines = z.infer<typeof sessionDeadlines>;

/** `DELETE /api/session`: every session of the person ends, this one too. */
export const sessionsEnded = z.object({ ended: z.number().int() });

export const organizationView = z.object({ id: z.string(), slug: z.string(), name: z.string(), createdAt: isoTime });
export type OrganizationView = z.infer<typeof organizationView>;

export const projectRow = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  clusters: z.number().int(),
  createdAt: isoTime,
});
export type ProjectRow = z.infer<typeof projectRow>;
export const projectList = z.object({ items: z.array(projectRow) });
export const createProjectBody = z.object({ slug: orgSlug, name: z.string().trim().min(1).max(100) });

export const memberRow = z.object({
  id: z.string(),
  person: z.object({
    id: z.string(),
    name: z.string(),
    email: z.string().nullable(),
    lastSignInAt: isoTime.nullable(),
  }),
  role,
  /** Null: the whole organization. */
  project: z.object({ slug: z.string(), name: z.string() }).nullable(),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
});
export type MemberRow = z.infer<typeof memberRow>;
export const membersQuery = pageQuery.extend({ q: z.string().max(100).optional(), role: role.optional() });
export const membersPage = pageOf(memberRow);
export type MembersPage = z.infer<typeof membersPage>;

export const createInvitationBody = z.object({
  role,
  project: orgSlug.optional(),
  note: z.string().trim().max(200).default(""),
  expiresInHours: z.number().int().min(1).max(336).default(72),
  /** An assessor's access ends with the engagement. */
  membershipExpiresAt: z.iso.datetime().optional(),
});
export type CreateInvitationBody = z.input<typeof createInvitationBody>;
/** The token is shown once, and is entered on the page `/invitation`; it never stands in an address. */
export const invitationIssued = z.object({ id: z.string(), token: z.string(), role, expiresAt: isoTime });
export type InvitationIssued = z.infer<typeof invitationIssued>;
export const acceptInvitationBody = z.object({ token: z.string().trim().min(1).max(200) });
export const invitationAccepted = z.object({ organization: z.object({ slug: z.string(), name: z.string() }), role });
export type InvitationAccepted = z.infer<typeof invitationAccepted>;

export const auditRow = z.object({
  seq: z.number().int(),
  at: isoTime,
  actor: z.object({ type: z.string(), id: z.string().nullable(), name: z.string() }),
  action: z.string(),
  outcome: z.enum(["done", "refused", "failed"]),
  object: z.object({ type: z.string(), id: z.string().nullable(), name: z.string().nullable() }).nullable(),
  origin: z.string().nullable(),
  requestId: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string(),
});
export type AuditRow = z.infer<typeof auditRow>;
export const auditQuery = pageQuery.extend({
  action: z.string().max(60).optional(),
  outcome: z.enum(["done", "refused", "failed"]).optional(),
  actor: z.uuid().optional(),
});
export const auditPage = pageOf(auditRow);
export type AuditPage = z.infer<typeof auditPage>;

/** Answer of acts that have nothing to show. */
export const done = z.object({ done: z.literal(true) });
export const rescanRequested = z.object({ requestedAt: isoTime });
