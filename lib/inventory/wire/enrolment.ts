/**
 * Enrolment: the token that a person carries into the cluster, and the proof that the agent holds the key it names.
 *
 * The token begins with the organization's id so that the server can open that organization's transaction before it looks
 * the token up; the other 32 bytes are the secret, and the server keeps the SHA-256 of the whole text only.
 */
import { decodeBase64Url, encodeBase64Url, encodeHex } from "./base64";

export const ENROLMENT_TOKEN_PREFIX = "rfe_";
export const ENROLMENT_SECRET_BYTES = 32;
const ORGANIZATION_ID_BYTES = 16;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The text of a token.
 * @param organizationId a UUID in lower case
 * @param secret 32 random bytes, made by the caller
 * @throws RangeError when one of them has another form
 */
export function formatEnrolmentToken(organizationId: string, secret: Uint8Array): string {
  if (!UUID.test(organizationId)) throw new RangeError("organizationId must be a UUID in lower case");
  if (secret.length !== ENROLMENT_SECRET_BYTES)
    throw new RangeError(`secret must have ${ENROLMENT_SECRET_BYTES} bytes`);
  const hex = organizationId.replaceAll("-", "");
  const bytes = new Uint8Array(ORGANIZATION_ID_BYTES + ENROLMENT_SECRET_BYTES);
  for (let i = 0; i < ORGANIZATION_ID_BYTES; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  bytes.set(secret, ORGANIZATION_ID_BYTES);
  return ENROLMENT_TOKEN_PREFIX + encodeBase64Url(bytes);
}

/** The organization that a token names, or null when the text is not a token. It proves nothing until it is looked up. */
export function parseEnrolmentToken(token: string): { organizationId: string } | null {
  if (!token.startsWith(ENROLMENT_TOKEN_PREFIX)) return null;
  const bytes = decodeBase64Url(
    token.slice(ENROLMENT_TOKEN_PREFIX.length),
    ORGANIZATION_ID_BYTES + ENROLMENT_SECRET_BYTES,
  );
  if (bytes === null) return null;
  const hex = encodeHex(bytes.subarray(0, ORGANIZATION_ID_BYTES));
  return {
    organizationId: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"),
  };
}

/**
 * What the new key signs at enrolment: the token and the key itself, so that a proof seen elsewhere is of no use here.
 * @param publicKey Base64 of the 32 raw bytes of the Ed25519 key
 */
export function enrolmentProofText(token: string, publicKey: string): string {
  return `ringfence-enrol-v1\n${token}\n${publicKey}`;
}

/** What the new key signs when an agent rotates; `keyid` is that of the old key, which signs the request around it. */
export function rotationProofText(keyid: string, publicKey: string): string {
  return `ringfence-rotate-v1\n${keyid}\n${publicKey}`;
}
