import { membersPage, membersQuery } from "@/lib/api/organizations";
import { listMembers } from "@/lib/server/members";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "member:read",
  query: membersQuery,
  response: membersPage,
  handler: (principal, { query }) => listMembers(principal, query),
});
