import { describe, expect, it } from "vitest";
import { inventoryOf, node } from "@/lib/fixtures/builders";
import { factsOfNodeReports, type NodeReportSpec, nodeReport, validNodeReports } from "./node-reports";

const AT = "2026-11-21T12:00:00Z";
const report = (change: Partial<NodeReportSpec> = {}): NodeReportSpec => ({
  nodeName: "cp-1",
  collectedAt: "2026-11-21T11:00:00Z",
  collectorVersion: "0.1.0",
  files: [],
  ...change,
});
const namesOf = (reports: object[], nodes: ReadonlySet<string> | null = null) =>
  validNodeReports(reports as never, AT, nodes).map(({ nodeName }) => nodeName);

describe("a report", () => {
  it("counts under its own node's name, for seven days, and not before it was made", () => {
    expect(namesOf([nodeReport(report())])).toEqual(["cp-1"]);
    expect(namesOf([{ ...nodeReport(report()), metadata: { name: "other" } }])).toEqual([]);
    expect(namesOf([nodeReport(report({ collectedAt: "2026-11-14T11:59:59Z" }))])).toEqual([]);
    expect(namesOf([nodeReport(report({ collectedAt: "2026-11-21T12:30:00Z" }))])).toEqual([]);
    expect(namesOf([nodeReport(report({ collectedAt: "2026-11-21T12:05:00Z" }))])).toEqual(["cp-1"]);
    expect(namesOf([nodeReport(report({ collectedAt: "soon" }))])).toEqual([]);
  });

  it("counts only for a node that exists, as far as nodes were listed", () => {
    expect(namesOf([nodeReport(report())], new Set(["cp-2"]))).toEqual([]);
    expect(namesOf([nodeReport(report())], new Set(["cp-1"]))).toEqual(["cp-1"]);
  });

  it("gives facts with its file and time as their origin", () => {
    const facts = factsOfNodeReports([
      report({
        authentication: { path: "/a.yaml", issuers: ["https://i"] },
        timeSync: { tool: "chrony", isSynchronized: true, offsetMicroseconds: 1500, sources: [] },
        files: [{ path: "/k.key", role: "key", state: "read", mode: "0600", uid: 0, gid: 0 }],
      }),
    ]);
    expect(facts.authenticationConfigs).toEqual([
      {
        origin: { by: "node-collector", name: "cp-1:/a.yaml", collectedAt: "2026-11-21T11:00:00Z" },
        instance: "cp-1",
        issuers: ["https://i"],
        anonymous: null,
      },
    ]);
    expect(facts.timeSync?.[0]?.offsetSeconds).toBe(0.0015);
    expect(facts.nodeFiles).toHaveLength(1);
    expect(facts.encryptionConfigs).toBeUndefined();
  });

  it("says nothing about Pod Security where two API servers differ", () => {
    const admission = (enforce: string) => ({
      path: "/a.yaml",
      plugins: ["PodSecurity"],
      podSecurity: { defaults: { enforce }, exemptions: { usernames: [], runtimeClasses: [], namespaces: [] } },
    });
    const of = (a: string, b: string) =>
      factsOfNodeReports([report({ admission: admission(a) }), report({ nodeName: "cp-2", admission: admission(b) })])
        .podSecurityAdmission?.defaults;
    expect(of("restricted", "restricted")).toEqual({ enforce: "restricted" });
    expect(of("restricted", "baseline")).toBeUndefined();
  });
});

it("is joined with what was imported", () => {
  const origin = { by: "upload" as const, name: "x", collectedAt: "2026-11-01T00:00:00Z" };
  const imported = { origin, instance: "cp-9", authorizers: [{ type: "RBAC" }] };
  const spec = report({ authorization: { path: "/z.yaml", authorizers: [{ type: "Node" }] } });
  const inventory = inventoryOf([node("cp-1"), nodeReport(spec)], { facts: { authorizationConfigs: [imported] } });
  expect(inventory.facts.authorizationConfigs?.map(({ instance }) => instance).sort()).toEqual(["cp-1", "cp-9"]);
});
