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

/** How far, and why: one or two sentences that say what is there, what is missing and what a person brings. */
export interface CoverageWithReason {
  coverage: Coverage;
  reason: string;
}

export function coverageOf(requirement: Requirement, input: CoverageInput): Coverage {
  return explainCoverage(requirement, input).coverage;
}

/** As coverageOf(), with the reason in words. */
export function explainCoverage(
  requirement: Requirement,
  { links, isManaged = false }: CoverageInput,
): CoverageWithReason {
  const deciding = links.filter((link) => link.kind !== "supporting");
  if (deciding.length > 0) {
    const existing = new Set(deciding.map((link) => link.control));
    const missing = requirement.primaryControls.filter((control) => !existing.has(control));
    const canPass = deciding.some((link) => link.kind === "primary");
    const needsPerson = requirement.attestations.length > 0;
    if (missing.length === 0 && canPass && !needsPerson)
      return {
        coverage: "automated",
        reason: "Every control that decides it is in the catalogue, and no person has to state anything for it.",
      };
    const reasons = [
      canPass
        ? "Controls decide a part of it."
        : "A control can show that it is broken; no control can show that it is met.",
      ...(missing.length === 0
        ? []
        : [
            `${missing.join(", ")} would decide too and ${missing.length === 1 ? "does" : "do"} not in this catalogue.`,
          ]),
      ...(needsPerson ? ["A person has to state the rest, with files that show it."] : []),
    ];
    return { coverage: "partial", reason: reasons.join(" ") };
  }
  const informs = links.length > 0 ? " What its controls see informs them and decides nothing." : "";
  if (isManaged && requirement.responsibility.managed === "provider")
    return {
      coverage: "provider",
      reason: `No control decides it, and on managed clusters the provider meets it: their attestation has to show it.${informs}`,
    };
  return requirement.kubernetesRelevance === "none"
    ? {
        coverage: "outside-kubernetes",
        reason: `It is about something that a cluster does not hold, so a person has to show it.${informs}`,
      }
    : {
        coverage: "manual",
        reason: `No control decides it: what a cluster could show is not enough, so a person has to show it.${informs}`,
      };
}
