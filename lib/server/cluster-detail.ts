/** One cluster: its row of the fleet, its agent, what was and wasn't read, and how far a first scan has come. */
import type { z } from "zod";
import type { ClusterDetail, ScanRow, sectionRow } from "@/lib/api/clusters";
import { pageQuery } from "@/lib/api/common";
import { RingfenceError } from "@/lib/errors";
import type { SnapshotManifest } from "@/lib/inventory/wire";
import packageJson from "@/package.json";
import type { Transaction } from "./db/client";
import type { Enrolment, Scan } from "./db/generated/client";
import { withOrganization } from "./db/organization";
import { type FleetRecord, fleetRowOf, fleetSql, UPLOAD_MS } from "./fleet-row";
import { importsOf } from "./evaluate/imports";
import { isKeyExpired } from "./ingest/authenticate";
import { isoOrNull } from "./lens";
import { type ClusterFacts, onboardingOf } from "./onboarding";
import type { Principal } from "./principal";

/** Agents are released together with the server. */
export const SERVER_AGENT_VERSION: string = packageJson.version;

/**
 * @throws RingfenceError `not-found` (also for a cluster of a project that the principal can't see), `forbidden`
 */
export async function getCluster(principal: Principal, slug: string, now: Date = new Date()): Promise<ClusterDetail> {
  return withOrganization(principal.organization.id, async (tx) => {
    const record = await findRecord(tx, principal, slug, now);
    const facts = await readFacts(tx, principal.organization.id, record.id, now);
    const manifest = facts.snapshot === null ? null : (facts.snapshot.manifest as unknown as SnapshotManifest);
    return {
      ...fleetRowOf(record),
      createdAt: facts.cluster.createdAt.toISOString(),
      clusterUid: facts.cluster.clusterUid,
      serverAgentVersion: SERVER_AGENT_VERSION,
      versionSkew: record.agent_version === null ? null : skewOf(record.agent_version, SERVER_AGENT_VERSION),
      enrolment: enrolmentOf(facts.enrolment, now),
      agentKeys: facts.keys.map((key) => ({
        fingerprint: key.fingerprint,
        createdAt: key.createdAt.toISOString(),
        lastUsedAt: isoOrNull(key.lastUsedAt),
        revokedAt: isoOrNull(key.revokedAt),
        state: key.revokedAt !== null ? "revoked" : isKeyExpired(key.createdAt, now) ? "expired" : "live",
      })),
      sections: manifest === null ? [] : sectionsOf(manifest),
      invalidObjects: (manifest?.invalid ?? []).map(({ kind, namespace, name, problem }) => ({
        kind,
        namespace: namespace ?? null,
        name,
        problem,
      })),
      droppedFields: facts.snapshot?.droppedFields ?? 0,
      latestScan: latestScanOf(facts),
      onboarding: onboardingOf(facts, now),
    };
  });
}

