import { cdeNamespace, minimalPod, namespace, object } from "@/lib/fixtures/builders";
import type { ImportedSbom } from "@/lib/inventory/imported-images";
import { imgSbomAvailable } from "./img-sbom-available";
import { describeControl } from "./testing";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const repository = "registry.example.com/payments/api";
const pod = (image = `${repository}@${digest("a")}`, imageID = `${repository}@${digest("a")}`) =>
  minimalPod("app", "cde", {
    spec: { containers: [{ name: "app", image }] },
    status: { phase: "Running", ...(imageID === "" ? {} : { containerStatuses: [{ name: "app", imageID }] }) },
  });
const report = (
  artifact: object = {},
  components: object[] = [{ type: "library", name: "bash", purl: "pkg:deb/debian/bash@5" }],
) =>
  object("aquasecurity.github.io/v1alpha1", "SbomReport", "pod-app-app", "cde", {
    metadata: { labels: { "trivy-operator.container.name": "app" } },
    report: {
      artifact: { repository: "payments/api", digest: digest("a"), ...artifact },
      registry: { server: "registry.example.com" },
      scanner: { name: "Trivy", version: "0.60.0" },
      updateTimestamp: "2026-11-20T03:00:00Z",
      components: {
        bomFormat: "CycloneDX",
        metadata: { timestamp: "2026-11-20T03:00:00Z", tools: { components: [{ name: "trivy", version: "0.60.0" }] } },
        components,
      },
    },
  });
const upload = (changes: Partial<ImportedSbom> = {}) => ({
  facts: {
    sboms: [
      {
        origin: { by: "upload", name: "sbom.json", collectedAt: "2026-11-20T03:00:00Z" } as const,
        format: "SPDX" as const,
        tool: "syft 1.20.0",
        createdAt: "2026-11-20T03:00:00Z",
        image: repository,
        digests: [digest("a")],
        summary: { components: 40, ecosystems: ["golang"], tools: [] },
        ...changes,
      },
    ],
  },
});
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(imgSbomAvailable, [
  {
    name: "a report of the running build, with advice",
    status: "pass",
    objects: world(pod(), report()),
    says: "the image holds bash",
    assessor: { prints: `payments/api ${digest("a")} components=1` },
  },
  { name: "an upload from the build", status: "pass", objects: world(pod()), options: upload(), says: "40 components" },
  {
    name: "none of the running build",
    status: "fail",
    objects: world(pod(), report({ digest: digest("b") })),
    assessor: { prints: digest("b"), hides: `payments/api ${digest("a")}` },
  },
  { name: "a source is connected and has written nothing", status: "fail", objects: world(pod()) },
  {
    name: "an empty list of a static binary",
    status: "fail",
    objects: world(pod(), report({}, [])),
    says: "lacks components",
  },
  {
    name: "an empty list, and one from the build",
    status: "pass",
    objects: world(pod(), report({}, [])),
    options: upload(),
  },
  {
    name: "without the tool's name",
    status: "fail",
    objects: world(pod()),
    options: upload({ tool: "" }),
    says: "lacks the tool's name",
  },
  {
    name: "neither base image nor package types",
    status: "fail",
    objects: world(pod()),
    options: upload({ summary: { components: 3, ecosystems: [], tools: [] } }),
  },
  {
    name: "a report by tag",
    status: "unknown",
    objects: world(pod(`${repository}:2`), report({ digest: digest("b"), tag: "2" })),
    says: "pin the image by digest",
  },
  {
    name: "no source",
    status: "unknown",
    objects: world(pod()),
    options: { sections: { "trivy-sbomreports": { status: "unserved" } } },
    says: "no bill of materials was uploaded",
  },
  {
    name: "reports refused",
    status: "unknown",
    objects: world(pod()),
    options: { sections: { "trivy-sbomreports": { status: "forbidden" } } },
  },
  { name: "the running digest is not known", status: "unknown", objects: world(pod(`${repository}:2`, "")) },
  {
    name: "connected-to namespaces are not asked",
    status: "not-applicable",
    objects: [namespace("tools", { "pci-scope": "connected-to" })],
  },
  { name: "finished pods", status: "not-applicable", objects: world({ ...pod(), status: { phase: "Succeeded" } }) },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
