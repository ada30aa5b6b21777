/** The evidence package of a scan as a ZIP, streamed: the same scan gives the same bytes for ever. */
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ZipArchive } from "archiver";
import { RingfenceError } from "@/lib/errors";
import { buildEvidencePackage, type EvidenceInput, MANIFEST_PATH, type RunningHash } from "@/lib/evidence";
import type { Provider } from "@/lib/inventory/snapshot";
import { catalogOf, withCustomControls } from "@/lib/assessment/catalog";
import { findImportKind } from "@/lib/inventory/imports";
import { writeAudit } from "./audit";
import { findCatalog, registerCatalog } from "./catalog";
import { controlsOf, loadRevisions, revisionsOf } from "./custom/stored";
import { withOrganization } from "./db/organization";
import { scopeSettingsOf } from "./evaluate/evaluate-scan";
import { importsOf, loadImports } from "./evaluate/imports";
import { loadSnapshot } from "./evaluate/load";
import { actorOf, allows, type Principal, requirePermission } from "./principal";
import { readStoredAssessment } from "./stored-scan";

/** Entries carry no clock: the earliest moment that a ZIP can hold, in UTC, and a plain file's rights. */
const ENTRY = { date: new Date(Date.UTC(1980, 0, 1)), mode: 0o644 };
const PIECE_BYTES = 64 * 1024;

export interface ScanPackage {
  /** Only letters, digits, dots and dashes. */
  filename: string;
  stream: ReadableStream<Uint8Array>;
}

/**
 * Opens the package of a finished scan. Everything that can fail is read before the first byte goes out; the download is in
 * the audit trail.
 *
 * @throws RingfenceError `not-found`, `forbidden`; `conflict` for a scan that isn't done; `internal` if what is stored is not
 *   what was recorded
 */
export async function openScanPackage(
  principal: Principal,
  slug: string,
  seq: number,
  now: Date = new Date(),
): Promise<ScanPackage> {
  const orgId = principal.organization.id;
  const { input, clusterId, resultsDigest } = await readPackage(principal, slug, seq);
  await withOrganization(orgId, (tx) =>
    writeAudit(tx, {
      orgId,
      at: now,
      actor: actorOf(principal),
      action: "package:create",
      outcome: "done",
      object: { type: "scan", id: `${clusterId}/${seq}`, name: `${slug} #${seq}` },
      origin: principal.origin,
      requestId: principal.requestId,
      detail: { resultsDigest },
    }),
  );
  return { filename: `ringfence-${principal.organization.slug}-${slug}-scan-${seq}.zip`, stream: zipOf(input) };
}

/**
 * The SHA-256 of MANIFEST.sha256 in a scan's package, lower-case hex: what VERIFY.sh prints, to be compared by whoever got the
 * package from somebody else. Made from what is stored, as the package itself is.
 *
 * @throws as openScanPackage
 */
export async function digestScanPackage(principal: Principal, slug: string, seq: number): Promise<{ digest: string }> {
  const { input } = await readPackage(principal, slug, seq);
  const ofManifest = createHash("sha256");
  let pieces = 0;
  for (const { path, content } of buildEvidencePackage(input, newHash)) {
    for (const piece of content) {
      if (path === MANIFEST_PATH) ofManifest.update(piece);
      // Other requests go on meanwhile.
      if (++pieces % 2000 === 0) await new Promise((next) => setImmediate(next));
    }
  }
  return { digest: ofManifest.digest("hex") };
}

