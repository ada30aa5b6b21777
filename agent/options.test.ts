import { describe, expect, it } from "vitest";
import { OptionsError, parseOptions } from "./options";

const parse = (args: string[], env: Record<string, string> = {}) => parseOptions(["--print", ...args], env as never);

describe("what is read beyond the ordinary", () => {
  it("is nothing unless the operator says so", () => {
    expect(parse([])).toMatchObject({ optionalSections: [], scansPatterns: true });
  });

  it("is named by a flag or by the environment", () => {
    expect(parse(["--collect", "configmaps"]).optionalSections).toEqual(["configmaps"]);
    expect(parse([], { RINGFENCE_COLLECT: "configmaps, " }).optionalSections).toEqual(["configmaps"]);
  });

  it.each(["secrets", "pods", "configmap"])("can't be %s, and says what it can be", (name) => {
    expect(() => parse(["--collect", name])).toThrow(new OptionsError(`--collect ${name}: it can be configmaps`));
  });

  it("can be looked through or not", () => {
    expect(parse(["--no-pattern-scan"]).scansPatterns).toBe(false);
    expect(parse([], { RINGFENCE_PATTERN_SCAN: "off" }).scansPatterns).toBe(false);
    expect(parse([], { RINGFENCE_PATTERN_SCAN: "on" }).scansPatterns).toBe(true);
    expect(() => parse([], { RINGFENCE_PATTERN_SCAN: "maybe" })).toThrow("must be on or off");
  });
});
