import { findingsPage, findingsQuery } from "@/lib/api/assessment";
import { listFindings } from "@/lib/server/findings";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "finding:read",
  query: findingsQuery,
  response: findingsPage,
  handler: (principal, { query }) => listFindings(principal, query),
});
