import { cdeNamespace, deployment, ingress, namespace, object } from "@/lib/fixtures/builders";
import type { CertificateRecord } from "@/lib/inventory/imported-exposure";
import type { CertificateEntry } from "@/lib/inventory/registers/certificates";
import { tlsCertInventory } from "./tls-cert-inventory";
import { describeControl } from "./testing";

const host = "pay.example.com";
const web = ingress("web", "cde", { tls: [{ hosts: [host], secretName: "pay-tls" }] });
const world = (...objects: unknown[]) => [cdeNamespace(), web, ...objects];
const fingerprint = "a".repeat(64);
const entry = (
  certificate: CertificateEntry["certificate"],
  fields: Partial<CertificateEntry> = {},
): CertificateEntry => ({
  certificate,
  owner: "Platform",
  purpose: "public checkout",
  reviewedAt: "2026-09-01",
  reviewedBy: "maria",
  ...fields,
});
const bySecret = { namespace: "cde", secret: "pay-tls" };
const registered = (...certificates: CertificateEntry[]) => ({ registers: { certificates } });
const record: CertificateRecord = {
  origin: { by: "upload", name: "x", collectedAt: "2026-11-20T00:00:00Z" },
  fingerprint,
  subject: `CN=${host}`,
  issuer: "CN=CA",
  dnsNames: [host],
  ipAddresses: [],
  notBefore: "2026-10-01T00:00:00Z",
  notAfter: "2027-01-01T00:00:00Z",
  keyAlgorithm: "EC",
  keyBits: 256,
  signatureHash: "SHA-256",
  isCa: false,
  isSelfIssued: false,
  chain: [],
  isChainInOrder: null,
  trust: "public",
  locations: [
    { kind: "secret", namespace: "cde", name: "pay-tls" },
    { kind: "secret", namespace: "cde", name: "pay-tls-copy" },
  ],
};

describeControl(tlsCertInventory, [
  {
    name: "an entry by Secret",
    status: "pass",
    objects: world(),
    options: registered(entry(bySecret)),
    object: "Secret/cde/pay-tls",
    says: "reviewed by maria",
    assessor: { prints: "Ingress\tcde\tweb\tpay-tls\tpay.example.com" },
  },
  { name: "an entry by host", status: "pass", objects: world(), options: registered(entry({ host: "*.example.com" })) },
  {
    name: "one certificate in two Secrets is one entry with its places",
    status: "pass",
    objects: world(),
    options: { ...registered(entry({ fingerprint })), facts: { certificates: [record] } },
    says: "Secret cde/pay-tls, Secret cde/pay-tls-copy",
  },
  {
    name: "a certificate outside the cluster, written down by hand",
    status: "pass",
    objects: world(),
    options: registered(entry(bySecret), entry({ elsewhere: "CDN edge" })),
    object: "Certificate/CDN edge",
  },
  {
    name: "no entry",
    status: "fail",
    objects: world(),
    object: "Secret/cde/pay-tls",
    says: "neither owner nor purpose",
    assessor: { prints: "pay-tls" },
  },
  {
    name: "cert-manager's own, without an entry",
    status: "fail",
    objects: [
      cdeNamespace(),
      object("cert-manager.io/v1", "Certificate", "internal", "cde", {
        spec: { secretName: "internal-tls", dnsNames: ["a"] },
      }),
    ],
    object: "Secret/cde/internal-tls",
  },
  {
    name: "reviewed more than 12 months ago",
    status: "fail",
    objects: world(),
    options: registered(entry(bySecret, { reviewedAt: "2025-11-01" })),
    says: "more than 12 months ago",
  },
  {
    name: "the newest review of two entries counts, and a review in the future is none",
    status: "fail",
    objects: world(),
    options: registered(entry(bySecret), entry({ host }, { reviewedAt: "2027-01-01" })),
  },
  {
    name: "a key beyond its cryptoperiod",
    status: "fail",
    objects: world(),
    options: { ...registered(entry(bySecret, { cryptoperiodDays: 30 })), facts: { certificates: [record] } },
    says: "cryptoperiod of 30 days",
  },
  {
    name: "an entry outside the cluster that nobody reviewed",
    status: "fail",
    objects: world(),
    options: registered(entry(bySecret), entry({ elsewhere: "CDN edge" }, { reviewedAt: "2024-01-01" })),
    object: "Certificate/CDN edge",
  },
  {
    name: "workloads mount Secrets and no certificate is known",
    status: "unknown",
    objects: [
      cdeNamespace(),
      deployment("app", "cde", {
        containers: [{ name: "a", image: "x" }],
        volumes: [{ name: "tls", secret: { secretName: "s" } }],
      }),
    ],
    says: "in which certificates may lie",
  },
  {
    name: "Certificates refused",
    status: "unknown",
    objects: world(),
    options: { ...registered(entry(bySecret)), sections: { "certmanager-certificates": { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  { name: "no certificate", status: "not-applicable", objects: [cdeNamespace(), deployment()] },
]);
