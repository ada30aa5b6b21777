/**
 * A Kubernetes API of a few lines, for tests of what goes wrong on the wire. It pages, discovers and refuses like the real
 * one; a test puts its own answer in the way of any request.
 */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { SECTIONS } from "@/lib/inventory/sections";

export interface StubRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** How many requests came for this method and path before. */
  nth: number;
}
export type StubAnswer = { status: number; body?: unknown; headers?: Record<string, string>; breakAfterBytes?: number };

export interface KubernetesStub {
  url: string;
  config: KubeConfig;
  /** A kubeconfig file's text for this API. */
  kubeconfig: string;
  requests: StubRequest[];
  /** Resource path (`/api/v1/pods`) → objects. A path that is missing is not served. */
  resources: Map<string, unknown[]>;
  /** Asked first; undefined lets the ordinary answer through. */
  intercept: (request: StubRequest) => StubAnswer | undefined;
  close(): Promise<void>;
}

const CORE = ["namespaces", "nodes", "pods", "serviceaccounts", "services", "replicationcontrollers"];
const GROUPS: Record<string, string[]> = {
  "apps/v1": ["deployments", "statefulsets", "daemonsets", "replicasets"],
  "batch/v1": ["jobs", "cronjobs"],
  "networking.k8s.io/v1": ["networkpolicies", "ingresses"],
  "rbac.authorization.k8s.io/v1": ["roles", "clusterroles", "rolebindings", "clusterrolebindings"],
  "admissionregistration.k8s.io/v1": ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
};

export async function startKubernetesStub(): Promise<KubernetesStub> {
  const resources = new Map<string, unknown[]>(CORE.map((name) => [`/api/v1/${name}`, []]));
  for (const [group, names] of Object.entries(GROUPS))
    for (const name of names) resources.set(`/apis/${group}/${name}`, []);
  resources.set("/api/v1/namespaces", [namespace("default"), namespace("kube-system")]);

  const counts = new Map<string, number>();
  const server = http.createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const url = new URL(incoming.url ?? "/", "http://stub");
      const key = `${incoming.method} ${url.pathname}`;
      const nth = counts.get(key) ?? 0;
      counts.set(key, nth + 1);
      const request: StubRequest = {
        method: incoming.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: Buffer.concat(parts).toString("utf8"),
        nth,
      };
      stub.requests.push(request);
      const answer = stub.intercept(request) ?? ordinary(resources, request);
      const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? status(answer.status));
      const body = Buffer.from(text);
      outgoing.writeHead(answer.status, {
        "content-type": "application/json",
        "content-length": body.length,
        ...answer.headers,
      });
      if (answer.breakAfterBytes === undefined) outgoing.end(body);
      else outgoing.write(body.subarray(0, answer.breakAfterBytes), () => outgoing.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "stub",
    clusters: [{ name: "stub", cluster: { server: url } }],
    users: [{ name: "stub", user: {} }],
    contexts: [{ name: "stub", context: { cluster: "stub", user: "stub", namespace: "ringfence" } }],
  });
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const stub: KubernetesStub = {
    url,
    config,
    kubeconfig,
    requests: [],
    resources,
    intercept: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return stub;
}

export function namespace(name: string, labels: Record<string, string> = {}): Record<string, unknown> {
  return { metadata: { name, uid: uid(`ns/${name}`), labels }, status: { phase: "Active" } };
}

/** A pod as a List answer gives it: without apiVersion and kind, with managedFields. */
export function pod(namespace: string, name: string, change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: {
      name,
      namespace,
      uid: uid(`${namespace}/${name}`),
      creationTimestamp: "2026-11-01T00:00:00Z",
      labels: { app: "web" },
      managedFields: [{ manager: "kubelet", fieldsV1: { "f:status": {} } }],
    },
    spec: { containers: [{ name: "app", image: "registry.example/app:1" }], nodeName: "node-1", ...change },
    status: { phase: "Running" },
  };
}

