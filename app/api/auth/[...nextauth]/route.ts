import { RingfenceError } from "@/lib/errors";
import { finishSignIn } from "@/lib/server/auth/handshake";
import { webEnvironment } from "@/lib/server/env";
import { openRoute } from "@/lib/server/route";

/** Where the issuer sends the browser back to: /api/auth/callback/oidc. */
export const GET = openRoute({
  why: "nobody is signed in yet; the state, nonce and code verifier in this browser's cookies decide",
  limit: "sign-in",
  async handler(request, call, context) {
    const { nextauth } = await context.params;
    if (!Array.isArray(nextauth) || nextauth.join("/") !== "callback/oidc") {
      throw new RingfenceError("not-found", "There is nothing at this address.");
    }
    return finishSignIn(request, webEnvironment(), call);
  },
});
