/** Signing in against a real HTTP issuer: the whole way once, and each way in which an issuer, a browser or a thief can lie. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { POST as signInRoute } from "@/app/api/auth/sign-in/route";
import { POST as signOutRoute } from "@/app/api/auth/sign-out/route";
import { GET as callbackRoute } from "@/app/api/auth/[...nextauth]/route";
import { GET as sessionRoute } from "@/app/api/session/route";
import type { WebEnvironment } from "../env";
import { useTestEnvironment } from "../testing/builders";
import { createTestDatabase, type TestDatabase } from "../testing/database";
import { startTestIssuer, type TestIssuer } from "../testing/issuer";

let database: TestDatabase;
let issuer: TestIssuer;
let environment: WebEnvironment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  // One issuer for each test: metadata are remembered by issuer for ten minutes.
  issuer = await startTestIssuer();
  environment = useTestEnvironment({
    oidc: { issuer: issuer.issuer, clientId: issuer.clientId, clientSecret: issuer.clientSecret, idTokenAlg: null },
  });
});
afterEach(() => issuer.stop());

let addresses = 0;

/** A browser with its cookies, and nothing else. */
class Browser {
  cookies = new Map<string, string>();
  /** Requests are counted per address. */
  address = `192.0.2.${addresses++ % 250}`;

  async send(
    handler: (request: Request, context: never) => Promise<Response>,
    path: string,
    init: RequestInit = {},
    params = {},
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("x-ringfence-origin", this.address);
    headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    const response = await handler(new Request(`${environment.origin}${path}`, { ...init, headers }), {
      params: Promise.resolve(params),
    } as never);
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Posts the sign-in form; gives the address at the issuer that the answer leads to. */
  async start(form: Record<string, string> = {}): Promise<string> {
    const response = await this.send(signInRoute, "/api/auth/sign-in", {
      method: "POST",
      headers: { origin: environment.origin, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(form).toString(),
    });
    expect(response.status).toBe(200);
    return destination(await response.text());
  }

  /** Lets the issuer authenticate; gives the address that it sends the browser back to. */
  async authenticate(address: string): Promise<string> {
    const response = await fetch(address, { redirect: "manual" });
    expect(response.status).toBe(302);
    return response.headers.get("location") ?? "";
  }

  async comeBack(address: string): Promise<Response> {
    const { pathname, search } = new URL(address);
    return this.send(
      callbackRoute,
      `${pathname}${search}`,
      {},
      { nextauth: pathname.replace("/api/auth/", "").split("/") },
    );
  }

  async signIn(form: Record<string, string> = {}): Promise<Response> {
    return this.comeBack(await this.authenticate(await this.start(form)));
  }

  get sessionToken(): string | undefined {
    return this.cookies.get("ringfence-session");
  }
}

function destination(page: string): string {
  const [, address = ""] = /content="0;url=([^"]+)"/.exec(page) ?? [];
  return address.replaceAll("&amp;", "&");
}

async function expectRefused(browser: Browser, response: Response, cause: RegExp): Promise<void> {
  expect(response.status).toBe(303);
  expect(response.headers.get("location")).toMatch(
    /^http:\/\/localhost:3000\/sign-in\?error=refused&reference=[0-9a-f-]{36}$/,
  );
  expect(browser.sessionToken).toBeUndefined();
  const rows = await database.asSuperuser<{ detail: { cause: string } }>(
    "SELECT detail FROM system_audit_entry WHERE action = 'session:sign-in' AND outcome = 'refused' ORDER BY id DESC LIMIT 1",
  );
  expect(rows[0]?.detail.cause).toMatch(cause);
}

async function lastSession() {
  const rows = await database.asSuperuser<{
    issuer: string;
    subject: string;
    name: string;
    email: string;
    groups: string[];
    amr: string[];
    amr_stated: boolean;
    acr: string | null;
    id_hash: Buffer;
  }>(
    "SELECT s.*, p.issuer, p.subject, p.name, p.email FROM session s JOIN person p ON p.id = s.person_id ORDER BY s.created_at DESC LIMIT 1",
  );
  return rows[0];
}

