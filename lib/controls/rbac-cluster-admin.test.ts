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
import { rbacClusterAdmin } from "./rbac-cluster-admin";
import { describeControl } from "./testing";

const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const admin = clusterRole("cluster-admin", [everything, { verbs: ["*"], nonResourceURLs: ["*"] }]);
const byDefault = clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")]);
const base = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" }), admin, byDefault];
const to = (...subjects: Record<string, unknown>[]) => clusterRoleBinding("ops", "cluster-admin", subjects);

const approved = (subject: ApprovedAccess["subject"], fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject,
        controls: ["rbac-cluster-admin"],
        isBreakGlass: true,
        reason: "emergencies",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});

const trimmed = (annotations: Record<string, string>) => [
  clusterRole("cluster-admin", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }], {
    metadata: { annotations },
  }),
  to(userSubject("ann")),
];

describeControl(rbacClusterAdmin, [
  {
    name: "an approved break-glass group",
    status: "pass",
    objects: [...base, to(groupSubject("oncall"))],
    options: approved({ kind: "Group", name: "oncall" }),
    object: "ClusterRoleBinding/ops",
    says: "approved as break-glass by maria",
  },
  {
    name: "verbs one by one, over two rules, are every verb",
    status: "fail",
    object: "ClusterRoleBinding/ops-all",
    severity: "critical",
    objects: [
      ...base,
      clusterRole("operate", [
        { verbs: ["watch", "get", "list"], apiGroups: ["*"], resources: ["*"] },
        { verbs: ["patch", "delete", "create", "update"], apiGroups: ["*", "apps"], resources: ["pods", "*"] },
      ]),
      clusterRoleBinding("ops-all", "operate", [userSubject("ann")]),
    ],
    assessor: { prints: "operate" },
  },
  {
    name: "every verb but create, as Kubernetes' garbage collector has them",
    status: "pass",
    objects: [
      ...base,
      clusterRole("collect", [
        { verbs: ["get", "list", "watch", "update", "patch", "delete"], apiGroups: ["*"], resources: ["*"] },
        { verbs: ["create"], apiGroups: [""], resources: ["*"] },
      ]),
      clusterRoleBinding("collectors", "collect", [userSubject("ann")]),
    ],
    assessor: { prints: "system:masters", hides: "collect" },
  },
  {
    name: "an approval for one namespace doesn't cover the cluster",
    status: "fail",
    objects: [...base, to(groupSubject("oncall"))],
    options: approved({ kind: "Group", name: "oncall" }, { namespaces: ["cde"] }),
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: [...base, to(groupSubject("oncall"))],
    options: approved({ kind: "Group", name: "oncall" }, { expiresAt: "2026-10-01" }),
    says: "expired at 2026-10-01",
  },
  {
    name: "files without any binding",
    status: "unknown",
    objects: [],
    options: { source: "manifests" },
    says: "hold no binding",
  },
  {
    name: "cluster-admin that was trimmed gets its rules back when an API server starts",
    status: "fail",
    objects: trimmed({}),
  },
  {
    name: "cluster-admin that was trimmed and isn't restored",
    status: "pass",
    objects: trimmed({ "rbac.authorization.kubernetes.io/autoupdate": "false" }),
  },
  {
    name: "manifests: a Role that is not among the files can't be cluster-admin",
    status: "pass",
    objects: [roleBinding("b", "shop", "reader", [userSubject("ann")], "Role")],
    options: { source: "manifests" },
  },
  {
    name: "manifests: a Role that is called cluster-admin",
    status: "unknown",
    objects: [roleBinding("b", "shop", "cluster-admin", [userSubject("ann")], "Role")],
    options: { source: "manifests" },
  },
  {
    name: "only the default binding",
    assessor: { prints: /^ClusterRoleBinding\t\*\tcluster-admin\t.*system:masters\n$/ },
    status: "pass",
    objects: base,
    object: "ClusterRoleBinding/cluster-admin",
  },
  {
    name: "kubeadm's administrators group",
    status: "pass",
    objects: [
      ...base,
      clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", [groupSubject("kubeadm:cluster-admins")]),
    ],
  },
  { name: "a binding without subjects", status: "pass", objects: [...base, to()] },
  {
    name: "Kubernetes' own components",
    status: "pass",
    objects: [...base, to(userSubject("system:kube-controller-manager"))],
  },
  {
    name: "every kubelet",
    assessor: { prints: "system:nodes" },
    status: "fail",
    severity: "critical",
    objects: [...base, to(groupSubject("system:nodes"))],
  },
  {
    name: "whoever joins a node",
    status: "fail",
    objects: [...base, to(groupSubject("system:bootstrappers:kubeadm:default-node-token"))],
  },
  {
    name: "no RBAC objects at all, not even the API server's own",
    status: "unknown",
    objects: [],
    says: "decides by something else",
  },
  {
    name: "every verb on every core resource is not everything",
    status: "pass",
    objects: [
      ...base,
      clusterRole("core", [{ ...everything, apiGroups: [""] }]),
      clusterRoleBinding("b", "core", [userSubject("ann")]),
    ],
  },
  {
    name: "a role that no longer exists grants nothing",
    status: "pass",
    objects: [...base, clusterRoleBinding("b", "gone", [userSubject("ann")])],
  },
  {
    name: "a Role with wildcards is another control's matter",
    status: "pass",
    objects: [
      ...base,
      role("all", "shop", [everything]),
      roleBinding("b", "shop", "all", [userSubject("ann")], "Role"),
    ],
  },
  {
    name: "a person",
    status: "fail",
    severity: "critical",
    objects: [...base, to(userSubject("ann"))],
    object: "ClusterRoleBinding/ops",
    says: "User ann",
  },
  {
    name: "a user who is only called system:masters",
    status: "fail",
    objects: [...base, to(userSubject("system:masters"))],
  },
  {
    name: "an account of a CDE namespace",
    status: "fail",
    severity: "critical",
    objects: [...base, to(serviceAccountSubject("ci", "cde"))],
  },
  {
    name: "every account of a namespace",
    status: "fail",
    objects: [...base, to(groupSubject("system:serviceaccounts:cde"))],
  },
  {
    name: "every account",
    status: "fail",
    severity: "critical",
    objects: [...base, to(groupSubject("system:serviceaccounts"))],
    says: "every one of the",
  },
  {
    name: "one more subject beside the default",
    status: "fail",
    objects: [
      ...base,
      clusterRoleBinding("more", "cluster-admin", [groupSubject("system:masters"), userSubject("ann")]),
    ],
  },
  {
    name: "an equal role under another name",
    status: "fail",
    objects: [
      ...base,
      clusterRole("harmless", [everything]),
      clusterRoleBinding("b", "harmless", [userSubject("ann")]),
    ],
    says: "harmless",
  },
  {
    name: "a RoleBinding in a namespace outside the CDE",
    status: "fail",
    severity: "high",
    objects: [...base, roleBinding("b", "shop", "cluster-admin", [userSubject("ann")])],
    says: "in namespace shop",
  },
  {
    name: "a RoleBinding in a CDE namespace",
    status: "fail",
    severity: "critical",
    objects: [...base, roleBinding("b", "cde", "cluster-admin", [userSubject("ann")])],
  },
  {
    name: "manifests that leave cluster-admin out",
    status: "fail",
    objects: [to(userSubject("ann"))],
    options: { source: "manifests" },
    says: "as Kubernetes installs it",
  },
  {
    name: "manifests that leave the role out",
    status: "unknown",
    objects: [clusterRoleBinding("b", "ops", [userSubject("ann")])],
    options: { source: "manifests" },
    says: "not among the files",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { clusterrolebindings: { status: "forbidden" } } },
  },
  {
    name: "a binding that is not valid",
    status: "unknown",
    objects: [...base, { ...clusterRoleBinding("bad", "cluster-admin", []), roleRef: "cluster-admin" }],
    object: "ClusterRoleBinding/bad",
  },
]);
