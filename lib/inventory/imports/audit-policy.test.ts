import { describe, expect, it } from "vitest";
import type { ImportOrigin } from "../import-origin";
import { auditPolicyImport } from "./audit-policy";

const origin: ImportOrigin = { by: "upload", name: "policy.yaml by jane", collectedAt: "2026-11-21T10:00:00Z" };
const read = (text: string) => auditPolicyImport.parse(text, origin).facts?.auditPolicies ?? [];
const head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";

describe("audit policy file", () => {
  it("reads its own example, once for each server", () => {
    const policies = read(auditPolicyImport.example);
    expect(policies.map(({ instance, unknownFields }) => [instance, unknownFields])).toEqual([
      ["control-plane-1", []],
      ["control-plane-2", []],
    ]);
    expect(policies[0]?.policy.rules).toHaveLength(3);
  });

  it("takes the file alone, for a server that it can't name", () => {
    expect(read(`${head}rules: [{level: Metadata}]`)).toEqual([
      { origin, instance: "policy.yaml by jane", policy: { rules: [{ level: "Metadata" }] }, unknownFields: [] },
    ]);
  });

  it("names fields that the API server drops, and drops them", () => {
    const [policy] = read(
      `${head}maxSize: 3\nrules:\n  - level: Request\n    resourceNames: [a]\n    resources: [{group: "", resources: [configmaps], verb: x}]\n`,
    );
    expect(policy?.unknownFields).toEqual(["maxSize", "rules[0].resourceNames", "rules[0].resources[0].verb"]);
    expect(policy?.policy.rules).toEqual([{ level: "Request", resources: [{ group: "", resources: ["configmaps"] }] }]);
  });

  it("takes null and empty lists as absent", () => {
    const [policy] = read(`${head}omitStages: null\nrules: [{level: None, users: null, verbs: [], namespaces: [""]}]`);
    expect(policy?.policy).toEqual({ rules: [{ level: "None", namespaces: [""] }] });
  });

  it.each([
    ["no rule", "rules: []", "without a rule"],
    ["another level", "rules: [{level: metadata}]", "rules[0].level must be one of None"],
    ["another stage", "omitStages: [Done]\nrules: [{level: None}]", "omitStages[0] must be one of RequestReceived"],
    ["text instead of a list", "rules: [{level: None, verbs: get}]", "rules[0].verbs must be a list"],
    [
      "resources and URLs",
      'rules: [{level: None, namespaces: [a], nonResourceURLs: ["/x"]}]',
      "can't be about resources and about URLs",
    ],
    ["a star in the middle", 'rules: [{level: None, nonResourceURLs: ["/a*b"]}]', "* only at its end"],
    ["a version in the group", "rules: [{level: None, resources: [{group: apps/v1}]}]", "without a version"],
    ["names without resources", "rules: [{level: None, resources: [{resourceNames: [a]}]}]", "needs resources"],
    ["doubled keys", "rules: [{level: None, level: Metadata}]", "twice"],
  ])("refuses what no API server starts with: %s", (_name, body, message) => {
    expect(() => read(head + body)).toThrow(message);
  });

  it("refuses another kind", () => {
    expect(() => read("apiVersion: audit.k8s.io/v1beta1\nkind: Policy\nrules: [{level: None}]")).toThrow(
      "must be audit.k8s.io/v1 Policy",
    );
    expect(() => read("servers: []\npolicy: {}")).toThrow("servers: ");
  });
});
