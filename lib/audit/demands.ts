/**
 * What PCI DSS 10.2.1.1 to 10.2.1.7 ask of the Kubernetes API's audit log, as requests that must be recorded.
 *
 * `floor` is the least level. Request holds what was sent, so that the content of a new right or a new policy is known; a
 * deletion sends nothing worth keeping, so Metadata is enough for it. What carries credentials must not go above Metadata, which
 * log-policy-secret-access judges.
 */
import type { AuditLevel } from "@/lib/inventory/imported";
import type { ProbedResource } from "./request-cases";

export const LOGGED_REQUIREMENTS = [
  "10.2.1.1",
  "10.2.1.2",
  "10.2.1.3",
  "10.2.1.4",
  "10.2.1.5",
  "10.2.1.6",
  "10.2.1.7",
] as const;
export type LoggedRequirement = (typeof LOGGED_REQUIREMENTS)[number];

export interface AuditDemand extends ProbedResource {
  requirements: readonly LoggedRequirement[];
  floor: AuditLevel;
}

const READS = ["get", "list", "watch"];
const SENDS = ["create", "update", "patch"];
const DELETES = ["delete", "deletecollection"];
const WRITES = [...SENDS, ...DELETES];
const CONNECTS = ["get", "create"];

type Options = { verbs?: readonly string[]; floor?: AuditLevel; clusterScoped?: boolean };
function demand(
  requirements: readonly LoggedRequirement[],
  group: string,
  names: string,
  { verbs = WRITES, floor = "Metadata", clusterScoped = false }: Options = {},
): AuditDemand[] {
  return names.split(" ").map((name) => {
    const [resource = "", subresource = ""] = name.split("/");
    return { requirements, apiGroup: group, resource, subresource, verbs, floor, isNamespaced: !clusterScoped };
  });
}
/** Sending at Request, so that the content is known; deleting at Metadata. */
function withContent(
  requirements: readonly LoggedRequirement[],
  group: string,
  names: string,
  clusterScoped = false,
): AuditDemand[] {
  return [
    ...demand(requirements, group, names, { verbs: SENDS, floor: "Request", clusterScoped }),
    ...demand(requirements, group, names, { verbs: DELETES, clusterScoped }),
  ];
}

const RBAC = "rbac.authorization.k8s.io";
const IDENTITY: readonly LoggedRequirement[] = ["10.2.1.5", "10.2.1.2"];
const SYSTEM: readonly LoggedRequirement[] = ["10.2.1.7", "10.2.1.2"];

/** Changes of rights, identities and system objects: what administrators do. */
export const ADMIN_CHANGES: readonly AuditDemand[] = [
  ...withContent(IDENTITY, RBAC, "roles rolebindings"),
  ...withContent(IDENTITY, RBAC, "clusterroles clusterrolebindings", true),
  ...demand(IDENTITY, "", "serviceaccounts"),
  ...demand(IDENTITY, "", "serviceaccounts/token", { verbs: ["create"] }),
  ...demand(IDENTITY, "certificates.k8s.io", "certificatesigningrequests", { clusterScoped: true }),
  ...demand(IDENTITY, "certificates.k8s.io", "certificatesigningrequests/approval", {
    verbs: ["update", "patch"],
    clusterScoped: true,
  }),
  ...demand(SYSTEM, "", "namespaces nodes", { clusterScoped: true }),
  ...demand(SYSTEM, "", "pods services replicationcontrollers"),
  ...demand(SYSTEM, "apps", "deployments statefulsets daemonsets replicasets"),
  ...demand(SYSTEM, "apps", "deployments/scale statefulsets/scale", { verbs: ["update", "patch"] }),
  ...demand(SYSTEM, "batch", "jobs cronjobs"),
  ...withContent(SYSTEM, "networking.k8s.io", "networkpolicies"),
  ...demand(SYSTEM, "networking.k8s.io", "ingresses"),
  ...withContent(
    SYSTEM,
    "admissionregistration.k8s.io",
    "validatingwebhookconfigurations mutatingwebhookconfigurations",
    true,
  ),
  ...demand(SYSTEM, "admissionregistration.k8s.io", "validatingadmissionpolicies validatingadmissionpolicybindings", {
    clusterScoped: true,
  }),
  ...demand(SYSTEM, "apiextensions.k8s.io", "customresourcedefinitions", { clusterScoped: true }),
  ...demand(SYSTEM, "apiregistration.k8s.io", "apiservices", { clusterScoped: true }),
  ...demand(SYSTEM, "storage.k8s.io", "storageclasses", { clusterScoped: true }),
];

/** Policies of an engine that the cluster runs: `kyverno.io`, `clusterpolicies policies`. */
export function policyEngineChanges(group: string, names: string, clusterScoped: boolean): AuditDemand[] {
  return demand(SYSTEM, group, names, { clusterScoped });
}

/** Everything that the matrix over an audit policy asks about resources. */
export const AUDIT_DEMANDS: readonly AuditDemand[] = [
  ...demand(["10.2.1.1"], "", "secrets", { verbs: [...READS, ...WRITES] }),
  ...demand(["10.2.1.1"], "", "configmaps", { verbs: READS }),
  ...demand(["10.2.1.1"], "", "pods/log", { verbs: ["get"] }),
  ...demand(["10.2.1.1", "10.2.1.2"], "", "pods/exec pods/attach pods/portforward pods/proxy services/proxy", {
    verbs: CONNECTS,
  }),
  ...demand(["10.2.1.2"], "", "pods/ephemeralcontainers", { verbs: ["update", "patch"] }),
  // The kubelet serves the node's /var/log below it, the audit log of a control-plane node included.
  ...demand(["10.2.1.2", "10.2.1.3"], "", "nodes/proxy", { verbs: CONNECTS, clusterScoped: true }),
  ...demand(["10.2.1.3"], "", "nodes/log", { verbs: ["get"], clusterScoped: true }),
  ...ADMIN_CHANGES,
  // The API server's own pod and the shippers: their start and stop is that of the log.
  ...demand(["10.2.1.6"], "", "pods", { verbs: ["create", ...DELETES] }),
  ...demand(["10.2.1.6"], "apps", "daemonsets"),
];

/** What an audit policy can't show, beside the matrix. */
export const BEYOND_THE_POLICY: Partial<Record<LoggedRequirement, string>> = {
  "10.2.1.1": "Access inside applications and databases leaves no event of the Kubernetes API.",
  "10.2.1.3": "Reading the log's files on a host, or the store, leaves no event of the Kubernetes API.",
  "10.2.1.4": "Failed logins at the identity provider never reach the API server.",
  "10.2.1.6":
    "The policy and the flags are files on the host: changing them, or stopping the API server, leaves no event of the Kubernetes API.",
};
