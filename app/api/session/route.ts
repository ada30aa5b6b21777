import { sessionsEnded, sessionView } from "@/lib/api/organizations";
import { describeSession } from "@/lib/server/organizations";
import { sessionRoute } from "@/lib/server/route";
import { closeAllSessions } from "@/lib/server/session";

export const GET = sessionRoute({ response: sessionView, handler: (session) => describeSession(session) });

/** Signs the person out on every device at once. */
export const DELETE = sessionRoute({
  response: sessionsEnded,
  handler: async (session, _input, call) => ({ ended: await closeAllSessions(session.person, call) }),
});
