/** Which controls of this release are linked to which requirement, and how far that covers it. */
import { CONTROLS } from "@/lib/controls";
import type { Control, LinkKind } from "@/lib/controls/types";
import { coverageOf as coverageOfLinks, getRequirement } from "@/lib/pci";
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

/** Coverage of a requirement with this release's controls (rule: lib/pci/coverage.ts). Throws RangeError for an unknown id. */
export function coverageOf(requirement: string, { isManaged = false }: { isManaged?: boolean } = {}): Coverage {
  return coverageOfLinks(getRequirement(requirement), {
    links: linksOf(requirement).map(({ control, kind }) => ({ control: control.id, kind })),
    isManaged,
  });
}
