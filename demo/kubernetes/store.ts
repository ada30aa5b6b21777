/**
 * The state of a simulated cluster, with the guarantees that the API's list and watch are built on: one revision counter,
 * a log of changes, lists at an older revision, and a compaction horizon behind which they are gone.
 */
import type { ApiObject } from "./objects";
import { expired } from "./status";

export interface Change {
  revision: number;
  type: "ADDED" | "MODIFIED" | "DELETED";
  /** `group/plural` */
  resource: string;
  key: string;
  object: ApiObject;
  previous?: ApiObject;
  /** Milliseconds since the epoch, for compaction. */
  at: number;
}

export interface StoreOptions {
  now(): number;
  /** Changes older than this are compacted (etcd compaction of an API server: five minutes by default). */
  historyMs?: number;
  /** At most so many changes are kept. */
  historyLength?: number;
}

/** etcd orders by key bytes: namespace, then name; cluster-scoped objects by name. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export class Store {
  private readonly objects = new Map<string, Map<string, ApiObject>>();
  private readonly sorted = new Map<string, string[]>();
  private log: Change[] = [];
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly undelivered: Change[] = [];
  private isDelivering = false;
  private current: number;
  private compacted = 0;

  constructor(
    private readonly options: StoreOptions,
    startRevision = 1000,
  ) {
    this.current = startRevision;
  }

  get revision(): number {
    return this.current;
  }

  get compactedRevision(): number {
    return this.compacted;
  }

  get(resource: string, key: string): ApiObject | undefined {
    return this.objects.get(resource)?.get(key);
  }

  /** Every object of a resource in key order, as it is now. */
  all<T extends ApiObject = ApiObject>(resource: string): T[] {
    const held = this.objects.get(resource);
    if (!held) return [];
    return this.keys(resource).map((key) => held.get(key) as T);
  }

  count(resource: string): number {
    return this.objects.get(resource)?.size ?? 0;
  }

  resources(): string[] {
    return [...this.objects.keys()].filter((resource) => this.count(resource) > 0).sort();
  }

  /**
   * Every object of a resource in key order as it was at `revision`.
   * @throws StatusError 410 when that revision is behind the compaction horizon.
   */
  allAt(resource: string, revision: number): ApiObject[] {
    this.compact();
    if (revision < this.compacted) {
      throw expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
      );
    }
    const changes = this.log.filter((change) => change.revision > revision && change.resource === resource);
    if (changes.length === 0) return this.all(resource);
    const state = new Map(this.objects.get(resource));
    for (const change of changes.reverse()) {
      if (change.previous) state.set(change.key, change.previous);
      else state.delete(change.key);
    }
    return [...state.keys()].sort().map((key) => state.get(key)!);
  }

  /** Writes an object; the caller has already checked that this is allowed. Returns what was stored. */
  put(resource: string, object: ApiObject): ApiObject {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    const previous = this.get(resource, key);
    const revision = ++this.current;
    const stored: ApiObject = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    let held = this.objects.get(resource);
    if (!held) {
      held = new Map();
      this.objects.set(resource, held);
    }
    held.set(key, stored);
    if (!previous) this.sorted.delete(resource);
    this.record({
      revision,
      type: previous ? "MODIFIED" : "ADDED",
      resource,
      key,
      object: stored,
      previous,
      at: this.options.now(),
    });
    return stored;
  }

  /** Removes an object; returns it with the revision of its removal, or undefined when it was not there. */
  remove(resource: string, key: string): ApiObject | undefined {
    const previous = this.get(resource, key);
    if (!previous) return undefined;
    const revision = ++this.current;
    this.objects.get(resource)!.delete(key);
    this.sorted.delete(resource);
    const object: ApiObject = { ...previous, metadata: { ...previous.metadata, resourceVersion: String(revision) } };
    this.record({ revision, type: "DELETED", resource, key, object, previous, at: this.options.now() });
    return object;
  }

  /** Changes of a resource after `revision`. @throws StatusError 410 behind the compaction horizon. */
  changesSince(resource: string, revision: number): Change[] {
    this.compact();
    if (revision < this.compacted) throw expired(`too old resource version: ${revision} (${this.compacted})`);
    return this.log.filter((change) => change.revision > revision && change.resource === resource);
  }

  /** Calls `listener` after every change, in order, until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Forgets the changes that are past the horizon; with `revision`, everything up to it. */
  compact(revision?: number): void {
    const horizon = this.options.now() - (this.options.historyMs ?? 300_000);
    const surplus = this.log.length - (this.options.historyLength ?? 20_000);
    let drop = 0;
    while (drop < this.log.length) {
      const change = this.log[drop]!;
      if (drop < surplus || change.at < horizon || (revision !== undefined && change.revision <= revision)) drop++;
      else break;
    }
    if (drop > 0) {
      this.compacted = this.log[drop - 1]!.revision;
      this.log = this.log.slice(drop);
    }
    if (revision !== undefined) this.compacted = Math.max(this.compacted, Math.min(revision, this.current));
  }

  private keys(resource: string): string[] {
    let keys = this.sorted.get(resource);
    if (!keys) {
      keys = [...(this.objects.get(resource)?.keys() ?? [])].sort();
      this.sorted.set(resource, keys);
    }
    return keys;
  }

  /** A listener may write too: its changes wait until everybody has seen the present one, so that all see one order. */
  private record(change: Change): void {
    this.log.push(change);
    this.undelivered.push(change);
    if (this.isDelivering) return;
    this.isDelivering = true;
    try {
      for (let next = this.undelivered.shift(); next; next = this.undelivered.shift()) {
        for (const listener of [...this.listeners]) listener(next);
      }
    } finally {
      this.isDelivering = false;
    }
  }
}
