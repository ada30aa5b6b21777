/** Reading the audit trail. */
import type { z } from "zod";
import { type AuditPage, auditQuery } from "@/lib/api/organizations";
import { withOrganization } from "./db/organization";
import { type Principal, requirePermission } from "./principal";

/** The organization's audit trail, newest first. @throws RingfenceError `forbidden` */
export async function listAudit(principal: Principal, query: z.input<typeof auditQuery>): Promise<AuditPage> {
  requirePermission(principal, "audit:read");
  const { page, pageSize, action, outcome, actor } = auditQuery.parse(query);
  const orgId = principal.organization.id;
  const where = {
    orgId,
    ...(action === undefined ? {} : { action }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(actor === undefined ? {} : { actorId: actor }),
  };
  return withOrganization(orgId, async (tx) => {
    const rows = await tx.auditEntry.findMany({
      where,
      orderBy: { seq: "desc" },
      skip: (page - 1) * pageSize,
      take: pageSize,
    });
    const [total, head] = [await tx.auditEntry.count({ where }), await tx.auditHead.findUnique({ where: { orgId } })];
    return {
      items: rows.map((row) => ({
        seq: Number(row.seq),
        at: row.at.toISOString(),
        actor: { type: row.actorType, id: row.actorId, name: row.actorName },
        action: row.action,
        outcome: row.outcome as "done" | "refused" | "failed",
        object: row.objectType === null ? null : { type: row.objectType, id: row.objectId, name: row.objectName },
        origin: row.origin,
        requestId: row.requestId,
        detail: row.detail as Record<string, unknown>,
        hash: Buffer.from(row.hash).toString("hex"),
      })),
      page,
      pageSize,
      total,
      totalUnfiltered: Number(head?.seq ?? 0n),
    };
  });
}