describe("signing in", () => {
  it("opens a session for issuer and subject, and leads on to where the person wanted to be", async () => {
    const browser = new Browser();
    const response = await browser.signIn({ callbackUrl: "/o/acme/clusters?sort=worst" });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("http://localhost:3000/o/acme/clusters?sort=worst");
    expect(browser.sessionToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(response.headers.getSetCookie().find((line) => line.startsWith("ringfence-session="))).toMatch(
      /; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const session = await lastSession();
    expect(session).toMatchObject({
      issuer: issuer.issuer,
      subject: issuer.person.sub,
      name: "Grace Hopper",
      email: "grace@example.com",
      groups: ["pci"],
      amr: ["pwd", "otp"],
      amr_stated: true,
      acr: "mfa",
    });
    // The cookie's token is nowhere in the database, only its hash.
    expect(session?.id_hash.toString("base64url")).not.toBe(browser.sessionToken);
    const view = await browser.send(sessionRoute, "/api/session");
    expect(await view.json()).toMatchObject({ person: { name: "Grace Hopper" }, organizations: [] });
  });

  it("asks the issuer with PKCE, state and nonce, and leaves no token of its own in the browser", async () => {
    const browser = new Browser();
    await browser.signIn();
    const asked = issuer.lastAuthorization;
    expect(asked?.get("response_type")).toBe("code");
    expect(asked?.get("code_challenge_method")).toBe("S256");
    expect(asked?.get("state")).toBeTruthy();
    expect(asked?.get("nonce")).toBeTruthy();
    expect(asked?.get("redirect_uri")).toBe("http://localhost:3000/api/auth/callback/oidc");
    expect([...browser.cookies.keys()].filter((name) => /session-token|csrf|oidc-session/.test(name))).toEqual([]);
  });

  it("knows the person again by issuer and subject, whatever the e-mail address says now", async () => {
    await new Browser().signIn();
    const first = await lastSession();
    issuer.person = { ...issuer.person, email: "other@example.com", name: "G. Hopper" };
    await new Browser().signIn();
    const second = await lastSession();
    expect(second).toMatchObject({ subject: first?.subject, name: "G. Hopper", email: "other@example.com" });
    issuer.person = { ...issuer.person, sub: "somebody-else" };
    await new Browser().signIn();
    const people = await database.asSuperuser<{ n: number }>(
      "SELECT count(*)::int AS n FROM person WHERE issuer = $1",
      [issuer.issuer],
    );
    expect(people[0]?.n).toBe(2);
  });

  it("takes groups that only UserInfo names", async () => {
    const { groups: _dropped, ...person } = issuer.person;
    issuer.person = person;
    issuer.userInfo = { groups: ["from-userinfo"], name: "Not this name" };
    await new Browser().signIn();
    expect(await lastSession()).toMatchObject({ groups: ["from-userinfo"], name: "Grace Hopper" });
  });

  it("refuses UserInfo about another subject", async () => {
    issuer.person = { sub: "me", name: "Me" };
    issuer.userInfo = { sub: "not-me", groups: ["admins"] };
    const browser = new Browser();
    await expectRefused(browser, await browser.signIn(), /sub|subject/i);
  });

  it("records missing authentication methods as not stated", async () => {
    issuer.person = { sub: "bare" };
    issuer.userInfo = null;
    await new Browser().signIn();
    expect(await lastSession()).toMatchObject({
      amr: [],
      amr_stated: false,
      acr: null,
      groups: [],
      name: "bare",
      email: null,
    });
  });

  it("asks for a new authentication when a fresh sign-in is needed", async () => {
    await new Browser().signIn({ fresh: "1" });
    expect(issuer.lastAuthorization?.get("prompt")).toBe("login");
  });

  it("ends the session that the browser had before", async () => {
    const browser = new Browser();
    await browser.signIn();
    const before = browser.sessionToken;
    await browser.signIn();
    expect(browser.sessionToken).not.toBe(before);
    browser.cookies.set("ringfence-session", before ?? "");
    expect((await browser.send(sessionRoute, "/api/session")).status).toBe(401);
  });

  it("follows the issuer to its next key", async () => {
    await new Browser().signIn();
    issuer.rotate();
    const browser = new Browser();
    await browser.signIn();
    expect(browser.sessionToken).toBeDefined();
  });

  it("never leads to another site", async () => {
    for (const callbackUrl of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const response = await new Browser().signIn({ callbackUrl });
      expect(response.headers.get("location"), callbackUrl).toBe("http://localhost:3000/");
    }
  });
});

describe("a token is refused", () => {
  const seconds = () => Math.floor(Date.now() / 1000);
  const cases: [string, RegExp, (target: TestIssuer) => void][] = [
    [
      "that names another issuer",
      /iss/,
      (it) => {
        it.bend = (claims) => ({ ...claims, iss: "https://other.example" });
      },
    ],
    [
      "for another audience",
      /aud/,
      (it) => {
        it.bend = (claims) => ({ ...claims, aud: "another-client" });
      },
    ],
    [
      "with another nonce",
      /nonce/,
      (it) => {
        it.bend = (claims) => ({ ...claims, nonce: "another" });
      },
    ],
    [
      "without the nonce",
      /nonce/,
      (it) => {
        it.bend = ({ nonce: _gone, ...claims }) => claims;
      },
    ],
    [
      "that has expired",
      /expired/,
      (it) => {
        it.bend = (claims) => ({ ...claims, iat: seconds() - 600, exp: seconds() - 60 });
      },
    ],
    [
      "that is not valid yet",
      /future|before|iat|nbf/,
      (it) => {
        it.bend = (claims) => ({ ...claims, iat: seconds() + 600, nbf: seconds() + 600, exp: seconds() + 900 });
      },
    ],
    [
      "without a subject",
      /sub/,
      (it) => {
        it.bend = ({ sub: _gone, ...claims }) => claims;
      },
    ],
    [
      "that is not signed",
      /alg/,
      (it) => {
        it.signing = "none";
      },
    ],
    [
      "that is signed with a shared secret",
      /alg/,
      (it) => {
        it.signing = "client-secret";
      },
    ],
    [
      "that is signed with a key of somebody else",
      /key|kid/,
      (it) => {
        it.signing = "unknown-key";
      },
    ],
  ];
  for (const [name, cause, bend] of cases) {
    it(name, async () => {
      bend(issuer);
      const browser = new Browser();
      await expectRefused(browser, await browser.signIn(), cause);
    });
  }

  it("up to a few seconds after its end it is still taken: clocks differ", async () => {
    issuer.bend = (claims) => ({ ...claims, iat: seconds() - 300, exp: seconds() - 3 });
    const browser = new Browser();
    await browser.signIn();
    expect(browser.sessionToken).toBeDefined();
  });
});

describe("the way back is refused", () => {
  it("with a state that this browser did not send", async () => {
    const browser = new Browser();
    const back = new URL(await browser.authenticate(await browser.start()));
    back.searchParams.set("state", "forged");
    await expectRefused(browser, await browser.comeBack(back.href), /state/);
  });

  it("in a browser that never began (a link from somebody else's sign-in)", async () => {
    const attacker = new Browser();
    const back = await attacker.authenticate(await attacker.start());
    const victim = new Browser();
    await expectRefused(victim, await victim.comeBack(back), /state/i);
  });

  it("a second time with the same code", async () => {
    const browser = new Browser();
    const back = await browser.authenticate(await browser.start());
    const kept = new Map(browser.cookies);
    await browser.comeBack(back);
    const thief = new Browser();
    thief.cookies = kept;
    await expectRefused(thief, await thief.comeBack(back), /invalid_grant/);
  });

  it("when the issuer says no", async () => {
    const browser = new Browser();
    await browser.start();
    await expectRefused(
      browser,
      await browser.comeBack("http://localhost:3000/api/auth/callback/oidc?error=access_denied&state=x"),
      /access_denied/,
    );
  });

  it("on any other address of the handshake", async () => {
    for (const action of ["session", "csrf", "providers", "signout", "callback/credentials"]) {
      const response = await new Browser().comeBack(`http://localhost:3000/api/auth/${action}`);
      expect(response.status, action).toBe(404);
    }
  });
});

describe("an issuer", () => {
  it("whose metadata name another issuer is not used", async () => {
    issuer.metadataIssuer = "https://another.example";
    const response = await new Browser().send(signInRoute, "/api/auth/sign-in", {
      method: "POST",
      headers: { origin: environment.origin, "content-type": "application/x-www-form-urlencoded" },
      body: "",
    });
    expect(response.status).toBe(503);
  });

  it("that can't be reached gives a clear answer with a time to try again", async () => {
    await issuer.stop();
    const response = await new Browser().send(signInRoute, "/api/auth/sign-in", {
      method: "POST",
      headers: { origin: environment.origin, "content-type": "application/x-www-form-urlencoded" },
      body: "",
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("30");
    expect(await response.json()).toMatchObject({
      error: { code: "unavailable", message: expect.stringContaining("identity provider") },
    });
  });
});

describe("signing out", () => {
  it("ends the session at once and leads to the issuer's sign-out with the ID token as hint", async () => {
    const browser = new Browser();
    await browser.signIn();
    const token = browser.sessionToken ?? "";
    const response = await browser.send(signOutRoute, "/api/auth/sign-out", {
      method: "POST",
      headers: { origin: environment.origin },
    });
    const target = new URL(destination(await response.text()));
    expect(`${target.origin}${target.pathname}`).toBe(`${issuer.issuer}/end`);
    expect(target.searchParams.get("id_token_hint")?.split(".")).toHaveLength(3);
    expect(target.searchParams.get("post_logout_redirect_uri")).toBe("http://localhost:3000/sign-in");
    expect(browser.sessionToken).toBeUndefined();
    browser.cookies.set("ringfence-session", token);
    expect((await browser.send(sessionRoute, "/api/session")).status).toBe(401);
    // The ID token is gone from the database with the session.
    expect(
      await database.asSuperuser("SELECT 1 FROM session WHERE revoked_at IS NOT NULL AND id_token_sealed IS NOT NULL"),
    ).toEqual([]);
  });

  it("can't be done to somebody by another site", async () => {
    const browser = new Browser();
    await browser.signIn();
    for (const headers of [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: environment.origin, "sec-fetch-site": "cross-site" },
    ] as Record<string, string>[]) {
      const response = await browser.send(signOutRoute, "/api/auth/sign-out", { method: "POST", headers });
      expect(response.status).toBe(403);
    }
    expect((await browser.send(sessionRoute, "/api/session")).status).toBe(200);
  });
});
