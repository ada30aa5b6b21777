/**
 * Who can reach whom under the policies as written, and why.
 *
 *   const network = reachability(inventory);                  // cached per inventory; effective: enforcement is part of it
 *   network.classes                                           // PodClass: pods that no policy tells apart, with their members
 *   network.classOf(pod), network.classesOf(workload)         // the class of a live pod; the classes of a workload
 *   network.classesIn(namespace)
 *   const c = network.between(from, to);                      // from, to: a PodClass or { kind: "address", range }
 *   c.allowed, c.unknown                                      // PortSet; a port in neither is denied
 *   c.egress, c.ingress                                       // the answer of each side with its grounds (rules, policies)
 *   explainConnection(c)                                      // explain.ts: the grounds as sentences
 *   reachWithAnyLabels(network, namespace, to)                // any-labels.ts: could a pod with labels of its owner's choice?
 *   network.outside(podClass, "Egress")                       // ranges of addresses with the ports that are open to them
 *
 * A connection needs egress of its source and ingress of its destination, on a common port. `unknown` means that what was read
 * does not decide it: an unparsed policy, one beyond L4, an invalid one, an unknown plug-in; it is never rounded to denied.
 * Reads: networkpolicies, namespaces, pods and workloads, other engines' policies; daemonsets and nodes for enforcement. Ask
 * for their readability first, except that of other engines, which is part of the answer.
 * Options { asWritten: true }: take every policy as carried out (for files and what-if questions).
 */
import type { Inventory, Workload } from "@/lib/inventory/inventory";
import type { Labels } from "@/lib/inventory/selectors";
import { refKey } from "@/lib/inventory/inventory";
import type { Pod } from "@/lib/inventory/kinds";
import { type AddressRange, everyAddress, parseBlock } from "./addresses";
import { type Endpoint, matchNamespace, type PodEndpoint } from "./endpoints";
import { ClassIndex } from "./class-index";
import { EXEMPT_ADDRESS, EXEMPT_HOST, fromNode, underEnforcement } from "./exemptions";
import { PolicyIndex } from "./policy-index";
import { enforcementOn } from "./enforcement";
import {
  type DirectionAnswer,
  evaluateDirection,
  keyOf,
  type Program,
  programOf,
  type Selected,
  selects,
} from "./evaluate-direction";
import type { NamespaceTest, Peer, Policy, Tri } from "./model";
import { evaluateOutside, type OutsideAnswer } from "./outside";
import { buildPodClasses, knownNamespaceLabels, NAMESPACE_KEY, type PodClass } from "./pod-classes";
import type { Direction } from "./policies";
import { readPolicies } from "./read-policies";
import { intersectPorts, isNoPort, NO_PORTS, type PortSet, subtractPorts, unionPorts } from "./ports";

export type { AddressEndpoint, Endpoint, PodEndpoint } from "./endpoints";
export type { DirectionAnswer } from "./evaluate-direction";
export type { OutsideAnswer } from "./outside";
export type { PodClass } from "./pod-classes";

export interface Connection {
  /** Ports on which the source reaches the destination for certain. */
  allowed: PortSet;
  /** Ports on which it may. */
  unknown: PortSet;
  egress: DirectionAnswer;
  ingress: DirectionAnswer;
}

export interface ReachabilityOptions {
  /** Take every policy as carried out by the plug-in. */
  asWritten?: boolean;
}

/** The answers of pods under the same policies, peer by peer. */
interface Row {
  program: Program;
  /** Classes that some rule may name. */
  touched: ReadonlySet<number>;
  /** By index of a class, or by namespace for a pod with any labels. */
  answers: Map<number | string, DirectionAnswer>;
  /** The answer for every class that no rule names. */
  untouched: DirectionAnswer | null;
  /** The namespaces that its rules name; null when some rule names pods otherwise. */
  spaces: readonly NamespaceTest[] | null;
  /** What peersOf() says of its pods; undefined until somebody asks. */
  peers: ReadonlySet<number> | null | undefined;
}

const cache = new WeakMap<Inventory, Map<boolean, Reachability>>();

