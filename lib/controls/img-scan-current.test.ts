import { cdeNamespace, deployment, minimalPod, namespace, object } from "@/lib/fixtures/builders";
import type { ImportedSbom, ImportedVulnerabilityScan } from "@/lib/inventory/imported-images";
import { imgScanCurrent } from "./img-scan-current";
import { describeControl } from "./testing";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const repository = "registry.example.com/payments/api";
const pinned = `${repository}@${digest("a")}`;
/** A running pod; what runs is reported unless `imageID` is "". */
const running = (image = pinned, imageID = `${repository}@${digest("a")}`) =>
  minimalPod("app", "cde", {
    spec: { containers: [{ name: "app", image }] },
    status: { phase: "Running", ...(imageID === "" ? {} : { containerStatuses: [{ name: "app", image, imageID }] }) },
  });
const report = (changes: object = {}, artifact: object = {}) =>
  object("aquasecurity.github.io/v1alpha1", "VulnerabilityReport", "pod-app-app", "cde", {
    metadata: { labels: { "trivy-operator.container.name": "app", "trivy-operator.resource.kind": "Pod" } },
    report: {
      artifact: { repository: "payments/api", digest: digest("a"), ...artifact },
      registry: { server: "registry.example.com" },
      os: { family: "debian", name: "12" },
      scanner: { name: "Trivy", vendor: "Aqua Security", version: "0.60.0" },
      summary: { criticalCount: 0, highCount: 0, mediumCount: 0, lowCount: 0, unknownCount: 0 },
      updateTimestamp: "2026-11-20T03:00:00Z",
      vulnerabilities: [],
      ...changes,
    },
  });
const origin = { by: "upload", name: "scan.json", collectedAt: "2026-11-20T03:00:00Z" } as const;
const scan = (changes: Partial<ImportedVulnerabilityScan> = {}): ImportedVulnerabilityScan => ({
  origin,
  scanner: { name: "Grype", version: "0.90.0" },
  scannedAt: "2026-11-20T03:00:00Z",
  image: pinned,
  digests: [digest("a")],
  hasPackages: true,
  vulnerabilities: [],
  ...changes,
});
const uploads = (...vulnerabilityScans: ImportedVulnerabilityScan[]) => ({ facts: { vulnerabilityScans } });
const sbom: ImportedSbom = {
  origin,
  format: "CycloneDX",
  tool: "syft 1.20.0",
  createdAt: "2026-11-20T03:00:00Z",
  image: pinned,
  digests: [digest("a")],
  summary: { components: 12, ecosystems: ["golang"], tools: [] },
};
const unserved = { sections: { "trivy-vulnerabilityreports": { status: "unserved" as const } } };
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];

describeControl(imgScanCurrent, [
  {
    name: "a report of the running build",
    status: "pass",
    objects: world(running(), report()),
    object: `Image/${pinned}`,
    says: "Trivy 0.60.0",
    assessor: { prints: `scan cde/pod-app-app ${repository} ${digest("a")} Trivy 2026-11-20T03:00:00Z` },
  },
  {
    name: "an upload of the running build",
    status: "pass",
    objects: world(running()),
    options: uploads(scan({ databaseAt: "2026-11-19T00:00:00Z" })),
    says: "database of 2026-11-19",
  },
  {
    name: "a tag whose running digest has a report",
    status: "pass",
    objects: world(running(`${repository}:2`), report()),
  },
  {
    name: "the image's own ID, as a runtime reports a local image",
    status: "pass",
    objects: world(running(`${repository}:2`, digest("c"))),
    options: uploads(scan({ digests: [digest("b"), digest("c")] })),
  },
  {
    name: "no report of the running build",
    status: "fail",
    objects: world(running(), report({}, { digest: digest("b") })),
    says: "no scan of this build",
    assessor: { prints: digest("b"), hides: `scan cde/pod-app-app ${repository} ${digest("a")}` },
  },
  { name: "a scanner is connected and has written nothing", status: "fail", objects: world(running()) },
  {
    name: "a report by tag is not a report of the digest",
    status: "unknown",
    objects: world(running(`${repository}:2`), report({}, { digest: digest("b"), tag: "2" })),
    says: "pin the image by digest",
  },
  {
    name: "too old",
    status: "fail",
    objects: world(running(), report({ updateTimestamp: "2026-11-01T03:00:00Z" })),
    says: "is 20 days old",
  },
  {
    name: "the newest scan counts",
    status: "pass",
    objects: world(running(), report({ updateTimestamp: "2026-11-01T03:00:00Z" })),
    options: uploads(scan()),
  },
  {
    name: "an old database",
    status: "fail",
    objects: world(running()),
    options: uploads(scan({ databaseAt: "2026-10-01T00:00:00Z" })),
    says: "database of 2026-10-01",
  },
  {
    name: "a report without its scanner's name",
    status: "unknown",
    objects: world(running(), report({ scanner: {} })),
  },
  {
    name: "a static binary: nothing was looked at",
    status: "unknown",
    objects: world(running(), report({ os: { family: "none" } })),
    says: "bill of materials",
  },
  {
    name: "a static binary whose components are listed",
    status: "pass",
    objects: world(running(), report({ os: { family: "none" } })),
    options: { facts: { sboms: [sbom] } },
  },
  {
    name: "no scanner",
    status: "unknown",
    objects: world(running()),
    options: unserved,
    says: "no scan was uploaded",
  },
  {
    name: "reports refused",
    status: "unknown",
    objects: world(running()),
    options: { sections: { "trivy-vulnerabilityreports": { status: "forbidden" } } },
  },
  {
    name: "the running digest is not known",
    status: "unknown",
    objects: world(running(`${repository}:2`, "")),
    says: "digest that runs is not known",
  },
  {
    name: "a template that is pinned",
    status: "pass",
    objects: world(deployment("app", "cde", { containers: [{ name: "app", image: pinned }] })),
    options: uploads(scan()),
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world({ ...running(), status: { phase: "Succeeded" } }),
  },
  {
    name: "out of scope",
    status: "not-applicable",
    objects: [namespace("shop", { "pci-scope": "out-of-scope" }), deployment("app", "shop")],
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
