import { z } from "zod";
import { findingDetail } from "@/lib/api/assessment";
import { getFinding } from "@/lib/server/findings";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "finding:read",
  params: z.object({ number: z.coerce.number().int().min(1) }),
  response: findingDetail,
  handler: (principal, { params }) => getFinding(principal, params.number),
});
