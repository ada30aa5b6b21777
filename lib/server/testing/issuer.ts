/**
 * A small OpenID provider inside a test, whose answers a test can bend: it signs whatever it is told to, with whichever key.
 * It checks client, code and PKCE as a real one does, so that a client which leaves them out fails.
 */
import { createHash, createHmac, createSign, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";

type Claims = Record<string, unknown>;

export interface TestIssuer {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Claims of the next person who signs in; `sub` is there. */
  person: Claims;
  /** What UserInfo says; null: there is no such address in the metadata. */
  userInfo: Claims | null;
  /** Changes the claims of the ID token just before it is signed. */
  bend: (claims: Claims) => Claims;
  /** How the ID token is signed. */
  signing: "key" | "unknown-key" | "none" | "client-secret";
  /** Issuer that the metadata name, if not itself. */
  metadataIssuer: string | null;
  /** Replaces the signing key, as rotations do. */
  rotate(): void;
  /** Parameters of the last authorization request. */
  lastAuthorization: URLSearchParams | null;
  stop(): Promise<void>;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export async function startTestIssuer(): Promise<TestIssuer> {
  let key = newKey();
  const codes = new Map<string, { challenge: string; nonce: string | null; redirectUri: string }>();
  const tokens = new Set<string>();
  const server = createServer((request, response) => {
    void answer(request).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const issuer = `http://127.0.0.1:${await listen(server)}`;

  const self: TestIssuer = {
    issuer,
    clientId: "ringfence",
    clientSecret: "client-secret-of-a-test",
    person: {
      sub: randomUUID(),
      name: "Grace Hopper",
      email: "Grace@example.com",
      groups: ["pci"],
      amr: ["pwd", "otp"],
      acr: "mfa",
    },
    userInfo: {},
    bend: (claims) => claims,
    signing: "key",
    metadataIssuer: null,
    rotate() {
      key = newKey();
    },
    lastAuthorization: null,
    stop: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };

  function sign(claims: Claims): string {
    if (self.signing === "none") return `${encode({ alg: "none" })}.${encode(claims)}.`;
    const used = self.signing === "unknown-key" ? newKey() : key;
    const text = `${encode({ alg: self.signing === "client-secret" ? "HS256" : "RS256", kid: used.kid })}.${encode(claims)}`;
    if (self.signing === "client-secret") {
      return `${text}.${createHmac("sha256", self.clientSecret).update(text).digest("base64url")}`;
    }
    return `${text}.${createSign("RSA-SHA256").update(text).sign(used.privateKey).toString("base64url")}`;
  }

  async function answer(
    request: IncomingMessage,
  ): Promise<{ status: number; headers: Record<string, string>; body: string }> {
    const url = new URL(request.url ?? "/", issuer);
    const json = (value: unknown, status = 200) => ({
      status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(value),
    });
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer: self.metadataIssuer ?? issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          end_session_endpoint: `${issuer}/end`,
          id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
          ...(self.userInfo === null ? {} : { userinfo_endpoint: `${issuer}/userinfo` }),
        });
      case "/keys":
        return json({ keys: [{ ...key.publicKey.export({ format: "jwk" }), kid: key.kid, use: "sig", alg: "RS256" }] });
      case "/authorize": {
        self.lastAuthorization = url.searchParams;
        const code = randomUUID();
        const redirectUri = url.searchParams.get("redirect_uri") ?? "";
        if (url.searchParams.get("code_challenge_method") !== "S256") return json({ error: "PKCE is required" }, 400);
        codes.set(code, {
          challenge: url.searchParams.get("code_challenge") ?? "",
          nonce: url.searchParams.get("nonce"),
          redirectUri,
        });
        const back = new URL(redirectUri);
        back.searchParams.set("code", code);
        back.searchParams.set("state", url.searchParams.get("state") ?? "");
        return { status: 302, headers: { location: back.href }, body: "" };
      }
      case "/token": {
        const form = new URLSearchParams(await text(request));
        const grant = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const basic = `Basic ${Buffer.from(`${self.clientId}:${self.clientSecret}`).toString("base64")}`;
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        if (request.headers.authorization !== basic) return json({ error: "invalid_client" }, 401);
        if (grant === undefined || grant.challenge !== challenge || grant.redirectUri !== form.get("redirect_uri"))
          return json({ error: "invalid_grant" }, 400);
        const seconds = Math.floor(Date.now() / 1000);
        const access = randomUUID();
        tokens.add(access);
        const claims = {
          iss: issuer,
          aud: self.clientId,
          iat: seconds,
          exp: seconds + 300,
          auth_time: seconds,
          nonce: grant.nonce,
          ...self.person,
        };
        return json({ access_token: access, token_type: "Bearer", expires_in: 300, id_token: sign(self.bend(claims)) });
      }
      case "/userinfo": {
        const access = request.headers.authorization?.replace("Bearer ", "") ?? "";
        return tokens.has(access)
          ? json({ sub: self.person.sub, ...self.userInfo })
          : json({ error: "invalid_token" }, 401);
      }
      default:
        return json({ error: "not found" }, 404);
    }
  }
  return self;
}

function newKey(): { kid: string; privateKey: KeyObject; publicKey: KeyObject } {
  return { kid: randomUUID(), ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function listen(server: Server): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address && typeof address === "object") done(address.port);
    });
  });
}
