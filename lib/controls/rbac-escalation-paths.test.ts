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
import { rbacEscalationPaths } from "./rbac-escalation-paths";
import { describeControl } from "./testing";

const RBAC = "rbac.authorization.k8s.io";
const ann = userSubject("ann");
const rule = (group: string, resource: string, ...verbs: string[]) => ({
  verbs,
  apiGroups: [group],
  resources: [resource],
});
const base = [
  cdeNamespace(),
  namespace("kube-system", { "pci-scope": "connected-to" }),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  namespace("tools", { "pci-scope": "connected-to" }),
];
const readPods = rule("", "pods", "get", "list");
const wide = (...rules: Record<string, unknown>[]) => [
  ...base,
  clusterRole("r", [readPods, ...rules]),
  clusterRoleBinding("b", "r", [ann]),
];
const inside = (place: string, ...rules: Record<string, unknown>[]) => [
  ...base,
  role("r", place, [readPods, ...rules]),
  roleBinding("b", place, "r", [ann], "Role"),
];
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "User" as const, name: "ann" },
        controls: ["rbac-escalation-paths"],
        isBreakGlass: false,
        reason: "administrator",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});
const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const labelled = { metadata: { labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } } };
const approver = [
  rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"),
  { ...rule("certificates.k8s.io", "signers", "approve"), resourceNames: ["kubernetes.io/kube-apiserver-client"] },
];

