/**
 * Registers: lists that people keep and controls compare the cluster with (approved access, flows, public services …).
 * One file per register beside this one; each reaches the product as an import (lib/inventory/imports).
 * Absent: nothing is approved, which is also what an empty list says, unless the control's rule says otherwise.
 */
import type { AccessReview } from "./access-reviews";
import type { ApiClient } from "./api-clients";
import type { ApprovedAccess } from "./approved-access";
import type { ComponentSupport } from "./component-support";
import type { EncryptionKeyEntry } from "./encryption-keys";
import type { KubernetesPatches } from "./kubernetes-patches";
import type { ProviderResponsibility } from "./provider-responsibilities";
import type { TimeSource } from "./time-sources";
import type { SharedAccountUse } from "./shared-account-uses";
import type { ApprovedCapability } from "./approved-capabilities";
import type { ApprovedPolicyException } from "./policy-exceptions";
import type { BreakGlassRecord } from "./break-glass-records";
import type { Flow, MetadataProtection } from "./flows";
import type { ImageRegistry } from "./image-registries";
import type { RiskAcceptance, VulnerabilityRanking } from "./risk-acceptances";
import type { NonCredential, SandboxDemand } from "./workload-demands";
import type { CertificateEntry } from "./certificates";
import type { ComponentEntry } from "./components";
import type { PublicService } from "./public-services";
import type { ServicePortEntry } from "./service-ports";
import type { BackupLocation } from "./backup-locations";
import type { DataVolume } from "./data-volumes";
import type { PatternFalsePositive } from "./pattern-false-positives";
import type { Baseline } from "./baseline";
import type { ChangeRecord } from "./change-records";
import type { DeploymentIdentity } from "./deployment-identities";
import type { Environments } from "./environments";
import type { MalwareEvaluation } from "./malware-evaluations";
import type { SilentNamespace } from "./silent-namespaces";

export type { Approval } from "./approval";
export type { Baseline, ChangeRecord, DeploymentIdentity, Environments, MalwareEvaluation, SilentNamespace };
export { endOf, isApprovedAt, startOf } from "./approval";
export type { AccessReview, ApiClient, ApprovedAccess, SharedAccountUse };

export interface Registers {
  /** Service accounts whose workloads need the Kubernetes API, and the permissions that were approved for each. */
  apiClients?: readonly ApiClient[];
  approvedAccess?: readonly ApprovedAccess[];
  silentNamespaces?: readonly SilentNamespace[];
  malwareEvaluations?: readonly MalwareEvaluation[];
  /** Absent: no records were given; empty: there was no approved change. */
  changeRecords?: readonly ChangeRecord[];
  deploymentIdentities?: readonly DeploymentIdentity[];
  /** Absent: the label `environment`, with production as production. */
  environments?: Environments;
  /** Absent: none is defined. */
  baseline?: Baseline;
  accessReviews?: readonly AccessReview[];
  sharedAccountUses?: readonly SharedAccountUse[];
  approvedCapabilities?: readonly ApprovedCapability[];
  /** Absent, and empty too: no list of registries was given, so nobody can say which are approved. */
  imageRegistries?: readonly ImageRegistry[];
  policyExceptions?: readonly ApprovedPolicyException[];
  riskAcceptances?: readonly RiskAcceptance[];
  /** How the organization ranks vulnerabilities where it doesn't follow the scanner. */
  vulnerabilityRanking?: readonly VulnerabilityRanking[];
  breakGlassRecords?: readonly BreakGlassRecord[];
  providerResponsibilities?: readonly ProviderResponsibility[];
  encryptionKeys?: readonly EncryptionKeyEntry[];
  timeSources?: readonly TimeSource[];
  kubernetesPatches?: KubernetesPatches;
  componentSupport?: readonly ComponentSupport[];
  sandboxDemands?: readonly SandboxDemand[];
  nonCredentials?: readonly NonCredential[];
  publicServices?: readonly PublicService[];
  servicePorts?: readonly ServicePortEntry[];
  components?: readonly ComponentEntry[];
  certificates?: readonly CertificateEntry[];
  /** Declared flows; absent: none is declared. */
  flows?: readonly Flow[];
  metadataProtections?: readonly MetadataProtection[];
  patternFalsePositives?: readonly PatternFalsePositive[];
  /** Absent: no inventory of backups was given. */
  backupLocations?: readonly BackupLocation[];
  dataVolumes?: readonly DataVolume[];
}
