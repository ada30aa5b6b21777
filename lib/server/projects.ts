/** Projects: the environments inside an organization that clusters belong to and roles are given on. */
import { createProjectBody, type ProjectRow } from "@/lib/api/organizations";
import { RingfenceError } from "@/lib/errors";
import type { z } from "zod";
import { writeAudit } from "./audit";
import { isUniqueViolation } from "./db/errors";
import { withOrganization } from "./db/organization";
import { actorOf, type Principal, requirePermission, requireProjectsWith } from "./principal";

/** The projects that the principal may read, by name. @throws RingfenceError `forbidden` */
export async function listProjects(principal: Principal): Promise<{ items: ProjectRow[] }> {
  const visible = requireProjectsWith(principal, "project:read");
  const orgId = principal.organization.id;
  const projects = await withOrganization(orgId, (tx) =>
    tx.project.findMany({
      where: { orgId, ...(visible === null ? {} : { id: { in: visible } }) },
      include: { _count: { select: { clusters: { where: { deletedAt: null } } } } },
      orderBy: { name: "asc" },
    }),
  );
  return {
    items: projects.map(({ id, slug, name, createdAt, _count }) => ({
      id,
      slug,
      name,
      clusters: _count.clusters,
      createdAt: createdAt.toISOString(),
    })),
  };
}

/** @throws RingfenceError `forbidden`, `conflict` if the slug is taken */
export async function createProject(
  principal: Principal,
  body: z.input<typeof createProjectBody>,
  now: Date = new Date(),
): Promise<ProjectRow> {
  requirePermission(principal, "project:create");
  const { slug, name } = createProjectBody.parse(body);
  const orgId = principal.organization.id;
  try {
    return await withOrganization(orgId, async (tx) => {
      const project = await tx.project.create({ data: { orgId, slug, name, createdAt: now } });
      await writeAudit(tx, {
        orgId,
        at: now,
        actor: actorOf(principal),
        action: "project:create",
        outcome: "done",
        object: { type: "project", id: project.id, name: slug },
        origin: principal.origin,
        requestId: principal.requestId,
      });
      return { id: project.id, slug, name, clusters: 0, createdAt: now.toISOString() };
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new RingfenceError("conflict", `There is already a project "${slug}".`);
    throw error;
  }
}
