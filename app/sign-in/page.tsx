import { KeyRound } from "lucide-react";
import type { Metadata } from "next";
import { EntryPage } from "@/components/entry-page";
import type { SearchParams } from "@/components/ui/address";
import { buttonClass } from "@/components/ui/button";
import { Note } from "@/components/ui/note";

export const metadata: Metadata = { title: "Sign in" };

const REASONS: Record<string, string> = {
  "session-expired": "Your session has ended. Sign in again to go on where you were.",
  "fresh-sign-in": "What you want to do reaches far, so it asks for a sign-in younger than an hour.",
};

/** OIDC only: there is no password here to type, forget or steal. */
export default async function SignInPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const { callbackUrl, reason, error, reference } = await searchParams;
  const why = typeof reason === "string" ? REASONS[reason] : undefined;
  return (
    <EntryPage title="Sign in">
      <div className="space-y-3">
        {error === undefined ? null : (
          <Note tone="fail" role="alert">
            The identity provider's answer was not accepted, so you are not signed in. Try again; if it stays like this,
            give the reference to whoever runs Ringfence.
            {typeof reference === "string" ? (
              <>
                {" "}
                <code className="mono">{reference}</code>
              </>
            ) : null}
          </Note>
        )}
        {why === undefined ? null : <Note role="status">{why}</Note>}
        <p className="text-fg-2">
          Your organization's identity provider asks for the password and the second factor. Ringfence never sees them.
        </p>
        <form method="post" action="/api/auth/sign-in">
          <input type="hidden" name="callbackUrl" value={typeof callbackUrl === "string" ? callbackUrl : "/"} />
          {reason === "fresh-sign-in" ? <input type="hidden" name="fresh" value="1" /> : null}
          <button type="submit" className={buttonClass({ tone: "primary" }, "h-9 w-full")}>
            <KeyRound size={15} aria-hidden="true" /> Sign in with your organization
          </button>
        </form>
        <p className="text-small text-fg-3">
          A session ends after 15 minutes without a gesture, and after 12 hours in any case.
        </p>
      </div>
    </EntryPage>
  );
}
