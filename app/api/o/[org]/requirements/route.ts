import { requirementsPage, requirementsQuery } from "@/lib/api/assessment";
import { listRequirements } from "@/lib/server/requirements";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "requirement:read",
  query: requirementsQuery,
  response: requirementsPage,
  handler: (principal, { query }) => listRequirements(principal, query),
});
