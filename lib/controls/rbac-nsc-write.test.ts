import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  role,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { rbacNscWrite } from "./rbac-nsc-write";
import { describeControl } from "./testing";

const netops = groupSubject("netops");
const base = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" })];
const rule = (group: string, resource: string, ...verbs: string[]) => ({
  verbs,
  apiGroups: [group],
  resources: [resource],
});
const inCde = (...rules: Record<string, unknown>[]) => [
  ...base,
  role("r", "cde", [rule("", "pods", "get"), ...rules]),
  roleBinding("b", "cde", "r", [netops], "Role"),
];
const wide = (...rules: Record<string, unknown>[]) => [
  ...base,
  clusterRole("r", rules),
  clusterRoleBinding("b", "r", [netops]),
];
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "Group" as const, name: "netops" },
        controls: ["rbac-nsc-write"],
        isBreakGlass: false,
        reason: "network administrators",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});

describeControl(rbacNscWrite, [
  {
    name: "reading is allowed",
    status: "pass",
    objects: inCde(rule("networking.k8s.io", "networkpolicies", "get", "list", "watch")),
    assessor: { prints: "" },
  },
  {
    name: "approved network administrators",
    status: "pass",
    objects: inCde(rule("networking.k8s.io", "networkpolicies", "create")),
    options: approval(),
    object: "Group/netops",
  },
  {
    name: "the delivery pipeline, approved",
    status: "pass",
    objects: [
      ...base,
      clusterRole("r", [rule("", "services", "*")]),
      clusterRoleBinding("b", "r", [serviceAccountSubject("argocd", "shop")]),
    ],
    options: approval({ subject: { kind: "ServiceAccount", name: "argocd", namespace: "shop" }, namespaces: ["cde"] }),
  },
  {
    name: "the status of services is no exposure",
    status: "pass",
    objects: inCde(rule("", "services/status", "patch")),
  },
  {
    name: "cluster-wide policies through a RoleBinding have no effect",
    status: "pass",
    objects: inCde(rule("cilium.io", "ciliumclusterwidenetworkpolicies", "delete")),
  },
  {
    name: "deleting the default deny",
    status: "fail",
    objects: inCde(rule("networking.k8s.io", "networkpolicies", "delete")),
    object: "Group/netops",
    says: "delete networkpolicies.networking.k8s.io",
    assessor: { prints: "cde\tb\tRole/r\tGroup\t-\tnetops" },
  },
  { name: "publishing a service", status: "fail", objects: inCde(rule("", "services", "create")) },
  { name: "an ingress", status: "fail", objects: inCde(rule("networking.k8s.io", "ingresses", "update")) },
  {
    name: "a gateway's route",
    status: "fail",
    objects: inCde(rule("gateway.networking.k8s.io", "httproutes", "patch")),
  },
  { name: "a policy of Cilium", status: "fail", objects: inCde(rule("cilium.io", "ciliumnetworkpolicies", "create")) },
  {
    name: "a cluster-wide policy of Calico",
    status: "fail",
    objects: wide(rule("projectcalico.org", "globalnetworkpolicies", "deletecollection")),
    says: "globalnetworkpolicies",
  },
  {
    name: "an AdminNetworkPolicy by its name",
    status: "fail",
    objects: wide({ ...rule("policy.networking.k8s.io", "adminnetworkpolicies", "patch"), resourceNames: ["deny"] }),
    says: "named deny",
  },
  {
    name: "a rule with names gives no create",
    status: "pass",
    objects: inCde({ ...rule("", "services", "create"), resourceNames: ["web"] }),
  },
  {
    name: "edit, as Kubernetes installs it",
    status: "fail",
    objects: [...base, roleBinding("b", "cde", "edit", [userSubject("ann")])],
    options: { source: "manifests" },
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: inCde(rule("networking.k8s.io", "networkpolicies", "create")),
    options: approval({ expiresAt: "2026-10-01" }),
    says: "expired at 2026-10-01",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { clusterroles: { status: "forbidden" } } },
  },
  { name: "files without any binding", status: "unknown", objects: base, options: { source: "manifests" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
]);
