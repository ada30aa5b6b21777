/**
 * The Kubernetes objects that Ringfence reads, as far as it reads them.
 *
 * Each interface is the redacted form of the kind: only the fields that some engine or control uses (see redaction.ts, which
 * projects the API's answer onto exactly these fields). Names and nesting are those of the Kubernetes API reference, so that
 * an assessor can lay the object beside `kubectl get -o json`. Absent stays absent: null is never written for a missing field.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid?: string;
  controller?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  /** Values only for the allow-listed keys of redaction.ts; every other key is kept with the value `"<redacted>"`. */
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface LabelSelectorRequirement {
  key: string;
  operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  values?: string[];
}
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: LabelSelectorRequirement[];
}

export type IntOrString = number | string;

export interface SeccompProfile {
  type: string;
  localhostProfile?: string;
}
export interface AppArmorProfile {
  type: string;
  localhostProfile?: string;
}
export interface SELinuxOptions {
  user?: string;
  role?: string;
  type?: string;
  level?: string;
}
export interface WindowsOptions {
  hostProcess?: boolean;
  runAsUserName?: string;
  gmsaCredentialSpecName?: string;
}
export interface Capabilities {
  add?: string[];
  drop?: string[];
}

export interface SecurityContext {
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  runAsNonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  capabilities?: Capabilities;
  procMount?: string;
  seccompProfile?: SeccompProfile;
  appArmorProfile?: AppArmorProfile;
  seLinuxOptions?: SELinuxOptions;
  windowsOptions?: WindowsOptions;
}

export interface PodSecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  runAsGroup?: number;
  fsGroup?: number;
  supplementalGroups?: number[];
  sysctls?: { name: string; value?: string }[];
  seccompProfile?: SeccompProfile;
  appArmorProfile?: AppArmorProfile;
  seLinuxOptions?: SELinuxOptions;
  windowsOptions?: WindowsOptions;
}

export interface ContainerPort {
  name?: string;
  containerPort: number;
  hostPort?: number;
  hostIP?: string;
  protocol?: string;
}

/**
 * Name and where the value comes from; a literal value never leaves the cluster, not even as a hash. The one exception are etcd's
 * own settings (`ETCD_…`) in control-plane static pods, which are flags by another name; credentials among them stay out.
 */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: { name?: string; key: string; optional?: boolean };
    configMapKeyRef?: { name?: string; key: string; optional?: boolean };
    fieldRef?: { fieldPath: string };
    resourceFieldRef?: { resource: string };
  };
}
export interface EnvFromSource {
  prefix?: string;
  secretRef?: { name?: string };
  configMapRef?: { name?: string };
}
export interface VolumeMount {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  subPath?: string;
}
export interface HttpHandler {
  host?: string;
  port?: IntOrString;
  path?: string;
  scheme?: string;
}
export interface ProbeHandler {
  httpGet?: HttpHandler;
  tcpSocket?: { host?: string; port?: IntOrString };
  grpc?: { port: number };
  exec?: Record<string, never>;
}

export interface Container {
  name: string;
  image?: string;
  imagePullPolicy?: string;
  /** Flag names; values only where the flag is on the allow-list or the pod is a control-plane static pod. */
  command?: string[];
  args?: string[];
  ports?: ContainerPort[];
  env?: EnvVar[];
  envFrom?: EnvFromSource[];
  volumeMounts?: VolumeMount[];
  securityContext?: SecurityContext;
  restartPolicy?: string;
  stdin?: boolean;
  tty?: boolean;
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
  livenessProbe?: ProbeHandler;
  readinessProbe?: ProbeHandler;
  startupProbe?: ProbeHandler;
  lifecycle?: { postStart?: ProbeHandler; preStop?: ProbeHandler };
  /**
   * Answers worked out inside the cluster from environment values and arguments that never leave it (redaction/container-facts.ts
   * holds the rules). Absent: nothing could be said.
   */
  facts?: { usesTls?: boolean; verifiesTls?: boolean; databaseUsesTls?: boolean };
}

