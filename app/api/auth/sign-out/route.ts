import { signOut } from "@/lib/server/auth/sign-out";
import { webEnvironment } from "@/lib/server/env";
import { openRoute } from "@/lib/server/route";

/** A form's POST: ends the session and leads to the issuer's own sign-out. */
export const POST = openRoute({
  why: "signing out must work for a session that has already ended, too",
  limit: "sign-in",
  handler: (request, call) => signOut(request, webEnvironment(), call),
});
