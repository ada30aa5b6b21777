/** Finding the policies that may apply to a pod without comparing it with all of them. */
import type { PodEndpoint } from "./endpoints";
import type { Policy } from "./model";

/** Policies by namespace and by a label that they require, so that a pod is compared with few of them. */
export class PolicyIndex {
  private readonly buckets = new Map<string, Policy[]>();
  private readonly labelKeys = new Map<string, Set<string>>();
  private readonly byKey = new Map<string, Set<Policy>>();

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) {
      const { namespaces, pods } = policy.appliesTo;
      const space = namespaces.kind === "named" ? namespaces.name : "";
      const { requires } = pods;
      if (requires === null) push(this.buckets, space, policy);
      else {
        const keys = this.labelKeys.get(space) ?? new Set();
        this.labelKeys.set(space, keys.add(requires.key));
        const all = this.byKey.get(`${space}\n${requires.key}`) ?? new Set();
        this.byKey.set(`${space}\n${requires.key}`, all.add(policy));
        for (const value of new Set(requires.values)) push(this.buckets, `${space}\n${requires.key}\n${value}`, policy);
      }
    }
  }

  /** In the order of the policies' index. */
  candidates(pod: PodEndpoint): Policy[] {
    const found = ["", pod.namespace].flatMap((space) => [
      ...(this.buckets.get(space) ?? []),
      ...[...(this.labelKeys.get(space) ?? [])].flatMap((key) => {
        if (pod.labels === null) return [...(this.byKey.get(`${space}\n${key}`) ?? [])];
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
