import { describe, expect, it } from "vitest";
import type { CustomDefinition } from "@/lib/api/custom-controls";
import { definitionOf, draftOf, emptyDraft } from "./draft";
import { parseSelector, selectorText } from "./selector";

describe("selectors as text", () => {
  it.each([
    ["env=prod", [{ key: "env", operator: "In", values: ["prod"] }]],
    ["env==prod", [{ key: "env", operator: "In", values: ["prod"] }]],
    ["env!=prod", [{ key: "env", operator: "NotIn", values: ["prod"] }]],
    [
      "team in (pay, core), !old",
      [
        { key: "team", operator: "In", values: ["pay", "core"] },
        { key: "old", operator: "DoesNotExist" },
      ],
    ],
    ["app.kubernetes.io/name", [{ key: "app.kubernetes.io/name", operator: "Exists" }]],
    ["team notin (a,b)", [{ key: "team", operator: "NotIn", values: ["a", "b"] }]],
  ])("%s", (text, matchExpressions) => {
    expect(parseSelector(text)).toEqual({ matchExpressions });
    expect(parseSelector(selectorText({ matchExpressions } as never))).toEqual({ matchExpressions });
  });
  it("choose everything when empty and nothing when they are none", () => {
    expect(parseSelector("  ")).toBeUndefined();
    for (const wrong of ["env prod", "=x", "a in b", "a,,b", "a=b=c"]) expect(parseSelector(wrong), wrong).toBeNull();
    expect(selectorText({ matchLabels: { a: "b" } })).toBe("a=b");
  });
});

describe("drafts", () => {
  const definition: CustomDefinition = {
    id: "custom-x",
    title: "X",
    severity: "low",
    why: "",
    kinds: ["pods"],
    scope: ["cde"],
    objectSelector: { matchExpressions: [{ key: "a", operator: "Exists" }] },
    matchConditions: [{ name: "c", expression: "true" }],
    variables: [],
    validations: [{ expression: "true" }, { expression: "false", message: "m", messageExpression: "'m'" }],
    requirements: [{ requirement: "1.2.1", kind: "primary", rationale: "r" }],
  };
  it("give back the definition that they were made of", () => {
    expect(definitionOf(draftOf(definition))).toEqual({ definition, problems: [] });
  });
  it("say which selector is none", () => {
    const { problems } = definitionOf({ ...emptyDraft(), objectSelector: "a b" });
    expect(problems.map(({ where }) => where)).toEqual(["objectSelector"]);
  });
});
