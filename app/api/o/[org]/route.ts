import { organizationView } from "@/lib/api/organizations";
import { getOrganization } from "@/lib/server/organizations";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "organization:read",
  response: organizationView,
  handler: (principal) => getOrganization(principal),
});
