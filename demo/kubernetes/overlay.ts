/**
 * What was changed since the folder was loaded, kept in a file: an enrolled agent finds its key again after a restart of the
 * simulator. Pods, ReplicaSets and the like are left out, because the controllers make them again.
 */
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ApiObject } from "./objects";
import { findResourceOfKind } from "./resources";
import type { Cluster } from "./cluster";
import { type Change, objectKey } from "./store";

interface OverlayFile {
  version: 1;
  /** `resource key` → the object, or null for one of the folder that was deleted. */
  objects: Record<string, ApiObject | null>;
}

const WRITE_DELAY_MS = 50;

export class Overlay {
  private readonly objects: Map<string, ApiObject | null>;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly path: string) {
    this.objects = new Map(existsSync(path) ? Object.entries(read(path).objects) : []);
  }

  /** Puts the kept changes over the freshly loaded folder, identities included. */
  restore(cluster: Cluster): void {
    const kinds = ["CustomResourceDefinition", "Namespace", "ServiceAccount", "Secret", "ConfigMap"];
    const rank = ([, object]: [string, ApiObject | null]) =>
      object === null ? -1 : (kinds.indexOf(object.kind) + kinds.length + 1) % (kinds.length + 1);
    for (const [id, object] of [...this.objects].sort((a, b) => rank(a) - rank(b))) {
      const [storage = "", key = ""] = id.split(" ");
      if (object === null) cluster.store.remove(storage, key);
      else if (findResourceOfKind(cluster.store, object)) cluster.store.put(storage, object);
    }
  }

  /** Follows the cluster from now on. */
  follow(cluster: Cluster): void {
    cluster.store.subscribe((change) => {
      if (isDerived(change)) return;
      this.objects.set(
        `${change.resource} ${objectKey(change.object.metadata.namespace, change.object.metadata.name)}`,
        change.type === "DELETED" ? null : change.object,
      );
      this.timer ??= setTimeout(() => this.write(), WRITE_DELAY_MS);
    });
  }

  write(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const file: OverlayFile = { version: 1, objects: Object.fromEntries(this.objects) };
    writeFileSync(`${this.path}.new`, JSON.stringify(file), { mode: 0o600 });
    chmodSync(`${this.path}.new`, 0o600);
    renameSync(`${this.path}.new`, this.path);
  }
}

function read(path: string): OverlayFile {
  const file = JSON.parse(readFileSync(path, "utf8")) as OverlayFile;
  if (file.version !== 1) throw new Error(`${path} was written by another version`);
  return file;
}

/** Made by a controller from something else, or a status only. */
function isDerived(change: Change): boolean {
  const { metadata } = change.object;
  if (metadata.ownerReferences?.some((owner) => owner.controller)) return true;
  if (["/persistentvolumeclaims", "/events", "coordination.k8s.io/leases"].includes(change.resource)) return true;
  if (metadata.name === "kube-root-ca.crt") return true;
  if (change.type === "MODIFIED" && change.previous) {
    const strip = ({ status: _, ...object }: ApiObject) =>
      JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: "" } });
    return strip(change.object) === strip(change.previous) || change.resource === "/pods";
  }
  return false;
}
