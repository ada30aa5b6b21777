import type { RequirementDetail } from "@/lib/api/assessment";

/** What an assessor asks to see, for each kind of evidence. */
export const EVIDENCE: Record<RequirementDetail["typicalEvidence"][number], string> = {
  configuration: "Settings as they are in effect, read from the systems themselves.",
  process: "The procedure in writing, and dated records that show it was followed.",
  interview: "The people who do the work tell what they do, and it matches the procedure.",
  physical: "A visit to the place: doors, cabinets, devices, media.",
};

/** What a cluster can show of a requirement. */
export const RELEVANCE: Record<RequirementDetail["kubernetesRelevance"], string> = {
  direct: "A cluster shows much of it.",
  supporting: "A cluster shows something that helps.",
  none: "A cluster shows nothing of it.",
};

/** A phrase of the catalogue as a sentence. */
export function sentence(phrase: string): string {
  const text = phrase.trim();
  // A first word like kubernetes-admin is a name and stays as it is.
  const first = /^[a-z]+\b(?![-/.])/.test(text) ? (text[0]?.toUpperCase() ?? "") : text.slice(0, 1);
  return text === "" ? "" : `${first}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
