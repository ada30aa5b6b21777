/**
 * The allow-lists of kinds about images, admission exceptions and reports of scanners. How such a list is written: shape.ts and
 * custom.ts. Field meanings: Kubernetes API reference (RuntimeClass), Trivy Operator's CRDs, the Policy Report API of the policy
 * working group, Kyverno, Gatekeeper and sigstore policy-controller's CRD references.
 *
 * Reports can hold thousands of entries. What a control decides by is kept first, the list is cut, and how many entries were left
 * out stands beside it, so that a cut list is never taken for a whole one.
 */
import { type NamedComponent, summarizeComponents } from "../components";
import type { CustomBody } from "./custom";
import { labelSelector } from "./metadata";
import { condition } from "./pod";
import { flag, integer, isObject, list, map, open, presence, record, type Shape, text } from "./shape";

const conditions = list(condition);
const time = text;

export const runtimeClassBody: CustomBody = record({ handler: text, scheduling: record({ nodeSelector: map(text) }) }, [
  "handler",
]);

/** Longest list of entries that a report keeps. */
const MAX_ENTRIES = 400;
const SEVERITIES = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"];
function rankOf(entry: unknown): number {
  const severity = isObject(entry) ? SEVERITIES.indexOf(String(entry.severity).toUpperCase()) : -1;
  return severity < 0 ? SEVERITIES.length : severity;
}
/** A body whose list `field` is cut to the worst entries; `omitted` counts the rest. */
function cut(shape: Shape<Record<string, unknown>>, field: string): Shape<Record<string, unknown>> {
  return (value, at) => {
    if (at.isParsing || !isObject(value)) return shape(value, at);
    const { omitted: _, ...raw } = value;
    const entries = raw[field];
    if (!Array.isArray(entries)) return shape(raw, at);
    const ordered = entries
      .map((entry: unknown, index) => ({ entry, index }))
      .sort((a, b) => rankOf(a.entry) - rankOf(b.entry) || a.index - b.index)
      .map(({ entry }) => entry);
    const omitted = Math.max(0, ordered.length - MAX_ENTRIES);
    at.dropped += omitted;
    return shape({ ...raw, [field]: ordered.slice(0, MAX_ENTRIES), omitted }, at);
  };
}

const artifact = record({ repository: text, digest: text, tag: text });
const registry = record({ server: text });
const scanner = record({ name: text, vendor: text, version: text });
/** A score may be a fraction; as a text its digits mean the same everywhere. */
const score: Shape<string> = (value, at) =>
  typeof value === "number" && Number.isFinite(value) ? String(value) : text(value, at);

export const vulnerabilityReportBody: CustomBody = record(
  {
    report: cut(
      record({
        artifact,
        registry,
        os: record({ family: text, name: text }),
        scanner,
        summary: record({
          criticalCount: integer,
          highCount: integer,
          mediumCount: integer,
          lowCount: integer,
          unknownCount: integer,
        }),
        updateTimestamp: time,
        vulnerabilities: list(
          record({
            vulnerabilityID: text,
            severity: text,
            score,
            resource: text,
            installedVersion: text,
            fixedVersion: text,
            publishedDate: time,
            class: text,
          }),
        ),
        omitted: integer,
      }),
      "vulnerabilities",
    ),
  },
  ["report"],
);

/** Of the components their count and what the summary names; the list stays in the cluster. */
const sbomComponents: Shape<Record<string, unknown>> = (value, at) => {
  const shape = record({
    bomFormat: text,
    timestamp: time,
    tools: list(text),
    summary: record({ components: integer, ecosystems: list(text), operatingSystem: text, tools: list(text) }),
  });
  if (at.isParsing || !isObject(value)) return shape(value, at);
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const components = Array.isArray(value.components) ? value.components.filter(isObject) : [];
  at.dropped += components.length;
  return shape(
    {
      bomFormat: value.bomFormat,
      timestamp: metadata.timestamp,
      tools: toolsOf(metadata.tools),
      summary: summarizeComponents(components.map(named)),
    },
    at,
  );
};
function toolsOf(tools: unknown): string[] {
  const entries = isObject(tools) ? tools.components : tools;
  if (!Array.isArray(entries)) return [];
  return entries.filter(isObject).map(({ name, version }) => [name, version].filter(isText).join(" "));
}
function named(component: Record<string, unknown>): NamedComponent {
  const out: NamedComponent = {};
  for (const key of ["name", "version", "type", "purl"] as const) {
    const found = component[key];
    if (isText(found)) out[key] = found;
  }
  return out;
}
function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
export const sbomReportBody: CustomBody = record(
  {
    report: record({
      artifact,
      registry,
      scanner,
      summary: record({ componentsCount: integer, dependenciesCount: integer }),
      updateTimestamp: time,
      components: sbomComponents,
    }),
  },
  ["report"],
);

