/** Signing out here and at the issuer (OpenID Connect RP-Initiated Logout 1.0). */
import type { WebEnvironment } from "../env";
import { deriveKey, unseal } from "../seal";
import { clearedSessionCookie, closeSession, findSessionToken, type RequestOrigin } from "../session";
import { discoverIssuer } from "./discovery";
import { leaveFor } from "./leave";

/**
 * Ends the session at once, takes the cookie away and sends the browser on to sign out at the issuer. An issuer that can't
 * be reached or has no such address does not keep anybody signed in here.
 */
export async function signOut(
  request: Request,
  environment: WebEnvironment,
  from: RequestOrigin & { requestId: string },
): Promise<Response> {
  const token = findSessionToken(request.headers.get("cookie"), environment.isLocal);
  const ended = await closeSession(token, from);
  const back = `${environment.origin}/sign-in`;
  const issuer = await discoverIssuer(environment.oidc).catch(() => null);
  let target = back;
  if (ended !== null && issuer !== null && issuer.endSessionEndpoint !== null) {
    const url = new URL(issuer.endSessionEndpoint);
    const hint =
      ended.idTokenSealed === null
        ? null
        : unseal(ended.idTokenSealed, deriveKey(environment.sessionSecret, "id-token"));
    if (hint !== null) url.searchParams.set("id_token_hint", hint);
    url.searchParams.set("client_id", environment.oidc.clientId);
    url.searchParams.set("post_logout_redirect_uri", back);
    target = url.href;
  }
  return leaveFor(target, [clearedSessionCookie(environment.isLocal)], from.requestId);
}
