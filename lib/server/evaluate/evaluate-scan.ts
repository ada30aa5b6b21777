/** One scan from queue to stored results. Idempotent: a second run of a finished scan does nothing. */
import type { Catalog } from "@/lib/assessment/catalog";
import { createInventory } from "@/lib/inventory/create-inventory";
import { mergeImports, withImportedFacts } from "@/lib/inventory/imports";
import type { Provider } from "@/lib/inventory/snapshot";
import { DEFAULT_SCOPE_SETTINGS, type ScopeSettings } from "@/lib/scope/types";
import { WORKER, writeAudit } from "../audit";
import { findCatalog, readActiveVersion, registerCatalog } from "../catalog";
import { assessWithCustom } from "../custom/assess";
import {
  CustomControlsDamaged,
  type EvaluatedRevision,
  loadRevisions,
  namesOf,
  readCurrentRevisions,
  revisionsOf,
  type StoredRevision,
} from "../custom/stored";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { ImportsDamaged, importsOf, loadImports, readCurrentImports, type StoredImport } from "./imports";
import { loadSnapshot, SnapshotDamaged } from "./load";
import { type ScanIdentity, storeEvaluation } from "./store";

/** Milliseconds between two notes of progress, so that it costs a handful of small updates. */
const PROGRESS_MS = 300;

interface StartedScan {
  snapshotId: string;
  provider: Provider;
  scopeSettings: ScopeSettings;
  asOf: Date;
  catalog: Catalog;
  imports: StoredImport[];
  customControls: StoredRevision[];
}

/**
 * Evaluates a scan.
 *
 * @param isLastAttempt then a fault ends the scan as failed, with its reason, instead of being thrown for another attempt
 * @throws whatever went wrong, while there are attempts left
 */
export async function evaluateScan(
  scan: ScanIdentity,
  options: { isLastAttempt: boolean; now?: () => Date },
): Promise<"stored" | "already-done" | "failed"> {
  const now = options.now ?? (() => new Date());
  try {
    const started = await startScan(scan, now());
    if (started === null) return "already-done";
    const snapshot = await loadSnapshot(scan.orgId, started.snapshotId, {
      role: "worker",
      provider: started.provider,
      onProgress: progressOf(scan, now),
    });
    const { facts, registers } = mergeImports(started.imports);
    const inventory = createInventory(withImportedFacts(snapshot, facts));
    const { assessment, controls } = await assessWithCustom(inventory, started.catalog, started.customControls, {
      asOf: started.asOf.toISOString(),
      scopeSettings: started.scopeSettings,
      registers,
    });
    return await storeEvaluation(scan, { inventory, assessment, controls }, now);
  } catch (error) {
    const isHopeless =
      error instanceof SnapshotDamaged || error instanceof ImportsDamaged || error instanceof CustomControlsDamaged;
    if (!options.isLastAttempt && !isHopeless) throw error;
    console.error(
      JSON.stringify({ scan, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
    await failScan(
      scan,
      isHopeless ? error.message : "The evaluation failed repeatedly. The server's log says more.",
      now(),
    );
    return "failed";
  }
}

/** Scope settings as stored with the scan; a field that an older release didn't know has its default. */
export function scopeSettingsOf(stored: unknown): ScopeSettings {
  return stored === null || typeof stored !== "object"
    ? DEFAULT_SCOPE_SETTINGS
    : { ...DEFAULT_SCOPE_SETTINGS, ...stored };
}

/**
 * Marks the scan as under way and settles what it is evaluated with: the catalogue, the custom controls and the documents that
 * are current when it first starts. A later attempt, after whatever change, takes the same.
 */
async function startScan(scan: ScanIdentity, now: Date): Promise<StartedScan | null> {
  const { orgId, clusterId, seq } = scan;
  const shipped = await registerCatalog("worker");
  return withOrganization(
    orgId,
    async (tx) => {
      const rows = await tx.$queryRaw<
        {
          snapshot_id: string;
          provider: Provider;
          scope_settings: unknown;
          as_of: Date;
          imports: unknown;
          custom_controls: unknown;
          catalog_version: string | null;
        }[]
      >`
        update scan set state = 'evaluating', attempts = attempts + 1, progress_done = 0,
          started_at = coalesce(started_at, ${now}::timestamptz)
        where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and seq = ${seq}::int
          and state in ('queued', 'evaluating')
        returning snapshot_id, provider, scope_settings, as_of, imports, custom_controls, catalog_version`;
      const row = rows[0];
      if (row === undefined) return null;
      const settled = row.catalog_version === null ? null : await findCatalog(tx, row.catalog_version, shipped);
      const catalog = settled ?? (await readActiveVersion(tx, orgId, shipped));
      const named = row.imports === null ? await readCurrentImports(tx, orgId, clusterId) : importsOf(row.imports);
      const customControls =
        row.custom_controls === null
          ? await readCurrentRevisions(tx, orgId)
          : await loadRevisions(tx, orgId, revisionsOf(row.custom_controls));
      await settle(tx, scan, {
        version: catalog.version,
        codeVersion: shipped,
        imports: named,
        customControls: namesOf(customControls),
      });
      return {
        snapshotId: row.snapshot_id,
        provider: row.provider,
        scopeSettings: scopeSettingsOf(row.scope_settings),
        asOf: row.as_of,
        catalog,
        imports: await loadImports(tx, orgId, named),
        customControls,
      };
    },
    { role: "worker" },
  );
}

async function settle(
  tx: Transaction,
  { orgId, clusterId, seq }: ScanIdentity,
  what: { version: string; codeVersion: string; imports: unknown; customControls: EvaluatedRevision[] },
): Promise<void> {
  await tx.$executeRaw`
    update scan set catalog_version = ${what.version}, code_version = ${what.codeVersion},
      imports = ${JSON.stringify(what.imports)}::jsonb,
      custom_controls = ${JSON.stringify(what.customControls)}::jsonb
    where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and seq = ${seq}::int`;
}

function progressOf({ orgId, clusterId, seq }: ScanIdentity, now: () => Date): (objects: number) => Promise<void> {
  let lastMs = now().getTime();
  return async (objects) => {
    if (now().getTime() - lastMs < PROGRESS_MS) return;
    lastMs = now().getTime();
    await withOrganization(
      orgId,
      (tx) => tx.$executeRaw`
        update scan set progress_done = ${objects}::int
        where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and seq = ${seq}::int and state = 'evaluating'`,
      { role: "worker" },
    );
  };
}

/** Ends a scan as failed, unless it is done by now. */
export async function failScan(scan: ScanIdentity, reason: string, now: Date): Promise<boolean> {
  const { orgId, clusterId, seq } = scan;
  return withOrganization(
    orgId,
    async (tx) => {
      const failed = await tx.$executeRaw`
        update scan set state = 'failed', error = ${reason}, evaluated_at = ${now}::timestamptz
        where org_id = ${orgId}::uuid and cluster_id = ${clusterId}::uuid and seq = ${seq}::int
          and state in ('queued', 'evaluating')`;
      if (failed === 0) return false;
      await writeAudit(tx, {
        orgId,
        at: now,
        actor: WORKER,
        action: "scan:fail",
        outcome: "failed",
        object: { type: "scan", id: `${clusterId}/${seq}`, name: `#${seq}` },
        detail: { reason },
      });
      return true;
    },
    { role: "worker" },
  );
}
