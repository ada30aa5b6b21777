import { describe, expect, it } from "vitest";
import { cdeNamespace, contextOf, namespace, staticPod } from "@/lib/fixtures/builders";
import type { PodSecurityAdmissionConfig } from "@/lib/inventory/imported";
import { admPssRestricted } from "./adm-pss-restricted";
import { describeControl } from "./testing";

const enforce = (level: string, version?: string) => ({
  "pod-security.kubernetes.io/enforce": level,
  ...(version === undefined ? {} : { "pod-security.kubernetes.io/enforce-version": version }),
});
const cde = (labels: Record<string, string> = {}) => [cdeNamespace("cde", labels)];
const connected = (labels: Record<string, string> = {}) => [
  cdeNamespace("cde", enforce("restricted")),
  namespace("ops", { "pci-scope": "connected-to", ...labels }),
];
const at = (gitVersion?: string, podSecurityAdmission?: PodSecurityAdmissionConfig) => ({
  facts: {
    ...(gitVersion === undefined ? {} : { gitVersion }),
    ...(podSecurityAdmission === undefined ? {} : { podSecurityAdmission }),
  },
});
const config = (
  defaults: PodSecurityAdmissionConfig["defaults"],
  exemptions: Partial<PodSecurityAdmissionConfig["exemptions"]> = {},
): PodSecurityAdmissionConfig => ({
  origin: { by: "node-collector", name: "cp-1:/etc/kubernetes/admission.yaml", collectedAt: "2026-11-21T00:00:00Z" },
  defaults,
  exemptions: { usernames: [], runtimeClasses: [], namespaces: [], ...exemptions },
});

describeControl(admPssRestricted, [
  {
    name: "restricted at latest",
    assessor: { prints: "cde\trestricted\tlatest" },
    objects: cde(enforce("restricted", "latest")),
    status: "pass",
    object: "Namespace/cde",
  },
  {
    name: "restricted without version",
    objects: cde(enforce("restricted")),
    status: "pass",
    says: "Exemptions in the admission configuration cannot be seen",
  },
  {
    name: "pinned two minors behind",
    objects: cde(enforce("restricted", "v1.32")),
    options: at("v1.34.2"),
    status: "pass",
  },
  {
    name: "pinned three minors behind",
    objects: cde(enforce("restricted", "v1.31")),
    options: at("v1.34.2"),
    status: "fail",
    says: "pinned to v1.31",
  },
  {
    name: "pinned ahead of the server is the server's version",
    objects: cde(enforce("restricted", "v1.40")),
    options: at("v1.34.2"),
    status: "pass",
  },
  {
    name: "pinned, server version not known",
    objects: cde(enforce("restricted", "v1.32")),
    options: at(),
    status: "unknown",
  },
  { name: "no label", assessor: { prints: "cde\tno label" }, objects: cde(), status: "fail", says: "no enforce label" },
  {
    name: "audit and warn alone enforce nothing",
    objects: cde({ "pod-security.kubernetes.io/warn": "restricted", "pod-security.kubernetes.io/audit": "restricted" }),
    status: "fail",
  },
  {
    name: "baseline in the CDE",
    objects: cde(enforce("baseline")),
    status: "fail",
    says: "enforces baseline, not restricted",
  },
  { name: "privileged in the CDE", objects: cde(enforce("privileged")), status: "fail" },
  {
    name: "a value that is none",
    objects: cde(enforce("Restricted")),
    status: "fail",
    says: "enforces restricted for such a value",
  },
  {
    name: "a version that is none",
    objects: cde(enforce("restricted", "1.34")),
    status: "fail",
    says: "enforce-version=1.34 is not valid",
  },
  {
    name: "baseline is enough in a connected-to namespace",
    objects: connected(enforce("baseline")),
    status: "pass",
    object: "Namespace/ops",
  },
  {
    name: "a connected-to namespace without label",
    objects: connected(),
    status: "fail",
    object: "Namespace/ops",
    says: "baseline is needed",
  },
  {
    name: "an unlabelled namespace counts as CDE",
    objects: [...cde(enforce("restricted")), namespace("forgotten")],
    status: "fail",
    object: "Namespace/forgotten",
  },
  {
    name: "a cluster-wide default makes a missing label safe, once it is known",
    objects: cde(),
    options: at("v1.34.0", config({ enforce: "restricted", "enforce-version": "latest" })),
    status: "pass",
    says: "admission configuration's default",
  },
  {
    name: "a cluster-wide default of baseline is not enough",
    objects: cde(),
    options: at("v1.34.0", config({ enforce: "baseline" })),
    status: "fail",
  },
  {
    name: "an exempted namespace",
    objects: cde(enforce("restricted")),
    options: at("v1.34.0", config({}, { namespaces: ["cde"] })),
    status: "fail",
    says: "exempts the namespace",
  },
  {
    name: "exempted users are named",
    objects: cde(enforce("restricted")),
    options: at("v1.34.0", config({}, { usernames: ["system:serviceaccount:ci:deployer"] })),
    status: "pass",
    says: "exempts users system:serviceaccount:ci:deployer",
  },
  {
    name: "the plug-in is switched off by flag",
    objects: [
      ...cde(enforce("restricted")),
      namespace("kube-system", { "pci-scope": "out-of-scope" }),
      staticPod("kube-apiserver", ["kube-apiserver", "--disable-admission-plugins=NodeRestriction,PodSecurity"]),
    ],
    status: "fail",
    says: "switched off",
  },
  {
    name: "OpenShift without label",
    objects: cde(),
    options: { provider: "openshift" },
    status: "unknown",
    says: "security context constraints",
  },
  {
    name: "OpenShift with label",
    objects: cde(enforce("restricted")),
    options: { provider: "openshift" },
    status: "pass",
  },
  {
    name: "a namespace that only the scope file knows",
    objects: [{ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a", namespace: "cde" } }],
    options: { scope: { namespaces: { cde: "cde" } } },
    status: "unknown",
    says: "not among the objects",
  },
  { name: "no scope declared", objects: [namespace("shop")], status: "unknown" },
  { name: "no CDE", objects: [namespace("shop", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);

describe("remediation", () => {
  it("labels the very namespace with the level that its scope needs", () => {
    const context = contextOf(connected());
    const result = admPssRestricted.evaluate(context).find((r) => r.status === "fail");
    if (result === undefined) throw new Error("no result");
    const { manifest, apply } = admPssRestricted.remediate(context, result);
    expect(manifest).toContain("pod-security.kubernetes.io/enforce: baseline");
    expect(apply).toBe("kubectl patch namespace 'ops' --patch-file patch.yaml");
  });
});