/** The reachability of an inventory, computed once. */
export function reachability(inventory: Inventory, { asWritten = false }: ReachabilityOptions = {}): Reachability {
  let found = cache.get(inventory);
  if (found === undefined) {
    found = new Map();
    cache.set(inventory, found);
  }
  let answer = found.get(asWritten);
  if (answer === undefined) {
    const effective = asWritten ? reachability(inventory) : null;
    answer = effective?.isAsWritten() === true ? effective : new Reachability(inventory, asWritten);
    found.set(asWritten, answer);
  }
  return answer;
}

export class Reachability {
  readonly policies: readonly Policy[];
  /** Built when somebody asks about a pod that is there. */
  private built: Population | null = null;
  private readonly policyIndex: PolicyIndex;
  private readonly programs = new WeakMap<PodEndpoint, Record<Direction, Program>>();
  /** One for all pods to which the same policies apply. */
  private readonly programsByKey = new Map<string, Record<Direction, Program>>();
  private readonly anyPods = new Map<string, PodEndpoint>();
  private byPolicy: Map<Policy, PodClass[]> | null = null;
  /** By index of a class; pods that don't exist, each for itself. */
  private readonly rows: Record<Direction, Row[]> = { Ingress: [], Egress: [] };
  private readonly rowsOfOthers = new WeakMap<PodEndpoint, { [D in Direction]?: Row }>();
  private readonly rowsByKey = new Map<string, Row>();
  private readonly outsides = {
    Ingress: new Map<string, OutsideAnswer[]>(),
    Egress: new Map<string, OutsideAnswer[]>(),
  };
  /** What an ipBlock says of a pod whose address isn't known. */
  private readonly unknownAddress: Tri;

  /** Where pods get their addresses, as far as nodes or running pods show. */
  private readonly podRanges: AddressRange[] | null;

  constructor(
    readonly inventory: Inventory,
    readonly asWritten: boolean,
  ) {
    this.podRanges = podRangesOf(inventory);
    this.unknownAddress = asWritten ? "no" : "maybe";
    this.policies = readPolicies(inventory, asWritten);
    this.policyIndex = new PolicyIndex(this.policies);
  }

  /** Whether every policy is read and carried out for every pod as it is written, so that there is nothing to tell apart. */
  isAsWritten(): boolean {
    const { inventory, policies } = this;
    if (this.asWritten) return true;
    // Only what is there already is shared: the question must not cost what it saves.
    if (this.built === null) return false;
    if (enforcementOn(inventory, []).status !== "enforced" || policies !== readPolicies(inventory, true)) return false;
    const hasBlocks = policies.some(({ parts }) =>
      [parts.Ingress, parts.Egress].some((part) =>
        part?.steps.some(({ peers }) => peers.some((peer) => peer.kind === "block" && peer.matchesPods !== "no")),
      ),
    );
    // What a block says of a pod without an address is read in two ways.
    const isDoubtful = hasBlocks && this.classes.some(({ addresses }) => addresses === null);
    return !isDoubtful && this.classes.every(({ enforcement }) => enforcement.status === "enforced");
  }

  get classes(): readonly PodClass[] {
    return this.population().classes;
  }
  private population(): Population {
    return (this.built ??= populationOf(this.inventory, this.policies, this.asWritten, this.unknownAddress));
  }

  /** The class of a live pod of the inventory. */
  classOf(pod: Pod): PodClass | undefined {
    return this.population().byPod.get(pod);
  }
  /** The classes of a workload's pods or template. */
  classesOf(workload: Workload): readonly PodClass[] {
    return this.population().byWorkload.get(refKey(workload.ref)) ?? [];
  }
  classesIn(namespace: string): readonly PodClass[] {
    return this.population().byNamespace.get(namespace) ?? [];
  }
  /** Those of the namespace's classes that are on the host network. */
  hostClassesIn(namespace: string): readonly PodClass[] {
    return this.population().hostsByNamespace.get(namespace) ?? [];
  }
  /**
   * A pod that doesn't exist, with labels of its owner's choice (null: any that there may be), in a namespace: `from` or `to` of
   * between(). Whether some choice gets somewhere: any-labels.ts.
   */
  hypotheticalPod(namespace: string, labels: Labels | null): PodEndpoint {
    const known = labels === null ? this.anyPods.get(namespace) : undefined;
    if (known !== undefined) return known;
    const pod = this.newHypotheticalPod(namespace, labels);
    if (labels === null) this.anyPods.set(namespace, pod);
    return pod;
  }

