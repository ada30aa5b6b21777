/**
 * Headers for every page, and nothing else. Authorization never rests here: proxies of this kind have been walked around more
 * than once. Routes and pages ask for themselves (lib/server/route.ts, lib/server/principal.ts).
 */
import { randomBytes, randomUUID } from "node:crypto";
import { type NextRequest, NextResponse } from "next/server";
import { contentSecurityPolicy } from "@/lib/server/security-headers";

export function proxy(request: NextRequest): NextResponse {
  const nonce = randomBytes(16).toString("base64");
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  // Next reads the nonce for its own scripts from the request's policy.
  headers.set("content-security-policy", policy);
  headers.set("x-nonce", nonce);
  headers.set("x-request-id", randomUUID());
  // Where a page that needs a sign-in leads back to.
  headers.set("x-ringfence-path", request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  // Pages show an organization's data: no cache of a browser or in between keeps them.
  response.headers.set("cache-control", "no-store");
  return response;
}

export const config = {
  // Not the API: it answers with data, sets its own headers, and Next would hold up to 10 MB of each body for a proxy.
  matcher: ["/((?!_next/static|_next/image|api/|favicon.ico|icon.svg).*)"],
};
