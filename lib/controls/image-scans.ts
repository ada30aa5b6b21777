/**
 * Vulnerability scans of running images: Trivy Operator's reports in the cluster, and scans that were uploaded.
 *
 * Matched by digest. Trivy Operator writes the manifest's digest for an image that is pinned, and the digest of the image's
 * configuration for one that has only a tag; where a report of the same container, repository and tag carries a digest that no pod
 * reports, nobody can say whether it is the running build, and that is said.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import { refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { ImportedVulnerabilityScan, ScannedVulnerability } from "@/lib/inventory/imported-images";
import { normalRepository } from "./image-reference";
import { mapOf, maps } from "./policy-cover";
import type { RunningImage } from "./running-images";
import { CLUSTER_REF, type EvaluationContext, type EvidencePointer } from "./types";
import { sbomsOf } from "./image-sboms";

/** Days after which a scan is no longer current. */
export const SCAN_MAX_AGE_DAYS = 7;
const DAY = 86_400_000;

export interface ImageScan {
  words: string;
  scanner: string;
  /** ISO 8601; "" when the source doesn't say. */
  scannedAt: string;
  databaseAt: string | null;
  digests: string[];
  repository: string;
  tag: string;
  /** The digest may be that of the image's configuration. */
  isByTag: boolean;
  place: { namespace: string; container: string } | null;
  hasPackages: boolean;
  vulnerabilities: readonly ScannedVulnerability[];
  /** Entries that the report left out. */
  omitted: number;
  evidence: EvidencePointer;
}

interface ScanIndex {
  all: ImageScan[];
  byDigest: ReadonlyMap<string, ImageScan[]>;
}
const cache = new WeakMap<Inventory, ScanIndex>();

/** Every scan that is known, and by the digests that it names. Built once for an inventory. */
function scanIndex({ inventory }: EvaluationContext): ScanIndex {
  const known = cache.get(inventory);
  if (known !== undefined) return known;
  const all = [
    ...inventory.list("trivy-vulnerabilityreports").map(ofReport),
    ...(inventory.facts.vulnerabilityScans ?? []).map(ofImport),
  ];
  const byDigest = new Map<string, ImageScan[]>();
  for (const scan of all) {
    for (const digest of scan.digests) {
      const same = byDigest.get(digest);
      if (same === undefined) byDigest.set(digest, [scan]);
      else same.push(scan);
    }
  }
  const index = { all, byDigest };
  cache.set(inventory, index);
  return index;
}

/** Whether some scanner is connected; with why not. */
export function scannerSource({ inventory }: EvaluationContext): { connected: boolean; words: string } {
  if ((inventory.facts.vulnerabilityScans ?? []).length > 0) return { connected: true, words: "" };
  const readable = inventory.readable("trivy-vulnerabilityreports");
  if (!readable.known)
    return { connected: false, words: `vulnerability reports could not be read: ${readable.message}` };
  const status = inventory.snapshot.sections["trivy-vulnerabilityreports"]?.status;
  return status === "complete"
    ? { connected: true, words: "" }
    : { connected: false, words: "the cluster has no reports of Trivy Operator, and no scan was uploaded" };
}

function ofReport(object: CustomObject): ImageScan {
  const report = mapOf(object.report);
  const artifact = mapOf(report.artifact);
  const scanner = mapOf(report.scanner);
  const labels = object.metadata.labels ?? {};
  const container = labels["trivy-operator.container.name"];
  const vulnerabilities = maps(report.vulnerabilities).map(
    (entry): ScannedVulnerability => ({
      id: textOf(entry.vulnerabilityID),
      severity: textOf(entry.severity).toUpperCase(),
      package: textOf(entry.resource),
      ...optional("installedVersion", entry.installedVersion),
      ...optional("fixedVersion", entry.fixedVersion),
      ...optional("publishedAt", entry.publishedDate),
    }),
  );
  const family = textOf(mapOf(report.os).family);
  const server = textOf(mapOf(report.registry).server);
  return {
    words: `VulnerabilityReport ${object.metadata.namespace ?? ""}/${object.metadata.name}`,
    scanner: [textOf(scanner.name), textOf(scanner.version)].filter((part) => part !== "").join(" "),
    scannedAt: textOf(report.updateTimestamp),
    databaseAt: null,
    digests: [textOf(artifact.digest)].filter((digest) => digest !== ""),
    repository: normalRepository(`${server === "" ? "" : `${server}/`}${textOf(artifact.repository)}`).repository,
    tag: textOf(artifact.tag),
    isByTag: textOf(artifact.tag) !== "",
    place: container === undefined ? null : { namespace: object.metadata.namespace ?? "", container },
    hasPackages: vulnerabilities.length > 0 || (family !== "" && family !== "none"),
    vulnerabilities,
    omitted: typeof report.omitted === "number" ? report.omitted : 0,
    evidence: { ref: refOf(object), pointer: "/report/updateTimestamp", found: textOf(report.updateTimestamp) },
  };
}

