import { cdeNamespace, deployment, ingress, namespace, object } from "@/lib/fixtures/builders";
import type { CertificateLocation, CertificateRecord } from "@/lib/inventory/imported-exposure";
import { CA_BUNDLE } from "@/lib/inventory/redaction/samples-exposure";
import { tlsCertValidity } from "./tls-cert-validity";
import { describeControl } from "./testing";

const host = "pay.example.com";
const web = ingress("web", "cde", {
  tls: [{ hosts: [host], secretName: "pay-tls" }],
  rules: [{ host, http: { paths: [{ path: "/", backend: { service: { name: "app" } } }] } }],
});
const world = (...objects: unknown[]) => [cdeNamespace(), web, ...objects];
const secret: CertificateLocation = { kind: "secret", namespace: "cde", name: "pay-tls" };
const listener: CertificateLocation = { kind: "listener", host, port: 443 };
const record = (fields: Partial<CertificateRecord> = {}): CertificateRecord => ({
  origin: { by: "upload", name: "certs.yaml by ann", collectedAt: "2026-11-20T00:00:00Z" },
  fingerprint: "a".repeat(64),
  subject: `CN=${host}`,
  issuer: "CN=R11, O=Public CA",
  dnsNames: [host],
  ipAddresses: [],
  notBefore: "2026-10-01T00:00:00Z",
  notAfter: "2027-01-15T00:00:00Z",
  keyAlgorithm: "EC",
  keyBits: 256,
  signatureHash: "SHA-256",
  isCa: false,
  isSelfIssued: false,
  locations: [secret],
  chain: ["CN=R11, O=Public CA"],
  isChainInOrder: true,
  trust: "public",
  ...fields,
});
const imported = (...certificates: CertificateRecord[]) => ({ facts: { certificates } });
const certificate = (spec: object = {}, status: object = {}, ready: string | null = "True") =>
  object("cert-manager.io/v1", "Certificate", "pay", "cde", {
    spec: { secretName: "pay-tls", dnsNames: [host], issuerRef: { name: "acme", kind: "ClusterIssuer" }, ...spec },
    status: {
      notBefore: "2026-10-01T00:00:00Z",
      notAfter: "2026-12-30T00:00:00Z",
      renewalTime: "2026-11-30T00:00:00Z",
      ...(ready === null ? {} : { conditions: [{ type: "Ready", status: ready, reason: "R" }] }),
      ...status,
    },
  });
const issuer = (spec: object = { acme: { server: "https://acme-v02.api.letsencrypt.org/directory" } }) =>
  object("cert-manager.io/v1", "ClusterIssuer", "acme", undefined, {
    spec,
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });
const webhook = (clientConfig: object, annotations: Record<string, string> = {}) =>
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "engine", undefined, {
    metadata: { annotations },
    webhooks: [{ name: "v.example.com", clientConfig: { service: { name: "s", namespace: "n" }, ...clientConfig } }],
  });
const nodeCertificate = (fields: object = {}) => ({
  facts: {
    nodeCertificates: [
      {
        origin: { by: "node-collector" as const, name: "cp-1", collectedAt: "2026-11-20T00:00:00Z" },
        node: "cp-1",
        path: "/etc/kubernetes/pki/apiserver.crt",
        subject: "CN=kube-apiserver",
        issuer: "CN=kubernetes",
        notBefore: "2026-03-01T00:00:00Z",
        notAfter: "2027-03-01T00:00:00Z",
        keyAlgorithm: "RSA",
        keyBits: 2048,
        signatureHash: "SHA-256",
        ...fields,
      },
    ],
  },
});

