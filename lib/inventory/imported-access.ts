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
}

/** The provider's identity service in front of the API server. */
export interface AuthenticationRecord {
  origin: ImportOrigin;
  /** For example "AWS IAM access entries", "Microsoft Entra ID", "Google Cloud IAM". */
  service: string;
  isOn: boolean;
  /** Ways around it that are still open: local accounts, client certificates. */
  bypasses: string[];
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
}
