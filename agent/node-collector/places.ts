/**
 * Every file that the node collector looks at, by name. This list and the mounts of deploy/node-collector are what a customer reads
 * before installing it. Keys and kubeconfigs are looked at (owner, mode) and never opened.
 */
export type Distribution = "kubeadm" | "rke2" | "k3s";

/** Files that a component's flags name may lie below these folders only; they are the ones that are mounted. */
export const ALLOWED_FOLDERS: readonly string[] = ["/etc/kubernetes/", "/etc/rancher/", "/var/lib/rancher/"];

/** Where the API server's static pod lies. */
export const API_SERVER_MANIFESTS: readonly { distribution: Distribution; path: string }[] = [
  { distribution: "kubeadm", path: "/etc/kubernetes/manifests/kube-apiserver.yaml" },
  { distribution: "rke2", path: "/var/lib/rancher/rke2/agent/pod-manifests/kube-apiserver.yaml" },
];
export const SERVER_CONFIGS: readonly { distribution: "k3s" | "rke2"; path: string }[] = [
  { distribution: "k3s", path: "/etc/rancher/k3s/config.yaml" },
  { distribution: "rke2", path: "/etc/rancher/rke2/config.yaml" },
];
/** Where k3s keeps the encryption configuration that no flag in a pod names. */
export const K3S_ENCRYPTION = "/var/lib/rancher/k3s/server/cred/encryption-config.json";
export const ETCD_CONFIGS: readonly string[] = [
  "/var/lib/rancher/rke2/server/db/etcd/config",
  "/var/lib/rancher/k3s/server/db/etcd/config",
];

export const KUBELET_CONFIG = "/var/lib/kubelet/config.yaml";
/** Parts of the kubelet's command line. The unit has to be read; the others may be absent. */
export const KUBELET_UNITS: readonly string[] = [
  "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf",
  "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf",
];
export const KUBELET_ENVIRONMENTS: readonly string[] = [
  "/var/lib/kubelet/kubeadm-flags.env",
  "/etc/default/kubelet",
  "/etc/sysconfig/kubelet",
];

export const CERTIFICATES: readonly string[] = [
  "ca.crt",
  "apiserver.crt",
  "apiserver-kubelet-client.crt",
  "apiserver-etcd-client.crt",
  "front-proxy-ca.crt",
  "front-proxy-client.crt",
  "etcd/ca.crt",
  "etcd/server.crt",
  "etcd/peer.crt",
  "etcd/healthcheck-client.crt",
].map((name) => `/etc/kubernetes/pki/${name}`);

/** Looked at, never opened. */
export const CLOSED_FILES: readonly { role: string; path: string }[] = [
  ...[
    "ca.key",
    "apiserver.key",
    "apiserver-kubelet-client.key",
    "apiserver-etcd-client.key",
    "front-proxy-ca.key",
    "sa.key",
  ].map((name) => ({ role: "key", path: `/etc/kubernetes/pki/${name}` })),
  ...["ca.key", "server.key", "peer.key", "healthcheck-client.key"].map((name) => ({
    role: "key",
    path: `/etc/kubernetes/pki/etcd/${name}`,
  })),
  ...["admin.conf", "super-admin.conf", "controller-manager.conf", "scheduler.conf", "kubelet.conf"].map((name) => ({
    role: "kubeconfig",
    path: `/etc/kubernetes/${name}`,
  })),
];

export const CHRONY_CONFIGS: readonly string[] = ["/etc/chrony/chrony.conf", "/etc/chrony.conf"];
/** chronyd writes it at least hourly while it is synchronised. */
export const CHRONY_DRIFT = "/var/lib/chrony/chrony.drift";
export const TIMESYNCD_CONFIG = "/etc/systemd/timesyncd.conf";
/** systemd-timesyncd touches it at every synchronisation. */
export const TIMESYNCD_MARK = "/run/systemd/timesync/synchronized";
