import { RequestError } from "./request";

/** A refusal in the server's own words; where it asks for a recent sign-in, the way to one and back here. */
export function Problem({ error }: { error: unknown }) {
  const text = error instanceof Error ? error.message : "That did not work. Try again.";
  if (!(error instanceof RequestError)) return <>{text}</>;
  return (
    <>
      {text}
      {error.code === "fresh-sign-in-required" ? (
        <>
          {" "}
          <a
            className="font-strong underline underline-offset-3"
            href={`/sign-in?callbackUrl=${encodeURIComponent(window.location.pathname + window.location.search)}&reason=fresh-sign-in`}
          >
            Sign in again
          </a>
        </>
      ) : null}
      {error.code === "internal" && error.requestId ? (
        <>
          {" "}
          Reference <code className="mono">{error.requestId}</code>.
        </>
      ) : null}
    </>
  );
}
