/** Rich raw objects of the kinds of change.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const CHANGE_SAMPLES = {
  resourcequotas: {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: meta("resourcequotas", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  limitranges: {
    apiVersion: "v1",
    kind: "LimitRange",
    metadata: meta("limitranges", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "argocd-applications": {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: meta("argocd-applications", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "flux-kustomizations": {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: meta("flux-kustomizations", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "flux-helmreleases": {
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: meta("flux-helmreleases", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
};
