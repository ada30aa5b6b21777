import { describe, expect, it } from "vitest";
import { covers } from "./covers";
import { isUnlimited, nameMatches, resourceMatches, ruleAllows, urlPatternCovers, wildcardFields } from "./rules";

const rule = (fields: object) => ({ verbs: ["get"], apiGroups: [""], resources: ["secrets"], ...fields });
const request = { verb: "get", group: "", resource: "secrets", namespace: "cde" };

describe("one rule against one request", () => {
  it("allows on equality and on a wildcard of each field", () => {
    expect(ruleAllows(rule({}), request)).toBe(true);
    expect(ruleAllows(rule({ verbs: ["*"] }), request)).toBe(true);
    expect(ruleAllows(rule({ apiGroups: ["*"] }), request)).toBe(true);
    expect(ruleAllows(rule({ resources: ["*"] }), request)).toBe(true);
  });

  it("compares whole words and case", () => {
    expect(ruleAllows(rule({ resources: ["externalsecrets"] }), request)).toBe(false);
    expect(ruleAllows(rule({ resources: ["secret"] }), request)).toBe(false);
    expect(ruleAllows(rule({ verbs: ["GET"] }), request)).toBe(false);
    expect(ruleAllows(rule({ apiGroups: ["apps"] }), request)).toBe(false);
  });

  it("keeps a resource and its subresources apart", () => {
    expect(resourceMatches(rule({ resources: ["pods"] }), "pods", "exec")).toBe(false);
    expect(resourceMatches(rule({ resources: ["pods/exec"] }), "pods", "exec")).toBe(true);
    expect(resourceMatches(rule({ resources: ["*/exec"] }), "pods", "exec")).toBe(true);
    expect(resourceMatches(rule({ resources: ["*/exec"] }), "pods")).toBe(false);
    expect(resourceMatches(rule({ resources: ["*"] }), "pods", "exec")).toBe(true);
    expect(resourceMatches(rule({ resources: ["pods/*"] }), "pods", "exec")).toBe(false);
  });

  it("lets resourceNames match only a request that carries one of the names", () => {
    const named = rule({ verbs: ["*"], resourceNames: ["db"] });
    expect(ruleAllows(named, { ...request, name: "db" })).toBe(true);
    expect(ruleAllows(named, { ...request, name: "other" })).toBe(false);
    expect(ruleAllows(named, { ...request, verb: "list" })).toBe(false);
    expect(ruleAllows(named, { ...request, verb: "create" })).toBe(false);
    expect(nameMatches(rule({ resourceNames: [] }))).toBe(true);
  });

  it("takes only a trailing star of a URL for a wildcard", () => {
    expect(urlPatternCovers("/api/*", "/api/v1")).toBe(true);
    expect(urlPatternCovers("/api/*", "/api")).toBe(false);
    expect(urlPatternCovers("*/v1", "/api/v1")).toBe(false);
    expect(ruleAllows({ verbs: ["get"], nonResourceURLs: ["/metrics"] }, { verb: "get", url: "/metrics" })).toBe(true);
    expect(ruleAllows(rule({ resources: ["*"] }), { verb: "get", url: "/metrics" })).toBe(false);
    expect(ruleAllows({ verbs: ["*"], nonResourceURLs: ["*"] }, request)).toBe(false);
  });

  it("calls a rule unlimited only when verbs, groups and resources are all wildcards and no name narrows it", () => {
    const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
    expect(isUnlimited(all)).toBe(true);
    expect(isUnlimited({ ...all, apiGroups: [""] })).toBe(false);
    expect(isUnlimited({ ...all, resourceNames: ["x"] })).toBe(false);
    expect(wildcardFields({ verbs: ["*"], nonResourceURLs: ["*"] })).toEqual(["verbs", "nonResourceURLs"]);
    expect(wildcardFields({ verbs: ["get"], nonResourceURLs: ["/api/*"] })).toEqual([]);
  });
});

describe("covering rules by other rules", () => {
  it("names each single rule that isn't covered", () => {
    const owner = [rule({ verbs: ["get", "list"], resources: ["secrets", "pods"] })];
    expect(covers(owner, [rule({ verbs: ["get"] })])).toEqual({ covered: true, uncovered: [] });
    expect(covers(owner, [rule({ verbs: ["get", "delete"] })]).uncovered).toEqual([rule({ verbs: ["delete"] })]);
  });
  it("doesn't cover a rule for all names by a rule for some", () => {
    expect(covers([rule({ resourceNames: ["a"] })], [rule({})]).covered).toBe(false);
    expect(covers([rule({})], [rule({ resourceNames: ["a"] })]).covered).toBe(true);
  });
  it("covers subresources by star slash subresource, and URLs by a trailing star", () => {
    expect(covers([rule({ resources: ["*/scale"] })], [rule({ resources: ["x/scale"] })]).covered).toBe(true);
    const urls = (url: string) => ({ verbs: ["get"], nonResourceURLs: [url] });
    expect(covers([urls("/a/*")], [urls("/a")]).covered).toBe(false);
    expect(covers([urls("/a/*")], [urls("/a/b")]).covered).toBe(true);
  });
});
