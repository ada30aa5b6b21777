/**
 * An organization's own controls: listing, saving a revision, withdrawing.
 *
 * A revision never changes. Saving or withdrawing has every cluster evaluated again over the snapshot that it has, so that results
 * follow within seconds; scans keep the revisions that they ran with.
 */
import type {
  CustomControlChoices,
  CustomControlDetail,
  CustomControlSaved,
  CustomControlsPage,
  CustomDefinition,
  DefinitionProblem,
} from "@/lib/api/custom-controls";
import { checkCustomControl } from "@/lib/controls/custom/check";
import { definitionText } from "@/lib/controls/custom/definition-text";
import { CUSTOM_LIMITS } from "@/lib/controls/custom/types";
import { RingfenceError } from "@/lib/errors";
import { SECTIONS } from "@/lib/inventory/sections";
import { findSecretIn } from "@/lib/inventory/secret-net";
import { type AuditAction, writeAudit } from "./audit";
import { definitionOf, digestOfDefinition, revisionOf } from "./custom/stored";
import type { Transaction } from "./db/client";
import type { CustomControl } from "./db/generated/client";
import { withOrganization } from "./db/organization";
import { enqueueEvaluationAgain } from "./evaluate/again";
import { actorOf, allows, allowsSomewhere, type Principal, requirePermission, requireProjectsWith } from "./principal";

/**
 * Every control with its newest revision, withdrawn ones last.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listCustomControls(principal: Principal): Promise<CustomControlsPage> {
  requireProjectsWith(principal, "control:read");
  const orgId = principal.organization.id;
  const rows = await withOrganization(orgId, (tx) =>
    tx.customControl.findMany({ where: { orgId }, orderBy: [{ id: "asc" }, { revision: "desc" }], distinct: ["id"] }),
  );
  const items = rows.map((row) => {
    const { id, definition } = revisionOf(row);
    const { title, severity, kinds, requirements } = definition;
    return {
      ...headOf(row),
      id,
      title,
      severity,
      kinds: [...kinds],
      requirements: requirements.map(({ requirement }) => requirement),
    };
  });
  return {
    items: [...items.filter((item) => item.withdrawn === null), ...items.filter((item) => item.withdrawn !== null)],
    limit: CUSTOM_LIMITS.controlsOfOrganization,
    ...rightsOf(principal),
  };
}

/**
 * One control with all of its revisions, the newest first.
 *
 * @throws RingfenceError `not-found`, `forbidden`
 */
export async function getCustomControl(principal: Principal, id: string): Promise<CustomControlDetail> {
  requireProjectsWith(principal, "control:read");
  const orgId = principal.organization.id;
  const rows = await withOrganization(orgId, (tx) =>
    tx.customControl.findMany({ where: { orgId, id }, orderBy: { revision: "desc" } }),
  );
  if (rows.length === 0) throw new RingfenceError("not-found", "There is no such control.");
  return {
    id,
    revisions: rows.map((row) => ({ ...headOf(row), definition: plainOf(row) })),
    ...rightsOf(principal),
  };
}

/**
 * What an editor offers: the kinds that a snapshot holds, and the clusters that a draft can be tried on.
 *
 * @throws RingfenceError `forbidden`
 */
export async function getCustomControlChoices(principal: Principal): Promise<CustomControlChoices> {
  requireProjectsWith(principal, "control:read");
  const orgId = principal.organization.id;
  const rows = await withOrganization(orgId, (tx) =>
    tx.cluster.findMany({
      where: { orgId, deletedAt: null, rollup: { isNot: null } },
      select: { slug: true, name: true, projectId: true },
      orderBy: { slug: "asc" },
    }),
  );
  return {
    kinds: SECTIONS.flatMap(({ name, sources: [source] }) =>
      source === undefined
        ? []
        : [
            {
              section: name,
              kind: source.kind,
              apiVersion: source.group === "" ? "v1" : `${source.group}/${source.version}`,
            },
          ],
    ).sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)),
    clusters: rows
      .filter(({ projectId }) => allows(principal, "customControl:try", projectId))
      .map(({ slug, name }) => ({ slug, name })),
  };
}

/**
 * What a page needs to write a control.
 *
 * @throws RingfenceError `forbidden`
 */
export async function openCustomControlEditor(
  principal: Principal,
): Promise<{ choices: CustomControlChoices; mayWrite: boolean }> {
  requireProjectsWith(principal, "customControl:try");
  return { choices: await getCustomControlChoices(principal), mayWrite: rightsOf(principal).mayWrite };
}

/** Everything that is wrong with a definition; nothing of it is evaluated. */
export async function checkCustomDefinition(
  principal: Principal,
  definition: CustomDefinition,
): Promise<{ problems: DefinitionProblem[] }> {
  requireProjectsWith(principal, "customControl:try");
  return { problems: problemsOf(definition) };
}

/** The problems of a definition, as the engine and the secret net say them. */
export function problemsOf(definition: CustomDefinition): DefinitionProblem[] {
  const own = definitionOf(definition, 1);
  const { problems } = checkCustomControl(own);
  const secret = findSecretIn(JSON.parse(definitionText(own)));
  const found =
    secret === null
      ? []
      : [{ where: secret.where, problem: `holds what looks like a ${secret.kind.replaceAll("-", " ")}` }];
  return [...problems, ...found];
}

