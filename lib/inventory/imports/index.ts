/** Every kind of document that can be imported, in the order of the page. Explicit, as the list of controls is. */
import { approvedAccessImport } from "./approved-access";
import { auditLogImport } from "./audit-log";
import { auditPolicyImport } from "./audit-policy";
import { admissionCanariesImport } from "./admission-canaries";
import { approvedCapabilitiesImport } from "./approved-capabilities";
import { breakGlassRecordsImport } from "./break-glass-records";
import { grypeScanImport } from "./grype-scan";
import { imageAdmissionRecordImport } from "./image-admission-record";
import { imageRegistriesImport } from "./image-registries";
import { openvexImport } from "./openvex";
import { policyExceptionsImport } from "./policy-exceptions";
import { riskAcceptancesImport } from "./risk-acceptances";
import { sbomImport } from "./sbom";
import { trivyScanImport } from "./trivy-scan";
import { workloadDemandsImport } from "./workload-demands";
import { apiClientsImport } from "./api-clients";
import { accessActivityImport } from "./access-activity";
import { accessReviewsImport } from "./access-reviews";
import { anonymousProbeImport } from "./anonymous-probe";
import { authenticationConfigImport } from "./authentication-config";
import { authenticationRecordImport } from "./authentication-record";
import { encryptionRecordImport } from "./encryption-record";
import { iamMappingImport } from "./iam-mapping";
import { identityDirectoryImport } from "./identity-directory";
import { mfaPolicyImport } from "./mfa-policy";
import { secretInventoryImport } from "./secret-inventory";
import { sharedAccountUsesImport } from "./shared-account-uses";
import { signInSampleImport } from "./sign-in-sample";
import { certificatesImport } from "./certificates";
import { tlsProbesImport } from "./tls-probes";
import { wafRecordsImport } from "./waf-records";
import { segmentationProbesImport } from "./segmentation-probes";
import { publicServicesImport } from "./public-services";
import { servicePortsImport } from "./service-ports";
import { componentsImport } from "./components";
import { certificateRegisterImport } from "./certificate-register";
import { patternFalsePositivesImport } from "./pattern-false-positives";
import { storageEncryptionImport } from "./storage-encryption";
import { backupBucketsImport } from "./backup-buckets";
import { backupLocationsImport } from "./backup-locations";
import { backupStatementImport } from "./backup-statement";
import { dataVolumesImport } from "./data-volumes";
import { cardDataScansImport } from "./card-data-scans";
import { flowsImport } from "./flows";
import {
  baselineImport,
  changeRecordsImport,
  deploymentIdentitiesImport,
  environmentsImport,
  malwareEvaluationsImport,
  silentNamespacesImport,
} from "./change";
import { auditRecordImport, logShipperImport, logStoreImport } from "./log-stores";
import {
  auditVolumeImport,
  deliveryRecordImport,
  detectionRulesImport,
  failureAlarmsImport,
  fileIntegrityImport,
  logFreshnessImport,
  malwareProtectionImport,
  sensorRecordImport,
} from "./monitoring";
import { clusterRecordImport } from "./cluster-record";
import { responsibilityMatrixImport } from "./responsibility-matrix";
import { endpointProbeImport } from "./endpoint-probe";
import { apiServerConfigurationImport } from "./api-server-configuration";
import { controlPlaneCommandsImport } from "./control-plane-commands";
import { encryptionConfigurationImport } from "./encryption-configuration";
import { encryptionKeysImport } from "./encryption-keys";
import { kmsKeysImport } from "./kms-keys";
import { storedSecretsImport } from "./stored-secrets";
import { kubeletConfigurationImport } from "./kubelet-configuration";
import { benchmarkRunImport } from "./benchmark-run";
import { nodeMachinesImport } from "./node-machines";
import { timeSyncImport } from "./time-sync";
import { timeSourcesImport } from "./time-sources";
import { kubernetesPatchesImport } from "./kubernetes-patches";
import { componentSupportImport } from "./component-support";
import { refusingTheFuture } from "./no-future";
import type { ImportKind } from "./types";

export { type ImportedDocument, mergeImports, type MergedImports, withImportedFacts } from "./merge";
export { type ImportedParts, type ImportKind, ImportProblem } from "./types";

const KINDS: readonly ImportKind[] = [
  approvedAccessImport,
  auditLogImport,
  auditPolicyImport,
  auditRecordImport,
  auditVolumeImport,
  logShipperImport,
  logStoreImport,
  logFreshnessImport,
  detectionRulesImport,
  failureAlarmsImport,
  sensorRecordImport,
  malwareProtectionImport,
  fileIntegrityImport,
  deliveryRecordImport,
  silentNamespacesImport,
  malwareEvaluationsImport,
  changeRecordsImport,
  deploymentIdentitiesImport,
  environmentsImport,
  baselineImport,
  trivyScanImport,
  grypeScanImport,
  sbomImport,
  admissionCanariesImport,
  imageAdmissionRecordImport,
  imageRegistriesImport,
  riskAcceptancesImport,
  openvexImport,
  approvedCapabilitiesImport,
  policyExceptionsImport,
  breakGlassRecordsImport,
  workloadDemandsImport,
  apiClientsImport,
  accessActivityImport,
  accessReviewsImport,
  anonymousProbeImport,
  authenticationConfigImport,
  authenticationRecordImport,
  encryptionRecordImport,
  iamMappingImport,
  identityDirectoryImport,
  mfaPolicyImport,
  secretInventoryImport,
  sharedAccountUsesImport,
  signInSampleImport,
  certificatesImport,
  tlsProbesImport,
  wafRecordsImport,
  segmentationProbesImport,
  publicServicesImport,
  servicePortsImport,
  componentsImport,
  certificateRegisterImport,
  patternFalsePositivesImport,
  storageEncryptionImport,
  backupBucketsImport,
  backupLocationsImport,
  backupStatementImport,
  dataVolumesImport,
  cardDataScansImport,
  flowsImport,
  clusterRecordImport,
  responsibilityMatrixImport,
  endpointProbeImport,
  apiServerConfigurationImport,
  controlPlaneCommandsImport,
  encryptionConfigurationImport,
  encryptionKeysImport,
  kmsKeysImport,
  storedSecretsImport,
  kubeletConfigurationImport,
  benchmarkRunImport,
  nodeMachinesImport,
  timeSyncImport,
  timeSourcesImport,
  kubernetesPatchesImport,
  componentSupportImport,
];

export const IMPORT_KINDS: readonly ImportKind[] = KINDS.map(refusingTheFuture);

const BY_ID = new Map(IMPORT_KINDS.map((kind) => [kind.id, kind]));

/** The kind of that id, or null. */
export function findImportKind(id: string): ImportKind | null {
  return BY_ID.get(id) ?? null;
}
