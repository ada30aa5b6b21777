/**
 * The environment: every setting of every process, read here and nowhere else. All that is missing or wrong is named at
 * once, so that an operator repairs it in one go. There are no defaults for secrets, databases or the issuer, and nothing
 * here can switch on the demo: its people, issuer and clusters live in programs that no setting reaches.
 */
import { z } from "zod";
import type { ProcessRole } from "./db/roles";

/** One sentence per setting at fault. The message never repeats a value: some of them are secrets. */
export class EnvironmentError extends Error {
  readonly settings: readonly string[];
  constructor(problems: { setting: string; problem: string }[]) {
    super(
      `Ringfence can't start. ${problems.length === 1 ? "This setting is" : "These settings are"} missing or wrong:\n` +
        problems.map(({ setting, problem }) => `  ${setting}: ${problem}`).join("\n"),
    );
    this.name = "EnvironmentError";
    this.settings = problems.map(({ setting }) => setting);
  }
}

export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** Hosts of this very machine: the only ones that plain http is allowed for. */
const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for an address of this machine, where a browser treats plain http as secure enough. */
export function isLocalAddress(url: URL): boolean {
  return LOCAL_HOSTS.has(url.hostname);
}

function address(purpose: string) {
  return z
    .string({ error: `missing: ${purpose}` })
    .min(1, `missing: ${purpose}`)
    .transform((text, context) => {
      const url = URL.canParse(text) ? new URL(text) : null;
      if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
        context.addIssue({ code: "custom", message: "not an address that begins with https://" });
        return z.NEVER;
      }
      if (url.protocol === "http:" && !isLocalAddress(url)) {
        context.addIssue({ code: "custom", message: "plain http is refused, except for localhost" });
        return z.NEVER;
      }
      return url;
    });
}

function database(purpose: string) {
  return z
    .string({ error: `missing: ${purpose}` })
    .min(1, `missing: ${purpose}`)
    .refine((text) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol), {
      message: "not an address of the form postgresql://role:password@host:port/database",
    });
}

function secret(purpose: string, length: number) {
  return z
    .string({ error: `missing: ${purpose}` })
    .min(1, `missing: ${purpose}`)
    .refine((text) => text === "" || text.length >= length, `too short: at least ${length} characters`);
}

/** Public-key algorithms only: an unsigned token, or one signed with the shared client secret, is refused. */
export const ID_TOKEN_ALGORITHMS = [
  "RS256",
  "PS256",
  "ES256",
  "EdDSA",
  "RS384",
  "RS512",
  "PS384",
  "PS512",
  "ES384",
  "ES512",
] as const;
export type IdTokenAlgorithm = (typeof ID_TOKEN_ALGORITHMS)[number];

