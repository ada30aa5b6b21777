/**
 * A certificate authority small enough to read: EC P-256 keys, ECDSA with SHA-256, X.509 version 3 (RFC 5280).
 *
 * Node can parse certificates but not make them, `openssl` need not be on the machine, and the four extensions that a
 * Kubernetes client looks at are a page of DER; that is why there is no library here. Used for the simulated clusters only.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";

export interface Identity {
  keyPem: string;
  certPem: string;
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const set = (...parts: Uint8Array[]) => der(0x31, ...parts);
const octets = (bytes: Uint8Array) => der(0x04, bytes);
const bits = (bytes: Uint8Array, unused = 0) => der(0x03, Buffer.from([unused]), bytes);
const text = (value: string) => der(0x0c, Buffer.from(value, "utf8"));
const yes = der(0x01, Buffer.from([0xff]));

function integer(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0;
  return der(0x02, first & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

function oid(dotted: string): Buffer {
  const [a = 0, b = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [a * 40 + b];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5). */
function time(at: Date): Buffer {
  const iso = at.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return at.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(`${iso.slice(2)}Z`)) : der(0x18, Buffer.from(`${iso}Z`));
}

function name(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), text(value)));
  return sequence(...organizations.map((value) => attribute("2.5.4.10", value)), attribute("2.5.4.3", commonName));
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [yes] : []), octets(value));
}

function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return createHash("sha1").update(spki.subarray(-65)).digest();
}

function alternativeName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return der(0x82, Buffer.from(host, "ascii"));
  if (family === 4) return der(0x87, Buffer.from(host.split(".").map(Number)));
  if (host === "::1") return der(0x87, Buffer.concat([Buffer.alloc(15), Buffer.from([1])]));
  throw new Error(`no certificate for the address ${host}: only IPv4 addresses and ::1 are written here`);
}

interface Request {
  commonName: string;
  organizations?: readonly string[];
  /** DNS names and addresses of a server certificate. */
  hosts?: readonly string[];
  use: "authority" | "server" | "client";
  issuer?: Identity;
  notBefore: Date;
  days: number;
}

function pem(label: string, body: Buffer): string {
  return `-----BEGIN ${label}-----\n${body.toString("base64").replace(/(.{64})(?!$)/g, "$1\n")}\n-----END ${label}-----\n`;
}

/** Makes a key pair and a certificate for it: self-signed without `issuer`. */
export function issue(request: Request): Identity {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerKey = request.issuer ? createPrivateKey(request.issuer.keyPem) : pair.privateKey;
  const subject = name(request.commonName, request.organizations ?? []);
  const extensions = [extension("2.5.29.14", false, octets(keyIdentifier(pair.publicKey)))];
  extensions.push(
    extension("2.5.29.35", false, sequence(der(0x80, keyIdentifier(createPublicKey(issuerKey))))),
    extension("2.5.29.19", true, request.use === "authority" ? sequence(yes) : sequence()),
    // keyCertSign and cRLSign for the authority, digitalSignature for the others.
    extension(
      "2.5.29.15",
      true,
      request.use === "authority" ? bits(Buffer.from([0x06]), 1) : bits(Buffer.from([0x80]), 7),
    ),
  );
  if (request.use !== "authority") {
    const purpose = request.use === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
    extensions.push(extension("2.5.29.37", false, sequence(oid(purpose))));
  }
  if (request.hosts?.length)
    extensions.push(extension("2.5.29.17", false, sequence(...request.hosts.map(alternativeName))));

  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    request.issuer ? subjectOf(request.issuer.certPem) : subject,
    sequence(time(request.notBefore), time(new Date(request.notBefore.getTime() + request.days * 86_400_000))),
    subject,
    pair.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuerKey);
  return {
    keyPem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    certPem: pem("CERTIFICATE", sequence(body, ECDSA_SHA256, bits(signature))),
  };
}

/** The subject of a certificate made here, as DER: read back so that issuer and subject agree byte for byte. */
function subjectOf(certPem: string): Buffer {
  const lines = new X509Certificate(certPem).subject.split("\n");
  const organizations = lines.filter((line) => line.startsWith("O=")).map((line) => line.slice(2));
  const commonName = lines.find((line) => line.startsWith("CN="))?.slice(3) ?? "";
  return name(commonName, organizations);
}