/**
 * Scans of a cluster, newest first.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function listScans(
  principal: Principal,
  slug: string,
  input: z.input<typeof pageQuery>,
): Promise<{ items: ScanRow[]; page: number; pageSize: number; total: number; totalUnfiltered: number }> {
  const { page, pageSize } = pageQuery.parse(input);
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    const { id: clusterId } = await findRecord(tx, principal, slug, new Date());
    const where = { orgId, clusterId };
    const [scans, total] = [
      await tx.scan.findMany({ where, orderBy: { seq: "desc" }, skip: (page - 1) * pageSize, take: pageSize }),
      await tx.scan.count({ where }),
    ];
    return { items: scans.map(scanRowOf), page, pageSize, total, totalUnfiltered: total };
  });
}

async function findRecord(tx: Transaction, principal: Principal, slug: string, now: Date): Promise<FleetRecord> {
  const rows = await tx.$queryRaw<{ record: FleetRecord }[]>`
    select to_jsonb(fleet) as record from (${fleetSql(principal, now)}) as fleet where slug = ${slug}`;
  const row = rows[0];
  if (row === undefined) throw new RingfenceError("not-found", "There is no such cluster.");
  return row.record;
}

async function readFacts(tx: Transaction, orgId: string, clusterId: string, now: Date): Promise<ClusterFacts> {
  const cluster = await tx.cluster.findUniqueOrThrow({ where: { orgId_id: { orgId, id: clusterId } } });
  const newest = { where: { orgId, clusterId }, orderBy: { createdAt: "desc" as const } };
  const enrolment = await tx.enrolment.findFirst(newest);
  const agent = await tx.agent.findFirst(newest);
  const keys = await tx.agentKey.findMany({
    where: { orgId, agent: { clusterId } },
    orderBy: { createdAt: "desc" },
    take: 20,
  });
  const scan = await tx.scan.findFirst({ where: { orgId, clusterId }, orderBy: { seq: "desc" } });
  const snapshot = await tx.snapshot.findFirst({
    where: {
      orgId,
      clusterId,
      OR: [{ state: "committed" }, { state: "announced", announcedAt: { gte: new Date(now.getTime() - UPLOAD_MS) } }],
    },
    orderBy: { announcedAt: "desc" },
  });
  const of =
    scan === null || scan.snapshotId === snapshot?.id
      ? snapshot
      : await tx.snapshot.findUnique({
          where: { orgId_id: { orgId, id: scan.snapshotId } },
          select: { agentId: true },
        });
  return { cluster, enrolment, agent, keys, snapshot, scan, scanAgentId: of?.agentId ?? null };
}

function enrolmentOf(enrolment: Enrolment | null, now: Date): ClusterDetail["enrolment"] {
  if (enrolment === null) return { state: "none", expiresAt: null };
  const expiresAt = enrolment.expiresAt.toISOString();
  if (enrolment.usedAt !== null) return { state: "used", expiresAt };
  if (enrolment.revokedAt !== null) return { state: "revoked", expiresAt };
  return { state: enrolment.expiresAt <= now ? "expired" : "open", expiresAt };
}

/** Sections as read; the pods' templates are a matter of the wire and are counted with the pods. */
function sectionsOf(manifest: SnapshotManifest): z.infer<typeof sectionRow>[] {
  return manifest.sections
    .filter((section) => section.name !== "podtemplates")
    .map(({ name, status, objects, message }) => ({ name, status, objects, message: message ?? null }));
}

/** The snapshot that is coming in stands above the last scan; what a revoked agent has begun never comes in. */
export function latestScanOf({ cluster, scan, snapshot }: ClusterFacts): ScanRow | null {
  const isComing = snapshot?.state === "announced" && cluster.agentState === "enrolled";
  if (!isComing) return scan === null ? null : scanRowOf(scan);
  return {
    id: snapshot.id,
    seq: (scan?.seq ?? 0) + 1,
    state: "uploading",
    collectedAt: snapshot.collectedAt.toISOString(),
    receivedAt: snapshot.announcedAt.toISOString(),
    evaluatedAt: null,
    catalogVersion: null,
    codeVersion: null,
    imports: 0,
    objects: snapshot.objects,
    counts: null,
    newFindings: 0,
    closedFindings: 0,
    error: null,
  };
}

/** A scan as a row of the API. */
export function scanRowOf(scan: Scan): ScanRow {
  const { pass, fail, unknown, notApplicable } = scan;
  return {
    id: scan.id,
    seq: scan.seq,
    state: scan.state as ScanRow["state"],
    collectedAt: scan.collectedAt.toISOString(),
    receivedAt: scan.receivedAt.toISOString(),
    evaluatedAt: isoOrNull(scan.evaluatedAt),
    catalogVersion: scan.catalogVersion,
    codeVersion: scan.codeVersion,
    imports: importsOf(scan.imports).length,
    objects: scan.objects,
    counts: scan.state === "done" ? { pass, fail, unknown, notApplicable } : null,
    newFindings: scan.newFindings,
    closedFindings: scan.closedFindings,
    error: scan.error,
  };
}

/**
 * How an agent's version stands to the server's (semantic versioning, pre-releases left out). `unsupported`: another major
 * version, or one that can't be read; nothing is promised about it. This is said to people and decides nothing: what an agent
 * sends is taken or refused by its protocol and schema version alone.
 */
export function skewOf(agent: string, server: string): "none" | "older" | "newer" | "unsupported" {
  const parse = (text: string) => /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  const [own, other] = [parse(server), parse(agent)];
  if (own === undefined || other === undefined) return agent === server ? "none" : "unsupported";
  if (own[0] !== other[0]) return "unsupported";
  for (const i of [1, 2]) {
    const difference = (other[i] ?? 0) - (own[i] ?? 0);
    if (difference !== 0) return difference < 0 ? "older" : "newer";
  }
  return "none";
}
