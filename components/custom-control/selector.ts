/** Label selectors as `kubectl get -l` writes them: `env=prod,team in (pay, core),!legacy`. */
import type { CustomDefinition } from "@/lib/api/custom-controls";

export type Selector = NonNullable<CustomDefinition["objectSelector"]>;
type Requirement = NonNullable<Selector["matchExpressions"]>[number];

const KEY = "[A-Za-z0-9][-A-Za-z0-9_./]*";
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUAL = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/** Undefined for an empty text, which chooses everything; null for a text that is no selector. */
export function parseSelector(text: string): Selector | undefined | null {
  if (text.trim() === "") return undefined;
  const matchExpressions: Requirement[] = [];
  for (const part of splitOutsideBrackets(text)) {
    const requirement = parseRequirement(part.trim());
    if (requirement === null) return null;
    matchExpressions.push(requirement);
  }
  return { matchExpressions };
}

function parseRequirement(part: string): Requirement | null {
  const set = SET.exec(part);
  if (set !== null) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return { key: set[1] ?? "", operator: set[2] === "in" ? "In" : "NotIn", values };
  }
  const equal = EQUAL.exec(part);
  if (equal !== null) {
    return { key: equal[1] ?? "", operator: equal[2] === "!=" ? "NotIn" : "In", values: [equal[3] ?? ""] };
  }
  const exists = EXISTS.exec(part);
  return exists === null ? null : { key: exists[2] ?? "", operator: exists[1] === "!" ? "DoesNotExist" : "Exists" };
}

function splitOutsideBrackets(text: string): string[] {
  return text.split(/,(?![^()]*\))/);
}

/** The text that gives the same selector. */
export function selectorText(selector: Selector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    switch (operator) {
      case "Exists":
        return key;
      case "DoesNotExist":
        return `!${key}`;
      case "In":
        return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(", ")})`;
      case "NotIn":
        return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(", ")})`;
    }
  });
  return [...labels, ...expressions].join(", ");
}
