/** The Content-Security-Policy of every page: scripts only with this answer's nonce, nothing from other sites, no frames. */
import { webEnvironment } from "./env";

export function contentSecurityPolicy(nonce: string): string {
  const { isLocal } = webEnvironment();
  const development = process.env.NODE_ENV === "development";
  const directives: Record<string, string> = {
    "default-src": "'self'",
    "script-src": `'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    "style-src": development ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`,
    // Charts and virtual rows place themselves with style attributes, which can't load anything.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": development ? "'self' ws:" : "'self'",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    // Signing in and out are forms of ours whose answer leads on to the issuer (auth/leave.ts), so no other site is needed.
    "form-action": "'self'",
    "frame-src": "'none'",
    "frame-ancestors": "'none'",
    "manifest-src": "'self'",
  };
  const policy = Object.entries(directives).map(([name, value]) => `${name} ${value}`);
  if (!isLocal) policy.push("upgrade-insecure-requests");
  return policy.join("; ");
}
