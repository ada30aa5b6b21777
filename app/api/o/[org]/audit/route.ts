import { auditPage, auditQuery } from "@/lib/api/organizations";
import { listAudit } from "@/lib/server/audit-list";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "audit:read",
  query: auditQuery,
  response: auditPage,
  handler: (principal, { query }) => listAudit(principal, query),
});