export function status(code: number, reason = ""): Record<string, unknown> {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: `stub ${code}`, reason, code };
}

function ordinary(resources: Map<string, unknown[]>, request: StubRequest): StubAnswer {
  if (request.method !== "GET") return { status: 405 };
  const { path, query } = request;
  if (path === "/version") return { status: 200, body: { major: "1", minor: "32", gitVersion: "v1.32.4" } };
  if (path === "/apis") return { status: 200, body: { kind: "APIGroupList", groups: groupsOf(resources) } };
  const list = resources.get(path);
  if (list !== undefined) return page(path, list, query);
  const named = resources.get(path.slice(0, path.lastIndexOf("/")));
  const found = named?.find(
    (object) => (object as { metadata: { name: string } }).metadata.name === path.split("/").at(-1),
  );
  if (found !== undefined) return { status: 200, body: found };
  const children = [...resources.keys()].filter((key) => key.startsWith(`${path}/`));
  if (children.length === 0) return { status: 404 };
  const served = children.map((key) => ({
    name: key.slice(path.length + 1),
    kind: kindOf(key.slice(path.length + 1)),
    verbs: ["get", "list", "watch"],
  }));
  // A subresource and something that can't be listed stand in every real answer.
  served.push(
    { name: "pods/status", kind: "Pod", verbs: ["get"] },
    { name: "bindings", kind: "Binding", verbs: ["create"] },
  );
  return { status: 200, body: { kind: "APIResourceList", resources: served } };
}

function groupsOf(resources: Map<string, unknown[]>): unknown[] {
  const versions = new Set(
    [...resources.keys()].filter((key) => key.startsWith("/apis/")).map((key) => key.split("/").slice(2, 4).join("/")),
  );
  const names = new Set([...versions].map((version) => version.split("/")[0]));
  return [...names].map((name) => ({
    name,
    versions: [...versions]
      .filter((version) => version.startsWith(`${name}/`))
      .map((groupVersion) => ({ groupVersion, version: groupVersion.split("/")[1] })),
  }));
}

function page(path: string, list: unknown[], query: URLSearchParams): StubAnswer {
  const limit = Number(query.get("limit") ?? list.length) || list.length;
  const from = Number(query.get("continue") ?? 0);
  const items = list.slice(from, from + limit);
  const rest = list.length - from - items.length;
  const more = rest > 0 ? { continue: String(from + limit), remainingItemCount: rest } : {};
  const kind = `${kindOf(path.split("/").at(-1) ?? "")}List`;
  const apiVersion = path.startsWith("/apis/") ? path.split("/").slice(2, 4).join("/") : "v1";
  return { status: 200, body: { kind, apiVersion, metadata: { resourceVersion: "4711", ...more }, items } };
}

const KINDS: Record<string, string> = {
  configmaps: "ConfigMap",
  serviceaccounts: "ServiceAccount",
  replicationcontrollers: "ReplicationController",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
  replicasets: "ReplicaSet",
  cronjobs: "CronJob",
  networkpolicies: "NetworkPolicy",
  ingresses: "Ingress",
  clusterroles: "ClusterRole",
  rolebindings: "RoleBinding",
  clusterrolebindings: "ClusterRoleBinding",
  validatingwebhookconfigurations: "ValidatingWebhookConfiguration",
  mutatingwebhookconfigurations: "MutatingWebhookConfiguration",
};
function kindOf(resource: string): string {
  const source = SECTIONS.flatMap(({ sources }) => sources).find((candidate) => candidate.resource === resource);
  return source?.kind ?? KINDS[resource] ?? resource.charAt(0).toUpperCase() + resource.slice(1).replace(/s$/, "");
}

function uid(seed: string): string {
  let sum = 7;
  for (let i = 0; i < seed.length; i++) sum = (sum * 31 + seed.charCodeAt(i)) % 0xffffffff;
  return `${sum.toString(16).padStart(8, "0")}-0000-4000-8000-000000000000`;
}
