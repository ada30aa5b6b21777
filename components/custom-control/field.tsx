import { type ReactNode, useId } from "react";
import type { DefinitionProblem } from "@/lib/api/custom-controls";

/** What is wrong at a place, or below it for a list. */
export function problemsAt(problems: readonly DefinitionProblem[], where: string): string[] {
  return problems.filter((each) => each.where === where).map(({ problem }) => problem);
}

interface Common {
  label: string;
  hint?: ReactNode;
  problems: readonly string[];
  value: string;
  onChange: (value: string) => void;
  disabled?: boolean;
}

/** A line of text with its label, its hint, and what is wrong with it. */
export function TextField({ label, hint, problems, value, onChange, disabled, mono }: Common & { mono?: boolean }) {
  const id = useId();
  return (
    <label className="block min-w-0">
      <span className="mb-1 block font-medium">{label}</span>
      <input
        className={mono ? "field mono w-full" : "field w-full"}
        value={value}
        disabled={disabled}
        autoComplete="off"
        spellCheck={!mono}
        aria-invalid={problems.length > 0 ? true : undefined}
        aria-describedby={`${id}-says`}
        onChange={(event) => onChange(event.target.value)}
      />
      <Says id={`${id}-says`} hint={hint} problems={problems} />
    </label>
  );
}

/** CEL or several lines of text. */
export function AreaField({ label, hint, problems, value, onChange, disabled, rows = 3 }: Common & { rows?: number }) {
  const id = useId();
  return (
    <label className="block min-w-0">
      <span className="mb-1 block font-medium">{label}</span>
      <textarea
        className="field mono h-auto w-full py-2"
        rows={rows}
        value={value}
        disabled={disabled}
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problems.length > 0 ? true : undefined}
        aria-describedby={`${id}-says`}
        onChange={(event) => onChange(event.target.value)}
      />
      <Says id={`${id}-says`} hint={hint} problems={problems} />
    </label>
  );
}

function Says({ id, hint, problems }: { id: string; hint: ReactNode; problems: readonly string[] }) {
  return (
    <span id={id} className="mt-1 block text-small">
      {problems.map((problem) => (
        <span key={problem} className="block text-fail-fg">
          {problem}
        </span>
      ))}
      {problems.length === 0 && hint ? <span className="block text-fg-3">{hint}</span> : null}
    </span>
  );
}
