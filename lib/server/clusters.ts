/**
 * Registering clusters and ending them. Reading them is lib/server/fleet.ts.
 *
 * An enrolment token is single use, good for one hour, bound to one cluster and stored as SHA-256; its text leaves the server
 * once, inside the manifest.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Permission } from "@/lib/access";
import { type EnrolmentIssued, registerClusterBody } from "@/lib/api/clusters";
import { RingfenceError } from "@/lib/errors";
import { formatEnrolmentToken } from "@/lib/inventory/wire";
import { renderAgentManifest, renderApplyCommand } from "./agent-manifest";
import { type AuditAction, writeAudit } from "./audit";
import type { Transaction } from "./db/client";
import { isUniqueViolation } from "./db/errors";
import { Prisma } from "./db/generated/client";
import { withOrganization } from "./db/organization";
import { webEnvironment } from "./env";
import { actorOf, allows, type Principal, requireFreshSignIn, requirePermission } from "./principal";
import { hashToken } from "./seal";

export const ENROLMENT_MS = 60 * 60_000;

/**
 * Registers a cluster in a project and issues its enrolment.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found` for the project, `conflict` if the name is taken
 */
export async function registerCluster(
  principal: Principal,
  body: z.input<typeof registerClusterBody>,
  now: Date = new Date(),
): Promise<EnrolmentIssued> {
  const input = registerClusterBody.parse(body);
  requireFreshSignIn(principal, now);
  const orgId = principal.organization.id;
  try {
    return await withOrganization(orgId, async (tx) => {
      const project = await tx.project.findUnique({ where: { orgId_slug: { orgId, slug: input.project } } });
      if (project === null || !allows(principal, "project:read", project.id)) {
        throw new RingfenceError("not-found", "There is no such project.");
      }
      requirePermission(principal, "cluster:register", project.id);
      const clusterId = randomUUID();
      await tx.cluster.create({
        data: {
          orgId,
          id: clusterId,
          projectId: project.id,
          slug: input.name,
          name: input.name,
          provider: input.provider,
          createdAt: now,
          createdBy: principal.person.id,
        },
      });
      await record(tx, principal, "cluster:register", { id: clusterId, slug: input.name }, now, {
        project: project.slug,
        provider: input.provider,
      });
      return issueEnrolment(tx, principal, { id: clusterId, slug: input.name }, now);
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new RingfenceError("conflict", `There is already a cluster "${input.name}".`);
    throw error;
  }
}

/**
 * Issues a new enrolment; tokens that are still open end. The agent that is enrolled now goes on until another takes its
 * place.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found`
 */
export async function reenrolCluster(
  principal: Principal,
  slug: string,
  now: Date = new Date(),
): Promise<EnrolmentIssued> {
  requireFreshSignIn(principal, now);
  return withCluster(principal, slug, "cluster:register", async (tx, cluster) => {
    const { orgId, id } = cluster;
    await tx.enrolment.updateMany({
      where: { orgId, clusterId: id, usedAt: null, revokedAt: null },
      data: { revokedAt: now },
    });
    if (cluster.agentState === "revoked") {
      await tx.cluster.update({ where: { orgId_id: { orgId, id } }, data: { agentState: "awaiting-agent" } });
    }
    await record(tx, principal, "cluster:enrol-again", cluster, now);
    return issueEnrolment(tx, principal, cluster, now);
  });
}

/**
 * Takes the agent's right to speak for the cluster: its keys and every open token end at once. What it reported stays.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found`
 */
export async function revokeCluster(principal: Principal, slug: string, now: Date = new Date()): Promise<void> {
  requireFreshSignIn(principal, now);
  await withCluster(principal, slug, "cluster:revoke", async (tx, cluster) => {
    await silence(tx, cluster, now);
    await tx.cluster.update({
      where: { orgId_id: { orgId: cluster.orgId, id: cluster.id } },
      data: { agentState: "revoked", collecting: Prisma.DbNull },
    });
    await record(tx, principal, "cluster:revoke", cluster, now);
  });
}

/**
 * Removes the cluster from every page and refuses its agent. Its rows stay for the evidence that was built on them; its name
 * is free again.
 *
 * @throws RingfenceError `forbidden`, `fresh-sign-in-required`, `not-found`
 */
export async function deleteCluster(principal: Principal, slug: string, now: Date = new Date()): Promise<void> {
  requireFreshSignIn(principal, now);
  await withCluster(principal, slug, "cluster:delete", async (tx, cluster) => {
    await silence(tx, cluster, now);
    await tx.cluster.update({
      where: { orgId_id: { orgId: cluster.orgId, id: cluster.id } },
      data: { agentState: "revoked", collecting: Prisma.DbNull, deletedAt: now },
    });
    await record(tx, principal, "cluster:delete", cluster, now);
  });
}

/**
 * Asks the agent for a new snapshot; it hears of it at its next heartbeat.
 *
 * @throws RingfenceError `forbidden`, `not-found`; `conflict` if no agent could hear it
 */
export async function requestRescan(
  principal: Principal,
  slug: string,
  now: Date = new Date(),
): Promise<{ requestedAt: string }> {
  return withCluster(principal, slug, "cluster:rescan", async (tx, cluster) => {
    if (cluster.agentState !== "enrolled")
      throw new RingfenceError("conflict", "No agent is enrolled for this cluster.");
    await tx.cluster.update({
      where: { orgId_id: { orgId: cluster.orgId, id: cluster.id } },
      data: { rescanRequestedAt: now },
    });
    await record(tx, principal, "cluster:rescan", cluster, now);
    return { requestedAt: now.toISOString() };
  });
}

interface LockedCluster {
  orgId: string;
  id: string;
  slug: string;
  projectId: string;
  agentState: string;
}

/**
 * Runs `work` on a living cluster that the principal may see, its row locked: an enrolment that happens at the same moment
 * comes before or after, never in between.
 */
async function withCluster<T>(
  principal: Principal,
  slug: string,
  permission: Permission,
  work: (tx: Transaction, cluster: LockedCluster) => Promise<T>,
): Promise<T> {
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    const rows = await tx.$queryRaw<LockedCluster[]>`
      SELECT org_id AS "orgId", id, slug, project_id AS "projectId", agent_state AS "agentState"
      FROM cluster WHERE org_id = ${orgId}::uuid AND slug = ${slug} AND deleted_at IS NULL FOR UPDATE`;
    const cluster = rows[0];
    if (cluster === undefined || !allows(principal, "cluster:read", cluster.projectId)) {
      throw new RingfenceError("not-found", "There is no such cluster.");
    }
    requirePermission(principal, permission, cluster.projectId);
    return work(tx, cluster);
  });
}

