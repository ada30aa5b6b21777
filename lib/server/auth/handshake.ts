/**
 * Signing in with OpenID Connect: authorization code with PKCE, state and nonce. next-auth does the handshake and nothing
 * else: its three short-lived cookies carry the checks, its own session is thrown away, and ours (session.ts) takes over.
 */
import { createHash } from "node:crypto";
import NextAuth, { type NextAuthOptions, type Profile } from "next-auth";
import { RingfenceError } from "@/lib/errors";
import { ANONYMOUS, recordRefusal } from "../audit";
import type { WebEnvironment } from "../env";
import { deriveKey, randomToken, seal } from "../seal";
import { findSessionToken, openSession, type RequestOrigin, sessionCookie } from "../session";
import { asksUserInfo, parseClaims } from "./claims";
import { discoverIssuer, type Issuer } from "./discovery";
import { leaveFor } from "./leave";

const PROVIDER = "oidc";

/** A path of this site, and nothing that a browser would read as another one. */
export function safeCallbackPath(text: string | null | undefined): string {
  return text && /^\/(?![/\\])[^\\\r\n]*$/.test(text) && text.length <= 2000 ? text : "/";
}

/**
 * Sends the browser to the issuer.
 *
 * @param options.isFresh asks for a new authentication there, even if the issuer still knows the browser
 */
export async function startSignIn(
  request: Request,
  environment: WebEnvironment,
  options: { callbackPath: string; isFresh: boolean; requestId: string },
): Promise<Response> {
  const issuer = await discoverIssuer(environment.oidc);
  const secret = handshakeSecret(environment);
  // The caller has checked the Origin; next-auth's own check is met with a pair made on the spot.
  const token = randomToken();
  const csrf = createHash("sha256").update(`${token}${secret}`).digest("hex");
  const answer = await handshake(request, environment, issuer, {
    action: ["signin", PROVIDER],
    method: "POST",
    query: options.isFresh ? { prompt: "login", max_age: "60" } : {},
    body: { csrfToken: token, callbackUrl: `${environment.origin}${safeCallbackPath(options.callbackPath)}` },
    cookies: { [cookieName(environment, "csrf")]: `${token}|${csrf}` },
    onSignIn: () => Promise.resolve(false),
  });
  const target = answer.location;
  if (target === null || new URL(target).origin !== new URL(issuer.authorizationEndpoint).origin) {
    throw new RingfenceError("unavailable", "Signing in is not possible right now.", {
      cause: new Error(`sign-in led to ${target}`),
    });
  }
  return leaveFor(target, answer.cookies, options.requestId);
}

/**
 * Takes the browser back from the issuer: checks the code, the tokens and the identity, opens a session and goes on to where
 * the person wanted to be. Whatever is wrong ends on the sign-in page with a reference, and in the audit trail with its cause.
 */
export async function finishSignIn(
  request: Request,
  environment: WebEnvironment,
  from: RequestOrigin & { requestId: string },
  now: Date = new Date(),
): Promise<Response> {
  const issuer = await discoverIssuer(environment.oidc, now);
  let token: string | null = null;
  const faults: string[] = [];
  const answer = await handshake(request, environment, issuer, {
    action: ["callback", PROVIDER],
    method: "GET",
    query: Object.fromEntries(new URL(request.url).searchParams),
    body: {},
    cookies: parseCookies(request.headers.get("cookie")),
    onFault: (fault) => faults.push(fault),
    onSignIn: async (profile, idToken) => {
      const claims = parseClaims(profile);
      if (claims.issuer !== environment.oidc.issuer) throw new Error(`token of another issuer: ${claims.issuer}`);
      const previous = findSessionToken(request.headers.get("cookie"), environment.isLocal);
      const idTokenSealed = idToken === null ? null : seal(idToken, deriveKey(environment.sessionSecret, "id-token"));
      const opened = await openSession({ ...claims, idTokenSealed }, from, previous, now);
      token = opened.token;
      return true;
    },
  });
  if (token === null) {
    await recordRefusal({
      orgId: null,
      at: now,
      actor: ANONYMOUS,
      action: "session:sign-in",
      outcome: "refused",
      origin: from.origin,
      requestId: from.requestId,
      detail: { issuer: environment.oidc.issuer, cause: faults.join("; ") || "no reason given" },
    });
    return redirect(
      `${environment.origin}/sign-in?error=refused&reference=${from.requestId}`,
      answer.cookies,
      from.requestId,
    );
  }
  const target = answer.location !== null && URL.canParse(answer.location) ? new URL(answer.location) : null;
  const path = target?.origin === environment.origin ? `${target.pathname}${target.search}` : "/";
  return redirect(
    `${environment.origin}${safeCallbackPath(path)}`,
    [...answer.cookies, sessionCookie(token, environment.isLocal)],
    from.requestId,
  );
}

interface Step {
  action: [string, string];
  method: "GET" | "POST";
  query: Record<string, string>;
  body: Record<string, string>;
  cookies: Record<string, string>;
  onSignIn: (profile: Profile & Record<string, unknown>, idToken: string | null) => Promise<boolean>;
  onFault?: (fault: string) => void;
}