describeControl(rbacEscalationPaths, [
  {
    name: "reading leads nowhere",
    status: "pass",
    objects: wide(),
    object: "Cluster/cluster",
    says: "nobody can escalate",
    assessor: { prints: "" },
  },
  {
    name: "the platform's own",
    status: "pass",
    objects: [
      ...base,
      clusterRole("cluster-admin", [everything]),
      clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")]),
      clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", [groupSubject("kubeadm:cluster-admins")]),
      clusterRole("system:controller:deployment-controller", [rule("apps", "replicasets", "create")], labelled),
      {
        ...clusterRoleBinding("system:controller:deployment-controller", "system:controller:deployment-controller", [
          serviceAccountSubject("deployment-controller", "kube-system"),
        ]),
        metadata: { name: "system:controller:deployment-controller", ...labelled.metadata },
      },
    ],
  },
  {
    name: "EKS' own names on EKS",
    status: "pass",
    objects: [
      ...base,
      clusterRole("eks:addon-manager", [everything]),
      clusterRoleBinding("eks:addon-manager", "eks:addon-manager", [userSubject("eks:addon-manager")]),
    ],
    options: { provider: "eks" },
  },
  {
    name: "EKS' names elsewhere are anybody's",
    status: "fail",
    objects: [
      ...base,
      clusterRole("eks:addon-manager", [everything]),
      clusterRoleBinding("eks:addon-manager", "eks:addon-manager", [userSubject("eks:addon-manager")]),
    ],
    says: "everything in the whole cluster",
  },
  {
    name: "an approved administrator",
    status: "pass",
    objects: wide(rule(RBAC, "clusterroles", "escalate")),
    options: approval(),
    object: "User/ann",
    says: "approved by maria",
  },
  {
    name: "update on roles is refused without escalate",
    status: "pass",
    objects: wide(rule(RBAC, "clusterroles", "update", "patch"), rule(RBAC, "roles", "update")),
  },
  {
    name: "approving without a signer",
    status: "pass",
    objects: wide(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update")),
  },
  {
    name: "approving for another signer",
    status: "pass",
    objects: wide(rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"), {
      ...rule("certificates.k8s.io", "signers", "approve"),
      resourceNames: ["issuers.cert-manager.io/*"],
    }),
  },
  { name: "creating Secrets without reading them", status: "pass", objects: wide(rule("", "secrets", "create")) },
  {
    name: "pods in a namespace whose accounts lead nowhere",
    status: "pass",
    objects: inside("shop", rule("", "pods", "create")),
  },
  {
    name: "cluster-scoped rights through a RoleBinding",
    status: "pass",
    objects: inside("cde", rule("", "persistentvolumes", "create"), rule("", "users", "impersonate")),
  },
  {
    name: "escalate",
    status: "fail",
    severity: "critical",
    objects: wide(rule(RBAC, "clusterroles", "escalate")),
    object: "User/ann",
    says: "write rights that it doesn't hold into a role in the whole cluster",
    assessor: { prints: "*\tb\tClusterRole/r\tUser\t-\tann\tescalate" },
  },
  { name: "bind", status: "fail", severity: "critical", objects: wide(rule(RBAC, "clusterroles", "bind")) },
  { name: "bind in a CDE namespace", status: "fail", objects: inside("cde", rule(RBAC, "clusterroles", "bind")) },
  {
    name: "bind of named roles",
    status: "fail",
    severity: "high",
    objects: wide({ ...rule(RBAC, "clusterroles", "bind"), resourceNames: ["edit"] }),
    says: "named objects only",
  },
  ...["users", "groups", "serviceaccounts"].map((resource) => ({
    name: `impersonate ${resource}`,
    status: "fail" as const,
    severity: "critical" as const,
    objects: wide(rule("", resource, "impersonate")),
  })),
  {
    name: "impersonation's extra fields",
    status: "fail",
    severity: "medium",
    objects: wide(rule("authentication.k8s.io", "userextras/scopes", "impersonate")),
  },
  {
    name: "tokens of accounts",
    status: "fail",
    objects: inside("cde", rule("", "serviceaccounts/token", "create")),
    says: "token of any service account there in cde",
  },
  {
    name: "a Secret with a token",
    status: "fail",
    objects: inside("cde", rule("", "secrets", "create", "get")),
    says: "Secret with any service account's token",
  },
  {
    name: "approving certificates",
    status: "fail",
    objects: wide(...approver),
    says: "client certificate for any user",
  },
  {
    name: "approving, from two bindings",
    status: "fail",
    objects: [
      ...base,
      clusterRole("a", approver.slice(0, 1)),
      clusterRole("s", approver.slice(1)),
      clusterRoleBinding("a", "a", [ann]),
      clusterRoleBinding("s", "s", [ann]),
    ],
    says: "ClusterRoleBinding s",
  },
  {
    name: "pods in the CDE",
    status: "fail",
    severity: "critical",
    objects: inside("cde", rule("", "pods", "create")),
    says: "run pods with every Secret and service account there in cde",
  },
  { name: "pods in kube-system", status: "fail", objects: inside("kube-system", rule("", "pods", "patch")) },
  { name: "a workload in the CDE", status: "fail", objects: inside("cde", rule("apps", "deployments", "patch")) },
  {
    name: "pods beside a powerful account",
    status: "fail",
    severity: "high",
    objects: [
      ...inside("tools", rule("", "pods", "create")),
      clusterRole("deploy", [rule("apps", "deployments", "*")]),
      clusterRoleBinding("deploy", "deploy", [serviceAccountSubject("argocd", "tools")]),
    ],
    object: "User/ann",
    says: "in tools as ServiceAccount tools/argocd",
  },
  {
    name: "two namespaces away",
    status: "fail",
    objects: [
      ...inside("shop", rule("", "pods", "create")),
      role("next", "tools", [rule("", "pods", "create")]),
      roleBinding("next", "tools", "next", [serviceAccountSubject("builder", "shop")], "Role"),
      clusterRole("read", [rule("", "secrets", "get")]),
      roleBinding("read", "cde", "read", [serviceAccountSubject("sync", "tools")]),
    ],
    object: "User/ann",
    says: "in shop as ServiceAccount shop/builder",
  },
  {
    name: "an account beside itself",
    status: "pass",
    objects: [
      ...base,
      clusterRole("read", [rule("", "secrets", "get")]),
      roleBinding("read", "cde", "read", [serviceAccountSubject("sync", "tools")]),
      role("r", "tools", [rule("", "pods", "create")]),
      roleBinding("b", "tools", "r", [serviceAccountSubject("sync", "tools")], "Role"),
    ],
  },
  { name: "the kubelets' API", status: "fail", severity: "critical", objects: wide(rule("", "nodes/proxy", "get")) },
  {
    name: "webhooks",
    status: "fail",
    objects: wide(rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch")),
  },
  {
    name: "a webhook of its own by name",
    status: "fail",
    severity: "high",
    objects: wide({
      ...rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "update"),
      resourceNames: ["mine"],
    }),
  },
  { name: "API services", status: "fail", objects: wide(rule("apiregistration.k8s.io", "apiservices", "create")) },
  {
    name: "changing definitions",
    status: "fail",
    objects: wide(rule("apiextensions.k8s.io", "customresourcedefinitions", "patch")),
  },
  { name: "volumes", status: "fail", objects: wide(rule("", "persistentvolumes", "create")), says: "node's disk" },
  { name: "nodes", status: "fail", objects: wide(rule("", "nodes/status", "patch")) },
  {
    name: "handing out its own rights",
    status: "fail",
    severity: "medium",
    objects: inside("cde", rule(RBAC, "rolebindings", "create")),
    says: "hand its own rights to others in cde",
  },
  {
    name: "every right",
    status: "fail",
    severity: "critical",
    objects: wide(everything),
    says: "do everything in the whole cluster",
  },
  {
    name: "every node under a binding of somebody",
    status: "fail",
    objects: [
      ...base,
      clusterRole("r", [rule("", "pods", "create")]),
      clusterRoleBinding("b", "r", [groupSubject("system:nodes")]),
    ],
    object: "Group/system:nodes",
  },
  {
    name: "an approval for one namespace",
    status: "fail",
    objects: wide(rule("", "pods", "create")),
    options: approval({ namespaces: ["cde"] }),
    says: "not on the list",
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: wide(rule("", "pods", "create")),
    options: approval({ expiresAt: "2026-11-01" }),
    says: "expired at 2026-11-01",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { clusterrolebindings: { status: "forbidden" } } },
  },
  { name: "files without any binding", status: "unknown", objects: base, options: { source: "manifests" } },
  {
    name: "a role that is not among the files",
    status: "unknown",
    objects: [...base, clusterRoleBinding("b", "gone", [ann])],
    options: { source: "manifests" },
  },
  {
    name: "no scope declared: only what holds in the whole cluster",
    status: "unknown",
    objects: [namespace("shop")],
    says: "What holds in the whole cluster",
  },
  {
    name: "no scope declared, and a way in the whole cluster",
    status: "fail",
    objects: [namespace("shop"), clusterRole("r", [everything]), clusterRoleBinding("b", "r", [ann])],
  },
]);
