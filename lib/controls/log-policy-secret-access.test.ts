import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, staticPod } from "@/lib/fixtures/builders";
import type { AuditPolicyRule, ImportedAuditPolicy } from "@/lib/inventory/imported";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { recommendedAuditPolicy } from "./audit-sources";
import { logPolicySecretAccess } from "./log-policy-secret-access";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = {
  by: "node-collector",
  name: "cp-1:/etc/kubernetes/audit/policy.yaml",
  collectedAt: "2026-11-21T10:00:00Z",
} as const;
const imported = (rules: AuditPolicyRule[], instance = "kube-apiserver-cp-1"): ImportedAuditPolicy => ({
  origin,
  instance,
  policy: { rules },
});
const withRules = (rules: AuditPolicyRule[], more: ClusterFacts = {}) => ({
  facts: { auditPolicies: [imported(rules)], ...more },
});
const secrets = { resources: [{ resources: ["secrets", "serviceaccounts/token"] }] };
const catchAll: AuditPolicyRule = { level: "Metadata" };
const apiserver = (flags: string[], name = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], name);
const ON = ["--audit-policy-file=/p", "--audit-log-path=/l"];
const events = (secretEventsWithBody: number) => ({
  origin,
  from: "2026-11-20T00:00:00Z",
  to: "2026-11-21T00:00:00Z",
  secretEventsWithBody,
  exampleAuditId: "a-1",
});

