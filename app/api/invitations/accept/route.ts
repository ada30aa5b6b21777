import { acceptInvitationBody, invitationAccepted } from "@/lib/api/organizations";
import { acceptInvitation } from "@/lib/server/invitations";
import { sessionRoute } from "@/lib/server/route";

export const POST = sessionRoute({
  body: acceptInvitationBody,
  response: invitationAccepted,
  limit: "invitation",
  handler: (session, { body }, call) =>
    acceptInvitation(session.person, body.token, { origin: call.origin, requestId: call.requestId }),
});
