import { createHash, createPublicKey, randomBytes, verify } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type Issuer, type IssuerOptions, startIssuer } from "./issuer";

const REDIRECT = "http://localhost:3999/api/auth/callback/oidc";
const AFTER = "http://localhost:3999/sign-in";
const running: Issuer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((issuer) => issuer.stop()));
});

async function issuerWith(options: Partial<IssuerOptions> = {}): Promise<Issuer> {
  const issuer = await startIssuer({ redirectUris: [REDIRECT], postLogoutRedirectUris: [AFTER], ...options });
  running.push(issuer);
  return issuer;
}

/** A browser as far as it matters here: cookies, and redirects one by one. */
class Browser {
  private readonly cookies = new Map<string, string>();

  async send(url: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined) this.cookies.set(name, value ?? "");
    }
    return response;
  }
}

interface Tokens {
  id_token: string;
  access_token: string;
}

async function signIn(issuer: Issuer, person: string, browser = new Browser()): Promise<Tokens> {
  const verifier = randomBytes(32).toString("base64url");
  const start = new URL("/auth", issuer.issuer);
  start.search = new URLSearchParams({
    client_id: issuer.clientId,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "openid profile email groups",
    state: "s",
    nonce: "n",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  const first = await browser.send(start.href);
  const interaction = new URL(first.headers.get("location")!, issuer.issuer).href;
  const page = await (await browser.send(interaction)).text();
  expect(page).toContain("no password");
  let next = (await browser.send(interaction, { person })).headers.get("location")!;
  while (next.startsWith(issuer.issuer)) next = (await browser.send(next)).headers.get("location")!;
  const code = new URL(next).searchParams.get("code")!;
  const response = await fetch(`${issuer.issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${issuer.clientId}:${issuer.clientSecret}`).toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Record<string, unknown>;

async function isSignedByPublishedKey(issuer: Issuer, token: string): Promise<boolean> {
  const { keys } = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
  const [head, body, signature] = token.split(".") as [string, string, string];
  const { kid } = JSON.parse(Buffer.from(head, "base64url").toString()) as { kid: string };
  const jwk = keys.find((key) => key.kid === kid);
  return (
    jwk !== undefined &&
    verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      createPublicKey({ key: jwk, format: "jwk" }),
      Buffer.from(signature, "base64url"),
    )
  );
}

describe("local issuer", () => {
  it("signs a person in with groups, methods and time of authentication", async () => {
    const issuer = await issuerWith();
    const tokens = await signIn(issuer, "ines");
    const claims = claimsOf(tokens.id_token);
    expect(claims).toMatchObject({
      iss: issuer.issuer,
      sub: "ines",
      name: "Ines Moreau",
      groups: ["compliance"],
      amr: ["pwd", "otp", "mfa"],
      nonce: "n",
    });
    expect(claims.auth_time).toBeTypeOf("number");
    expect(await isSignedByPublishedKey(issuer, tokens.id_token)).toBe(true);
  });

  it("can keep the groups for UserInfo and leave the methods out", async () => {
    const issuer = await issuerWith({ groupsIn: "userinfo", withoutAmr: true });
    const tokens = await signIn(issuer, "petr");
    expect(claimsOf(tokens.id_token)).not.toHaveProperty("groups");
    expect(claimsOf(tokens.id_token)).not.toHaveProperty("amr");
    const info = await fetch(`${issuer.issuer}/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect(await info.json()).toMatchObject({ sub: "petr", groups: ["platform-team", "platform-oncall"] });
  });

  it("signs with a new key after a rotation and publishes only that one", async () => {
    const issuer = await issuerWith();
    const before = (await signIn(issuer, "olivia")).id_token;
    await issuer.rotateKeys();
    const after = (await signIn(issuer, "olivia")).id_token;
    expect(await isSignedByPublishedKey(issuer, after)).toBe(true);
    expect(await isSignedByPublishedKey(issuer, before)).toBe(false);
  });

  it("refuses a request without PKCE and one with a foreign return address", async () => {
    const issuer = await issuerWith();
    const ask = async (extra: Record<string, string>) => {
      const url = new URL("/auth", issuer.issuer);
      url.search = new URLSearchParams({
        client_id: issuer.clientId,
        response_type: "code",
        scope: "openid",
        redirect_uri: REDIRECT,
        ...extra,
      }).toString();
      return fetch(url, { redirect: "manual" });
    };
    const withoutPkce = await ask({});
    expect(new URL(withoutPkce.headers.get("location")!).searchParams.get("error")).toBe("invalid_request");
    expect((await ask({ redirect_uri: "http://localhost:4000/elsewhere" })).status).toBe(400);
  });

  it("signs out at the request of the client and sends the browser back", async () => {
    const issuer = await issuerWith();
    const browser = new Browser();
    const { id_token } = await signIn(issuer, "tomas", browser);
    const end = new URL("/session/end", issuer.issuer);
    end.search = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: AFTER }).toString();
    const page = await (await browser.send(end.href)).text();
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)![1]!;
    const confirmed = await browser.send(`${issuer.issuer}/session/end/confirm`, { xsrf, logout: "yes" });
    expect(confirmed.headers.get("location")).toBe(AFTER);
    // The next sign-in asks again who it is.
    await signIn(issuer, "olivia", browser);
  });
});
