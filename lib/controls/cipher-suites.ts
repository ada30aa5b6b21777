/** Cipher suites of Go's TLS library that are no longer taken for strong; used by the controls over API servers and kubelets. */

/** RC4, DES and 3DES, NULL, EXPORT, MD5, CBC with SHA-256 (open to Lucky 13 in Go), and RSA key exchange without forward secrecy. */
export function isWeakSuite(name: string): boolean {
  return /RC4|_DES_|3DES|NULL|EXPORT|MD5|_CBC_SHA256$/.test(name) || name.startsWith("TLS_RSA_");
}

/** Suites that a Go program takes by name and that are not weak, with their old names; those of TLS 1.3 can't be chosen. */
const KNOWN: ReadonlySet<string> = new Set([
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  ...["ECDSA", "RSA"].flatMap((key) =>
    [
      "AES_128_CBC_SHA",
      "AES_256_CBC_SHA",
      "AES_128_GCM_SHA256",
      "AES_256_GCM_SHA384",
      "CHACHA20_POLY1305",
      "CHACHA20_POLY1305_SHA256",
    ].map((cipher) => `TLS_ECDHE_${key}_WITH_${cipher}`),
  ),
]);
/** Whether the program would start with this name: one that it doesn't know ends it. */
export function isKnownSuite(name: string): boolean {
  return KNOWN.has(name);
}
