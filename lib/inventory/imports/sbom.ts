/**
 * Import of a bill of materials of one image: CycloneDX or SPDX, in JSON. Kept are counts, package types, the base image and the
 * names of shells and package managers. Source: CycloneDX 1.4 to 1.6, SPDX 2.3 JSON schema; package-url specification (type oci).
 */
import { z } from "zod";
import { type NamedComponent, summarizeComponents } from "../components";
import type { ImportedSbom } from "../imported-images";
import { digestsIn, jsonImport } from "./json-document";
import { ImportProblem } from "./types";

const text = z.string().max(4000);
const property = z.looseObject({ name: text, value: text.optional() });
const component = z.looseObject({
  type: text.optional(),
  name: text.optional(),
  version: text.optional(),
  purl: text.optional(),
  "bom-ref": text.optional(),
  properties: z.array(property).nullish(),
});
const tool = z.looseObject({ name: text.optional(), version: text.optional() });
const cyclonedx = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.looseObject({
    timestamp: z.iso.datetime({ offset: true }).optional(),
    tools: z.union([z.array(tool), z.looseObject({ components: z.array(tool).optional() })]).optional(),
    component: component.optional(),
  }),
  components: z.array(component).max(500_000).nullish(),
});
const spdxPackage = z.looseObject({
  name: text.optional(),
  versionInfo: text.optional(),
  primaryPackagePurpose: text.optional(),
  externalRefs: z.array(z.looseObject({ referenceType: text, referenceLocator: text })).nullish(),
});
const spdx = z.looseObject({
  spdxVersion: text,
  name: text,
  creationInfo: z.looseObject({ created: z.iso.datetime({ offset: true }), creators: z.array(text).max(100) }),
  packages: z.array(spdxPackage).max(500_000),
});

export const sbomImport = jsonImport(
  {
    id: "sbom",
    title: "Software bill of materials",
    nature: "fact",
    description:
      "Bill of materials of one image in CycloneDX or SPDX form, from the build or the registry. It must name the image's digest.",
    howToGet: "syft REPOSITORY@sha256:DIGEST -o cyclonedx-json > sbom.json, or trivy image --format cyclonedx …",
    controls: ["img-sbom-available", "img-scan-current"],
    example: `{
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "metadata": {
    "timestamp": "2026-11-20T03:00:00Z",
    "tools": { "components": [{ "type": "application", "name": "syft", "version": "1.20.0" }] },
    "component": {
      "type": "container",
      "name": "registry.example.com/payments/api",
      "version": "sha256:${"a".repeat(64)}"
    }
  },
  "components": [
    { "type": "operating-system", "name": "debian", "version": "12.7" },
    { "type": "library", "name": "openssl", "version": "3.0.1", "purl": "pkg:deb/debian/openssl@3.0.1" }
  ]
}
`,
  },
  z.union([cyclonedx, spdx], { error: "is neither a CycloneDX nor an SPDX document in JSON with its metadata" }),
  (document, origin) => {
    const parts = "bomFormat" in document ? readCyclonedx(document as Cyclonedx) : readSpdx(document as Spdx);
    if (parts.digests.length === 0)
      throw new ImportProblem("the document: names no digest of an image, so nobody knows which build it describes");
    return { facts: { sboms: [{ origin, ...parts }] } };
  },
);
type Cyclonedx = z.output<typeof cyclonedx>;
type Spdx = z.output<typeof spdx>;

function readCyclonedx({ metadata, components }: Cyclonedx): Omit<ImportedSbom, "origin"> {
  const subject = metadata.component;
  const tools = Array.isArray(metadata.tools) ? metadata.tools : (metadata.tools?.components ?? []);
  return {
    format: "CycloneDX",
    tool: tools.map(({ name, version }) => [name, version].filter(Boolean).join(" ")).join(", "),
    ...(metadata.timestamp === undefined ? {} : { createdAt: new Date(metadata.timestamp).toISOString() }),
    image: subject?.name ?? "",
    digests: digestsIn([
      subject?.version,
      subject?.purl,
      subject?.["bom-ref"],
      subject?.name,
      ...(subject?.properties ?? []).filter(({ name }) => /RepoDigest|ImageID|digest/i.test(name)).map((p) => p.value),
    ]),
    summary: summarizeComponents((components ?? []).map(named)),
  };
}

function readSpdx({ name, creationInfo, packages }: Spdx): Omit<ImportedSbom, "origin"> {
  const purlOf = (entry: z.output<typeof spdxPackage>) =>
    (entry.externalRefs ?? []).find(({ referenceType }) => referenceType === "purl")?.referenceLocator;
  const isImage = (entry: z.output<typeof spdxPackage>) =>
    entry.primaryPackagePurpose === "CONTAINER" || /^pkg:(oci|docker)\//.test(purlOf(entry) ?? "");
  const subjects = packages.filter(isImage);
  return {
    format: "SPDX",
    tool: creationInfo.creators.flatMap((creator) => /^Tool: (.+)$/.exec(creator)?.[1] ?? []).join(", "),
    createdAt: new Date(creationInfo.created).toISOString(),
    image: subjects[0]?.name ?? name,
    digests: digestsIn([...subjects.flatMap((entry) => [entry.versionInfo, purlOf(entry), entry.name]), name]),
    summary: summarizeComponents(
      packages
        .filter((entry) => !isImage(entry))
        .map((entry) =>
          named({
            type: entry.primaryPackagePurpose === "OPERATING-SYSTEM" ? "operating-system" : undefined,
            name: entry.name,
            version: entry.versionInfo,
            purl: purlOf(entry),
          }),
        ),
    ),
  };
}

function named(entry: { [K in keyof NamedComponent]?: string | undefined }): NamedComponent {
  return {
    ...(entry.type === undefined ? {} : { type: entry.type }),
    ...(entry.name === undefined ? {} : { name: entry.name }),
    ...(entry.version === undefined ? {} : { version: entry.version }),
    ...(entry.purl === undefined ? {} : { purl: entry.purl }),
  };
}
