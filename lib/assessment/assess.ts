/**
 * The straight line: snapshot → look-ups → scope → controls → requirement statuses.
 *
 * - The same snapshot, settings and asOf give the same assessment, byte for byte.
 * - When a section that a control needs was not read, what it fails on still stands (that was read), but no pass is believed: it
 *   becomes `unknown` and names section and permission. So does `not-applicable`, except for lists that manifests never hold.
 * - Nothing passes on a document that was read more than 90 days before (stale-facts.ts); what it says against the cluster stands.
 * - A control that throws is `unknown` with the error's message; the others go on.
 * - An object that is invalid for its kind is `unknown` for every control that reads its section; what an incomplete one fails on
 *   stands beside that. A document of which not even the kind could be read is so for every control, because it could be anything.
 */
import { CATALOG_VERSION } from "./catalog-version";
import { CONTROLS } from "@/lib/controls";
import { alsoReads } from "@/lib/controls/also-reads";
import { isCustomControlId } from "@/lib/controls/custom/control";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "@/lib/controls/types";
import { createInventory } from "@/lib/inventory/create-inventory";
import { type Inventory, type ResourceRef, refKey } from "@/lib/inventory/inventory";
import type { Registers } from "@/lib/inventory/registers";
import { findSection, permissionOf, sectionOfKind } from "@/lib/inventory/sections";
import type { InvalidObject, Provider, Snapshot } from "@/lib/inventory/snapshot";
import { coverageOf as coverageOfLinks, LEAF_REQUIREMENTS, type Requirement } from "@/lib/pci";
import { classifyScope } from "@/lib/scope/classify";
import { DEFAULT_SCOPE_SETTINGS, type Scope, type ScopeSettings } from "@/lib/scope/types";
import { FACT_MAX_AGE_DAYS, findStaleFacts } from "./stale-facts";
import { type ControlLink, linksByRequirement, missingAmong } from "./coverage";
import { controlStatus, countStatuses, decides, requirementStatus } from "./status";
import type { Assessment, ControlSummary, RequirementAssessment, RequirementPart } from "./types";

export interface AssessOptions {
  /** The moment that the assessment is about, ISO 8601 UTC. */
  asOf: string;
  scopeSettings?: ScopeSettings;
  /** The controls to run, in catalogue order; all unless given. */
  controls?: readonly Control[];
  /** Name of the catalogue that these controls are; this release's unless given. */
  catalogVersion?: string;
  /** What the organization has approved; nothing unless given. */
  registers?: Registers;
  /** The scope of this very inventory with these settings, where the caller has it already. */
  scope?: Scope;
  /** Attestation groups that a person has signed and that haven't expired. */
  attested?: ReadonlySet<string>;
}

/** Assesses a snapshot, or an inventory that was built from one. */
export function assess(input: Snapshot | Inventory, options: AssessOptions): Assessment {
  const inventory = "workloads" in input ? input : createInventory(input);
  const controls = options.controls ?? CONTROLS;
  const scope = options.scope ?? classifyScope(inventory, options.scopeSettings ?? DEFAULT_SCOPE_SETTINGS);
  const { asOf, registers } = options;
  const context: EvaluationContext = { inventory, scope, asOf, ...(registers === undefined ? {} : { registers }) };

  const stale = findStaleFacts(inventory.facts, asOf);
  const fresh =
    stale === null
      ? null
      : { sources: stale.sources, context: { ...context, inventory: { ...inventory, facts: stale.rest } } };
  const results = controls.map((control) => ({ control: control.id, results: resultsOf(control, context, fresh) }));
  const summaries = results.map((entry): ControlSummary => {
    const counts = countStatuses(entry.results.map((result) => result.status));
    return { control: entry.control, status: controlStatus(counts), counts };
  });
  return {
    catalogVersion: options.catalogVersion ?? CATALOG_VERSION,
    asOf: options.asOf,
    scope,
    results,
    controls: summaries,
    requirements: assessRequirements(summaries, {
      controls,
      asOf: options.asOf,
      attested: options.attested ?? new Set(),
      isManaged: isManaged(inventory.provider),
    }),
  };
}

