/** What a list can be filtered by, in the words of the records that draw it: a status has one word, wherever it is read. */
import type { FilterChoice } from "@/components/ui/filter-bar";
import { COVERAGES } from "./coverage";
import { SCOPES } from "./scope-mark";
import { SEVERITY_WORDS } from "./severity";
import { STATUSES, type Status } from "./statuses";

function options(record: Readonly<Record<string, { word: string }>>): FilterChoice["options"] {
  return Object.entries(record).map(([value, { word }]) => ({ value, label: word }));
}

export const SEVERITY_CHOICE: FilterChoice = {
  name: "severity",
  label: "Severity",
  any: "Any severity",
  options: options(SEVERITY_WORDS),
};

export const COVERAGE_CHOICE: FilterChoice = {
  name: "coverage",
  label: "How it is checked",
  any: "Checked in any way",
  options: options(COVERAGES),
};

/** The choice with how many rows each value would list: "Critical (12)". */
export function withCounts(choice: FilterChoice, counts: Readonly<Partial<Record<string, number>>>): FilterChoice {
  return {
    ...choice,
    options: choice.options.map(({ value, label }) => ({ value, label: `${label} (${counts[value] ?? 0})` })),
  };
}

/** By scope category; `name` is the parameter of the list. */
export function scopeChoice(name: "scope" | "category"): FilterChoice {
  const label = name === "scope" ? "Scope" : "Category";
  return { name, label, any: `Any ${name}`, options: options(SCOPES) };
}

/** By a control's result, worst first. */
export function resultChoice(...more: Status[]): FilterChoice {
  const values: Status[] = ["fail", "unknown", "pass", "not-applicable", ...more];
  return {
    name: "status",
    label: "Result",
    any: "Any result",
    options: values.map((value) => ({ value, label: STATUSES[value].word })),
  };
}
