import { describe, expect, it } from "vitest";
import { flowsImport } from "./flows";

const origin = { by: "upload" as const, name: "file by ann", collectedAt: "2026-11-21T12:00:00Z" };

describe("the flow register", () => {
  it("reads its example", () => {
    const { registers } = flowsImport.parse(flowsImport.example, origin);
    expect(registers?.flows?.map(({ id, protocol, ports }) => [id, protocol, ports])).toEqual([
      ["shop-to-payment", "TCP", [8443]],
      ["payment-to-acquirer", "TCP", [443, "8000-8010"]],
    ]);
    expect(registers?.metadataProtections?.[0]?.how).toBe("hop-limit");
  });
  it.each([
    ["protocol: TCP", "protocol: ICMP", "flows[0].protocol"],
    ["ports: [8443]", "ports: []", "flows[0].ports"],
    ["cidr: 203.0.113.16/28", "cidr: acquirer", "flows[1].to"],
    ["reason: Authorisation at the acquirer", "reason: ''", "flows[1].reason"],
    ["approvedAt: 2026-09-01", "approvedAt: september", "flows[0].approvedAt"],
    ["how: hop-limit", "how: firewall", "metadataProtections[0].how"],
  ])("%s → %s: names the place", (from, to, place) => {
    expect(flowsImport.example).toContain(from);
    expect(() => flowsImport.parse(flowsImport.example.replace(from, to), origin)).toThrow(place);
  });
});
