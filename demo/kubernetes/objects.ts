/** The shapes that the simulator itself looks into; everything else of an object is carried along unread. */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: unknown[];
}

export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: { name?: string; key: string; optional?: boolean };
    configMapKeyRef?: { name?: string; key: string; optional?: boolean };
    fieldRef?: { fieldPath: string };
  };
}

export interface KeyToPath {
  key: string;
  path: string;
}

export interface Container {
  name: string;
  image?: string;
  imagePullPolicy?: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  envFrom?: { prefix?: string; secretRef?: { name?: string }; configMapRef?: { name?: string } }[];
  ports?: { containerPort: number; protocol?: string; name?: string }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  resources?: Record<string, unknown>;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
}

export interface Volume {
  name: string;
  emptyDir?: Record<string, unknown>;
  secret?: { secretName?: string; defaultMode?: number; optional?: boolean; items?: KeyToPath[] };
  configMap?: { name?: string; defaultMode?: number; optional?: boolean; items?: KeyToPath[] };
  projected?: {
    defaultMode?: number;
    sources?: {
      serviceAccountToken?: { audience?: string; expirationSeconds?: number; path: string };
      configMap?: { name?: string; items?: KeyToPath[]; optional?: boolean };
      secret?: { name?: string; items?: KeyToPath[]; optional?: boolean };
      downwardAPI?: { items?: { path: string; fieldRef?: { fieldPath: string } }[] };
    }[];
  };
  [source: string]: unknown;
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: {
        nodeSelectorTerms: { matchExpressions?: { key: string; operator: string; values?: string[] }[] }[];
      };
    };
  };
  tolerations?: Toleration[];
  hostNetwork?: boolean;
  restartPolicy?: string;
  priorityClassName?: string;
  securityContext?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface Pod extends ApiObject {
  spec: PodSpec;
  status?: PodStatus;
}

export interface PodStatus {
  phase?: string;
  podIP?: string;
  hostIP?: string;
  startTime?: string;
  conditions?: { type: string; status: string }[];
  containerStatuses?: { name: string; restartCount?: number; ready?: boolean }[];
  [field: string]: unknown;
}

/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job. */
export interface Workload extends ApiObject {
  spec: {
    replicas?: number;
    selector?: LabelSelector;
    template: PodTemplate;
    serviceName?: string;
    completions?: number;
    volumeClaimTemplates?: {
      metadata: { name: string; labels?: Record<string, string> };
      spec: Record<string, unknown>;
    }[];
  };
  status?: Record<string, unknown>;
}

export interface CronJob extends ApiObject {
  spec: { schedule: string; suspend?: boolean; jobTemplate: { spec: Workload["spec"] } };
}

export interface Node extends ApiObject {
  spec?: {
    taints?: { key: string; value?: string; effect: string }[];
    unschedulable?: boolean;
    podCIDR?: string;
    [field: string]: unknown;
  };
  status?: {
    addresses?: { type: string; address: string }[];
    nodeInfo?: Record<string, string>;
    conditions?: { type: string; status: string }[];
    [field: string]: unknown;
  };
}

export interface Service extends ApiObject {
  spec: {
    type?: string;
    clusterIP?: string;
    clusterIPs?: string[];
    ports?: { port: number; nodePort?: number; protocol?: string; targetPort?: number | string }[];
    externalName?: string;
    [field: string]: unknown;
  };
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface Role extends ApiObject {
  rules?: PolicyRule[] | null;
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}

export interface Subject {
  kind: string;
  name: string;
  namespace?: string;
  apiGroup?: string;
}

export interface RoleBinding extends ApiObject {
  roleRef: { apiGroup?: string; kind: string; name: string };
  subjects?: Subject[];
}

export interface KeyedData extends ApiObject {
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  type?: string;
}

export interface CustomResourceDefinition extends ApiObject {
  spec: {
    group: string;
    scope: "Namespaced" | "Cluster";
    names: {
      plural: string;
      singular?: string;
      kind: string;
      listKind?: string;
      shortNames?: string[];
      categories?: string[];
    };
    versions: {
      name: string;
      served: boolean;
      storage: boolean;
      additionalPrinterColumns?: { name: string; type: string; jsonPath: string; priority?: number }[];
      subresources?: { status?: Record<string, unknown> };
    }[];
  };
}
