import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { done } from "@/lib/api/organizations";
import { deleteCluster } from "@/lib/server/clusters";
import { route } from "@/lib/server/route";

export const DELETE = route({
  permission: "cluster:delete",
  freshSignIn: true,
  params: z.object({ cluster: orgSlug }),
  response: done,
  async handler(principal, { params }) {
    await deleteCluster(principal, params.cluster);
    return { done: true as const };
  },
});
