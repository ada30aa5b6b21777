/**
 * Imported sources about what is reachable and how it is protected: certificates and handshakes as somebody who connects sees them,
 * web application firewalls outside the cluster, and what segmentation probes reached. Absent: nobody has imported it.
 */
import type { ImportOrigin } from "./import-origin";
import type { CertificateFacts } from "./x509";

/** Where a certificate was found. */
export type CertificateLocation =
  | { kind: "secret"; namespace: string; name: string }
  /** Shown by whatever answers there. */
  | { kind: "listener"; host: string; port: number }
  | { kind: "file"; node: string; path: string }
  /** Outside the cluster: a CDN, a load balancer, an HSM. */
  | { kind: "elsewhere"; name: string };

/** A certificate with what its bytes say; the bytes themselves are not kept. */
export interface CertificateRecord extends CertificateFacts {
  origin: ImportOrigin;
  locations: CertificateLocation[];
  /** Subjects of the certificates that were sent or stored behind it, in their order. */
  chain: string[];
  /** True when every certificate of the chain is issued by the next one; null when it stands alone. */
  isChainInOrder: boolean | null;
  /** Whether whoever read it verified it against the public roots; null when nobody did. */
  trust: "public" | "private" | null;
}

export const TLS_VERSIONS = ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
export type TlsVersion = (typeof TLS_VERSIONS)[number];

/** What one listener accepted when somebody tried each version. */
export interface TlsProbe {
  origin: ImportOrigin;
  host: string;
  port: number;
  /** ISO 8601, UTC. */
  checkedAt: string;
  /** Versions that were tried; a version that isn't here was not tried. */
  versions: {
    version: TlsVersion;
    isAccepted: boolean;
    /** Accepted cipher suites, by OpenSSL or IANA name; absent when they were not listed. */
    ciphers?: string[] | undefined;
  }[];
}

/** What the record of a web application firewall outside the cluster says. */
export interface WafRecord {
  origin: ImportOrigin;
  /** Host names before which it stands; `*.` at the start covers one label. */
  hosts: string[];
  product: string;
  mode: "blocking" | "detection";
  /** Where its events go; null when nowhere. */
  logsTo: string | null;
  /** Who looks at its alerts at once; null when nobody is named. */
  alertsHandledBy: string | null;
}

/**
 * - `connected`: the connection was accepted. - `refused`: something answered that nobody listens, so the packets arrived.
 * - `timeout`: nothing came back. - `prohibited`: a policy said so (ICMP administratively prohibited).
 * - `error`: the probe itself did not work (name not found, no route).
 */
export const PROBE_OUTCOMES = ["connected", "refused", "timeout", "prohibited", "error"] as const;
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

export interface SegmentationProbe {
  from: { namespace: string /** UID of the pod that probed. */; podUid?: string | undefined };
  to: { namespace: string; address: string; port: number };
  /** `blocked`: a negative probe. `open`: a positive control, which shows that the probing pod can connect at all. */
  expects: "blocked" | "open";
  outcome: ProbeOutcome;
  /** ISO 8601, UTC. */
  at: string;
}
/** One run of the planned probes. */
export interface SegmentationProbeRun {
  origin: ImportOrigin;
  /** Policies that stood when it ran, so that a later change shows. */
  policies: { kind: string; namespace?: string | undefined; name: string; uid: string; generation: number }[];
  probes: SegmentationProbe[];
}

export interface ImportedExposureFacts {
  certificates?: CertificateRecord[];
  tlsProbes?: TlsProbe[];
  wafRecords?: WafRecord[];
  segmentationProbes?: SegmentationProbeRun[];
}
