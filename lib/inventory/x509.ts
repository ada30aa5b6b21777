/**
 * Facts of X.509 certificates (RFC 5280): what their bytes say about names, dates, key and signature. Nothing is verified here:
 * whether a chain leads to a trusted root is for whoever has the roots.
 *
 * Only what a control reads is taken out. A certificate holds nothing secret; a text that holds a private key is not for this room.
 */
import { sha256Hex } from "./sha256";

export const KEY_ALGORITHMS = ["RSA", "EC", "Ed25519", "Ed448", "DSA", "other"] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];
export const SIGNATURE_HASHES = [
  "MD2",
  "MD5",
  "SHA-1",
  "SHA-224",
  "SHA-256",
  "SHA-384",
  "SHA-512",
  "built-in",
  "other",
] as const;
/** `built-in`: the signature algorithm has its own hash (Ed25519, Ed448). */
export type SignatureHash = (typeof SIGNATURE_HASHES)[number];

export interface CertificateFacts {
  /** SHA-256 of the DER form, lower-case hex. */
  fingerprint: string;
  /** `CN=api.example.com, O=Example`. */
  subject: string;
  issuer: string;
  dnsNames: string[];
  ipAddresses: string[];
  /** ISO 8601, UTC. */
  notBefore: string;
  /** ISO 8601, UTC: the last second at which it is valid. */
  notAfter: string;
  keyAlgorithm: KeyAlgorithm;
  /** Length of the RSA or DSA modulus, or of the curve's field; null when not known. */
  keyBits: number | null;
  signatureHash: SignatureHash;
  isCa: boolean;
  /** Subject and issuer are the same name. */
  isSelfIssued: boolean;
}

/** The bytes are no certificate. */
export class CertificateProblem extends Error {}

/**
 * The certificates of a PEM text in its order, as bytes. Other blocks and the text between are passed over.
 * @throws CertificateProblem when a block isn't base64
 */
export function certificatesOfPem(pem: string): Uint8Array[] {
  return [...pem.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]*)-----END/g)].map(([, body = ""]) =>
    decodeBase64(body),
  );
}

/**
 * @throws CertificateProblem
 */
export function decodeBase64(text: string): Uint8Array {
  const clean = text.replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean)) throw new CertificateProblem("is not base64");
  const digits = clean.replace(/=+$/, "");
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    held = ((held << 6) | BASE64.indexOf(digit)) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = (held >> bits) & 0xff;
  }
  return out;
}
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * What one certificate in DER says.
 * @throws CertificateProblem
 */
export function factsOfCertificate(der: Uint8Array): CertificateFacts {
  const certificate = readElement(der, 0);
  expectTag(certificate, SEQUENCE, "a certificate");
  const [tbs, signature] = childrenOf(certificate);
  if (tbs === undefined || signature === undefined) throw new CertificateProblem("is not a certificate");
  const fields = childrenOf(tbs);
  if (fields[0]?.tag === 0xa0) fields.shift(); // version
  const [, , issuer, validity, subject, key, ...rest] = fields;
  if (issuer === undefined || validity === undefined || subject === undefined || key === undefined)
    throw new CertificateProblem("is not a certificate");
  const [notBefore, notAfter] = childrenOf(validity).map(timeOf);
  if (notBefore === undefined || notAfter === undefined) throw new CertificateProblem("has no period of validity");
  const extensions = extensionsOf(rest.find((field) => field.tag === 0xa3));
  const issuerName = nameOf(issuer);
  const subjectName = nameOf(subject);
  return {
    fingerprint: sha256Hex(certificate.whole),
    subject: subjectName,
    issuer: issuerName,
    ...alternativeNames(extensions.get(OID_ALTERNATIVE_NAMES)),
    notBefore,
    notAfter,
    ...keyOf(key),
    signatureHash: hashOf(signature),
    isCa: isAuthority(extensions.get(OID_BASIC_CONSTRAINTS)),
    isSelfIssued: issuerName === subjectName,
  };
}

interface Element {
  tag: number;
  content: Uint8Array;
  /** Tag and length included. */
  whole: Uint8Array;
}
const SEQUENCE = 0x30;
const OID_ALTERNATIVE_NAMES = "2.5.29.17";
const OID_BASIC_CONSTRAINTS = "2.5.29.19";