  private newHypotheticalPod(namespace: string, labels: Labels | null): PodEndpoint {
    return {
      kind: "pod",
      namespace,
      namespaceLabels: knownNamespaceLabels(this.inventory, namespace),
      labels:
        labels === null ? null : { ...labels, [NAMESPACE_KEY]: namespace, "projectcalico.org/orchestrator": "k8s" },
      isHostNetwork: false,
      addresses: this.podRanges,
      isHypothetical: true,
      enforcement: this.asWritten ? { status: "enforced", ground: "" } : enforcementOn(this.inventory, []),
      namedPorts: new Map(),
    };
  }

  /** The classes that some of the peers name, for certain or perhaps. */
  named(peers: readonly Peer[]): PodClass[] {
    return [...this.population().classIndex.named(peers)]
      .sort((a, b) => a - b)
      .flatMap((index) => this.classes[index] ?? []);
  }

  /** The policies that apply to a pod in a direction, for certain or perhaps. */
  policiesOn(pod: PodEndpoint, direction: Direction): Policy[] {
    return this.programOf(pod, direction).tiers.flatMap(({ groups }) => groups.flat().map(({ policy }) => policy));
  }

  /** Whether some policy isolates the pod in a direction, so that only what is allowed gets through. */
  isolation(pod: PodEndpoint, direction: Direction): Tri {
    const all = this.programOf(pod, direction).tiers.map(({ isolates }) => isolates);
    return all.includes("yes") ? "yes" : all.includes("maybe") ? "maybe" : "no";
  }

  /** The classes to which a policy applies, for certain or perhaps. */
  selectedBy(policy: Policy): readonly PodClass[] {
    if (this.byPolicy === null) {
      this.byPolicy = new Map();
      for (const podClass of this.classes) {
        for (const candidate of this.policyIndex.candidates(podClass))
          if (selects(candidate, podClass) !== "no") push(this.byPolicy, candidate, podClass);
      }
    }
    return this.byPolicy.get(policy) ?? [];
  }

  /**
   * The only classes that the pod's own policies may let through in a direction, as indexes; null when they let through others
   * than those that some rule names. Nodes reach their pods beyond it.
   */
  peersOf(pod: PodEndpoint, direction: Direction): ReadonlySet<number> | null {
    if (pod.isHostNetwork) return null;
    const row = this.rowOf(pod, direction);
    if (row.peers === undefined) row.peers = this.peersOfRow(row, pod, direction);
    return row.peers;
  }
  private peersOfRow({ touched }: Row, pod: PodEndpoint, direction: Direction): ReadonlySet<number> | null {
    const other = this.classes.find(({ index, isHostNetwork }) => !isHostNetwork && !touched.has(index));
    if (other === undefined) return touched;
    const { allowed, unknown } = this.side(direction, pod, other);
    return isNoPort(allowed) && isNoPort(unknown) ? touched : null;
  }

  /** The policies that may apply to pods of a namespace, whatever their labels. */
  policiesOnNamespace(namespace: string): Policy[] {
    return this.policyIndex
      .candidates(this.hypotheticalPod(namespace, null))
      .filter((policy) => selects(policy, this.hypotheticalPod(namespace, null)) !== "no");
  }

  /** Whether and on which ports `from` can open a connection to `to`. */
  between(from: Endpoint, to: Endpoint): Connection {
    const egress = from.kind === "pod" ? this.side("Egress", from, to) : EXEMPT_ADDRESS;
    const ingress = to.kind === "pod" ? this.ingressOf(from, to) : EXEMPT_ADDRESS;
    return combine(egress, ingress);
  }

