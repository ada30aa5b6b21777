import { describe, expect, it } from "vitest";
import { SERVER_AGENT_VERSION, skewOf } from "./cluster-detail";

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
