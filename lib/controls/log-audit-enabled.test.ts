import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, node, object, staticPod } from "@/lib/fixtures/builders";
import type { AuditRecord } from "@/lib/inventory/imported";
import type { Provider } from "@/lib/inventory/snapshot";
import { logAuditEnabled } from "./log-audit-enabled";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const POLICY = "--audit-policy-file=/etc/kubernetes/audit/policy.yaml";
const LOG = "--audit-log-path=/var/log/kubernetes/audit/audit.log";
const apiserver = (flags: string[], name = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], name);
const controlPlane = (name: string) => node(name, { "node-role.kubernetes.io/control-plane": "" });
const origin = { by: "cloud-api", name: "DescribeCluster", collectedAt: "2026-11-21T10:00:00Z" } as const;
type Record = AuditRecord extends infer R ? (R extends { origin: unknown } ? Omit<R, "origin"> : never) : never;
const managed = (provider: Provider, record?: Record) => ({
  provider,
  facts: {
    gitVersion: "v1.34.0",
    ...(record === undefined ? {} : { auditRecord: { origin, ...record } as AuditRecord }),
  },
});
const apiServerObject = (profile?: string) =>
  object("config.openshift.io/v1", "APIServer", "cluster", undefined, {
    spec: profile === undefined ? {} : { audit: { profile } },
  });

describeControl(logAuditEnabled, [
  {
    name: "policy and log file",
    assessor: { prints: "--audit-log-path=/var/log/kubernetes/audit/audit.log" },
    objects: [cde, apiserver([POLICY, LOG])],
    status: "pass",
    object: "Cluster/cluster",
  },
  {
    name: "policy and webhook, values apart from their flags",
    objects: [cde, apiserver(["--audit-policy-file", "/p.yaml", "--audit-webhook-config-file", "/w.yaml"])],
    status: "pass",
  },
  {
    name: "a policy without backend records nothing",
    assessor: { prints: "--audit-policy-file", hides: "--audit-log-path" },
    objects: [cde, apiserver([POLICY])],
    status: "fail",
    says: "no event is kept",
  },
  {
    name: "a backend without policy records nothing",
    objects: [cde, apiserver([LOG])],
    status: "fail",
    says: "no event is made",
  },
  { name: "an empty value is no value", objects: [cde, apiserver([POLICY, "--audit-log-path="])], status: "fail" },
  {
    name: "standard output is a backend, and is said",
    objects: [cde, apiserver([POLICY, "--audit-log-path=-"])],
    status: "pass",
    says: "standard output",
  },
  {
    name: "one of three API servers lacks it",
    objects: [cde, apiserver([POLICY, LOG]), apiserver([POLICY, LOG], "cp-2"), apiserver([], "cp-3")],
    status: "fail",
    says: "kube-apiserver-cp-3",
  },
  {
    name: "a control-plane node that shows no API server",
    objects: [cde, controlPlane("cp-1"), controlPlane("cp-2"), apiserver([POLICY, LOG])],
    status: "unknown",
    says: "cp-2",
  },
  { name: "nothing visible (k3s, hosted control planes)", objects: [cde], status: "unknown", says: "not visible" },
  { name: "EKS without a record", objects: [cde], options: managed("eks"), status: "unknown", says: "imported" },
  {
    name: "EKS with audit",
    objects: [cde],
    options: managed("eks", { provider: "eks", logTypes: ["api", "audit", "authenticator"] }),
    status: "pass",
  },
  {
    name: "EKS with its default, off",
    objects: [cde],
    options: managed("eks", { provider: "eks", logTypes: [] }),
    status: "fail",
    says: "off by default",
  },
  {
    name: "EKS with the authenticator alone",
    objects: [cde],
    options: managed("eks", { provider: "eks", logTypes: ["authenticator"] }),
    status: "fail",
  },
  {
    name: "GKE with reads",
    objects: [cde],
    options: managed("gke", { provider: "gke", dataAccess: ["DATA_READ", "DATA_WRITE"] }),
    status: "pass",
  },
  {
    name: "GKE with Admin Activity alone",
    objects: [cde],
    options: managed("gke", { provider: "gke", dataAccess: [] }),
    status: "fail",
    says: "no read is logged",
  },
  {
    name: "AKS with kube-audit",
    objects: [cde],
    options: managed("aks", { provider: "aks", categories: ["kube-audit"] }),
    status: "pass",
  },
  {
    name: "AKS with kube-audit-admin alone leaves out reads",
    objects: [cde],
    options: managed("aks", { provider: "aks", categories: ["kube-audit-admin"] }),
    status: "fail",
    says: "get and list",
  },
  {
    name: "AKS with neither",
    objects: [cde],
    options: managed("aks", { provider: "aks", categories: ["guard"] }),
    status: "fail",
  },
  {
    name: "OpenShift's default profile",
    objects: [cde, apiServerObject()],
    options: managed("openshift"),
    status: "pass",
    says: "Default",
  },
  {
    name: "OpenShift with profile None",
    objects: [cde, apiServerObject("None")],
    options: managed("openshift"),
    status: "fail",
  },
  {
    name: "OpenShift whose APIServer object is forbidden",
    objects: [cde],
    options: { ...managed("openshift"), sections: { "openshift-apiservers": { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "OpenShift by record",
    objects: [cde],
    options: managed("openshift", { provider: "openshift", profile: "WriteRequestBodies" }),
    status: "pass",
  },
  {
    name: "another provider's record",
    objects: [cde],
    options: managed("other", { provider: "other", delivered: false }),
    status: "fail",
  },
  {
    name: "another provider delivers",
    objects: [cde],
    options: managed("other", { provider: "other", delivered: true }),
    status: "pass",
  },
  {
    name: "no CDE",
    objects: [namespace("dev", { "pci-scope": "out-of-scope" })],
    status: "not-applicable",
  },
  {
    name: "no scope declared",
    objects: [namespace("dev"), apiserver([])],
    status: "unknown",
    says: "no scope declared",
  },
]);

describe("remediation", () => {
  it("gives the API server the flags together with the mounts that they need", () => {
    const context = contextOf([cde, apiserver([])]);
    const result = logAuditEnabled.evaluate(context)[0];
    if (result === undefined) throw new Error("no result");
    const { manifest } = logAuditEnabled.remediate(context, result);
    expect(manifest).toContain("kind: Policy");
    expect(manifest).toContain("extraVolumes");
  });
});
