"use client";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { InvitationAccepted } from "@/lib/api/organizations";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { Spinner } from "@/components/ui/spinner";
import { Problem } from "./problem";
import { request } from "./request";

/** Takes the token in a form, because an address ends up in histories and logs. */
export function InvitationForm() {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    setBusy(true);
    setProblem(null);
    request<InvitationAccepted>("/api/invitations/accept", { method: "POST", body: { token } }).then(
      ({ organization }) => router.push(`/o/${organization.slug}`),
      (error: unknown) => {
        setBusy(false);
        setProblem(error);
      },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      <label className="block">
        <span className="mb-1 block font-medium">Token</span>
        <input
          className="field mono w-full"
          name="token"
          required
          maxLength={200}
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      {problem === null ? null : (
        <Note tone="fail" role="alert">
          <Problem error={problem} />
        </Note>
      )}
      <Button type="submit" tone="primary" disabled={busy} className="h-9 w-full">
        {busy ? <Spinner size={14} /> : null} Join
      </Button>
    </form>
  );
}
