import { cdeNamespace, minimalPod, namespace, object } from "@/lib/fixtures/builders";
import type { ImportedVulnerabilityScan, ScannedVulnerability } from "@/lib/inventory/imported-images";
import type { RiskAcceptance, VulnerabilityRanking } from "@/lib/inventory/registers/risk-acceptances";
import { imgNoOverdueVulns } from "./img-no-overdue-vulns";
import { describeControl } from "./testing";

const DIGEST = `sha256:${"a".repeat(64)}`;
const repository = "registry.example.com/payments/api";
const pod = minimalPod("app", "cde", {
  spec: { containers: [{ name: "app", image: `${repository}@${DIGEST}` }] },
  status: { phase: "Running", containerStatuses: [{ name: "app", imageID: `${repository}@${DIGEST}` }] },
});
const world = (...objects: unknown[]) => [cdeNamespace(), pod, ...objects];
const found = (changes: Partial<ScannedVulnerability> = {}): ScannedVulnerability => ({
  id: "CVE-2026-1",
  severity: "CRITICAL",
  package: "openssl",
  installedVersion: "3.0.1",
  fixedVersion: "3.0.2",
  publishedAt: "2026-11-10T00:00:00Z",
  ...changes,
});
const old = { publishedAt: "2026-09-01T00:00:00Z" };
const older = { publishedAt: "2026-06-01T00:00:00Z" };
function without(key: keyof ScannedVulnerability, changes: Partial<ScannedVulnerability> = {}): ScannedVulnerability {
  const { [key]: _, ...rest } = found(changes);
  return rest as ScannedVulnerability;
}
const scanned = (vulnerabilities: ScannedVulnerability[], changes: Partial<ImportedVulnerabilityScan> = {}) => ({
  facts: {
    vulnerabilityScans: [
      {
        origin: { by: "upload", name: "scan.json", collectedAt: "2026-11-20T03:00:00Z" } as const,
        scanner: { name: "Trivy" },
        scannedAt: "2026-11-20T03:00:00Z",
        image: repository,
        digests: [DIGEST],
        hasPackages: true,
        vulnerabilities,
        ...changes,
      },
    ],
  },
});
const approval = { reason: "not reached", approvedBy: "maria", approvedAt: "2026-10-01" };
const decided = (changes: Partial<RiskAcceptance> = {}) => ({
  riskAcceptances: [{ vulnerability: "CVE-2026-1", decision: "not-affected" as const, ...approval, ...changes }],
});
const ranked = (row: Partial<VulnerabilityRanking>) => ({
  vulnerabilityRanking: [{ rank: "critical" as const, ...approval, ...row }],
});
const report = (vulnerabilities: object[], fields: object = {}) =>
  object("aquasecurity.github.io/v1alpha1", "VulnerabilityReport", "app", "cde", {
    report: {
      artifact: { repository: "payments/api", digest: DIGEST },
      registry: { server: "registry.example.com" },
      os: { family: "debian", name: "12" },
      scanner: { name: "Trivy", version: "0.60.0" },
      updateTimestamp: "2026-11-20T03:00:00Z",
      vulnerabilities,
      ...fields,
    },
  });
const entry = (publishedDate: string, severity = "CRITICAL", id = "CVE-2026-1") => ({
  vulnerabilityID: id,
  severity,
  resource: "openssl",
  installedVersion: "3.0.1",
  fixedVersion: "3.0.2",
  publishedDate,
});

