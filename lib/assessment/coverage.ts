/** Which controls of this release are linked to which requirement, which deciding ones it lacks, and how far that covers it. */
import { CONTROLS } from "@/lib/controls";
import type { Control, LinkKind } from "@/lib/controls/types";
import { coverageOf as coverageOfLinks, getRequirement, type Requirement } from "@/lib/pci";
import type { Coverage } from "./types";

export interface ControlLink {
  control: Control;
  kind: LinkKind;
  rationale: string;
}

/** Requirement id → links, in the order of `controls`. */
export function linksByRequirement(controls: readonly Control[]): Map<string, ControlLink[]> {
  const links = new Map<string, ControlLink[]>();
  for (const control of controls) {
    for (const { requirement, kind, rationale } of control.requirements) {
      const list = links.get(requirement);
      const link = { control, kind, rationale };
      if (list === undefined) links.set(requirement, [link]);
      else list.push(link);
    }
  }
  return links;
}

const LINKS = linksByRequirement(CONTROLS);

/** The links of this release's controls to a requirement. */
export function linksOf(requirement: string): readonly ControlLink[] {
  return LINKS.get(requirement) ?? [];
}

/**
 * The controls that the catalogue names as deciding for a requirement and that are not among `existing`, in its order. One that
 * exists is not missing, however it is linked: about its own links the control's file is right.
 */
export function missingAmong(requirement: Requirement, existing: ReadonlySet<string>): string[] {
  return requirement.primaryControls.filter((control) => !existing.has(control));
}

const EXISTING: ReadonlySet<string> = new Set(CONTROLS.map((control) => control.id));

/** The deciding controls of a requirement that this release does not have. Throws RangeError for an unknown id. */
export function missingControlsOf(requirement: string): string[] {
  return missingAmong(getRequirement(requirement), EXISTING);
}

/** Coverage of a requirement with this release's controls (rule: lib/pci/coverage.ts). Throws RangeError for an unknown id. */
export function coverageOf(requirement: string, { isManaged = false }: { isManaged?: boolean } = {}): Coverage {
  return coverageOfLinks(getRequirement(requirement), {
    links: linksOf(requirement).map(({ control, kind }) => ({ control: control.id, kind })),
    isManaged,
  });
}
