/** Look-ups beside the inventory's own: objects by name and by namespace, live pods by node. Each index is built when it is first asked for. */
import type { Inventory } from "./inventory";
import type { KubeObject } from "./kinds";
import { findSection } from "./sections";
import type { SectionName, SectionObjects } from "./snapshot";
import { namespaceOf } from "./workloads";

type LivePod = Inventory["livePods"][number];

interface LookUps {
  objects: Map<SectionName, Map<string, KubeObject>>;
  lists: Map<SectionName, Map<string, KubeObject[]>>;
  podsByNode: Map<string, LivePod[]> | null;
}
const cache = new WeakMap<Inventory, LookUps>();

function lookUpsOf(inventory: Inventory): LookUps {
  let found = cache.get(inventory);
  if (found === undefined) {
    found = { objects: new Map(), lists: new Map(), podsByNode: null };
    cache.set(inventory, found);
  }
  return found;
}

/**
 * The object of that name, the first if there are several. The namespace counts for kinds that live in one; an object that says none
 * lies in `default`. Ask readable() first: a section that wasn't read holds nothing.
 */
export function findObject<K extends SectionName>(
  inventory: Inventory,
  section: K,
  name: string,
  namespace = "default",
): SectionObjects[K] | undefined {
  const { objects } = lookUpsOf(inventory);
  const isNamespaced = findSection(section)?.namespaced === true;
  const keyOf = (space: string, own: string): string => (isNamespaced ? `${space}/${own}` : own);
  let index = objects.get(section);
  if (index === undefined) {
    index = new Map();
    for (const object of inventory.list(section)) {
      const key = keyOf(namespaceOf(object), object.metadata.name);
      if (!index.has(key)) index.set(key, object);
    }
    objects.set(section, index);
  }
  return index.get(keyOf(namespace, name)) as SectionObjects[K] | undefined;
}

/** The objects of a section in a namespace, in the section's order; one that says none lies in `default`. */
export function listIn<K extends SectionName>(
  inventory: Inventory,
  section: K,
  namespace: string,
): readonly SectionObjects[K][] {
  const { lists } = lookUpsOf(inventory);
  let index = lists.get(section);
  if (index === undefined) {
    index = new Map();
    for (const object of inventory.list(section)) append(index, namespaceOf(object), object);
    lists.set(section, index);
  }
  return (index.get(namespace) ?? []) as SectionObjects[K][];
}

/** The live pods on a node, in the order of the inventory's. */
export function livePodsOn(inventory: Inventory, node: string): readonly LivePod[] {
  const lookUps = lookUpsOf(inventory);
  if (lookUps.podsByNode === null) {
    lookUps.podsByNode = new Map();
    for (const live of inventory.livePods) {
      const { nodeName } = live.pod.spec;
      if (nodeName !== undefined) append(lookUps.podsByNode, nodeName, live);
    }
  }
  return lookUps.podsByNode.get(node) ?? [];
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}
