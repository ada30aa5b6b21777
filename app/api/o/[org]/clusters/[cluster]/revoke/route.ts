import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { done } from "@/lib/api/organizations";
import { revokeCluster } from "@/lib/server/clusters";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "cluster:revoke",
  freshSignIn: true,
  params: z.object({ cluster: orgSlug }),
  response: done,
  async handler(principal, { params }) {
    await revokeCluster(principal, params.cluster);
    return { done: true as const };
  },
});
