/**
 * Import of a Trivy scan of one image. Source: Trivy documentation, "Reporting", JSON (SchemaVersion 2).
 * Texts, references and code of the findings are not kept, nor are results about secrets and configuration.
 */
import { z } from "zod";
import type { ScannedVulnerability } from "../imported-images";
import { digestsIn, jsonImport } from "./json-document";
import { ImportProblem } from "./types";

const text = z.string().max(4000);
const vulnerability = z.looseObject({
  VulnerabilityID: text.min(1),
  PkgName: text,
  InstalledVersion: text.optional(),
  FixedVersion: text.optional(),
  Severity: text,
  CVSS: z.record(z.string(), z.looseObject({ V3Score: z.number().optional() })).optional(),
  PublishedDate: text.optional(),
});
const report = z.looseObject({
  SchemaVersion: z.literal(2, { error: "must be 2: is this a Trivy report in JSON?" }),
  Trivy: z.looseObject({ Version: text.optional() }).optional(),
  CreatedAt: z.iso.datetime({ offset: true }).optional(),
  ArtifactName: text,
  ArtifactType: text,
  Metadata: z
    .looseObject({
      OS: z.looseObject({ Family: text.optional() }).optional(),
      ImageID: text.optional(),
      RepoDigests: z.array(text).max(100).nullish(),
    })
    .default({}),
  Results: z
    .array(z.looseObject({ Class: text.optional(), Vulnerabilities: z.array(vulnerability).max(100_000).nullish() }))
    .nullish(),
});

export const trivyScanImport = jsonImport(
  {
    id: "trivy-scan",
    title: "Trivy scan of an image",
    nature: "fact",
    description: "Vulnerabilities of one image, found by Trivy outside the cluster: in the registry or the pipeline.",
    howToGet: "trivy image --format json --output scan.json REPOSITORY@sha256:DIGEST",
    controls: ["img-scan-current", "img-no-overdue-vulns"],
    example: `{
  "SchemaVersion": 2,
  "CreatedAt": "2026-11-20T03:00:00Z",
  "ArtifactName": "registry.example.com/payments/api@sha256:${"a".repeat(64)}",
  "ArtifactType": "container_image",
  "Metadata": {
    "OS": { "Family": "debian", "Name": "12.7" },
    "RepoDigests": ["registry.example.com/payments/api@sha256:${"a".repeat(64)}"]
  },
  "Results": [
    {
      "Target": "debian 12.7",
      "Class": "os-pkgs",
      "Vulnerabilities": [
        {
          "VulnerabilityID": "CVE-2026-1234",
          "PkgName": "openssl",
          "InstalledVersion": "3.0.1",
          "FixedVersion": "3.0.2",
          "Severity": "CRITICAL",
          "PublishedDate": "2026-11-01T00:00:00Z"
        }
      ]
    }
  ]
}
`,
  },
  report,
  (document, origin) => {
    if (document.ArtifactType !== "container_image")
      throw new ImportProblem(`ArtifactType: is ${document.ArtifactType}, must be container_image`);
    const { Metadata: metadata } = document;
    const digests = digestsIn([...(metadata.RepoDigests ?? []), document.ArtifactName, metadata.ImageID]);
    if (digests.length === 0)
      throw new ImportProblem("Metadata.RepoDigests: names no digest, so nobody knows which build was scanned");
    const results = document.Results ?? [];
    const packages = results.filter(({ Class: kind }) => kind === "os-pkgs" || kind === "lang-pkgs");
    const version = document.Trivy?.Version;
    return {
      facts: {
        vulnerabilityScans: [
          {
            origin,
            scanner: version === undefined ? { name: "Trivy" } : { name: "Trivy", version },
            scannedAt: new Date(document.CreatedAt ?? origin.collectedAt).toISOString(),
            image: document.ArtifactName,
            digests,
            hasPackages: packages.length > 0,
            vulnerabilities: packages.flatMap((result) => (result.Vulnerabilities ?? []).map(vulnerabilityOf)),
          },
        ],
      },
    };
  },
);

function vulnerabilityOf(found: z.output<typeof vulnerability>): ScannedVulnerability {
  const scores = Object.values(found.CVSS ?? {}).flatMap((score) => score.V3Score ?? []);
  return {
    id: found.VulnerabilityID,
    severity: found.Severity.toUpperCase(),
    ...(scores.length > 0 ? { score: Math.max(...scores) } : {}),
    package: found.PkgName,
    ...(found.InstalledVersion ? { installedVersion: found.InstalledVersion } : {}),
    ...(found.FixedVersion ? { fixedVersion: found.FixedVersion } : {}),
    ...(found.PublishedDate ? { publishedAt: found.PublishedDate } : {}),
  };
}
