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
import { rbacNoWildcards } from "./rbac-no-wildcards";
import { describeControl } from "./testing";

const world = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" })];
const ann = [userSubject("ann")];
const narrow = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
const withRule = (rule: object) => [
  ...world,
  role("r", "cde", [{ ...narrow, ...rule }]),
  roleBinding("b", "cde", "r", ann, "Role"),
];
const own = { metadata: { labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } } };
const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const edit = clusterRole("edit", [{ verbs: ["*"], apiGroups: ["x.io"], resources: ["things"] }], {
  metadata: { labels: { "kubernetes.io/bootstrapping": "rbac-defaults" } },
  aggregationRule: {
    clusterRoleSelectors: [{ matchLabels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" } }],
  },
});
const extension = clusterRole("things-editor", [{ verbs: ["*"], apiGroups: ["x.io"], resources: ["things"] }], {
  metadata: { labels: { "rbac.authorization.k8s.io/aggregate-to-edit": "true" } },
});
const viewIntoEdit = clusterRole("view", [], {
  metadata: {
    labels: {
      "kubernetes.io/bootstrapping": "rbac-defaults",
      "rbac.authorization.k8s.io/aggregate-to-edit": "true",
    },
  },
  aggregationRule: {
    clusterRoleSelectors: [{ matchLabels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } }],
  },
});
const viewExtension = clusterRole("things-viewer", [{ verbs: ["*"], apiGroups: ["x.io"], resources: ["things"] }], {
  metadata: { labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
});

describeControl(rbacNoWildcards, [
  {
    name: "everything is named",
    assessor: { prints: "" },
    status: "pass",
    objects: withRule({}),
    object: "Role/cde/r",
  },
  {
    name: "names are compared whole",
    status: "pass",
    objects: withRule({ resources: ["externalsecrets"], verbs: ["get"] }),
  },
  {
    name: "null rules",
    status: "pass",
    objects: [...world, role("r", "cde", null), roleBinding("b", "cde", "r", ann, "Role")],
  },
  {
    name: "a URL rule through a RoleBinding has no effect",
    status: "pass",
    objects: [
      ...world,
      clusterRole("r", [{ verbs: ["*"], nonResourceURLs: ["/metrics"] }]),
      roleBinding("b", "cde", "r", ann),
    ],
  },
  {
    name: "Kubernetes' own role, held by its own components",
    status: "pass",
    objects: [
      ...withRule({}),
      clusterRole("system:controller:gc", [all], own),
      {
        ...clusterRoleBinding("system:controller:gc", "system:controller:gc", [
          serviceAccountSubject("gc", "kube-system"),
        ]),
        metadata: { name: "system:controller:gc", ...own.metadata },
      },
      clusterRole("cluster-admin", [all], own),
      clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")]),
    ],
  },
  {
    name: "a wildcard outside the CDE",
    status: "pass",
    objects: [...withRule({}), role("w", "shop", [all]), roleBinding("w", "shop", "w", ann, "Role")],
  },
  {
    name: "a wildcard verb",
    assessor: { prints: "cde\tb\tRole/r\tUser\tann" },
    status: "fail",
    severity: "high",
    objects: withRule({ verbs: ["*"] }),
    says: "* in verbs",
  },
  {
    name: "a wildcard group",
    status: "fail",
    severity: "high",
    objects: withRule({ apiGroups: ["*"] }),
    says: "* in apiGroups",
  },
  {
    name: "a wildcard resource, read only",
    status: "fail",
    severity: "high",
    objects: withRule({ resources: ["*"] }),
    says: "* in resources",
  },
  {
    name: "every verb on secrets",
    status: "fail",
    severity: "critical",
    objects: withRule({ verbs: ["*"], resources: ["secrets"] }),
  },
  {
    name: "every verb on pods/exec",
    status: "fail",
    severity: "critical",
    objects: withRule({ verbs: ["*"], resources: ["pods/exec"] }),
  },
  {
    name: "every verb on secrets of another group is not about Secrets",
    status: "fail",
    severity: "high",
    objects: withRule({ verbs: ["*"], apiGroups: ["x.io"], resources: ["secrets"] }),
  },
  { name: "a wildcard beside named values", status: "fail", objects: withRule({ apiGroups: ["*", "apps"] }) },
  {
    name: "a ClusterRole bound cluster-wide reaches the CDE",
    status: "fail",
    severity: "critical",
    objects: [...world, clusterRole("r", [all]), clusterRoleBinding("b", "r", ann)],
    object: "ClusterRole/r",
  },
  {
    name: "a URL rule through a ClusterRoleBinding",
    status: "fail",
    objects: [
      ...world,
      clusterRole("r", [{ verbs: ["*"], nonResourceURLs: ["/metrics"] }]),
      clusterRoleBinding("b", "r", ann),
    ],
  },
  {
    name: "Kubernetes' own role, held by a person",
    status: "fail",
    objects: [...world, clusterRole("cluster-admin", [all], own), clusterRoleBinding("b", "cluster-admin", ann)],
  },
  {
    name: "a role that edit collects, reported where the rule is written",
    status: "fail",
    objects: [...world, edit, extension, roleBinding("b", "cde", "edit", ann)],
    object: "ClusterRole/things-editor",
    says: "through the aggregated ClusterRole edit",
  },
  {
    name: "a role that view collects, and edit by way of view",
    status: "fail",
    objects: [...world, viewIntoEdit, edit, viewExtension, roleBinding("b", "cde", "edit", ann)],
    object: "ClusterRole/things-viewer",
    says: "through the aggregated ClusterRole edit",
  },
  {
    name: "in files, a role that view collects reaches whoever is bound to admin",
    status: "fail",
    objects: [...world, viewExtension, roleBinding("b", "cde", "admin", ann)],
    options: { source: "manifests" },
    object: "ClusterRole/things-viewer",
  },
  {
    name: "an aggregated role keeps a wildcard that no role gives it any more",
    status: "fail",
    objects: [...world, edit, roleBinding("b", "cde", "edit", ann)],
    object: "ClusterRole/edit",
  },
  {
    name: "a subresource of everything",
    status: "fail",
    objects: withRule({ resources: ["*/exec"], verbs: ["create"] }),
    says: "* in resources",
  },
  {
    name: "a role that somebody wrote for every kubelet",
    status: "fail",
    objects: [...world, clusterRole("r", [all]), clusterRoleBinding("b", "r", [groupSubject("system:nodes")])],
    object: "ClusterRole/r",
  },
  {
    name: "files that leave the default role out",
    status: "fail",
    objects: [...world, clusterRoleBinding("b", "cluster-admin", ann)],
    options: { source: "manifests" },
    object: "ClusterRole/cluster-admin",
  },
  {
    name: "files without any binding: judged by the rules",
    status: "fail",
    severity: "low",
    objects: [...world, role("r", "cde", [all])],
    options: { source: "manifests" },
  },
  { name: "bound to nobody", status: "not-applicable", objects: [...world, role("r", "cde", [all])], says: "unused" },
  { name: "no role is effective in the CDE", status: "not-applicable", objects: world, says: "no role is effective" },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: world,
    options: { sections: { roles: { status: "forbidden" } } },
  },
  {
    name: "no scope declared",
    status: "unknown",
    objects: [namespace("shop"), clusterRole("r", [all]), clusterRoleBinding("b", "r", ann)],
    says: "no scope declared",
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
  {
    name: "a binding that is not valid",
    status: "unknown",
    objects: [...world, { ...clusterRoleBinding("bad", "cluster-admin", []), roleRef: "cluster-admin" }],
    object: "ClusterRoleBinding/bad",
  },
]);
