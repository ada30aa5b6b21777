/**
 * How far a requirement can be tested from a cluster, by what this release really holds.
 *
 * In this order:
 * 1. `automated`: every control that the catalogue names as deciding exists in this release, at least one of them can say pass
 *    (a primary link, not fail-only), and no person has to state anything.
 * 2. `partial`: some deciding control exists, but one is missing, or all are fail-only, or an attestation is asked for as well.
 * 3. `provider`: nothing decides it here, and on a managed cluster the provider answers for it. Only where the caller says managed.
 * 4. `outside-kubernetes`: nothing decides it here and a cluster shows nothing of it.
 * 5. `manual`: nothing decides it here, though a cluster would have something to show: a person must.
 *
 * A supporting link informs and never decides; it changes nothing here.
 */
import type { Requirement } from "./types";

export type Coverage = "automated" | "partial" | "manual" | "provider" | "outside-kubernetes";

export interface CoverageInput {
  /** The links of the controls that this release has to the requirement. */
  links: readonly { control: string; kind: "primary" | "fail-only" | "supporting" }[];
  /** True for a cluster whose control plane a provider runs. */
  isManaged?: boolean;
}

export function coverageOf(requirement: Requirement, { links, isManaged = false }: CoverageInput): Coverage {
  const deciding = links.filter((link) => link.kind !== "supporting");
  if (deciding.length > 0) {
    const existing = new Set(deciding.map((link) => link.control));
    const isWhole = requirement.primaryControls.every((control) => existing.has(control));
    const canPass = deciding.some((link) => link.kind === "primary");
    return isWhole && canPass && requirement.attestations.length === 0 ? "automated" : "partial";
  }
  if (isManaged && requirement.responsibility.managed === "provider") return "provider";
  return requirement.kubernetesRelevance === "none" ? "outside-kubernetes" : "manual";
}
