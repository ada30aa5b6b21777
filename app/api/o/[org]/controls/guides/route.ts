import { guidesPage, guidesQuery } from "@/lib/api/guides";
import { listGuideErrors } from "@/lib/server/guides";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  query: guidesQuery,
  response: guidesPage,
  handler: (principal, { query }) => listGuideErrors(principal, query),
});
