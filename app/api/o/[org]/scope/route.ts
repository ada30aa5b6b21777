import { scopePage, scopeQuery } from "@/lib/api/assessment";
import { listScope } from "@/lib/server/scope";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "scope:read",
  query: scopeQuery,
  response: scopePage,
  handler: (principal, { query }) => listScope(principal, query),
});
