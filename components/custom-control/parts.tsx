"use client";
import { Plus, X } from "lucide-react";
import type { ReactNode } from "react";
import type { CustomControlChoices, DefinitionProblem } from "@/lib/api/custom-controls";
import { Button } from "@/components/ui/button";
import { Section } from "@/components/ui/page";
import { LINK_WORDS } from "../control/link-words";
import { SEVERITY_WORDS } from "../status/severity";
import { SCOPES } from "../status/scope-mark";
import { type Draft, newLine } from "./draft";
import { AreaField, problemsAt, TextField } from "./field";

interface Part {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problems: readonly DefinitionProblem[];
}

/** What it is called and how bad a fail is. */
export function HeadPart({ draft, change, problems, isNew }: Part & { isNew: boolean }) {
  return (
    <Section title="Control">
      <div className="grid gap-3.5 sm:grid-cols-2">
        <TextField
          label="Title"
          value={draft.title}
          problems={problemsAt(problems, "title")}
          onChange={(title) => change({ title })}
        />
        <TextField
          label="Id"
          mono
          disabled={!isNew}
          hint={isNew ? "For ever: custom- and kebab-case." : "An id never changes."}
          value={draft.id}
          problems={problemsAt(problems, "id")}
          onChange={(id) => change({ id })}
        />
        <label className="block">
          <span className="mb-1 block font-medium">Severity</span>
          <select
            className="field w-full"
            value={draft.severity}
            onChange={(event) => change({ severity: event.target.value as Draft["severity"] })}
          >
            {Object.entries(SEVERITY_WORDS).map(([value, { word }]) => (
              <option key={value} value={value}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <TextField
          label="Why it is asked"
          hint="Shown to an assessor beside the result."
          value={draft.why}
          problems={problemsAt(problems, "why")}
          onChange={(why) => change({ why })}
        />
      </div>
    </Section>
  );
}

/** Which objects it judges. */
export function ChoicePart({ draft, change, problems, kinds }: Part & { kinds: CustomControlChoices["kinds"] }) {
  const left = kinds.filter(({ section }) => !draft.kinds.includes(section));
  const wrong = problems.filter(({ where }) => where === "kinds" || where.startsWith("kinds["));
  return (
    <Section title="What it judges">
      <div className="grid gap-3.5">
        <div>
          <label className="block max-w-90">
            <span className="mb-1 block font-medium">Add a kind</span>
            <select
              className="field w-full"
              value=""
              aria-invalid={wrong.length > 0 ? true : undefined}
              onChange={(event) => change({ kinds: [...draft.kinds, event.target.value] })}
            >
              <option value="" disabled>
                Choose
              </option>
              {left.map(({ section, kind, apiVersion }) => (
                <option key={section} value={section}>
                  {kind === "*" ? section : kind} ({apiVersion})
                </option>
              ))}
            </select>
          </label>
          <ul className="mt-2 flex flex-wrap gap-2" aria-label="Kinds">
            {draft.kinds.map((kind) => (
              <li key={kind} className="inline-flex items-center gap-1.5 rounded-md bg-subtle py-0.5 pr-0.5 pl-2">
                <span className="mono">{kind}</span>
                <RemoveButton
                  label={`Remove ${kind}`}
                  onClick={() => change({ kinds: draft.kinds.filter((each) => each !== kind) })}
                />
              </li>
            ))}
          </ul>
          {wrong.map(({ where, problem }) => (
            <p key={where} className="mt-1 text-small text-fail-fg">
              {problem}
            </p>
          ))}
        </div>
        <fieldset className="flex flex-wrap gap-x-5 gap-y-2">
          <legend className="mb-1 font-medium">Only in namespaces that are</legend>
          {(["cde", "connected-to", "out-of-scope"] as const).map((category) => (
            <label key={category} className="inline-flex items-center gap-1.5">
              <input
                type="checkbox"
                checked={draft.scope.includes(category)}
                onChange={(event) =>
                  change({
                    scope: event.target.checked
                      ? [...draft.scope, category]
                      : draft.scope.filter((each) => each !== category),
                  })
                }
              />
              {SCOPES[category].word}
            </label>
          ))}
          <span className="text-fg-3">None chosen: every namespace.</span>
        </fieldset>
        <div className="grid gap-3.5 sm:grid-cols-2">
          <TextField
            label="Labels of the object"
            mono
            hint="As kubectl -l writes them: app=web, team in (pay, core)."
            value={draft.objectSelector}
            problems={problemsAt(problems, "objectSelector")}
            onChange={(objectSelector) => change({ objectSelector })}
          />
          <TextField
            label="Labels of its namespace"
            mono
            value={draft.namespaceSelector}
            problems={problemsAt(problems, "namespaceSelector")}
            onChange={(namespaceSelector) => change({ namespaceSelector })}
          />
        </div>
        <NamedLines
          legend="Match conditions"
          add="Add a condition"
          hint="True: the object is judged."
          place="matchConditions"
          lines={draft.matchConditions}
          problems={problems}
          onChange={(matchConditions) => change({ matchConditions })}
        />
      </div>
    </Section>
  );
}

/** The expressions themselves. */
export function ExpressionPart({ draft, change, problems }: Part) {
  const { validations } = draft;
  const set = (line: number, part: Partial<Draft["validations"][number]>) =>
    change({ validations: validations.map((each) => (each.line === line ? { ...each, ...part } : each)) });
  return (
    <Section title="What has to be true">
      <p className="mb-3 max-w-160 text-fg-3">
        CEL, as in a ValidatingAdmissionPolicy: <code className="mono">object</code> is the object,{" "}
        <code className="mono">namespaceObject</code> its namespace, <code className="mono">variables</code> what is
        named below. An expression without an answer makes the object unknown, never pass or fail.
      </p>
      <div className="grid gap-5">
        {validations.map((validation, i) => (
          <Lines
            key={validation.line}
            legend={`Expression ${i + 1}`}
            onRemove={
              validations.length === 1
                ? null
                : () => change({ validations: validations.filter(({ line }) => line !== validation.line) })
            }
          >
            <AreaField
              label="Expression (CEL)"
              value={validation.expression}
              problems={problemsAt(problems, `validations[${i}].expression`)}
              onChange={(expression) => set(validation.line, { expression })}
            />
            <div className="grid gap-3.5 sm:grid-cols-2">
              <TextField
                label="Message when it is false"
                value={validation.message}
                problems={problemsAt(problems, `validations[${i}].message`)}
                onChange={(message) => set(validation.line, { message })}
              />
              <TextField
                label="or CEL that gives the message"
                mono
                value={validation.messageExpression}
                problems={problemsAt(problems, `validations[${i}].messageExpression`)}
                onChange={(messageExpression) => set(validation.line, { messageExpression })}
              />
            </div>
          </Lines>
        ))}
        <AddButton
          onClick={() =>
            change({ validations: [...validations, newLine({ expression: "", message: "", messageExpression: "" })] })
          }
        >
          Add an expression
        </AddButton>
        <NamedLines
          legend="Variables"
          add="Add a variable"
          hint="Computed once for an object, when an expression asks for it."
          place="variables"
          lines={draft.variables}
          problems={problems}
          onChange={(variables) => change({ variables })}
        />
      </div>
    </Section>
  );
}

/** What it counts toward. */
export function MappingPart({ draft, change, problems }: Part) {
  const { requirements } = draft;
  const set = (line: number, part: Partial<Draft["requirements"][number]>) =>
    change({ requirements: requirements.map((each) => (each.line === line ? { ...each, ...part } : each)) });
  return (
    <Section title="What it counts toward">
      <div className="grid gap-5">
        {requirements.length === 0 ? (
          <p className="text-fg-3">No requirement: it is shown among the controls and findings and decides nothing.</p>
        ) : null}
        {requirements.map((link, i) => (
          <Lines
            key={link.line}
            legend={`Requirement ${i + 1}`}
            onRemove={() => change({ requirements: requirements.filter(({ line }) => line !== link.line) })}
          >
            <div className="grid gap-3.5 sm:grid-cols-[8rem_12rem_minmax(0,1fr)]">
              <TextField
                label="Number"
                mono
                value={link.requirement}
                problems={problemsAt(problems, `requirements[${i}].requirement`)}
                onChange={(requirement) => set(link.line, { requirement })}
              />
              <label className="block">
                <span className="mb-1 block font-medium">Link</span>
                <select
                  className="field w-full"
                  value={link.kind}
                  onChange={(event) => set(link.line, { kind: event.target.value as typeof link.kind })}
                >
                  {(["primary", "fail-only", "supporting"] as const).map((kind) => (
                    <option key={kind} value={kind}>
                      {LINK_WORDS[kind].word}
                    </option>
                  ))}
                </select>
              </label>
              <TextField
                label="Why it is evidence for it"
                value={link.rationale}
                problems={problemsAt(problems, `requirements[${i}].rationale`)}
                onChange={(rationale) => set(link.line, { rationale })}
              />
            </div>
          </Lines>
        ))}
        <AddButton
          onClick={() =>
            change({
              requirements: [...requirements, newLine({ requirement: "", kind: "supporting" as const, rationale: "" })],
            })
          }
        >
          Add a requirement
        </AddButton>
      </div>
    </Section>
  );
}

function NamedLines({
  legend,
  add,
  hint,
  place,
  lines,
  problems,
  onChange,
}: {
  legend: string;
  add: string;
  hint: string;
  place: "matchConditions" | "variables";
  lines: Draft["variables"];
  problems: readonly DefinitionProblem[];
  onChange: (lines: Draft["variables"]) => void;
}) {
  const set = (line: number, part: { name?: string; expression?: string }) =>
    onChange(lines.map((each) => (each.line === line ? { ...each, ...part } : each)));
  return (
    <div className="grid gap-3.5">
      {lines.map((each, i) => (
        <Lines
          key={each.line}
          legend={`${legend} ${i + 1}`}
          onRemove={() => onChange(lines.filter(({ line }) => line !== each.line))}
        >
          <div className="grid gap-3.5 sm:grid-cols-[12rem_minmax(0,1fr)]">
            <TextField
              label="Name"
              mono
              value={each.name}
              problems={problemsAt(problems, `${place}[${i}].name`)}
              onChange={(name) => set(each.line, { name })}
            />
            <AreaField
              label="Expression (CEL)"
              rows={2}
              hint={hint}
              value={each.expression}
              problems={problemsAt(problems, `${place}[${i}].expression`)}
              onChange={(expression) => set(each.line, { expression })}
            />
          </div>
        </Lines>
      ))}
      <AddButton onClick={() => onChange([...lines, newLine({ name: "", expression: "" })])}>{add}</AddButton>
    </div>
  );
}

function Lines({ legend, onRemove, children }: { legend: string; onRemove: (() => void) | null; children: ReactNode }) {
  return (
    <fieldset className="relative grid min-w-0 gap-3.5 border-l-2 border-line pl-3.5">
      <legend className="sr-only">{legend}</legend>
      {children}
      {onRemove === null ? null : (
        <div>
          <Button small tone="quiet" onClick={onRemove} aria-label={`Remove ${legend.toLowerCase()}`}>
            <X size={13} aria-hidden="true" /> Remove
          </Button>
        </div>
      )}
    </fieldset>
  );
}

function AddButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <div>
      <Button small onClick={onClick}>
        <Plus size={13} aria-hidden="true" /> {children}
      </Button>
    </div>
  );
}

function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button small tone="quiet" aria-label={label} onClick={onClick}>
      <X size={13} aria-hidden="true" />
    </Button>
  );
}
