/**
 * Whether a rule gives anything inside a namespace. Kubernetes' own resources that lie in no namespace are listed; a resource of
 * anybody else's group may lie in one, so it counts as if it did.
 */
import type { PolicyRule } from "@/lib/inventory/kinds";

const CLUSTER_SCOPED: Readonly<Record<string, readonly string[]>> = {
  "": ["componentstatuses", "namespaces", "nodes", "persistentvolumes", "users", "groups"],
  "admissionregistration.k8s.io": ["*"],
  "apiextensions.k8s.io": ["*"],
  "apiregistration.k8s.io": ["*"],
  "authentication.k8s.io": ["*"],
  "authorization.k8s.io": ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews"],
  "certificates.k8s.io": ["*"],
  "flowcontrol.apiserver.k8s.io": ["*"],
  "internal.apiserver.k8s.io": ["*"],
  "metrics.k8s.io": ["nodes"],
  "networking.k8s.io": ["ingressclasses", "ipaddresses", "servicecidrs"],
  "node.k8s.io": ["*"],
  "rbac.authorization.k8s.io": ["clusterroles", "clusterrolebindings"],
  "resource.k8s.io": ["deviceclasses", "devicetaintrules", "resourceslices"],
  "scheduling.k8s.io": ["*"],
  "storage.k8s.io": ["csidrivers", "csinodes", "storageclasses", "volumeattachments", "volumeattributesclasses"],
  "storagemigration.k8s.io": ["*"],
  "policy.networking.k8s.io": ["*"],
  "gateway.networking.k8s.io": ["gatewayclasses"],
  "snapshot.storage.k8s.io": ["volumesnapshotclasses", "volumesnapshotcontents"],
};

/** True when the rule allows a verb on a resource that may lie in a namespace. */
export function reachesNamespaces(rule: PolicyRule): boolean {
  return (rule.apiGroups ?? []).some((group) =>
    (rule.resources ?? []).some((resource) => {
      if (group === "*" || resource === "*" || resource.startsWith("*/")) {
        return !(group !== "*" && CLUSTER_SCOPED[group]?.includes("*") === true);
      }
      const known = CLUSTER_SCOPED[group] ?? [];
      const [base = resource] = resource.split("/");
      return !known.includes("*") && !known.includes(base);
    }),
  );
}
