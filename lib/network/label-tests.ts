/** Kubernetes label selectors as tests, and the checks that the API server makes of them. */
import type { LabelSelector } from "@/lib/inventory/kinds";
import { isEmptySelector, matchesSelector } from "@/lib/inventory/selectors";
import type { LabelTest } from "./model";

export const EVERY_LABEL_SET: LabelTest = {
  key: "",
  isEvery: true,
  test: () => true,
  mentions: new Map(),
  requires: null,
};

const cache = new WeakMap<LabelSelector, LabelTest>();

/** A present selector; an empty one passes everything. */
export function labelTest(selector: LabelSelector): LabelTest {
  if (isEmptySelector(selector)) return EVERY_LABEL_SET;
  let found = cache.get(selector);
  if (found === undefined) {
    found = newLabelTest(selector);
    cache.set(selector, found);
  }
  return found;
}

function newLabelTest(selector: LabelSelector): LabelTest {
  const mentions = new Map<string, string[]>();
  const mention = (key: string, values: readonly string[]): void => {
    mentions.set(key, [...(mentions.get(key) ?? []), ...values]);
  };
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) mention(key, [value]);
  for (const { key, values } of selector.matchExpressions ?? []) mention(key, values ?? []);
  return {
    key: selectorKey(selector),
    isEvery: false,
    test: (labels) => matchesSelector(selector, labels),
    mentions,
    requires: requirementOf(selector),
  };
}

function requirementOf(selector: LabelSelector): LabelTest["requires"] {
  for (const key in selector.matchLabels) return { key, values: [selector.matchLabels[key] ?? ""] };
  const one = selector.matchExpressions?.find(({ operator }) => operator === "In");
  return one === undefined ? null : { key: one.key, values: one.values ?? [] };
}

/** Equal for selectors that say the same in any order. */
function selectorKey(selector: LabelSelector): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key} In ${value}`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }) => `${key} ${operator} ${[...(values ?? [])].sort().join(",")}`,
  );
  return JSON.stringify([...labels, ...expressions].sort());
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** What the API server would refuse about a selector, or null. */
export function selectorProblem(selector: LabelSelector): string | null {
  for (const key in selector.matchLabels) {
    const problem = keyProblem(key) ?? valueProblem(selector.matchLabels[key] ?? "");
    if (problem !== null) return problem;
  }
  for (const { key, values } of selector.matchExpressions ?? []) {
    const problem = keyProblem(key);
    if (problem !== null) return problem;
    for (const value of values ?? []) {
      const wrong = valueProblem(value);
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

function keyProblem(key: string): string | null {
  const slash = key.indexOf("/");
  const isKey = slash < 0 ? NAME.test(key) : PREFIX.test(key.slice(0, slash)) && NAME.test(key.slice(slash + 1));
  return isKey ? null : `the label key ${JSON.stringify(key)} is not valid`;
}
function valueProblem(value: string): string | null {
  return value === "" || NAME.test(value) ? null : `the label value ${JSON.stringify(value)} is not valid`;
}
