import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, staticPod } from "@/lib/fixtures/builders";
import type { AuditPolicy, AuditPolicyRule } from "@/lib/inventory/imported";
import type { AuditLogSummary } from "@/lib/inventory/imported-audit-log";
import { recommendedAuditPolicy } from "./audit-sources";
import { logPolicyAuthFailures } from "./log-policy-auth-failures";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "policy.yaml by jane", collectedAt: "2026-11-21T10:00:00Z" } as const;
const policy = (one: AuditPolicy) => ({ facts: { auditPolicies: [{ origin, instance: "cp-1", policy: one }] } });
const withRules = (...rules: AuditPolicyRule[]) => policy({ rules });
const catchAll: AuditPolicyRule = { level: "Metadata" };
const log = (unauthorized: number, forbidden: number): AuditLogSummary => ({
  origin,
  from: "2026-11-19T00:00:00.000Z",
  to: "2026-11-20T00:00:00.000Z",
  requests: 1000,
  daysWithoutEvents: [],
  unreadableLines: 0,
  unauthorized: { count: unauthorized, ...(unauthorized > 0 ? { exampleAuditId: "a-401" } : {}) },
  forbidden: { count: forbidden, ...(forbidden > 0 ? { exampleAuditId: "a-403" } : {}) },
  missingFields: {},
  users: [],
  writes: [],
  leftOut: { users: 0, uses: 0, writes: 0 },
});
const withLog = (unauthorized: number, forbidden: number) => ({
  facts: { auditLogs: [log(unauthorized, forbidden)] },
});
const apiserver = (name = "cp-1") =>
  staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"], name);
const line = (code: number) =>
  `${JSON.stringify({
    auditID: "1",
    stage: "ResponseStarted",
    requestURI: "/api",
    verb: "get",
    user: {},
    sourceIPs: ["198.51.100.7", "192.0.2.9"],
    responseStatus: { code },
    requestReceivedTimestamp: "2026-11-20T09:14:02Z",
  })}\n`;

describeControl(logPolicyAuthFailures, [
  {
    name: "a catch-all at Metadata",
    objects: [cde],
    options: withRules(catchAll),
    status: "pass",
    assessor: { prints: '"code":401', recorded: { "audit.log": line(401) } },
  },
  {
    name: "a rule for system:anonymous does not catch a failed login, which has no user",
    objects: [cde],
    options: withRules({ level: "Metadata", users: ["system:anonymous"] }),
    status: "fail",
    severity: "high",
    says: "a failed login for secrets, pods, deployments, nodes",
    assessor: { prints: "", recorded: { "audit.log": line(200) } },
  },
  {
    name: "rules for authenticated users only",
    objects: [cde],
    options: withRules({ level: "Metadata", userGroups: ["system:authenticated"] }),
    status: "fail",
    says: "matches no rule",
  },
  {
    name: "verbs with a wildcard match nothing",
    objects: [cde],
    options: withRules({ level: "Metadata", verbs: ["*"] }),
    status: "fail",
  },
  {
    name: "empty lists restrict nothing",
    objects: [cde],
    options: withRules({ level: "Metadata", resources: [], namespaces: [], users: [], verbs: [] }),
    status: "pass",
  },
  {
    name: "a rule about all resources leaves out URLs",
    objects: [cde],
    options: withRules({ level: "Metadata", resources: [{ group: "*" }] }),
    status: "fail",
    says: "/api",
  },
  {
    name: "an early None for unauthenticated requests",
    objects: [cde],
    options: withRules({ level: "None", userGroups: ["system:unauthenticated"] }, catchAll),
    status: "fail",
    severity: "high",
    says: "an anonymous request",
  },
  {
    name: "an early None for every URL",
    objects: [cde],
    options: withRules({ level: "None", nonResourceURLs: ["/*"] }, catchAll),
    status: "fail",
    severity: "high",
    says: "rule 1 of level None",
  },
  {
    name: "an early None for health checks and the version",
    objects: [cde],
    options: withRules({ level: "None", nonResourceURLs: ["/healthz*", "/version"] }, catchAll),
    status: "fail",
    severity: "low",
    says: "/healthz",
  },
  {
    name: "an early None for the kubelets hides no failed login",
    objects: [cde],
    options: withRules({ level: "None", userGroups: ["system:nodes"] }, catchAll),
    status: "pass",
  },
  {
    name: "the policy leaves out the only stage of a failed login",
    objects: [cde],
    options: policy({ omitStages: ["RequestReceived", "ResponseStarted"], rules: [catchAll] }),
    status: "fail",
    says: "a failed login for secrets, pods, deployments, nodes and 6 more matches rule 1, but the stage",
  },
  {
    name: "a rule cannot bring back a stage that the policy leaves out",
    objects: [cde],
    options: policy({ omitStages: ["ResponseStarted"], rules: [{ level: "Metadata", omitStages: [] }] }),
    status: "fail",
  },
  {
    name: "RequestReceived left out, as everybody does",
    objects: [cde],
    options: policy({ omitStages: ["RequestReceived"], rules: [catchAll] }),
    status: "pass",
  },
  {
    name: "a managed control plane whose log holds both kinds of answer",
    objects: [cde],
    options: { provider: "eks", ...withLog(2, 5) },
    status: "pass",
    says: "auditID a-401 and a-403",
  },
  {
    name: "a log with denied requests only",
    objects: [cde],
    options: { provider: "eks", ...withLog(0, 5) },
    status: "unknown",
    says: "0 answers 401 and 5 answers 403",
  },
  {
    name: "a log with both does not save a policy that hides some",
    objects: [cde],
    options: {
      facts: {
        ...withLog(2, 5).facts,
        ...withRules({ level: "None", nonResourceURLs: ["/*"] }, catchAll).facts,
      },
    },
    status: "fail",
  },
  {
    name: "a log of one of two servers",
    objects: [cde, apiserver(), apiserver("cp-2")],
    options: withLog(2, 5),
    status: "unknown",
  },
  {
    name: "a log of the only server",
    objects: [cde, apiserver()],
    options: withLog(2, 5),
    status: "pass",
  },
  {
    name: "a log of last year",
    objects: [cde],
    options: { provider: "eks", asOf: "2027-11-21T12:00:00Z", ...withLog(2, 5) },
    status: "unknown",
  },
  { name: "no file was imported", objects: [cde, apiserver()], status: "unknown", says: "answer 401" },
  {
    name: "the second server's file was not imported",
    objects: [cde, apiserver(), apiserver("cp-2")],
    options: withRules(catchAll),
    status: "unknown",
    says: "cp-2",
  },
  {
    name: "the flags show that nothing is recorded",
    objects: [cde, staticPod("kube-apiserver", ["kube-apiserver"])],
    status: "fail",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);

describe("remediation", () => {
  it("hands out a policy that the control itself passes", () => {
    const { rules } = recommendedAuditPolicy() as unknown as { rules: AuditPolicyRule[] };
    const [result] = logPolicyAuthFailures.evaluate(contextOf([cde], withRules(...rules)));
    expect(result?.status).toBe("pass");
  });
});
