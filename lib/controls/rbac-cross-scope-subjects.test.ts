import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { rbacCrossScopeSubjects } from "./rbac-cross-scope-subjects";
import { describeControl } from "./testing";

const pods = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
const base = [
  cdeNamespace(),
  cdeNamespace("cde-2"),
  namespace("tools", { "pci-scope": "connected-to" }),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  clusterRole("reader", [pods]),
  clusterRole("nodes", [
    { verbs: ["get"], apiGroups: [""], resources: ["nodes", "nodes/metrics", "namespaces"] },
    { verbs: ["create"], apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"] },
    { verbs: ["get"], nonResourceURLs: ["/metrics"] },
  ]),
];
const argocd = serviceAccountSubject("argocd", "tools");
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "ServiceAccount" as const, name: "argocd", namespace: "tools" },
        controls: ["rbac-cross-scope-subjects"],
        isBreakGlass: false,
        reason: "delivery",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});
const from = (...subjects: Record<string, unknown>[]) => [...base, roleBinding("b", "cde", "reader", subjects)];

describeControl(rbacCrossScopeSubjects, [
  {
    name: "approved, from a connected-to namespace",
    status: "pass",
    objects: from(argocd),
    options: approval({ namespaces: ["cde"] }),
    object: "ServiceAccount/tools/argocd",
    says: "approved by maria",
    assessor: { prints: "cde\tb\tClusterRole/reader\ttools\targocd" },
  },
  {
    name: "an approved operator of the whole cluster",
    status: "pass",
    objects: [...base, clusterRoleBinding("b", "reader", [argocd])],
    options: approval(),
  },
  {
    name: "from connected-to, not approved",
    status: "fail",
    objects: from(argocd),
    object: "ServiceAccount/tools/argocd",
    says: "not on the list",
    assessor: { prints: "cde\tb\tClusterRole/reader\ttools\targocd" },
  },
  {
    name: "an operator's ClusterRoleBinding",
    status: "fail",
    objects: [...base, clusterRoleBinding("b", "reader", [argocd])],
    says: "cde, cde-2",
  },
  {
    name: "approved in one of two namespaces",
    status: "fail",
    objects: [...base, clusterRoleBinding("b", "reader", [argocd])],
    options: approval({ namespaces: ["cde"] }),
  },
  {
    name: "approved, but its home is out of scope",
    status: "fail",
    objects: from(serviceAccountSubject("ci", "shop")),
    options: approval({ subject: { kind: "ServiceAccount", name: "ci", namespace: "shop" } }),
    says: "out of scope",
  },
  {
    name: "a home that doesn't exist",
    status: "fail",
    objects: from(serviceAccountSubject("ci", "gone")),
    options: approval({ subject: { kind: "ServiceAccount", name: "ci", namespace: "gone" } }),
    says: "whoever creates it",
  },
  {
    name: "every account of a namespace",
    status: "fail",
    objects: from(groupSubject("system:serviceaccounts:shop")),
    object: "Group/system:serviceaccounts:shop",
  },
  {
    name: "every account",
    status: "fail",
    objects: from(groupSubject("system:serviceaccounts")),
    says: "every namespace",
  },
  {
    name: "an account under its user name",
    status: "fail",
    objects: from(userSubject("system:serviceaccount:shop:ci")),
    object: "ServiceAccount/shop/ci",
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: from(argocd),
    options: approval({ expiresAt: "2026-11-01" }),
    says: "expired at",
  },
  {
    name: "an account of another CDE namespace is not from outside",
    status: "not-applicable",
    objects: from(serviceAccountSubject("web", "cde-2"), serviceAccountSubject("web", "cde")),
  },
  {
    name: "only cluster-scoped resources and URLs",
    status: "not-applicable",
    objects: [...base, clusterRoleBinding("b", "nodes", [argocd])],
  },
  {
    name: "people have no home namespace",
    status: "not-applicable",
    objects: from(userSubject("ann"), groupSubject("ops")),
  },
  {
    name: "rights outside the CDE",
    status: "not-applicable",
    objects: [...base, roleBinding("b", "tools", "reader", [serviceAccountSubject("ci", "shop")])],
  },
  {
    name: "manifests: the home namespace is not among the files",
    status: "unknown",
    objects: from(serviceAccountSubject("ci", "other")),
    options: {
      source: "manifests",
      ...approval({ subject: { kind: "ServiceAccount", name: "ci", namespace: "other" } }),
    },
    says: "scope of its home namespace",
  },
  {
    name: "manifests: the role is not among the files",
    status: "unknown",
    objects: [...base, roleBinding("b", "cde", "gone", [argocd])],
    options: { source: "manifests" },
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { rolebindings: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
]);
