/** A scan's outcome, in the form that every output format is drawn from; its JSON is a contract with pipelines. */
import type { Assessment, RequirementAssessment } from "@/lib/assessment/types";
import { type Control, SEVERITIES, type ResultStatus, type Severity } from "@/lib/controls/types";
import { findRequirement } from "@/lib/pci";
import type { ImportInput } from "./imports";
import type { ManifestInput, Place } from "./manifests";

export interface ReportResult {
  control: string;
  /** Numbers of the requirements that the control is evidence for. */
  requirements: string[];
  status: ResultStatus;
  severity: Severity;
  object: { apiVersion: string; kind: string; namespace: string | null; name: string };
  /** Which part of the object (a container, a rule, a host), where one object has several results; absent for the whole of it. */
  part?: string;
  reason: string;
  detail: string;
}
export interface ClusterInput {
  kubeconfig: string;
  context: string;
  server: string;
  /** Lists that could not be read, with the reason. */
  unread: { section: string; status: string; message: string }[];
}
export interface Report {
  catalogVersion: string;
  /** The moment that was judged for, ISO 8601 UTC. */
  scannedAt: string;
  inputs: (ManifestInput | ClusterInput | ImportInput)[];
  results: ReportResult[];
  requirements: (RequirementAssessment & { title: string })[];
}
/** What the renderers know beyond the contract. */
export interface ScanOutcome {
  report: Report;
  controls: readonly Control[];
  placeOf(object: ReportResult["object"]): Place | undefined;
  problems: readonly { where: string; problem: string }[];
}

/** Only the chosen controls' results and the requirements that they are linked to; everything when none is chosen. */
export function buildReport(
  assessment: Assessment,
  { controls, chosen, inputs }: { controls: readonly Control[]; chosen: readonly string[]; inputs: Report["inputs"] },
): Report {
  const byId = new Map(controls.map((control) => [control.id, control]));
  const results: ReportResult[] = [];
  const linked = new Set<string>();
  for (const { control: id, results: found } of assessment.results) {
    const control = byId.get(id);
    if (control === undefined || (chosen.length > 0 && !chosen.includes(id))) continue;
    const requirements = control.requirements.map((link) => link.requirement);
    for (const requirement of requirements) linked.add(requirement);
    for (const { status, severity, object, part, reason, detail } of found) {
      const { apiVersion, kind, namespace = null, name } = object;
      results.push({
        control: id,
        requirements,
        status,
        severity: severity ?? control.severity,
        object: { apiVersion, kind, namespace, name },
        ...(part === undefined ? {} : { part }),
        reason,
        detail,
      });
    }
  }
  return {
    catalogVersion: assessment.catalogVersion,
    scannedAt: assessment.asOf,
    inputs,
    results,
    requirements: assessment.requirements
      .filter(({ requirement }) => chosen.length === 0 || linked.has(requirement))
      .map((r) => ({ ...r, title: findRequirement(r.requirement)?.title ?? "" })),
  };
}

/** True if some result fails at this severity or above. */
export function hasFindings(results: readonly ReportResult[], failOn: Severity | "never"): boolean {
  if (failOn === "never") return false;
  const limit = SEVERITIES.indexOf(failOn);
  return results.some((result) => result.status === "fail" && SEVERITIES.indexOf(result.severity) <= limit);
}
