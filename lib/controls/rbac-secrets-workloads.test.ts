import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  role,
  roleBinding,
  serviceAccount,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import { rbacSecretsWorkloads } from "./rbac-secrets-workloads";
import { describeControl } from "./testing";

const world = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" }), serviceAccount("web", "cde")];
const web = serviceAccountSubject("web", "cde");
const rule = (fields: object = {}) => ({ verbs: ["get"], apiGroups: [""], resources: ["secrets"], ...fields });
const withRule = (fields: object, subject: Record<string, unknown> = web) => [
  ...world,
  role("r", "cde", [rule(fields)]),
  roleBinding("b", "cde", "r", [subject], "Role"),
];
const own = { metadata: { name: "system:controller:gc", labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } } };
const gcRole = {
  ...clusterRole("system:controller:gc", [
    rule({ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "watch"] }),
  ]),
  metadata: own.metadata,
};

const approval = (fields: object = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "ServiceAccount" as const, name: "web", namespace: "cde" },
        controls: ["rbac-secrets-workloads"],
        isBreakGlass: false,
        reason: "operator",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});

describeControl(rbacSecretsWorkloads, [
  {
    name: "an approved operator whose rules name the Secrets",
    status: "pass",
    objects: withRule({ resourceNames: ["db"] }),
    options: approval(),
    object: "ServiceAccount/cde/web",
    says: "approved by maria",
  },
  {
    name: "an approved operator that reads every Secret",
    status: "fail",
    objects: withRule({}),
    options: approval(),
    says: "only for rules that name the Secrets",
  },
  {
    name: "an operator whose approval has expired",
    status: "fail",
    objects: withRule({ resourceNames: ["db"] }),
    options: approval({ expiresAt: "2026-10-01" }),
    says: "expired at 2026-10-01",
  },
  {
    name: "files with a role that reads Secrets, and neither binding nor account",
    status: "unknown",
    object: "Namespace/cde",
    says: "Whoever is bound to Role vault-reader, ClusterRole collector reads Secrets",
    objects: [
      cdeNamespace(),
      role("vault-reader", "cde", [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }]),
      role("elsewhere", "shop", [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }]),
      clusterRole("collector", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]),
      clusterRole("lister", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]),
    ],
    options: { source: "manifests" },
  },
  {
    name: "a reader of every Secret in a cluster without CDE namespace",
    status: "not-applicable",
    objects: [
      namespace("shop", { "pci-scope": "out-of-scope" }),
      clusterRole("r", [rule()]),
      clusterRoleBinding("b", "r", [serviceAccountSubject("ci", "shop")]),
    ],
  },
  {
    name: "files without any binding",
    status: "unknown",
    objects: world,
    options: { source: "manifests" },
    says: "hold no binding",
  },
  {
    name: "no account has a rule on Secrets",
    assessor: { prints: "" },
    status: "pass",
    objects: withRule({ resources: ["configmaps"] }),
    object: "Namespace/cde",
  },
  { name: "names are compared whole", status: "pass", objects: withRule({ resources: ["externalsecrets", "secret"] }) },
  { name: "secrets of another group", status: "pass", objects: withRule({ apiGroups: ["x.io"] }) },
  { name: "create alone returns nothing new", status: "pass", objects: withRule({ verbs: ["create", "delete"] }) },
  { name: "a person is another control's question", status: "pass", objects: withRule({}, userSubject("ann")) },
  {
    name: "Kubernetes' own controller",
    status: "pass",
    objects: [
      ...world,
      gcRole,
      {
        ...clusterRoleBinding("x", "system:controller:gc", [serviceAccountSubject("gc", "kube-system")]),
        metadata: own.metadata,
      },
    ],
  },
  {
    name: "a right in another namespace",
    status: "pass",
    objects: [...world, role("r", "shop", [rule()]), roleBinding("b", "shop", "r", [web], "Role")],
  },
  {
    name: "a role that doesn't exist",
    status: "pass",
    objects: [...world, roleBinding("b", "cde", "gone", [web], "Role")],
  },
  ...["get", "list", "watch", "update", "patch", "deletecollection", "*"].map((verb) => ({
    name: `${verb} returns the content`,
    ...(verb === "get" ? { assessor: { prints: "cde\tb\tRole/r\tcde\tweb" } } : {}),
    status: "fail" as const,
    severity: "high" as const,
    objects: withRule({ verbs: [verb] }),
    object: "ServiceAccount/cde/web",
  })),
  { name: "resources *", status: "fail", objects: withRule({ resources: ["*"], apiGroups: ["*"] }), says: "rules[0]" },
  {
    name: "one named Secret",
    status: "fail",
    severity: "medium",
    objects: withRule({ resourceNames: ["db"] }),
    says: "named Secrets",
  },
  {
    name: "a named Secret first, every Secret after it",
    status: "fail",
    severity: "high",
    objects: [
      ...world,
      role("r", "cde", [rule({ resourceNames: ["db"] }), rule()]),
      roleBinding("b", "cde", "r", [web], "Role"),
    ],
  },
  {
    name: "deletecollection with a name does nothing",
    status: "pass",
    objects: withRule({ verbs: ["deletecollection"], resourceNames: ["db"] }),
  },
  {
    name: "an account of another namespace",
    status: "fail",
    objects: withRule({}, serviceAccountSubject("ci", "shop")),
    object: "ServiceAccount/shop/ci",
  },
  {
    name: "a subject without namespace takes the binding's",
    status: "fail",
    objects: withRule({}, { kind: "ServiceAccount", name: "web" }),
    object: "ServiceAccount/cde/web",
  },
  {
    name: "all accounts of a namespace",
    status: "fail",
    objects: withRule({}, groupSubject("system:serviceaccounts:shop")),
    says: "every service account of shop",
  },
  { name: "all accounts", status: "fail", objects: withRule({}, groupSubject("system:serviceaccounts")) },
  { name: "all users hold all accounts", status: "fail", objects: withRule({}, groupSubject("system:authenticated")) },
  {
    name: "an account by its user name",
    status: "fail",
    objects: withRule({}, userSubject("system:serviceaccount:cde:web")),
    object: "ServiceAccount/cde/web",
  },
  {
    name: "a ClusterRole through a RoleBinding in the CDE",
    status: "fail",
    objects: [...world, clusterRole("r", [rule()]), roleBinding("b", "cde", "r", [web])],
  },
  {
    name: "a ClusterRoleBinding",
    status: "fail",
    objects: [...world, clusterRole("r", [rule()]), clusterRoleBinding("b", "r", [serviceAccountSubject("x", "shop")])],
  },
  {
    name: "kube-system doesn't excuse an account by itself",
    status: "fail",
    objects: [
      ...world,
      clusterRole("r", [rule()]),
      clusterRoleBinding("b", "r", [serviceAccountSubject("tiller", "kube-system")]),
    ],
  },
  {
    name: "files: edit as Kubernetes installs it",
    status: "fail",
    objects: [...world, roleBinding("b", "cde", "edit", [web])],
    options: { source: "manifests" },
    says: "as Kubernetes installs it",
  },
  {
    name: "files: view as Kubernetes installs it",
    status: "pass",
    objects: [...world, roleBinding("b", "cde", "view", [web])],
    options: { source: "manifests" },
  },
  {
    name: "files: view, to which a role of the files adds Secrets",
    status: "fail",
    objects: [
      ...world,
      clusterRole("secret-viewer", [rule()], {
        metadata: { labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
      }),
      roleBinding("b", "cde", "view", [web]),
    ],
    options: { source: "manifests" },
    says: "secret-viewer",
  },
  {
    name: "files that leave the role out",
    status: "unknown",
    objects: [...world, roleBinding("b", "cde", "ops", [web])],
    options: { source: "manifests" },
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: world,
    options: { sections: { rolebindings: { status: "forbidden" } } },
    object: "Namespace/cde",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "a namespace without accounts",
    status: "not-applicable",
    objects: [cdeNamespace()],
    says: "no service account",
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
  {
    name: "a binding that is not valid",
    status: "unknown",
    objects: [...world, { ...clusterRoleBinding("bad", "cluster-admin", []), roleRef: "cluster-admin" }],
    object: "ClusterRoleBinding/bad",
  },
]);
