import { describe, expect, it } from "vitest";
import { grypeScanImport } from "./grype-scan";
import { openvexImport } from "./openvex";
import { sbomImport } from "./sbom";
import { trivyScanImport } from "./trivy-scan";
import { ImportProblem } from "./types";
import { breakGlassRecordsImport } from "./break-glass-records";
import { riskAcceptancesImport } from "./risk-acceptances";

const ORIGIN = { by: "upload", name: "example", collectedAt: "2026-11-21T12:00:00.000Z" } as const;
const DIGEST = `sha256:${"a".repeat(64)}`;
type Change = [path: string, value?: unknown];
/** The example with some members set (`a.0.b`), or taken away where no value is given. */
const changed = (example: string, ...changes: readonly Change[]): string => {
  const document = JSON.parse(example) as unknown;
  for (const [path, value] of changes) {
    const steps = path.split(".");
    const last = steps.pop() ?? "";
    const parent = steps.reduce((at, step) => (at as Record<string, unknown>)[step], document) as Record<
      string,
      unknown
    >;
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return JSON.stringify(document);
};

describe("a Trivy scan", () => {
  it("says which build was scanned, when and what was found", () => {
    const [scan] = trivyScanImport.parse(trivyScanImport.example, ORIGIN).facts?.vulnerabilityScans ?? [];
    expect(scan).toMatchObject({ digests: [DIGEST], hasPackages: true, scannedAt: "2026-11-20T03:00:00.000Z" });
    expect(scan?.vulnerabilities).toEqual([
      {
        id: "CVE-2026-1234",
        severity: "CRITICAL",
        package: "openssl",
        installedVersion: "3.0.1",
        fixedVersion: "3.0.2",
        publishedAt: "2026-11-01T00:00:00Z",
      },
    ]);
  });

  it("saw nothing in an image without packages", () => {
    const text = changed(trivyScanImport.example, ["Results", null]);
    expect(trivyScanImport.parse(text, ORIGIN).facts?.vulnerabilityScans?.[0]).toMatchObject({ hasPackages: false });
  });

  it("keeps nothing of secrets that it found", () => {
    const text = changed(trivyScanImport.example, [
      "Results.1",
      { Class: "secret", Secrets: [{ Match: "password=planted" }] },
    ]);
    expect(JSON.stringify(trivyScanImport.parse(text, ORIGIN))).not.toContain("planted");
  });

  it.each([
    [
      "without a digest",
      [
        ["ArtifactName", "app:1"],
        ["Metadata.RepoDigests", []],
      ],
      /digest/,
    ],
    ["of a file system", [["ArtifactType", "filesystem"]], /ArtifactType: is filesystem/],
    ["of another schema", [["SchemaVersion", 1]], /SchemaVersion: must be 2/],
    ["without a severity", [["Results.0.Vulnerabilities.0.Severity"]], /Results\[0\]\.Vulnerabilities\[0\]\.Severity/],
  ])("%s is refused with its place", (_, changes, words) => {
    const parse = () => trivyScanImport.parse(changed(trivyScanImport.example, ...(changes as Change[])), ORIGIN);
    expect(parse).toThrow(ImportProblem);
    expect(parse).toThrow(words);
  });
});

describe("a Grype scan", () => {
  it("says the database's date, when the fix came and the severity in one spelling", () => {
    const [scan] = grypeScanImport.parse(grypeScanImport.example, ORIGIN).facts?.vulnerabilityScans ?? [];
    expect(scan).toMatchObject({ digests: [DIGEST], databaseAt: "2026-11-20T01:00:00Z", hasPackages: true });
    expect(scan?.vulnerabilities).toMatchObject([
      { severity: "CRITICAL", fixedVersion: "3.0.2", fixedAt: "2026-11-03", score: 9.8 },
    ]);
  });

  it.each([
    ["of a folder", [["source.type", "directory"]], /source\.type: is directory/],
    ["without a digest", [["source.target", { userInput: "app:1" }]], /digest/],
  ])("%s is refused", (_, changes, words) => {
    expect(() => grypeScanImport.parse(changed(grypeScanImport.example, ...(changes as Change[])), ORIGIN)).toThrow(
      words,
    );
  });
});

describe("a bill of materials", () => {
  it("in CycloneDX form is counted, the operating system apart", () => {
    const [sbom] = sbomImport.parse(sbomImport.example, ORIGIN).facts?.sboms ?? [];
    expect(sbom).toMatchObject({
      format: "CycloneDX",
      tool: "syft 1.20.0",
      digests: [DIGEST],
      summary: { components: 1, ecosystems: ["deb"], operatingSystem: "debian 12.7", tools: [] },
    });
  });

  it("in SPDX form too", () => {
    const purl = (locator: string) => [
      { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: locator },
    ];
    const text = JSON.stringify({
      spdxVersion: "SPDX-2.3",
      name: "api",
      creationInfo: { created: "2026-11-20T03:00:00Z", creators: ["Organization: x", "Tool: syft-1.20.0"] },
      packages: [
        {
          name: "api",
          primaryPackagePurpose: "CONTAINER",
          externalRefs: purl(`pkg:oci/api@${encodeURIComponent(DIGEST)}`),
        },
        { name: "bash", versionInfo: "5", externalRefs: purl("pkg:deb/debian/bash@5") },
      ],
    });
    expect(sbomImport.parse(text, ORIGIN).facts?.sboms?.[0]).toMatchObject({
      format: "SPDX",
      tool: "syft-1.20.0",
      digests: [DIGEST],
      summary: { components: 1, ecosystems: ["deb"], tools: ["bash"] },
    });
  });

  it("without a digest is refused", () => {
    const text = changed(sbomImport.example, ["metadata.component.version", "2.1"]);
    expect(() => sbomImport.parse(text, ORIGIN)).toThrow(/digest/);
  });
});

describe("OpenVEX", () => {
  it("excuses only what is not affected, under the author's name and for the repository", () => {
    const text = changed(openvexImport.example, [
      "statements.1",
      { vulnerability: { name: "CVE-2" }, products: ["x"], status: "under_investigation" },
    ]);
    expect(openvexImport.parse(text, ORIGIN).registers?.riskAcceptances).toEqual([
      {
        vulnerability: "CVE-2026-1234",
        image: "registry.example.com/payments/api",
        decision: "not-affected",
        reason: "vulnerable_code_not_in_execute_path",
        approvedBy: "maria.keller@example.com",
        approvedAt: "2026-10-01T09:00:00.000Z",
      },
    ]);
  });

  it.each([
    ["an author", [["author"]], /author/],
    ["a product", [["statements.0.products"]], /no product/],
    ["a reason", [["statements.0.justification"]], /statements\[0\]: not_affected needs/],
  ])("without %s is refused", (_, changes, words) => {
    expect(() => openvexImport.parse(changed(openvexImport.example, ...(changes as Change[])), ORIGIN)).toThrow(words);
  });
});

describe("registers of workloads and images", () => {
  it("refuse a session that ends before it begins, and a ranking of nothing", () => {
    expect(() =>
      breakGlassRecordsImport.parse(breakGlassRecordsImport.example.replace("T13:00", "T08:00"), ORIGIN),
    ).toThrow(/records\[0\]\.to/);
    expect(() =>
      riskAcceptancesImport.parse(
        riskAcceptancesImport.example.replace("- severity: HIGH\n    rank", "- rank"),
        ORIGIN,
      ),
    ).toThrow(/ranking\[0\]/);
  });
});
