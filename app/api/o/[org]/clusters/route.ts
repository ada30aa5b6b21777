import { enrolmentIssued, fleetPage, fleetQuery, registerClusterBody } from "@/lib/api/clusters";
import { registerCluster } from "@/lib/server/clusters";
import { listFleet } from "@/lib/server/fleet";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "cluster:read",
  query: fleetQuery,
  response: fleetPage,
  handler: (principal, { query }) => listFleet(principal, query),
});

export const POST = route({
  permission: "cluster:register",
  freshSignIn: true,
  body: registerClusterBody,
  response: enrolmentIssued,
  status: 201,
  handler: (principal, { body }) => registerCluster(principal, body),
});
