/** README.txt, and the two lists that say what a package proves and what it does not. */
import { PCI_VERSION } from "@/lib/pci";
import type { EvidenceSource } from "./package";

export const PROVES: readonly string[] = [
  "What the agent inside the cluster read from the Kubernetes API at the time named, after redaction, and which lists it could not read.",
  "What each control of the named catalogue version answers about exactly these objects and uploaded documents; the same release gives the same answers again.",
  "That no file was changed, removed or added since the manifest was written, if the manifest's digest equals the one shown in Ringfence.",
];
export const DOES_NOT_PROVE: readonly string[] = [
  "That the cluster told the truth: somebody with administrator rights in it can lie to the agent.",
  "What happened before or after that moment, or in clusters, networks and systems that are not in this package.",
  "What only people can show: policies, interviews, reviews, physical security. Those requirements are marked as needing attestation.",
  "Anything about a control that the release lacked: a requirement that such a control decides too is at best not assessed.",
  "That a requirement is in place: that is the assessor's finding, not ours. A pass says that this test found nothing against it.",
  "That an uploaded document tells the truth: Ringfence knows who uploaded it, when, and which file it was, and read it as it stood.",
  "Who made the package: it is not signed yet.",
];

export function renderReadme(source: EvidenceSource): string {
  const { organization, project, cluster, scan, assessment, snapshot } = source;
  return `Ringfence evidence package

Organization   ${oneLine(organization)}
Project        ${oneLine(project)}
Cluster        ${oneLine(cluster.name)} (${snapshot.provider}, Kubernetes ${snapshot.facts.gitVersion ?? "version not readable"})
Scan           ${scan.seq}, collected ${snapshot.collectedAt}, evaluated as of ${assessment.asOf}
Catalogue      ${assessment.catalogVersion}, PCI DSS ${PCI_VERSION}${codeWords(source)}

Files
  index.html               the scan to read and to print; opens without a server
  results.json             every result, requirement, control, section and the scope, as data
  results.csv              every result as a table
  requirements.csv         the status of every requirement as a table
  cited/<control>.json     the redacted objects that failing and unknown results point to
  objects/<kind>.ndjson    the whole redacted snapshot, one object a line
  imports/<kind>-*.json    what each uploaded document said; "sha256sum" of the uploaded file prints its sha256
  custom-controls/<id>-*.json   each of the organization's own controls: expressions, mapping, revision
  MANIFEST.sha256          the SHA-256 of every other file
  VERIFY.sh                checks all of that

Verify
  sh VERIFY.sh
  needs sh and one of sha256sum or openssl. It also finds files that were added, which "sha256sum -c" does not. At the end it prints
  the digest of MANIFEST.sha256: compare it with the one that Ringfence shows for this scan (the cluster's page, Scans, "Show the
  package's digest").

What this proves
${list(PROVES)}
What it does not prove
${list(DOES_NOT_PROVE)}
Titles of requirements are paraphrases in our own words; the standard's text is not reproduced. Values that were taken out before
anything left the cluster read <redacted>; ${scan.droppedFields} fields and values were taken out of this snapshot.
`;
}

/** Controls and links are those of the active version; the code is the release's, which may be newer. */
function codeWords({ scan, assessment }: EvidenceSource): string {
  const { codeVersion } = scan;
  return codeVersion == null || codeVersion === assessment.catalogVersion
    ? ""
    : `\n               evaluated by the code of catalogue ${codeVersion}`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `  - ${item}\n`).join("");
}
/** Names come from people: they must not write lines of their own into the file. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
