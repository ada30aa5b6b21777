/**
 * HTTP Message Signatures (RFC 9421) in the one profile that agents use.
 *
 * Every request but the enrolment carries
 *
 *   Content-Digest: sha-256=:…:                       RFC 9530, also over an empty body
 *   X-Agent-Seq: 42                                   strictly increasing for an agent
 *   X-Ringfence-Audience: …                           as told at enrolment: which server this is meant for
 *   Signature-Input: sig1=("@method" "@path" "content-digest" "x-agent-seq" "x-ringfence-audience");created=…;keyid="…";alg="ed25519"
 *   Signature: sig1=:…:
 *
 * The RFC leaves label, components, parameters and their order to the profile; here each of them has exactly one spelling.
 * What a parser does not have to understand cannot be misunderstood: a second label, a repeated header, another order, an
 * unknown parameter or a second spelling of one value is refused before any cryptography. Signing and verifying are passed
 * in, so that this file knows no key and no clock.
 */
import { decodeBase64, encodeBase64 } from "./base64";

export const SIGNATURE_LABEL = "sig1";
export const SIGNATURE_ALGORITHM = "ed25519";
export const COVERED_COMPONENTS = [
  "@method",
  "@path",
  "content-digest",
  "x-agent-seq",
  "x-ringfence-audience",
] as const;
export const SIGNED_METHODS = ["POST", "PUT"] as const;
export type SignedMethod = (typeof SIGNED_METHODS)[number];

/** Which key signed: the server finds the organization first, then the agent, then the key. All three are UUIDs. */
export interface KeyReference {
  organizationId: string;
  agentId: string;
  keyId: string;
}

/** Everything that the signature covers. */
export interface SignedFields {
  method: SignedMethod;
  /** Absolute path, without a query. */
  path: string;
  /** Base64 of the SHA-256 of the body. */
  bodyDigest: string;
  /** 1 to 2^53 - 1. */
  seq: number;
  audience: string;
  key: KeyReference;
  /** Seconds since 1970 by the agent's clock. */
  created: number;
}

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const KEYID = new RegExp(`^(${UUID})/(${UUID})/(${UUID})$`);
const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const AUDIENCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;
const SEQ = /^[1-9][0-9]{0,15}$/;
const COMPONENT_LIST = `(${COVERED_COMPONENTS.map((component) => `"${component}"`).join(" ")})`;
const SIGNATURE_INPUT = /^sig1=\(([^()]*)\);created=(0|[1-9][0-9]{0,11});keyid="([^"\\]*)";alg="ed25519"$/;

export function formatKeyid(key: KeyReference): string {
  return `${key.organizationId}/${key.agentId}/${key.keyId}`;
}

export function parseKeyid(keyid: string): KeyReference | null {
  const match = KEYID.exec(keyid);
  if (match === null) return null;
  const [, organizationId = "", agentId = "", keyId = ""] = match;
  return { organizationId, agentId, keyId };
}

/** Why these fields cannot be signed or accepted, or null when they can. */
function problemOf(fields: SignedFields): string | null {
  if (!SIGNED_METHODS.includes(fields.method)) return "the method is not one that agents use";
  if (!PATH.test(fields.path) || /\/\.{1,2}(\/|$)/.test(fields.path)) return "the path is not a plain absolute path";
  if (decodeBase64(fields.bodyDigest, 32) === null) return "the body digest is not a SHA-256 in Base64";
  if (!Number.isSafeInteger(fields.seq) || fields.seq < 1) return "the sequence number is not a positive integer";
  if (!AUDIENCE.test(fields.audience)) return "the audience is not plain text";
  if (!KEYID.test(formatKeyid(fields.key))) return "the key id is not organization/agent/key";
  if (!Number.isSafeInteger(fields.created) || fields.created < 0 || fields.created >= 1e12)
    return "the time is not in seconds";
  return null;
}

function parameters(fields: SignedFields): string {
  return `${COMPONENT_LIST};created=${fields.created};keyid="${formatKeyid(fields.key)}";alg="${SIGNATURE_ALGORITHM}"`;
}

