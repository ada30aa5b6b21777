/** Every control that this release evaluates, in catalogue order. Explicit, because a check nobody calls finds nothing. */
import { admCanaryRejected } from "./adm-canary-rejected";
import { admEngineHealthy } from "./adm-engine-healthy";
import { admExceptionsApproved } from "./adm-exceptions-approved";
import { admPoliciesEnforced } from "./adm-policies-enforced";
import { admPssRestricted } from "./adm-pss-restricted";
import { admRunningPodsComply } from "./adm-running-pods-comply";
import { authAnonymousScoped } from "./auth-anonymous-scoped";
import { authCentralIdp } from "./auth-central-idp";
import { authMfaEvidence } from "./auth-mfa-evidence";
import { authNoHumanClientCerts } from "./auth-no-human-client-certs";
import { authNoLongLivedTokens } from "./auth-no-long-lived-tokens";
import { authNoStaticCredentials } from "./auth-no-static-credentials";
import { authSharedAccounts } from "./auth-shared-accounts";
import { chgBaselineConsistent } from "./chg-baseline-consistent";
import { chgEnvironmentSeparation } from "./chg-environment-separation";
import { chgGitopsInSync } from "./chg-gitops-in-sync";
import { chgOutOfBand } from "./chg-out-of-band";
import { cpAdmissionPlugins } from "./cp-admission-plugins";
import { cpAuthorizationMode } from "./cp-authorization-mode";
import { cpControllersHardened } from "./cp-controllers-hardened";
import { cpEndpointPrivate } from "./cp-endpoint-private";
import { cpEtcdSecured } from "./cp-etcd-secured";
import { cpFlagsConsistent } from "./cp-flags-consistent";
import { cpTlsConfig } from "./cp-tls-config";
import { imgNoOverdueVulns } from "./img-no-overdue-vulns";
import { imgPinnedDigest } from "./img-pinned-digest";
import { imgSbomAvailable } from "./img-sbom-available";
import { imgScanCurrent } from "./img-scan-current";
import { imgSignatureEnforced } from "./img-signature-enforced";
import { imgTrustedRegistry } from "./img-trusted-registry";
import { isoCdeNodePool } from "./iso-cde-node-pool";
import { isoCdePodsPinned } from "./iso-cde-pods-pinned";
import { isoDedicatedCluster } from "./iso-dedicated-cluster";
import { isoNoColocation } from "./iso-no-colocation";
import { logAlertingDailyReview } from "./log-alerting-daily-review";
import { logAuditEnabled } from "./log-audit-enabled";
import { logImmutable } from "./log-immutable";
import { logLocalRotation } from "./log-local-rotation";
import { logPolicyAdminChanges } from "./log-policy-admin-changes";
import { logPolicyAuthFailures } from "./log-policy-auth-failures";
import { logPolicyInteractive } from "./log-policy-interactive";
import { logPolicyLint } from "./log-policy-lint";
import { logPolicySecretAccess } from "./log-policy-secret-access";
import { logRetention12m } from "./log-retention-12m";
import { logShipperHealthy } from "./log-shipper-healthy";
import { logSiemFresh } from "./log-siem-fresh";
import { monAntimalware } from "./mon-antimalware";
import { monChangeDetection } from "./mon-change-detection";
import { monControlFailureAlerts } from "./mon-control-failure-alerts";
import { monRuntimeDetection } from "./mon-runtime-detection";
import { monTimeSync } from "./mon-time-sync";
import { monWebProtection } from "./mon-web-protection";
import { netCniEnforcesPolicy } from "./net-cni-enforces-policy";
import { netCrossScopeEgress } from "./net-cross-scope-egress";
import { netCrossScopeIngress } from "./net-cross-scope-ingress";
import { netDefaultDenyEgress } from "./net-default-deny-egress";
import { netDefaultDenyIngress } from "./net-default-deny-ingress";
import { netExternalExposure } from "./net-external-exposure";
import { netFlowRegister } from "./net-flow-register";
import { netInsecureServices } from "./net-insecure-services";
import { netNoBroadAllow } from "./net-no-broad-allow";
import { netPoliciesTakeEffect } from "./net-policies-take-effect";
import { netSegmentationProbe } from "./net-segmentation-probe";
import { nodeBenchmarkCurrent } from "./node-benchmark-current";
import { nodeKubeletHardened } from "./node-kubelet-hardened";
import { nodeNoPublicAddress } from "./node-no-public-address";
import { nodeOsCurrent } from "./node-os-current";
import { podCapabilitiesDropped } from "./pod-capabilities-dropped";
import { podDedicatedServiceAccount } from "./pod-dedicated-service-account";
import { podKernelConfinement } from "./pod-kernel-confinement";
import { podNoDebugContainers } from "./pod-no-debug-containers";
import { podNoHostNamespaces } from "./pod-no-host-namespaces";
import { podNoHostpath } from "./pod-no-hostpath";
import { podNoPrivilegeEscalation } from "./pod-no-privilege-escalation";
import { podNoPrivileged } from "./pod-no-privileged";
import { podReadOnlyRootfs } from "./pod-read-only-rootfs";
import { podRunAsNonRoot } from "./pod-run-as-non-root";
import { podSaTokenNotAutomounted } from "./pod-sa-token-not-automounted";
import { rbacAccessReview } from "./rbac-access-review";
import { rbacClusterAdmin } from "./rbac-cluster-admin";
import { rbacCrossScopeSubjects } from "./rbac-cross-scope-subjects";
import { rbacEscalationPaths } from "./rbac-escalation-paths";
import { rbacInteractiveAccess } from "./rbac-interactive-access";
import { rbacNoWildcards } from "./rbac-no-wildcards";
import { rbacNscWrite } from "./rbac-nsc-write";
import { rbacPublicGroups } from "./rbac-public-groups";
import { rbacSecretsHumans } from "./rbac-secrets-humans";
import { rbacSecretsWorkloads } from "./rbac-secrets-workloads";
import { scpComponentInventory } from "./scp-component-inventory";
import { scpDeclaredVsEffective } from "./scp-declared-vs-effective";
import { scpLabelProtected } from "./scp-label-protected";
import { rbacUnusedAccess } from "./rbac-unused-access";
import { scpNamespaceLabelled } from "./scp-namespace-labelled";
import { secEncryptionProviderStrong } from "./sec-encryption-provider-strong";
import { secEtcdEncryptionOn } from "./sec-etcd-encryption-on";
import { secNoSecretEnv } from "./sec-no-secret-env";
import { secExternalStore } from "./sec-external-store";
import { secNoEmbeddedCredentials } from "./sec-no-embedded-credentials";
import { secPanDiscovery } from "./sec-pan-discovery";
import { secSecretsReencrypted } from "./sec-secrets-reencrypted";
import { stoBackupProtected } from "./sto-backup-protected";
import { stoVolumeProtection } from "./sto-volume-protection";
import { tlsCertInventory } from "./tls-cert-inventory";
import { tlsCertValidity } from "./tls-cert-validity";
import { tlsIngressEverywhere } from "./tls-ingress-everywhere";
import { tlsInternalTraffic } from "./tls-internal-traffic";
import { tlsProtocolFloor } from "./tls-protocol-floor";
import { verAddonsSupported } from "./ver-addons-supported";
import { verKubernetesSupported } from "./ver-kubernetes-supported";
import { verPatchCurrent } from "./ver-patch-current";
import type { Control } from "./types";

