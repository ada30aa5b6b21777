/** Ed25519 over raw keys (RFC 8032), with node's own primitives. */
import { createPublicKey, verify } from "node:crypto";

/** True if `signature` over `message` was made with the private half of the raw 32-byte `publicKey`. Never throws. */
export function isSignedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(publicKey).toString("base64url") },
      format: "jwk",
    });
    return verify(null, message, key, signature);
  } catch {
    // Not a point of the curve, or not 64 bytes: nobody signed with that.
    return false;
  }
}
