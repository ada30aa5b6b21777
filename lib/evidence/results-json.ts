/** results.json: the whole assessment as data, written piece by piece. */
import { SECTIONS } from "@/lib/inventory/sections";
import { PCI_VERSION } from "@/lib/pci";
import { customControlHead } from "./custom-controls";
import { importHead } from "./imports";
import type { EvidenceSource } from "./package";

export const EVIDENCE_FORMAT = "ringfence-evidence/1";

export function* resultsJson(source: EvidenceSource): Generator<string> {
  const { assessment, snapshot, controls } = source;
  const head = {
    format: EVIDENCE_FORMAT,
    standard: `PCI DSS ${PCI_VERSION}`,
    catalogVersion: assessment.catalogVersion,
    asOf: assessment.asOf,
    organization: source.organization,
    project: source.project,
    cluster: { ...source.cluster, provider: snapshot.provider, facts: snapshot.facts },
    scan: { ...source.scan, collectedAt: snapshot.collectedAt, source: snapshot.source },
    sections: SECTIONS.map(({ name }) => {
      const section = snapshot.sections[name];
      return {
        name,
        status: section?.status ?? "not-collected",
        objects: section?.objects.length ?? 0,
        message: section?.message ?? null,
        resourceVersion: section?.resourceVersion ?? null,
      };
    }),
    imports: source.imports.map(importHead),
    customControls: source.customControls.map(customControlHead),
    invalid: snapshot.invalid,
    scope: {
      declared: assessment.scope.declared,
      settings: assessment.scope.settings,
      namespaces: assessment.scope.namespaces,
      workloads: assessment.scope.workloads,
    },
    requirements: assessment.requirements,
    controls: controls.map((control) => ({
      id: control.id,
      title: control.title,
      severity: control.severity,
      requirements: control.requirements,
      rule: control.rule,
      sections: control.sections,
      verify: control.verify({ scope: assessment.scope }),
      summary: assessment.controls.find((summary) => summary.control === control.id) ?? null,
    })),
  };
  yield `${JSON.stringify(head, null, 1).slice(0, -2)},\n "results": [`;
  const severities = new Map(controls.map((control) => [control.id, control.severity]));
  let separator = "\n";
  for (const { control, results } of assessment.results) {
    for (const { status, severity, object, part, reason, detail, evidence } of results) {
      const row = {
        control,
        status,
        severity: severity ?? severities.get(control),
        object,
        part,
        reason,
        detail,
        evidence,
      };
      yield `${separator}${JSON.stringify(row)}`;
      separator = ",\n";
    }
  }
  yield "\n ]\n}\n";
}
