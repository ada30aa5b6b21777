/**
 * Documents that people upload: what sources a cluster has, uploading one, withdrawing one.
 *
 * A row never changes: a newer document of the same kind and name supersedes the one before, and a withdrawal ends it. Either
 * has the clusters that it concerns evaluated again, over the snapshot that they have, so that results follow within seconds.
 */
import type { z } from "zod";
import type {
  ImportCheck,
  ImportCreated,
  ImportKindRow,
  ImportRow,
  ImportsPage,
  importScope,
  importUploadQuery,
} from "@/lib/api/imports";
import type { ResultStatus } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { IMPORT_KINDS, type ImportKind } from "@/lib/inventory/imports";
import { type AuditAction, writeAudit } from "./audit";
import { type ActiveCatalog, withCatalog } from "./catalog";
import type { Transaction } from "./db/client";
import type { ImportedDocument } from "./db/generated/client";
import { withOrganization } from "./db/organization";
import { enqueueEvaluationAgain } from "./evaluate/again";
import { areSameImports, importsOf, readCurrentImports } from "./evaluate/imports";
import { describeParts, getImportKind, readDocument, type ReadDocument, SecretInDocument } from "./import-document";
import { actorOf, allows, type Principal, requirePermission } from "./principal";

type Scope = z.output<typeof importScope>;

/** Current documents of one cluster, or of the organization: so many sources nobody has, and each is read at every scan. */
const MAX_CURRENT = 200;

/**
 * The sources of a cluster: every kind with the controls that wait for it, and the documents that there are.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function listImports(
  principal: Principal,
  slug: string,
  query: { kind?: string | undefined } = {},
): Promise<ImportsPage> {
  const kinds = query.kind === undefined ? IMPORT_KINDS : [getImportKind(query.kind)];
  const only = query.kind ?? null;
  const orgId = principal.organization.id;
  return withCatalog(orgId, async (tx, catalog) => {
    const cluster = await findCluster(tx, principal, slug);
    requirePermission(principal, "import:read", cluster.projectId);
    const documents = await tx.importedDocument.findMany({
      where: {
        orgId,
        OR: [{ clusterId: cluster.id }, { clusterId: null }],
        supersededAt: null,
        withdrawnAt: null,
        ...(only === null ? {} : { kind: only }),
      },
      omit: { parts: true },
      orderBy: [{ kind: "asc" }, { name: "asc" }],
    });
    const ended = await tx.$queryRaw<{ id: string }[]>`
      select id from import where org_id = ${orgId}::uuid and (cluster_id = ${cluster.id}::uuid or cluster_id is null)
        and (superseded_at is not null or withdrawn_at is not null) and (${only}::text is null or kind = ${only})
      order by coalesce(withdrawn_at, superseded_at) desc, id limit 20`;
    const endedRows = await tx.importedDocument.findMany({
      where: { orgId, id: { in: ended.map(({ id }) => id) } },
      omit: { parts: true },
    });
    const scan = await tx.scan.findFirst({
      where: { orgId, clusterId: cluster.id, state: "done" },
      orderBy: { seq: "desc" },
      select: { seq: true, imports: true },
    });
    const statuses = await readStatuses(tx, orgId, cluster.id);
    const evaluated = importsOf(scan?.imports);
    const used = new Set(evaluated.map(({ id }) => id));
    const current = await readCurrentImports(tx, orgId, cluster.id);
    const rowOf = (document: Omit<ImportedDocument, "parts">) => importRowOf(document, principal, cluster, used);
    const position = new Map(ended.map(({ id }, index) => [id, index]));
    return {
      kinds: kinds.map((kind) => ({
        ...kindRowOf(kind, principal, cluster, catalog, statuses),
        example: only === null ? null : kind.example,
      })),
      documents: documents.map(rowOf),
      ended: endedRows.map(rowOf).sort((a, b) => (position.get(a.id) ?? 0) - (position.get(b.id) ?? 0)),
      isPending: scan !== null && !areSameImports(evaluated, current),
      lastScanSeq: scan?.seq ?? null,
    };
  });
}

/**
 * Reads a document as an upload would, and stores nothing.
 *
 * @throws RingfenceError `not-found`, `forbidden`, `too-large`
 */
export async function checkImport(
  principal: Principal,
  slug: string,
  query: { kind: string; name: string },
  request: Request,
  now: Date = new Date(),
): Promise<ImportCheck> {
  const kind = getImportKind(query.kind);
  await withOrganization(principal.organization.id, async (tx) => {
    requireUpload(principal, kind, await findCluster(tx, principal, slug));
  });
  try {
    const { parts } = await readDocument(request, kind, originOf(principal, query.name, now));
    return { problem: null, adds: describeParts(parts) };
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    if (error.code !== "invalid-input" && error.code !== "secret-detected") throw error;
    const { where, message } = error.details[0] ?? { where: "the document", message: error.message };
    return {
      problem: { where, message: message.startsWith(`${where}: `) ? message.slice(where.length + 2) : message },
      adds: [],
    };
  }
}

