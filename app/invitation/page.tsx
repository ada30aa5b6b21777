import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { EntryPage } from "@/components/entry-page";
import { InvitationForm } from "@/components/invitation-form";
import { findPageSession } from "../session";

export const metadata: Metadata = { title: "Invitation" };

export default async function InvitationPage() {
  const session = await findPageSession();
  if (session === null) redirect("/sign-in?callbackUrl=%2Finvitation");
  return (
    <EntryPage title="Enter an invitation">
      <p className="mb-4 text-fg-2">
        You are signed in as <b className="font-strong">{session.person.name}</b>. The invitation works once and gives
        this person a role.
      </p>
      <InvitationForm />
    </EntryPage>
  );
}
