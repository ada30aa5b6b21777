/**
 * The answer that leads the browser to the issuer. Not a redirect: browsers apply the page's `form-action` to every hop that
 * follows a form, and an issuer that passes people on to their company's own sign-in would be blocked half-way.
 */
import { randomBytes } from "node:crypto";

/** The colours of app/globals.css; the page may load nothing, so it brings its own few lines. */
const STYLE =
  ":root{color-scheme:light dark}" +
  "body{margin:0;min-height:100dvh;display:grid;place-items:center;background:light-dark(#f7f8fa,#0a0c11);" +
  "color:light-dark(#454c5a,#aeb5c3);font:14px/20px ui-sans-serif,system-ui,sans-serif}" +
  "main{text-align:center}p{margin:0 0 8px}a{color:light-dark(#4746d6,#9b9cff)}";

/** A page that goes on to `target` by itself, without a script; with a link for browsers that don't. */
export function leaveFor(target: string, cookies: readonly string[], requestId: string): Response {
  const address = target
    .replaceAll("&", "&amp;")
    .replaceAll('"', "&quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  const nonce = randomBytes(16).toString("base64");
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Ringfence</title>
<meta http-equiv="refresh" content="0;url=${address}"><style nonce="${nonce}">${STYLE}</style></head>
<body><main><p>One moment, you are taken on.</p><p><a href="${address}">Continue</a></p></main></body></html>
`;
  const headers = new Headers({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(page, { status: 200, headers });
}