async function readPackage(
  principal: Principal,
  slug: string,
  seq: number,
): Promise<{ input: EvidenceInput; clusterId: string; resultsDigest: string }> {
  const orgId = principal.organization.id;
  const shipped = await registerCatalog("web");
  const read = await withOrganization(
    orgId,
    async (tx) => {
      const cluster = await tx.cluster.findFirst({
        where: { orgId, slug, deletedAt: null },
        include: { project: { select: { slug: true } } },
      });
      if (cluster === null || !allows(principal, "cluster:read", cluster.projectId)) {
        throw new RingfenceError("not-found", "There is no such cluster.");
      }
      requirePermission(principal, "package:read", cluster.projectId);
      const scan = await tx.scan.findUnique({
        where: { orgId_clusterId_seq: { orgId, clusterId: cluster.id, seq } },
      });
      if (scan === null) throw new RingfenceError("not-found", "There is no such scan.");
      if (scan.state !== "done" || scan.catalogVersion === null || scan.resultsDigest === null) {
        throw new RingfenceError("conflict", "This scan has no results to take away.");
      }
      const snapshot = await tx.snapshot.findUniqueOrThrow({ where: { orgId_id: { orgId, id: scan.snapshotId } } });
      // The scan's own version says what its controls meant; a scan older than the stored versions has only this release's words.
      const version = (await findCatalog(tx, scan.catalogVersion, shipped)) ?? catalogOf();
      const customControls = await loadRevisions(tx, orgId, revisionsOf(scan.customControls));
      const catalog = withCustomControls(version, controlsOf(customControls));
      const stored = {
        orgId,
        clusterId: cluster.id,
        seq,
        asOf: scan.asOf,
        catalogVersion: scan.catalogVersion,
        scopeSettings: scopeSettingsOf(scan.scopeSettings),
        resultsDigest: Buffer.from(scan.resultsDigest).toString("hex"),
      };
      const assessment = await readStoredAssessment(tx, stored, catalog.controls);
      const imports = await loadImports(tx, orgId, importsOf(scan.imports));
      return { cluster, scan, snapshot, assessment, catalog, imports, customControls };
    },
    { timeoutMs: 60_000 },
  );
  const { cluster, scan, snapshot, assessment, catalog, imports, customControls } = read;
  const input: EvidenceInput = {
    organization: principal.organization.slug,
    project: cluster.project.slug,
    cluster: { id: cluster.id, name: cluster.slug },
    scan: {
      seq,
      snapshotId: scan.snapshotId,
      receivedAt: scan.receivedAt.toISOString(),
      agentVersion: scan.agentVersion,
      commitDigest: snapshot.commitDigest === null ? null : Buffer.from(snapshot.commitDigest).toString("hex"),
      droppedFields: snapshot.droppedFields,
      codeVersion: scan.codeVersion ?? scan.catalogVersion,
    },
    assessment,
    controls: catalog.controls,
    customControls,
    imports: imports.map(({ isOfCluster, ...document }) => ({
      ...document,
      title: findImportKind(document.kind)?.title ?? document.kind,
      scope: isOfCluster ? "cluster" : "organization",
    })),
    snapshot: await loadSnapshot(orgId, scan.snapshotId, { role: "web", provider: scan.provider as Provider }),
  };
  return { input, clusterId: cluster.id, resultsDigest: Buffer.from(scan.resultsDigest ?? []).toString("hex") };
}

function newHash(): RunningHash {
  const hash = createHash("sha256");
  return { update: (text) => hash.update(text), digest: () => hash.digest("hex") };
}

/** The package's files as a ZIP, one after the other: each is read to its end before the next is asked for. */
export function zipOf(input: EvidenceInput): ReadableStream<Uint8Array> {
  const archive = new ZipArchive({ zlib: { level: 6 }, forceUTC: true });
  // One entry at a time; what happens to the archive meanwhile settles the wait for it.
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  archive.on("entry", () => settle?.resolve());
  archive.on("error", (error: Error) => settle?.reject(error));
  archive.on("close", () => settle?.reject(new Error("the download was given up")));
  const write = async () => {
    for (const { path, content } of buildEvidencePackage(input, newHash)) {
      const written = new Promise<void>((resolve, reject) => {
        settle = { resolve, reject };
      });
      archive.append(Readable.from(inPieces(content), { objectMode: false }), { ...ENTRY, name: path });
      await written;
    }
    settle = undefined;
    await archive.finalize();
  };
  write().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  return Readable.toWeb(archive) as ReadableStream<Uint8Array>;
}

/** Many small texts as few large buffers. */
function* inPieces(content: Iterable<string>): Generator<Buffer> {
  let waiting: string[] = [];
  let length = 0;
  for (const text of content) {
    waiting.push(text);
    length += text.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.from(waiting.join(""));
    waiting = [];
    length = 0;
  }
  if (waiting.length > 0) yield Buffer.from(waiting.join(""));
}
