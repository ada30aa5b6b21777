/**
 * A snapshot: one redacted inventory of one cluster at one time.
 *
 * It is made of sections, one per listed resource. A section that could not be read says so; it is never an empty list
 * (silent pass 3: failure to read becomes nothing to report). A control names the sections that it needs and answers
 * `unknown` when one of them is not `complete`.
 */
import type { ImportedFacts } from "./imported";
import type { PatternScan } from "./pattern-scan";
import type {
  CronJob,
  CustomObject,
  Ingress,
  KubeObject,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  Pod,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
  TemplatedWorkload,
  WebhookConfiguration,
} from "./kinds";

export const SNAPSHOT_SCHEMA_VERSION = 1;

export const PROVIDERS = ["self-managed", "eks", "gke", "aks", "openshift", "k3s", "rke2", "other"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Section name → type of its objects. The name is the plural resource name, with the group where two could be confused. */
export interface SectionObjects {
  namespaces: Namespace;
  nodes: Node;
  persistentvolumes: PersistentVolume;
  pods: Pod;
  serviceaccounts: ServiceAccount;
  services: Service;
  replicationcontrollers: TemplatedWorkload;
  deployments: TemplatedWorkload;
  statefulsets: TemplatedWorkload;
  daemonsets: TemplatedWorkload;
  replicasets: TemplatedWorkload;
  jobs: TemplatedWorkload;
  cronjobs: CronJob;
  networkpolicies: NetworkPolicy;
  ingresses: Ingress;
  roles: Role;
  clusterroles: Role;
  rolebindings: RoleBinding;
  clusterrolebindings: RoleBinding;
  validatingwebhookconfigurations: WebhookConfiguration;
  mutatingwebhookconfigurations: WebhookConfiguration;
  validatingadmissionpolicies: CustomObject;
  validatingadmissionpolicybindings: CustomObject;
  "kyverno-clusterpolicies": CustomObject;
  "kyverno-policies": CustomObject;
  "gatekeeper-constrainttemplates": CustomObject;
  "gatekeeper-constraints": CustomObject;
  "istio-peerauthentications": CustomObject;
  "istio-destinationrules": CustomObject;
  "gateway-gateways": CustomObject;
  "gateway-httproutes": CustomObject;
  "openshift-routes": CustomObject;
  "openshift-apiservers": CustomObject;
  "openshift-oauths": CustomObject;
  "cilium-networkpolicies": CustomObject;
  "cilium-clusterwidenetworkpolicies": CustomObject;
  "calico-networkpolicies": CustomObject;
  "calico-globalnetworkpolicies": CustomObject;
  adminnetworkpolicies: CustomObject;
  baselineadminnetworkpolicies: CustomObject;
  clusternetworkpolicies: CustomObject;
  persistentvolumeclaims: CustomObject;
  storageclasses: CustomObject;
  volumesnapshots: CustomObject;
  "velero-backupstoragelocations": CustomObject;
  "velero-schedules": CustomObject;
  resourcequotas: CustomObject;
  limitranges: CustomObject;
  "argocd-applications": CustomObject;
  "flux-kustomizations": CustomObject;
  "flux-helmreleases": CustomObject;
  leases: CustomObject;
  "tetragon-tracingpolicies": CustomObject;
  "tetragon-tracingpoliciesnamespaced": CustomObject;
  "openshift-fileintegrities": CustomObject;
  "prometheus-rules": CustomObject;
  "prometheus-alertmanagerconfigs": CustomObject;
  endpointslices: CustomObject;
  apiservices: CustomObject;
  "gateway-tcproutes": CustomObject;
  "gateway-tlsroutes": CustomObject;
  "gateway-grpcroutes": CustomObject;
  "istio-gateways": CustomObject;
  "istio-virtualservices": CustomObject;
  "istio-serviceentries": CustomObject;
  "certmanager-certificates": CustomObject;
  "certmanager-issuers": CustomObject;
  "certmanager-clusterissuers": CustomObject;
  configmaps: CustomObject;
  "cilium-cidrgroups": CustomObject;
  "calico-networksets": CustomObject;
  "calico-globalnetworksets": CustomObject;
  "calico-tiers": CustomObject;
  certificatesigningrequests: CustomObject;
  runtimeclasses: CustomObject;
  "trivy-vulnerabilityreports": CustomObject;
  "trivy-sbomreports": CustomObject;
  "trivy-exposedsecretreports": CustomObject;
  policyreports: CustomObject;
  clusterpolicyreports: CustomObject;
  "kyverno-policyexceptions": CustomObject;
  "kyverno-validatingpolicies": CustomObject;
  "kyverno-imagevalidatingpolicies": CustomObject;
  "kyverno-celexceptions": CustomObject;
  "gatekeeper-configs": CustomObject;
  "sigstore-clusterimagepolicies": CustomObject;
  externalsecrets: CustomObject;
  "externalsecret-stores": CustomObject;
  "externalsecret-clusterstores": CustomObject;
  secretproviderclasses: CustomObject;
  "node-reports": CustomObject;
}
export type SectionName = keyof SectionObjects;

/**
 * - `complete`: every object was listed.
 * - `unserved`: the cluster's API has no such resource (a CRD that is not installed). It counts as an empty, known list.
 * - `forbidden`: RBAC refused the list. - `failed`: the list broke off (message says how).
 * - `not-collected`: nobody asked (a manifest folder has no Node objects to show; an old agent doesn't know the kind).
 */
export type SectionStatus = "complete" | "unserved" | "forbidden" | "failed" | "not-collected";

export interface Section<K extends SectionName = SectionName> {
  name: K;
  status: SectionStatus;
  /** Why it isn't complete, in words for a person; names the missing permission when it is `forbidden`. */
  message?: string;
  resourceVersion?: string;
  objects: SectionObjects[K][];
}

/** An object that is not valid for its kind: named, kept out of the sections, and its controls are `unknown` for it. */
export interface InvalidObject {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  /** File and line, or section and position. */
  where: string;
  problem: string;
}

/** Facts that are not objects of a list. Absent means that nobody could read it, so a control answers `unknown`. */
export interface ClusterFacts extends ImportedFacts {
  /** `/version` gitVersion, for example `v1.32.4-eks-1234`. */
  gitVersion?: string;
  /** UID of the namespace kube-system: the usual identity of a cluster. */
  clusterUid?: string;
  /** API server `/metrics`: how many objects of `secrets` were read or written through which transformer prefix. */
  encryptionTransformers?: { operation: string; resource: string; prefix: string; count: number }[];
  /** Where credentials and card numbers were seen while the objects were read; absent when nobody looked. */
  patternScan?: PatternScan;
  /** `/metrics` of one API server: audit events that were made since its start, and those that a backend failed to take. */
  auditDelivery?: { events: number; errors: { plugin: string; count: number }[] };
  /** `/metrics`: objects in storage by resource (`secrets`, `configmaps`), as far as controls ask. */
  storedObjects?: { resource: string; count: number }[];
}

export interface Snapshot {
  schemaVersion: number;
  source: "agent" | "manifests" | "kubeconfig";
  provider: Provider;
  /** ISO 8601, UTC. Made by whoever collected; the server adds its own receivedAt beside it. */
  collectedAt: string;
  facts: ClusterFacts;
  sections: { [K in SectionName]?: Section<K> };
  invalid: InvalidObject[];
}

export type AnyObject = KubeObject;
