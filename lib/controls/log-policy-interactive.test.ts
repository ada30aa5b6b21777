import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, node, staticPod } from "@/lib/fixtures/builders";
import type { AuditPolicyRule } from "@/lib/inventory/imported";
import { recommendedAuditPolicy } from "./audit-sources";
import { logPolicyInteractive } from "./log-policy-interactive";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "policy.yaml by jane", collectedAt: "2026-11-21T10:00:00Z" } as const;
const withRules = (...rules: AuditPolicyRule[]) => ({
  facts: { auditPolicies: [{ origin, instance: "cp-1", policy: { rules } }] },
});
const sub = (...resources: string[]) => ({ resources: [{ resources }] });
const ALL = [
  "pods/exec",
  "pods/attach",
  "pods/portforward",
  "pods/proxy",
  "pods/ephemeralcontainers",
  "services/proxy",
  "nodes/proxy",
];

describeControl(logPolicyInteractive, [
  {
    name: "a catch-all at Metadata",
    assessor: {
      prints: '"sub":"exec"',
      recorded: {
        "audit.log":
          '{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a1", "level": "Metadata", "verb": "get", "user": {"username": "ann"}, "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "cde", "name": "web-0"}, "requestReceivedTimestamp": "2026-11-20T10:00:00Z"}\n',
      },
    },
    objects: [cde],
    options: withRules({ level: "Metadata" }),
    status: "pass",
  },
  { name: "higher levels are fine", objects: [cde], options: withRules({ level: "RequestResponse" }), status: "pass" },
  {
    name: "the API servers could not be listed",
    objects: [cde],
    options: { ...withRules({ level: "Metadata" }), sections: { pods: { status: "forbidden" } } },
    status: "unknown",
    says: "could not be listed",
  },
  {
    name: "k3s: a server whose file was not imported",
    objects: [cde, node("s2", { "node-role.kubernetes.io/control-plane": "true" })],
    options: { provider: "k3s", ...withRules({ level: "Metadata" }) },
    status: "unknown",
    says: "s2",
  },
  {
    name: "the subresources by name",
    objects: [cde],
    options: withRules({ level: "Metadata", ...sub(...ALL) }),
    status: "pass",
  },
  {
    name: "pods/* and */proxy",
    objects: [cde],
    options: withRules({ level: "Metadata", ...sub("pods/*", "*/proxy") }),
    status: "pass",
  },
  {
    name: "create alone misses exec over WebSocket, which is a get",
    assessor: {
      prints: "",
      recorded: {
        "audit.log":
          '{"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a1", "level": "Metadata", "verb": "get", "user": {"username": "ann"}, "objectRef": {"resource": "secrets", "namespace": "cde", "name": "db"}, "requestReceivedTimestamp": "2026-11-20T10:00:00Z"}\n',
      },
    },
    objects: [cde],
    options: withRules({
      level: "Metadata",
      verbs: ["create"],
      ...sub("pods/exec", "pods/attach", "pods/portforward"),
    }),
    status: "fail",
    says: /pods\/exec get by an ordinary user/,
  },
  {
    name: "create alone is saved by a catch-all",
    objects: [cde],
    options: withRules({ level: "Request", verbs: ["create"], ...sub("pods/exec") }, { level: "Metadata" }),
    status: "pass",
  },
  {
    name: "pods does not match pods/exec",
    objects: [cde],
    options: withRules({ level: "Metadata", ...sub("pods", "services", "nodes") }),
    status: "fail",
    says: "pods/exec",
  },
  {
    name: "debug containers are missing",
    objects: [cde],
    options: withRules({ level: "Metadata", verbs: ["get", "create"] }),
    status: "fail",
    says: "pods/ephemeralcontainers update, patch",
  },
  {
    name: "nodes/proxy is cluster-scoped and not in a list of namespaces",
    objects: [cde],
    options: withRules({ level: "Metadata", namespaces: ["cde"] }),
    status: "fail",
    says: "nodes/proxy",
  },
  {
    name: "a group of people is left out",
    objects: [cde],
    options: withRules({ level: "None", userGroups: ["system:masters"] }, { level: "Metadata" }),
    status: "fail",
    says: "group system:masters",
  },
  {
    name: "no file was imported",
    objects: [cde, staticPod("kube-apiserver", ["kube-apiserver", "--audit-policy-file=/p", "--audit-log-path=/l"])],
    status: "unknown",
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
    const [result] = logPolicyInteractive.evaluate(contextOf([cde], withRules(...rules)));
    expect(result?.status).toBe("pass");
  });
});
