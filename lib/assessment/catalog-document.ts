/**
 * The catalogue of a version as data: what every control of it judged, how it decided and what it counted toward. Stored when
 * a release is first seen, so that a scan keeps its meaning when later releases say something else.
 */
import { CATALOG_VERSION } from "./catalog-version";
import { CONTROLS } from "@/lib/controls";
import type { Control, ControlRule, LinkKind, RequirementLink, Severity } from "@/lib/controls/types";
import type { SectionName } from "@/lib/inventory/snapshot";

export interface CatalogControl {
  id: string;
  title: string;
  /** Counts up when what the control decides changes. */
  revision: number;
  severity: Severity;
  judges: Control["judges"];
  sections: SectionName[];
  rule: ControlRule;
  requirements: RequirementLink[];
  staleAfterHours: number | null;
}
export interface CatalogDocument {
  format: 1;
  version: string;
  /** In the catalogue's order. */
  controls: CatalogControl[];
}

/** The document of this release's controls. The same controls give the same bytes. */
export function catalogDocumentOf(
  controls: readonly Control[] = CONTROLS,
  version: string = CATALOG_VERSION,
): CatalogDocument {
  return { format: 1, version, controls: controls.map(entryOf) };
}

function entryOf(control: Control): CatalogControl {
  const { id, title, severity, judges, sections, rule } = control;
  const { reads, pass, fail, unknown, notApplicable, why, cannotSee } = rule;
  return {
    id,
    title,
    revision: revisionOf(control),
    severity,
    judges,
    sections: [...sections],
    rule: { reads, pass, fail, unknown, notApplicable, why, cannotSee },
    requirements: control.requirements.map(({ requirement, kind, rationale }) => ({ requirement, kind, rationale })),
    staleAfterHours: control.staleAfterHours ?? null,
  };
}

/** A control's revision; 1 unless it says another. */
export function revisionOf(control: Pick<Control, "revision">): number {
  return control.revision ?? 1;
}

/** How one control differs between two versions; only what differs is there. */
export interface ControlChange {
  id: string;
  title: string;
  /** It decides differently. */
  revision?: { from: number; to: number };
  /** Parts of the rule that are worded differently. */
  words?: (keyof ControlRule | "title")[];
  severity?: { from: Severity; to: Severity };
  /** Links that came (`from` null), went (`to` null), changed their kind, or only their rationale (`from` equals `to`). */
  links?: { requirement: string; from: LinkKind | null; to: LinkKind | null }[];
}
export interface CatalogChanges {
  from: string;
  to: string;
  added: { id: string; title: string; severity: Severity; requirements: string[] }[];
  removed: { id: string; title: string; severity: Severity; requirements: string[] }[];
  changed: ControlChange[];
}

/** What changes from one version to another, in the order of the new one; what was removed in that of the old one. */
export function compareCatalogs(before: CatalogDocument, after: CatalogDocument): CatalogChanges {
  const old = new Map(before.controls.map((control) => [control.id, control]));
  const kept = new Set(after.controls.map(({ id }) => id));
  return {
    from: before.version,
    to: after.version,
    added: after.controls.filter(({ id }) => !old.has(id)).map(summaryOf),
    removed: before.controls.filter(({ id }) => !kept.has(id)).map(summaryOf),
    changed: after.controls.flatMap((control) => {
      const was = old.get(control.id);
      const change = was === undefined ? null : changeOf(was, control);
      return change === null ? [] : [change];
    }),
  };
}

/** True if nothing at all differs. */
export function isUnchanged({ added, removed, changed }: CatalogChanges): boolean {
  return added.length + removed.length + changed.length === 0;
}

function summaryOf({ id, title, severity, requirements }: CatalogControl) {
  return { id, title, severity, requirements: requirements.map(({ requirement }) => requirement) };
}

function changeOf(was: CatalogControl, is: CatalogControl): ControlChange | null {
  const { id, title } = is;
  const parts = Object.keys(is.rule) as (keyof ControlRule)[];
  const words: NonNullable<ControlChange["words"]> = parts.filter((part) => was.rule[part] !== is.rule[part]);
  if (was.title !== title) words.unshift("title");
  const links = linkChanges(was.requirements, is.requirements);
  const change: ControlChange = {
    id,
    title,
    ...(was.revision === is.revision ? {} : { revision: { from: was.revision, to: is.revision } }),
    ...(words.length === 0 ? {} : { words }),
    ...(was.severity === is.severity ? {} : { severity: { from: was.severity, to: is.severity } }),
    ...(links.length === 0 ? {} : { links }),
  };
  return Object.keys(change).length > 2 ? change : null;
}

function linkChanges(
  before: readonly RequirementLink[],
  after: readonly RequirementLink[],
): NonNullable<ControlChange["links"]> {
  const old = new Map(before.map((link) => [link.requirement, link]));
  const kept = new Set(after.map(({ requirement }) => requirement));
  const came = after.flatMap(({ requirement, kind, rationale }) => {
    const was = old.get(requirement);
    return was?.kind === kind && was.rationale === rationale
      ? []
      : [{ requirement, from: was?.kind ?? null, to: kind }];
  });
  const went = before
    .filter(({ requirement }) => !kept.has(requirement))
    .map(({ requirement, kind }) => ({ requirement, from: kind, to: null }));
  return [...came, ...went];
}
