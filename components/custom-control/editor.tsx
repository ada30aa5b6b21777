"use client";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { CustomControlChoices, CustomControlSaved, CustomDefinition } from "@/lib/api/custom-controls";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { Spinner } from "@/components/ui/spinner";
import { useToast } from "@/components/ui/toast";
import { Problem } from "../problem";
import { request } from "../request";
import { definitionOf, type Draft, draftOf, emptyDraft } from "./draft";
import { ChoicePart, ExpressionPart, HeadPart, MappingPart } from "./parts";
import { TryPanel } from "./try-panel";
import { useCheck } from "./use-check";

/** Writing a control: the form says at once what is wrong with it, and what it would say of a cluster before it is saved. */
export function CustomControlEditor({
  organization,
  initial,
  basedOn,
  choices,
  mayWrite,
}: {
  organization: string;
  /** What is edited; null for an empty form. */
  initial: CustomDefinition | null;
  /** The revision that is edited; null for a new control. */
  basedOn: number | null;
  choices: CustomControlChoices;
  mayWrite: boolean;
}) {
  const api = `/api/o/${organization}/custom-controls`;
  const router = useRouter();
  const toast = useToast();
  const [draft, setDraft] = useState<Draft>(() => (initial === null ? emptyDraft() : draftOf(initial)));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const check = useCheck(api, draft);
  const isRight = check.state === "done" && check.problems.length === 0;
  const change = (part: Partial<Draft>) => {
    setRefusal(null);
    setDraft((before) => ({ ...before, ...part }));
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isRight || busy || !mayWrite) return;
    setBusy(true);
    const body = { definition: definitionOf(draft).definition, basedOn };
    request<CustomControlSaved>(api, { method: "POST", body }).then(
      ({ id, revision, clusters }) => {
        toast({
          tone: "done",
          title: `Revision ${revision} saved`,
          text:
            clusters === 0
              ? "It counts from the first scan on."
              : `The last ${clusters === 1 ? "snapshot is" : `snapshots of ${clusters} clusters are`} evaluated again with it.`,
        });
        router.push(`/o/${organization}/controls/custom/${id}`);
        router.refresh();
      },
      (error: unknown) => {
        setBusy(false);
        setRefusal(error);
      },
    );
  };
  const parts = { draft, change, problems: check.problems };
  return (
    <form onSubmit={submit} className="grid max-w-200 gap-7" aria-label="Control">
      <HeadPart {...parts} isNew={basedOn === null} />
      <ChoicePart {...parts} kinds={choices.kinds} />
      <ExpressionPart {...parts} />
      <MappingPart {...parts} />
      <TryPanel api={api} draft={draft} clusters={choices.clusters} isRight={isRight} />
      {refusal === null ? null : (
        <Note tone="fail" role="alert">
          <Problem error={refusal} />
        </Note>
      )}
      <div className="flex flex-wrap items-center gap-3">
        {mayWrite ? (
          <Button type="submit" tone="primary" disabled={busy || !isRight}>
            {busy ? <Spinner size={14} /> : null} {basedOn === null ? "Save" : "Save as the next revision"}
          </Button>
        ) : null}
        <p role="status" className="text-fg-3">
          {check.state === "checking" ? "Checking." : null}
          {check.state === "failed" ? <Problem error={check.error} /> : null}
          {check.state === "done" ? wrongWords(check.problems.length) : null}
          {mayWrite ? null : " An owner or a compliance officer can save it."}
        </p>
      </div>
    </form>
  );
}

function wrongWords(count: number): string {
  if (count === 0) return "Nothing is wrong with it.";
  return count === 1 ? "One thing is wrong with it." : `${count} things are wrong with it.`;
}
