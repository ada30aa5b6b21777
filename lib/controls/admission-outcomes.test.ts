import { describe, expect, it } from "vitest";
import { compliantPod, podSecurityProbes, PROBES, refusedProbes } from "./admission-outcomes";

describe("probes", () => {
  it("gives no credit to a policy that refuses everything", () => {
    expect(refusedProbes(() => true, compliantPod("cde"))).toEqual([]);
  });
  it("spoils one thing at a time and leaves the compliant pod alone", () => {
    const pod = compliantPod("cde");
    const before = JSON.stringify(pod);
    const spoilt = PROBES.map((probe) => JSON.stringify(probe.spoil(pod)));
    expect(new Set(spoilt).size).toBe(PROBES.length);
    expect(spoilt).not.toContain(before);
    expect(JSON.stringify(pod)).toBe(before);
  });
});

describe("podSecurityProbes", () => {
  it("credits each level with what it refuses", () => {
    const outcomes = (level: "privileged" | "baseline" | "restricted") => [
      ...new Set(podSecurityProbes({ level, version: "latest" }, 34).map((id) => id.split("/")[0])),
    ];
    expect(outcomes("privileged")).toEqual([]);
    expect(outcomes("baseline")).toEqual(["no-privileged", "no-hostpath"]);
    expect(outcomes("restricted")).toEqual(["no-privileged", "no-hostpath", "non-root"]);
  });
});
