/**
 * Imported sources about authentication and encryption: files that API server flags name, the provider's records, sign-ins that
 * audit events show, and what an unauthenticated request was answered. Absent means that nobody has imported it.
 */
import type { ImportOrigin } from "./import-origin";

/** What the provider says about encryption of Secrets at rest, beyond the encryption of its disks. */
export interface EncryptionRecord {
  origin: ImportOrigin;
  /** EKS encryptionConfig or default envelope encryption, GKE databaseEncryption, AKS azureKeyVaultKms, OpenShift encryption type. */
  isSecretEncryptionOn: boolean;
  /** Whose key it is; null when the record doesn't say. */
  key: "customer" | "platform" | null;
  /** The value in the record, for evidence. */
  found: string;
}

/** The parts of an AuthenticationConfiguration (apiserver.config.k8s.io) that controls read, per API server. */
export interface ImportedAuthenticationConfig {
  origin: ImportOrigin;
  /** Node, or name of the API server's pod. */
  instance: string;
  /** Issuer URLs of the JWT authenticators. */
  issuers: string[];
  /** `anonymous` of the configuration; null when the section is absent, so that the flag decides. */
  anonymous: { enabled: boolean /** Paths of `conditions`; empty means every path. */; paths: string[] } | null;
  /** What each JWT authenticator demands of claims; absent when the source didn't say. */
  claimRules?: ClaimRule[];
}
/** One entry of `claimValidationRules`: a claim with its value, or a CEL expression. */
export interface ClaimRule {
  issuer: string;
  claim?: string;
  requiredValue?: string;
  expression?: string;
}

/** The provider's identity service in front of the API server. */
export interface AuthenticationRecord {
  origin: ImportOrigin;
  /** For example "AWS IAM access entries", "Microsoft Entra ID", "Google Cloud IAM". */
  service: string;
  isOn: boolean;
  /** Ways around it that are still open: local accounts, client certificates. */
  bypasses: string[];
  /** Accounts of the platform or of a management plane that are no person's own (AKS local accounts, Rancher's admin). */
  sharedAccounts?: { name: string; isEnabled: boolean }[];
}

/** Whom the identity provider knows, under the names that RBAC sees. */
export interface IdentityDirectory {
  origin: ImportOrigin;
  /** True when every user and group that can sign in to the cluster is listed. */
  isComplete: boolean;
  users: { name: string; isEnabled: boolean /** Last sign-in, where the provider tells. */; lastSignInAt?: string }[];
  /** Members by user name, nested groups resolved. */
  groups: { name: string; members: string[] }[];
}

/** Who has to prove a second factor, as the identity provider's policy export says. */
export interface MfaPolicy {
  origin: ImportOrigin;
  /** Application or client that the policy is about, for example "kubernetes" or "Palette". */
  application: string;
  /** Users and groups that it covers, under the names that RBAC sees; `*` for everybody. */
  covers: { users: string[]; groups: string[] };
  requirement: "multi-factor" | "phishing-resistant" | "none";
  /** Users and groups that it leaves out. */
  excludes: { kind: "User" | "Group"; name: string; approvedBy?: string | undefined }[];
}

/** Rights that the cloud provider's IAM gives in the cluster, beside or through RBAC. */
export interface IamMapping {
  origin: ImportOrigin;
  provider: "eks" | "gke" | "aks" | "openshift" | "other";
  entries: IamMappingEntry[];
  /** Whether whoever made the cluster keeps hidden administrator rights; null when the record doesn't say. */
  creatorIsAdmin: boolean | null;
}
export interface IamMappingEntry {
  /** ARN of a role or user, or what the provider calls an identity. */
  principal: string;
  isPerson: boolean;
  /** What Kubernetes sees. */
  username?: string | undefined;
  groups: string[];
  /** The provider's own policies, which no RBAC object shows; `namespaces` null for the whole cluster. */
  policies: { name: string; namespaces: string[] | null }[];
}

/** Who used the cluster in a period, counted where the audit events lie. */
export interface AccessActivity {
  origin: ImportOrigin;
  /** ISO 8601, UTC. */
  from: string;
  to: string;
  /** True when the events of every API server over the whole period were counted: only then silence means absence. */
  isComplete: boolean;
  users: AccessActivityUser[];
}
export interface AccessActivityUser {
  username: string;
  groups?: string[] | undefined;
  lastAt: string;
  /** Days (YYYY-MM-DD) with at least one request. */
  days?: string[] | undefined;
  /** Program names of user agents, such as `kubectl`; what the client says of itself. */
  clients?: string[] | undefined;
  /** Credential kinds seen: `X509SHA256` for a client certificate, `JTI` for a token. */
  credentials?: string[] | undefined;
  sourceAddresses?: string[] | undefined;
  /** Kinds of requests that were made: verb and `resource.group`, `pods/exec`, each once. */
  uses?: { verb: string; apiGroup: string; resource: string }[] | undefined;
}

/** Secrets of the cluster without their data, as a person with the permission listed them. */
export interface SecretInventory {
  origin: ImportOrigin;
  secrets: SecretMetadata[];
}
export interface SecretMetadata {
  namespace: string;
  name: string;
  type: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  owners?: { kind: string; name: string }[] | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  /** Names of the entries of `data`. */
  keys?: string[] | undefined;
  isImmutable?: boolean | undefined;
  /** Of a bootstrap token: its `expiration`; null when it has none. */
  tokenExpiresAt?: string | null | undefined;
}

/** How people signed in, as recorded audit events show; counted where the events lie. */
export interface SignInSample {
  origin: ImportOrigin;
  /** ISO 8601, UTC: the period that the sample covers. */
  from: string;
  to: string;
  /** Human users that came through the central identity provider. */
  throughProvider: number;
  /** Human users that came another way, and which. */
  otherwise: { username: string; method: string }[];
  /** Human users of whom the events don't show how they came; absent or empty when all are known. */
  undetermined?: string[];
}

/** Answers of an API server to requests without credentials. */
export interface AnonymousProbe {
  origin: ImportOrigin;
  /** Address that was asked. */
  server: string;
  answers: { path: string; status: number }[];
}

export interface ImportedAccessFacts {
  encryptionRecord?: EncryptionRecord;
  authenticationConfigs?: ImportedAuthenticationConfig[];
  authenticationRecord?: AuthenticationRecord;
  signIns?: SignInSample;
  anonymousProbes?: AnonymousProbe[];
  identityDirectory?: IdentityDirectory;
  mfaPolicies?: MfaPolicy[];
  iamMapping?: IamMapping;
  accessActivity?: AccessActivity[];
  secretInventory?: SecretInventory;
}
