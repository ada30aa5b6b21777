/**
 * Import of a Grype scan of one image. Source: Grype documentation, JSON output (`matches`, `source`, `descriptor`).
 * Grype says when a fix became available, where its database knows, and not when a vulnerability was published.
 */
import { z } from "zod";
import type { ScannedVulnerability } from "../imported-images";
import { digestsIn, jsonImport } from "./json-document";
import { ImportProblem } from "./types";

const text = z.string().max(4000);
const match = z.looseObject({
  vulnerability: z.looseObject({
    id: text.min(1),
    severity: text.optional(),
    cvss: z.array(z.looseObject({ metrics: z.looseObject({ baseScore: z.number().optional() }).optional() })).nullish(),
    fix: z
      .looseObject({
        versions: z.array(text).nullish(),
        state: text.optional(),
        available: z.array(z.looseObject({ date: text.optional() })).nullish(),
      })
      .optional(),
  }),
  artifact: z.looseObject({ name: text, version: text.optional() }),
});
const built = z.looseObject({ built: text.optional(), status: z.looseObject({ built: text.optional() }).nullish() });
const report = z.looseObject({
  matches: z.array(match).max(100_000),
  source: z.looseObject({
    type: text,
    target: z.looseObject({
      userInput: text.optional(),
      imageID: text.optional(),
      manifestDigest: text.optional(),
      repoDigests: z.array(text).max(100).nullish(),
    }),
  }),
  distro: z.looseObject({ name: text.optional() }).nullish(),
  descriptor: z.looseObject({
    name: z.literal("grype", { error: "must be grype" }),
    version: text.optional(),
    timestamp: z.iso.datetime({ offset: true }).optional(),
    db: built.nullish(),
  }),
});

export const grypeScanImport = jsonImport(
  {
    id: "grype-scan",
    title: "Grype scan of an image",
    nature: "fact",
    description: "Vulnerabilities of one image, found by Grype outside the cluster: in the registry or the pipeline.",
    howToGet: "grype REPOSITORY@sha256:DIGEST -o json > scan.json",
    controls: ["img-scan-current", "img-no-overdue-vulns"],
    example: `{
  "matches": [
    {
      "vulnerability": {
        "id": "CVE-2026-1234",
        "severity": "Critical",
        "cvss": [{ "metrics": { "baseScore": 9.8 } }],
        "fix": { "versions": ["3.0.2"], "state": "fixed", "available": [{ "version": "3.0.2", "date": "2026-11-03" }] }
      },
      "artifact": { "name": "openssl", "version": "3.0.1" }
    }
  ],
  "source": {
    "type": "image",
    "target": {
      "userInput": "registry.example.com/payments/api:2.1",
      "repoDigests": ["registry.example.com/payments/api@sha256:${"a".repeat(64)}"]
    }
  },
  "distro": { "name": "debian", "version": "12" },
  "descriptor": {
    "name": "grype",
    "version": "0.90.0",
    "timestamp": "2026-11-20T03:00:00Z",
    "db": { "status": { "built": "2026-11-20T01:00:00Z" } }
  }
}
`,
  },
  report,
  (document, origin) => {
    const { source, descriptor } = document;
    if (source.type !== "image") throw new ImportProblem(`source.type: is ${source.type}, must be image`);
    const { target } = source;
    const digests = digestsIn([...(target.repoDigests ?? []), target.userInput, target.manifestDigest, target.imageID]);
    if (digests.length === 0)
      throw new ImportProblem("source.target: names no digest, so nobody knows which build was scanned");
    const databaseAt = descriptor.db?.status?.built ?? descriptor.db?.built;
    const { version } = descriptor;
    return {
      facts: {
        vulnerabilityScans: [
          {
            origin,
            scanner: version === undefined ? { name: "Grype" } : { name: "Grype", version },
            scannedAt: new Date(descriptor.timestamp ?? origin.collectedAt).toISOString(),
            ...(databaseAt === undefined ? {} : { databaseAt }),
            image: target.userInput ?? digests[0] ?? "",
            digests,
            // Grype doesn't list packages; that it recognised a distribution or matched one shows that it saw some.
            hasPackages: document.matches.length > 0 || (document.distro?.name ?? "") !== "",
            vulnerabilities: document.matches.map(vulnerabilityOf),
          },
        ],
      },
    };
  },
);

function vulnerabilityOf({ vulnerability, artifact }: z.output<typeof match>): ScannedVulnerability {
  const scores = (vulnerability.cvss ?? []).flatMap((entry) => entry.metrics?.baseScore ?? []);
  const fixedVersion = (vulnerability.fix?.versions ?? []).join(", ");
  const [fixedAt] = (vulnerability.fix?.available ?? []).flatMap(({ date }) => date ?? []).sort();
  const severity = (vulnerability.severity ?? "Unknown").toUpperCase();
  return {
    id: vulnerability.id,
    severity: severity === "NEGLIGIBLE" ? "LOW" : severity,
    ...(scores.length > 0 ? { score: Math.max(...scores) } : {}),
    package: artifact.name,
    ...(artifact.version ? { installedVersion: artifact.version } : {}),
    ...(fixedVersion === "" ? {} : { fixedVersion }),
    ...(fixedAt === undefined ? {} : { fixedAt }),
  };
}