describeControl(tlsCertValidity, [
  {
    name: "an imported certificate",
    status: "pass",
    objects: world(),
    options: imported(record()),
    object: "Secret/cde/pay-tls",
    assessor: { prints: "openssl s_client -connect pay.example.com:443" },
  },
  {
    name: "a listener and its Secret, as the import says",
    status: "pass",
    objects: world(),
    options: imported(record({ locations: [listener, secret] })),
    object: "Secret/cde/pay-tls",
  },
  {
    name: "renewed by cert-manager",
    status: "pass",
    objects: world(certificate(), issuer()),
    says: "renewed by cert-manager",
  },
  {
    name: "less than 30 days, and cert-manager renews",
    status: "pass",
    objects: world(
      certificate({}, { notAfter: "2026-12-01T00:00:00Z", renewalTime: "2026-11-22T00:00:00Z" }),
      issuer(),
    ),
  },
  {
    name: "a chain without its intermediate is noted",
    status: "pass",
    objects: world(),
    options: imported(record({ chain: [], isChainInOrder: null })),
    says: "no intermediate certificate",
  },
  {
    name: "a long-lived certificate of an own authority is noted",
    status: "pass",
    objects: world(),
    options: {
      ...imported(record({ trust: "private", notAfter: "2030-01-01T00:00:00Z" })),
      registers: {
        certificates: [
          {
            certificate: { namespace: "cde", secret: "pay-tls" },
            owner: "x",
            purpose: "checkout",
            reviewedAt: "2026-09-01",
            reviewedBy: "maria",
          },
        ],
      },
    },
    says: "review how long its key may live",
  },
  {
    name: "a newer import of the same Secret counts",
    status: "pass",
    objects: world(),
    options: imported(
      record({
        fingerprint: "b".repeat(64),
        notAfter: "2026-11-01T00:00:00Z",
        origin: { by: "upload", name: "old", collectedAt: "2026-09-01T00:00:00Z" },
      }),
      record(),
    ),
  },
  { name: "a certificate of the control plane", status: "pass", objects: [cdeNamespace()], options: nodeCertificate() },
  {
    name: "the authority of a webhook",
    status: "pass",
    objects: [cdeNamespace(), webhook({ caBundle: CA_BUNDLE })],
    options: { asOf: "2026-12-01T00:00:00Z" },
    object: "ValidatingWebhookConfiguration/engine",
    says: "2027-11-21",
  },
  {
    name: "expired",
    status: "fail",
    objects: world(),
    options: imported(record({ notAfter: "2026-11-01T00:00:00Z" })),
    says: "expired at 2026-11-01",
    assessor: { prints: "Secret cde/pay-tls serves pay.example.com" },
  },
  {
    name: "the very moment of its end is too late",
    status: "fail",
    objects: world(),
    options: imported(record({ notAfter: "2026-11-21T12:00:00Z" })),
  },
  {
    name: "not valid yet",
    status: "fail",
    objects: world(),
    options: imported(record({ notBefore: "2026-12-01T00:00:00Z" })),
    says: "is not valid before",
  },
  {
    name: "another host's",
    status: "fail",
    objects: world(),
    options: imported(record({ dnsNames: ["shop.example.com"] })),
    says: "does not name pay.example.com",
  },
  {
    name: "a wildcard covers one label only",
    status: "fail",
    objects: world(),
    options: imported(record({ dnsNames: ["*.com"] })),
  },
  {
    name: "a short key",
    status: "fail",
    objects: world(),
    options: imported(record({ keyAlgorithm: "RSA", keyBits: 1024 })),
    says: "RSA 1024 bits",
  },
  {
    name: "signed with SHA-1",
    status: "fail",
    objects: world(),
    options: imported(record({ signatureHash: "SHA-1" })),
    says: "SHA-1",
  },
  {
    name: "self-signed on a public host",
    status: "fail",
    objects: world(),
    options: imported(record({ isSelfIssued: true, issuer: `CN=${host}`, trust: "private" })),
    says: "self-signed",
  },
  {
    name: "an authority of one's own that nobody declared",
    status: "fail",
    objects: world(),
    options: imported(record({ trust: "private" })),
    says: "neither publicly trusted nor declared",
  },
  {
    name: "less than 30 days and nothing renews it",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: imported(record({ notAfter: "2026-12-01T00:00:00Z" })),
    says: "nothing renews it",
    remediates: false,
  },
  {
    name: "cert-manager is not ready while the old one is valid",
    status: "fail",
    severity: "medium",
    objects: world(certificate({}, {}, "False"), issuer()),
    says: "its renewal is broken",
    remediates: false,
  },
  {
    name: "cert-manager did not renew in time",
    status: "fail",
    severity: "medium",
    objects: world(certificate({}, { renewalTime: "2026-11-01T00:00:00Z" }), issuer()),
    says: "should have been renewed",
    remediates: false,
  },
  {
    name: "a Certificate that was never issued",
    status: "fail",
    objects: world(
      object("cert-manager.io/v1", "Certificate", "pay", "cde", {
        spec: { secretName: "pay-tls", dnsNames: [host], issuerRef: { name: "acme", kind: "ClusterIssuer" } },
        status: { conditions: [{ type: "Ready", status: "False", reason: "DoesNotExist" }] },
      }),
    ),
    says: "has not been issued",
    remediates: false,
  },
  {
    name: "a Certificate with a short key, which the patch corrects",
    status: "fail",
    objects: world(certificate({ privateKey: { algorithm: "RSA", size: 1024 } }), issuer()),
    remediates: true,
  },
  {
    name: "a Certificate for another host",
    status: "fail",
    objects: world(certificate({ dnsNames: ["shop.example.com"] }), issuer()),
  },
  {
    name: "a self-signing issuer for a public host",
    status: "fail",
    objects: world(certificate(), issuer({ selfSigned: {} })),
    says: "self-signing",
    remediates: false,
  },
  {
    name: "a test authority for a public host",
    status: "fail",
    objects: world(
      certificate(),
      issuer({ acme: { server: "https://acme-staging-v02.api.letsencrypt.org/directory" } }),
    ),
    remediates: false,
  },
  {
    name: "a control-plane certificate about to expire",
    status: "fail",
    severity: "medium",
    objects: [cdeNamespace()],
    options: nodeCertificate({ notAfter: "2026-12-01T00:00:00Z" }),
    object: "Certificate/cp-1:/etc/kubernetes/pki/apiserver.crt",
  },
  {
    name: "the authority of a webhook has expired",
    status: "fail",
    objects: [cdeNamespace(), webhook({ caBundle: CA_BUNDLE })],
    options: { asOf: "2027-12-01T00:00:00Z" },
    says: "expired at 2027-11-21",
  },
  {
    name: "nobody has read the certificate",
    status: "unknown",
    objects: world(),
    object: "Secret/cde/pay-tls",
    says: "nobody has read this certificate",
  },
  {
    name: "a listener alone says nothing of the Secret behind: a CDN may stand between",
    status: "unknown",
    objects: world(),
    options: imported(record({ locations: [listener] })),
    object: "Secret/cde/pay-tls",
  },
  {
    name: "an end that is no date",
    status: "unknown",
    objects: world(certificate({}, { notAfter: "soon" }), issuer()),
    says: "which is no date",
  },
  {
    name: "an old import",
    status: "unknown",
    objects: world(),
    options: imported(
      record({
        notAfter: "2027-06-01T00:00:00Z",
        origin: { by: "upload", name: "x", collectedAt: "2026-07-01T00:00:00Z" },
      }),
    ),
    says: "more than 90 days ago",
  },
  {
    name: "a public host whose authority nobody verified",
    status: "unknown",
    objects: world(),
    options: imported(record({ trust: null })),
  },
  {
    name: "a key on an unknown curve",
    status: "unknown",
    objects: world(),
    options: imported(record({ keyBits: null })),
  },
  {
    name: "cert-manager has said nothing yet",
    status: "unknown",
    objects: world(certificate({}, { notAfter: undefined }, null), issuer()),
  },
  {
    name: "an issuer that is not in the snapshot",
    status: "unknown",
    objects: world(certificate()),
    says: "is not in the snapshot",
  },
  {
    name: "a caBundle that can't be read",
    status: "unknown",
    objects: [cdeNamespace(), webhook({ caBundle: "bm90aGluZw==" })],
    says: "no certificate in its caBundle",
  },
  {
    name: "an authority that ends soon, and who renews it is not known",
    status: "unknown",
    objects: [cdeNamespace(), webhook({ caBundle: CA_BUNDLE })],
    options: { asOf: "2027-11-10T00:00:00Z" },
  },
  {
    name: "an authority that ends soon, and cert-manager injects it",
    status: "pass",
    objects: [cdeNamespace(), webhook({ caBundle: CA_BUNDLE }, { "cert-manager.io/inject-ca-from": "n/c" })],
    options: { asOf: "2027-11-10T00:00:00Z" },
  },
  {
    name: "Ingresses refused",
    status: "unknown",
    objects: [cdeNamespace()],
    options: { sections: { ingresses: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "an orphan",
    status: "not-applicable",
    objects: [cdeNamespace()],
    options: imported(record()),
    object: "Secret/cde/pay-tls",
    says: "orphan",
  },
  {
    name: "a Secret that a workload mounts is no orphan",
    status: "pass",
    objects: [
      cdeNamespace(),
      deployment("app", "cde", {
        containers: [{ name: "a", image: "x" }],
        volumes: [{ name: "tls", secret: { secretName: "pay-tls" } }],
      }),
    ],
    options: imported(record()),
  },
  { name: "nothing at all", status: "not-applicable", objects: [cdeNamespace()] },
]);
