/** Every control that this release evaluates, in catalogue order. Explicit, because a check nobody calls finds nothing. */
import type { Control } from "./types";

export const CONTROLS: readonly Control[] = [];

const BY_ID = new Map(CONTROLS.map((control) => [control.id, control]));

/** The control of that id, or null when this release has none. */
export function findControl(id: string): Control | null {
  return BY_ID.get(id) ?? null;
}
