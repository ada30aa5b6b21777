/**
 * The hits of the pattern scan as controls read them: led to the root owner, without those that a named person found to be
 * nothing, and with what was not looked through.
 *
 * A part that nobody looked through is never clean: its objects are `unknown`, whatever the rest says.
 */
import { type ResourceRef, refKey, refOf } from "@/lib/inventory/inventory";
import {
  isCardRule,
  isTruncated,
  type PatternHit,
  type PatternRule,
  type PatternScan,
} from "@/lib/inventory/pattern-scan";
import { isApprovedAt } from "@/lib/inventory/registers";
import { SECTIONS, sectionOfKind } from "@/lib/inventory/sections";
import type { SectionName } from "@/lib/inventory/snapshot";
import { clusterResult } from "./population";
import type { EvaluationContext, EvidencePointer, Result } from "./types";

export interface FoundHit {
  hit: PatternHit;
  /** Where the hit stands. */
  ref: ResourceRef;
  /** The object that a person would change: the root owner of a pod. */
  owner: ResourceRef;
  /** Who found it to be nothing, and why; absent while it is open. */
  closed?: string;
}

export interface FoundHits {
  scan: PatternScan;
  hits: FoundHit[];
  /** Hits were left out of the list, so an object without one may have one. */
  isTruncated: boolean;
}

/** The hits of one family, or the `unknown` that says why nothing is known. */
export function findHits(context: EvaluationContext, family: "credentials" | "cards"): FoundHits | Result {
  const scan = context.inventory.facts.patternScan;
  if (scan === undefined) {
    return clusterResult(
      "unknown",
      "objects were not looked through",
      "Whoever made this snapshot did not look through the objects for patterns: the operator switched the scan off, or the agent is older than it. It becomes known with an agent of this release and patternScan=true.",
    );
  }
  const owners = ownersOf(context);
  const hits = scan.hits
    .filter(({ rule }) => isCardRule(rule) === (family === "cards"))
    .map((hit): FoundHit => {
      const ref = refOfHit(hit);
      const owner = owners(ref);
      const closed = findClosed(context, hit, owner, ref);
      return closed === undefined ? { hit, ref, owner } : { hit, ref, owner, closed };
    });
  return { scan, hits, isTruncated: isTruncated(scan, family) };
}

function refOfHit(hit: PatternHit): ResourceRef {
  const ref: ResourceRef = { apiVersion: hit.apiVersion, kind: hit.kind, name: hit.objectName };
  const isNamespaced = sectionOfKind(hit.apiVersion, hit.kind)?.namespaced ?? hit.kind === "Secret";
  if (isNamespaced || hit.namespace !== undefined) ref.namespace = hit.namespace ?? "default";
  return ref;
}

/** From a pod, ReplicaSet or Job to the object that made it. */
function ownersOf({ inventory }: EvaluationContext): (ref: ResourceRef) => ResourceRef {
  const known = new Map<string, ResourceRef>();
  for (const { pod, workload } of inventory.livePods) known.set(keyOf(refOf(pod)), workload.ref);
  for (const section of ["pods", "replicasets", "jobs"] as const) {
    for (const object of inventory.list(section)) {
      const controller = object.metadata.ownerReferences?.find((owner) => owner.controller === true);
      if (controller === undefined || known.has(keyOf(refOf(object)))) continue;
      const { apiVersion, kind, name } = controller;
      const { namespace } = object.metadata;
      known.set(keyOf(refOf(object)), { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
    }
  }
  return (ref) => {
    let current = ref;
    for (let step = 0; step < 3; step += 1) {
      const owner = known.get(keyOf(current));
      if (owner === undefined || keyOf(owner) === keyOf(current)) break;
      current = owner;
    }
    return current;
  };
}
function keyOf({ kind, namespace, name }: ResourceRef): string {
  return `${kind}/${namespace ?? ""}/${name}`;
}

function findClosed(
  context: EvaluationContext,
  hit: PatternHit,
  owner: ResourceRef,
  ref: ResourceRef,
): string | undefined {
  const entry = context.registers?.patternFalsePositives?.find(
    (candidate) =>
      candidate.rule === hit.rule &&
      [owner, ref].some((object) => sameObject(candidate.object, object)) &&
      (candidate.name === undefined || candidate.name === hit.name) &&
      (candidate.pointer === undefined || candidate.pointer === hit.pointer) &&
      isApprovedAt(candidate, context.asOf),
  );
  return entry === undefined ? undefined : `${entry.approvedBy} at ${entry.approvedAt}: ${entry.reason}`;
}
function sameObject(
  entry: { kind: string; namespace?: string | undefined; name: string },
  object: ResourceRef,
): boolean {
  return (
    entry.kind === object.kind && entry.name === object.name && (entry.namespace ?? "") === (object.namespace ?? "")
  );
}

/** Hits by the object that a person would change. */
export function byOwner(hits: readonly FoundHit[]): Map<string, FoundHit[]> {
  const grouped = new Map<string, FoundHit[]>();
  for (const hit of hits) {
    const key = refKey(hit.owner);
    grouped.set(key, [...(grouped.get(key) ?? []), hit]);
  }
  return grouped;
}

/** Sections that belong to the cluster's picture and were not looked through whole. */
export function unscannedSections({ inventory }: EvaluationContext, scan: PatternScan): SectionName[] {
  const isManifests = inventory.snapshot.source === "manifests";
  return SECTIONS.filter(({ inManifests }) => inManifests || !isManifests)
    .map(({ name }) => name)
    .filter((name) => !scan.sections.includes(name) || !inventory.readable(name).known);
}

const RULE_WORDS: Record<PatternRule, string> = {
  "private-key": "a private key",
  "cloud-key": "an access key or token of a service",
  "json-web-token": "a signed token",
  "connection-string": "a connection string with its password",
  "default-password": "a default password",
  "empty-password": "an empty password",
  "short-password": "a literal password of fewer than 12 characters",
  "password-literal": "a literal credential",
  "track-data": "magnetic stripe data",
  "card-number": "a card number",
  "test-card-number": "a published test card number",
  "possible-card-number": "what may be a card number",
};

/** "a default password in DB_PASSWORD (/spec/…)". Never a value: there is none to tell. */
export function wordsOfHit({ hit, ref, owner }: FoundHit): string {
  const name = hit.name === undefined ? "" : ` in ${hit.name}`;
  const masked = hit.masked === undefined ? "" : ` ending in ${hit.masked.slice(-4)}`;
  const inside = hit.inside === undefined ? "" : `, inside ${hit.inside}`;
  const elsewhere = keyOf(ref) === keyOf(owner) ? "" : `${ref.kind} ${ref.name} `;
  const more = hit.objects > 1 ? `, on ${hit.objects} objects` : "";
  return `${RULE_WORDS[hit.rule]}${masked}${name} (${elsewhere}${hit.pointer}${inside}${more})`;
}

/** Short form for a table. */
export function shortWordsOfHit({ hit }: FoundHit): string {
  return `${RULE_WORDS[hit.rule]}${hit.name === undefined ? "" : ` in ${hit.name}`}`;
}

export function evidenceOfHit({ hit, ref, closed }: FoundHit): EvidencePointer {
  const masked = hit.masked === undefined ? "" : ` ${hit.masked}`;
  const inside = hit.inside === undefined ? "" : ` inside ${hit.inside}`;
  return {
    ref,
    pointer: hit.pointer,
    found: `${hit.rule}${masked}${inside}${closed === undefined ? "" : ` (false positive: ${closed})`}`,
  };
}
