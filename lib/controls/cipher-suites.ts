/** Cipher suites of Go's TLS library that are no longer taken for strong; used by the controls over API servers and kubelets. */

/** RC4, DES and 3DES, NULL, EXPORT, MD5, CBC with SHA-256 (open to Lucky 13 in Go), and RSA key exchange without forward secrecy. */
export function isWeakSuite(name: string): boolean {
  return /RC4|_DES_|3DES|NULL|EXPORT|MD5|_CBC_SHA256$/.test(name) || name.startsWith("TLS_RSA_");
}
