import { cdeNamespace, deployment, namespace } from "@/lib/fixtures/builders";
import { verAddonsSupported } from "./ver-addons-supported";
import { describeControl } from "./testing";

const addon = (image: string, ns = "platform", fields: Record<string, unknown> = {}) =>
  deployment("addon", ns, { containers: [{ name: "main", image }] }, fields);
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  namespace("platform", { "pci-scope": "connected-to" }),
  ...objects,
];
const register = (component: string, supportedUntil: string, version?: string, seenAt = "2026-11-01") => ({
  registers: {
    componentSupport: [
      { component, supportedUntil, source: "release page", seenAt, ...(version === undefined ? {} : { version }) },
    ],
  },
});

describeControl(verAddonsSupported, [
  {
    name: "a version in the calendar",
    status: "pass",
    objects: world(addon("quay.io/jetstack/cert-manager-controller:v1.21.2")),
    object: "Deployment/platform/addon",
    assessor: { prints: "cert-manager-controller:v1.21.2" },
  },
  {
    name: "a version in the register",
    status: "pass",
    objects: world(addon("quay.io/calico/node:v3.32.1")),
    options: register("quay.io/calico/", "2027-04-30", "3.32."),
  },
  {
    name: "a rebuild that the register names",
    status: "pass",
    objects: world(addon("registry.example.com/mirror/kyverno:1.19.2")),
    options: register("registry.example.com/mirror/kyverno", "2027-04-30"),
  },
  {
    name: "the version by label where the image has a digest only",
    status: "pass",
    objects: world(
      deployment(
        "addon",
        "platform",
        { containers: [{ name: "main", image: `quay.io/jetstack/cert-manager-webhook@sha256:${"a".repeat(64)}` }] },
        {
          spec: {
            template: {
              metadata: { labels: { app: "addon", "app.kubernetes.io/version": "v1.21.2" } },
              spec: {
                containers: [{ name: "main", image: `quay.io/jetstack/cert-manager-webhook@sha256:${"a".repeat(64)}` }],
              },
            },
          },
        },
      ),
    ),
  },
  {
    name: "ingress-nginx was discontinued",
    status: "fail",
    objects: world(addon("registry.k8s.io/ingress-nginx/controller:v1.14.0")),
    says: "discontinued on 2026-03-31",
    assessor: { prints: "ingress-nginx/controller:v1.14.0" },
  },
  {
    name: "Kyverno 1.12",
    status: "fail",
    objects: world(addon("ghcr.io/kyverno/kyverno:v1.12.7")),
    says: "support ended before 2026-08-20",
  },
  { name: "Open Distro", status: "fail", objects: world(addon("amazon/opendistro-for-elasticsearch:1.13.2", "cde")) },
  { name: "Notary v1", status: "fail", objects: world(addon("notary:server-0.7.0")) },
  {
    name: "the register says that it has ended",
    status: "fail",
    objects: world(addon("quay.io/calico/node:v3.27.0")),
    options: register("quay.io/calico/", "2025-01-01", "3.27."),
  },
  {
    name: "a digest only",
    status: "unknown",
    objects: world(addon(`ghcr.io/kyverno/kyverno@sha256:${"a".repeat(64)}`)),
    says: "says no version",
  },
  { name: "a tag that is no version", status: "unknown", objects: world(addon("ghcr.io/kyverno/kyverno:latest")) },
  {
    name: "recognised, and no dates",
    status: "unknown",
    objects: world(addon("quay.io/calico/node:v3.32.1")),
    says: "register",
  },
  {
    name: "a register entry from long ago",
    status: "unknown",
    objects: world(addon("quay.io/calico/node:v3.32.1")),
    options: register("quay.io/calico/", "2027-04-30", "3.32.", "2026-01-01"),
  },
  {
    name: "a calendar that is too old",
    status: "unknown",
    objects: world(addon("quay.io/argoproj/argocd:v3.4.2")),
    says: "days old",
  },
  { name: "newer than the calendar", status: "unknown", objects: world(addon("ghcr.io/kyverno/kyverno:v1.30.0")) },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  {
    name: "no scope declared",
    status: "unknown",
    objects: [namespace("shop"), addon("ghcr.io/kyverno/kyverno:v1.19.0", "shop")],
  },
  { name: "no add-on", status: "not-applicable", objects: world(addon("registry.example.com/app:1")) },
  {
    name: "an add-on out of scope",
    status: "not-applicable",
    objects: world(
      namespace("other", { "pci-scope": "out-of-scope" }),
      addon("ghcr.io/kyverno/kyverno:v1.12.0", "other"),
    ),
  },
]);