/** A PersistentVolumeClaim that a StatefulSet or a pod makes for itself. */
export interface ClaimTemplate {
  metadata?: { name?: string; labels?: Record<string, string> };
  spec?: { storageClassName?: string };
}
export interface Volume {
  name: string;
  hostPath?: { path: string; type?: string };
  emptyDir?: { medium?: string };
  configMap?: { name?: string; optional?: boolean };
  secret?: { secretName?: string; optional?: boolean };
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean };
  projected?: {
    sources?: {
      serviceAccountToken?: { audience?: string; expirationSeconds?: number; path?: string };
      configMap?: { name?: string };
      secret?: { name?: string };
      downwardAPI?: Record<string, never>;
      clusterTrustBundle?: { name?: string; signerName?: string };
    }[];
  };
  csi?: { driver: string; readOnly?: boolean };
  downwardAPI?: Record<string, never>;
  ephemeral?: { volumeClaimTemplate?: ClaimTemplate };
  nfs?: { server: string; path: string };
  /** The key of any other volume source (`gcePersistentDisk`, `iscsi` …); its settings are not read. */
  otherSource?: string;
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}
export interface NodeSelectorRequirement {
  key: string;
  operator: string;
  values?: string[];
}
export interface NodeSelectorTerm {
  matchExpressions?: NodeSelectorRequirement[];
  /** By the node's name, as DaemonSets' pods have it; which node is not kept. */
  matchFields?: { key: string; operator: string }[];
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  ephemeralContainers?: Container[];
  volumes?: Volume[];
  securityContext?: PodSecurityContext;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  hostUsers?: boolean;
  shareProcessNamespace?: boolean;
  os?: { name: string };
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: NodeSelectorTerm[] };
      /** Only that there are some. */
      preferredDuringSchedulingIgnoredDuringExecution?: Record<string, never>[];
    };
  };
  tolerations?: Toleration[];
  runtimeClassName?: string;
  restartPolicy?: string;
  priorityClassName?: string;
  imagePullSecrets?: { name?: string }[];
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface ContainerStatus {
  name: string;
  image?: string;
  imageID?: string;
  ready?: boolean;
  restartCount?: number;
  /** When it started, and whether it has ended. */
  state?: { running?: { startedAt?: string }; terminated?: { startedAt?: string; finishedAt?: string } };
}
export interface Pod extends KubeObject {
  kind: "Pod";
  spec: PodSpec;
  status?: {
    phase?: string;
    podIP?: string;
    podIPs?: { ip: string }[];
    hostIP?: string;
    startTime?: string;
    qosClass?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    ephemeralContainerStatuses?: ContainerStatus[];
  };
}
export interface Condition {
  type: string;
  status: string;
  reason?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job: everything with `spec.template`. */
export interface TemplatedWorkload extends KubeObject {
  spec: {
    replicas?: number;
    selector?: LabelSelector;
    template: PodTemplate;
    paused?: boolean;
    suspend?: boolean;
    /** Of a StatefulSet. */
    volumeClaimTemplates?: ClaimTemplate[];
  };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    observedGeneration?: number;
    desiredNumberScheduled?: number;
    currentNumberScheduled?: number;
    numberReady?: number;
    numberAvailable?: number;
    numberUnavailable?: number;
    updatedNumberScheduled?: number;
    conditions?: Condition[];
  };
}
export interface CronJob extends KubeObject {
  spec: { schedule?: string; suspend?: boolean; jobTemplate: { spec: { template: PodTemplate } } };
}

export interface Namespace extends KubeObject {
  kind: "Namespace";
  status?: { phase?: string };
}
export interface Node extends KubeObject {
  kind: "Node";
  spec?: {
    taints?: { key: string; value?: string; effect: string }[];
    unschedulable?: boolean;
    podCIDR?: string;
    podCIDRs?: string[];
    providerID?: string;
  };
  status?: {
    nodeInfo?: {
      kubeletVersion?: string;
      kubeProxyVersion?: string;
      osImage?: string;
      kernelVersion?: string;
      containerRuntimeVersion?: string;
      operatingSystem?: string;
      architecture?: string;
    };
    conditions?: Condition[];
    addresses?: { type: string; address: string }[];
  };
}
/** What shows where the data lie and whom they belonged to; the settings of a driver are not read. */
export interface PersistentVolume extends KubeObject {
  kind: "PersistentVolume";
  spec: {
    storageClassName?: string;
    persistentVolumeReclaimPolicy?: string;
    csi?: { driver: string };
    nfs?: { server: string; path: string };
    hostPath?: { path: string; type?: string };
    local?: { path: string };
    claimRef?: { namespace?: string; name?: string };
  };
  status?: { phase?: string; lastPhaseTransitionTime?: string };
}
export interface ServiceAccount extends KubeObject {
  kind: "ServiceAccount";
  automountServiceAccountToken?: boolean;
  secrets?: { name?: string }[];
  imagePullSecrets?: { name?: string }[];
}

