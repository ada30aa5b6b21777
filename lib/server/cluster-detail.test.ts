import { describe, expect, it } from "vitest";
import { latestScanOf, SERVER_AGENT_VERSION, skewOf } from "./cluster-detail";
import type { ClusterFacts } from "./onboarding";

describe("how an agent's version stands to the server's", () => {
  it.each([
    ["1.4.2", "1.4.2", "none"],
    ["v1.4.2", "1.4.2", "none"],
    ["1.4.2-rc.1", "1.4.2", "none"],
    ["1.4.1", "1.4.2", "older"],
    ["1.3.9", "1.4.2", "older"],
    // Numbers, not text.
    ["1.9.0", "1.10.0", "older"],
    ["1.4.10", "1.4.9", "newer"],
    ["1.5.0", "1.4.2", "newer"],
    ["0.9.9", "1.4.2", "unsupported"],
    ["2.0.0", "1.4.2", "unsupported"],
    ["nightly", "1.4.2", "unsupported"],
    ["", "1.4.2", "unsupported"],
    ["1.4", "1.4.2", "unsupported"],
    ["built-here", "built-here", "none"],
  ] as const)("%s beside %s: %s", (agent, server, expected) => {
    expect(skewOf(agent, server)).toBe(expected);
  });

  it("compares with the version that this server was released with", () => {
    expect(SERVER_AGENT_VERSION).toMatch(/^\d+\.\d+\.\d+/);
    expect(skewOf(SERVER_AGENT_VERSION, SERVER_AGENT_VERSION)).toBe("none");
  });
});

describe("the scan above the others", () => {
  const facts = (agentState: string) =>
    ({
      cluster: { agentState },
      scan: null,
      snapshot: { id: "s", state: "announced", collectedAt: new Date(0), announcedAt: new Date(0) },
    }) as unknown as ClusterFacts;
  it("is the snapshot that is coming in", () => {
    expect(latestScanOf(facts("enrolled"))).toMatchObject({ id: "s", seq: 1, state: "uploading" });
  });
  it("is never one that a revoked agent has begun: it will not come in", () => {
    expect(latestScanOf(facts("revoked"))).toBeNull();
  });
});
