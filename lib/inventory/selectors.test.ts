import { describe, expect, it } from "vitest";
import type { LabelSelector } from "./kinds";
import { isEmptySelector, matchesMapSelector, matchesSelector } from "./selectors";

const pod = { app: "web", tier: "front" };
const one = (key: string, operator: "In" | "NotIn" | "Exists" | "DoesNotExist", values?: string[]): LabelSelector => ({
  matchExpressions: [values === undefined ? { key, operator } : { key, operator, values }],
});

describe("matchesSelector", () => {
  it.each<[string, LabelSelector | undefined, boolean]>([
    ["absent selects nothing", undefined, false],
    ["empty selects everything", {}, true],
    ["empty lists select everything", { matchLabels: {}, matchExpressions: [] }, true],
    ["equal label", { matchLabels: { app: "web" } }, true],
    ["other value", { matchLabels: { app: "db" } }, false],
    ["missing key", { matchLabels: { zone: "a" } }, false],
    ["label named like an Object member", { matchLabels: { constructor: "x" } }, false],
    ["In with the value", one("app", "In", ["db", "web"]), true],
    ["In with an absent key", one("zone", "In", ["a"]), false],
    ["NotIn with the value", one("app", "NotIn", ["web"]), false],
    ["NotIn with an absent key", one("zone", "NotIn", ["a"]), true],
    ["Exists", one("app", "Exists"), true],
    ["Exists with an absent key", one("toString", "Exists"), false],
    ["DoesNotExist", one("app", "DoesNotExist"), false],
    ["DoesNotExist with an absent key", one("zone", "DoesNotExist"), true],
    ["labels and expressions are AND", { matchLabels: { app: "web" }, ...one("tier", "In", ["back"]) }, false],
  ])("%s", (_, selector, expected) => {
    expect(matchesSelector(selector, pod)).toBe(expected);
  });

  it("treats absent labels as no labels", () => {
    expect(matchesSelector({}, undefined)).toBe(true);
    expect(matchesSelector({ matchLabels: { app: "web" } }, undefined)).toBe(false);
  });
});

it("a map selector that is absent or empty selects nothing", () => {
  expect(matchesMapSelector(undefined, pod)).toBe(false);
  expect(matchesMapSelector({}, pod)).toBe(false);
  expect(matchesMapSelector({ app: "web" }, pod)).toBe(true);
});

it("knows an empty selector", () => {
  expect(isEmptySelector({ matchLabels: {} })).toBe(true);
  expect(isEmptySelector(one("a", "Exists"))).toBe(false);
});
