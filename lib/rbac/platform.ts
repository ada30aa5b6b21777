/**
 * What belongs to the platform itself: components and bindings that come with every cluster of its kind and that nobody
 * approves one by one. Everything else that holds a right is somebody's decision.
 *
 * - `system:masters`, and the group that kubeadm made for its administrators' file: rbac-cluster-admin and auth-shared-accounts
 *   look at them.
 * - The control plane's own users, and other `system:` users: only who holds the cluster's CA can make one.
 * - `system:` groups (nodes, joining nodes) under Kubernetes' default bindings; under another binding they hold every node.
 * - Service accounts of Kubernetes' controllers in kube-system under the default bindings.
 * - On EKS names that begin with `eks:` (AWS refuses to map anybody to them); on OpenShift accounts of `openshift-` namespaces
 *   (which only administrators can make) and its `system:` groups.
 */
import type { Subject } from "@/lib/inventory/kinds";
import type { Provider } from "@/lib/inventory/snapshot";
import { isBootstrapObject } from "./bootstrap-roles";
import type { Grant } from "./grants";
import { accountReach, CONTROL_PLANE_USERS, isSystemComponent, KUBEADM_ADMINS, SUPERUSER_GROUP } from "./subjects";

/** True when the subject holds this binding's rights as part of the platform. */
export function isPlatformSubject(grant: Grant, subject: Subject, provider: Provider): boolean {
  const { name } = subject;
  const isDefault = isBootstrapObject(grant.binding) && grant.binding.metadata.name.startsWith("system:");
  const reach = accountReach(subject, grant.namespace ?? "");
  if (reach !== null) {
    if (reach.kind !== "one") return isDefault;
    const { namespace } = reach.account;
    if (namespace === "kube-system" && isDefault) return true;
    return provider === "openshift" && /^openshift(-|$)/.test(namespace);
  }
  if (provider === "eks" && name.startsWith("eks:")) return true;
  if (subject.kind === "User") return CONTROL_PLANE_USERS.has(name) || isSystemComponent(subject);
  if (name === SUPERUSER_GROUP) return true;
  if (name === KUBEADM_ADMINS) return grant.namespace === null && grant.roleRef.name === "cluster-admin";
  return isSystemComponent(subject) && (isDefault || provider === "openshift");
}
