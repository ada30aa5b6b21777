/** The allow-lists of kinds about change management (quotas, GitOps). How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { condition } from "./pod";
import { flag, identifier, intOrString, list, map, quantity, record, type Shape, text } from "./shape";

export const resourceQuotaBody: CustomBody = record({
  spec: record({ hard: map(quantity), scopes: list(text) }),
  status: record({ hard: map(quantity), used: map(quantity) }),
});
const amounts = map(quantity);
export const limitRangeBody: CustomBody = record({
  spec: record({
    limits: list(record({ type: text, max: amounts, min: amounts, default: amounts, defaultRequest: amounts })),
  }),
});

/** An address without the user and password that may stand in front of its host. */
const repositoryUrl: Shape<string> = (value, at) => {
  const url = text(value, at);
  const plain = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1");
  if (plain !== url) at.dropped += 1;
  return plain;
};

/** Argo CD. Parameters of a source (`helm.values`, `kustomize`) may hold credentials and are left out. */
const source = record({ repoURL: repositoryUrl, targetRevision: text, path: text, chart: text, ref: text });
export const applicationBody: CustomBody = record(
  {
    spec: record({
      project: text,
      source,
      sources: list(source),
      destination: record({ server: text, name: text, namespace: text }),
      syncPolicy: record({ automated: record({ prune: flag, selfHeal: flag, enabled: flag }) }),
      ignoreDifferences: list(
        record({
          group: text,
          kind: text,
          name: text,
          namespace: text,
          jsonPointers: list(text),
          jqPathExpressions: list(text),
        }),
      ),
    }),
    status: record({
      sync: record({ status: text, revision: text, revisions: list(text) }),
      health: record({ status: text }),
      operationState: record({ phase: text, finishedAt: identifier }),
      resources: list(
        record({ group: text, kind: text, namespace: text, name: text, status: text, requiresPruning: flag }),
      ),
    }),
  },
  ["spec"],
);

const sourceRef = record({ apiVersion: text, kind: text, name: text, namespace: text });
/** Flux. `status.inventory` names every object that the Kustomization manages (`namespace_name_group_Kind`). */
export const kustomizationBody: CustomBody = record(
  {
    spec: record({ path: text, prune: flag, suspend: flag, targetNamespace: text, sourceRef, interval: text }),
    status: record({
      conditions: list(condition),
      lastAppliedRevision: text,
      lastAttemptedRevision: text,
      inventory: record({ entries: list(record({ id: text, v: text })) }),
    }),
  },
  ["spec"],
);
export const helmReleaseBody: CustomBody = record(
  {
    spec: record({
      chart: record({ spec: record({ chart: text, version: intOrString, sourceRef }) }),
      chartRef: sourceRef,
      targetNamespace: text,
      storageNamespace: text,
      releaseName: text,
      suspend: flag,
      driftDetection: record({ mode: text, ignore: list(record({ paths: list(text) })) }),
    }),
    status: record({
      conditions: list(condition),
      lastAttemptedRevision: text,
      lastAppliedRevision: text,
      history: list(
        record({ name: text, namespace: text, chartVersion: text, status: text, lastDeployed: identifier }),
      ),
    }),
  },
  ["spec"],
);
