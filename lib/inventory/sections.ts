/**
 * Which API resource fills which section: the one table that the collector, the simulated API and the manifest reader share.
 *
 * `sources` are tried in order; the first that the API server serves fills the section. Versions are those that Kubernetes
 * 1.29 and later, and the add-ons' current releases, serve (kubernetes.io, "API reference"; each project's CRDs).
 */
import type { SectionName } from "./snapshot";

export interface ResourceSource {
  /** "" for the core group. */
  group: string;
  version: string;
  /** Plural in the API's path. `*`: every resource of that group-version (Gatekeeper makes one kind per template). */
  resource: string;
  /** `*` together with resource `*`. */
  kind: string;
}
export interface SectionDefinition {
  name: SectionName;
  sources: readonly ResourceSource[];
  namespaced: boolean;
  /** False for what only a running cluster can show: a manifest folder without such objects says nothing about them. */
  inManifests: boolean;
  /** True when the agent's shipped ClusterRole does not grant it; then it is `not-collected` until an operator opts in. */
  optional: boolean;
  /** How many objects a page of the list may hold at most, where one object may be as large as etcd allows. */
  pageSize?: number;
  /** The one namespace whose objects count; the agent lists there and has no right elsewhere. */
  onlyIn?: string;
}

type Row = [name: SectionName, group: string, versions: string, resource: string, kind: string, flags?: string];

/**
 * Flags: `c` cluster-scoped, `r` runtime only (not expected in manifests), `o` optional: the agent asks for it only when an
 * operator has granted the permission and switched it on.
 */
