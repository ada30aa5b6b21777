"use client";
import { type FormEvent, useState } from "react";
import type { CustomControlChoices, CustomControlImported } from "@/lib/api/custom-controls";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { Spinner } from "@/components/ui/spinner";
import { Problem } from "../problem";
import { request } from "../request";
import { CustomControlEditor } from "./editor";
import { AreaField } from "./field";

type Imported = CustomControlImported["drafts"][number];

/** A ValidatingAdmissionPolicy as it stands in a file, as a draft that is then mapped, tried and saved. */
export function ImportView({
  organization,
  choices,
  mayWrite,
}: {
  organization: string;
  choices: CustomControlChoices;
  mayWrite: boolean;
}) {
  const [yaml, setYaml] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [drafts, setDrafts] = useState<readonly Imported[]>([]);
  const [chosen, setChosen] = useState<Imported | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy || yaml.trim() === "") return;
    setBusy(true);
    setRefusal(null);
    request<CustomControlImported>(`/api/o/${organization}/custom-controls/import`, { method: "POST", body: { yaml } })
      .then(
        (answer) => {
          setDrafts(answer.drafts);
          setChosen(answer.drafts.length === 1 ? (answer.drafts[0] ?? null) : null);
        },
        (error: unknown) => {
          setDrafts([]);
          setChosen(null);
          setRefusal(error);
        },
      )
      .finally(() => setBusy(false));
  };
  return (
    <div className="space-y-7">
      <form onSubmit={submit} className="grid max-w-200 gap-3.5" aria-label="Policy">
        <AreaField
          label="Policy and bindings (YAML)"
          rows={12}
          hint="One or several documents of ValidatingAdmissionPolicy and ValidatingAdmissionPolicyBinding. Parameters are not read."
          value={yaml}
          problems={[]}
          onChange={setYaml}
        />
        {refusal === null ? null : (
          <Note tone="fail" role="alert">
            <Problem error={refusal} />
          </Note>
        )}
        <div>
          <Button
            type="submit"
            tone={drafts.length === 0 ? "primary" : "default"}
            disabled={busy || yaml.trim() === ""}
          >
            {busy ? <Spinner size={14} /> : null} Read it
          </Button>
        </div>
      </form>
      {drafts.length > 1 ? (
        <Section title={`${drafts.length} drafts`}>
          <ul className="grid gap-2">
            {drafts.map((draft) => (
              <li key={draft.definition.id} className="flex flex-wrap items-center gap-3">
                <span>
                  {draft.policy}
                  {draft.binding === null ? "" : ` as bound by ${draft.binding}`}
                </span>
                <Button small aria-pressed={chosen === draft} onClick={() => setChosen(draft)}>
                  Edit
                </Button>
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      {chosen === null ? null : (
        <div className="space-y-5">
          <Foreign draft={chosen} />
          <CustomControlEditor
            key={chosen.definition.id}
            organization={organization}
            initial={chosen.definition}
            basedOn={null}
            choices={choices}
            mayWrite={mayWrite}
          />
        </div>
      )}
    </div>
  );
}

/** What of the policy could not be taken over: its place is in the policy, not in the form. */
function Foreign({ draft: { problems } }: { draft: Imported }) {
  const foreign = problems.filter(({ where }) => /^(spec|binding|kind)\b/.test(where));
  if (foreign.length === 0) return null;
  return (
    <Note tone="warn">
      <b className="font-strong">Not all of the policy could be taken over.</b>{" "}
      {foreign.map(({ where, problem }) => (
        <span key={where + problem} className="block">
          <code className="mono">{where}</code>: {problem}
        </span>
      ))}
    </Note>
  );
}
