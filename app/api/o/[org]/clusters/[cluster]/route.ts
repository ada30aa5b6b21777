import { z } from "zod";
import { clusterDetail } from "@/lib/api/clusters";
import { orgSlug } from "@/lib/api/common";
import { done } from "@/lib/api/organizations";
import { deleteCluster } from "@/lib/server/clusters";
import { getCluster } from "@/lib/server/fleet";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "cluster:read",
  params: z.object({ cluster: orgSlug }),
  response: clusterDetail,
  handler: (principal, { params }) => getCluster(principal, params.cluster),
});

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