/** Where something was found and by which rule; what was matched never leaves. */
export const exposedSecretReportBody: CustomBody = record(
  {
    report: cut(
      record({
        artifact,
        registry,
        scanner,
        summary: record({ criticalCount: integer, highCount: integer, mediumCount: integer, lowCount: integer }),
        updateTimestamp: time,
        secrets: list(record({ ruleID: text, severity: text, category: text, title: text, target: text })),
        omitted: integer,
      }),
      "secrets",
    ),
  },
  ["report"],
);

/** Messages quote the object, values included; they are not kept. */
const policyReport = cut(
  record({
    scope: record({ apiVersion: text, kind: text, name: text, namespace: text }),
    source: text,
    summary: record({ pass: integer, fail: integer, warn: integer, error: integer, skip: integer }),
    results: list(
      record({
        source: text,
        policy: text,
        rule: text,
        result: text,
        severity: text,
        category: text,
        scored: flag,
        resources: list(record({ apiVersion: text, kind: text, name: text, namespace: text })),
      }),
    ),
    omitted: integer,
  }),
  "results",
);
export const policyReportBody: CustomBody = policyReport;
export const clusterPolicyReportBody: CustomBody = policyReport;

export const policyExceptionBody: CustomBody = record(
  {
    spec: record({
      background: flag,
      match: open,
      conditions: open,
      exceptions: list(record({ policyName: text, ruleNames: list(text) })),
      podSecurity: open,
    }),
  },
  ["spec"],
);
const matchConditions = list(record({ name: text, expression: text }));
export const kyvernoCelExceptionBody: CustomBody = record(
  {
    spec: record({
      policyRefs: list(record({ name: text, kind: text })),
      matchConditions,
      images: list(text),
      allowedValues: list(text),
      reportResult: text,
    }),
  },
  ["spec"],
);

const celPolicy = {
  failurePolicy: text,
  validationActions: list(text),
  validationAction: list(text),
  matchConstraints: open,
  matchConditions,
  variables: list(record({ name: text, expression: text })),
  evaluation: record({
    mode: text,
    admission: record({ enabled: flag }),
    background: record({ enabled: flag }),
  }),
  webhookConfiguration: record({ timeoutSeconds: integer }),
  validations: list(record({ expression: text, reason: text })),
};
const celStatus = record({
  ready: flag,
  conditionStatus: record({ ready: flag, conditions }),
  generated: flag,
});
export const validatingPolicyBody: CustomBody = record({ spec: record(celPolicy), status: celStatus }, ["spec"]);

/** Whose signature counts, and that a key is named; keys and certificates themselves are not read. */
const identity = record({ subject: text, issuer: text, subjectRegExp: text, issuerRegExp: text });
export const imageValidatingPolicyBody: CustomBody = record(
  {
    spec: record({
      ...celPolicy,
      matchImageReferences: list(record({ glob: text, expression: text })),
      validationConfigurations: record({ required: flag, verifyDigest: flag, mutateDigest: flag }),
      attestors: list(
        record({
          name: text,
          cosign: record({
            key: presence,
            keyless: record({ identities: list(identity) }),
            certificate: presence,
          }),
          notary: presence,
        }),
      ),
      attestations: list(record({ name: text })),
      images: list(record({ name: text, expression: text })),
    }),
    status: celStatus,
  },
  ["spec"],
);

export const configBody: CustomBody = record({
  spec: record({ match: list(record({ processes: list(text), excludedNamespaces: list(text) })) }),
});

export const clusterImagePolicyBody: CustomBody = record(
  {
    spec: record({
      mode: text,
      images: list(record({ glob: text })),
      match: list(record({ group: text, version: text, resource: text, selector: labelSelector })),
      authorities: list(
        record({
          name: text,
          key: presence,
          keyless: record({ identities: list(identity), trustRootRef: text }),
          static: record({ action: text }),
          attestations: list(record({ name: text, predicateType: text })),
        }),
      ),
    }),
    status: record({ conditions }),
  },
  ["spec"],
);
