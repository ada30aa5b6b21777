import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  deployment,
  groupSubject,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { AccessActivityUser } from "@/lib/inventory/imported-access";
import { authSharedAccounts } from "./auth-shared-accounts";
import { describeControl } from "./testing";

const origin = { by: "upload" as const, name: "activity.json", collectedAt: "2026-11-21T00:00:00Z" };
const ann: AccessActivityUser = {
  username: "idp:ann",
  lastAt: "2026-11-20T08:00:00Z",
  days: ["2026-11-20"],
  sourceAddresses: ["10.0.0.1"],
};
const admin: AccessActivityUser = {
  ...ann,
  username: "kubernetes-admin",
  lastAt: "2026-11-03T21:30:00Z",
  days: ["2026-11-03"],
};
const events = (users: AccessActivityUser[] = [ann], fields: object = {}) => ({
  accessActivity: [
    { origin, from: "2026-08-01T00:00:00Z", to: "2026-11-20T23:00:00Z", isComplete: true, users, ...fields },
  ],
});
const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const base = [
  cdeNamespace(),
  clusterRole("cluster-admin", [all]),
  clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", [groupSubject("kubeadm:cluster-admins")]),
];
const bound = (name: string) => [
  ...base,
  clusterRoleBinding("b", "cluster-admin", [userSubject(name), userSubject("idp:ann")]),
];
const approved = (isBreakGlass: boolean) => ({
  approvedAccess: [
    {
      subject: { kind: "User" as const, name: "kubernetes-admin" },
      controls: ["auth-shared-accounts"],
      isBreakGlass,
      reason: "emergencies",
      approvedBy: "maria",
      approvedAt: "2026-01-01",
    },
  ],
});
const use = (from: string, to: string) => ({
  sharedAccountUses: [
    {
      account: "kubernetes-admin",
      person: "ann",
      from,
      to,
      reason: "incident 4711",
      approvedBy: "maria",
      approvedAt: "2026-11-03",
    },
  ],
});
const record = (sharedAccounts: { name: string; isEnabled: boolean }[]) => ({
  authenticationRecord: { origin, service: "Entra ID", isOn: true, bypasses: [], sharedAccounts },
});
const mapping = (creatorIsAdmin: boolean | null) => ({
  iamMapping: { origin, provider: "eks" as const, creatorIsAdmin, entries: [] },
});
const secrets = (...names: string[]) => ({
  secretInventory: {
    origin,
    secrets: names.map((name) => ({
      namespace: "kube-system",
      name,
      type: "Opaque",
      createdAt: "2026-01-01T00:00:00Z",
    })),
  },
});
const dashboard = (image: string) => [
  ...base,
  deployment("web", "tools", { serviceAccountName: "dash", containers: [{ name: "web", image }] }),
  clusterRoleBinding("dash", "cluster-admin", [serviceAccountSubject("dash", "tools")]),
];

describeControl(authSharedAccounts, [
  {
    name: "nobody shares",
    status: "pass",
    objects: base,
    options: { facts: events() },
    object: "Cluster/cluster",
    assessor: { prints: "" },
  },
  {
    name: "break-glass, each use recorded",
    status: "pass",
    objects: bound("kubernetes-admin"),
    options: {
      facts: events([ann, admin]),
      registers: { ...approved(true), ...use("2026-11-03T21:00:00Z", "2026-11-03T23:00:00Z") },
    },
    object: "User/kubernetes-admin",
  },
  {
    name: "used longer ago than 90 days",
    status: "pass",
    objects: base,
    options: { facts: events([{ ...admin, lastAt: "2026-08-10T00:00:00Z", days: ["2026-08-10"] }]) },
  },
  {
    name: "a shared name is bound",
    status: "fail",
    objects: bound("kubernetes-admin"),
    options: { facts: events() },
    object: "User/kubernetes-admin",
    says: "not on the list",
    assessor: { prints: "b\tClusterRole/cluster-admin\tkubernetes-admin" },
  },
  {
    name: "in a namespace only",
    status: "fail",
    objects: [...base, roleBinding("b", "cde", "cluster-admin", [userSubject("root")])],
    options: { facts: events() },
    object: "User/root",
  },
  {
    name: "approved, but not as break-glass",
    status: "fail",
    objects: bound("kubernetes-admin"),
    options: { facts: events(), registers: approved(false) },
    says: "not for break-glass",
  },
  {
    name: "a name that only looks like one",
    status: "pass",
    objects: bound("admin-of-payments"),
    options: { facts: events() },
  },
  {
    name: "used without a record",
    status: "fail",
    objects: base,
    options: { facts: events([admin]) },
    says: "2026-11-03",
  },
  {
    name: "a record of another time",
    status: "fail",
    objects: base,
    options: { facts: events([admin]), registers: use("2026-11-04", "2026-11-05") },
  },
  {
    name: "many addresses of one name on a day",
    status: "fail",
    severity: "medium",
    objects: base,
    options: { facts: events([{ ...ann, sourceAddresses: ["1", "2", "3", "4", "5", "6"] }]) },
    object: "User/idp:ann",
  },
  {
    name: "OpenShift's kubeadmin",
    status: "fail",
    objects: base,
    options: { provider: "openshift", facts: { ...events(), ...secrets("kubeadmin") } },
    object: "Account/kubeadmin",
  },
  {
    name: "kubeadmin is gone",
    status: "pass",
    objects: base,
    options: { provider: "openshift", facts: { ...events(), ...secrets("other") } },
  },
  {
    name: "local accounts of AKS",
    status: "fail",
    objects: base,
    options: { provider: "aks", facts: { ...events(), ...record([{ name: "clusterAdmin", isEnabled: true }]) } },
    object: "Account/clusterAdmin",
  },
  {
    name: "local accounts off",
    status: "pass",
    objects: base,
    options: { provider: "aks", facts: { ...events(), ...record([{ name: "clusterAdmin", isEnabled: false }]) } },
  },
  {
    name: "the creator of an EKS cluster",
    status: "fail",
    objects: base,
    options: { provider: "eks", facts: { ...events(), ...mapping(true) } },
    object: "Account/cluster creator",
  },
  {
    name: "a creator without rights",
    status: "pass",
    objects: base,
    options: { provider: "eks", facts: { ...events(), ...mapping(false) } },
  },
  {
    name: "a dashboard with every right",
    status: "fail",
    severity: "critical",
    objects: dashboard("docker.io/kubernetesui/dashboard:v2.7.0"),
    options: { facts: events() },
    object: "ServiceAccount/tools/dash",
  },
  {
    name: "another web server with every right is another control's matter",
    status: "pass",
    objects: dashboard("nginx:1"),
    options: { facts: events() },
  },
  { name: "no events: only the bindings are decided", status: "unknown", objects: base, says: "no audit events" },
  {
    name: "events of 80 days",
    status: "unknown",
    objects: base,
    options: { facts: events([ann], { from: "2026-09-02T00:00:00Z" }) },
    says: "complete for 80 days",
  },
  { name: "no events, a bound name", status: "fail", objects: bound("root") },
  { name: "EKS without the mapping", status: "unknown", objects: base, options: { provider: "eks", facts: events() } },
  { name: "AKS without the record", status: "unknown", objects: base, options: { provider: "aks", facts: events() } },
  {
    name: "OpenShift without the list of Secrets",
    status: "unknown",
    objects: base,
    options: { provider: "openshift", facts: events() },
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { facts: events(), sections: { clusterrolebindings: { status: "forbidden" } } },
  },
]);
