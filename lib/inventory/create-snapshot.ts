/**
 * A snapshot from raw Kubernetes objects that lie in memory: manifests, a test's world, a small cluster.
 *
 * Every object goes through the redaction; one that isn't valid for its kind is named in `invalid` and left out. A file's pod without
 * containers is named there and kept: what it does show counts against it, never for it (assess.ts).
 */
import { PatternScanner } from "./pattern-scan";
import { projectObject } from "./redaction";
import { SECTIONS, sectionOfKind } from "./sections";
import {
  type ClusterFacts,
  type InvalidObject,
  type Provider,
  type Section,
  type SectionName,
  type SectionStatus,
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
} from "./snapshot";

export interface SnapshotInput {
  source: Snapshot["source"];
  provider: Provider;
  /** ISO 8601, UTC. */
  collectedAt: string;
  facts: ClusterFacts;
  /** Raw objects as kubectl prints them, each with the place that an error message names. */
  objects: readonly { object: unknown; where: string }[];
  /** Sections whose status isn't `complete`, or which are known to be complete without any object. */
  sections: { [K in SectionName]?: { status: SectionStatus; message?: string } };
  /** Objects that were already found invalid (a broken document of a manifest). */
  invalid?: readonly InvalidObject[];
  /** Raw objects of kinds that no section holds (a Secret in a file): looked through for patterns, and left behind. */
  scannedOnly?: readonly unknown[];
}

/**
 * Objects of kinds that no section holds are skipped. A section that is neither in `sections` nor has objects is left out,
 * which means `not-collected`. Objects of a section that isn't complete are kept: what was read is shown, never judged.
 */
export function createSnapshot(input: SnapshotInput): Snapshot {
  const invalid: InvalidObject[] = [...(input.invalid ?? [])];
  const byName = new Map<SectionName, Section>();
  const scanner = new PatternScanner();
  for (const { name } of SECTIONS) {
    const given = input.sections[name];
    if (given === undefined) continue;
    const section: Section = { name, status: given.status, objects: [] };
    if (given.message !== undefined) section.message = given.message;
    byName.set(name, section);
  }
  for (const { object, where } of input.objects) {
    const raw = object as { apiVersion?: unknown; kind?: unknown };
    const definition = sectionOfKind(String(raw?.apiVersion ?? ""), String(raw?.kind ?? ""));
    if (definition === undefined) continue;
    scanner.add(definition.name, object);
    const keepsIncomplete = input.source === "manifests";
    const { object: projected, problems } = projectObject(definition.name, object, where, { keepsIncomplete });
    if (projected === undefined) {
      invalid.push(...problems);
      continue;
    }
    invalid.push(
      ...problems.map((problem) => (definition.namespaced ? { namespace: "default", ...problem } : problem)),
    );
    // kubectl puts objects without a namespace into the context's, which is `default` unless somebody chose another.
    if (definition.namespaced) projected.metadata.namespace ??= "default";
    else delete projected.metadata.namespace;
    const section = byName.get(definition.name) ?? { name: definition.name, status: "complete", objects: [] };
    byName.set(definition.name, section);
    section.objects.push(projected as never);
  }
  for (const object of input.scannedOnly ?? []) scanner.add("", object);
  const sections: Record<string, Section> = {};
  for (const { name } of SECTIONS) {
    const section = byName.get(name);
    if (section === undefined) continue;
    scanner.end(name, section.status);
    section.objects.sort(byNamespaceAndName);
    sections[name] = section;
  }
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    source: input.source,
    provider: input.provider,
    collectedAt: input.collectedAt,
    facts: { patternScan: scanner.result(), ...input.facts },
    sections: sections as Snapshot["sections"],
    invalid,
  };
}

interface Named {
  metadata: { name: string; namespace?: string };
}
/** Order of a section's objects: namespace, then name, by code unit, as the API lists them. */
export function byNamespaceAndName(a: Named, b: Named): number {
  const x = a.metadata.namespace ?? "";
  const y = b.metadata.namespace ?? "";
  if (x !== y) return x < y ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;
}