/**
 * Saves a definition as a control's first or next revision; every cluster is evaluated again with it.
 *
 * @throws RingfenceError `forbidden`; `invalid-input` with the place of each problem; `conflict` if somebody saved another revision
 *   since, the id is taken, nothing would change, or there are too many
 */
export async function saveCustomControl(
  principal: Principal,
  { definition, basedOn }: { definition: CustomDefinition; basedOn: number | null },
  now: Date = new Date(),
): Promise<CustomControlSaved> {
  requirePermission(principal, "customControl:write");
  const problems = problemsOf(definition);
  if (problems.length > 0) {
    throw new RingfenceError("invalid-input", "The control can't be saved as it is.", {
      details: problems.map(({ where, problem }) => ({ where, message: problem })),
    });
  }
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`custom-control ${orgId}`}, 0))`;
    const { id } = definition;
    const last = await tx.customControl.findFirst({ where: { orgId, id }, orderBy: { revision: "desc" } });
    await assertSaves(tx, orgId, last, basedOn);
    const revision = (last?.revision ?? 0) + 1;
    const own = definitionOf(definition, revision);
    const digest = digestOfDefinition(own);
    if (last !== null && last.withdrawnAt === null && Buffer.from(last.digest).toString("hex") === digest)
      throw new RingfenceError("conflict", `This is what revision ${last.revision} says already.`);
    await tx.customControl.create({
      data: {
        orgId,
        id,
        revision,
        definition: JSON.parse(definitionText(own)) as object,
        digest: new Uint8Array(Buffer.from(digest, "hex")),
        createdAt: now,
        createdBy: principal.person.id,
        createdByName: principal.person.name,
      },
    });
    await record(tx, principal, "custom-control:save", definition, { revision, digest }, now);
    return { id, revision, digest, clusters: await enqueueEvaluationAgain(tx, orgId, null) };
  });
}

async function assertSaves(
  tx: Transaction,
  orgId: string,
  last: CustomControl | null,
  basedOn: number | null,
): Promise<void> {
  if (last !== null && basedOn === null && last.withdrawnAt === null)
    throw new RingfenceError("conflict", `There is a control ${last.id} already. Open it to save another revision.`);
  if (basedOn !== null && last?.revision !== basedOn)
    throw new RingfenceError(
      "conflict",
      "Somebody saved another revision meanwhile. Load it and make the change again.",
    );
  if (last !== null && last.withdrawnAt === null) return;
  const current = await tx.$queryRaw<{ count: number }[]>`
    select count(*)::int as count from (
      select distinct on (id) withdrawn_at from custom_control where org_id = ${orgId}::uuid order by id, revision desc) newest
    where withdrawn_at is null`;
  if ((current[0]?.count ?? 0) >= CUSTOM_LIMITS.controlsOfOrganization) {
    const message = `There are ${CUSTOM_LIMITS.controlsOfOrganization} controls already. Withdraw one first.`;
    throw new RingfenceError("conflict", message);
  }
}

/**
 * Ends a control: it runs no more and counts toward nothing, and its findings are resolved by the next scan. Scans that ran it keep
 * what it said.
 *
 * @throws RingfenceError `not-found`, `forbidden`, `gone` if it has been withdrawn already
 */
export async function withdrawCustomControl(
  principal: Principal,
  id: string,
  now: Date = new Date(),
): Promise<{ withdrawnAt: string; clusters: number }> {
  requirePermission(principal, "customControl:write");
  const orgId = principal.organization.id;
  return withOrganization(orgId, async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtextextended(${`custom-control ${orgId}`}, 0))`;
    const last = await tx.customControl.findFirst({ where: { orgId, id }, orderBy: { revision: "desc" } });
    if (last === null) throw new RingfenceError("not-found", "There is no such control.");
    if (last.withdrawnAt !== null) throw new RingfenceError("gone", "This control has been withdrawn already.");
    await tx.customControl.update({
      where: { orgId_id_revision: { orgId, id, revision: last.revision } },
      data: { withdrawnAt: now, withdrawnBy: principal.person.id, withdrawnByName: principal.person.name },
    });
    await record(tx, principal, "custom-control:withdraw", plainOf(last), { revision: last.revision }, now);
    return { withdrawnAt: now.toISOString(), clusters: await enqueueEvaluationAgain(tx, orgId, null) };
  });
}

function plainOf(row: CustomControl): CustomDefinition {
  return JSON.parse(definitionText(revisionOf(row).definition)) as CustomDefinition;
}

function headOf(row: CustomControl) {
  return {
    revision: row.revision,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdByName,
    digest: Buffer.from(row.digest).toString("hex"),
    withdrawn:
      row.withdrawnAt === null ? null : { at: row.withdrawnAt.toISOString(), by: row.withdrawnByName ?? "somebody" },
  };
}

function rightsOf(principal: Principal): { mayWrite: boolean; mayTry: boolean } {
  return {
    mayWrite: allows(principal, "customControl:write"),
    mayTry: allowsSomewhere(principal, "customControl:try"),
  };
}

async function record(
  tx: Transaction,
  principal: Principal,
  action: AuditAction,
  { id, title }: { id: string; title: string },
  detail: Record<string, string | number>,
  now: Date,
): Promise<void> {
  await writeAudit(tx, {
    orgId: principal.organization.id,
    at: now,
    actor: actorOf(principal),
    action,
    outcome: "done",
    object: { type: "control", id: null, name: id },
    origin: principal.origin,
    requestId: principal.requestId,
    detail: { title, ...detail },
  });
}