export interface NetworkPolicyPort {
  protocol?: string;
  port?: IntOrString;
  endPort?: number;
}
export interface NetworkPolicyPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
}
export interface NetworkPolicy extends KubeObject {
  kind: "NetworkPolicy";
  spec: {
    podSelector?: LabelSelector;
    policyTypes?: ("Ingress" | "Egress")[];
    ingress?: { from?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
    egress?: { to?: NetworkPolicyPeer[]; ports?: NetworkPolicyPort[] }[];
  };
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}
export interface Role extends KubeObject {
  kind: "Role" | "ClusterRole";
  rules?: PolicyRule[] | null;
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}
export interface Subject {
  kind: string;
  name: string;
  namespace?: string;
  apiGroup?: string;
}
export interface RoleBinding extends KubeObject {
  kind: "RoleBinding" | "ClusterRoleBinding";
  roleRef: { apiGroup?: string; kind: string; name: string };
  subjects?: Subject[];
}

export interface ServicePort {
  name?: string;
  port: number;
  targetPort?: IntOrString;
  protocol?: string;
  nodePort?: number;
  appProtocol?: string;
}
export interface Service extends KubeObject {
  kind: "Service";
  spec: {
    type?: string;
    selector?: Record<string, string>;
    ports?: ServicePort[];
    clusterIP?: string;
    externalIPs?: string[];
    externalName?: string;
    loadBalancerSourceRanges?: string[];
    externalTrafficPolicy?: string;
    loadBalancerClass?: string;
    /** False: a LoadBalancer opens no node port. */
    allocateLoadBalancerNodePorts?: boolean;
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}
export interface IngressBackend {
  service?: { name: string; port?: { name?: string; number?: number } };
  resource?: { apiGroup?: string; kind: string; name: string };
}
export interface Ingress extends KubeObject {
  kind: "Ingress";
  spec: {
    ingressClassName?: string;
    defaultBackend?: IngressBackend;
    tls?: { hosts?: string[]; secretName?: string }[];
    rules?: { host?: string; http?: { paths: { path?: string; pathType?: string; backend: IngressBackend }[] } }[];
  };
}

/** What a certificate of a `caBundle` says; the bundle itself stays in the cluster. */
export interface CaCertificate {
  /** SHA-256 of the DER form. */
  fingerprint: string;
  notBefore?: string;
  notAfter: string;
  keyAlgorithm?: string;
  keyBits?: number;
  signatureHash?: string;
}
export interface WebhookConfiguration extends KubeObject {
  kind: "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration";
  webhooks?: {
    name: string;
    failurePolicy?: string;
    sideEffects?: string;
    timeoutSeconds?: number;
    matchPolicy?: string;
    clientConfig?: {
      service?: { name: string; namespace: string; path?: string; port?: number };
      hasUrl?: boolean;
      /** Of `caBundle`; empty when no certificate in it could be read, absent when there is none. */
      caCertificates?: CaCertificate[];
    };
    rules?: {
      apiGroups?: string[];
      apiVersions?: string[];
      resources?: string[];
      operations?: string[];
      scope?: string;
    }[];
    namespaceSelector?: LabelSelector;
    objectSelector?: LabelSelector;
    matchConditions?: { name: string; expression: string }[];
  }[];
}

/**
 * A kind that only some controls read and whose schema belongs to somebody else: Kyverno policies, Gatekeeper constraints,
 * Istio, Gateway API, Cilium, Calico … `spec` and `status` are kept as the redaction's list for that kind says.
 */
export interface CustomObject extends KubeObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [key: string]: unknown;
}
