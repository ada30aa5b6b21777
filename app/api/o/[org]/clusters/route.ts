import { enrolmentIssued, registerClusterBody } from "@/lib/api/clusters";
import { registerCluster } from "@/lib/server/clusters";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "cluster:register",
  freshSignIn: true,
  body: registerClusterBody,
  response: enrolmentIssued,
  status: 201,
  handler: (principal, { body }) => registerCluster(principal, body),
});
