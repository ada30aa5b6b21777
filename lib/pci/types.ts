/** PCI DSS v4.0.1 as data. Titles and reasons are our own words; the standard's text is copyrighted and not reproduced. */

export type Evidence = "configuration" | "process" | "interview" | "physical";
export type Responsibility = "customer" | "shared" | "provider";

export interface Requirement {
  /** As the standard numbers it: `1`, `1.3`, `1.3.1`, `A1.1.2`. */
  id: string;
  parent: string | null;
  /** The 12 principal requirements and the three appendices are `principal`; what can be tested is `requirement`. */
  kind: "principal" | "section" | "requirement";
  appendix: boolean;
  title: string;
  serviceProviderOnly: boolean;
  appliesTo: string;
  typicalEvidence: readonly Evidence[];
  /** What a cluster can show of it: all or much of it (direct), something that helps (supporting), nothing. */
  kubernetesRelevance: "direct" | "supporting" | "none";
  kubernetesReason: string;
  /** By whom it is met when nothing else is agreed; a responsibility matrix (12.8.5) overrides it. */
  responsibility: { selfManaged: Responsibility; managed: Responsibility };
  /** How much of it was only due from 31 March 2025; for reports about earlier times. */
  futureDated?: "whole" | "bullet" | "other-entities";
  note?: string;
  /** Since `supersededOn` (date) the other requirement counts in its place. */
  supersededBy?: string;
  supersededOn?: string;
  /** Controls of the whole catalogue that would decide it, whether this release has them or not. */
  primaryControls: readonly string[];
  supportingControls: readonly string[];
  /** Attestation groups with which a person answers for it; only on requirements. */
  attestations: readonly string[];
}

/** What a person states for a group of requirements that no machine can show. */
export interface AttestationGroup {
  id: string;
  title: string;
  assessorExpects: string;
  uploads: string;
  frequency: string;
  requirements: readonly string[];
}
