/**
 * The answer that leads the browser to the issuer. Not a redirect: browsers apply the page's `form-action` to every hop that
 * follows a form, and an issuer that passes people on to their company's own sign-in would be blocked half-way.
 */

/** A page that goes on to `target` by itself, without a script; with a link for browsers that don't. */
export function leaveFor(target: string, cookies: readonly string[], requestId: string): Response {
  const address = target
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ringfence</title><meta http-equiv="refresh" content="0;url=${address}"></head>
<body><p><a href="${address}">Continue</a></p></body></html>
`;
  const headers = new Headers({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(page, { status: 200, headers });
}