/** A control's results in order of object, then part: what it says, and `unknown` for what it could not be asked about. */
function resultsOf(control: Control, context: EvaluationContext, fresh: FreshContext | null): Result[] {
  const unsound = invalidResults(control, context.inventory);
  const broken = new Set(unsound.map((r) => refKey(r.object)));
  // Of an incomplete object only what it fails on stands.
  const found = withoutStale(evaluate(control, context), control, fresh);
  const own = withoutUnread(found, control, context.inventory).filter(
    (r) => r.status === "fail" || r.status === "unknown" || !broken.has(refKey(r.object)),
  );
  const unknownAlready = new Set(own.filter((r) => r.status === "unknown").map((r) => refKey(r.object)));
  const invalid = unsound.filter((r) => !unknownAlready.has(refKey(r.object)));
  return [...own, ...invalid]
    .map((result) => ({ result, key: `${refKey(result.object)}\n${result.part ?? ""}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ result }) => result);
}

function evaluate(control: Control, context: EvaluationContext): Result[] {
  try {
    return control.evaluate(context);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const detail = `The evaluation of ${control.id} ended with an error, so nothing is known about what it judges: ${message}`;
    return [unknown(CLUSTER_REF, "the control failed with an error", detail)];
  }
}

/** The same world without the facts that are too old, and what these are. */
interface FreshContext {
  context: EvaluationContext;
  sources: readonly string[];
}

/** What passes or is left out must do so without the facts that are too old, too; where it does, that answer counts. */
function withoutStale(results: Result[], control: Control, fresh: FreshContext | null): Result[] {
  const isGood = ({ status }: Result) => status === "pass" || status === "not-applicable";
  if (fresh === null || !results.some(isGood)) return results;
  const key = (result: Result) => `${refKey(result.object)}\n${result.part ?? ""}\n${result.status}`;
  const today = new Map<string, Result[]>();
  for (const result of evaluate(control, fresh.context)) {
    today.set(key(result), [...(today.get(key(result)) ?? []), result]);
  }
  return results.map((result) => {
    if (!isGood(result)) return result;
    const now = today.get(key(result))?.shift();
    if (now !== undefined) return now;
    const reason = `it rests on a document read more than ${FACT_MAX_AGE_DAYS} days ago`;
    const old = `Too old to vouch for today: ${fresh.sources.join("; ")}. It becomes known when the source is read again.`;
    return { ...result, status: "unknown", reason, detail: `${result.detail} ${old}` };
  });
}

/** A pass that rests on an unread list is none: nobody has seen what would break it. */
function withoutUnread(results: Result[], control: Control, inventory: Inventory): Result[] {
  const readable = inventory.readable(...control.sections);
  if (readable.known) return results;
  const { section, status, message } = readable;
  const definition = findSection(section);
  const permission = definition === undefined ? `list ${section}` : permissionOf(definition);
  const reason = `${section} could not be read (${status})`;
  const detail = `This control needs ${section}, and ${message}. It becomes known when the agent may ${permission} and the list is complete.`;
  const isBeyondManifests = inventory.snapshot.source === "manifests" && status === "not-collected";
  const kept = results.map((result) => {
    const stands =
      result.status === "fail" ||
      result.status === "unknown" ||
      (result.status === "not-applicable" && isBeyondManifests);
    return stands
      ? result
      : { ...unknown(result.object, reason, detail), ...(result.part === undefined ? {} : { part: result.part }) };
  });
  return kept.length > 0 ? kept : [unknown(CLUSTER_REF, reason, detail)];
}

function invalidResults(control: Control, inventory: Inventory): Result[] {
  return inventory.invalid
    .filter((invalid) => concerns(invalid, control))
    .map((invalid) =>
      unknown(
        refOfInvalid(invalid),
        invalid.kind === "" ? "a document could not be read" : `this ${invalid.kind} is not valid and was not judged`,
        `${invalid.where}: ${invalid.problem}. Correct it and scan again; until then nothing is known about it.`,
      ),
    );
}
function concerns(invalid: InvalidObject, control: Control): boolean {
  if (invalid.kind === "") return true;
  // A pod template of the wire belongs to pods; whatever else has no section is read by nobody.
  const section = invalid.kind === "PodTemplate" ? "pods" : sectionOfKind(invalid.apiVersion, invalid.kind)?.name;
  if (section === undefined) return false;
  return control.sections.includes(section) || alsoReads(control.id).includes(section);
}
function refOfInvalid(invalid: InvalidObject): ResourceRef {
  if (invalid.kind === "") return { apiVersion: "ringfence.dev/v1", kind: "Document", name: invalid.where };
  const name = invalid.name === "" ? invalid.where : invalid.name;
  const { apiVersion, kind, namespace } = invalid;
  return namespace === undefined ? { apiVersion, kind, name } : { apiVersion, kind, namespace, name };
}

function unknown(object: ResourceRef, reason: string, detail: string): Result {
  return { status: "unknown", object, reason, detail, evidence: [] };
}

function isManaged(provider: Provider): boolean {
  return provider === "eks" || provider === "gke" || provider === "aks";
}

export interface RequirementOptions {
  controls: readonly Control[];
  asOf: string;
  attested: ReadonlySet<string>;
  isManaged: boolean;
}
/**
 * The status of every testable requirement, in the standard's order, from the summaries of the controls that ran. A requirement
 * that another has superseded by `asOf` is not applicable. A control that the catalogue names as deciding and that is not among
 * `controls` is a part that was not assessed.
 */
export function assessRequirements(
  summaries: readonly ControlSummary[],
  options: RequirementOptions,
): RequirementAssessment[] {
  const byControl = new Map(summaries.map((summary) => [summary.control, summary.status]));
  const links = linksByRequirement(options.controls);
  const existing = new Set(options.controls.map((control) => control.id));
  return LEAF_REQUIREMENTS.map((requirement) =>
    assessRequirement(
      requirement,
      { links: links.get(requirement.id) ?? [], missing: missingAmong(requirement, existing) },
      byControl,
      options,
    ),
  );
}

function assessRequirement(
  requirement: Requirement,
  { links, missing }: { links: readonly ControlLink[]; missing: readonly string[] },
  byControl: ReadonlyMap<string, Result["status"]>,
  { asOf, attested, isManaged }: RequirementOptions,
): RequirementAssessment {
  const tested = links.map(({ control, kind }): RequirementPart => {
    const status = byControl.get(control.id) ?? "unknown";
    return { control: control.id, kind, status, decides: decides(kind, status) };
  });
  const untested = missing.map(
    (control): RequirementPart => ({ control, kind: "primary", status: "not-assessed", decides: true }),
  );
  const parts = [...tested, ...untested];
  const attestations = requirement.attestations.map((id) => ({
    id,
    status: attested.has(id) ? ("attested" as const) : ("needs-attestation" as const),
  }));
  // Coverage says how far the product tests it; what an organization adds is its own.
  const coverage = coverageOfLinks(requirement, {
    links: links
      .filter(({ control }) => !isCustomControlId(control.id))
      .map(({ control, kind }) => ({ control: control.id, kind })),
    isManaged,
  });
  const isSuperseded = requirement.supersededOn !== undefined && asOf.slice(0, 10) >= requirement.supersededOn;
  const status = isSuperseded ? "not-applicable" : requirementStatus(parts, attestations);
  return { requirement: requirement.id, status, coverage, parts, attestations };
}
