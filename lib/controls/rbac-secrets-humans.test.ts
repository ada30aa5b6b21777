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
import { rbacSecretsHumans } from "./rbac-secrets-humans";
import { describeControl } from "./testing";

const read = { verbs: ["get"], apiGroups: [""], resources: ["secrets"] };
const pods = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "configmaps"] };
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  clusterRole("reader", [{ ...pods, resources: ["pods", "secrets"] }]),
  clusterRole("view", [pods]),
  ...objects,
];
const ops = groupSubject("ops");
const byRoleBinding = (...subjects: Record<string, unknown>[]) => roleBinding("b", "cde", "reader", subjects);
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "Group" as const, name: "ops" },
        controls: ["rbac-secrets-humans"],
        isBreakGlass: true,
        reason: "emergencies",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});
const mapping = (name: string, namespaces: string[] | null, isPerson = true) => ({
  iamMapping: {
    origin: { by: "upload" as const, name: "entries.yaml", collectedAt: "2026-11-20T00:00:00Z" },
    provider: "eks" as const,
    creatorIsAdmin: false,
    entries: [{ principal: "arn:aws:iam::1:role/ops", isPerson, groups: [], policies: [{ name, namespaces }] }],
  },
});

describeControl(rbacSecretsHumans, [
  {
    name: "nobody is bound",
    status: "pass",
    objects: world(clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")])),
    object: "Namespace/cde",
    assessor: { prints: "" },
  },
  { name: "ClusterRole view holds no Secrets", status: "pass", objects: world(roleBinding("b", "cde", "view", [ops])) },
  { name: "Secrets of another namespace", status: "pass", objects: world(roleBinding("b", "shop", "reader", [ops])) },
  {
    name: "a service account is another control's matter",
    status: "pass",
    objects: world(byRoleBinding(serviceAccountSubject("web", "cde"), groupSubject("system:serviceaccounts:cde"))),
  },
  {
    name: "an account under its user name",
    status: "pass",
    objects: world(byRoleBinding(userSubject("system:serviceaccount:cde:web"))),
  },
  {
    name: "the platform's own administrators and components",
    status: "pass",
    objects: world(
      clusterRole("cluster-admin", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]),
      clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", [groupSubject("kubeadm:cluster-admins")]),
      clusterRoleBinding("cluster-admin", "cluster-admin", [
        groupSubject("system:masters"),
        userSubject("system:kube-controller-manager"),
      ]),
    ),
  },
  {
    name: "an approved break-glass group",
    status: "pass",
    objects: world(byRoleBinding(ops)),
    options: approval({ namespaces: ["cde"], expiresAt: "2027-03-01" }),
    object: "Group/ops",
    says: "approved as break-glass by maria",
  },
  {
    name: "create alone returns nothing",
    status: "pass",
    objects: world(
      role("r", "cde", [{ ...read, verbs: ["create", "delete"] }]),
      roleBinding("b", "cde", "r", [ops], "Role"),
    ),
  },
  {
    name: "a person",
    status: "fail",
    severity: "high",
    objects: world(byRoleBinding(userSubject("ann"))),
    object: "User/ann",
    says: "RoleBinding b in cde → ClusterRole reader, rules[0] get,list secrets",
    assessor: { prints: "cde\tb\tClusterRole/reader\tUser\tann" },
  },
  {
    name: "a group: its members are asked for",
    status: "fail",
    objects: world(byRoleBinding(ops)),
    object: "Group/ops",
    says: "ask for its members",
  },
  {
    name: "a binding of the whole cluster",
    status: "fail",
    objects: world(clusterRoleBinding("b", "reader", [ops])),
    says: "Secrets in cde",
  },
  {
    name: "admin and edit as Kubernetes installs them",
    status: "fail",
    objects: world(roleBinding("b", "cde", "edit", [ops])),
    options: { source: "manifests" },
    says: "as Kubernetes installs it",
  },
  {
    name: "a wildcard",
    status: "fail",
    objects: world(
      role("all", "cde", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]),
      roleBinding("b", "cde", "all", [ops], "Role"),
    ),
  },
  {
    name: "named Secrets only",
    status: "fail",
    severity: "medium",
    objects: world(
      role("one", "cde", [{ ...read, resourceNames: ["tls"] }]),
      roleBinding("b", "cde", "one", [ops], "Role"),
    ),
    says: "named tls",
  },
  {
    name: "everybody who can sign in",
    status: "fail",
    objects: world(clusterRoleBinding("b", "reader", [groupSubject("system:authenticated")])),
    object: "Group/system:authenticated",
  },
  {
    name: "one of a binding's subjects is approved",
    status: "fail",
    objects: world(byRoleBinding(ops, userSubject("ann"))),
    options: approval(),
    object: "User/ann",
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: world(byRoleBinding(ops)),
    options: approval({ expiresAt: "2026-11-01" }),
    says: "expired at 2026-11-01",
  },
  {
    name: "an approval for another control or namespace",
    status: "fail",
    objects: world(byRoleBinding(ops)),
    options: approval({ namespaces: ["shop"] }),
    says: "not on the list",
  },
  {
    name: "a policy of the provider",
    status: "fail",
    objects: world(),
    options: { provider: "eks", facts: mapping("AmazonEKSAdminPolicy", ["cde"]) },
    object: "ProviderIdentity/arn:aws:iam::1:role/ops",
  },
  {
    name: "a policy of the provider that only looks",
    status: "pass",
    objects: world(clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")])),
    options: { provider: "eks", facts: mapping("arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", null) },
  },
  {
    name: "a managed cluster whose mapping is not imported",
    status: "unknown",
    objects: world(),
    options: { provider: "gke" },
    says: "mapping of identities is imported",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: world(),
    options: { sections: { roles: { status: "forbidden" } } },
  },
  {
    name: "a binding that is not valid",
    status: "unknown",
    objects: world({ ...byRoleBinding(ops), roleRef: "reader" }),
  },
  {
    name: "a role that is not among the files",
    status: "unknown",
    objects: world(roleBinding("b", "cde", "gone", [ops])),
    options: { source: "manifests" },
    object: "RoleBinding/cde/b",
  },
  { name: "files without any binding", status: "unknown", objects: world(), options: { source: "manifests" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  {
    name: "no CDE namespace",
    status: "not-applicable",
    objects: [
      namespace("shop", { "pci-scope": "out-of-scope" }),
      clusterRole("reader", [read]),
      clusterRoleBinding("b", "reader", [ops]),
    ],
  },
]);
