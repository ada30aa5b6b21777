/** Reads folders of ordinary Kubernetes YAML into a cluster. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { LineCounter, parseAllDocuments } from "yaml";
import { type Cluster, derivedUid } from "./cluster";
import type { EncryptionConfiguration } from "./metrics";
import type { ApiObject, Node, Pod } from "./objects";
import { findResourceOfKind } from "./resources";
import { canRunOn } from "./scheduling";

/** Kinds that others refer to come first; the rest follows in the order of the files. */
const FIRST = [
  "CustomResourceDefinition",
  "Namespace",
  "Node",
  "PriorityClass",
  "ServiceAccount",
  "Secret",
  "ConfigMap",
];

export interface LoadedFolder {
  objects: ApiObject[];
  /** A configuration file of the control plane, not an object of the API. */
  encryption: EncryptionConfiguration | undefined;
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return yamlFiles(path);
      return /\.ya?ml$/.test(entry.name) ? [path] : [];
    });
}

/** Every document of every file. @throws Error naming file and line of a document that is not valid YAML or not an object. */
export function readFolder(folder: string): LoadedFolder {
  const loaded: LoadedFolder = { objects: [], encryption: undefined };
  for (const path of yamlFiles(folder)) {
    const lines = new LineCounter();
    for (const document of parseAllDocuments(readFileSync(path, "utf8"), { lineCounter: lines, merge: true })) {
      const { line } = lines.linePos(document.range?.[0] ?? 0);
      const where = `${relative(process.cwd(), path)}:${line}`;
      if (document.errors[0]) throw new Error(`${where}: ${document.errors[0].message}`);
      const value = document.toJS() as ApiObject | null;
      if (value === null) continue;
      if (typeof value.kind !== "string" || typeof value.apiVersion !== "string")
        throw new Error(`${where}: apiVersion or kind is missing`);
      if (value.kind === "EncryptionConfiguration") loaded.encryption = value as unknown as EncryptionConfiguration;
      else if (value.kind === "List") loaded.objects.push(...(value.items as ApiObject[]));
      else if (value.apiVersion === "audit.k8s.io/v1") continue;
      else loaded.objects.push(value);
    }
  }
  return loaded;
}

const MOMENT = /\$\((NOW|TODAY)(?:([+-])(\d+)([smhd]))?\)/g;
const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * `$(NOW)`, `$(NOW-2h)`, `$(NOW+60d)` as times, `$(TODAY-3d)` as a day: what a controller or a person renews all the time (a
 * certificate, a report, a review) would be stale in a file that was written once.
 */
export function resolveMoments(text: string, nowMs: number): string {
  return text.replace(MOMENT, (_, form: string, sign: string | undefined, count = "0", unit = "s") => {
    const offset = Number(count) * (UNIT_MS[unit] ?? 0) * (sign === "-" ? -1 : 1);
    const moment = new Date(Math.floor((nowMs + offset) / 1000) * 1000).toISOString();
    return form === "TODAY" ? moment.slice(0, 10) : moment.replace(".000Z", "Z");
  });
}

/** The object with times in the place of its moments. */
export function withMoments(object: ApiObject, nowMs: number): ApiObject {
  const text = JSON.stringify(object);
  return text.includes("$(") ? (JSON.parse(resolveMoments(text, nowMs)) as ApiObject) : object;
}

/**
 * Creates the objects as the cluster's initial state.
 *
 * @param nowMs the moment that `$(NOW)` stands for
 * @throws Error naming the object that the cluster refused.
 */
export async function loadObjects(cluster: Cluster, given: readonly ApiObject[], nowMs: number): Promise<void> {
  const objects = given.map((object) => withMoments(object, nowMs));
  const rank = (object: ApiObject) => {
    const index = FIRST.indexOf(object.kind);
    return index < 0 ? FIRST.length : index;
  };
  const ordered = objects
    .map((object, index) => ({ object, index }))
    .sort((a, b) => rank(a.object) - rank(b.object) || a.index - b.index);
  // The nodes and the namespaces' default service accounts are there before the first pod.
  const isPod = (object: ApiObject) => object.kind === "Pod";
  load(
    cluster,
    ordered.map(({ object }) => object).filter((object) => !isPod(object)),
  );
  await settled();
  load(
    cluster,
    ordered
      .map(({ object }) => object)
      .filter(isPod)
      .flatMap((object) => mirrors(cluster, object)),
  );
}

