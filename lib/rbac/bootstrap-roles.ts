/**
 * The ClusterRoles for people that every cluster has, as Kubernetes installs them (plugin/pkg/auth/authorizer/rbac/
 * bootstrappolicy). Manifests refer to them and leave them out, so that a reference to one must not look like a dangling one.
 */
import type { PolicyRule } from "@/lib/inventory/kinds";

const READ = ["get", "list", "watch"];
const WRITE = ["create", "delete", "deletecollection", "patch", "update"];

const rule = (group: string, resources: string[], verbs: string[]): PolicyRule => ({
  apiGroups: [group],
  resources,
  verbs,
});

const APPS = ["daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale"];
const SETS = ["statefulsets", "statefulsets/scale"];

const VIEW: readonly PolicyRule[] = [
  rule(
    "",
    [
      "configmaps",
      "endpoints",
      "persistentvolumeclaims",
      "persistentvolumeclaims/status",
      "pods",
      "replicationcontrollers",
      "replicationcontrollers/scale",
      "serviceaccounts",
      "services",
      "services/status",
    ],
    READ,
  ),
  rule(
    "",
    [
      "bindings",
      "events",
      "limitranges",
      "namespaces",
      "namespaces/status",
      "pods/log",
      "pods/status",
      "replicationcontrollers/status",
      "resourcequotas",
      "resourcequotas/status",
    ],
    READ,
  ),
  rule("apps", ["controllerrevisions", ...APPS, ...SETS], READ),
  rule("autoscaling", ["horizontalpodautoscalers", "horizontalpodautoscalers/status"], READ),
  rule("batch", ["cronjobs", "cronjobs/status", "jobs", "jobs/status"], READ),
  rule("discovery.k8s.io", ["endpointslices"], READ),
  rule("networking.k8s.io", ["ingresses", "ingresses/status", "networkpolicies"], READ),
  rule("policy", ["poddisruptionbudgets", "poddisruptionbudgets/status"], READ),
];

const EDIT: readonly PolicyRule[] = [
  rule("", ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy"], READ),
  rule("", ["serviceaccounts"], ["impersonate"]),
  rule("", ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"], WRITE),
  rule("", ["pods/eviction"], ["create"]),
  rule(
    "",
    [
      "configmaps",
      "events",
      "persistentvolumeclaims",
      "replicationcontrollers",
      "replicationcontrollers/scale",
      "secrets",
      "serviceaccounts",
      "services",
      "services/proxy",
    ],
    WRITE,
  ),
  rule("", ["serviceaccounts/token"], ["create"]),
  rule("apps", [...APPS, "deployments/rollback", ...SETS], WRITE),
  rule("autoscaling", ["horizontalpodautoscalers"], WRITE),
  rule("batch", ["cronjobs", "jobs"], WRITE),
  rule("coordination.k8s.io", ["leases"], [...READ, ...WRITE]),
  rule("networking.k8s.io", ["ingresses", "networkpolicies"], WRITE),
  rule("policy", ["poddisruptionbudgets"], WRITE),
  ...VIEW,
];

const ADMIN: readonly PolicyRule[] = [
  rule("authorization.k8s.io", ["localsubjectaccessreviews"], ["create"]),
  rule("rbac.authorization.k8s.io", ["rolebindings", "roles"], [...READ, ...WRITE]),
  ...EDIT,
];

/** Name of the ClusterRole → its rules. */
export const BOOTSTRAP_ROLES: ReadonlyMap<string, readonly PolicyRule[]> = new Map([
  [
    "cluster-admin",
    [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ],
  ],
  ["admin", ADMIN],
  ["edit", EDIT],
  ["view", VIEW],
]);

const BOOTSTRAP_LABEL = "kubernetes.io/bootstrapping";

/** Made and kept up to date by the API server itself. Anybody may set the label, so ask for the reserved name too where it matters. */
export function isBootstrapObject(object: { metadata: { labels?: Record<string, string> } }): boolean {
  return object.metadata.labels?.[BOOTSTRAP_LABEL] === "rbac-defaults";
}
