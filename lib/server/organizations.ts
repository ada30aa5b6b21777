/** Organizations: made by an operator's command, read by their members. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import type { OrganizationView, SessionView } from "@/lib/api/organizations";
import { RingfenceError } from "@/lib/errors";
import type { Role } from "@/lib/access";
import { OPERATOR, writeAudit } from "./audit";
import { readActiveCatalog, registerCatalog } from "./catalog";
import { withOrganization, withPerson } from "./db/organization";
import { issueInvitation } from "./invitations";
import { isUniqueViolation } from "./db/errors";
import { type Principal, requireProjectsWith } from "./principal";
import type { ActiveSession } from "./session";

const newOrganization = z.object({
  slug: orgSlug,
  name: z.string().trim().min(1).max(100),
  projects: z
    .array(z.object({ slug: orgSlug, name: z.string().trim().min(1).max(100) }))
    .min(1)
    .max(50),
});

/**
 * Makes an organization with its projects and one single-use invitation for its first owner. Only for the operator's command
 * and for programs that run beside the server: no address leads here.
 *
 * @returns the invitation's token, which is stored nowhere.
 * @throws RingfenceError `invalid-input`, `conflict` if the slug is taken
 */
export async function createOrganization(
  input: z.input<typeof newOrganization>,
  options: { invitationHours?: number; now?: Date } = {},
): Promise<{ organizationId: string; invitation: { token: string; expiresAt: string } }> {
  const parsed = newOrganization.safeParse(input);
  if (!parsed.success) {
    throw new RingfenceError("invalid-input", "The organization is not valid.", {
      details: parsed.error.issues.map((issue) => ({ where: issue.path.join("."), message: issue.message })),
    });
  }
  const { slug, name, projects } = parsed.data;
  const now = options.now ?? new Date();
  const id = randomUUID();
  try {
    // It begins with the newest catalogue version, and keeps it until an officer activates another.
    const shipped = await registerCatalog();
    return await withOrganization(id, async (tx) => {
      await tx.organization.create({ data: { id, slug, name, createdAt: now } });
      await readActiveCatalog(tx, id, shipped);
      await tx.findingCounter.createMany({ data: [{ orgId: id }] });
      await tx.project.createMany({ data: projects.map((project) => ({ orgId: id, ...project, createdAt: now })) });
      await writeAudit(tx, {
        orgId: id,
        at: now,
        actor: OPERATOR,
        action: "organization:create",
        outcome: "done",
        object: { type: "organization", id, name: slug },
        detail: { projects: projects.map((project) => project.slug) },
      });
      const issued = await issueInvitation(tx, {
        orgId: id,
        role: "owner",
        projectId: null,
        note: "first owner",
        createdBy: null,
        actor: OPERATOR,
        expiresAt: new Date(now.getTime() + (options.invitationHours ?? 72) * 3_600_000),
        membershipExpiresAt: null,
        origin: null,
        requestId: null,
        now,
      });
      return { organizationId: id, invitation: { token: issued.token, expiresAt: issued.expiresAt } };
    });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new RingfenceError(
        "conflict",
        `There is already an organization "${slug}", or two projects have the same slug.`,
      );
    throw error;
  }
}

/** @throws RingfenceError `forbidden`, `not-found` */
export async function getOrganization(principal: Principal): Promise<OrganizationView> {
  requireProjectsWith(principal, "organization:read");
  const { id } = principal.organization;
  const found = await withOrganization(id, (tx) => tx.organization.findUnique({ where: { id } }));
  if (found === null) throw new RingfenceError("not-found", "There is nothing at this address.");
  return { id: found.id, slug: found.slug, name: found.name, createdAt: found.createdAt.toISOString() };
}

/** What `GET /api/session` shows: the person, the organizations in which they hold a role now, the deadlines. */
export async function describeSession(session: ActiveSession, now: Date = new Date()): Promise<SessionView> {
  const memberships = await withPerson(session.person.id, (tx) =>
    tx.membership.findMany({
      where: { personId: session.person.id, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
      include: { organization: true, project: true },
      orderBy: [{ organization: { name: "asc" } }, { createdAt: "asc" }],
    }),
  );
  const organizations = new Map<string, SessionView["organizations"][number]>();
  for (const { organization, project, role } of memberships) {
    const entry = organizations.get(organization.slug) ?? {
      slug: organization.slug,
      name: organization.name,
      roles: [],
    };
    entry.roles.push({ role: role as Role, project: project?.slug ?? null });
    organizations.set(organization.slug, entry);
  }
  return {
    person: session.person,
    organizations: [...organizations.values()],
    now: now.toISOString(),
    idleExpiresAt: session.idleExpiresAt.toISOString(),
    absoluteExpiresAt: session.absoluteExpiresAt.toISOString(),
    amr: session.amr === null ? null : [...session.amr],
    acr: session.acr,
  };
}
