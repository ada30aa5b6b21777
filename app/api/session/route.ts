import { sessionView } from "@/lib/api/organizations";
import { describeSession } from "@/lib/server/organizations";
import { sessionRoute } from "@/lib/server/route";

export const GET = sessionRoute({ response: sessionView, handler: (session) => describeSession(session) });