  /**
   * For every address outside: what the pod's own policies allow to it (Egress) or from it (Ingress). The ranges cover both
   * address spaces, so that some of them may be addresses of the cluster itself.
   */
  outside(pod: PodEndpoint, direction: Direction): OutsideAnswer[] {
    if (pod.isHostNetwork)
      return ([4, 6] as const).map((family) => ({ range: everyAddress(family), answer: EXEMPT_HOST }));
    const program = this.programOf(pod, direction);
    const key = `${program.key}\n${direction === "Ingress" && program.hasNamedPorts ? namedKey(pod) : ""}`;
    let written = this.outsides[direction].get(key);
    if (written === undefined) {
      written = evaluateOutside(program, pod);
      this.outsides[direction].set(key, written);
    }
    return written.map(({ range, answer }) => ({ range, answer: underEnforcement(answer, pod.enforcement) }));
  }

  private ingressOf(from: Endpoint, to: PodEndpoint): DirectionAnswer {
    const written = this.side("Ingress", to, from);
    if (from.kind === "address" || !from.isHostNetwork || to.isHostNetwork) return written;
    return fromNode(written, from, to);
  }

  /** One side's answer: policies of `pod` for `peer`. */
  private side(direction: Direction, pod: PodEndpoint, peer: Endpoint): DirectionAnswer {
    if (pod.isHostNetwork) return EXEMPT_HOST;
    const row = this.rowOf(pod, direction);
    const name = nameOfEnd(peer);
    if (name === null) return this.ask(row, direction, pod, peer);
    const isUntouched = typeof name === "number" ? !row.touched.has(name) : peer.kind === "pod" && !mayName(row, peer);
    if (isUntouched) return (row.untouched ??= this.ask(row, direction, pod, peer));
    let answer = row.answers.get(name);
    if (answer === undefined) {
      answer = this.ask(row, direction, pod, peer);
      row.answers.set(name, answer);
    }
    return answer;
  }

  private ask(row: Row, direction: Direction, pod: PodEndpoint, peer: Endpoint): DirectionAnswer {
    const destination = direction === "Ingress" ? pod : peer;
    return underEnforcement(evaluateDirection(row.program, peer, destination, this.unknownAddress), pod.enforcement);
  }

  /** Pods under the same policies, with the same named ports where those count, share their answers. */
  private rowOf(pod: PodEndpoint, direction: Direction): Row {
    if ("index" in pod) return (this.rows[direction][(pod as PodClass).index] ??= this.newRow(pod, direction));
    let rows = this.rowsOfOthers.get(pod);
    if (rows === undefined) {
      rows = {};
      this.rowsOfOthers.set(pod, rows);
    }
    return (rows[direction] ??= this.newRow(pod, direction));
  }

  private newRow(pod: PodEndpoint, direction: Direction): Row {
    const program = this.programOf(pod, direction);
    // Named ports are looked up on the destination: for ingress, that is the pod itself.
    const named = direction === "Ingress" && program.hasNamedPorts ? namedKey(pod) : "";
    const key = `${direction}\n${program.key}\n${named}\n${pod.enforcement.status}\n${pod.enforcement.ground}`;
    let row = this.rowsByKey.get(key);
    if (row === undefined) {
      row = {
        program,
        touched: this.population().classIndex.touchedBy(program),
        answers: new Map(),
        untouched: null,
        spaces: spacesOf(program),
        peers: undefined,
      };
      this.rowsByKey.set(key, row);
    }
    return row;
  }

  private programOf(pod: PodEndpoint, direction: Direction): Program {
    let found = this.programs.get(pod);
    if (found === undefined) {
      const selected: Selected[] = [];
      for (const policy of this.policyIndex.candidates(pod)) {
        const match = selects(policy, pod);
        if (match !== "no") selected.push({ policy, selects: match });
      }
      const key = keyOf(selected);
      found = this.programsByKey.get(key);
      if (found === undefined) {
        found = { Ingress: programOf("Ingress", selected), Egress: programOf("Egress", selected) };
        this.programsByKey.set(key, found);
      }
      this.programs.set(pod, found);
    }
    return found[direction];
  }
}

