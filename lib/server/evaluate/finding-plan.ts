/**
 * What a scan changes about the findings of its cluster. Pure: rows in, changes out.
 *
 * A finding is open from the first fail until a scan that saw its object pass, found the rule not applicable to it, or saw
 * that it is gone. A scan that could not look (`unknown`, an unreadable section, an invalid object) changes neither: the
 * finding stays open and says since when nobody could look (silent pass 3: failure to read becomes nothing to report).
 */
import type { ResultRow } from "./rows";

export interface KnownFinding {
  number: number;
  fingerprint: string;
  digest: string;
  state: "open" | "resolved";
  controlId: string;
  kind: string;
  namespace: string | null;
  name: string;
  /** Open, but the last scans could not look. */
  isUnevaluated: boolean;
}

/** What the scan could not look at, beyond results that say so themselves. */
export interface BlindSpots {
  /** Controls with a section that was not read. */
  controls: ReadonlySet<string>;
  /** `kind/namespace/name` of objects that were not valid for their kind. */
  objects: ReadonlySet<string>;
  /** True for a control that its organization has withdrawn: what it once failed is nobody's finding any more. */
  isWithdrawn?: (controlId: string) => boolean;
}

export interface FindingPlan {
  opened: ResultRow[];
  reopened: { number: number; row: ResultRow }[];
  /** Still failing, with another reason, severity, detail, evidence or scope than before, or seen again after blindness. */
  changed: { number: number; row: ResultRow }[];
  resolved: number[];
  /** Newly not evaluated. */
  unevaluated: number[];
}

/** An unknown result about one of these says nothing about which objects it hides. */
const HIDES_EVERYTHING: ReadonlySet<string> = new Set(["Cluster", "Document", "PodTemplate"]);
/** Results carry the root owner; one of these that can't be read may belong to any owner in its namespace. */
const HIDES_ITS_OWNER: ReadonlySet<string> = new Set(["Pod", "ReplicaSet", "Job"]);

/** `kind/namespace/name`, as in BlindSpots.objects. */
export function objectKey(object: { kind: string; namespace?: string | null; name: string }): string {
  return `${object.kind}/${object.namespace ?? ""}/${object.name}`;
}

/**
 * @param rows all results of the scan
 * @param known every open finding of the cluster, and every resolved one whose fingerprint fails in this scan
 */
export function planFindings(
  rows: readonly ResultRow[],
  known: readonly KnownFinding[],
  blind: BlindSpots,
): FindingPlan {
  const plan: FindingPlan = { opened: [], reopened: [], changed: [], resolved: [], unevaluated: [] };
  const byFingerprint = new Map(rows.map((row) => [row.fingerprint, row]));
  const knownFingerprints = new Set(known.map((finding) => finding.fingerprint));
  const controls = new Set(rows.map((row) => row.controlId));
  const unknowns = new Set<string>();
  for (const row of rows) {
    if (row.status !== "unknown") continue;
    unknowns.add(`${row.controlId} ${objectKey(row)}`);
    if (HIDES_EVERYTHING.has(row.kind)) unknowns.add(`${row.controlId} everything`);
    if (HIDES_ITS_OWNER.has(row.kind)) unknowns.add(`${row.controlId} in ${row.namespace ?? ""}`);
  }
  const isUnknown = (control: string, what: string) => unknowns.has(`${control} ${what}`);

  for (const row of rows) {
    if (row.status === "fail" && !knownFingerprints.has(row.fingerprint)) plan.opened.push(row);
  }

  const couldLook = ({ controlId, ...finding }: KnownFinding): boolean =>
    controls.has(controlId) &&
    !blind.controls.has(controlId) &&
    !blind.objects.has(objectKey(finding)) &&
    !isUnknown(controlId, "everything") &&
    !isUnknown(controlId, objectKey(finding)) &&
    !isUnknown(controlId, `in ${finding.namespace ?? ""}`) &&
    !(finding.namespace !== null && isUnknown(controlId, objectKey({ kind: "Namespace", name: finding.namespace })));

  for (const finding of known) {
    const row = byFingerprint.get(finding.fingerprint);
    if (row?.status === "fail") {
      if (finding.state === "resolved") plan.reopened.push({ number: finding.number, row });
      else if (finding.digest !== row.digest || finding.isUnevaluated)
        plan.changed.push({ number: finding.number, row });
      continue;
    }
    if (finding.state === "resolved") continue;
    const isGone = blind.isWithdrawn?.(finding.controlId) === true;
    const isResolved = row === undefined ? isGone || couldLook(finding) : row.status !== "unknown";
    if (isResolved) plan.resolved.push(finding.number);
    else if (!finding.isUnevaluated) plan.unevaluated.push(finding.number);
  }
  return plan;
}
