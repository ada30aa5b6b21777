/**
 * Imported sources about the control plane and the nodes: files that flags name, provider's records, reports of tools that run on
 * hosts. They come from the node collector (node-reports.ts) or from an upload. Absent means that nobody has brought them.
 *
 * Never key material: of an encryption configuration there are provider names, key names and resources.
 */
import type { ImportOrigin } from "./import-origin";

/** One provider of EncryptionConfiguration, in the order of the file. */
export interface EncryptionProvider {
  type: "identity" | "aescbc" | "aesgcm" | "secretbox" | "kms";
  /** Of kms: `v1` or `v2`; a kms provider without apiVersion is v1. */
  kmsVersion?: "v1" | "v2";
  /** Of kms: its name. */
  name?: string;
  /** Key names of a local provider, in order; the first writes. */
  keys: string[];
}
/** EncryptionConfiguration (apiserver.config.k8s.io) of one API server, without any key. */
export interface ImportedEncryptionConfig {
  origin: ImportOrigin;
  /** Node, or name of the API server's pod. */
  instance: string;
  resources: { resources: string[]; providers: EncryptionProvider[] }[];
}

/** How the values of Secrets begin in etcd: counts, never a value. */
export interface StoredSecretCounts {
  origin: ImportOrigin;
  /** Below which key of etcd it was counted (`/registry/secrets/`, or with another --etcd-prefix). */
  prefix: string;
  /** `provider` "plain" for a value without the `k8s:enc:` prefix; then there is no key. */
  counts: { provider: string; version?: string; key?: string; count: number }[];
}
/** Every Secret was written again, as the tool that did it recorded. */
export interface SecretRewrite {
  origin: ImportOrigin;
  /** ISO 8601, UTC: begin and end. */
  startedAt: string;
  finishedAt: string;
  /** Secrets in all, and those that could not be written. */
  total: number;
  failed: number;
}

/** AuthorizationConfiguration of one API server: its authorizers in order. */
export interface ImportedAuthorizationConfig {
  origin: ImportOrigin;
  instance: string;
  authorizers: { type: string; name?: string }[];
}
/** AdmissionConfiguration of one API server: the plug-ins that the file configures. */
export interface ImportedAdmissionConfig {
  origin: ImportOrigin;
  instance: string;
  plugins: string[];
}

/** KubeletConfiguration: of `/configz` what runs; of a file what the file says, which flags of the kubelet override. */
export interface ImportedKubeletConfig {
  origin: ImportOrigin;
  node: string;
  /** `running`: configz, with defaults filled in. `file`: the file, a missing field stands for its default. `intended`: kubeadm's ConfigMap. */
  source: "running" | "file" | "intended";
  /** Flags on the kubelet's command line that override the file, without values of credentials; null when the command line wasn't read. */
  flags: Record<string, string> | null;
  anonymous?: boolean;
  webhook?: boolean;
  clientCAFile?: string;
  authorizationMode?: string;
  readOnlyPort?: number;
  rotateCertificates?: boolean;
  serverTLSBootstrap?: boolean;
  tlsMinVersion?: string;
  tlsCipherSuites?: string[];
  /** As the kubelet writes it: `4h0m0s`, `5m`. */
  streamingConnectionIdleTimeout?: string;
  protectKernelDefaults?: boolean;
  makeIPTablesUtilChains?: boolean;
  eventRecordQPS?: number;
  podPidsLimit?: number;
  seccompDefault?: boolean;
}

/** Server settings of k3s and RKE2 (config.yaml and config.yaml.d), which embed or write the control plane's flags. */
export interface ImportedServerConfig {
  origin: ImportOrigin;
  node: string;
  distribution: "k3s" | "rke2";
  /** Flags handed to the components (`kube-apiserver-arg` …), name to value. */
  arguments: { component: string; name: string; value: string }[];
  /** `secrets-encryption`; null when the file doesn't say. */
  secretsEncryption: boolean | null;
  /** `profile` (RKE2 `cis`), `protect-kernel-defaults`. */
  profile?: string;
  protectKernelDefaults?: boolean;
  anonymousAuth?: boolean;
}

/** The command line of one component on one node, as its process or its service log shows it; credentials are taken out. */
export interface ImportedCommand {
  origin: ImportOrigin;
  node: string;
  component: "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "etcd";
  command: string[];
}
/** etcd's configuration file of one node, its settings under the names of the flags (`client-cert-auth`, `peer-auto-tls` …). */
export interface ImportedEtcdConfig {
  origin: ImportOrigin;
  node: string;
  settings: Record<string, string>;
}

/** How the provider's API says that the API server can be reached. */
export interface EndpointRecord {
  origin: ImportOrigin;
  provider: string;
  /** Whether an address of the public internet answers at all. */
  isPublic: boolean;
  /** Ranges from which the public address may be reached; null when the record shows no limit. */
  publicRanges: string[] | null;
  /** A name that is reachable from everywhere and guarded by the provider's identity service (GKE's DNS endpoint). */
  hasIdentityGuardedName: boolean;
  /** The values in the record, for evidence. */
  found: string;
}
/** Somebody outside tried to connect to the API server, with the customer's consent. */
export interface EndpointProbe {
  origin: ImportOrigin;
  /** Host and port that were tried, and from where. */
  target: string;
  from: string;
  outcome: "connected" | "refused" | "timed-out";
}

