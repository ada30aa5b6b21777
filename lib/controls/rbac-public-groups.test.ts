import { clusterRole, clusterRoleBinding, groupSubject, role, roleBinding, userSubject } from "@/lib/fixtures/builders";
import { rbacPublicGroups } from "./rbac-public-groups";
import { describeControl } from "./testing";

const urls = (...nonResourceURLs: string[]) => ({ verbs: ["get"], nonResourceURLs });
const info = clusterRole("system:public-info-viewer", [urls("/healthz", "/livez", "/readyz", "/version", "/version/")]);
const discovery = clusterRole("system:discovery", [
  urls("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"),
]);
const review = clusterRole("system:basic-user", [
  { verbs: ["create"], apiGroups: ["authorization.k8s.io"], resources: ["selfsubjectaccessreviews"] },
]);
const issuer = clusterRole("system:service-account-issuer-discovery", [urls("/openid/v1/jwks")]);
const bind = (to: string, ...groups: string[]) => clusterRoleBinding(`b-${to}`, to, groups.map(groupSubject));
const defaults = [
  info,
  discovery,
  review,
  issuer,
  bind("system:public-info-viewer", "system:authenticated", "system:unauthenticated"),
  bind("system:discovery", "system:authenticated"),
  bind("system:basic-user", "system:authenticated"),
  bind("system:service-account-issuer-discovery", "system:serviceaccounts"),
];
const reader = clusterRole("reader", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]);
const clusterInfo = role("kubeadm:bootstrap-signer-clusterinfo", "kube-public", [
  { verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["cluster-info"] },
]);

describeControl(rbacPublicGroups, [
  {
    name: "files without any binding",
    status: "unknown",
    objects: [],
    options: { source: "manifests" },
    says: "hold no binding",
  },
  {
    name: "Kubernetes' default bindings",
    assessor: { prints: "b-system:basic-user", hides: "reader" },
    status: "pass",
    objects: defaults,
    object: "ClusterRoleBinding/b-system:discovery",
  },
  { name: "no binding at all", status: "unknown", objects: [], says: "decides by something else" },
  { name: "a right for a named group", status: "pass", objects: [...defaults, reader, bind("reader", "developers")] },
  {
    name: "all users may read pods",
    assessor: { prints: "b-reader\tClusterRole/reader\tsystem:authenticated" },
    status: "fail",
    severity: "critical",
    objects: [...defaults, reader, bind("reader", "system:authenticated")],
    says: "account at the provider",
  },
  {
    name: "anonymous may read pods in one namespace",
    status: "fail",
    severity: "critical",
    objects: [...defaults, reader, roleBinding("b", "shop", "reader", [userSubject("system:anonymous")])],
  },
  {
    name: "all accounts of a namespace",
    status: "fail",
    objects: [...defaults, reader, bind("reader", "system:serviceaccounts:shop")],
    says: "every workload of namespace shop",
  },
  { name: "all accounts", status: "fail", objects: [...defaults, reader, bind("reader", "system:serviceaccounts")] },
  {
    name: "a default role that was widened",
    status: "fail",
    severity: "critical",
    objects: [
      clusterRole("system:public-info-viewer", [urls("/metrics")]),
      bind("system:public-info-viewer", "system:unauthenticated"),
    ],
    says: "holds more than Kubernetes gives it",
  },
  {
    name: "discovery for unauthenticated users, as in old clusters",
    status: "fail",
    severity: "medium",
    objects: [...defaults, clusterRoleBinding("old", "system:discovery", [groupSubject("system:unauthenticated")])],
  },
  {
    name: "kubeadm's cluster-info",
    status: "fail",
    severity: "medium",
    objects: [
      ...defaults,
      clusterInfo,
      roleBinding(
        "kubeadm:bootstrap-signer-clusterinfo",
        "kube-public",
        "kubeadm:bootstrap-signer-clusterinfo",
        [userSubject("system:anonymous")],
        "Role",
      ),
    ],
    says: "cluster-info",
  },
  {
    name: "a role that doesn't exist",
    status: "fail",
    severity: "medium",
    objects: [...defaults, bind("gone", "system:authenticated")],
    says: "grants nothing today",
  },
  {
    name: "one public subject among named ones",
    status: "fail",
    objects: [reader, clusterRoleBinding("b", "reader", [userSubject("ann"), groupSubject("system:unauthenticated")])],
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: defaults,
    options: { sections: { rolebindings: { status: "forbidden" } } },
  },
  {
    name: "a binding that is not valid",
    status: "unknown",
    objects: [...defaults, { ...clusterRoleBinding("bad", "cluster-admin", []), roleRef: "cluster-admin" }],
    object: "ClusterRoleBinding/bad",
  },
]);
