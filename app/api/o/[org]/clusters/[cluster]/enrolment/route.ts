import { z } from "zod";
import { enrolmentIssued } from "@/lib/api/clusters";
import { orgSlug } from "@/lib/api/common";
import { reenrolCluster } from "@/lib/server/clusters";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "cluster:register",
  freshSignIn: true,
  params: z.object({ cluster: orgSlug }),
  response: enrolmentIssued,
  status: 201,
  handler: (principal, { params }) => reenrolCluster(principal, params.cluster),
});
