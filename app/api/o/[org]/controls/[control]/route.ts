import { z } from "zod";
import { controlDetail } from "@/lib/api/assessment";
import { lensQuery } from "@/lib/api/common";
import { getControl } from "@/lib/server/controls";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  params: z.object({ control: z.string().max(80) }),
  query: lensQuery,
  response: controlDetail,
  handler: (principal, { params, query }) => getControl(principal, params.control, query),
});
