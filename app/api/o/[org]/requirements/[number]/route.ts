import { z } from "zod";
import { requirementDetail } from "@/lib/api/assessment";
import { lensQuery } from "@/lib/api/common";
import { getRequirement } from "@/lib/server/requirements";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "requirement:read",
  params: z.object({ number: z.string().max(16) }),
  query: lensQuery,
  response: requirementDetail,
  handler: (principal, { params, query }) => getRequirement(principal, params.number, query),
});
