/**
 * The standard: every requirement of PCI DSS v4.0.1, in the standard's order.
 *
 * 12 principal requirements and 3 appendices, 71 sections, 280 requirements that can be tested.
 */
import attestationData from "./data/attestation-groups.json";
import requirementData from "./data/requirements.json";
import { compareRequirementIds } from "./order";
import type { AttestationGroup, Requirement } from "./types";

export { compareRequirementIds } from "./order";
export { GUIDE_ERRORS, type GuideError } from "./guide-errors";
export { coverageOf, type Coverage, type CoverageInput, type CoverageWithReason, explainCoverage } from "./coverage";
export type { AttestationGroup, Evidence, Requirement } from "./types";

export const PCI_VERSION = "4.0.1";

/** All of them, principals and sections included, in the standard's order. */
export const REQUIREMENTS: readonly Requirement[] = (requirementData as Omit<Requirement, "appendix">[])
  .map((r) => ({ ...r, appendix: (r as { appendix?: boolean }).appendix === true }))
  .sort((a, b) => compareRequirementIds(a.id, b.id));

export const ATTESTATION_GROUPS: readonly AttestationGroup[] = attestationData;

const BY_ID = new Map(REQUIREMENTS.map((r) => [r.id, r]));
const GROUPS_BY_ID = new Map(ATTESTATION_GROUPS.map((g) => [g.id, g]));
const CHILDREN = new Map<string | null, Requirement[]>();
for (const requirement of REQUIREMENTS) {
  const siblings = CHILDREN.get(requirement.parent);
  if (siblings === undefined) CHILDREN.set(requirement.parent, [requirement]);
  else siblings.push(requirement);
}

/** The 280 that can be tested or attested. */
export const LEAF_REQUIREMENTS: readonly Requirement[] = REQUIREMENTS.filter((r) => r.kind === "requirement");
/** `1` to `12`; the appendices are left out. */
export const PRINCIPAL_REQUIREMENTS: readonly Requirement[] = REQUIREMENTS.filter(
  (r) => r.kind === "principal" && !r.appendix,
);

export function findRequirement(id: string): Requirement | null {
  return BY_ID.get(id) ?? null;
}
/** Throws RangeError for an id that the standard doesn't have. */
export function getRequirement(id: string): Requirement {
  const requirement = BY_ID.get(id);
  if (requirement === undefined) throw new RangeError(`PCI DSS ${PCI_VERSION} has no requirement ${id}`);
  return requirement;
}
/** Directly below; `null` for the principals and appendices. */
export function childrenOf(id: string | null): readonly Requirement[] {
  return CHILDREN.get(id) ?? [];
}
/** The requirements (not sections) at or below, in order; a requirement may itself have some below it. */
export function leavesOf(id: string): Requirement[] {
  const self = BY_ID.get(id);
  const own = self?.kind === "requirement" ? [self] : [];
  return [...own, ...childrenOf(id).flatMap((child) => leavesOf(child.id))];
}
/** `1` for `1.3.1`, `A1` for `A1.1.2`. */
export function principalOf(id: string): string {
  return id.split(".", 1)[0] ?? id;
}
export function findAttestationGroup(id: string): AttestationGroup | null {
  return GROUPS_BY_ID.get(id) ?? null;
}
/** Throws RangeError for an unknown id. */
export function getAttestationGroup(id: string): AttestationGroup {
  const group = GROUPS_BY_ID.get(id);
  if (group === undefined) throw new RangeError(`there is no attestation group ${id}`);
  return group;
}
