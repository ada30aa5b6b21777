import { cdeNamespace, deployment, namespace, object } from "@/lib/fixtures/builders";
import type { AdmissionCanary, ImageAdmissionRecord } from "@/lib/inventory/imported-images";
import { imgSignatureEnforced } from "./img-signature-enforced";
import { describeControl } from "./testing";

const image = "registry.example.com/payments/api:2";
const keyed = [{ entries: [{ keys: { publicKeys: "-----BEGIN PUBLIC KEY-----" } }] }];
const keyless = (identity: object) => [{ entries: [{ keyless: identity }] }];
const own = { subject: "https://github.com/example/api/*", issuer: "https://token.actions.githubusercontent.com" };
const kyverno = (check: object = {}, policy: object = {}) =>
  object("kyverno.io/v1", "ClusterPolicy", "signed", undefined, {
    spec: {
      rules: [
        {
          name: "signed",
          match: { any: [{ resources: { kinds: ["Pod"] } }] },
          verifyImages: [
            { imageReferences: ["registry.example.com/*"], attestors: keyed, failureAction: "Enforce", ...check },
          ],
        },
      ],
      ...policy,
    },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });
const webhookOf = (kind: string, name: string, service: string, selector?: object) =>
  object("admissionregistration.k8s.io/v1", kind, name, undefined, {
    webhooks: [
      {
        name: service,
        clientConfig: { service: { name: "svc", namespace: "ns" } },
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            resources: ["pods", "pods/ephemeralcontainers"],
            operations: ["CREATE", "UPDATE"],
          },
        ],
        ...(selector === undefined ? {} : { namespaceSelector: selector }),
      },
    ],
  });
const engine = [
  webhookOf("MutatingWebhookConfiguration", "kyverno-resource-mutating-webhook-cfg", "mutate.kyverno.svc-fail"),
  webhookOf("ValidatingWebhookConfiguration", "kyverno-resource-validating-webhook-cfg", "validate.kyverno.svc-fail"),
];
const sigstore = webhookOf("ValidatingWebhookConfiguration", "policy.sigstore.dev", "policy.sigstore.dev", {
  matchExpressions: [{ key: "policy.sigstore.dev/include", operator: "In", values: ["true"] }],
});
const imagePolicy = (spec: object = {}) =>
  object("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", "signed", undefined, {
    spec: { images: [{ glob: "registry.example.com/**" }], authorities: [{ key: { data: "x" } }], ...spec },
  });
const celPolicy = object("policies.kyverno.io/v1", "ImageValidatingPolicy", "signed", undefined, {
  spec: {
    validationActions: ["Deny"],
    matchImageReferences: [{ glob: "registry.example.com/*" }],
    attestors: [{ name: "pipeline", cosign: { key: { data: "x" } } }],
    validations: [
      { expression: "images.containers.map(i, verifyImageSignatures(i, [attestors.pipeline])).all(e, e > 0)" },
    ],
  },
});
const canary = (changes: Partial<AdmissionCanary> = {}): AdmissionCanary => ({
  origin: { by: "upload", name: "canaries.yaml", collectedAt: "2026-11-20T10:00:00Z" },
  namespace: "cde",
  canary: "unsigned-image",
  triedAt: "2026-11-20T10:00:00Z",
  isDryRun: true,
  isAccepted: false,
  message: 'admission webhook "mutate.kyverno.svc-fail" denied the request: no signatures found',
  ...changes,
});
const refused = { facts: { admissionCanaries: [canary()] } };
const record = (changes: Partial<ImageAdmissionRecord> = {}): ImageAdmissionRecord => ({
  origin: { by: "upload", name: "binauthz.yaml", collectedAt: "2026-11-20T10:00:00Z" },
  service: "GKE Binary Authorization",
  mode: "enforce",
  attestors: ["projects/x/attestors/built"],
  exemptImages: [],
  ...changes,
});
const app = (name = image) => deployment("app", "cde", { containers: [{ name: "app", image: name }] });
const world = (...objects: unknown[]) => [cdeNamespace(), app(), ...objects];
const included = (...objects: unknown[]) => [
  cdeNamespace("cde", { "policy.sigstore.dev/include": "true" }),
  app(),
  ...objects,
];

