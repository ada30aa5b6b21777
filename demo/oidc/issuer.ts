/**
 * An OpenID Connect issuer for this machine: four people, one button each, no password. For the demo and the browser tests;
 * it listens on the loopback address and is in no production path.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type Provider from "oidc-provider";
import { PEOPLE, type Person } from "./people";
import { pageOfMessage, pageOfPeople, pageOfSignOut } from "./pages";

export interface IssuerOptions {
  /** Where the browser is sent back to; more can be added with `allowClient`. */
  redirectUris: readonly string[];
  postLogoutRedirectUris?: readonly string[];
  clientId?: string;
  clientSecret?: string;
  port?: number;
  people?: readonly Person[];
  /** Signing keys (JWKs with private part) of an earlier start, so that a restart does not rotate them. */
  keys?: readonly Record<string, unknown>[];
  cookieSecret?: string;
  /** `id-token` (default): in both; `userinfo`: the ID token names no groups, as many issuers do. */
  groupsIn?: "id-token" | "userinfo";
  /** Leaves the authentication methods out, as an issuer without them does. */
  withoutAmr?: boolean;
}

export interface Issuer {
  /** `iss`, exactly as in the tokens. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  keys: readonly Record<string, unknown>[];
  cookieSecret: string;
  /** New signing keys, with the old ones gone: the next token is signed with a key that nobody has fetched yet. */
  rotateKeys(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * oidc-provider warns on the console about the version of Node and about keeping its state in memory; both are as they
 * should be here, and the person at the terminal can do nothing about them.
 */
async function withoutWarnings<T>(work: () => T | Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...values: unknown[]) => {
    if (!String(values[0]).includes("oidc-provider WARNING")) warn(...values);
  };
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

function newKeys(): Record<string, unknown>[] {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: randomBytes(8).toString("hex") }];
}

/** Starts an issuer on 127.0.0.1; with `port` absent on a free port. @throws Error when the port is busy. */
export async function startIssuer(options: IssuerOptions): Promise<Issuer> {
  const people = options.people ?? PEOPLE;
  const clientId = options.clientId ?? "ringfence";
  const clientSecret = options.clientSecret ?? randomBytes(24).toString("base64url");
  const cookieSecret = options.cookieSecret ?? randomBytes(24).toString("base64url");
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => {
    response.writeHead(503).end();
  };
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => handle(request, response));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;

  const { default: ProviderClass } = await withoutWarnings(() => import("oidc-provider"));
  const use = async (keys: readonly Record<string, unknown>[]) => {
    const provider = await withoutWarnings(() =>
      makeProvider(ProviderClass, issuer, keys, { ...options, people, clientId, clientSecret, cookieSecret }),
    );
    const callback = provider.callback();
    handle = (request, response) => {
      // oidc-provider names the issuer by the host of the request: hold it to one.
      request.headers.host = new URL(issuer).host;
      if (request.url?.startsWith("/interaction/")) {
        interact(provider, people, options.withoutAmr ?? false, request, response).catch((error: unknown) => {
          response.writeHead(400, { "content-type": "text/html; charset=utf-8" });
          response.end(pageOfMessage("This sign-in is over", error instanceof Error ? error.message : String(error)));
        });
      } else callback(request, response);
    };
  };
  const made: Issuer = {
    issuer,
    clientId,
    clientSecret,
    cookieSecret,
    keys: options.keys?.length ? options.keys : newKeys(),
    async rotateKeys() {
      made.keys = newKeys();
      await use(made.keys);
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  await use(made.keys);
  return made;
}

interface Settings extends IssuerOptions {
  people: readonly Person[];
  clientId: string;
  clientSecret: string;
  cookieSecret: string;
}

function makeProvider(
  ProviderClass: typeof Provider,
  issuer: string,
  keys: readonly Record<string, unknown>[],
  settings: Settings,
): Provider {
  const groupsInToken = settings.groupsIn !== "userinfo";
  return new ProviderClass(issuer, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [...settings.redirectUris],
        post_logout_redirect_uris: [...(settings.postLogoutRedirectUris ?? [])],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    jwks: { keys: [...keys] },
    cookies: { keys: [settings.cookieSecret], long: { sameSite: "lax" }, short: { sameSite: "lax" } },
    pkce: { required: () => true },
    // Off: claims of the scopes are in the ID token itself, as most company issuers do it.
    conformIdTokenClaims: !groupsInToken,
    scopes: ["openid", "profile", "email", "groups"],
    claims: {
      openid: ["sub", "auth_time", ...(settings.withoutAmr ? [] : ["amr", "acr"])],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
      groups: ["groups"],
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: { body: string; type: string }, form: string) => {
          context.type = "html";
          context.body = pageOfSignOut(form);
        },
        postLogoutSuccessSource: (context: { body: string; type: string }) => {
          context.type = "html";
          context.body = pageOfMessage("Signed out", "You can close this window.");
        },
      },
    },
    interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: (_context: unknown, subject: string) => {
      const person = settings.people.find((held) => held.subject === subject);
      if (!person) return undefined;
      return {
        accountId: subject,
        claims: () => ({
          sub: subject,
          name: person.name,
          preferred_username: person.subject,
          email: person.email,
          email_verified: true,
          groups: [...person.groups],
        }),
      };
    },
    // There is nobody to ask for consent: the one client is our own.
    loadExistingGrant: async (context: {
      oidc: {
        client: { clientId: string };
        session: { accountId: string; grantIdFor(clientId: string): string | undefined };
        provider: {
          Grant: new (value: {
            clientId: string;
            accountId: string;
          }) => { addOIDCScope(scope: string): void; save(): Promise<string> };
        };
      };
    }) => {
      const { client, session, provider } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile email groups");
      await grant.save();
      return grant;
    },
    renderError: (context: { body: string; type: string }, out: { error: string; error_description?: string }) => {
      context.type = "html";
      context.body = pageOfMessage("The issuer refused this request", out.error_description ?? out.error);
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 600,
      Session: 12 * 3600,
      Grant: 12 * 3600,
    },
  });
}

async function interact(
  provider: Provider,
  people: readonly Person[],
  withoutAmr: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
    response.end(pageOfPeople(uid, people));
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
  if (form.has("refuse")) {
    await provider.interactionFinished(request, response, {
      error: "access_denied",
      error_description: "the person chose not to sign in",
    });
    return;
  }
  const person = people.find((held) => held.subject === form.get("person"));
  if (!person) throw new Error("There is nobody of that name here.");
  await provider.interactionFinished(request, response, {
    login: {
      accountId: person.subject,
      remember: true,
      ts: Math.floor(Date.now() / 1000),
      ...(withoutAmr ? {} : { amr: [...person.amr], acr: "urn:ringfence:demo:mfa" }),
    },
  });
}
