import { Building2 } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { EntryPage } from "@/components/entry-page";
import { buttonClass } from "@/components/ui/button";
import { describeSession } from "@/lib/server/organizations";
import { findPageSession } from "./session";

export const metadata: Metadata = { title: "Your organizations" };

/** The only organization opens by itself; of several one is chosen. */
export default async function StartPage() {
  const session = await findPageSession();
  if (session === null) redirect("/sign-in");
  const { organizations, person } = await describeSession(session);
  const only = organizations.length === 1 ? organizations[0] : undefined;
  if (only !== undefined) redirect(`/o/${only.slug}`);
  return (
    <EntryPage title={organizations.length === 0 ? "You belong to no organization yet" : "Where to?"}>
      {organizations.length === 0 ? (
        <>
          <p className="text-fg-2">
            You are signed in as <b className="font-strong">{person.name}</b>. An owner can invite you; the invitation
            is a token that you enter here.
          </p>
          <Link prefetch={false} className={buttonClass({ tone: "primary" }, "mt-4 w-full")} href="/invitation">
            Enter an invitation
          </Link>
        </>
      ) : (
        <ul className="card divide-y divide-line">
          {organizations.map((organization) => (
            <li key={organization.slug}>
              <Link
                prefetch={false}
                href={`/o/${organization.slug}`}
                className="flex items-center gap-2.5 px-3.5 py-3 hover:bg-hover"
              >
                <Building2 size={15} aria-hidden="true" className="text-fg-3" />
                <span className="font-medium">{organization.name}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      <form method="post" action="/api/auth/sign-out" className="mt-4">
        <button type="submit" className={buttonClass({ tone: "quiet" }, "w-full")}>
          Sign out
        </button>
      </form>
    </EntryPage>
  );
}
