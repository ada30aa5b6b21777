/** Bills of materials of running images: Trivy Operator's SbomReports in the cluster, and documents that were uploaded. */
import type { ComponentSummary } from "@/lib/inventory/components";
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { ImportedSbom } from "@/lib/inventory/imported-images";
import { normalRepository } from "./image-reference";
import { mapOf, texts } from "./policy-cover";
import type { RunningImage } from "./running-images";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";

export interface ImageSbom {
  words: string;
  tool: string;
  /** ISO 8601; "" when the source doesn't say. */
  createdAt: string;
  components: number;
  ecosystems: readonly string[];
  operatingSystem: string;
  /** Shells and package managers. */
  tools: readonly string[];
  digests: readonly string[];
  repository: string;
  tag: string;
  isByTag: boolean;
  place: { namespace: string; container: string } | null;
  evidence: EvidencePointer;
}

const cache = new WeakMap<Inventory, ImageSbom[]>();

/** Every bill of materials that is known. Built once for an inventory. */
export function allSboms({ inventory }: EvaluationContext): ImageSbom[] {
  let sboms = cache.get(inventory);
  if (sboms === undefined) {
    sboms = [...inventory.list("trivy-sbomreports").map(ofReport), ...(inventory.facts.sboms ?? []).map(ofImport)];
    cache.set(inventory, sboms);
  }
  return sboms;
}

/** Those of exactly this build. */
export function sbomsOf(context: EvaluationContext, image: RunningImage): ImageSbom[] {
  return allSboms(context).filter((sbom) => sbom.digests.some((digest) => image.digests.includes(digest)));
}

function ofReport(object: CustomObject): ImageSbom {
  const report = mapOf(object.report);
  const artifact = mapOf(report.artifact);
  const scanner = mapOf(report.scanner);
  const components = mapOf(report.components);
  const summary = mapOf(components.summary);
  const server = textOf(mapOf(report.registry).server);
  const container = object.metadata.labels?.["trivy-operator.container.name"];
  const tag = textOf(artifact.tag);
  return {
    words: `SbomReport ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
    tool: texts(components.tools).join(", ") || [textOf(scanner.name), textOf(scanner.version)].join(" ").trim(),
    createdAt: textOf(components.timestamp) || textOf(report.updateTimestamp),
    components: numberOf(summary.components),
    ecosystems: texts(summary.ecosystems),
    operatingSystem: textOf(summary.operatingSystem),
    tools: texts(summary.tools),
    digests: [textOf(artifact.digest)].filter((digest) => digest !== ""),
    repository: normalRepository(`${server === "" ? "" : `${server}/`}${textOf(artifact.repository)}`).repository,
    tag,
    isByTag: tag !== "",
    place: container === undefined ? null : { namespace: object.metadata.namespace ?? "", container },
    evidence: {
      ref: refOf(object),
      pointer: "/report/components/summary",
      found: `${numberOf(summary.components)} components`,
    },
  };
}

function ofImport({ origin, format, tool, createdAt, image, digests, summary }: ImportedSbom): ImageSbom {
  const { components, ecosystems, operatingSystem = "", tools }: ComponentSummary = summary;
  return {
    words: `the uploaded ${format} document ${origin.name}`,
    tool,
    createdAt: createdAt ?? "",
    components,
    ecosystems,
    operatingSystem,
    tools,
    digests,
    repository: "",
    tag: "",
    isByTag: false,
    place: null,
    evidence: { ref: CLUSTER_REF, pointer: "", found: `${origin.name}, ${image}, ${components} components` },
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