describeControl(imgNoOverdueVulns, [
  {
    name: "a critical fix that is not due yet",
    status: "pass",
    objects: world(report([entry("2026-11-10T00:00:00Z")])),
    says: "Not due yet: CVE-2026-1",
    assessor: { prints: "CRITICAL CVE-2026-1 openssl fixed=3.0.2 published=2026-11-10T00:00:00Z" },
  },
  { name: "nothing found", status: "pass", objects: world(), options: scanned([]) },
  {
    name: "a critical fix older than a month",
    status: "fail",
    severity: "critical",
    objects: world(report([entry("2026-09-01T00:00:00Z")])),
    says: "81 days since publication, 30 allowed",
    assessor: { prints: "published=2026-09-01T00:00:00Z" },
  },
  {
    name: "published long ago, and the fix came this month",
    status: "pass",
    objects: world(),
    options: scanned([found({ ...old, fixedAt: "2026-11-10" })]),
  },
  {
    name: "the fix came more than a month ago",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: scanned([without("publishedAt", { fixedAt: "2026-10-01" })]),
    says: "since the fix's release",
  },
  {
    name: "high is not due in a month",
    status: "pass",
    objects: world(),
    options: scanned([found({ severity: "HIGH", ...old })]),
  },
  {
    name: "high that a quarterly scan should have settled",
    status: "fail",
    severity: "high",
    objects: world(),
    options: scanned([found({ severity: "HIGH", ...older })]),
    says: "90 allowed",
  },
  {
    name: "critical without a fix is no failure of the month",
    status: "pass",
    objects: world(),
    options: scanned([without("fixedVersion", old)]),
  },
  {
    name: "critical without a fix, long after publication, without a decision",
    status: "fail",
    severity: "high",
    objects: world(),
    options: scanned([without("fixedVersion", older)]),
  },
  {
    name: "critical without a fix, mitigated by a named measure",
    status: "pass",
    objects: world(),
    options: {
      ...scanned([without("fixedVersion", older)]),
      registers: decided({ decision: "mitigated", measure: "the port is closed" }),
    },
    says: "mitigated says maria",
  },
  {
    name: "a mitigation without a measure settles nothing",
    status: "fail",
    objects: world(),
    options: { ...scanned([without("fixedVersion", older)]), registers: decided({ decision: "mitigated" }) },
  },
  {
    name: "not affected, by a named author",
    status: "pass",
    objects: world(),
    options: { ...scanned([found(old)]), registers: decided() },
    says: "not-affected says maria (2026-10-01)",
  },
  {
    name: "an accepted risk installs no critical patch",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: { ...scanned([found(old)]), registers: decided({ decision: "accepted" }) },
  },
  {
    name: "an accepted high",
    status: "pass",
    objects: world(),
    options: { ...scanned([found({ severity: "HIGH", ...older })]), registers: decided({ decision: "accepted" }) },
  },
  {
    name: "a decision for another image",
    status: "fail",
    objects: world(),
    options: { ...scanned([found(old)]), registers: decided({ image: "registry.example.com/shop" }) },
  },
  {
    name: "a decision for the repository, and for the digest",
    status: "pass",
    objects: world(),
    options: {
      ...scanned([found(old), found({ id: "CVE-2026-2", ...old })]),
      registers: {
        riskAcceptances: [
          ...decided({ image: "registry.example.com/payments" }).riskAcceptances,
          ...decided({ vulnerability: "CVE-2026-2", image: DIGEST }).riskAcceptances,
        ],
      },
    },
  },
  {
    name: "a decision that has expired",
    status: "fail",
    objects: world(),
    options: { ...scanned([found(old)]), registers: decided({ expiresAt: "2026-11-01" }) },
  },
  {
    name: "the organization ranks a medium one as critical",
    status: "fail",
    severity: "critical",
    objects: world(),
    options: {
      ...scanned([found({ severity: "MEDIUM", ...old })]),
      registers: ranked({ vulnerability: "CVE-2026-1" }),
    },
  },
  {
    name: "the organization ranks the scanner's critical as high",
    status: "pass",
    objects: world(),
    options: { ...scanned([found(old)]), registers: ranked({ severity: "CRITICAL", rank: "high" }) },
  },
  {
    name: "medium ones are counted",
    status: "pass",
    objects: world(),
    options: scanned([found({ severity: "MEDIUM", ...older })]),
    says: "1 of lower rank",
  },
  {
    name: "no date at all",
    status: "unknown",
    objects: world(),
    options: scanned([without("publishedAt")]),
    says: "neither publication nor first detection is known",
  },
  {
    name: "no current scan",
    status: "unknown",
    objects: world(),
    options: scanned([], { scannedAt: "2026-10-01T00:00:00Z" }),
    says: "no current scan",
  },
  {
    name: "an old scan can fail",
    status: "fail",
    objects: world(),
    options: scanned([found(old)], { scannedAt: "2026-10-01T00:00:00Z" }),
  },
  {
    name: "a report that was cut among its worst",
    status: "unknown",
    objects: world(
      report(Array.from({ length: 450 }, (_, i) => entry("2026-11-10T00:00:00Z", "HIGH", `CVE-2026-${i}`))),
    ),
    says: "the other 50",
  },
  {
    name: "a report that was cut below the high ones",
    status: "pass",
    objects: world(
      report([
        ...Array.from({ length: 450 }, (_, i) => entry("2026-11-10T00:00:00Z", "LOW", `CVE-2026-${i}`)),
        entry("2026-11-10T00:00:00Z", "HIGH", "CVE-2026-900"),
      ]),
    ),
    says: "CVE-2026-900",
  },
  {
    name: "no scanner",
    status: "unknown",
    objects: world(),
    options: { sections: { "trivy-vulnerabilityreports": { status: "unserved" } } },
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: [cdeNamespace(), { ...pod, status: { phase: "Succeeded" } }],
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
