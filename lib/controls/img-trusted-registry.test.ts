import { cdeNamespace, deployment, minimalPod, namespace, runningDeployment } from "@/lib/fixtures/builders";
import type { ImageRegistry } from "@/lib/inventory/registers/image-registries";
import { imgTrustedRegistry } from "./img-trusted-registry";
import { describeControl } from "./testing";

const entry = (prefix: string, changes: Partial<ImageRegistry> = {}): ImageRegistry => ({
  prefix,
  reason: "own builds",
  approvedBy: "maria",
  approvedAt: "2026-09-01",
  ...changes,
});
const approved = (...imageRegistries: ImageRegistry[]) => ({ registers: { imageRegistries } });
const own = approved(entry("registry.example.com/payments"));
const spec = (image: string, fields: object = {}) => ({ containers: [{ name: "app", image }], ...fields });
const good = "registry.example.com/payments/api:2";
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const tools = (image: string) => [
  namespace("tools", { "pci-scope": "connected-to" }),
  deployment("app", "tools", spec(image)),
];

describeControl(imgTrustedRegistry, [
  {
    name: "below an approved prefix",
    status: "pass",
    objects: world(...runningDeployment("app", "cde", spec(good, { imagePullSecrets: [{ name: "pull" }] }))),
    options: own,
    says: "Pull secrets: pull",
    assessor: { prints: `cde registry.example.com ${good}` },
  },
  {
    name: "a public hub",
    status: "fail",
    objects: world(...runningDeployment("app", "cde", spec("alpine:3"))),
    options: own,
    says: "a public hub (docker.io)",
    assessor: { prints: "cde docker.io alpine:3" },
  },
  {
    name: "a host that only begins like an approved one",
    status: "fail",
    objects: world(deployment("app", "cde", spec("registry.example.com.evil.net/payments/api"))),
    options: approved(entry("registry.example.com")),
  },
  {
    name: "a path that only begins like an approved one",
    status: "fail",
    objects: world(deployment("app", "cde", spec("registry.example.com/payments-evil/api"))),
    options: own,
  },
  {
    name: "the official image of an approved hub folder",
    status: "pass",
    objects: world(deployment("app", "cde", spec("alpine"))),
    options: approved(entry("docker.io/library")),
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: world(deployment("app", "cde", spec(good))),
    options: approved(entry("registry.example.com/payments", { expiresAt: "2026-10-01" })),
  },
  {
    name: "add-ons of a connected-to namespace",
    status: "pass",
    objects: tools("registry.k8s.io/coredns/coredns:v1.12"),
    options: approved(entry("registry.k8s.io", { scopes: ["connected-to"] })),
  },
  {
    name: "add-ons' registry in the CDE",
    status: "fail",
    objects: world(deployment("app", "cde", spec("registry.k8s.io/pause:3.10"))),
    options: approved(entry("registry.k8s.io", { scopes: ["connected-to"] })),
  },
  {
    name: "an init container",
    status: "fail",
    objects: world(deployment("app", "cde", spec(good, { initContainers: [{ name: "init", image: "busybox" }] }))),
    options: own,
    says: "container init runs busybox",
  },
  {
    name: "an ephemeral container",
    status: "fail",
    objects: world(
      minimalPod("app", "cde", { spec: spec(good, { ephemeralContainers: [{ name: "debug", image: "busybox" }] }) }),
    ),
    options: own,
  },
  {
    name: "no register",
    status: "unknown",
    objects: world(deployment("app", "cde", spec(good))),
    says: "Import the list of approved image registries",
  },
  {
    name: "an empty register",
    status: "unknown",
    objects: world(deployment("app", "cde", spec(good))),
    options: approved(),
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { status: { phase: "Failed" } })),
    options: own,
  },
  { name: "no workload", status: "not-applicable", objects: world(), options: own },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { ...own, sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], options: own },
]);
