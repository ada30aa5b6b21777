import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, object, staticPod } from "@/lib/fixtures/builders";
import type { AuditPolicyRule } from "@/lib/inventory/imported";
import { recommendedAuditPolicy } from "./audit-sources";
import { logPolicyAdminChanges } from "./log-policy-admin-changes";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "policy.yaml by jane", collectedAt: "2026-11-21T10:00:00Z" } as const;
const withRules = (...rules: AuditPolicyRule[]) => ({
  facts: { auditPolicies: [{ origin, instance: "cp-1", policy: { rules } }] },
});
const catchAll: AuditPolicyRule = { level: "Metadata" };
const content: AuditPolicyRule = {
  level: "Request",
  resources: [
    { group: "rbac.authorization.k8s.io" },
    { group: "networking.k8s.io" },
    { group: "admissionregistration.k8s.io" },
  ],
};
const WRITES = ["create", "update", "patch", "delete"];
const openshift = (audit: Record<string, unknown>) => ({
  objects: [cde, object("config.openshift.io/v1", "APIServer", "cluster", undefined, { spec: { audit } })],
  options: { provider: "openshift" as const },
});
const clusterPolicy = object("kyverno.io/v1", "ClusterPolicy", "p", undefined, { spec: { rules: [{ name: "r" }] } });
const line = (level: string) =>
  `${JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level,
    auditID: "1",
    stage: "ResponseComplete",
    verb: "update",
    user: { username: "ann" },
    objectRef: { apiGroup: "rbac.authorization.k8s.io", resource: "roles", namespace: "cde", name: "reader" },
    requestReceivedTimestamp: "2026-11-20T09:14:02Z",
  })}\n`;

describeControl(logPolicyAdminChanges, [
  {
    name: "content of rights and policies at Request, a catch-all at Metadata",
    objects: [cde],
    options: withRules(content, catchAll),
    status: "pass",
    assessor: { prints: "Request\tann\tupdate\troles\treader", recorded: { "audit.log": line("Request") } },
  },
  {
    name: "everything at RequestResponse",
    objects: [cde],
    options: withRules({ level: "RequestResponse" }),
    status: "pass",
  },
  {
    name: "deletions at Metadata are enough",
    objects: [cde],
    options: withRules({ ...content, verbs: ["create", "update", "patch"] }, catchAll),
    status: "pass",
  },
  {
    name: "only Metadata for rights",
    objects: [cde],
    options: withRules(catchAll),
    status: "fail",
    severity: "low",
    says: "what was sent is not recorded",
    assessor: { prints: "Metadata\tann", recorded: { "audit.log": line("Metadata") } },
  },
  {
    name: "only Metadata for network policies",
    objects: [cde],
    options: withRules({ level: "Request", resources: [{ group: "rbac.authorization.k8s.io" }] }, catchAll),
    status: "fail",
    severity: "low",
    says: "networkpolicies",
  },
  {
    name: "a list of verbs without deletecollection, and no catch-all",
    objects: [cde],
    options: withRules({ level: "Request", verbs: WRITES }),
    status: "fail",
    severity: "high",
    says: "deletecollection",
  },
  {
    name: "bind and escalate are never the verb of a request",
    objects: [cde],
    options: withRules({ level: "Request", verbs: ["bind", "escalate"], resources: [{ group: "*" }] }),
    status: "fail",
    severity: "high",
    says: "roles create",
  },
  {
    name: "a rule for application workloads is none for the control plane",
    objects: [cde],
    options: withRules({
      level: "Request",
      resources: [{ group: "apps", resources: ["deployments", "daemonsets", "statefulsets"] }],
    }),
    status: "fail",
    severity: "high",
    says: "clusterroles",
  },
  {
    name: "kube-system is left out",
    objects: [cde],
    options: withRules({ level: "None", namespaces: ["kube-system"] }, content, catchAll),
    status: "fail",
    says: "in kube-system",
  },
  {
    name: "an exception for one account",
    objects: [cde],
    options: withRules({ level: "None", users: ["system:serviceaccount:ci:deployer"] }, content, catchAll),
    status: "fail",
    says: "user system:serviceaccount:ci:deployer",
  },
  {
    name: "an exception for the node's kubelet is accepted",
    objects: [cde],
    options: withRules({ level: "None", userGroups: ["system:nodes"] }, content, catchAll),
    status: "pass",
  },
  {
    name: "the policies of an engine that the cluster runs",
    objects: [cde, clusterPolicy],
    options: withRules({ level: "None", resources: [{ group: "kyverno.io" }] }, content, catchAll),
    status: "fail",
    says: "clusterpolicies",
  },
  {
    name: "the policies of an engine that the cluster does not run",
    objects: [cde],
    options: withRules({ level: "None", resources: [{ group: "kyverno.io" }] }, content, catchAll),
    status: "pass",
  },
  {
    name: "an older file of the same server is not judged",
    objects: [cde],
    options: {
      facts: {
        auditPolicies: [
          {
            origin: { ...origin, collectedAt: "2026-01-01T00:00:00Z" },
            instance: "cp-1",
            policy: { rules: [{ level: "None" }] },
          },
          { origin, instance: "cp-1", policy: { rules: [content, catchAll] } },
        ],
      },
    },
    status: "pass",
  },
  { name: "OpenShift's profile for writes", ...openshift({ profile: "WriteRequestBodies" }), status: "pass" },
  { name: "OpenShift's default profile", ...openshift({}), status: "fail", severity: "low", says: "metadata only" },
  { name: "OpenShift's profile None", ...openshift({ profile: "None" }), status: "fail", says: "records nothing" },
  {
    name: "OpenShift's profile None for one group",
    ...openshift({
      profile: "WriteRequestBodies",
      customRules: [{ group: "system:authenticated:oauth", profile: "None" }],
    }),
    status: "fail",
    says: "None for group system:authenticated:oauth",
  },
  {
    name: "no file was imported",
    objects: [cde, staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"])],
    status: "unknown",
  },
  {
    name: "the second server's file was not imported",
    objects: [
      cde,
      staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"], "cp-1"),
      staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"], "cp-2"),
    ],
    options: withRules(content, catchAll),
    status: "unknown",
    says: "kube-apiserver-cp-2",
  },
  { name: "a managed control plane", objects: [cde], options: { provider: "eks" }, status: "unknown" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);

describe("remediation", () => {
  it("hands out a policy that the control itself passes", () => {
    const { rules } = recommendedAuditPolicy() as unknown as { rules: AuditPolicyRule[] };
    const [result] = logPolicyAdminChanges.evaluate(contextOf([cde], withRules(...rules)));
    expect(result?.status).toBe("pass");
  });
});