/**
 * Uploads a document for a cluster, or for the whole organization; the clusters that it concerns are evaluated again.
 *
 * @throws RingfenceError `not-found`, `forbidden`, `too-large`, `invalid-input` that names the place, `conflict` if there are too
 *   many; SecretInDocument, which is on record with its place
 */
export async function createImport(
  principal: Principal,
  slug: string,
  query: z.output<typeof importUploadQuery>,
  request: Request,
  now: Date = new Date(),
): Promise<ImportCreated> {
  const kind = getImportKind(query.kind);
  const orgId = principal.organization.id;
  const { name, scope } = query;
  const collectedAt = query.collectedAt === undefined ? now : new Date(query.collectedAt);
  if (collectedAt > now) throw new RingfenceError("invalid-input", "The source can't have been read in the future.");
  // Before the body is read: nobody without the right makes the server parse anything.
  const cluster = await withOrganization(orgId, async (tx) => {
    const found = await findCluster(tx, principal, slug);
    requireUpload(principal, kind, found, scope);
    return found;
  });
  const object = scope === "cluster" ? ofCluster(cluster) : ofOrganization(principal);
  let document: ReadDocument;
  try {
    document = await readDocument(request, kind, originOf(principal, name, collectedAt));
  } catch (error) {
    if (error instanceof SecretInDocument) {
      const detail = { kind: kind.id, secret: error.kind, where: error.where };
      await withOrganization(orgId, (tx) => record(tx, principal, "import:refuse", "refused", object, detail, now));
    }
    throw error;
  }
  return withOrganization(orgId, async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`import ${orgId}`}, 0))`;
    const clusterId = scope === "cluster" ? (await findCluster(tx, principal, slug)).id : null;
    const isCurrent = { orgId, clusterId, supersededAt: null, withdrawnAt: null };
    await tx.importedDocument.updateMany({
      where: { ...isCurrent, kind: kind.id, name },
      data: { supersededAt: now },
    });
    if ((await tx.importedDocument.count({ where: isCurrent })) >= MAX_CURRENT) {
      throw new RingfenceError("conflict", `There are ${MAX_CURRENT} documents already. Withdraw one first.`);
    }
    const { id } = await tx.importedDocument.create({
      data: {
        orgId,
        clusterId,
        kind: kind.id,
        name,
        bytes: document.bytes,
        digest: new Uint8Array(Buffer.from(document.digest, "hex")),
        collectedAt,
        parts: document.parts as object,
        uploadedAt: now,
        uploadedBy: principal.person.id,
        uploadedByName: principal.person.name,
      },
      select: { id: true },
    });
    const { digest, bytes } = document;
    const detail = { id, kind: kind.id, document: name, digest, bytes, collectedAt: collectedAt.toISOString() };
    await record(tx, principal, "import:create", "done", object, detail, now);
    return { id, digest, clusters: await enqueueEvaluationAgain(tx, orgId, clusterId) };
  });
}

/**
 * Ends a document. What it superseded does not come back.
 *
 * @throws RingfenceError `not-found`, `forbidden`, `gone` if it has ended already
 */
export async function withdrawImport(
  principal: Principal,
  slug: string,
  id: string,
  now: Date = new Date(),
): Promise<{ withdrawnAt: string; clusters: number }> {
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    const cluster = await findCluster(tx, principal, slug);
    const document = await tx.importedDocument.findUnique({
      where: { orgId_id: { orgId, id } },
      omit: { parts: true },
    });
    if (document === null || (document.clusterId !== null && document.clusterId !== cluster.id)) {
      throw new RingfenceError("not-found", "There is no such document.");
    }
    const projectId = document.clusterId === null ? undefined : cluster.projectId;
    requirePermission(principal, "import:withdraw", projectId);
    if (isRegister(document.kind)) requirePermission(principal, "register:update", projectId);
    const ended = await tx.importedDocument.updateMany({
      where: { orgId, id, supersededAt: null, withdrawnAt: null },
      data: { withdrawnAt: now, withdrawnBy: principal.person.id, withdrawnByName: principal.person.name },
    });
    if (ended.count === 0) throw new RingfenceError("gone", "This document has ended already.");
    const object = document.clusterId === null ? ofOrganization(principal) : ofCluster(cluster);
    const digest = Buffer.from(document.digest).toString("hex");
    const detail = { id, kind: document.kind, document: document.name, digest };
    await record(tx, principal, "import:withdraw", "done", object, detail, now);
    return { withdrawnAt: now.toISOString(), clusters: await enqueueEvaluationAgain(tx, orgId, document.clusterId) };
  });
}

interface FoundCluster {
  id: string;
  slug: string;
  projectId: string;
}

async function findCluster(tx: Transaction, principal: Principal, slug: string): Promise<FoundCluster> {
  const cluster = await tx.cluster.findFirst({
    where: { orgId: principal.organization.id, slug, deletedAt: null },
    select: { id: true, slug: true, projectId: true },
  });
  if (cluster === null || !allows(principal, "cluster:read", cluster.projectId)) {
    throw new RingfenceError("not-found", "There is no such cluster.");
  }
  return cluster;
}

/** A kind that this release doesn't know is treated as what asks for more. */
function isRegister(kind: string): boolean {
  return IMPORT_KINDS.find((each) => each.id === kind)?.nature !== "fact";
}

function requireUpload(principal: Principal, kind: ImportKind, cluster: FoundCluster, scope: Scope = "cluster"): void {
  if (scope === "organization" && kind.nature === "fact") {
    throw new RingfenceError("invalid-input", "This kind says something of one cluster, never of all.");
  }
  const projectId = scope === "cluster" ? cluster.projectId : undefined;
  requirePermission(principal, "import:create", projectId);
  if (kind.nature === "register") requirePermission(principal, "register:update", projectId);
}

function uploadableTo(principal: Principal, kind: ImportKind, cluster: FoundCluster): Scope[] {
  const may = (projectId?: string) =>
    allows(principal, "import:create", projectId) &&
    (kind.nature === "fact" || allows(principal, "register:update", projectId));
  const scopes: Scope[] = may(cluster.projectId) ? ["cluster"] : [];
  return kind.nature === "register" && may() ? [...scopes, "organization"] : scopes;
}

function originOf(principal: Principal, name: string, collectedAt: Date) {
  return {
    by: "upload" as const,
    name: `${name}, uploaded by ${principal.person.name}`,
    collectedAt: collectedAt.toISOString(),
  };
}

async function readStatuses(
  tx: Transaction,
  orgId: string,
  clusterId: string,
): Promise<Map<string, { status: ResultStatus; unknown: number }>> {
  const rows = await tx.controlStatus.findMany({
    where: { orgId, clusterId, toSeq: null },
    select: { controlId: true, status: true, unknown: true },
  });
  return new Map(
    rows.map(({ controlId, status, unknown }) => [controlId, { status: status as ResultStatus, unknown }]),
  );
}

function kindRowOf(
  kind: ImportKind,
  principal: Principal,
  cluster: FoundCluster,
  catalog: ActiveCatalog,
  statuses: ReadonlyMap<string, { status: ResultStatus; unknown: number }>,
): Omit<ImportKindRow, "example"> {
  const { id, title, nature, description, howToGet, format, maxBytes } = kind;
  return {
    ...{ id, title, nature, description, howToGet, format, maxBytes },
    controls: kind.controls.flatMap((control) => {
      const known = catalog.find(control);
      if (known === null) return [];
      const { status, unknown } = statuses.get(control) ?? { status: "not-assessed" as const, unknown: 0 };
      return [{ id: control, title: known.title, status, unknown }];
    }),
    uploadableTo: uploadableTo(principal, kind, cluster),
  };
}

function importRowOf(
  document: Omit<ImportedDocument, "parts">,
  principal: Principal,
  cluster: FoundCluster,
  used: ReadonlySet<string>,
): ImportRow {
  const { withdrawnAt, supersededAt } = document;
  const projectId = document.clusterId === null ? undefined : cluster.projectId;
  const ended =
    withdrawnAt !== null
      ? { how: "withdrawn" as const, at: withdrawnAt.toISOString(), by: document.withdrawnByName }
      : supersededAt !== null
        ? { how: "superseded" as const, at: supersededAt.toISOString(), by: null }
        : null;
  return {
    id: document.id,
    kind: document.kind,
    name: document.name,
    scope: document.clusterId === null ? "organization" : "cluster",
    bytes: document.bytes,
    digest: Buffer.from(document.digest).toString("hex"),
    collectedAt: document.collectedAt.toISOString(),
    uploadedAt: document.uploadedAt.toISOString(),
    uploadedBy: document.uploadedByName,
    ended,
    isInLastScan: used.has(document.id),
    mayWithdraw:
      ended === null &&
      allows(principal, "import:withdraw", projectId) &&
      (!isRegister(document.kind) || allows(principal, "register:update", projectId)),
  };
}

interface AuditObject {
  type: string;
  id: string;
  name: string;
}
function ofCluster({ id, slug }: FoundCluster): AuditObject {
  return { type: "cluster", id, name: slug };
}
function ofOrganization({ organization: { id, slug } }: Principal): AuditObject {
  return { type: "organization", id, name: slug };
}

async function record(
  tx: Transaction,
  principal: Principal,
  action: AuditAction,
  outcome: "done" | "refused",
  object: AuditObject,
  detail: Record<string, string | number>,
  now: Date,
): Promise<void> {
  await writeAudit(tx, {
    orgId: principal.organization.id,
    at: now,
    actor: actorOf(principal),
    action,
    outcome,
    object,
    origin: principal.origin,
    requestId: principal.requestId,
    detail,
  });
}
