/**
 * Sections that a control looks into without depending on them, by its id: where one was not read it asks another source or says so
 * itself, which is why they aren't among its `sections`. But an object in one of them that is not valid for its kind could say
 * anything, so that it leaves the control `unknown` as an object of its own sections does.
 *
 * `describeControl` sees which sections a control lists over its cases and fails for one that is in neither place.
 */
import type { SectionName } from "@/lib/inventory/snapshot";
import { WORKLOAD_SECTIONS } from "./workloads";

const WORKLOADS = WORKLOAD_SECTIONS.filter((section) => section !== "namespaces");
/** Policies beside NetworkPolicy. */
const OTHER_POLICIES = [
  "adminnetworkpolicies",
  "baselineadminnetworkpolicies",
  "calico-globalnetworkpolicies",
  "calico-networkpolicies",
  "cilium-clusterwidenetworkpolicies",
  "cilium-networkpolicies",
  "clusternetworkpolicies",
] as const satisfies readonly SectionName[];
const REACHABILITY = [
  ...OTHER_POLICIES,
  "calico-globalnetworksets",
  "calico-networksets",
  "calico-tiers",
] as const satisfies readonly SectionName[];

const ALSO_READS: Readonly<Record<string, readonly SectionName[]>> = {
  "scp-label-protected": [
    "gatekeeper-constraints",
    "kyverno-clusterpolicies",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
  ],
  "scp-declared-vs-effective": [...REACHABILITY],
  "scp-component-inventory": ["nodes"],
  "net-default-deny-ingress": [...REACHABILITY],
  "net-default-deny-egress": [...REACHABILITY],
  "net-no-broad-allow": [...REACHABILITY],
  "net-policies-take-effect": [...REACHABILITY],
  "net-cross-scope-ingress": [...REACHABILITY],
  "net-cross-scope-egress": [...REACHABILITY],
  "net-flow-register": [...REACHABILITY],
  "net-insecure-services": [
    "endpointslices",
    "gateway-gateways",
    "gateway-httproutes",
    "ingresses",
    "istio-destinationrules",
    "istio-peerauthentications",
  ],
  "tls-ingress-everywhere": [...WORKLOADS],
  "tls-protocol-floor": [...WORKLOADS, "configmaps"],
  "tls-cert-validity": [...WORKLOADS],
  "tls-cert-inventory": [...WORKLOADS],
  "tls-internal-traffic": [...WORKLOADS],
  "pod-kernel-confinement": ["nodes", "runtimeclasses"],
  "pod-sa-token-not-automounted": ["nodes"],
  "adm-pss-restricted": ["nodes"],
  "adm-engine-healthy": ["deployments", "endpointslices", "services"],
  "adm-policies-enforced": [...WORKLOADS, "mutatingwebhookconfigurations"],
  "adm-exceptions-approved": [...WORKLOADS],
  "iso-cde-node-pool": ["kyverno-clusterpolicies", "validatingadmissionpolicies", "validatingadmissionpolicybindings"],
  "iso-cde-pods-pinned": [
    "gatekeeper-constraints",
    "gatekeeper-constrainttemplates",
    "kyverno-clusterpolicies",
    "kyverno-policies",
    "nodes",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
  ],
  "iso-dedicated-cluster": [...WORKLOADS],
  "img-scan-current": ["trivy-sbomreports", "trivy-vulnerabilityreports"],
  "img-no-overdue-vulns": ["trivy-vulnerabilityreports"],
  "img-sbom-available": ["trivy-sbomreports"],
  "sec-etcd-encryption-on": ["nodes", "openshift-apiservers"],
  "sec-encryption-provider-strong": ["nodes", "openshift-apiservers"],
  "sec-secrets-reencrypted": ["nodes"],
  "sec-no-embedded-credentials": [...WORKLOADS, "configmaps"],
  "sec-pan-discovery": ["jobs", "pods", "replicasets"],
  "sto-volume-protection": [...WORKLOADS],
  "sto-backup-protected": [
    "daemonsets",
    "deployments",
    "jobs",
    "nodes",
    "pods",
    "replicasets",
    "replicationcontrollers",
    "statefulsets",
  ],
  "rbac-secrets-workloads": [...WORKLOADS, "serviceaccounts"],
  "auth-central-idp": ["clusterrolebindings", "nodes", "openshift-oauths", "rolebindings"],
  "auth-mfa-evidence": ["certificatesigningrequests", "nodes"],
  "auth-no-static-credentials": ["nodes"],
  "auth-no-human-client-certs": ["clusterroles", "roles"],
  "auth-no-long-lived-tokens": ["nodes"],
  "auth-anonymous-scoped": ["clusterrolebindings", "clusterroles", "nodes", "rolebindings", "roles"],
  "cp-authorization-mode": ["nodes"],
  "cp-admission-plugins": ["nodes"],
  "cp-tls-config": ["nodes"],
  "cp-etcd-secured": ["nodes"],
  "cp-controllers-hardened": ["nodes"],
  "cp-flags-consistent": ["nodes"],
  "log-audit-enabled": ["nodes", "openshift-apiservers"],
  "log-policy-secret-access": ["nodes"],
  "log-policy-interactive": ["nodes"],
  "log-policy-admin-changes": ["nodes", "openshift-apiservers"],
  "log-policy-auth-failures": ["nodes"],
  "log-policy-lint": ["nodes"],
  "log-local-rotation": ["nodes"],
  "log-shipper-healthy": [...WORKLOADS],
  "log-siem-fresh": ["nodes"],
  "mon-runtime-detection": [...WORKLOADS],
  "mon-antimalware": [...WORKLOADS],
  "mon-change-detection": [...WORKLOADS, "openshift-fileintegrities", "tetragon-tracingpolicies"],
  "mon-control-failure-alerts": ["prometheus-alertmanagerconfigs", "prometheus-rules"],
  "mon-web-protection": [...WORKLOADS, "configmaps", "gateway-tcproutes", "gateway-tlsroutes"],
  "chg-environment-separation": [...REACHABILITY],
  "chg-gitops-in-sync": [
    "argocd-applications",
    "flux-helmreleases",
    "flux-kustomizations",
    "replicasets",
    "replicationcontrollers",
  ],
  "chg-baseline-consistent": [
    ...WORKLOADS,
    ...REACHABILITY,
    "limitranges",
    "networkpolicies",
    "nodes",
    "resourcequotas",
    "roles",
  ],
};

/** Read for a remark that decides nothing, or by the look-up of flags, which itself names a control-plane pod that is not valid. */
const READ_IN_PASSING: Readonly<Record<string, readonly SectionName[]>> = {
  "rbac-cluster-admin": ["serviceaccounts"],
  "cp-endpoint-private": ["endpointslices"],
  "adm-pss-restricted": ["pods"],
  "auth-no-long-lived-tokens": ["pods"],
  "log-policy-secret-access": ["pods"],
  "log-policy-interactive": ["pods"],
  "log-policy-admin-changes": ["pods"],
  "log-policy-auth-failures": ["pods"],
  "log-policy-lint": ["pods"],
  "log-siem-fresh": ["pods"],
};

/** Sections beside its own whose objects bear on what the control decides. */
export function alsoReads(control: string): readonly SectionName[] {
  return ALSO_READS[control] ?? [];
}
/** Sections beside its own that it reads at all. */
export function readsBeside(control: string): readonly SectionName[] {
  return [...alsoReads(control), ...(READ_IN_PASSING[control] ?? [])];
}