async function silence(tx: Transaction, cluster: LockedCluster, now: Date): Promise<void> {
  const { orgId, id } = cluster;
  await tx.enrolment.updateMany({
    where: { orgId, clusterId: id, usedAt: null, revokedAt: null },
    data: { revokedAt: now },
  });
  await tx.agentKey.updateMany({
    where: { orgId, agent: { clusterId: id }, revokedAt: null },
    data: { revokedAt: now },
  });
  await tx.agent.updateMany({ where: { orgId, clusterId: id, revokedAt: null }, data: { revokedAt: now } });
}

async function issueEnrolment(
  tx: Transaction,
  principal: Principal,
  cluster: { id: string; slug: string },
  now: Date,
): Promise<EnrolmentIssued> {
  const orgId = principal.organization.id;
  const token = formatEnrolmentToken(orgId, new Uint8Array(randomBytes(32)));
  const expiresAt = new Date(now.getTime() + ENROLMENT_MS);
  await tx.enrolment.create({
    data: {
      orgId,
      clusterId: cluster.id,
      tokenHash: new Uint8Array(hashToken(token)),
      createdAt: now,
      createdBy: principal.person.id,
      expiresAt,
    },
  });
  const { origin, agentImage } = webEnvironment();
  const manifest = renderAgentManifest({ serverUrl: origin, token, image: agentImage, clusterName: cluster.slug });
  return {
    clusterId: cluster.id,
    slug: cluster.slug,
    token,
    expiresAt: expiresAt.toISOString(),
    command: renderApplyCommand(manifest),
    manifest,
  };
}

async function record(
  tx: Transaction,
  principal: Principal,
  action: AuditAction,
  cluster: { id: string; slug: string },
  now: Date,
  detail: Record<string, string> = {},
): Promise<void> {
  await writeAudit(tx, {
    orgId: principal.organization.id,
    at: now,
    actor: actorOf(principal),
    action,
    outcome: "done",
    object: { type: "cluster", id: cluster.id, name: cluster.slug },
    origin: principal.origin,
    requestId: principal.requestId,
    detail,
  });
}
