import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { rescanRequested } from "@/lib/api/organizations";
import { requestRescan } from "@/lib/server/clusters";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "cluster:rescan",
  params: z.object({ cluster: orgSlug }),
  response: rescanRequested,
  status: 202,
  handler: (principal, { params }) => requestRescan(principal, params.cluster),
});