export const CONTROLS: readonly Control[] = [
  scpNamespaceLabelled,
  scpLabelProtected,
  scpDeclaredVsEffective,
  scpComponentInventory,
  netCniEnforcesPolicy,
  netDefaultDenyIngress,
  netDefaultDenyEgress,
  netNoBroadAllow,
  netPoliciesTakeEffect,
  netCrossScopeIngress,
  netCrossScopeEgress,
  netFlowRegister,
  netInsecureServices,
  netExternalExposure,
  netSegmentationProbe,
  tlsIngressEverywhere,
  tlsProtocolFloor,
  tlsCertValidity,
  tlsCertInventory,
  tlsInternalTraffic,
  podNoPrivileged,
  podNoHostNamespaces,
  podNoHostpath,
  podRunAsNonRoot,
  podReadOnlyRootfs,
  podNoPrivilegeEscalation,
  podCapabilitiesDropped,
  podKernelConfinement,
  podSaTokenNotAutomounted,
  podDedicatedServiceAccount,
  podNoDebugContainers,
  admPssRestricted,
  admRunningPodsComply,
  admEngineHealthy,
  admPoliciesEnforced,
  admExceptionsApproved,
  admCanaryRejected,
  isoCdeNodePool,
  isoCdePodsPinned,
  isoNoColocation,
  isoDedicatedCluster,
  imgPinnedDigest,
  imgTrustedRegistry,
  imgSignatureEnforced,
  imgScanCurrent,
  imgNoOverdueVulns,
  imgSbomAvailable,
  secEtcdEncryptionOn,
  secEncryptionProviderStrong,
  secSecretsReencrypted,
  secNoSecretEnv,
  secNoEmbeddedCredentials,
  secExternalStore,
  secPanDiscovery,
  stoVolumeProtection,
  stoBackupProtected,
  rbacClusterAdmin,
  rbacNoWildcards,
  rbacSecretsWorkloads,
  rbacSecretsHumans,
  rbacInteractiveAccess,
  rbacEscalationPaths,
  rbacNscWrite,
  rbacPublicGroups,
  rbacCrossScopeSubjects,
  rbacAccessReview,
  rbacUnusedAccess,
  authCentralIdp,
  authMfaEvidence,
  authNoStaticCredentials,
  authNoHumanClientCerts,
  authNoLongLivedTokens,
  authAnonymousScoped,
  authSharedAccounts,
  cpEndpointPrivate,
  cpAuthorizationMode,
  cpAdmissionPlugins,
  cpTlsConfig,
  cpEtcdSecured,
  cpControllersHardened,
  cpFlagsConsistent,
  nodeKubeletHardened,
  nodeOsCurrent,
  nodeNoPublicAddress,
  nodeBenchmarkCurrent,
  logAuditEnabled,
  logPolicySecretAccess,
  logPolicyInteractive,
  logPolicyAdminChanges,
  logPolicyAuthFailures,
  logPolicyLint,
  logLocalRotation,
  logShipperHealthy,
  logSiemFresh,
  logRetention12m,
  logImmutable,
  logAlertingDailyReview,
  monRuntimeDetection,
  monAntimalware,
  monTimeSync,
  monChangeDetection,
  monControlFailureAlerts,
  monWebProtection,
  chgEnvironmentSeparation,
  chgGitopsInSync,
  chgOutOfBand,
  chgBaselineConsistent,
  verKubernetesSupported,
  verPatchCurrent,
  verAddonsSupported,
];

const BY_ID = new Map(CONTROLS.map((control) => [control.id, control]));

/** The control of that id, or null when this release has none. */
export function findControl(id: string): Control | null {
  return BY_ID.get(id) ?? null;
}
