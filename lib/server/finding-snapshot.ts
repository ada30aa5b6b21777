/** What the stored snapshot adds to a finding: the redacted object, the command to verify and the repair. */
import type { FindingDetail } from "@/lib/api/assessment";
import type { Control, Result } from "@/lib/controls/types";
import { createInventory } from "@/lib/inventory/create-inventory";
import { type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import { sectionOfKind } from "@/lib/inventory/sections";
import type { Provider, Snapshot } from "@/lib/inventory/snapshot";
import { classifyScope } from "@/lib/scope/classify";
import { withOrganization } from "./db/organization";
import { scopeSettingsOf } from "./evaluate/evaluate-scan";
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
      select: { snapshotId: true, provider: true, scopeSettings: true, asOf: true },
    }),
  );
  if (scan === null) return null;
  try {
    const snapshot = await loadSnapshot(orgId, scan.snapshotId, { role: "web", provider: scan.provider as Provider });
    const inventory = createInventory(snapshot);
    const scope = classifyScope(inventory, scopeSettingsOf(scan.scopeSettings));
    const context = { inventory, scope, asOf: scan.asOf.toISOString() };
    const { command, expect, needs } = control.verify({ scope }, result);
    return {
      verify: { command, expect, needs: [...needs] },
      remediation: isOpen ? control.remediate(context, result) : null,
      rawObject: rawObjectOf(snapshot, result.object),
    };
  } catch (error) {
    // The finding is still true; only its illustration is missing.
    console.error(
      JSON.stringify({ clusterId, control: control.id, cause: error instanceof Error ? error.stack : String(error) }),
    );
    return null;
  }
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
