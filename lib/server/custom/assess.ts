/** An assessment with the organization's own controls: theirs are run first, in their thread, and then counted like all others. */
import { assess, type AssessOptions } from "@/lib/assessment/assess";
import type { Catalog } from "@/lib/assessment/catalog";
import type { Assessment } from "@/lib/assessment/types";
import { customControl } from "@/lib/controls/custom/control";
import type { Control } from "@/lib/controls/types";
import type { Inventory } from "@/lib/inventory/inventory";
import { classifyScope } from "@/lib/scope/classify";
import { DEFAULT_SCOPE_SETTINGS } from "@/lib/scope/types";
import { runCustomControls } from "./run";
import type { StoredRevision } from "./stored";

/** @param catalog the controls of the version, without custom ones */
export async function assessWithCustom(
  inventory: Inventory,
  catalog: Catalog,
  revisions: readonly StoredRevision[],
  options: Omit<AssessOptions, "controls" | "catalogVersion" | "scope">,
): Promise<{ assessment: Assessment; controls: readonly Control[] }> {
  const scope = classifyScope(inventory, options.scopeSettings ?? DEFAULT_SCOPE_SETTINGS);
  const context = { inventory, scope, asOf: options.asOf };
  const outcomes =
    revisions.length === 0
      ? []
      : await runCustomControls(
          revisions.map(({ definition }) => definition),
          context,
        );
  const controls = [
    ...catalog.controls,
    ...outcomes.map(({ definition, results }) => customControl(definition, () => results)),
  ];
  return { assessment: assess(inventory, { ...options, scope, controls, catalogVersion: catalog.version }), controls };
}
