import { z } from "zod";
import { scanRow } from "@/lib/api/clusters";
import { orgSlug, pageOf, pageQuery } from "@/lib/api/common";
import { listScans } from "@/lib/server/fleet";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "scan:read",
  params: z.object({ cluster: orgSlug }),
  query: pageQuery,
  response: pageOf(scanRow),
  handler: (principal, { params, query }) => listScans(principal, params.cluster, query),
});
