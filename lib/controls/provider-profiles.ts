/**
 * What each kind of control plane shows, and what settles a question that it doesn't show.
 *
 * A provider that runs the control plane answers for its flags. That is shown as the provider's responsibility (not applicable,
 * with the document), never as a pass, and only while an entry of the responsibility matrix and the attestation of compliance
 * behind it are valid. Without them the answer is `unknown`.
 */
import type { ImportOrigin } from "@/lib/inventory/imported";
import { endOf, isApprovedAt } from "@/lib/inventory/registers";
import type { ProviderResponsibility } from "@/lib/inventory/registers/provider-responsibilities";
import type { Provider } from "@/lib/inventory/snapshot";
import { clusterResult } from "./population";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type EvaluationContext, type Result } from "./types";

export interface ProviderProfile {
  name: string;
  /** Where the flags of the control plane can be seen. */
  flags: "static-pods" | "out-of-sight" | "operators" | "embedded";
  /** What shows each of these, or who decides. */
  audit: string;
  encryption: string;
  endpoint: string;
  authentication: string;
  kubelet: string;
}

const KUBELET = "the node collector, or /configz with a permission that is off by default";
export const PROVIDER_PROFILES: Readonly<Record<Provider, ProviderProfile>> = {
  eks: {
    name: "Amazon EKS",
    flags: "out-of-sight",
    audit: "log types audit and authenticator of the cluster record; off by default, the policy is AWS's",
    encryption: "encryptionConfig of the cluster record",
    endpoint: "resourcesVpcConfig of the cluster record: endpointPublicAccess and publicAccessCidrs",
    authentication: "access entries or the ConfigMap aws-auth; whoever made the cluster may be a hidden administrator",
    kubelet: `${KUBELET}; Fargate is the provider's`,
  },
  gke: {
    name: "Google GKE",
    flags: "out-of-sight",
    audit: "Admin Activity is always on; Data Access logs show reads of Secrets only when they are switched on",
    encryption: "databaseEncryption of the cluster record",
    endpoint:
      "privateClusterConfig, masterAuthorizedNetworksConfig and controlPlaneEndpointsConfig of the cluster record",
    authentication: "Google Cloud IAM; masterAuth of the cluster record for client certificates",
    kubelet: `${KUBELET}; Autopilot is the provider's`,
  },
  aks: {
    name: "Azure AKS",
    flags: "out-of-sight",
    audit: "diagnostic setting kube-audit; kube-audit-admin leaves out reads",
    encryption: "securityProfile.azureKeyVaultKms of the cluster record",
    endpoint: "apiServerAccessProfile of the cluster record",
    authentication: "Microsoft Entra ID; disableLocalAccounts of the cluster record",
    kubelet: KUBELET,
  },
  openshift: {
    name: "OpenShift",
    flags: "operators",
    audit: "APIServer spec.audit.profile",
    encryption: "APIServer spec.encryption.type",
    endpoint: "Infrastructure and ingress records, or a probe",
    authentication: "OAuth identityProviders; the Secret kubeadmin",
    kubelet: "KubeletConfig and MachineConfig, or the node collector",
  },
  k3s: {
    name: "k3s",
    flags: "embedded",
    audit: "kube-apiserver-arg of the server's configuration",
    encryption: "secrets-encryption of the server's configuration",
    endpoint: "the operator's network, or a probe",
    authentication: "kube-apiserver-arg of the server's configuration",
    kubelet: KUBELET,
  },
  rke2: {
    name: "RKE2",
    flags: "static-pods",
    audit: "static pods; audit-policy-file of the server's configuration",
    encryption: "static pods; on by default",
    endpoint: "the operator's network, or a probe",
    authentication: "static pods",
    kubelet: KUBELET,
  },
  "self-managed": {
    name: "self-managed",
    flags: "static-pods",
    audit: "static pods, and the policy file by the node collector",
    encryption: "static pods, and the configuration by the node collector",
    endpoint: "the operator's network, or a probe",
    authentication: "static pods",
    kubelet: KUBELET,
  },
  other: {
    name: "another distribution",
    flags: "static-pods",
    audit: "static pods if there are any, else the provider's record",
    encryption: "static pods if there are any, else the provider's record",
    endpoint: "the provider's record, or a probe",
    authentication: "static pods if there are any, else the provider's record",
    kubelet: KUBELET,
  },
};

/** Days after which a provider's record, an upload or a probe is not used any more. */
export const RECORD_MAX_AGE_DAYS = 90;

/** True when the source was read at most `days` before `asOf`. */
export function isRecent(origin: ImportOrigin, asOf: string, days = RECORD_MAX_AGE_DAYS): boolean {
  return daysBetween(origin.collectedAt, asOf) <= days;
}

/** "Source: eks:DescribeCluster, read 2026-11-20T00:00:00Z." */
export function describeOrigin(origin: ImportOrigin): string {
  return `Source: ${origin.name}, read ${origin.collectedAt}.`;
}

/** The newest of several that are recent; null when there is none. */
export function newestOf<T extends { origin: ImportOrigin }>(
  entries: readonly T[],
  asOf: string,
  days = RECORD_MAX_AGE_DAYS,
): T | null {
  return entries
    .filter(({ origin }) => isRecent(origin, asOf, days))
    .reduce<T | null>((best, e) => (best === null || e.origin.collectedAt >= best.origin.collectedAt ? e : best), null);
}

/** The entry of the responsibility matrix that covers the control at `asOf`, or null. */
export function responsibilityOf(
  { registers, asOf }: EvaluationContext,
  control: string,
): { entry: ProviderResponsibility; index: number } | null {
  for (const [index, entry] of (registers?.providerResponsibilities ?? []).entries()) {
    const isAttested = Date.parse(asOf) < endOf(entry.attestation.validUntil);
    if (entry.controls.includes(control) && isAttested && isApprovedAt(entry, asOf)) return { entry, index };
  }
  return null;
}

/**
 * The answer where the provider runs what the control judges: the provider's responsibility if the matrix says so, else
 * `unknown` with `reason` and what would settle it.
 */
export function providerAnswer(context: EvaluationContext, control: string, reason: string, remedy: string): Result {
  const responsibility = responsibilityOf(context, control);
  if (responsibility === null) {
    return clusterResult(
      "unknown",
      shortReason(reason),
      `${reason}. It becomes known ${remedy}; or an entry of the responsibility matrix, with the provider's valid attestation of compliance, shows it as the provider's.`,
    );
  }
  const { provider, attestation, approvedBy } = responsibility.entry;
  return {
    ...clusterResult(
      "not-applicable",
      shortReason(`${provider} answers for it (attestation until ${attestation.validUntil})`),
      `${reason}. The responsibility matrix names ${provider}, whose attestation of compliance ${attestation.document} is valid until ${attestation.validUntil}; approved by ${approvedBy}. This is shown as the provider's, it is not a test of ours.`,
    ),
    evidence: [
      {
        ref: CLUSTER_REF,
        pointer: `/registers/providerResponsibilities/${responsibility.index}`,
        found: `${provider}: ${attestation.document}`,
      },
    ],
  };
}