const ROWS: readonly Row[] = [
  ["namespaces", "", "v1", "namespaces", "Namespace", "c"],
  ["nodes", "", "v1", "nodes", "Node", "cr"],
  ["persistentvolumes", "", "v1", "persistentvolumes", "PersistentVolume", "c"],
  ["pods", "", "v1", "pods", "Pod"],
  ["serviceaccounts", "", "v1", "serviceaccounts", "ServiceAccount"],
  ["services", "", "v1", "services", "Service"],
  ["replicationcontrollers", "", "v1", "replicationcontrollers", "ReplicationController"],
  ["deployments", "apps", "v1", "deployments", "Deployment"],
  ["statefulsets", "apps", "v1", "statefulsets", "StatefulSet"],
  ["daemonsets", "apps", "v1", "daemonsets", "DaemonSet"],
  ["replicasets", "apps", "v1", "replicasets", "ReplicaSet"],
  ["jobs", "batch", "v1", "jobs", "Job"],
  ["cronjobs", "batch", "v1", "cronjobs", "CronJob"],
  ["networkpolicies", "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"],
  ["ingresses", "networking.k8s.io", "v1", "ingresses", "Ingress"],
  ["roles", "rbac.authorization.k8s.io", "v1", "roles", "Role"],
  ["clusterroles", "rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", "c"],
  ["rolebindings", "rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"],
  ["clusterrolebindings", "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", "c"],
  [
    "validatingwebhookconfigurations",
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    "c",
  ],
  [
    "mutatingwebhookconfigurations",
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    "c",
  ],
  [
    "validatingadmissionpolicies",
    "admissionregistration.k8s.io",
    "v1 v1beta1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    "c",
  ],
  [
    "validatingadmissionpolicybindings",
    "admissionregistration.k8s.io",
    "v1 v1beta1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    "c",
  ],
  ["kyverno-clusterpolicies", "kyverno.io", "v1 v2beta1", "clusterpolicies", "ClusterPolicy", "c"],
  ["kyverno-policies", "kyverno.io", "v1 v2beta1", "policies", "Policy"],
  [
    "gatekeeper-constrainttemplates",
    "templates.gatekeeper.sh",
    "v1 v1beta1",
    "constrainttemplates",
    "ConstraintTemplate",
    "c",
  ],
  ["gatekeeper-constraints", "constraints.gatekeeper.sh", "v1beta1", "*", "*", "c"],
  ["istio-peerauthentications", "security.istio.io", "v1 v1beta1", "peerauthentications", "PeerAuthentication"],
  ["istio-destinationrules", "networking.istio.io", "v1 v1beta1 v1alpha3", "destinationrules", "DestinationRule"],
  ["gateway-gateways", "gateway.networking.k8s.io", "v1 v1beta1", "gateways", "Gateway"],
  ["gateway-httproutes", "gateway.networking.k8s.io", "v1 v1beta1", "httproutes", "HTTPRoute"],
  ["openshift-routes", "route.openshift.io", "v1", "routes", "Route"],
  ["openshift-apiservers", "config.openshift.io", "v1", "apiservers", "APIServer", "cr"],
  ["openshift-oauths", "config.openshift.io", "v1", "oauths", "OAuth", "cr"],
  ["cilium-networkpolicies", "cilium.io", "v2", "ciliumnetworkpolicies", "CiliumNetworkPolicy"],
  [
    "cilium-clusterwidenetworkpolicies",
    "cilium.io",
    "v2",
    "ciliumclusterwidenetworkpolicies",
    "CiliumClusterwideNetworkPolicy",
    "c",
  ],
  ["calico-networkpolicies", "crd.projectcalico.org", "v1", "networkpolicies", "NetworkPolicy"],
  ["calico-globalnetworkpolicies", "crd.projectcalico.org", "v1", "globalnetworkpolicies", "GlobalNetworkPolicy", "c"],
  ["adminnetworkpolicies", "policy.networking.k8s.io", "v1alpha1", "adminnetworkpolicies", "AdminNetworkPolicy", "c"],
  [
    "baselineadminnetworkpolicies",
    "policy.networking.k8s.io",
    "v1alpha1",
    "baselineadminnetworkpolicies",
    "BaselineAdminNetworkPolicy",
    "c",
  ],
  [
    "clusternetworkpolicies",
    "policy.networking.k8s.io",
    "v1alpha2",
    "clusternetworkpolicies",
    "ClusterNetworkPolicy",
    "c",
  ],
  ["persistentvolumeclaims", "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"],
  ["storageclasses", "storage.k8s.io", "v1", "storageclasses", "StorageClass", "c"],
  ["volumesnapshots", "snapshot.storage.k8s.io", "v1", "volumesnapshots", "VolumeSnapshot"],
  ["velero-backupstoragelocations", "velero.io", "v1", "backupstoragelocations", "BackupStorageLocation"],
  ["velero-schedules", "velero.io", "v1", "schedules", "Schedule"],
  ["resourcequotas", "", "v1", "resourcequotas", "ResourceQuota"],
  ["limitranges", "", "v1", "limitranges", "LimitRange"],
  ["argocd-applications", "argoproj.io", "v1alpha1", "applications", "Application"],
  ["flux-kustomizations", "kustomize.toolkit.fluxcd.io", "v1 v1beta2", "kustomizations", "Kustomization"],
  ["flux-helmreleases", "helm.toolkit.fluxcd.io", "v2 v2beta2", "helmreleases", "HelmRelease"],
  ["leases", "coordination.k8s.io", "v1", "leases", "Lease", "r"],
  ["tetragon-tracingpolicies", "cilium.io", "v1alpha1", "tracingpolicies", "TracingPolicy", "c"],
  [
    "tetragon-tracingpoliciesnamespaced",
    "cilium.io",
    "v1alpha1",
    "tracingpoliciesnamespaced",
    "TracingPolicyNamespaced",
  ],
  ["openshift-fileintegrities", "fileintegrity.openshift.io", "v1alpha1", "fileintegrities", "FileIntegrity"],
  ["prometheus-rules", "monitoring.coreos.com", "v1", "prometheusrules", "PrometheusRule"],
  [
    "prometheus-alertmanagerconfigs",
    "monitoring.coreos.com",
    "v1alpha1 v1beta1",
    "alertmanagerconfigs",
    "AlertmanagerConfig",
  ],
  ["endpointslices", "discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "r"],
  ["apiservices", "apiregistration.k8s.io", "v1", "apiservices", "APIService", "c"],
  ["gateway-tcproutes", "gateway.networking.k8s.io", "v1alpha2", "tcproutes", "TCPRoute"],
  ["gateway-tlsroutes", "gateway.networking.k8s.io", "v1 v1alpha3 v1alpha2", "tlsroutes", "TLSRoute"],
  ["gateway-grpcroutes", "gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute"],
  ["istio-gateways", "networking.istio.io", "v1 v1beta1 v1alpha3", "gateways", "Gateway"],
  ["istio-virtualservices", "networking.istio.io", "v1 v1beta1 v1alpha3", "virtualservices", "VirtualService"],
  ["istio-serviceentries", "networking.istio.io", "v1 v1beta1 v1alpha3", "serviceentries", "ServiceEntry"],
  ["certmanager-certificates", "cert-manager.io", "v1", "certificates", "Certificate"],
  ["certmanager-issuers", "cert-manager.io", "v1", "issuers", "Issuer"],
  ["certmanager-clusterissuers", "cert-manager.io", "v1", "clusterissuers", "ClusterIssuer", "c"],
  ["configmaps", "", "v1", "configmaps", "ConfigMap", "o"],
  ["cilium-cidrgroups", "cilium.io", "v2 v2alpha1", "ciliumcidrgroups", "CiliumCIDRGroup", "c"],
  ["calico-networksets", "crd.projectcalico.org", "v1", "networksets", "NetworkSet"],
  ["calico-globalnetworksets", "crd.projectcalico.org", "v1", "globalnetworksets", "GlobalNetworkSet", "c"],
  ["calico-tiers", "crd.projectcalico.org", "v1", "tiers", "Tier", "c"],
  [
    "certificatesigningrequests",
    "certificates.k8s.io",
    "v1",
    "certificatesigningrequests",
    "CertificateSigningRequest",
    "cr",
  ],
  ["runtimeclasses", "node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", "c"],
  [
    "trivy-vulnerabilityreports",
    "aquasecurity.github.io",
    "v1alpha1",
    "vulnerabilityreports",
    "VulnerabilityReport",
    "r",
  ],
  ["trivy-sbomreports", "aquasecurity.github.io", "v1alpha1", "sbomreports", "SbomReport", "r"],
  [
    "trivy-exposedsecretreports",
    "aquasecurity.github.io",
    "v1alpha1",
    "exposedsecretreports",
    "ExposedSecretReport",
    "r",
  ],
  ["policyreports", "wgpolicyk8s.io", "v1alpha2 v1beta1", "policyreports", "PolicyReport", "r"],
  ["clusterpolicyreports", "wgpolicyk8s.io", "v1alpha2 v1beta1", "clusterpolicyreports", "ClusterPolicyReport", "cr"],
  ["kyverno-policyexceptions", "kyverno.io", "v2 v2beta1", "policyexceptions", "PolicyException"],
  [
    "kyverno-validatingpolicies",
    "policies.kyverno.io",
    "v1 v1beta1 v1alpha1",
    "validatingpolicies",
    "ValidatingPolicy",
    "c",
  ],
  [
    "kyverno-imagevalidatingpolicies",
    "policies.kyverno.io",
    "v1 v1beta1 v1alpha1",
    "imagevalidatingpolicies",
    "ImageValidatingPolicy",
    "c",
  ],
  ["kyverno-celexceptions", "policies.kyverno.io", "v1 v1beta1 v1alpha1", "policyexceptions", "PolicyException"],
  ["gatekeeper-configs", "config.gatekeeper.sh", "v1alpha1", "configs", "Config"],
  [
    "sigstore-clusterimagepolicies",
    "policy.sigstore.dev",
    "v1beta1 v1alpha1",
    "clusterimagepolicies",
    "ClusterImagePolicy",
    "c",
  ],
  ["externalsecrets", "external-secrets.io", "v1 v1beta1", "externalsecrets", "ExternalSecret"],
  ["externalsecret-stores", "external-secrets.io", "v1 v1beta1", "secretstores", "SecretStore"],
  [
    "externalsecret-clusterstores",
    "external-secrets.io",
    "v1 v1beta1",
    "clustersecretstores",
    "ClusterSecretStore",
    "c",
  ],
  ["secretproviderclasses", "secrets-store.csi.x-k8s.io", "v1", "secretproviderclasses", "SecretProviderClass"],
  ["node-reports", "ringfence.dev", "v1", "nodereports", "NodeReport", "cr"],
];

/** Calico serves the same policies through its API server (`projectcalico.org/v3`) or as plain CRDs (`crd.…/v1`). */
const EXTRA_SOURCES: Partial<Record<SectionName, ResourceSource>> = {
  "calico-networkpolicies": {
    group: "projectcalico.org",
    version: "v3",
    resource: "networkpolicies",
    kind: "NetworkPolicy",
  },
  "calico-globalnetworkpolicies": {
    group: "projectcalico.org",
    version: "v3",
    resource: "globalnetworkpolicies",
    kind: "GlobalNetworkPolicy",
  },
  "calico-networksets": { group: "projectcalico.org", version: "v3", resource: "networksets", kind: "NetworkSet" },
  "calico-globalnetworksets": {
    group: "projectcalico.org",
    version: "v3",
    resource: "globalnetworksets",
    kind: "GlobalNetworkSet",
  },
  "calico-tiers": { group: "projectcalico.org", version: "v3", resource: "tiers", kind: "Tier" },
};

/** Elsewhere leases are locks of controllers, which nobody judges; here the kubelets renew one for each node. */
const ONLY_IN: Partial<Record<SectionName, string>> = { leases: "kube-node-lease" };

/** Ten objects of 1.5 MiB are as much as the agent's memory bears beside everything else. */
const PAGE_SIZES: Partial<Record<SectionName, number>> = {
  configmaps: 10,
  "trivy-vulnerabilityreports": 10,
  "trivy-sbomreports": 10,
  "trivy-exposedsecretreports": 10,
  policyreports: 50,
  clusterpolicyreports: 10,
  "argocd-applications": 25,
  "node-reports": 25,
};

/** Every section in the order in which it is collected, sent and stored. Namespaces first: the rest is judged by them. */
export const SECTIONS: readonly SectionDefinition[] = ROWS.map(
  ([name, group, versions, resource, kind, flags = ""]) => {
    const extra = EXTRA_SOURCES[name];
    const onlyIn = ONLY_IN[name];
    const pageSize = PAGE_SIZES[name];
    const sources = versions.split(" ").map((version) => ({ group, version, resource, kind }));
    return {
      name,
      sources: extra === undefined ? sources : [extra, ...sources],
      namespaced: !flags.includes("c"),
      inManifests: !flags.includes("r"),
      optional: flags.includes("o"),
      ...(onlyIn === undefined ? {} : { onlyIn }),
      ...(pageSize === undefined ? {} : { pageSize }),
    };
  },
);

export const SECTION_NAMES: readonly SectionName[] = SECTIONS.map((s) => s.name);

const BY_NAME = new Map<string, SectionDefinition>(SECTIONS.map((s) => [s.name, s]));
const BY_GROUP_KIND = new Map<string, SectionDefinition>(
  SECTIONS.flatMap((s) => s.sources.map((source) => [`${source.group}/${source.kind}`, s] as const)),
);

/** Kinds that lay in the group `extensions` before they had one of their own: files still hold them, and say the same. */
const FROM_EXTENSIONS: ReadonlySet<string> = new Set([
  "DaemonSet",
  "Deployment",
  "Ingress",
  "NetworkPolicy",
  "ReplicaSet",
]);
const EXTENSIONS_GROUPS = ["apps", "networking.k8s.io"];

/** The definition of a section; undefined for a name that this release doesn't know. */
export function findSection(name: string): SectionDefinition | undefined {
  return BY_NAME.get(name);
}

/** True for the name of a section that this release knows. */
export function isSectionName(name: string): name is SectionName {
  return BY_NAME.has(name);
}

/** Group and version of an `apiVersion`; the core group is "". */
export function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf("/");
  return slash < 0
    ? { group: "", version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/** `apps/v1`, or `v1` for the core group. */
export function joinApiVersion(source: { group: string; version: string }): string {
  return source.group === "" ? source.version : `${source.group}/${source.version}`;
}

/**
 * The section that holds objects of this kind, whatever version of the group the object is written in; undefined for a
 * kind that Ringfence doesn't read.
 */
export function sectionOfKind(apiVersion: string, kind: string): SectionDefinition | undefined {
  const { group } = splitApiVersion(apiVersion);
  const found = BY_GROUP_KIND.get(`${group}/${kind}`) ?? BY_GROUP_KIND.get(`${group}/*`);
  if (found !== undefined || group !== "extensions" || !FROM_EXTENSIONS.has(kind)) return found;
  return EXTENSIONS_GROUPS.map((current) => BY_GROUP_KIND.get(`${current}/${kind}`)).find((s) => s !== undefined);
}

/** The permission whose lack makes a section `forbidden`, as RBAC writes it: `list networkpolicies.networking.k8s.io`. */
export function permissionOf(section: SectionDefinition): string {
  const [source] = section.sources;
  if (source === undefined) return `list ${section.name}`;
  const where = section.onlyIn === undefined ? "" : ` in ${section.onlyIn}`;
  return `list ${source.group === "" ? source.resource : `${source.resource}.${source.group}`}${where}`;
}