/** One step of next-auth, driven through the form of request and response that it expects of a Pages Router. */
async function handshake(
  request: Request,
  environment: WebEnvironment,
  issuer: Issuer,
  step: Step,
): Promise<{ location: string | null; cookies: string[] }> {
  // The only place where next-auth reads its own address from.
  process.env.NEXTAUTH_URL = environment.origin;
  const headers = new Map<string, string | string[]>();
  const response = {
    status: () => response,
    setHeader: (name: string, value: string | string[]) => {
      headers.set(name.toLowerCase(), value);
      return response;
    },
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    end: () => response,
    json: () => response,
    send: () => response,
  };
  const incoming = {
    method: step.method,
    query: { nextauth: step.action, ...step.query },
    body: step.body,
    cookies: step.cookies,
    headers: { "user-agent": request.headers.get("user-agent") ?? "" },
  };
  // The three-argument form is typed for Node's own classes, of which it uses only what is above.
  const run = NextAuth as unknown as (
    req: typeof incoming,
    res: typeof response,
    options: NextAuthOptions,
  ) => Promise<unknown>;
  await run(incoming, response, optionsFor(environment, issuer, step));
  const location = headers.get("location");
  const cookies = headers.get("set-cookie");
  // next-auth's own session and anti-forgery cookies stay here; what the browser gets is the checks, and their removal.
  const own = ["session", "csrf"].map((name) => cookieName(environment, name));
  return {
    location: typeof location === "string" ? location : null,
    cookies: [cookies ?? []]
      .flat()
      .filter((cookie) => !own.some((name) => cookie.startsWith(`${name}=`) || cookie.startsWith(`${name}.`))),
  };
}

function optionsFor(environment: WebEnvironment, issuer: Issuer, step: Step): NextAuthOptions {
  const cookie = (name: string) => ({
    name: cookieName(environment, name),
    options: { httpOnly: true, sameSite: "lax" as const, path: "/", secure: !environment.isLocal, maxAge: 15 * 60 },
  });
  const fault = (code: string, metadata: unknown) => step.onFault?.(`${code}: ${describeFault(metadata)}`);
  return {
    secret: handshakeSecret(environment),
    session: { strategy: "jwt", maxAge: 60 },
    useSecureCookies: !environment.isLocal,
    cookies: {
      sessionToken: cookie("session"),
      csrfToken: cookie("csrf"),
      callbackUrl: cookie("callback"),
      pkceCodeVerifier: cookie("pkce"),
      state: cookie("state"),
      nonce: cookie("nonce"),
    },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    logger: { error: fault, warn: () => undefined, debug: () => undefined },
    callbacks: {
      async signIn({ account, profile }) {
        try {
          return await step.onSignIn((profile ?? {}) as Profile & Record<string, unknown>, account?.id_token ?? null);
        } catch (error) {
          fault("SIGN_IN", error);
          return false;
        }
      },
    },
    providers: [
      {
        id: PROVIDER,
        name: "OpenID Connect",
        type: "oauth",
        issuer: issuer.issuer,
        authorization: { url: issuer.authorizationEndpoint, params: { scope: "openid profile email groups" } },
        token: issuer.tokenEndpoint,
        jwks_endpoint: issuer.jwksUri,
        userinfo: {
          url: issuer.userinfoEndpoint ?? "",
          async request({ client, tokens }) {
            const idToken = tokens.id_token === undefined ? {} : decodeVerified(tokens.id_token);
            if (issuer.userinfoEndpoint === null || tokens.access_token === undefined || !asksUserInfo(idToken))
              return idToken;
            const info = await client.userinfo(tokens.access_token);
            // Core 5.3.2: without the same subject, the answer is about somebody else.
            if (info.sub !== idToken.sub) throw new Error("UserInfo is about another subject");
            return { ...info, ...idToken };
          },
        },
        idToken: true,
        checks: ["pkce", "state", "nonce"],
        clientId: environment.oidc.clientId,
        clientSecret: environment.oidc.clientSecret,
        client: { token_endpoint_auth_method: issuer.tokenAuthMethod, id_token_signed_response_alg: issuer.idTokenAlg },
        httpOptions: { timeout: 10_000 },
        profile: (profile: { sub?: unknown }) => ({ id: typeof profile.sub === "string" ? profile.sub : "" }),
      },
    ],
  };
}

/** The claims of a token whose signature, issuer, audience, nonce and times the client has verified just before. */
function decodeVerified(idToken: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(idToken.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
}

function handshakeSecret(environment: WebEnvironment): string {
  return deriveKey(environment.sessionSecret, "oidc-handshake").toString("base64url");
}

function cookieName(environment: WebEnvironment, name: string): string {
  return `${environment.isLocal ? "" : "__Host-"}ringfence-oidc-${name}`;
}

function parseCookies(header: string | null): Record<string, string> {
  const cookies: Record<string, string> = {};
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at < 1) continue;
    const value = part.slice(at + 1).trim();
    try {
      cookies[part.slice(0, at).trim()] = decodeURIComponent(value);
    } catch {
      // Not one of ours: ours are encoded.
    }
  }
  return cookies;
}

function describeFault(metadata: unknown): string {
  const error = metadata instanceof Error ? metadata : (metadata as { error?: unknown } | null)?.error;
  return error instanceof Error ? (error.message.split("\n")[0]?.slice(0, 300) ?? "") : "refused";
}

function redirect(location: string, cookies: string[], requestId: string): Response {
  const headers = new Headers({ location, "cache-control": "no-store", "x-request-id": requestId });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 303, headers });
}
