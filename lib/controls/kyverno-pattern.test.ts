import { describe, expect, it } from "vitest";
import { adaptTo, matchPattern, matchesWildcard, NotUnderstood } from "./kyverno-pattern";

const pod = (containers: unknown[], more: Record<string, unknown> = {}) => ({ spec: { containers, ...more } });

describe("matchPattern", () => {
  it("takes the text false for the value false, and the value for itself", () => {
    const asText = { spec: { containers: [{ "=(securityContext)": { "=(privileged)": "false" } }] } };
    const asValue = { spec: { containers: [{ "=(securityContext)": { "=(privileged)": false } }] } };
    for (const pattern of [asText, asValue]) {
      expect(matchPattern(pattern, pod([{ name: "a" }, { securityContext: { privileged: false } }]))).toBe("match");
      expect(matchPattern(pattern, pod([{ name: "a" }, { securityContext: { privileged: true } }]))).toBe("refuse");
    }
  });

  it("asks nothing of a list that the pattern does not name", () => {
    const pattern = { spec: { containers: [{ image: "good/*" }] } };
    expect(matchPattern(pattern, pod([{ image: "good/a" }], { initContainers: [{ image: "bad/a" }] }))).toBe("match");
  });

  it("refuses a missing plain key, and leaves a missing =(key) alone", () => {
    expect(matchPattern({ spec: { "=(volumes)": [{ "X(hostPath)": "null" }] } }, pod([]))).toBe("match");
    expect(matchPattern({ spec: { volumes: [{ "X(hostPath)": "null" }] } }, pod([]))).toBe("refuse");
    expect(
      matchPattern({ spec: { "=(volumes)": [{ "X(hostPath)": "null" }] } }, pod([], { volumes: [{ hostPath: {} }] })),
    ).toBe("refuse");
  });

  it("skips an element whose condition does not hold", () => {
    const pattern = { spec: { containers: [{ "(name)": "web-*", image: "good/*" }] } };
    expect(matchPattern(pattern, pod([{ name: "db", image: "bad/a" }]))).toBe("match");
    expect(matchPattern(pattern, pod([{ name: "web-1", image: "bad/a" }]))).toBe("refuse");
  });

  it("wants one element for ^(key)", () => {
    const pattern = { spec: { "^(containers)": [{ name: "sidecar" }] } };
    expect(matchPattern(pattern, pod([{ name: "a" }, { name: "sidecar" }]))).toBe("match");
    expect(matchPattern(pattern, pod([{ name: "a" }]))).toBe("refuse");
  });

  it.each([
    ["a | b", "b", true],
    ["a|b", "c", false],
    ["!latest", "v1", true],
    ["!latest", undefined, true],
    ["!*:latest & *:*", "app:1", true],
    ["!*:latest & *:*", "app:latest", false],
    ["?*", "", false],
    [">0", 1, true],
    [">=2", 1, false],
    ["<0", -1, true],
    [null, undefined, true],
    [5, 5, true],
    [true, undefined, false],
  ])("pattern %s against %s is %s", (pattern, value, expected) => {
    expect(matchPattern(pattern, value)).toBe(expected ? "match" : "refuse");
  });

  it.each([
    ["a variable", { spec: { x: "{{ request.name }}" } }],
    ["a wildcard in a key", { metadata: { "a*": "x" }, spec: { "a*": "x" } }],
    ["a quantity", { spec: { x: "<2Gi" } }],
  ])("does not understand %s", (_name, pattern) => {
    expect(() => matchPattern(pattern, { metadata: {}, spec: { x: "1Gi" } })).toThrow(NotUnderstood);
  });
});

describe("adaptTo", () => {
  it("makes a resource that fulfils what the pattern names", () => {
    const pattern = {
      metadata: { labels: { team: "?*" } },
      spec: { containers: [{ image: "reg.internal/* | other/*" }], nodeSelector: { pool: "cde" } },
    };
    const adapted = adaptTo(pattern, {
      metadata: { labels: { app: "x" } },
      spec: { containers: [{ name: "a", image: "foreign/a" }] },
    });
    expect(matchPattern(pattern, adapted)).toBe("match");
    expect(adapted).toMatchObject({ metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "a" }] } });
  });
});

describe("matchesWildcard", () => {
  it("takes everything but * and ? for itself", () => {
    expect(matchesWildcard("a.b/*", "a.b/c/d")).toBe(true);
    expect(matchesWildcard("a.b/*", "axb/c")).toBe(false);
    expect(matchesWildcard("cde-?", "cde-1")).toBe(true);
  });
});
