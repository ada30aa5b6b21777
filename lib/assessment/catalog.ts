/**
 * The catalogue that an organization works with: the controls, severities and links of its active version, decided by the code
 * of this release.
 *
 * - A control of this release that the version doesn't have is left out: it does not run and counts toward nothing.
 * - A control whose revision differs runs with this release's code, because there is no other, and is named in `decidedAnew`.
 * - A control of the version that this release has no code for answers `unknown`: nobody asked, so it can't have passed.
 */
import { CONTROLS } from "@/lib/controls";
import { isCustomControlId } from "@/lib/controls/custom/control";
import { CLUSTER_REF, type Control } from "@/lib/controls/types";
import { type CoverageWithReason, explainCoverage, type Requirement } from "@/lib/pci";
import { type CatalogControl, type CatalogDocument, revisionOf } from "./catalog-document";
import { CATALOG_VERSION } from "./catalog-version";
import { type ControlLink, linksByRequirement, missingAmong } from "./coverage";

export interface Catalog {
  version: string;
  controls: readonly Control[];
  /** Controls that decide otherwise than the version's document says, because their code is newer (or older). */
  decidedAnew: readonly string[];
  /** Controls that this release has no code for. */
  retired: readonly string[];
  find(id: string): Control | null;
  /** Links to a requirement, in the catalogue's order. */
  linksOf(requirement: string): readonly ControlLink[];
  /** Deciding controls of a requirement that the version doesn't have. */
  missingOf(requirement: Requirement): string[];
  /** How far its controls cover a requirement, and why (rule: lib/pci/coverage.ts). */
  explainCoverage(requirement: Requirement, options?: { isManaged?: boolean }): CoverageWithReason;
  /** Controls linked to a requirement or to anything below it; `deciding` leaves out links that only inform. */
  controlsOf(requirement: string, links: "all" | "deciding"): Control[];
}

/** The catalogue of these controls, as they are. */
export function catalogOf(controls: readonly Control[] = CONTROLS, version: string = CATALOG_VERSION): Catalog {
  return build(version, controls, [], []);
}

/** A catalogue with the organization's own controls behind its own. */
export function withCustomControls(catalog: Catalog, custom: readonly Control[]): Catalog {
  if (custom.length === 0) return catalog;
  const { version, controls, decidedAnew, retired } = catalog;
  return build(version, [...controls, ...custom], decidedAnew, retired);
}

/** The catalogue of a stored version with the code of `shipped`. */
export function catalogOfDocument(document: CatalogDocument, shipped: readonly Control[] = CONTROLS): Catalog {
  const code = new Map(shipped.map((control) => [control.id, control]));
  const decidedAnew: string[] = [];
  const retired: string[] = [];
  const controls = document.controls.map((entry) => {
    const control = code.get(entry.id);
    if (control === undefined) {
      retired.push(entry.id);
      return retiredControl(entry);
    }
    if (revisionOf(control) !== entry.revision) decidedAnew.push(entry.id);
    return asIn(entry, control);
  });
  return build(document.version, controls, decidedAnew, retired);
}

function build(
  version: string,
  controls: readonly Control[],
  decidedAnew: readonly string[],
  retired: readonly string[],
): Catalog {
  const byId = new Map(controls.map((control) => [control.id, control]));
  const ids = new Set(byId.keys());
  const links = linksByRequirement(controls);
  const linksOf = (requirement: string) => links.get(requirement) ?? [];
  return {
    version,
    controls,
    decidedAnew,
    retired,
    find: (id) => byId.get(id) ?? null,
    linksOf,
    missingOf: (requirement) => missingAmong(requirement, ids),
    explainCoverage: (requirement, { isManaged = false } = {}) =>
      explainCoverage(requirement, {
        links: linksOf(requirement.id)
          .filter(({ control }) => !isCustomControlId(control.id))
          .map(({ control, kind }) => ({ control: control.id, kind })),
        isManaged,
      }),
    controlsOf: (id, wanted) =>
      controls.filter((control) =>
        control.requirements.some(
          ({ requirement, kind }) =>
            (requirement === id || requirement.startsWith(`${id}.`)) && (wanted === "all" || kind !== "supporting"),
        ),
      ),
  };
}

/** The control as the version names, words, rates and links it. The sections are the code's: they guard what it reads. */
function asIn(entry: CatalogControl, control: Control): Control {
  const { title, severity, rule, requirements, staleAfterHours } = entry;
  const { staleAfterHours: _, ...rest } = control;
  return { ...rest, title, severity, rule, requirements, ...(staleAfterHours === null ? {} : { staleAfterHours }) };
}

function retiredControl(entry: CatalogControl): Control {
  const { id, title, severity, judges, rule, requirements } = entry;
  const reason = "this release has no code for the control";
  return {
    id,
    title,
    severity,
    judges,
    // It reads nothing, so nothing can be missing.
    sections: [],
    rule,
    requirements,
    revision: entry.revision,
    evaluate: () => [
      {
        status: "unknown",
        object: CLUSTER_REF,
        reason,
        detail: `The active catalogue version has the control ${id}, and this release can't ask it. It becomes known with a version that has another control in its place: see what changed, and activate it.`,
        evidence: [],
      },
    ],
    verify: () => ({
      command: `echo "${id} can't be asked by this release"`,
      expect: "Nothing: this release has no code for the control.",
      needs: [],
    }),
    remediate: () => ({ summary: `Activate a catalogue version without ${id}.`, risk: "None for the cluster." }),
  };
}