/** The classes of the pods that there are, and the ways to find them. */
interface Population {
  classes: readonly PodClass[];
  classIndex: ClassIndex;
  byPod: Map<Pod, PodClass>;
  byWorkload: Map<string, PodClass[]>;
  byNamespace: Map<string, PodClass[]>;
  hostsByNamespace: Map<string, PodClass[]>;
}
function populationOf(
  inventory: Inventory,
  policies: readonly Policy[],
  asWritten: boolean,
  unknownAddress: Tri,
): Population {
  const classes = buildPodClasses(inventory, policies, asWritten);
  const found: Population = {
    classes,
    classIndex: new ClassIndex(classes, unknownAddress),
    byPod: new Map(),
    byWorkload: new Map(),
    byNamespace: new Map(),
    hostsByNamespace: new Map(),
  };
  for (const podClass of classes) {
    push(found.byNamespace, podClass.namespace, podClass);
    if (podClass.isHostNetwork) push(found.hostsByNamespace, podClass.namespace, podClass);
    let last: Workload | null = null;
    for (const { pod, workload } of podClass.members) {
      if (pod !== null) found.byPod.set(pod, podClass);
      if (workload === last) continue;
      last = workload;
      const key = refKey(workload.ref);
      if (found.byWorkload.get(key)?.at(-1) !== podClass) push(found.byWorkload, key, podClass);
    }
  }
  return found;
}

function combine(egress: DirectionAnswer, ingress: DirectionAnswer): Connection {
  const allowed = intersectPorts(egress.allowed, ingress.allowed);
  if (egress.unknown === NO_PORTS && ingress.unknown === NO_PORTS)
    return { allowed, unknown: NO_PORTS, egress, ingress };
  const possible = intersectPorts(
    unionPorts(egress.allowed, egress.unknown),
    unionPorts(ingress.allowed, ingress.unknown),
  );
  return { allowed, unknown: subtractPorts(possible, allowed), egress, ingress };
}

function spacesOf(program: Program): NamespaceTest[] | null {
  const peers = new Set(
    program.tiers.flatMap(({ groups }) =>
      groups
        .flat()
        .flatMap(({ policy }) => (policy.parts[program.direction]?.steps ?? []).flatMap((step) => step.peers)),
    ),
  );
  const found = new Map<string, NamespaceTest>();
  for (const peer of peers) {
    if (peer.kind === "outside" || peer.kind === "nodes") continue;
    if (peer.kind !== "pods") return null;
    const { namespaces } = peer;
    found.set(namespaces.kind === "named" ? `named ${namespaces.name}` : `labels ${namespaces.labels.key}`, namespaces);
  }
  return [...found.values()];
}
/** Whether some rule may name a pod of the namespace, whatever its labels. */
function mayName({ spaces }: Row, pod: PodEndpoint): boolean {
  return pod.isHostNetwork || spaces === null || spaces.some((test) => matchNamespace(test, pod) !== "no");
}

/** What tells one peer from another; null for one that is asked about once. */
function nameOfEnd(endpoint: Endpoint): number | string | null {
  if (endpoint.kind === "address") return null;
  if (endpoint.isHypothetical) return endpoint.labels === null ? endpoint.namespace : null;
  return "index" in endpoint ? (endpoint as PodClass).index : null;
}

function namedKey(pod: PodEndpoint): string {
  if (pod.isHypothetical) return "any";
  if (pod.namedPorts.size === 0) return "";
  return [...pod.namedPorts]
    .map(([name, ports]) => `${name}:${ports.map(({ protocol, port }) => `${protocol}${port}`).join(",")}`)
    .join(" ");
}

/** The nodes' pod ranges; where nodes don't say, the surroundings of the pods that run (/24, /64). Null when nothing shows any. */
function podRangesOf(inventory: Inventory): AddressRange[] | null {
  const blocks = inventory.nodes.flatMap(({ spec }) => [
    ...(spec?.podCIDRs ?? []),
    ...(spec?.podCIDR ?? "").split(" "),
  ]);
  const ranges = [...new Set(blocks)].flatMap((text) => parseBlock(text) ?? []);
  if (ranges.length > 0) return ranges;
  const texts = inventory.livePods
    .filter(({ pod }) => pod.spec.hostNetwork !== true)
    .flatMap(({ pod: { status } }) => [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)]);
  const found = new Map<string, AddressRange>();
  for (const text of new Set(texts)) {
    const range = text === undefined ? null : parseBlock(`${text}/${text.includes(":") ? 64 : 24}`);
    if (range !== null) found.set(`${range.family} ${range.first}`, range);
  }
  return found.size === 0 ? null : [...found.values()];
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
