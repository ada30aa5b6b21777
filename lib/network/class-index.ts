/** Finding the classes of pods that a rule names without comparing each rule with all of them. */
import { matchPeers } from "./endpoints";
import type { Program } from "./evaluate-direction";
import type { NamespaceTest, Peer, Tri } from "./model";
import type { PodClass } from "./pod-classes";

export class ClassIndex {
  private readonly byNamespace = new Map<string, PodClass[]>();
  private readonly byLabel = new Map<string, PodClass[]>();
  private readonly found = new Map<Peer, readonly number[]>();
  /** The same by what a peer says: many policies name the same pods. */
  private readonly foundByKey = new Map<string, readonly number[]>();
  private readonly touched = new WeakMap<Program, ReadonlySet<number>>();
  private readonly spaces = new Map<string, readonly string[]>();
  private readonly all: readonly number[];

  constructor(
    private readonly classes: readonly PodClass[],
    private readonly unknownAddress: Tri,
  ) {
    this.all = classes.map(({ index }) => index);
    for (const podClass of classes) push(this.byNamespace, podClass.namespace, podClass);
  }

  /** The classes that some rule of the program may name. */
  touchedBy(program: Program): ReadonlySet<number> {
    const known = this.touched.get(program);
    if (known !== undefined) return known;
    const out = new Set<number>();
    const seen = new Set<readonly number[]>();
    for (const { groups } of program.tiers) {
      for (const { policy } of groups.flat()) {
        for (const { peers } of policy.parts[program.direction]?.steps ?? []) {
          for (const peer of peers) {
            const found = this.foundFor(peer);
            if (seen.has(found)) continue;
            seen.add(found);
            for (const index of found) out.add(index);
          }
        }
      }
    }
    this.touched.set(program, out);
    return out;
  }

  /** The classes that some of the peers name, for certain or perhaps. */
  named(peers: readonly Peer[]): Set<number> {
    const out = new Set<number>();
    for (const peer of peers) for (const index of this.foundFor(peer)) out.add(index);
    return out;
  }

  private foundFor(peer: Peer): readonly number[] {
    let found = this.found.get(peer);
    if (found === undefined) {
      const key = keyOf(peer);
      found = key === null ? undefined : this.foundByKey.get(key);
      if (found === undefined) {
        const alone = [peer];
        found = this.candidates(peer).filter((index) => {
          const podClass = this.classes[index];
          return podClass !== undefined && matchPeers(alone, podClass, this.unknownAddress) !== "no";
        });
        if (key !== null) this.foundByKey.set(key, found);
      }
      this.found.set(peer, found);
    }
    return found;
  }

  private candidates(peer: Peer): readonly number[] {
    if (peer.kind === "outside" || (peer.kind === "block" && peer.matchesPods === "no")) return [];
    if (peer.kind !== "pods") return this.all;
    const { requires } = peer.pods;
    return this.namespacesOf(peer.namespaces).flatMap((namespace) => {
      if (requires === null) return (this.byNamespace.get(namespace) ?? []).map(({ index }) => index);
      return requires.values.flatMap((value) => this.carrying(namespace, requires.key, value));
    });
  }

  private namespacesOf(test: NamespaceTest): readonly string[] {
    if (test.kind === "named") return [test.name];
    let names = this.spaces.get(test.labels.key);
    if (names === undefined) {
      names = [...this.byNamespace].flatMap(([name, [first]]) => {
        const labels = first?.namespaceLabels ?? null;
        return labels === null || test.labels.test(labels) ? [name] : [];
      });
      this.spaces.set(test.labels.key, names);
    }
    return names;
  }

  /** Classes of a namespace whose label has the value; the index of a key is built when first asked for. */
  private carrying(namespace: string, key: string, value: string): number[] {
    const built = `${namespace}\n${key}`;
    if (!this.byLabel.has(built)) {
      this.byLabel.set(built, []);
      for (const podClass of this.byNamespace.get(namespace) ?? []) {
        const own = Object.hasOwn(podClass.labels, key) ? podClass.labels[key] : undefined;
        if (own !== undefined) push(this.byLabel, `${built}\n${own}`, podClass);
      }
    }
    return (this.byLabel.get(`${built}\n${value}`) ?? []).map(({ index }) => index);
  }
}

/** Equal for peers that name the same pods by their labels; null for others. */
function keyOf(peer: Peer): string | null {
  if (peer.kind !== "pods") return null;
  const { namespaces, pods } = peer;
  return `${namespaces.kind === "named" ? `named ${namespaces.name}` : `labels ${namespaces.labels.key}`}\n${pods.key}`;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
