/**
 * Add-ons that matter for security, and until when their versions are supported, with the source and the day of its state.
 *
 * `endedUpTo`: the newest minor version whose support had ended then; older ones ended before it, and none comes back.
 * `supported`: the minor versions that were supported then. An add-on without either is recognised, and its dates aren't held here.
 */
export interface Addon {
  name: string;
  /** Matches the image without tag and digest. */
  image: RegExp;
  /** Discontinued as a whole, and what follows it. */
  retired?: { since: string; followedBy: string };
  endedUpTo?: { version: string; on: string };
  supported?: readonly string[];
  source?: string;
  seenAt?: string;
}

export const ADDONS: readonly Addon[] = [
  {
    name: "ingress-nginx",
    image:
      /(?:^|\/)ingress-nginx\/controller(?:-chroot)?$|(?:^|\/)kubernetes-ingress-controller\/nginx-ingress-controller$/,
    retired: { since: "2026-03-31", followedBy: "a Gateway API implementation or another ingress controller" },
    source: "https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/",
    seenAt: "2026-03-31",
  },
  {
    name: "Open Distro for Elasticsearch",
    image: /(?:^|\/)opendistro-for-elasticsearch(?:-kibana)?$/,
    retired: { since: "2021-07-12", followedBy: "OpenSearch" },
    source: "https://opensearch.org/faq/",
    seenAt: "2021-07-12",
  },
  {
    name: "Docker Notary v1",
    image: /(?:^|\/)notary(?:-server|-signer)?$|(?:^|\/)theupdateframework\/notary/,
    retired: { since: "2025-08-08", followedBy: "Cosign or Notation" },
    source: "https://www.docker.com/blog/retiring-docker-content-trust/",
    seenAt: "2025-08-08",
  },
  {
    name: "Kyverno",
    image: /(?:^|\/)kyverno\/(?:kyverno|background-controller|cleanup-controller|reports-controller)$/,
    endedUpTo: { version: "1.16", on: "2026-08-20" },
    supported: ["1.17", "1.18", "1.19"],
    source: "https://kyverno.io/docs/installation/releases/",
    seenAt: "2026-08-20",
  },
  {
    name: "cert-manager",
    image:
      /(?:^|\/)(?:jetstack|cert-manager)\/cert-manager-(?:controller|webhook|cainjector)$|(?:^|\/)jetstack\/cert-manager-controller$/,
    endedUpTo: { version: "1.19", on: "2026-07-10" },
    supported: ["1.20", "1.21"],
    source: "https://cert-manager.io/docs/releases/",
    seenAt: "2026-10-22",
  },
  {
    name: "Istio",
    image: /(?:^|\/)istio\/(?:pilot|proxyv2|ztunnel|install-cni)$/,
    endedUpTo: { version: "1.28", on: "2026-07-01" },
    supported: ["1.29", "1.30"],
    source: "https://istio.io/latest/docs/releases/supported-releases/",
    seenAt: "2026-07-01",
  },
  {
    name: "Argo CD",
    image: /(?:^|\/)argoproj\/argocd$/,
    endedUpTo: { version: "3.1", on: "2026-05-05" },
    supported: ["3.2", "3.3", "3.4"],
    source: "https://argo-cd.readthedocs.io/en/stable/operator-manual/installation/",
    seenAt: "2026-05-14",
  },
  { name: "Gatekeeper", image: /(?:^|\/)openpolicyagent\/gatekeeper$/ },
  { name: "Calico", image: /(?:^|\/)calico\/(?:node|kube-controllers|typha|cni|apiserver)$|(?:^|\/)tigera\/operator$/ },
  { name: "Cilium", image: /(?:^|\/)cilium\/(?:cilium|operator(?:-[a-z]+)?|tetragon)$/ },
  { name: "CoreDNS", image: /(?:^|\/)coredns(?:\/coredns)?$/ },
  { name: "Falco", image: /(?:^|\/)falcosecurity\/falco(?:-[a-z]+)*$/ },
  { name: "Fluent Bit", image: /(?:^|\/)fluent\/fluent-bit$/ },
  { name: "Fluentd", image: /(?:^|\/)(?:fluent\/fluentd(?:-[a-z-]+)?|fluentd)$/ },
  { name: "Vector", image: /(?:^|\/)timberio\/vector$/ },
  { name: "Velero", image: /(?:^|\/)velero\/velero$/ },
  { name: "Trivy Operator", image: /(?:^|\/)aquasecurity\/trivy-operator$/ },
  { name: "Flux", image: /(?:^|\/)fluxcd\/(?:source|kustomize|helm|notification|image-[a-z]+)-controller$/ },
  { name: "Linkerd", image: /(?:^|\/)linkerd\/(?:controller|proxy|policy-controller)$/ },
  { name: "External Secrets", image: /(?:^|\/)external-secrets\/external-secrets$/ },
  { name: "Traefik", image: /(?:^|\/)traefik$/ },
  { name: "Kubernetes Dashboard", image: /(?:^|\/)kubernetesui\/dashboard(?:-[a-z]+)?$/ },
];
