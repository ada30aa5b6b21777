/** The command with which an assessor sees a control's facts without Ringfence. */
import type { Control, VerifyCommand } from "@/lib/controls/types";
import { DEFAULT_SCOPE_SETTINGS, type Scope } from "@/lib/scope/types";

/** The command for a control as such, outside of any cluster: with the default scope labels. */
export function verifyOf(control: Pick<Control, "verify">): Omit<VerifyCommand, "needs"> & { needs: string[] } {
  const scope: Scope = {
    settings: DEFAULT_SCOPE_SETTINGS,
    declared: false,
    namespaces: [],
    workloads: [],
    categoryOf: () => "undeclared",
    inCategory: () => [],
    hasCde: false,
  };
  const { command, expect, needs } = control.verify({ scope });
  return { command, expect, needs: [...needs] };
}