describeControl(imgSignatureEnforced, [
  {
    name: "Kyverno verifies by key, and a canary was refused",
    status: "pass",
    objects: world(kyverno(), ...engine),
    options: refused,
    says: "mutate.kyverno.svc-fail refused an unsigned image",
    assessor: {
      prints: "kyverno signed signed action=Enforce required=true images=registry.example.com/* identities=key",
    },
  },
  {
    name: "a named keyless identity",
    status: "pass",
    objects: world(kyverno({ attestors: keyless(own) }), ...engine),
    options: refused,
  },
  {
    name: "the same, and nobody has tried",
    status: "unknown",
    objects: world(kyverno(), ...engine),
    says: "nobody has tried an unsigned image",
  },
  {
    name: "a canary that RBAC refused proves nothing",
    status: "unknown",
    objects: world(kyverno(), ...engine),
    options: { facts: { admissionCanaries: [canary({ message: 'is forbidden: User "jo" cannot create resource' })] } },
    says: "RBAC refused it",
  },
  {
    name: "an accepted canary, whatever the policies say",
    status: "fail",
    objects: world(kyverno(), ...engine),
    options: { facts: { admissionCanaries: [canary({ isAccepted: true, message: "" })] } },
    says: "an unsigned image was accepted",
  },
  {
    name: "no policy",
    status: "fail",
    objects: world(),
    options: refused,
    says: "no policy verifies",
    assessor: { prints: "" },
  },
  {
    name: "audit mode",
    status: "fail",
    objects: world(kyverno({ failureAction: "Audit" })),
    options: { ...refused, source: "manifests" },
    says: "effective action Audit",
  },
  {
    name: "required is false",
    status: "fail",
    objects: world(kyverno({ required: false }), ...engine),
    options: refused,
    says: "required is false",
  },
  {
    name: "a pattern that does not cover the images in use",
    status: "fail",
    objects: [
      cdeNamespace(),
      app(),
      deployment("web", "cde", { containers: [{ name: "w", image: "nginx:1" }] }),
      kyverno(),
      ...engine,
    ],
    options: refused,
    says: "nginx:1",
  },
  {
    name: "a wildcard subject",
    status: "fail",
    objects: world(kyverno({ attestors: keyless({ ...own, subject: "*" }) }), ...engine),
    options: refused,
    says: "anybody can sign",
  },
  {
    name: "an issuer that is a pattern for everything",
    status: "fail",
    objects: world(kyverno({ attestors: keyless({ subject: own.subject, issuerRegExp: "^https://.*$" }) }), ...engine),
    options: refused,
    says: "anybody can sign",
  },
  {
    name: "no key and no identity",
    status: "fail",
    objects: world(kyverno({ attestors: [] }), ...engine),
    options: refused,
    says: "names no key",
  },
  {
    name: "Kyverno's webhook is gone",
    status: "fail",
    objects: world(kyverno()),
    options: refused,
    says: "no webhook of Kyverno",
  },
  {
    name: "a policy whose status nobody has written, settled by a canary",
    status: "pass",
    objects: world({ ...kyverno(), status: {} }, ...engine),
    options: refused,
  },
  {
    name: "an ImageValidatingPolicy is settled by a canary",
    status: "pass",
    objects: world(celPolicy),
    options: refused,
  },
  { name: "an ImageValidatingPolicy alone", status: "unknown", objects: world(celPolicy), says: "not understood" },
  {
    name: "sigstore, in a namespace with the include label",
    status: "pass",
    objects: included(imagePolicy(), sigstore),
    options: refused,
  },
  {
    name: "sigstore, in a namespace without the include label",
    status: "fail",
    objects: world(imagePolicy(), sigstore),
    options: refused,
    says: "policy.sigstore.dev/include",
  },
  {
    name: "sigstore in warn mode",
    status: "fail",
    objects: included(imagePolicy({ mode: "warn" }), sigstore),
    options: refused,
    says: "mode warn",
  },
  {
    name: "an authority that lets everything pass",
    status: "fail",
    objects: included(imagePolicy({ authorities: [{ static: { action: "pass" } }] }), sigstore),
    options: refused,
    says: "lets every image pass",
  },
  {
    name: "Connaisseur's trust is not visible",
    status: "unknown",
    objects: world(
      webhookOf("ValidatingWebhookConfiguration", "connaisseur-webhook", "connaisseur-svc.connaisseur.svc"),
    ),
    options: refused,
    says: "not in the snapshot",
  },
  {
    name: "the provider's record",
    status: "pass",
    objects: world(),
    options: { provider: "gke", facts: { ...refused.facts, imageAdmissionRecord: record() } },
    says: "GKE Binary Authorization",
  },
  {
    name: "the provider exempts an image in use",
    status: "fail",
    objects: world(),
    options: {
      provider: "gke",
      facts: { ...refused.facts, imageAdmissionRecord: record({ exemptImages: ["registry.example.com/payments/*"] }) },
    },
    says: image,
  },
  {
    name: "the provider's record is missing",
    status: "unknown",
    objects: world(),
    options: { provider: "gke" },
    says: "record was not imported",
  },
  {
    name: "policies refused",
    status: "unknown",
    objects: world(),
    options: { sections: { "sigstore-clusterimagepolicies": { status: "forbidden" } } },
  },
  { name: "no CDE", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
