/** Rich raw objects of the kinds of change.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

const conditions = [
  {
    type: "Ready",
    status: "True",
    reason: "Succeeded",
    message: "message-secret",
    lastTransitionTime: "2026-11-01T00:00:00Z",
    observedGeneration: 3,
  },
];

export const CHANGE_SAMPLES = {
  resourcequotas: {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: meta("resourcequotas", "cde"),
    spec: {
      hard: { "requests.cpu": "4", "count/secrets": "20" },
      scopes: ["NotTerminating"],
      scopeSelector: { matchExpressions: [{ scopeName: "scope-secret" }] },
    },
    status: {
      hard: { "requests.cpu": "4" },
      used: { "requests.cpu": "1", "count/secrets": "7" },
      note: "status-secret",
    },
  },
  limitranges: {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: meta("limitranges", "cde"),
    spec: {
      limits: [
        {
          type: "Container",
          max: { cpu: "2" },
          min: { cpu: "10m" },
          default: { cpu: "500m" },
          defaultRequest: { cpu: "100m" },
          maxLimitRequestRatio: { cpu: "ratio-secret" },
        },
      ],
    },
  },
  "argocd-applications": {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: meta("argocd-applications", "argocd"),
    spec: {
      project: "cde",
      source: {
        repoURL: "https://git.example.com/platform/cde",
        targetRevision: "main",
        path: "overlays/prod",
        helm: { values: "password: values-secret", parameters: [{ name: "a", value: "parameter-secret" }] },
      },
      sources: [{ repoURL: "https://charts.example.com", chart: "api", targetRevision: "1.2.3", ref: "values" }],
      destination: { server: "https://kubernetes.default.svc", name: "in-cluster", namespace: "cde" },
      syncPolicy: { automated: { prune: true, selfHeal: true, enabled: true }, syncOptions: ["option-secret"] },
      ignoreDifferences: [
        {
          group: "apps",
          kind: "Deployment",
          name: "api",
          namespace: "cde",
          jsonPointers: ["/spec/replicas"],
          jqPathExpressions: [".spec.template"],
          managedFieldsManagers: ["manager-secret"],
        },
      ],
      info: [{ name: "note", value: "info-secret" }],
    },
    status: {
      sync: {
        status: "Synced",
        revision: "4f2c",
        revisions: ["4f2c", "1.2.3"],
        comparedTo: { note: "compared-secret" },
      },
      health: { status: "Healthy", message: "message-secret" },
      operationState: { phase: "Succeeded", finishedAt: "2026-11-20T10:00:00Z", message: "message-secret" },
      resources: [
        {
          group: "apps",
          version: "v1",
          kind: "Deployment",
          namespace: "cde",
          name: "api",
          status: "Synced",
          requiresPruning: false,
          health: { message: "message-secret" },
        },
      ],
      summary: { images: ["image-secret"] },
    },
  },
  "flux-kustomizations": {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: meta("flux-kustomizations", "flux-system"),
    spec: {
      path: "./overlays/prod",
      prune: true,
      suspend: false,
      targetNamespace: "cde",
      interval: "10m",
      sourceRef: { kind: "GitRepository", name: "cde", namespace: "flux-system" },
      postBuild: { substitute: { PASSWORD: "substitute-secret" } },
      patches: [{ patch: "patch-secret" }],
    },
    status: {
      conditions,
      lastAppliedRevision: "main@sha1:4f2c",
      lastAttemptedRevision: "main@sha1:4f2c",
      inventory: { entries: [{ id: "cde_api_apps_Deployment", v: "v1" }] },
      note: "status-secret",
    },
  },
  "flux-helmreleases": {
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: meta("flux-helmreleases", "cde"),
    spec: {
      chart: {
        spec: {
          chart: "api",
          version: "1.2.x",
          sourceRef: { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "HelmRepository", name: "charts" },
          valuesFiles: ["file-secret"],
        },
      },
      chartRef: { kind: "OCIRepository", name: "charts", namespace: "flux-system" },
      targetNamespace: "cde",
      storageNamespace: "cde",
      releaseName: "api",
      suspend: false,
      driftDetection: { mode: "enabled", ignore: [{ paths: ["/spec/replicas"], target: { name: "target-secret" } }] },
      values: { password: "values-secret" },
    },
    status: {
      conditions,
      lastAttemptedRevision: "1.2.3",
      lastAppliedRevision: "1.2.3",
      history: [
        {
          name: "api",
          namespace: "cde",
          chartVersion: "1.2.3",
          status: "deployed",
          lastDeployed: "2026-11-20T10:00:00Z",
          digest: "sha256:digest-secret",
          configDigest: "config-secret",
        },
      ],
    },
  },
};
