/** Finding the policies that may apply to a pod without comparing it with all of them. */
import type { PodEndpoint } from "./endpoints";
import type { Policy } from "./model";

/** Policies by namespace and by a label that they require, so that a pod is compared with few of them. */
export class PolicyIndex {
  private readonly buckets = new Map<string, Policy[]>();
  private readonly labelKeys = new Map<string, Set<string>>();

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) {
      const { namespaces, pods } = policy.appliesTo;
      const space = namespaces.kind === "named" ? namespaces.name : "";
      const { requires } = pods;
      if (requires === null) push(this.buckets, space, policy);
      else {
        const keys = this.labelKeys.get(space) ?? new Set();
        this.labelKeys.set(space, keys.add(requires.key));
        for (const value of new Set(requires.values)) push(this.buckets, `${space}\n${requires.key}\n${value}`, policy);
      }
    }
  }

  private allOf(space: string, key: string): Policy[] {
    const prefix = `${space}\n${key}\n`;
    const found = [...this.buckets].flatMap(([name, policies]) => (name.startsWith(prefix) ? policies : []));
    return [...new Set(found)];
  }

  /** In the order of the policies' index. */
  candidates(pod: PodEndpoint): Policy[] {
    const found = ["", pod.namespace].flatMap((space) => [
      ...(this.buckets.get(space) ?? []),
      ...[...(this.labelKeys.get(space) ?? [])].flatMap((key) => {
        if (pod.labels === null) return this.allOf(space, key);
        const value = Object.hasOwn(pod.labels, key) ? pod.labels[key] : undefined;
        return value === undefined ? [] : (this.buckets.get(`${space}\n${key}\n${value}`) ?? []);
      }),
    ]);
    return found.sort((a, b) => a.index - b.index);
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
