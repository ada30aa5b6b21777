/** What the stored snapshot adds to a finding: the redacted object, the command to verify and the repair. */
import type { FindingDetail } from "@/lib/api/assessment";
import type { Control, Result } from "@/lib/controls/types";
import { createInventory } from "@/lib/inventory/create-inventory";
import { mergeImports, type MergedImports, withImportedFacts } from "@/lib/inventory/imports";
import { type Inventory, type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import { sectionOfKind } from "@/lib/inventory/sections";
import type { Provider, Snapshot } from "@/lib/inventory/snapshot";
import { classifyScope } from "@/lib/scope/classify";
import { withOrganization } from "./db/organization";
import { scopeSettingsOf } from "./evaluate/evaluate-scan";
import { type EvaluatedImport, importsOf, loadImports } from "./evaluate/imports";
import { loadSnapshot } from "./evaluate/load";

/**
 * Describes a failing result by the cluster's last evaluated snapshot; null if it can't be read (then the page shows what the
 * finding itself holds).
 *
 * @param isOpen a resolved finding has nothing left to repair
 */
export async function describeFinding(
  orgId: string,
  clusterId: string,
  control: Control,
  result: Result,
  isOpen: boolean,
): Promise<Pick<FindingDetail, "verify" | "remediation" | "rawObject"> | null> {
  const scan = await withOrganization(orgId, (tx) =>
    tx.scan.findFirst({
      where: { orgId, clusterId, state: "done" },
      orderBy: { seq: "desc" },
      select: { snapshotId: true, provider: true, scopeSettings: true, asOf: true, imports: true },
    }),
  );
  if (scan === null) return null;
  try {
    const named = importsOf(scan.imports);
    const { inventory, registers } = await recentWorld(orgId, scan.snapshotId, scan.provider as Provider, named);
    const scope = classifyScope(inventory, scopeSettingsOf(scan.scopeSettings));
    const context = { inventory, scope, asOf: scan.asOf.toISOString(), registers };
    const { command, expect, needs } = control.verify({ scope }, result);
    return {
      verify: { command, expect, needs: [...needs] },
      remediation: isOpen ? control.remediate(context, result) : null,
      rawObject: rawObjectOf(inventory.snapshot, result.object),
    };
  } catch (error) {
    // The finding is still true; only its illustration is missing.
    console.error(
      JSON.stringify({ clusterId, control: control.id, cause: error instanceof Error ? error.stack : String(error) }),
    );
    return null;
  }
}

const KEEP_MS = 60_000;
interface World {
  inventory: Inventory;
  registers: MergedImports["registers"];
}
let recent: { key: string; world: Promise<World>; timer: NodeJS.Timeout } | undefined;

/**
 * What a scan was evaluated with; the last one stays for a minute, because whoever reads one finding of a cluster reads the
 * next one too. One only: that of 5,000 pods takes half a second to decode, and tens of megabytes to keep.
 */
function recentWorld(
  orgId: string,
  snapshotId: string,
  provider: Provider,
  named: readonly EvaluatedImport[],
): Promise<World> {
  const key = [orgId, snapshotId, provider, ...named.map(({ id }) => id)].join(" ");
  if (recent?.key === key) return recent.world;
  if (recent !== undefined) clearTimeout(recent.timer);
  const world = readWorld(orgId, snapshotId, provider, named);
  const forget = () => {
    if (recent?.world === world) recent = undefined;
  };
  const timer = setTimeout(forget, KEEP_MS);
  timer.unref();
  recent = { key, world, timer };
  world.catch(forget);
  return world;
}

async function readWorld(
  orgId: string,
  snapshotId: string,
  provider: Provider,
  named: readonly EvaluatedImport[],
): Promise<World> {
  const { facts, registers } = mergeImports(await withOrganization(orgId, (tx) => loadImports(tx, orgId, named)));
  const snapshot = await loadSnapshot(orgId, snapshotId, { role: "web", provider });
  return { inventory: createInventory(withImportedFacts(snapshot, facts)), registers };
}

/** The object as it was collected, pretty-printed; null if it is gone. */
export function rawObjectOf(snapshot: Snapshot, ref: ResourceRef): string | null {
  const section = sectionOfKind(ref.apiVersion, ref.kind);
  if (section === undefined) return null;
  const key = refKey(ref);
  const objects: readonly { apiVersion: string; kind: string; metadata: { name: string } }[] =
    snapshot.sections[section.name]?.objects ?? [];
  const object = objects.find((each) => refKey(refOf(each)) === key);
  return object === undefined ? null : JSON.stringify(object, null, 2);
}