describeControl(logPolicySecretAccess, [
  {
    name: "one rule at Metadata for everything",
    assessor: {
      prints: "",
      recorded: {
        "audit.log":
          '{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a1", "level": "Metadata", "verb": "get", "user": {"username": "ann"}, "objectRef": {"resource": "secrets", "namespace": "cde", "name": "db"}, "requestReceivedTimestamp": "2026-11-20T10:00:00Z"}\n',
      },
    },
    objects: [cde],
    options: withRules([catchAll]),
    status: "pass",
  },
  {
    name: "credentials at Metadata before a detailed catch-all",
    objects: [cde],
    options: withRules([
      {
        level: "Metadata",
        resources: [
          { resources: ["secrets", "serviceaccounts/token", "configmaps"] },
          { group: "authentication.k8s.io", resources: ["tokenreviews"] },
        ],
      },
      { level: "RequestResponse" },
    ]),
    status: "pass",
  },
  {
    name: "RequestResponse on secrets, as some guides write, records their values",
    objects: [cde],
    options: withRules([{ level: "RequestResponse", ...secrets }, catchAll]),
    status: "fail",
    severity: "high",
    says: "bodies are recorded",
  },
  {
    name: "Request on secrets",
    assessor: {
      prints: '"auditID":"a1"',
      recorded: {
        "audit.log":
          '{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a1", "level": "Request", "verb": "get", "user": {"username": "ann"}, "objectRef": {"resource": "secrets", "namespace": "cde", "name": "db"}, "requestReceivedTimestamp": "2026-11-20T10:00:00Z", "requestObject": {"kind": "Secret"}}\n',
      },
    },
    objects: [cde],
    options: withRules([{ level: "Request", ...secrets }, catchAll]),
    status: "fail",
    severity: "high",
  },
  {
    name: "level None",
    objects: [cde],
    options: withRules([{ level: "None", ...secrets }, catchAll]),
    status: "fail",
    severity: "critical",
    says: "nothing is recorded",
  },
  {
    name: "no rule matches",
    objects: [cde],
    options: withRules([{ level: "Metadata", verbs: ["create"] }]),
    status: "fail",
    severity: "critical",
    says: "no rule matches",
  },
  { name: "an empty policy", objects: [cde], options: withRules([]), status: "fail", severity: "critical" },
  {
    name: "namespaces by name miss a list over all namespaces, which returns theirs too",
    objects: [cde],
    options: withRules([{ level: "Metadata", namespaces: ["cde"], ...secrets }]),
    status: "fail",
    severity: "critical",
    says: "list, watch by an ordinary user in all namespaces at once",
  },
  {
    name: "a list over all namespaces is recorded with its body",
    objects: [cde],
    options: withRules([{ level: "Metadata", namespaces: ["cde"], ...secrets }, { level: "RequestResponse" }]),
    status: "fail",
    severity: "high",
    says: "all namespaces at once",
  },
  {
    name: "namespaces by name miss the one that came later",
    objects: [cde, cdeNamespace("cde-new")],
    options: withRules([{ level: "Metadata", namespaces: ["cde"], ...secrets }]),
    status: "fail",
    says: "in cde-new",
  },
  {
    name: "verbs without deletecollection leave a gap",
    objects: [cde],
    options: withRules([{ level: "Metadata", verbs: ["get", "list", "watch", "create", "update", "patch", "delete"] }]),
    status: "fail",
    says: "deletecollection",
  },
  {
    name: "verbs with a wildcard match nothing",
    objects: [cde],
    options: withRules([{ level: "Metadata", verbs: ["*"] }]),
    status: "fail",
  },
  {
    name: "ConfigMaps with bodies",
    objects: [cde],
    options: withRules([{ level: "Request", resources: [{ resources: ["configmaps"] }] }, catchAll]),
    status: "fail",
    severity: "high",
    says: "configmaps",
  },
  {
    name: "token reviews with bodies",
    objects: [cde],
    options: withRules([{ level: "RequestResponse", resources: [{ group: "authentication.k8s.io" }] }, catchAll]),
    status: "fail",
    says: "tokenreviews",
  },
  {
    name: "token requests with bodies",
    objects: [cde],
    options: withRules([{ level: "RequestResponse", resources: [{ resources: ["serviceaccounts/token"] }] }, catchAll]),
    status: "fail",
    says: "serviceaccounts/token",
  },
  {
    name: "an exception for workloads",
    objects: [cde],
    options: withRules([{ level: "None", userGroups: ["system:serviceaccounts"] }, catchAll]),
    status: "fail",
    severity: "critical",
    says: "group system:serviceaccounts",
  },
  {
    name: "an exception for one person",
    objects: [cde],
    options: withRules([{ level: "None", users: ["jane"], ...secrets }, catchAll]),
    status: "fail",
    says: "user jane",
  },
  {
    name: "an exception for Kubernetes' own components is accepted",
    objects: [cde],
    options: withRules([
      { level: "None", users: ["system:kube-controller-manager"], verbs: ["get", "list", "watch"] },
      { level: "None", userGroups: ["system:nodes"], verbs: ["get"] },
      catchAll,
    ]),
    status: "pass",
  },
  {
    name: "an exception for one Secret by name",
    objects: [cde],
    options: withRules([{ level: "None", resources: [{ resources: ["secrets"], resourceNames: ["db"] }] }, catchAll]),
    status: "fail",
  },
  {
    name: "the end of the request is left out",
    objects: [cde],
    options: withRules([{ level: "Metadata", omitStages: ["ResponseComplete"] }]),
    status: "fail",
    says: "omitStages",
  },
  {
    name: "recorded events hold bodies, whatever the policy says",
    objects: [cde],
    options: withRules([catchAll], { auditEvents: events(3) }),
    status: "fail",
    severity: "high",
    says: "auditID a-1",
  },
  {
    name: "recorded events without bodies",
    objects: [cde],
    options: withRules([catchAll], { auditEvents: events(0) }),
    status: "pass",
  },
  {
    name: "the file of the second API server was not imported",
    objects: [cde, apiserver(ON), apiserver(ON, "cp-2")],
    options: withRules([catchAll]),
    status: "unknown",
    says: "kube-apiserver-cp-2",
  },
  {
    name: "no file was imported",
    objects: [cde, apiserver(ON)],
    status: "unknown",
    says: "file on the control-plane host",
  },
  {
    name: "no file was imported, and the flags show that nothing is recorded",
    objects: [cde, apiserver([])],
    status: "fail",
    severity: "critical",
  },
  {
    name: "a managed control plane",
    objects: [cde],
    options: { provider: "gke" },
    status: "unknown",
    says: "provider's audit policy",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);

describe("remediation", () => {
  it("hands out a policy that the control itself passes", () => {
    const { rules } = recommendedAuditPolicy() as unknown as { rules: AuditPolicyRule[] };
    const [result] = logPolicySecretAccess.evaluate(contextOf([cde], withRules(rules)));
    expect(result?.status).toBe("pass");
  });
});
