import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, staticPod } from "@/lib/fixtures/builders";
import type { AuditPolicy, AuditPolicyRule } from "@/lib/inventory/imported";
import { recommendedAuditPolicy } from "./audit-sources";
import { logPolicyLint } from "./log-policy-lint";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "policy.yaml by jane", collectedAt: "2026-11-21T10:00:00Z" } as const;
const policy = (one: AuditPolicy, unknownFields: string[] | null = []) => ({
  facts: {
    auditPolicies: [{ origin, instance: "cp-1", policy: one, ...(unknownFields === null ? {} : { unknownFields }) }],
  },
});
const withRules = (...rules: AuditPolicyRule[]) => policy({ rules });
const catchAll: AuditPolicyRule = { level: "Metadata" };
const apiserver = (name = "cp-1") =>
  staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"], name);
const configmaps: AuditPolicyRule = {
  level: "RequestResponse",
  namespaces: ["kube-system"],
  resources: [{ resources: ["configmaps"] }],
};
const world = [cde, namespace("kube-system", { "pci-scope": "connected-to" })];

describeControl(logPolicyLint, [
  {
    name: "a plain policy",
    objects: world,
    options: withRules({ level: "Metadata", resources: [{ resources: ["secrets"] }] }, { level: "Request" }),
    status: "pass",
    assessor: { prints: "no warning in the log that is left" },
  },
  {
    name: "resourceNames on the rule is dropped, and the rule matches every ConfigMap",
    objects: world,
    options: policy({ rules: [configmaps, catchAll] }, ["rules[0].resourceNames"]),
    status: "fail",
    says: "rule 1 matches objects of every name",
    assessor: { prints: "no warning" },
  },
  {
    name: "a rule for a ConfigMap that is called like the policy",
    objects: world,
    options: withRules(
      {
        level: "Request",
        resources: [{ resources: ["configmaps"], resourceNames: ["kube-apiserver-audit-policy"] }],
      },
      catchAll,
    ),
    status: "fail",
    says: "the audit policy is a file on the host",
  },
  {
    name: "a wildcard in verbs",
    objects: world,
    options: withRules({ level: "Request", verbs: ["*"] }, catchAll),
    status: "fail",
    says: 'rule 1: the verb "*" matches nothing',
  },
  {
    name: "verbs of authorization",
    objects: world,
    options: withRules({ level: "Request", verbs: ["create", "bind"] }, catchAll),
    status: "fail",
    says: "bind matches nothing",
  },
  {
    name: "a rule for exec that misses WebSocket",
    objects: world,
    options: withRules({ level: "Request", verbs: ["create"], resources: [{ resources: ["pods/exec"] }] }, catchAll),
    status: "fail",
    says: "rule 1: its verbs lack get",
  },
  {
    name: "a namespace that does not exist",
    objects: world,
    options: withRules({ level: "Request", namespaces: ["cde-storage"] }, catchAll),
    status: "fail",
    says: "there is no namespace cde-storage",
  },
  {
    name: "a shadowed rule",
    objects: world,
    options: withRules(catchAll, { level: "Request" }),
    status: "fail",
    says: "rule 2: it is never reached: rule 1",
  },
  {
    name: "a rule of level None for people",
    objects: world,
    options: withRules({ level: "None", userGroups: ["system:masters"] }, catchAll),
    status: "fail",
    says: "level None hides secrets by group system:masters",
  },
  {
    name: "a rule of level None for watches of Kubernetes' own components",
    objects: world,
    options: withRules({ level: "None", users: ["system:kube-proxy"], verbs: ["watch"] }, catchAll),
    status: "pass",
  },
  {
    name: "no catch-all",
    objects: world,
    options: withRules({ level: "Metadata", resources: [{ resources: ["secrets"] }] }),
    status: "fail",
    says: "there is no last rule for everything else",
  },
  {
    name: "a stage left out",
    objects: world,
    options: policy({ omitStages: ["ResponseStarted"], rules: [catchAll] }),
    status: "fail",
    says: "the only event of a failed login",
  },
  {
    name: "namespaces of files are not all that exist",
    objects: world,
    options: { source: "manifests", ...withRules({ level: "Request", namespaces: ["cde-storage"] }, catchAll) },
    status: "pass",
  },
  {
    name: "a source that does not say whether the file holds unknown fields",
    objects: world,
    options: policy({ rules: [catchAll] }, null),
    status: "unknown",
    says: "Upload the file itself",
  },
  {
    name: "the second server's file was not imported",
    objects: [...world, apiserver(), apiserver("cp-2")],
    options: withRules(catchAll),
    status: "unknown",
    says: "cp-2",
  },
  { name: "no file was imported", objects: [cde, apiserver()], status: "unknown" },
  { name: "a policy that the provider fixes", objects: [cde], options: { provider: "gke" }, status: "not-applicable" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);

describe("remediation", () => {
  it("hands out a policy that the control itself passes", () => {
    const { rules, omitStages } = recommendedAuditPolicy() as unknown as AuditPolicy;
    const [result] = logPolicyLint.evaluate(contextOf(world, policy({ rules, omitStages: omitStages ?? [] })));
    expect(result?.detail).toContain("no unknown field");
    expect(result?.status).toBe("pass");
  });
});
