/**
 * Who a subject of a binding is, and whether a binding applies to a user, exactly as Kubernetes decides it.
 *
 * - User and Group match by their whole name; `*` is an ordinary name.
 * - A ServiceAccount without namespace takes the namespace of its RoleBinding; in a ClusterRoleBinding it matches nobody.
 * - A service account authenticates as user `system:serviceaccount:NS:NAME` in the groups `system:serviceaccounts`,
 *   `system:serviceaccounts:NS` and `system:authenticated`, so that a User or Group subject of such a name reaches it too.
 * - `system:masters` passes every authorization without any binding.
 */
import type { RoleBinding, Subject } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";

export const SUPERUSER_GROUP = "system:masters";
const ACCOUNT_PREFIX = "system:serviceaccount:";
const ALL_ACCOUNTS = "system:serviceaccounts";

/** A user as the authorizer sees it. */
export interface Identity {
  username: string;
  groups: readonly string[];
}

export interface AccountName {
  namespace: string;
  name: string;
}

export function serviceAccountIdentity(account: AccountName): Identity {
  return {
    username: `${ACCOUNT_PREFIX}${account.namespace}:${account.name}`,
    groups: [ALL_ACCOUNTS, `${ALL_ACCOUNTS}:${account.namespace}`, "system:authenticated"],
  };
}

/** The account behind a user name `system:serviceaccount:NS:NAME`, or null when it is no such name. */
export function findAccountOfUsername(username: string): AccountName | null {
  if (!username.startsWith(ACCOUNT_PREFIX)) return null;
  const [namespace, name, ...rest] = username.slice(ACCOUNT_PREFIX.length).split(":");
  return namespace && name && rest.length === 0 ? { namespace, name } : null;
}

/** Whether the subject, written in a binding of `bindingNamespace` ("" for a ClusterRoleBinding), is this user. */
export function subjectMatches(subject: Subject, identity: Identity, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case "User":
      return identity.username === subject.name;
    case "Group":
      return identity.groups.includes(subject.name);
    case "ServiceAccount": {
      const namespace = subject.namespace || bindingNamespace;
      return namespace !== "" && identity.username === `${ACCOUNT_PREFIX}${namespace}:${subject.name}`;
    }
    default:
      return false;
  }
}

/** Index of the first subject of the binding that is this user, or -1. */
export function matchingSubject(
  subjects: readonly Subject[] | undefined,
  identity: Identity,
  bindingNamespace: string,
): number {
  return (subjects ?? []).findIndex((subject) => subjectMatches(subject, identity, bindingNamespace));
}

/**
 * Which service accounts a subject stands for: one account, all of a namespace, or all of the cluster. Null for people and for
 * groups that don't hold accounts. `system:authenticated` holds every account, and people too.
 */
export type AccountReach =
  | { kind: "one"; account: AccountName }
  | { kind: "namespace"; namespace: string }
  | { kind: "all" };

export function accountReach(subject: Subject, bindingNamespace: string): AccountReach | null {
  if (subject.kind === "ServiceAccount") {
    const namespace = subject.namespace || bindingNamespace;
    return namespace === "" ? null : { kind: "one", account: { namespace, name: subject.name } };
  }
  if (subject.kind === "User") {
    const account = findAccountOfUsername(subject.name);
    return account === null ? null : { kind: "one", account };
  }
  if (subject.kind !== "Group") return null;
  if (subject.name === ALL_ACCOUNTS || subject.name === "system:authenticated") return { kind: "all" };
  if (subject.name.startsWith(`${ALL_ACCOUNTS}:`)) {
    return { kind: "namespace", namespace: subject.name.slice(ALL_ACCOUNTS.length + 1) };
  }
  return null;
}

export function reachIncludes(reach: AccountReach, account: AccountName): boolean {
  if (reach.kind === "all") return true;
  if (reach.kind === "namespace") return reach.namespace === account.namespace;
  return reach.account.namespace === account.namespace && reach.account.name === account.name;
}

/** `ServiceAccount cde-frontend/web`, `Group platform-admins`. */
export function describeSubject(subject: Subject, bindingNamespace = ""): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind} ${subject.name}`;
  return `ServiceAccount ${subject.namespace || bindingNamespace || "(no namespace)"}/${subject.name}`;
}

/** Subjects that Kubernetes' own components use (`system:kube-scheduler`, `system:node:…`): not people and not workloads. */
export function isSystemComponent(subject: Subject): boolean {
  if (subject.kind === "ServiceAccount") return false;
  if (PUBLIC_NAMES.has(subject.name) || subject.name === SUPERUSER_GROUP) return false;
  if (subject.name.startsWith(ACCOUNT_PREFIX) || subject.name.startsWith(`${ALL_ACCOUNTS}`)) return false;
  return subject.name.startsWith("system:");
}

const PUBLIC_NAMES: ReadonlySet<string> = new Set([
  "system:anonymous",
  "system:unauthenticated",
  "system:authenticated",
]);

/** Anonymous users and the groups that hold everybody or every workload (of the cluster or of a namespace). */
export function isPublicSubject(subject: Subject): boolean {
  if (subject.kind !== "User" && subject.kind !== "Group") return false;
  return (
    PUBLIC_NAMES.has(subject.name) ||
    (subject.kind === "Group" && (subject.name === ALL_ACCOUNTS || subject.name.startsWith(`${ALL_ACCOUNTS}:`)))
  );
}

/** Namespace of a RoleBinding, "" for a ClusterRoleBinding (a manifest may say a namespace there, which has no meaning). */
export function bindingNamespaceOf(binding: RoleBinding): string {
  return binding.kind === "RoleBinding" ? namespaceOf(binding) : "";
}

/** Components that run the control plane anyway. system:nodes, system:kube-proxy and the like run on every node and are no such. */
export const CONTROL_PLANE_USERS: ReadonlySet<string> = new Set([
  "system:admin",
  "system:apiserver",
  "system:cloud-controller-manager",
  "system:kube-controller-manager",
  "system:kube-scheduler",
]);

/** Since 1.29 kubeadm's admin.conf belongs to this group; super-admin.conf stays in system:masters. */
export const KUBEADM_ADMINS = "kubeadm:cluster-admins";

/** Users and groups that stand for people: no service account, no component. Groups of everybody hold people too. */
export function standsForPeople(subject: Subject): boolean {
  if (subject.kind !== "User" && subject.kind !== "Group") return false;
  if (PUBLIC_NAMES.has(subject.name)) return true;
  return accountReach(subject, "") === null && !isSystemComponent(subject);
}
