/** The inventory's entry about a certificate: by fingerprint, by Secret, or by a host that it serves. */
import type { CertificateEntry } from "@/lib/inventory/registers/certificates";
import type { CertificateItem } from "./certificates";
import { hostCovers } from "./ingress-tls";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface RegisteredCertificate {
  entry: CertificateEntry;
  evidence: EvidencePointer;
}

/** The entry with the latest review among those that mean the item; null without one. */
export function findCertificateEntry(context: EvaluationContext, item: CertificateItem): RegisteredCertificate | null {
  const found = (context.registers?.certificates ?? [])
    .map((entry, i): RegisteredCertificate => ({ entry, evidence: evidenceOf(entry, i) }))
    .filter(({ entry }) => means(entry, item))
    .sort((a, b) => Date.parse(b.entry.reviewedAt) - Date.parse(a.entry.reviewedAt));
  return found[0] ?? null;
}

export function evidenceOf(entry: CertificateEntry, index: number): EvidencePointer {
  return {
    ref: CLUSTER_REF,
    pointer: `/registers/certificates/${index}`,
    found: `${entry.owner}: ${entry.purpose}, reviewed by ${entry.reviewedBy} at ${entry.reviewedAt}`,
  };
}

function means({ certificate }: CertificateEntry, { record, locations, uses }: CertificateItem): boolean {
  if ("fingerprint" in certificate) return record?.value.fingerprint === certificate.fingerprint;
  if ("secret" in certificate)
    return locations.some(
      (at) => at.kind === "secret" && at.namespace === certificate.namespace && at.name === certificate.secret,
    );
  if ("host" in certificate) {
    const hosts = [
      ...uses.flatMap((use) => use.hosts),
      ...locations.flatMap((at) => (at.kind === "listener" ? [at.host] : [])),
    ];
    return hosts.some((host) => hostCovers(certificate.host, host) || hostCovers(host, certificate.host));
  }
  return locations.some((at) => at.kind === "elsewhere" && at.name === certificate.elsewhere);
}
