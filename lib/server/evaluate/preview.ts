/** What the catalogue version of this release would say of a cluster's last scan, beside what is stored: for an officer who decides. */
import type { CatalogEffect } from "@/lib/api/catalog";
import type { Assessment, RequirementStatus } from "@/lib/assessment/types";
import type { ResultStatus } from "@/lib/controls/types";
import { createInventory } from "@/lib/inventory/create-inventory";
import { mergeImports, withImportedFacts } from "@/lib/inventory/imports";
import type { Provider } from "@/lib/inventory/snapshot";
import { findActiveVersion, findCatalog, registerCatalog } from "../catalog";
import { assessWithCustom } from "../custom/assess";
import { loadRevisions, revisionsOf } from "../custom/stored";
import type { Transaction } from "../db/client";
import { withOrganization } from "../db/organization";
import { scopeSettingsOf } from "./evaluate-scan";
import { importsOf, loadImports } from "./imports";
import { loadSnapshot } from "./load";

interface Stored {
  controls: Map<string, ResultStatus>;
  requirements: Map<string, RequirementStatus>;
  counts: CatalogEffect["results"]["from"];
}

/**
 * Evaluates the cluster's last scan, its documents and settings included, under `version` and stores where that differs.
 *
 * @returns true if it was stored; false if there is nothing to compare any more (another release, no scan, activated meanwhile)
 */
export async function previewCatalog(
  orgId: string,
  clusterId: string,
  version: string,
  now: Date = new Date(),
): Promise<boolean> {
  const shipped = await registerCatalog("worker");
  const options = { role: "worker" } as const;
  const read = await withOrganization(
    orgId,
    async (tx) => {
      const active = await findActiveVersion(tx, orgId);
      const catalog = await findCatalog(tx, version, shipped);
      if (active === null || active === version || catalog === null || version !== shipped) return null;
      const scan = await tx.scan.findFirst({
        where: { orgId, clusterId, state: "done", cluster: { deletedAt: null } },
        orderBy: { seq: "desc" },
      });
      if (scan === null) return null;
      const imports = await loadImports(tx, orgId, importsOf(scan.imports));
      const custom = await loadRevisions(tx, orgId, revisionsOf(scan.customControls));
      return { active, catalog, scan, imports, custom, stored: await readStored(tx, orgId, clusterId) };
    },
    options,
  );
  if (read === null) return false;
  const { active, catalog, scan, imports, custom, stored } = read;
  const provider = scan.provider as Provider;
  const snapshot = await loadSnapshot(orgId, scan.snapshotId, { ...options, provider });
  const { facts, registers } = mergeImports(imports);
  const inventory = createInventory(withImportedFacts(snapshot, facts));
  const { assessment } = await assessWithCustom(inventory, catalog, custom, {
    asOf: scan.asOf.toISOString(),
    scopeSettings: scopeSettingsOf(scan.scopeSettings),
    registers,
  });
  const effect = JSON.stringify(effectOf(stored, assessment));
  await withOrganization(
    orgId,
    (tx) => tx.$executeRaw`
      insert into catalog_preview (org_id, cluster_id, version, against, scan_seq, made_at, changes)
      values (${orgId}::uuid, ${clusterId}::uuid, ${version}, ${active}, ${scan.seq}::int, ${now}::timestamptz, ${effect}::jsonb)
      on conflict (org_id, cluster_id, version) do update set against = excluded.against, scan_seq = excluded.scan_seq,
        made_at = excluded.made_at, changes = excluded.changes`,
    options,
  );
  return true;
}

async function readStored(tx: Transaction, orgId: string, clusterId: string): Promise<Stored> {
  const isCurrent = { orgId, clusterId, toSeq: null };
  const controls = await tx.controlStatus.findMany({ where: isCurrent });
  const requirements = await tx.requirementStatus.findMany({
    where: isCurrent,
    select: { requirementId: true, status: true },
  });
  const sum = (key: "pass" | "fail" | "unknown" | "notApplicable") =>
    controls.reduce((total, row) => total + row[key], 0);
  return {
    controls: new Map(controls.map((row) => [row.controlId, row.status as ResultStatus])),
    requirements: new Map(requirements.map((row) => [row.requirementId, row.status as RequirementStatus])),
    counts: { pass: sum("pass"), fail: sum("fail"), unknown: sum("unknown"), notApplicable: sum("notApplicable") },
  };
}

function effectOf(stored: Stored, assessment: Assessment): CatalogEffect {
  const to = { pass: 0, fail: 0, unknown: 0, notApplicable: 0 };
  for (const { counts } of assessment.controls) {
    to.pass += counts.pass;
    to.fail += counts.fail;
    to.unknown += counts.unknown;
    to.notApplicable += counts["not-applicable"];
  }
  const kept = new Set(assessment.controls.map(({ control }) => control));
  const gone = [...stored.controls].filter(([id]) => !kept.has(id));
  const controls = [
    ...assessment.controls.map(({ control: id, status }) => ({
      id,
      from: stored.controls.get(id) ?? null,
      to: status,
    })),
    ...gone.map(([id, from]) => ({ id, from, to: null })),
  ];
  const requirements = assessment.requirements.map(({ requirement: id, status }) => ({
    id,
    from: stored.requirements.get(id) ?? ("not-assessed" as const),
    to: status,
  }));
  return {
    controls: controls.filter((change) => change.from !== change.to),
    requirements: requirements.filter((change) => change.from !== change.to),
    results: { from: stored.counts, to },
  };
}
