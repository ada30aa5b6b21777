import { describe, expect, it } from "vitest";
import { isAtLeast, parseLevel, parseVersion, resolvePolicy } from "./policy";

const label = (name: string) => `pod-security.kubernetes.io/${name}`;

describe("resolvePolicy", () => {
  it("is privileged without labels", () => {
    expect(resolvePolicy({}).policy.enforce).toEqual({ level: "privileged", version: "latest" });
    expect(resolvePolicy({ team: "payments" }).problems).toEqual([]);
  });

  it("takes the cluster's default where nothing is labelled", () => {
    const baseline = { level: "baseline", version: 30 } as const;
    const { policy } = resolvePolicy({}, { enforce: baseline, audit: baseline, warn: baseline });
    expect(policy.enforce).toEqual(baseline);
  });

  it("reads level and version of each mode", () => {
    const { policy, problems } = resolvePolicy({
      [label("enforce")]: "restricted",
      [label("enforce-version")]: "v1.29",
      [label("audit")]: "baseline",
      [label("audit-version")]: "latest",
    });
    expect(policy.enforce).toEqual({ level: "restricted", version: 29 });
    expect(policy.audit).toEqual({ level: "baseline", version: "latest" });
    expect(problems).toEqual([]);
  });

  it("enforces restricted for an invalid enforce level, and names the label", () => {
    const { policy, problems } = resolvePolicy({ [label("enforce")]: "Restricted" });
    expect(policy.enforce).toEqual({ level: "restricted", version: "latest" });
    expect(policy.warn.level).toBe("privileged");
    expect(problems.map((p) => p.label)).toEqual([label("enforce")]);
  });

  it("does nothing for an invalid audit or warn level", () => {
    const { policy, problems } = resolvePolicy({ [label("audit")]: "on", [label("warn")]: "yes" });
    expect(policy.audit.level).toBe("privileged");
    expect(policy.warn.level).toBe("privileged");
    expect(problems).toHaveLength(2);
  });

  it("uses latest for an invalid version", () => {
    const { policy, problems } = resolvePolicy({
      [label("enforce")]: "baseline",
      [label("enforce-version")]: "1.29",
    });
    expect(policy.enforce).toEqual({ level: "baseline", version: "latest" });
    expect(problems.map((p) => p.problem)).toEqual(['must be "latest" or "v1.x"']);
  });

  it("warns at the enforced level when no warn label says otherwise", () => {
    const enforced = { [label("enforce")]: "restricted", [label("enforce-version")]: "v1.30" };
    expect(resolvePolicy(enforced).policy.warn).toEqual({ level: "restricted", version: 30 });
    expect(resolvePolicy({ ...enforced, [label("warn")]: "baseline" }).policy.warn.level).toBe("baseline");
  });
});

describe("parsing", () => {
  it.each([
    ["latest", "latest"],
    ["v1.0", 0],
    ["v1.34", 34],
    ["v1.034", null],
    ["v2.0", null],
    ["1.34", null],
    ["v1.34.2", null],
    ["", null],
  ])("version %s", (text, version) => {
    expect(parseVersion(text)).toBe(version);
  });
  it("knows levels by their exact name", () => {
    expect(parseLevel("restricted")).toBe("restricted");
    expect(parseLevel("RESTRICTED")).toBeNull();
  });
  it("orders levels", () => {
    expect(isAtLeast("restricted", "baseline")).toBe(true);
    expect(isAtLeast("privileged", "baseline")).toBe(false);
  });
});
