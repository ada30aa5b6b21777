/** What the issuer says about itself (OpenID Connect Discovery 1.0), checked before any of it is used. */
import { z } from "zod";
import { RingfenceError } from "@/lib/errors";
import { ID_TOKEN_ALGORITHMS, type IdTokenAlgorithm, isLocalAddress, type OidcSettings } from "../env";

const endpoint = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return url.protocol === "https:" || (url.protocol === "http:" && isLocalAddress(url));
}, "not an https address");

const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  userinfo_endpoint: endpoint.optional(),
  end_session_endpoint: endpoint.optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
});

export interface Issuer {
  issuer: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  jwksUri: string;
  userinfoEndpoint: string | null;
  endSessionEndpoint: string | null;
  /** How this client proves its secret to the token endpoint. */
  tokenAuthMethod: "client_secret_basic" | "client_secret_post";
  /** The one algorithm that an ID token may be signed with. */
  idTokenAlg: IdTokenAlgorithm;
}

/** Metadata changes rarely; keys are fetched anew at every sign-in, so a rotation needs no wait. */
const KEEP_MS = 10 * 60_000;
const LARGEST_BYTES = 256 * 1024;
const known = new Map<string, { at: number; issuer: Issuer }>();

/**
 * The issuer's metadata, at most ten minutes old.
 *
 * @throws RingfenceError `unavailable` if it can't be read, or names another issuer than the configured one (the check that
 *   keeps one issuer from speaking for another: Discovery 4.3).
 */
export async function discoverIssuer(settings: OidcSettings, now: Date = new Date()): Promise<Issuer> {
  const kept = known.get(settings.issuer);
  if (kept && now.getTime() - kept.at < KEEP_MS) return kept.issuer;
  const issuer = await fetchMetadata(settings);
  known.set(settings.issuer, { at: now.getTime(), issuer });
  return issuer;
}

async function fetchMetadata(settings: OidcSettings): Promise<Issuer> {
  const failed = (why: string, cause?: unknown) =>
    new RingfenceError("unavailable", "The identity provider can't be reached. Try again in a minute.", {
      retryAfterSeconds: 30,
      cause: new Error(`issuer ${settings.issuer}: ${why}`, { cause }),
    });
  let value: unknown;
  try {
    const address = `${settings.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await fetch(address, {
      redirect: "error",
      signal: AbortSignal.timeout(10_000),
      headers: { accept: "application/json" },
    });
    if (!response.ok) throw new Error(`answered ${response.status}`);
    const text = await response.text();
    if (text.length > LARGEST_BYTES) throw new Error("the answer is too large");
    value = JSON.parse(text);
  } catch (error) {
    throw failed("no metadata", error);
  }
  const parsed = metadata.safeParse(value);
  if (!parsed.success)
    throw failed(`metadata not valid: ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}`);
  const found = parsed.data;
  if (found.issuer !== settings.issuer) throw failed(`the metadata names another issuer: ${found.issuer}`);
  const methods = found.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const offered = found.id_token_signing_alg_values_supported ?? ["RS256"];
  const idTokenAlg = settings.idTokenAlg ?? ID_TOKEN_ALGORITHMS.find((algorithm) => offered.includes(algorithm));
  if (idTokenAlg === undefined) throw failed("it signs ID tokens with no algorithm that is accepted here");
  return {
    issuer: found.issuer,
    authorizationEndpoint: found.authorization_endpoint,
    tokenEndpoint: found.token_endpoint,
    jwksUri: found.jwks_uri,
    userinfoEndpoint: found.userinfo_endpoint ?? null,
    endSessionEndpoint: found.end_session_endpoint ?? null,
    tokenAuthMethod:
      methods.includes("client_secret_basic") || !methods.includes("client_secret_post")
        ? "client_secret_basic"
        : "client_secret_post",
    idTokenAlg,
  };
}