const webSettings = z.object({
  DATABASE_URL: database("the address of the database for the role ringfence_web"),
  RINGFENCE_INGEST_DATABASE_URL: database("the address of the database for the role ringfence_ingest"),
  RINGFENCE_SESSION_SECRET: secret("at least 32 random characters, for example of `openssl rand -base64 48`", 32),
  RINGFENCE_URL: address(
    "the address under which people and agents reach this server, for example https://ringfence.example.com",
  ).refine((url) => url.pathname === "/" && url.search === "" && url.username === "", "only scheme, host and port"),
  RINGFENCE_OIDC_ISSUER: address("the issuer that people sign in with, exactly as its tokens name it"),
  RINGFENCE_OIDC_CLIENT_ID: z
    .string({ error: "missing: this server's client id at the issuer" })
    .min(1, "missing: this server's client id at the issuer"),
  RINGFENCE_OIDC_CLIENT_SECRET: secret("this server's client secret at the issuer", 1),
  /** The algorithm of this client's ID tokens, where it is registered for another than the issuer's first choice. */
  RINGFENCE_OIDC_ID_TOKEN_ALG: z
    .enum(ID_TOKEN_ALGORITHMS, { error: `one of ${ID_TOKEN_ALGORITHMS.join(", ")}` })
    .optional(),
  // No default: a name in a public registry might be somebody else's, and clusters would run it.
  RINGFENCE_AGENT_IMAGE: z
    .string({ error: "missing: the agent's image in your registry, built from deploy/images/agent.Dockerfile" })
    .min(1, "missing: the agent's image in your registry, built from deploy/images/agent.Dockerfile")
    .regex(/^[^\s'"]+$/, "not an image reference"),
  /** How many proxies of ours add to X-Forwarded-For; 0: the connection's own address counts. */
  RINGFENCE_PROXY_HOPS: z.coerce.number({ error: "not a number" }).int().min(0).max(10).default(0),
});

export interface OidcSettings {
  issuer: string;
  clientId: string;
  clientSecret: string;
  idTokenAlg: IdTokenAlgorithm | null;
}

export interface WebEnvironment {
  databaseUrl: string;
  ingestDatabaseUrl: string;
  sessionSecret: string;
  /** Public origin, without a slash at the end. */
  origin: string;
  /** True on http://localhost, where cookies can't carry the `__Host-` prefix. */
  isLocal: boolean;
  oidc: OidcSettings;
  agentImage: string;
  proxyHops: number;
}

/** @throws EnvironmentError that names every setting at fault. */
export function readWebEnvironment(source: EnvironmentSource): WebEnvironment {
  const settings = parse(webSettings, source);
  if (new URL(settings.DATABASE_URL).username === new URL(settings.RINGFENCE_INGEST_DATABASE_URL).username) {
    throw new EnvironmentError([
      {
        setting: "RINGFENCE_INGEST_DATABASE_URL",
        problem: "names the same role as DATABASE_URL; agents' data comes in with fewer rights",
      },
    ]);
  }
  return {
    databaseUrl: settings.DATABASE_URL,
    ingestDatabaseUrl: settings.RINGFENCE_INGEST_DATABASE_URL,
    sessionSecret: settings.RINGFENCE_SESSION_SECRET,
    origin: settings.RINGFENCE_URL.origin,
    isLocal: settings.RINGFENCE_URL.protocol === "http:",
    oidc: {
      // As written, not as normalized: the issuer in a token is compared character by character (OIDC Core 3.1.3.7).
      issuer: source.RINGFENCE_OIDC_ISSUER ?? "",
      clientId: settings.RINGFENCE_OIDC_CLIENT_ID,
      clientSecret: settings.RINGFENCE_OIDC_CLIENT_SECRET,
      idTokenAlg: settings.RINGFENCE_OIDC_ID_TOKEN_ALG ?? null,
    },
    agentImage: settings.RINGFENCE_AGENT_IMAGE,
    proxyHops: settings.RINGFENCE_PROXY_HOPS,
  };
}

/**
 * Where the server listens: HOST and PORT. A server on http://localhost listens on this machine alone, so that plain http
 * never leaves it.
 *
 * @throws EnvironmentError
 */
export function readListener(source: EnvironmentSource, environment: WebEnvironment): { host: string; port: number } {
  const ownPort = new URL(environment.origin).port;
  const { HOST, PORT } = parse(
    z.object({
      HOST: z
        .string()
        .min(1)
        .default(environment.isLocal ? "127.0.0.1" : "0.0.0.0"),
      PORT: z.coerce
        .number({ error: "not a port number" })
        .int("not a port number")
        .min(1, "not a port number")
        .max(65_535, "not a port number")
        .default(environment.isLocal && ownPort !== "" ? Number(ownPort) : 3000),
    }),
    source,
  );
  if (environment.isLocal && !["127.0.0.1", "localhost", "::1"].includes(HOST)) {
    throw new EnvironmentError([{ setting: "HOST", problem: "a server on plain http listens on this machine alone" }]);
  }
  return { host: HOST, port: PORT };
}

const DATABASE_SETTINGS: Record<ProcessRole, string> = {
  web: "DATABASE_URL",
  ingest: "RINGFENCE_INGEST_DATABASE_URL",
  worker: "RINGFENCE_WORKER_DATABASE_URL",
};

/**
 * The address of the database for one process's role: what a worker or a command needs, and no more.
 *
 * @throws EnvironmentError
 */
export function readDatabaseUrl(role: ProcessRole, source: EnvironmentSource = process.env): string {
  const setting = DATABASE_SETTINGS[role];
  const settings = parse(
    z.object({ [setting]: database(`the address of the database for the role ringfence_${role}`) }),
    source,
  );
  return String(settings[setting]);
}

/**
 * For `npm run migrate`. When it runs as superuser, the processes' roles get the passwords that their own addresses name.
 *
 * @throws EnvironmentError
 */
export function readMigrationEnvironment(source: EnvironmentSource): {
  url: string;
  passwords: Partial<Record<ProcessRole, string>>;
} {
  const purpose = "the address of the database for the role ringfence_owner, or for a superuser";
  const settings = parse(z.object({ RINGFENCE_MIGRATION_DATABASE_URL: database(purpose) }), source);
  const passwords: Partial<Record<ProcessRole, string>> = {};
  for (const [process, setting] of Object.entries(DATABASE_SETTINGS)) {
    const text = source[setting];
    if (text === undefined || !URL.canParse(text)) continue;
    const password = decodeURIComponent(new URL(text).password);
    if (password !== "") passwords[process as ProcessRole] = password;
  }
  return { url: settings.RINGFENCE_MIGRATION_DATABASE_URL, passwords };
}

let web: WebEnvironment | null = null;

/** Names the settings of this process (tests, start.ts after it has checked them). */
export function useWebEnvironment(environment: WebEnvironment): void {
  web = environment;
}

/** This process's settings for serving the web, read once. */
export function webEnvironment(): WebEnvironment {
  web ??= readWebEnvironment(process.env);
  return web;
}

function parse<T extends z.ZodType>(schema: T, source: EnvironmentSource): z.output<T> {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const problems = new Map<string, string>();
  for (const issue of parsed.error.issues) {
    const setting = String(issue.path[0]);
    if (!problems.has(setting)) problems.set(setting, issue.message);
  }
  throw new EnvironmentError([...problems].map(([setting, problem]) => ({ setting, problem })));
}
