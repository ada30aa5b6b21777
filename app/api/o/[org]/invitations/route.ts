import { createInvitationBody, invitationIssued } from "@/lib/api/organizations";
import { createInvitation } from "@/lib/server/invitations";
import { route } from "@/lib/server/route";

export const POST = route({
  permission: "member:invite",
  freshSignIn: true,
  body: createInvitationBody,
  response: invitationIssued,
  status: 201,
  handler: (principal, { body }) => createInvitation(principal, body),
});
