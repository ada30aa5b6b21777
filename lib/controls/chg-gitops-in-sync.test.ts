import { cdeNamespace, deployment, namespace, networkPolicy, object, role } from "@/lib/fixtures/builders";
import type { DeliveryRecord } from "@/lib/inventory/imported-monitoring";
import { chgGitopsInSync } from "./chg-gitops-in-sync";
import { describeControl } from "./testing";

const base = [
  cdeNamespace(),
  namespace("argocd", { "pci-scope": "out-of-scope" }),
  namespace("flux-system", { "pci-scope": "out-of-scope" }),
];
const api = deployment("api");
const policy = networkPolicy("default-deny", "cde", { podSelector: {}, policyTypes: ["Ingress"] });
const resource = (group: string, kind: string, name: string) => ({
  group,
  version: "v1",
  kind,
  namespace: "cde",
  name,
});
const BOTH = [resource("apps", "Deployment", "api"), resource("networking.k8s.io", "NetworkPolicy", "default-deny")];
const argo = (
  sync: Record<string, unknown> = { status: "Synced", revision: "4f2c" },
  more: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
) =>
  object("argoproj.io/v1alpha1", "Application", "cde", "argocd", {
    spec: { project: "cde", destination: { namespace: "cde" }, ...spec },
    status: { sync, health: { status: "Healthy" }, resources: BOTH, ...more },
  });
const flux = (ready: Record<string, unknown>, entries: string[], spec: Record<string, unknown> = {}) =>
  object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "cde", "flux-system", {
    spec: { sourceRef: { kind: "GitRepository", name: "cde" }, ...spec },
    status: {
      conditions: [{ type: "Ready", ...ready }],
      lastAppliedRevision: "main@sha1:4f2c",
      inventory: { entries: entries.map((id) => ({ id, v: "v1" })) },
    },
  });
const IDS = ["cde_api_apps_Deployment", "cde_default-deny_networking.k8s.io_NetworkPolicy"];
const origin = { by: "upload", name: "platform by jane", collectedAt: "2026-11-20T00:00:00Z" } as const;
const record = (change: Partial<DeliveryRecord["applications"][number]> = {}) => ({
  facts: {
    deliveryRecords: [
      {
        origin,
        tool: "Cluster profiles",
        applications: [{ name: "cde-base", namespaces: ["cde"], isSynced: true, revision: "4.2.0", ...change }],
      },
    ],
  },
});
const protection = (isProtected: boolean) => ({
  facts: {
    sourceProtection: [{ origin, repositories: [{ url: "https://git.example.com/cde", branch: "main", isProtected }] }],
  },
});
const marked = (labels: Record<string, string>) => deployment("api", "cde", undefined, { metadata: { labels } });

