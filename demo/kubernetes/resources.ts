/** Which resources the simulated API serves: the built-in ones below, and those of the CustomResourceDefinitions in the store. */
import type { ApiObject, CustomResourceDefinition } from "./objects";
import type { Store } from "./store";

export interface Resource {
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  /** `group/plural`: where the store keeps it, the same for every version. */
  storage: string;
  hasStatus: boolean;
  custom?: CustomResourceDefinition;
}

type Row = [plural: string, kind: string, scope: "n" | "c", shortNames?: string, flags?: string];

const BUILT_IN: Record<string, Row[]> = {
  "/v1": [
    ["configmaps", "ConfigMap", "n", "cm"],
    ["endpoints", "Endpoints", "n", "ep"],
    ["events", "Event", "n", "ev"],
    ["limitranges", "LimitRange", "n", "limits"],
    ["namespaces", "Namespace", "c", "ns", "status"],
    ["nodes", "Node", "c", "no", "status"],
    ["persistentvolumeclaims", "PersistentVolumeClaim", "n", "pvc", "status"],
    ["persistentvolumes", "PersistentVolume", "c", "pv", "status"],
    ["pods", "Pod", "n", "po", "status all"],
    ["podtemplates", "PodTemplate", "n"],
    ["replicationcontrollers", "ReplicationController", "n", "rc", "status all"],
    ["resourcequotas", "ResourceQuota", "n", "quota", "status"],
    ["secrets", "Secret", "n"],
    ["serviceaccounts", "ServiceAccount", "n", "sa"],
    ["services", "Service", "n", "svc", "status all"],
  ],
  "apps/v1": [
    ["daemonsets", "DaemonSet", "n", "ds", "status all"],
    ["deployments", "Deployment", "n", "deploy", "status all"],
    ["replicasets", "ReplicaSet", "n", "rs", "status all"],
    ["statefulsets", "StatefulSet", "n", "sts", "status all"],
  ],
  "batch/v1": [
    ["cronjobs", "CronJob", "n", "cj", "status all"],
    ["jobs", "Job", "n", "", "status all"],
  ],
  "networking.k8s.io/v1": [
    ["ingressclasses", "IngressClass", "c"],
    ["ingresses", "Ingress", "n", "ing", "status"],
    ["networkpolicies", "NetworkPolicy", "n", "netpol"],
  ],
  "rbac.authorization.k8s.io/v1": [
    ["clusterrolebindings", "ClusterRoleBinding", "c"],
    ["clusterroles", "ClusterRole", "c"],
    ["rolebindings", "RoleBinding", "n"],
    ["roles", "Role", "n"],
  ],
  "admissionregistration.k8s.io/v1": [
    ["mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "c"],
    ["validatingadmissionpolicies", "ValidatingAdmissionPolicy", "c", "", "status"],
    ["validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", "c"],
    ["validatingwebhookconfigurations", "ValidatingWebhookConfiguration", "c"],
  ],
  "apiextensions.k8s.io/v1": [["customresourcedefinitions", "CustomResourceDefinition", "c", "crd,crds", "status"]],
  "certificates.k8s.io/v1": [["certificatesigningrequests", "CertificateSigningRequest", "c", "csr", "status"]],
  "coordination.k8s.io/v1": [["leases", "Lease", "n"]],
  "discovery.k8s.io/v1": [["endpointslices", "EndpointSlice", "n"]],
  "apiregistration.k8s.io/v1": [["apiservices", "APIService", "c", "", "status"]],
  "node.k8s.io/v1": [["runtimeclasses", "RuntimeClass", "c"]],
  "policy/v1": [["poddisruptionbudgets", "PodDisruptionBudget", "n", "pdb", "status"]],
  "scheduling.k8s.io/v1": [["priorityclasses", "PriorityClass", "c", "pc"]],
  "storage.k8s.io/v1": [
    ["csidrivers", "CSIDriver", "c"],
    ["storageclasses", "StorageClass", "c", "sc"],
  ],
};

const SINGULAR: Record<string, string> = { endpoints: "endpoints" };

const builtIn: Resource[] = Object.entries(BUILT_IN).flatMap(([groupVersion, rows]) => {
  const [group = "", version = ""] = groupVersion.split("/");
  return rows.map(
    ([plural, kind, scope, shortNames = "", flags = ""]): Resource => ({
      group,
      version,
      plural,
      singular: SINGULAR[plural] ?? kind.toLowerCase(),
      kind,
      namespaced: scope === "n",
      shortNames: shortNames === "" ? [] : shortNames.split(","),
      categories: flags.includes("all") ? ["all"] : [],
      storage: `${group}/${plural}`,
      hasStatus: flags.includes("status"),
    }),
  );
});

/** Resources whose create is answered and forgotten: nothing of them is stored. */
export const REVIEWS: Record<string, { plural: string; kind: string; namespaced: boolean }[]> = {
  "authorization.k8s.io/v1": [
    { plural: "localsubjectaccessreviews", kind: "LocalSubjectAccessReview", namespaced: true },
    { plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview", namespaced: false },
    { plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview", namespaced: false },
    { plural: "subjectaccessreviews", kind: "SubjectAccessReview", namespaced: false },
  ],
  "authentication.k8s.io/v1": [
    { plural: "selfsubjectreviews", kind: "SelfSubjectReview", namespaced: false },
    { plural: "tokenreviews", kind: "TokenReview", namespaced: false },
  ],
};

/** All resources that are served now. A custom resource is served from the moment that its definition is stored. */
export function servedResources(store: Store): Resource[] {
  const custom = store
    .all<CustomResourceDefinition>("apiextensions.k8s.io/customresourcedefinitions")
    .flatMap((definition) =>
      definition.spec.versions
        .filter((version) => version.served)
        .map(
          (version): Resource => ({
            group: definition.spec.group,
            version: version.name,
            plural: definition.spec.names.plural,
            singular: definition.spec.names.singular ?? definition.spec.names.kind.toLowerCase(),
            kind: definition.spec.names.kind,
            namespaced: definition.spec.scope === "Namespaced",
            shortNames: definition.spec.names.shortNames ?? [],
            categories: definition.spec.names.categories ?? [],
            storage: `${definition.spec.group}/${definition.spec.names.plural}`,
            hasStatus: version.subresources?.status !== undefined,
            custom: definition,
          }),
        ),
    );
  return [...builtIn, ...custom];
}

export function findResource(store: Store, group: string, version: string, plural: string): Resource | undefined {
  return servedResources(store).find(
    (resource) => resource.group === group && resource.version === version && resource.plural === plural,
  );
}

export function findResourceOfKind(store: Store, object: Pick<ApiObject, "apiVersion" | "kind">): Resource | undefined {
  const { group, version } = splitApiVersion(object.apiVersion);
  return servedResources(store).find(
    (resource) => resource.group === group && resource.version === version && resource.kind === object.kind,
  );
}

export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf(resource: { group: string; version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}
