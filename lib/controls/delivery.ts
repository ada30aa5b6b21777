/**
 * What delivery tools in the cluster (Argo CD, Flux) say of what they manage, in one form.
 *
 * Argo CD writes into each Application which objects it manages and whether they are as the source says; Flux writes into each
 * Kustomization which objects it applied and whether the last attempt succeeded, and into a HelmRelease whether its chart is
 * installed. Labels and annotations on objects say who manages them too, but anybody can write those: they count together with the
 * tool's own object of that name.
 */
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { Condition, CustomObject, KubeObject } from "@/lib/inventory/kinds";
import { splitApiVersion } from "@/lib/inventory/sections";
import { namespaceOf } from "@/lib/inventory/workloads";

export interface DeliveredApplication {
  ref: ResourceRef;
  /** `in-sync`, `out-of-sync` since a time (null: not recorded), or not known with the reason. */
  state:
    | { is: "in-sync" }
    | { is: "out-of-sync"; since: string | null; why: string }
    | { is: "not-known"; why: string };
  revision: string | null;
  /** Where the state stands in the object. */
  pointer: string;
  found: string;
  /** Namespaces of what it manages, as far as it says. */
  namespaces: ReadonlySet<string>;
  /** Keys of the objects it lists, as objectKey() makes them. */
  objects: ReadonlySet<string>;
  /** What it leaves out when it compares, in words. */
  ignores: string[];
}

/** `apps/Deployment/cde/api`. */
export function objectKey(group: string, kind: string, namespace: string, name: string): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

/** Every application of the tools' own objects in the cluster. */
export function deliveredApplications(inventory: Inventory): DeliveredApplication[] {
  return [
    ...inventory.list("argocd-applications").map(fromArgo),
    ...inventory.list("flux-kustomizations").map(fromKustomization),
    ...inventory.list("flux-helmreleases").map(fromHelmRelease),
  ];
}

interface ArgoSpec {
  destination?: { namespace?: string };
  ignoreDifferences?: {
    group?: string;
    kind?: string;
    name?: string;
    jsonPointers?: string[];
    jqPathExpressions?: string[];
  }[];
}
interface ArgoStatus {
  sync?: { status?: string; revision?: string; revisions?: string[] };
  health?: { status?: string };
  operationState?: { finishedAt?: string };
  resources?: { group?: string; kind?: string; namespace?: string; name?: string }[];
}
function fromArgo(object: CustomObject): DeliveredApplication {
  const spec = (object.spec ?? {}) as ArgoSpec;
  const status = (object.status ?? {}) as ArgoStatus;
  const { sync, health } = status;
  const revision = sync?.revision ?? sync?.revisions?.join(", ") ?? null;
  const resources = status.resources ?? [];
  const fallback = spec.destination?.namespace;
  const namespaces = new Set(resources.flatMap(({ namespace }) => (namespace === undefined ? [] : [namespace])));
  if (fallback !== undefined) namespaces.add(fallback);
  return {
    ref: refOf(object),
    state:
      sync?.status === "OutOfSync"
        ? {
            is: "out-of-sync",
            since: status.operationState?.finishedAt ?? null,
            why: "its objects differ from the source",
          }
        : sync?.status !== "Synced"
          ? { is: "not-known", why: `its sync status is ${sync?.status ?? "not reported"}` }
          : health?.status !== "Healthy"
            ? { is: "not-known", why: `it is synced, but its health is ${health?.status ?? "not reported"}` }
            : { is: "in-sync" },
    revision,
    pointer: "/status/sync/status",
    found: `${sync?.status ?? "no status"}, ${health?.status ?? "no health"}`,
    namespaces,
    objects: new Set(
      resources.map(({ group = "", kind = "", namespace = "", name = "" }) => objectKey(group, kind, namespace, name)),
    ),
    ignores: (spec.ignoreDifferences ?? []).map(
      ({ kind = "any kind", name, jsonPointers = [], jqPathExpressions = [] }) => {
        const fields = [...jsonPointers, ...jqPathExpressions];
        return `${kind}${name === undefined ? "" : ` ${name}`}: ${fields.length > 0 ? fields.join(", ") : "fields of some managers"}`;
      },
    ),
  };
}

