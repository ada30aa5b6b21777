/** `/api`, `/apis` and what kubectl wants of `/openapi/v3` before it sends an apply. */
import { apiVersionOf, type Resource, REVIEWS, servedResources } from "./resources";
import type { Store } from "./store";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export function coreVersions(address: string): unknown {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
  };
}

/** Group → its versions, best first. */
function groups(store: Store): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const add = (group: string, version: string) => {
    const versions = found.get(group) ?? [];
    if (!versions.includes(version)) versions.push(version);
    found.set(group, versions);
  };
  for (const resource of servedResources(store)) if (resource.group !== "") add(resource.group, resource.version);
  for (const groupVersion of Object.keys(REVIEWS)) add(groupVersion.split("/")[0]!, groupVersion.split("/")[1]!);
  for (const versions of found.values()) versions.sort(byStability);
  return found;
}

/** v1 before v1beta1 before v1alpha1, higher numbers first (documentation, "Version priority" of custom resources). */
function byStability(a: string, b: string): number {
  const rank = (version: string) => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (!match) return [0, 0, 0];
    return [match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return right[i]! - left[i]!;
  return a < b ? -1 : 1;
}

function groupEntry(name: string, versions: readonly string[]): Record<string, unknown> {
  const listed = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: listed, preferredVersion: listed[0] };
}

export function groupList(store: Store): unknown {
  return {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [...groups(store)].map(([name, versions]) => groupEntry(name, versions)),
  };
}

export function findGroup(store: Store, name: string): unknown {
  const versions = groups(store).get(name);
  return versions ? { kind: "APIGroup", apiVersion: "v1", ...groupEntry(name, versions) } : undefined;
}

/** The resources of one group version, or undefined when it is not served. */
export function findResourceList(store: Store, group: string, version: string): unknown {
  const groupVersion = apiVersionOf({ group, version });
  const served = servedResources(store).filter((resource) => resource.group === group && resource.version === version);
  const reviews = REVIEWS[groupVersion] ?? [];
  if (served.length === 0 && reviews.length === 0) return undefined;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: [
      ...served.flatMap((resource) => [entry(resource), ...subresources(resource)]),
      ...reviews.map((review) => ({
        name: review.plural,
        singularName: review.kind.toLowerCase(),
        namespaced: review.namespaced,
        kind: review.kind,
        verbs: ["create"],
      })),
    ],
  };
}

function entry(resource: Resource): Record<string, unknown> {
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: VERBS,
    ...(resource.shortNames.length ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories.length ? { categories: resource.categories } : {}),
  };
}

function subresources(resource: Resource): Record<string, unknown>[] {
  const result: Record<string, unknown>[] = [];
  const add = (name: string, kind: string, verbs: string[], more: Record<string, unknown> = {}) =>
    result.push({
      name: `${resource.plural}/${name}`,
      singularName: "",
      namespaced: resource.namespaced,
      kind,
      verbs,
      ...more,
    });
  if (resource.hasStatus) add("status", resource.kind, ["get", "patch", "update"]);
  if (resource.storage === "/pods") add("log", "Pod", ["get"]);
  if (resource.storage === "/serviceaccounts")
    add("token", "TokenRequest", ["create"], { group: "authentication.k8s.io", version: "v1" });
  if (["apps/deployments", "apps/replicasets", "apps/statefulsets"].includes(resource.storage)) {
    add("scale", "Scale", ["get", "patch", "update"], { group: "autoscaling", version: "v1" });
  }
  return result;
}

/** The index of `/openapi/v3`: one document per group version. */
export function openApiIndex(store: Store): unknown {
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const resource of servedResources(store)) {
    const path = resource.group === "" ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`;
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}` };
  }
  return { paths };
}

/**
 * Enough of a document for kubectl to see that the server checks fields itself (`fieldValidation` on PATCH). No strategic
 * merge is announced, so kubectl computes it from its own types.
 */
export function findOpenApiDocument(store: Store, path: string): unknown {
  const parts = path.split("/");
  const [group, version] = parts[0] === "api" ? ["", parts[1]] : [parts[1], parts[2]];
  const served = servedResources(store).filter((resource) => resource.group === group && resource.version === version);
  if (served.length === 0) return undefined;
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const resource of served) {
    const kind = { group: resource.group, version: resource.version, kind: resource.kind };
    const prefix = resource.namespaced ? `/${path}/namespaces/{namespace}` : `/${path}`;
    const parameters = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({
      name,
      in: "query",
      schema: { type: "string", uniqueItems: true },
    }));
    paths[`${prefix}/${resource.plural}/{name}`] = {
      patch: {
        operationId: `patch${resource.kind}`,
        parameters,
        responses: { 200: { description: "OK" } },
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": kind,
      },
    };
    schemas[`${resource.group || "core"}.${resource.version}.${resource.kind}`] = {
      type: "object",
      description: `${resource.kind} as the simulated cluster stores it.`,
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { type: "object" },
        spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
      "x-kubernetes-group-version-kind": [kind],
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes (simulated)", version: "unversioned" },
    paths,
    components: { schemas },
  };
}
