import { controlsPage, controlsQuery } from "@/lib/api/assessment";
import { listControls } from "@/lib/server/controls";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  query: controlsQuery,
  response: controlsPage,
  handler: (principal, { query }) => listControls(principal, query),
});
