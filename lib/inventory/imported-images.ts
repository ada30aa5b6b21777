/**
 * Imported sources about images and admission: scans and bills of materials that were made outside the cluster, what happened to
 * pods that had to be refused, and the provider's record of image admission. Absent means that nobody has imported it.
 */
import type { ComponentSummary } from "./components";
import type { ImportOrigin } from "./import-origin";

export interface ScannedVulnerability {
  id: string;
  /** The scanner's word in upper case: CRITICAL, HIGH, MEDIUM, LOW, UNKNOWN. */
  severity: string;
  score?: number;
  package: string;
  installedVersion?: string;
  fixedVersion?: string;
  /** ISO 8601: when the vulnerability was published. */
  publishedAt?: string;
  /** ISO 8601: when the fix was released. */
  fixedAt?: string;
}

/** One scan of one image. */
export interface ImportedVulnerabilityScan {
  origin: ImportOrigin;
  scanner: { name: string; version?: string };
  /** ISO 8601, UTC. */
  scannedAt: string;
  /** ISO 8601: date of the scanner's database; absent when the document doesn't say. */
  databaseAt?: string;
  /** As it was scanned, for people. */
  image: string;
  /** `sha256:…`: manifest digests and the image ID, by any of which a running image may name itself. */
  digests: string[];
  /** False when the scanner found neither an operating system nor a package: it looked at nothing. */
  hasPackages: boolean;
  vulnerabilities: ScannedVulnerability[];
}

/** One bill of materials of one image. */
export interface ImportedSbom {
  origin: ImportOrigin;
  format: "CycloneDX" | "SPDX";
  /** Name and version of the program that made it; empty when the document doesn't say. */
  tool: string;
  /** ISO 8601, UTC; absent when the document doesn't say. */
  createdAt?: string;
  image: string;
  digests: string[];
  summary: ComponentSummary;
}

/** Pods that admission has to refuse. */
export const CANARIES = [
  "privileged",
  "host-path",
  "root-user",
  "writable-root",
  "unsigned-image",
  "foreign-registry",
  "wrong-node",
] as const;
export type Canary = (typeof CANARIES)[number];

/** What the API server answered to one such pod, by a dry run on the server. */
export interface AdmissionCanary {
  origin: ImportOrigin;
  namespace: string;
  canary: Canary;
  /** ISO 8601, UTC. */
  triedAt: string;
  isDryRun: boolean;
  isAccepted: boolean;
  /** The answer's message; names whoever refused. */
  message: string;
}

/** What the provider says about admission of images (GKE Binary Authorization, AKS image integrity). */
export interface ImageAdmissionRecord {
  origin: ImportOrigin;
  service: string;
  mode: "enforce" | "dry-run" | "off";
  /** Repository patterns that get past it; empty when none does. */
  exemptImages: string[];
  /** Attestors or trust stores that it asks; empty means that it lets everything in. */
  attestors: string[];
}

export interface ImportedImageFacts {
  vulnerabilityScans?: ImportedVulnerabilityScan[];
  sboms?: ImportedSbom[];
  admissionCanaries?: AdmissionCanary[];
  imageAdmissionRecord?: ImageAdmissionRecord;
}