interface FluxStatus {
  conditions?: Condition[];
  lastAppliedRevision?: string;
  inventory?: { entries?: { id?: string }[] };
  history?: { chartVersion?: string }[];
}
function fluxState(object: CustomObject, status: FluxStatus): DeliveredApplication["state"] {
  if (object.spec?.suspend === true)
    return { is: "not-known", why: "it is suspended, so nothing is compared or applied" };
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined) return { is: "not-known", why: "it reports no condition Ready" };
  if (ready.status === "True") return { is: "in-sync" };
  if (ready.status !== "False") return { is: "not-known", why: `its condition Ready is ${ready.status}` };
  return {
    is: "out-of-sync",
    since: ready.lastTransitionTime ?? null,
    why: `the last attempt failed (${ready.reason ?? "no reason"})`,
  };
}
function fromKustomization(object: CustomObject): DeliveredApplication {
  const status = (object.status ?? {}) as FluxStatus;
  const ids = (status.inventory?.entries ?? []).flatMap(({ id }) => (id === undefined ? [] : [id.split("_")]));
  const target = object.spec?.targetNamespace;
  const namespaces = new Set(ids.flatMap(([namespace = ""]) => (namespace === "" ? [] : [namespace])));
  if (typeof target === "string") namespaces.add(target);
  return {
    ref: refOf(object),
    state: fluxState(object, status),
    revision: status.lastAppliedRevision ?? null,
    pointer: "/status/conditions",
    found: status.conditions?.map(({ type, status: value }) => `${type}=${value}`).join(", ") ?? "no conditions",
    namespaces,
    objects: new Set(
      ids.map(([namespace = "", name = "", group = "", kind = ""]) => objectKey(group, kind, namespace, name)),
    ),
    ignores: [],
  };
}
function fromHelmRelease(object: CustomObject): DeliveredApplication {
  const status = (object.status ?? {}) as FluxStatus;
  const drift = (object.spec?.driftDetection ?? {}) as { mode?: string; ignore?: { paths?: string[] }[] };
  const target = object.spec?.targetNamespace;
  return {
    ref: refOf(object),
    state: fluxState(object, status),
    revision: status.history?.[0]?.chartVersion ?? status.lastAppliedRevision ?? null,
    pointer: "/status/conditions",
    found: status.conditions?.map(({ type, status: value }) => `${type}=${value}`).join(", ") ?? "no conditions",
    namespaces: new Set([typeof target === "string" ? target : namespaceOf(object)]),
    objects: new Set(),
    ignores:
      drift.mode === "enabled" || drift.mode === "warn"
        ? (drift.ignore ?? []).map(({ paths = [] }) => paths.join(", "))
        : ["every field: drift detection is off, so that a changed object is noticed at the next upgrade only"],
  };
}

export type Management =
  | { by: "application"; application: DeliveredApplication }
  /** It carries a tool's mark, but the tool's object isn't in this cluster. */
  | { by: "elsewhere"; mark: string }
  | { by: "nobody" };

/** Who manages an object: a tool's own list of objects first, then the marks on the object together with the tool's object. */
export function managementOf(object: KubeObject, applications: readonly DeliveredApplication[]): Management {
  const { group } = splitApiVersion(object.apiVersion);
  const key = objectKey(group, object.kind, object.metadata.namespace ?? "", object.metadata.name);
  const listed = applications.find(({ objects }) => objects.has(key));
  if (listed !== undefined) return { by: "application", application: listed };
  const labels = object.metadata.labels ?? {};
  const marks: [string, string | undefined, string | undefined][] = [
    ["Kustomization", labels["kustomize.toolkit.fluxcd.io/name"], labels["kustomize.toolkit.fluxcd.io/namespace"]],
    ["HelmRelease", labels["helm.toolkit.fluxcd.io/name"], labels["helm.toolkit.fluxcd.io/namespace"]],
    ["Application", labels["argocd.argoproj.io/instance"], undefined],
  ];
  for (const [kind, name, namespace] of marks) {
    if (name === undefined) continue;
    const named = applications.find(
      ({ ref }) => ref.kind === kind && ref.name === name && (namespace === undefined || ref.namespace === namespace),
    );
    // A Kustomization or an Application lists everything that it manages: a mark without being on the list is only a label.
    if (named === undefined) return { by: "elsewhere", mark: `${kind} ${name}` };
    if (kind === "HelmRelease" || named.objects.size === 0) return { by: "application", application: named };
  }
  if (object.metadata.annotations?.["argocd.argoproj.io/tracking-id"] !== undefined && !applications.some(isArgo)) {
    return { by: "elsewhere", mark: "an Application of Argo CD" };
  }
  return { by: "nobody" };
}

function isArgo({ ref }: DeliveredApplication): boolean {
  return ref.kind === "Application";
}
