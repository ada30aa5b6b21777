/** Ed25519 key pairs (RFC 8032). The private key never leaves this process but into the agent's own state. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { encodeBase64 } from "@/lib/inventory/wire";

/** Bytes before the raw key in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410). */
const SPKI_PREFIX_BYTES = 12;

/** A new private key: PKCS #8 in Base64, the form in which it is stored. */
export function createKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
}

/** @throws when the stored text is not an Ed25519 key */
export function loadKey(stored: string): KeyObject {
  const key = createPrivateKey({ key: Buffer.from(stored, "base64"), format: "der", type: "pkcs8" });
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the stored key is not an Ed25519 key");
  return key;
}

/** Base64 of the 32 raw bytes of its public half. */
export function publicKeyOf(key: KeyObject): string {
  return encodeBase64(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI_PREFIX_BYTES));
}

/** 64 bytes. */
export function signWith(key: KeyObject, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, key);
}

/** Lower-case hexadecimal. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