/** Version of a managed control plane as the provider's record says. */
export interface ControlPlaneRecord {
  origin: ImportOrigin;
  provider: string;
  version: string;
}

/** A KMS key that encrypts Secrets, as the provider's record says. */
export interface KeyRecord {
  origin: ImportOrigin;
  key: string;
  /** ISO 8601, UTC: the newest key material was made then. */
  materialCreatedAt: string;
  isAutomaticRotationOn: boolean;
  rotationPeriodDays?: number;
}

/** One run of a benchmark tool over one node, or over a class of nodes. */
export interface BenchmarkRun {
  origin: ImportOrigin;
  tool: string;
  /** For example `cis-1.10`, `rke2-cis-1.9`, `eks-1.5.0`. */
  benchmark: string;
  /** Kubernetes version that the tool detected. */
  kubernetesVersion?: string;
  /** Node that it ran on. */
  node: string;
  /** Other nodes of the same class, for which the run speaks too. */
  standsFor: string[];
  /** ISO 8601, UTC. */
  ranAt: string;
  /** Parts of the benchmark that were run: `master`, `etcd`, `node`, `controlplane`, `policies`, `managedservices`. */
  targets: string[];
  passed: number;
  failed: { id: string; text: string; level: 1 | 2 | null }[];
  /** Checks that a person has to make. */
  manual: { id: string; text: string }[];
}

/** When a node's packages or image were last brought up to date. */
export interface NodePatchRecord {
  origin: ImportOrigin;
  node: string;
  /** ISO 8601, UTC: packages were updated, or the image was built. */
  updatedAt: string;
  /** False when an update waits for a restart. */
  isRebootPending?: boolean;
  /** Open critical findings of a scan of the node, with the day since which each is open. */
  openCritical?: { id: string; since: string }[];
  imageId?: string;
}
/** Addresses of a node's machine as the provider's API says. */
export interface NodeAddressRecord {
  origin: ImportOrigin;
  node: string;
  publicAddresses: string[];
}

/** How a node keeps its clock. */
export interface TimeSyncReport {
  origin: ImportOrigin;
  node: string;
  /** `chrony`, `systemd-timesyncd`, `node-exporter`, `provider` … */
  tool: string;
  isSynchronized: boolean;
  /** Seconds between the node's clock and its source; null when the tool doesn't tell. */
  offsetSeconds: number | null;
  /** Servers that it is configured with. */
  sources: string[];
}
/** Clocks against each other: the API server's Date header, the reader's own clock, and the leases of kubelets at that moment. */
export interface ClockReading {
  /** ISO 8601, UTC: Date header of the API server. */
  serverAt: string;
  /** ISO 8601, UTC: the agent's own clock at the same moment. */
  readAt: string;
  /** When each kubelet last renewed its lease, by its own clock, as the same answer says. */
  leases: { node: string; renewedAt: string }[];
}

/** A certificate that lies on a node. Key and signature as x509.ts names them; absent when the collector didn't say. */
export interface NodeCertificate {
  origin: ImportOrigin;
  node: string;
  path: string;
  subject: string;
  issuer: string;
  notBefore: string;
  notAfter: string;
  keyAlgorithm?: string;
  keyBits?: number;
  signatureHash?: string;
}
/** Owner and mode of a file that the collector knows by name. */
export interface NodeFile {
  origin: ImportOrigin;
  node: string;
  path: string;
  /** Octal, four digits. */
  mode: string;
  uid: number;
  gid: number;
}

/** All imported facts of the control plane and the nodes. */
export interface ImportedControlPlaneFacts {
  encryptionConfigs?: ImportedEncryptionConfig[];
  storedSecrets?: StoredSecretCounts[];
  secretRewrites?: SecretRewrite[];
  authorizationConfigs?: ImportedAuthorizationConfig[];
  admissionConfigs?: ImportedAdmissionConfig[];
  kubeletConfigs?: ImportedKubeletConfig[];
  serverConfigs?: ImportedServerConfig[];
  componentCommands?: ImportedCommand[];
  etcdConfigs?: ImportedEtcdConfig[];
  endpointRecord?: EndpointRecord;
  endpointProbes?: EndpointProbe[];
  controlPlaneRecord?: ControlPlaneRecord;
  keyRecords?: KeyRecord[];
  benchmarkRuns?: BenchmarkRun[];
  nodePatches?: NodePatchRecord[];
  nodeAddresses?: NodeAddressRecord[];
  timeSync?: TimeSyncReport[];
  clock?: ClockReading;
  nodeCertificates?: NodeCertificate[];
  nodeFiles?: NodeFile[];
}