describeControl(chgGitopsInSync, [
  {
    name: "Argo CD manages everything, in sync",
    objects: [...base, api, policy, argo()],
    status: "pass",
    object: "Application/argocd/cde",
    says: "revision 4f2c",
    assessor: { prints: "Application\tcde\tcde\tSynced\tHealthy\t4f2c" },
  },
  {
    name: "an object that no tool manages",
    objects: [...base, api, policy, role("made-by-hand", "cde", []), argo()],
    status: "fail",
    object: "Namespace/cde",
    says: "Role made-by-hand",
    assessor: { prints: "Role\tcde\tmade-by-hand\tno mark" },
  },
  {
    name: "out of sync for days",
    objects: [
      ...base,
      api,
      policy,
      argo({ status: "OutOfSync" }, { operationState: { finishedAt: "2026-11-15T00:00:00Z" } }),
    ],
    status: "fail",
    object: "Application/argocd/cde",
    says: "nothing synced for 6 days",
  },
  {
    name: "out of sync since this morning",
    objects: [
      ...base,
      api,
      policy,
      argo({ status: "OutOfSync" }, { operationState: { finishedAt: "2026-11-21T08:00:00Z" } }),
    ],
    status: "unknown",
    says: "judged after 24 hours",
  },
  {
    name: "synced, but not healthy",
    objects: [...base, api, policy, argo(undefined, { health: { status: "Degraded" } })],
    status: "unknown",
    says: "Degraded",
  },
  {
    name: "fields that are left out are listed",
    objects: [
      ...base,
      api,
      policy,
      argo(
        undefined,
        {},
        { ignoreDifferences: [{ group: "apps", kind: "Deployment", jsonPointers: ["/spec/replicas"] }] },
      ),
    ],
    status: "pass",
    object: "Application/argocd/cde",
    says: "It does not compare Deployment: /spec/replicas",
  },
  { name: "Flux manages everything", objects: [...base, api, policy, flux({ status: "True" }, IDS)], status: "pass" },
  {
    name: "Flux failed a week ago",
    objects: [
      ...base,
      api,
      policy,
      flux({ status: "False", reason: "BuildFailed", lastTransitionTime: "2026-11-14T00:00:00Z" }, IDS),
    ],
    status: "fail",
    says: "the last attempt failed (BuildFailed)",
  },
  {
    name: "Flux is suspended",
    objects: [...base, api, policy, flux({ status: "True" }, IDS, { suspend: true })],
    status: "unknown",
    says: "suspended",
  },
  {
    name: "a label of Flux alone, which anybody can write",
    objects: [
      ...base,
      deployment("other", "cde", undefined, { metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "cde" } } }),
      flux({ status: "True" }, IDS),
    ],
    status: "fail",
    says: "Deployment other",
  },
  {
    name: "a HelmRelease by label, without drift detection",
    objects: [
      ...base,
      marked({ "helm.toolkit.fluxcd.io/name": "api", "helm.toolkit.fluxcd.io/namespace": "cde" }),
      object("helm.toolkit.fluxcd.io/v2", "HelmRelease", "api", "cde", {
        spec: { releaseName: "api" },
        status: { conditions: [{ type: "Ready", status: "True" }], history: [{ chartVersion: "1.2.3" }] },
      }),
    ],
    status: "pass",
    object: "HelmRelease/cde/api",
    says: "drift detection is off",
  },
  {
    name: "a tool that runs in another cluster",
    objects: [...base, marked({ "argocd.argoproj.io/instance": "cde" }), flux({ status: "True" }, [])],
    status: "unknown",
    says: "Application cde, which is not in this cluster",
  },
  {
    name: "objects that a controller owns are not judged",
    objects: [
      ...base,
      api,
      policy,
      argo(),
      object("rbac.authorization.k8s.io/v1", "Role", "of-operator", "cde", {
        rules: [],
        metadata: { ownerReferences: [{ apiVersion: "x/v1", kind: "Db", name: "d", uid: "1", controller: true }] },
      }),
    ],
    status: "pass",
  },
  {
    name: "a platform's profile by record",
    objects: [...base, api],
    options: record(),
    status: "pass",
    says: "Cluster profiles",
  },
  {
    name: "a platform's profile out of sync",
    objects: [...base, api],
    options: record({ isSynced: false, outOfSyncSince: "2026-11-01" }),
    status: "fail",
    object: "DeliveredApplication/cde-base",
  },
  { name: "no revision", objects: [...base, api], options: record({ revision: null }), status: "unknown" },
  {
    name: "a source branch without protection",
    objects: [...base, api, policy, argo()],
    options: protection(false),
    status: "fail",
    object: "Repository/https://git.example.com/cde@main",
    says: "without a review",
  },
  {
    name: "a protected source branch",
    objects: [...base, api, policy, argo()],
    options: protection(true),
    status: "pass",
  },
  { name: "no tool at all", objects: [...base, api], status: "unknown", says: "applied by hand, this is a gap" },
  {
    name: "applications could not be listed",
    objects: [...base, api, flux({ status: "True" }, [])],
    options: { sections: { "argocd-applications": { status: "forbidden" } } },
    status: "unknown",
  },
  {
    name: "nothing in the namespace",
    objects: [...base, flux({ status: "True" }, [])],
    status: "not-applicable",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
