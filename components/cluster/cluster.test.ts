import { describe, expect, it } from "vitest";
import { agentState } from "@/lib/api/clusters";
import { provider } from "@/lib/api/common";
import { maskToken } from "./mask-token";
import { AGENT_STATES, enrolWords, PROVIDER_WORDS, platformWords } from "./words";

describe("maskToken", () => {
  const token = "rfe_Zb3xQ9tKf0aLmNpQrStUvWxYz0123456789";
  it("leaves nothing of the token but its two ends, as text and as base64", () => {
    const masked = maskToken(`token: ${token}\ndata: ${btoa(token)}\nagain ${token}`, token);
    expect(masked).not.toContain(token);
    expect(masked).not.toContain(btoa(token));
    expect(masked).not.toContain(token.slice(8, -4));
    expect(masked).toContain("rfe_Zb3x••••••••••6789");
  });
  it("changes nothing else of the command", () => {
    expect(maskToken("kubectl apply -f -", token)).toBe("kubectl apply -f -");
  });
});

describe("words for clusters", () => {
  it("has a word for every provider and every state of an agent", () => {
    expect(Object.keys(PROVIDER_WORDS).toSorted()).toEqual([...provider.options].toSorted());
    expect(Object.keys(AGENT_STATES).toSorted()).toEqual([...agentState.options].toSorted());
  });
  it("says of an agent that works until it is replaced only what one does that works", () => {
    const works = agentState.options.filter((state) => enrolWords(state, false).includes("of today works"));
    expect(works).toEqual(["enrolled", "silent"]);
    for (const state of agentState.options) {
      expect(enrolWords(state, true)).toContain("token that is open now stops");
      expect(enrolWords(state, false)).not.toContain("token");
    }
  });
  it("shortens versions to what a person compares", () => {
    expect(platformWords("eks", "v1.31.2-eks-7f9249a")).toBe("EKS 1.31");
    expect(platformWords("self-managed", null)).toBe("Self-managed");
    expect(platformWords("other", "custom")).toBe("Other custom");
  });
});