function ofImport(scan: ImportedVulnerabilityScan): ImageScan {
  const { name, version } = scan.scanner;
  return {
    words: `the uploaded scan ${scan.origin.name}`,
    scanner: version === undefined ? name : `${name} ${version}`,
    scannedAt: scan.scannedAt,
    databaseAt: scan.databaseAt ?? null,
    digests: scan.digests,
    repository: "",
    tag: "",
    isByTag: false,
    place: null,
    hasPackages: scan.hasPackages,
    vulnerabilities: scan.vulnerabilities,
    omitted: 0,
    evidence: { ref: CLUSTER_REF, pointer: "", found: `${scan.origin.name}, ${scan.image}, ${scan.scannedAt}` },
  };
}

/** Scans of exactly this build, newest first. */
export function scansOfImage(context: EvaluationContext, image: RunningImage): ImageScan[] {
  const { byDigest } = scanIndex(context);
  const found = new Set(image.digests.flatMap((digest) => byDigest.get(digest) ?? []));
  return [...found].sort((a, b) => (a.scannedAt < b.scannedAt ? 1 : a.scannedAt > b.scannedAt ? -1 : 0));
}

/** A report of the same container, repository and tag whose digest may be that of the image's configuration. */
export function mayBeOfImage(
  scan: { isByTag: boolean; place: { namespace: string; container: string } | null; repository: string; tag: string },
  image: RunningImage,
): boolean {
  return (
    scan.isByTag &&
    scan.repository === image.repository &&
    image.tags.includes(scan.tag) &&
    (scan.place === null ||
      image.places.some((p) => p.namespace === scan.place?.namespace && p.container === scan.place.container))
  );
}

export type ScanState =
  | { status: "current"; scan: ImageScan; words: string }
  | { status: "stale" | "missing"; scan: ImageScan | null; words: string }
  | { status: "unknown"; scan: ImageScan | null; words: string };

/** Whether the image has a current, meaningful scan. */
export function scanState(context: EvaluationContext, image: RunningImage): ScanState {
  const source = scannerSource(context);
  const scans = scansOfImage(context, image);
  const [scan] = scans;
  if (scan === undefined) {
    const maybe = scanIndex(context).all.find((candidate) => mayBeOfImage(candidate, image));
    if (maybe !== undefined) {
      return {
        status: "unknown",
        scan: null,
        words: `${maybe.words} is about ${maybe.repository}:${maybe.tag} and names a digest that no pod reports, so nobody can tell whether it is the running build; pin the image by digest`,
      };
    }
    if (!source.connected) return { status: "unknown", scan: null, words: source.words };
    if (image.digests.length === 0) {
      return {
        status: "unknown",
        scan: null,
        words: "the digest that runs is not known, so no scan can be tied to it; pin the image by digest",
      };
    }
    const readable = context.inventory.readable("trivy-vulnerabilityreports");
    if (!readable.known && context.inventory.snapshot.source !== "manifests")
      return { status: "unknown", scan: null, words: `no uploaded scan is of this build, and ${readable.message}` };
    return { status: "missing", scan: null, words: "no scan of this build is known" };
  }
  if (scan.scanner === "" || Number.isNaN(Date.parse(scan.scannedAt)))
    return { status: "unknown", scan, words: `${scan.words} does not say which scanner made it, or when` };
  const age = ageInDays(scan.scannedAt, context.asOf);
  if (age > SCAN_MAX_AGE_DAYS)
    return { status: "stale", scan, words: `the newest scan (${scan.words}, ${scan.scanner}) is ${age} days old` };
  if (scan.databaseAt !== null && ageInDays(scan.databaseAt, scan.scannedAt) > SCAN_MAX_AGE_DAYS) {
    return {
      status: "stale",
      scan,
      words: `${scan.words} was made with a database of ${scan.databaseAt.slice(0, 10)}, ${ageInDays(scan.databaseAt, scan.scannedAt)} days old by then`,
    };
  }
  if (!scan.hasPackages && !sbomsOf(context, image).some(({ components }) => components > 0)) {
    return {
      status: "unknown",
      scan,
      words: `${scan.words} found neither an operating system nor a package, so it may have looked at nothing; a bill of materials of this build would settle it`,
    };
  }
  const database =
    scan.databaseAt === null
      ? "it does not say the date of its database"
      : `database of ${scan.databaseAt.slice(0, 10)}`;
  return { status: "current", scan, words: `${scan.words}: ${scan.scanner}, ${scan.scannedAt}, ${database}` };
}

/** Whole days from `from` to `to`. */
export function ageInDays(from: string, to: string): number {
  return Math.floor((Date.parse(to) - Date.parse(from)) / DAY);
}
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
function optional<K extends string>(key: K, value: unknown): { [P in K]?: string } {
  return typeof value === "string" && value !== "" ? ({ [key]: value } as { [P in K]: string }) : {};
}
