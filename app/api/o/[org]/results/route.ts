import { resultsPage, resultsQuery } from "@/lib/api/assessment";
import { listResults } from "@/lib/server/results";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "result:read",
  query: resultsQuery,
  response: resultsPage,
  handler: (principal, { query }) => listResults(principal, query),
});
