import { sessionDeadlines } from "@/lib/api/organizations";
import { sessionRoute } from "@/lib/server/route";
import { recordGesture } from "@/lib/server/session";

/** The browser says that a person clicked, typed or scrolled. Nothing else moves the idle limit. */
export const POST = sessionRoute({
  response: sessionDeadlines,
  async handler(session) {
    const now = new Date();
    const { idleExpiresAt, absoluteExpiresAt } = await recordGesture(session, now);
    return {
      now: now.toISOString(),
      idleExpiresAt: idleExpiresAt.toISOString(),
      absoluteExpiresAt: absoluteExpiresAt.toISOString(),
    };
  },
});
