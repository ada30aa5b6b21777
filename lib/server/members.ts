/** Members: who holds which role where, until when. */
import type { z } from "zod";
import type { Role } from "@/lib/access";
import { type MembersPage, membersQuery } from "@/lib/api/organizations";
import { RingfenceError } from "@/lib/errors";
import { writeAudit } from "./audit";
import { withOrganization } from "./db/organization";
import { actorOf, type Principal, requireFreshSignIn, requirePermission } from "./principal";

/** Living memberships by the person's name. @throws RingfenceError `forbidden` */
export async function listMembers(
  principal: Principal,
  query: z.input<typeof membersQuery>,
  now: Date = new Date(),
): Promise<MembersPage> {
  requirePermission(principal, "member:read");
  const { page, pageSize, q, role } = membersQuery.parse(query);
  const orgId = principal.organization.id;
  const living = { orgId, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] };
  const words = q?.trim();
  const where = {
    ...living,
    ...(role === undefined ? {} : { role }),
    ...(words
      ? {
          person: {
            OR: [
              { name: { contains: words, mode: "insensitive" as const } },
              { email: { contains: words, mode: "insensitive" as const } },
            ],
          },
        }
      : {}),
  };
  return withOrganization(orgId, async (tx) => {
    const rows = await tx.membership.findMany({
      where,
      include: { person: true, project: true },
      orderBy: [{ person: { name: "asc" } }, { createdAt: "asc" }, { id: "asc" }],
      skip: (page - 1) * pageSize,
      take: pageSize,
    });
    const [total, totalUnfiltered] = [
      await tx.membership.count({ where }),
      await tx.membership.count({ where: living }),
    ];
    return {
      items: rows.map(({ id, person, project, role: held, createdAt, expiresAt }) => ({
        id,
        person: {
          id: person.id,
          name: person.name,
          email: person.email,
          lastSignInAt: person.lastSignInAt?.toISOString() ?? null,
        },
        role: held as Role,
        project: project === null ? null : { slug: project.slug, name: project.name },
        createdAt: createdAt.toISOString(),
        expiresAt: expiresAt?.toISOString() ?? null,
      })),
      page,
      pageSize,
      total,
      totalUnfiltered,
    };
  });
}

/**
 * Ends a membership at once; the next request of that person finds it gone.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found`, `conflict` for the last owner
 */
export async function revokeMember(principal: Principal, membershipId: string, now: Date = new Date()): Promise<void> {
  requirePermission(principal, "member:invite");
  requireFreshSignIn(principal, now);
  const orgId = principal.organization.id;
  await withOrganization(orgId, async (tx) => {
    // Two owners who remove each other at the same moment wait here for one another.
    await tx.$queryRaw`SELECT id FROM membership WHERE org_id = ${orgId}::uuid AND role = 'owner' AND revoked_at IS NULL ORDER BY id FOR UPDATE`;
    const found = await tx.membership.findFirst({
      where: { orgId, id: membershipId, revokedAt: null },
      include: { person: true },
    });
    if (found === null) throw new RingfenceError("not-found", "There is no such member.");
    if (found.role === "owner" && found.projectId === null) {
      const others = await tx.membership.count({
        where: {
          orgId,
          role: "owner",
          projectId: null,
          revokedAt: null,
          id: { not: membershipId },
          OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
        },
      });
      if (others === 0) throw new RingfenceError("conflict", "This is the last owner. Invite another one first.");
    }
    await tx.membership.update({ where: { orgId_id: { orgId, id: membershipId } }, data: { revokedAt: now } });
    await writeAudit(tx, {
      orgId,
      at: now,
      actor: actorOf(principal),
      action: "member:revoke",
      outcome: "done",
      object: { type: "member", id: membershipId, name: found.person.name },
      origin: principal.origin,
      requestId: principal.requestId,
      detail: { role: found.role, projectId: found.projectId, personId: found.personId },
    });
  });
}