function readElement(bytes: Uint8Array, from: number): Element {
  const tag = bytes[from];
  const first = bytes[from + 1];
  if (tag === undefined || first === undefined) throw new CertificateProblem("ends too early");
  let length = first;
  let start = from + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new CertificateProblem("has a length that DER does not allow");
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += count;
  }
  if (start + length > bytes.length) throw new CertificateProblem("ends too early");
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(from, start + length) };
}
function expectTag(element: Element, tag: number, what: string): void {
  if (element.tag !== tag) throw new CertificateProblem(`is not ${what}`);
}
function childrenOf(element: Element): Element[] {
  const children: Element[] = [];
  for (let at = 0; at < element.content.length; ) {
    const child = readElement(element.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

function oidOf(element: Element | undefined): string {
  if (element?.tag !== 0x06) return "";
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of element.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [joined = 0, ...others] = arcs;
  const root = Math.min(2, Math.floor(joined / 40));
  return [root, joined - root * 40, ...others].join(".");
}

/** UTCTime (two-digit year, 1950 to 2049) or GeneralizedTime; RFC 5280 demands seconds and `Z`. */
function timeOf(element: Element): string {
  const text = asciiOf(element.content);
  const match = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new CertificateProblem("has a time that RFC 5280 does not allow");
  const [, year = "", month, day, hour, minute, second] = match;
  const century = year.length === 4 ? "" : Number(year) >= 50 ? "19" : "20";
  const iso = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  if (Number.isNaN(Date.parse(iso))) throw new CertificateProblem("has a time that is none");
  return iso;
}

const NAME_KEYS: Record<string, string> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "0.9.2342.19200300.100.1.25": "DC",
};
function nameOf(element: Element): string {
  return childrenOf(element)
    .flatMap(childrenOf)
    .map((pair) => {
      const [type, value] = childrenOf(pair);
      const oid = oidOf(type);
      return `${NAME_KEYS[oid] ?? oid}=${value === undefined ? "" : stringOf(value)}`;
    })
    .join(", ");
}
function stringOf({ tag, content }: Element): string {
  if (tag !== 0x1e) return new TextDecoder().decode(content);
  let text = ""; // BMPString: two bytes a character
  for (let i = 0; i + 1 < content.length; i += 2)
    text += String.fromCharCode(((content[i] ?? 0) << 8) | (content[i + 1] ?? 0));
  return text;
}
function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function extensionsOf(wrapper: Element | undefined): Map<string, Element> {
  const found = new Map<string, Element>();
  if (wrapper === undefined) return found;
  for (const extension of childrenOf(wrapper).flatMap(childrenOf)) {
    const parts = childrenOf(extension);
    const value = parts.at(-1);
    if (value?.tag === 0x04) found.set(oidOf(parts[0]), readElement(value.content, 0));
  }
  return found;
}
function alternativeNames(element: Element | undefined): { dnsNames: string[]; ipAddresses: string[] } {
  const names = element === undefined ? [] : childrenOf(element);
  return {
    dnsNames: names.filter(({ tag }) => tag === 0x82).map(({ content }) => asciiOf(content).toLowerCase()),
    ipAddresses: names.filter(({ tag }) => tag === 0x87).map(({ content }) => addressOf(content)),
  };
}
function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join(".");
  const groups: string[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2)
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  return groups.join(":");
}
/** BasicConstraints: `cA` is the leading boolean, false when it is absent. */
function isAuthority(element: Element | undefined): boolean {
  const [first] = element === undefined ? [] : childrenOf(element);
  return first?.tag === 0x01 && (first.content[0] ?? 0) !== 0;
}

const CURVE_BITS: Record<string, number> = {
  "1.2.840.10045.3.1.1": 192,
  "1.2.840.10045.3.1.7": 256,
  "1.3.132.0.10": 256,
  "1.3.132.0.33": 224,
  "1.3.132.0.34": 384,
  "1.3.132.0.35": 521,
  "1.3.36.3.3.2.8.1.1.7": 256,
  "1.3.36.3.3.2.8.1.1.11": 384,
  "1.3.36.3.3.2.8.1.1.13": 512,
};
function keyOf(info: Element): { keyAlgorithm: KeyAlgorithm; keyBits: number | null } {
  const [algorithm, bits] = childrenOf(info);
  const [type, parameters] = algorithm === undefined ? [] : childrenOf(algorithm);
  switch (oidOf(type)) {
    case "1.2.840.113549.1.1.1":
    case "1.2.840.113549.1.1.10":
      return { keyAlgorithm: "RSA", keyBits: bits === undefined ? null : modulusBits(bits) };
    case "1.2.840.10045.2.1":
      return { keyAlgorithm: "EC", keyBits: CURVE_BITS[oidOf(parameters)] ?? null };
    case "1.3.101.112":
      return { keyAlgorithm: "Ed25519", keyBits: 256 };
    case "1.3.101.113":
      return { keyAlgorithm: "Ed448", keyBits: 448 };
    case "1.2.840.10040.4.1":
      return { keyAlgorithm: "DSA", keyBits: null };
    default:
      return { keyAlgorithm: "other", keyBits: null };
  }
}
/** The BIT STRING holds SEQUENCE { modulus, exponent }; its first byte counts unused bits. */
function modulusBits(bitString: Element): number {
  const [modulus] = childrenOf(readElement(bitString.content.subarray(1), 0));
  const bytes = [...(modulus?.content ?? [])];
  while (bytes[0] === 0) bytes.shift();
  return bytes.length === 0 ? 0 : bytes.length * 8 - Math.clz32(bytes[0] ?? 0) + 24;
}

const SIGNATURES: Record<string, SignatureHash> = {
  "1.2.840.113549.1.1.2": "MD2",
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.113549.1.1.11": "SHA-256",
  "1.2.840.113549.1.1.12": "SHA-384",
  "1.2.840.113549.1.1.13": "SHA-512",
  "1.2.840.113549.1.1.14": "SHA-224",
  "1.2.840.10040.4.3": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
  "1.2.840.10045.4.3.1": "SHA-224",
  "1.2.840.10045.4.3.2": "SHA-256",
  "1.2.840.10045.4.3.3": "SHA-384",
  "1.2.840.10045.4.3.4": "SHA-512",
  "1.3.101.112": "built-in",
  "1.3.101.113": "built-in",
  // Hashes alone, as RSASSA-PSS names them.
  "1.3.14.3.2.26": "SHA-1",
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
  "2.16.840.1.101.3.4.2.4": "SHA-224",
};
const RSASSA_PSS = "1.2.840.113549.1.1.10";
/** RSASSA-PSS names its hash in its parameters, and means SHA-1 when it does not. */
function hashOf(algorithm: Element): SignatureHash {
  const [type, parameters] = childrenOf(algorithm);
  const oid = oidOf(type);
  if (oid !== RSASSA_PSS) return SIGNATURES[oid] ?? "other";
  const hash = parameters === undefined ? undefined : childrenOf(parameters).find(({ tag }) => tag === 0xa0);
  if (hash === undefined) return "SHA-1";
  return SIGNATURES[oidOf(childrenOf(hash).flatMap(childrenOf)[0])] ?? "other";
}