/**
 * The text that is signed (RFC 9421 section 2.5): one line for each component, then the parameters; no newline at the end.
 * @throws RangeError when a field has a form that the profile does not allow (it could otherwise forge a line of the base)
 */
export function signatureBase(fields: SignedFields): string {
  const problem = problemOf(fields);
  if (problem !== null) throw new RangeError(problem);
  return [
    `"@method": ${fields.method}`,
    `"@path": ${fields.path}`,
    `"content-digest": ${formatContentDigest(fields.bodyDigest)}`,
    `"x-agent-seq": ${fields.seq}`,
    `"x-ringfence-audience": ${fields.audience}`,
    `"@signature-params": ${parameters(fields)}`,
  ].join("\n");
}

/** `sha-256=:…:` (RFC 9530) of a digest in Base64. */
export function formatContentDigest(bodyDigest: string): string {
  return `sha-256=:${bodyDigest}:`;
}

/** Signs with the Ed25519 primitive of the caller (64 bytes out) and gives the five headers to send. */
export async function signRequest(
  fields: SignedFields,
  sign: (base: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<Record<string, string>> {
  const signature = await sign(new TextEncoder().encode(signatureBase(fields)));
  return {
    "content-digest": formatContentDigest(fields.bodyDigest),
    "x-agent-seq": String(fields.seq),
    "x-ringfence-audience": fields.audience,
    "signature-input": `${SIGNATURE_LABEL}=${parameters(fields)}`,
    signature: `${SIGNATURE_LABEL}=:${encodeBase64(signature)}:`,
  };
}

/** Why a request is refused: the first thing that is wrong, fit for a log and for the agent's operator. */
export type ParsedRequest =
  | { ok: true; fields: SignedFields; signature: Uint8Array; base: Uint8Array }
  | { ok: false; reason: string };

/**
 * Reads method, path and headers of a request; says nothing yet about the body or the signature.
 *
 * The caller then (1) hashes the body and compares it with `fields.bodyDigest`, (2) compares `fields.audience` with its
 * own, (3) looks the key up and verifies `signature` over `base`, (4) burns `fields.seq`.
 * @param path the path as received, still percent-encoded, with the query if there was one (which is refused)
 * @param headers anything with `get` (a Fetch `Headers` joins repeated headers with a comma, which is refused here)
 */
export function parseSignedRequest(request: {
  method: string;
  path: string;
  headers: { get(name: string): string | null };
}): ParsedRequest {
  const refuse = (reason: string): ParsedRequest => ({ ok: false, reason });
  const header = (name: string) => request.headers.get(name) ?? "";

  const input = SIGNATURE_INPUT.exec(header("signature-input"));
  if (input === null) return refuse("Signature-Input is missing or is not of this profile");
  const [, components = "", created = "", keyid = ""] = input;
  if (`(${components})` !== COMPONENT_LIST) return refuse("Signature-Input covers other components than this profile");
  const key = parseKeyid(keyid);
  if (key === null) return refuse("keyid is not organization/agent/key");

  const signatureText = /^sig1=:([A-Za-z0-9+/=]*):$/.exec(header("signature"));
  const signature = signatureText === null ? null : decodeBase64(signatureText[1] ?? "", 64);
  if (signature === null) return refuse("Signature is missing or is not one Ed25519 signature labelled sig1");

  const digest = /^sha-256=:([A-Za-z0-9+/=]*):$/.exec(header("content-digest"));
  if (digest === null) return refuse("Content-Digest is missing or is not one sha-256");
  if (!SEQ.test(header("x-agent-seq"))) return refuse("X-Agent-Seq is missing or is not a positive integer");
  const method = SIGNED_METHODS.find((candidate) => candidate === request.method);
  if (method === undefined) return refuse("the method is not one that agents use");

  const fields: SignedFields = {
    method,
    path: request.path,
    bodyDigest: digest[1] ?? "",
    seq: Number(header("x-agent-seq")),
    audience: header("x-ringfence-audience"),
    key,
    created: Number(created),
  };
  const problem = problemOf(fields);
  if (problem !== null) return refuse(problem);
  return { ok: true, fields, signature, base: new TextEncoder().encode(signatureBase(fields)) };
}