/** Puts the objects into the store as they are, definitions of custom kinds first. @throws Error naming one of a kind that nobody serves. */
export function putRecorded(cluster: Cluster, objects: readonly ApiObject[]): void {
  const isDefinition = (object: ApiObject) => object.kind === "CustomResourceDefinition";
  for (const object of [...objects.filter(isDefinition), ...objects.filter((held) => !isDefinition(held))]) {
    const resource = findResourceOfKind(cluster.store, object);
    if (!resource)
      throw new Error(
        `${object.kind} ${object.metadata.name}: no resource ${object.apiVersion} ${object.kind} is served`,
      );
    const namespace = resource.namespaced ? { namespace: object.metadata.namespace ?? "default" } : {};
    const identity = [cluster.name, resource.storage, object.metadata.namespace ?? "", object.metadata.name];
    cluster.store.put(resource.storage, {
      ...object,
      metadata: {
        uid: derivedUid(...identity),
        creationTimestamp: cluster.timestamp(),
        ...object.metadata,
        ...namespace,
      },
    });
  }
}

function load(cluster: Cluster, objects: readonly ApiObject[]): void {
  for (const object of objects) {
    const name = `${object.kind} ${object.metadata?.namespace ? `${object.metadata.namespace}/` : ""}${object.metadata?.name}`;
    const resource = findResourceOfKind(cluster.store, object);
    if (!resource)
      throw new Error(
        `${name}: no resource ${object.apiVersion} ${object.kind} is served; is its CustomResourceDefinition missing?`,
      );
    const namespace = resource.namespaced ? { namespace: object.metadata.namespace ?? "default" } : {};
    const placed = { ...object, metadata: { ...object.metadata, ...namespace } };
    try {
      // What every cluster has (kube-system, …) may be written down again, with labels.
      if (cluster.find(resource, placed.metadata.namespace, placed.metadata.name)) cluster.update(resource, placed);
      else {
        const made = cluster.create(resource, placed, { isInitial: true });
        // A recorded status is part of the state (a Node's versions, a policy's conditions).
        if (object.status !== undefined)
          cluster.update(
            resource,
            { ...made, metadata: { ...made.metadata, resourceVersion: undefined }, status: object.status },
            { isStatus: true },
          );
      }
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/**
 * A static pod (annotation kubernetes.io/config.source: file) is a file on the control-plane nodes: each kubelet that has it
 * shows it as a mirror pod with the node's name behind its own. With a `nodeName` it is on that node only.
 */
function mirrors(cluster: Cluster, object: ApiObject): ApiObject[] {
  if (object.kind !== "Pod" || object.metadata.annotations?.["kubernetes.io/config.source"] !== "file") return [object];
  const pod = object as Pod;
  const nodes = cluster.store
    .all<Node>("/nodes")
    .filter((node) =>
      pod.spec.nodeName === undefined
        ? canRunOn({ ...pod.spec, tolerations: [{ operator: "Exists" }] }, node)
        : pod.spec.nodeName === node.metadata.name,
    );
  return nodes.map((node) => {
    const address = node.status?.addresses?.find((held) => held.type === "InternalIP")?.address ?? "";
    const spec = JSON.parse(JSON.stringify(pod.spec).replaceAll("$(NODE_IP)", address)) as Pod["spec"];
    delete spec.nodeSelector;
    const hash = createHash("sha256").update(JSON.stringify(pod.spec)).digest("hex").slice(0, 32);
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        name: `${pod.metadata.name}-${node.metadata.name}`,
        annotations: {
          ...pod.metadata.annotations,
          "kubernetes.io/config.hash": hash,
          "kubernetes.io/config.mirror": hash,
        },
        ownerReferences: [
          { apiVersion: "v1", kind: "Node", name: node.metadata.name, uid: node.metadata.uid ?? "", controller: true },
        ],
      },
      spec: { ...spec, nodeName: node.metadata.name, tolerations: [{ effect: "NoExecute", operator: "Exists" }] },
    };
  });
}

/** Controllers work in microtasks; a turn of the event loop later they are done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
