/**
 * Whether anything in the cluster enforces NetworkPolicy, on which nodes, and how we know.
 *
 * A policy is only a wish until a plug-in carries it out: the API server stores it under any plug-in without a word.
 * - enforced: a plug-in known to enforce has a ready pod on every node that it must cover.
 * - not-enforced: only plug-ins known not to enforce were found, or the enforcing one isn't ready on a node asked about.
 * - unknown: no plug-in recognised (k3s embedded, Talos host process, hidden data plane), what it would take to know couldn't
 *   be read, or the node is one on which no DaemonSet runs (Fargate, virtual kubelet) or whose system it doesn't cover.
 * Source: documentation of the plug-ins; Kubernetes, "Network Policies", prerequisites.
 */
import type { EvidenceLike } from "./evidence";
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { Node, Pod, TemplatedWorkload } from "@/lib/inventory/kinds";
import { isLivePod, namespaceOf } from "@/lib/inventory/workloads";
import { type RecognisedPlugin, recognisePlugins } from "./plugins";

export type EnforcementStatus = "enforced" | "not-enforced" | "unknown";

export type NodeCoverage = "ready" | "not-ready" | "missing" | "virtual" | "other-os" | "unschedulable";
export interface NodeEnforcement {
  node: string;
  /**
   * `virtual`: no DaemonSet can run there. `other-os`: a Windows node without a pod of the plug-in.
   * `unschedulable`: cordoned and without the plug-in; nothing new comes there.
   */
  coverage: NodeCoverage;
}

export interface PolicyEnforcement {
  status: EnforcementStatus;
  /** Name of the plug-in that decides, null when none was recognised. */
  plugin: string | null;
  version: string | null;
  /** Nodes in name order; empty when nothing enforces or nodes couldn't be read. */
  perNode: NodeEnforcement[];
  /** Whole sentences, for a person. */
  grounds: string[];
  evidence: EvidenceLike[];
}

const cache = new WeakMap<Inventory, PolicyEnforcement>();

/** Enforcement over all nodes that can take pods. Computed once per inventory. */
export function policyEnforcement(inventory: Inventory): PolicyEnforcement {
  let found = cache.get(inventory);
  if (found === undefined) {
    found = evaluate(inventory);
    cache.set(inventory, found);
  }
  return found;
}

/**
 * Enforcement for the pods on some nodes (those of a namespace): a gap on another node doesn't count against them.
 * Without nodes (an empty namespace) the answer is the cluster's.
 */
export function enforcementOn(
  inventory: Inventory,
  nodeNames: readonly string[],
): { status: EnforcementStatus; ground: string } {
  const all = policyEnforcement(inventory);
  const ground = all.grounds.join(" ");
  if (all.perNode.length === 0 || nodeNames.length === 0) return { status: all.status, ground };
  const coverage = new Map(all.perNode.map((entry) => [entry.node, entry.coverage]));
  const without = (...kinds: (NodeCoverage | undefined)[]): string[] =>
    [...new Set(nodeNames)].filter((name) => kinds.includes(coverage.get(name))).sort();
  const broken = without("not-ready", "missing", "unschedulable");
  if (broken.length > 0) {
    return { status: "not-enforced", ground: `${all.plugin} has no ready pod on ${broken.join(", ")}.` };
  }
  const unclear = without("virtual", "other-os", undefined);
  if (unclear.length > 0) {
    return {
      status: "unknown",
      ground: `${all.plugin} runs no pod on ${unclear.join(", ")} (Fargate, virtual kubelet, another operating system, or a node that the snapshot doesn't hold).`,
    };
  }
  return { status: "enforced", ground };
}

function evaluate(inventory: Inventory): PolicyEnforcement {
  const empty = { plugin: null, version: null, perNode: [], evidence: [] };
  const readable = inventory.readable("daemonsets");
  if (!readable.known) {
    return {
      ...empty,
      status: "unknown",
      grounds: [`DaemonSets could not be read (${readable.message}), so the network plug-in isn't known.`],
    };
  }
  const plugins = recognisePlugins(inventory.list("daemonsets"));
  const evidence = plugins.map(evidenceOf);
  const enforcing = plugins.filter((plugin) => plugin.enforces === true);
  if (enforcing.length > 0) return overNodes(inventory, enforcing, evidence);

  const unclear = plugins.find((plugin) => plugin.enforces === null);
  const [first] = plugins;
  if (first === undefined) {
    return {
      ...empty,
      status: "unknown",
      grounds: [
        "No network plug-in was recognised among the DaemonSets (it may run outside the API, as in k3s, on Talos or in a managed data plane).",
      ],
    };
  }
  const decisive = unclear ?? first;
  return {
    status: unclear === undefined ? "not-enforced" : "unknown",
    plugin: decisive.name,
    version: decisive.version,
    perNode: [],
    grounds: plugins.map((plugin) => `${plugin.name}: ${plugin.ground}.`),
    evidence,
  };
}

function overNodes(inventory: Inventory, plugins: RecognisedPlugin[], evidence: EvidenceLike[]): PolicyEnforcement {
  const [main] = plugins;
  if (main === undefined) throw new Error("called without a plug-in");
  const base = { plugin: main.name, version: main.version, evidence };
  const readable = inventory.readable("nodes", "pods");
  if (!readable.known || inventory.nodes.length === 0) {
    const why = readable.known ? "the snapshot holds no node" : readable.message;
    return {
      ...base,
      status: "unknown",
      perNode: [],
      grounds: [`${main.name}: ${main.ground}; on which nodes it is ready isn't known (${why}).`],
    };
  }
  const ready = readyNodes(inventory, plugins);
  const perNode = [...inventory.nodes]
    .map((node): NodeEnforcement => ({ node: node.metadata.name, coverage: coverageOf(node, ready) }))
    .sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
  const gaps = perNode.filter(({ coverage }) => coverage === "missing" || coverage === "not-ready");
  const covered = perNode.filter(({ coverage }) => coverage === "ready").length;
  const grounds = [`${main.name}: ${main.ground}; ready on ${covered} of ${perNode.length} nodes.`];
  if (gaps.length > 0) grounds.push(`Not ready on ${gaps.map(({ node }) => node).join(", ")}.`);
  return { ...base, status: gaps.length === 0 && covered > 0 ? "enforced" : "unknown", perNode, grounds };
}

/** Node name → whether a pod of an enforcing DaemonSet is ready there; absent when it runs none. */
function readyNodes(inventory: Inventory, plugins: readonly RecognisedPlugin[]): Map<string, boolean> {
  const keys = new Map(plugins.map(({ daemonSet }) => [daemonSetKey(daemonSet), daemonSet]));
  const seen = new Set<string>();
  const ready = new Map<string, boolean>();
  for (const pod of inventory.list("pods")) {
    const owner = pod.metadata.ownerReferences?.find((reference) => reference.kind === "DaemonSet");
    const key = owner === undefined ? "" : `${namespaceOf(pod)}/${owner.name}`;
    const nodeName = pod.spec.nodeName;
    if (!keys.has(key) || nodeName === undefined || !isLivePod(pod)) continue;
    const isReady = isPodReady(pod);
    if (isReady === null) continue;
    seen.add(key);
    ready.set(nodeName, isReady || ready.get(nodeName) === true);
  }
  for (const [key, daemonSet] of keys) {
    if (!seen.has(key)) addFromStatus(inventory, daemonSet, ready);
  }
  return ready;
}

/** The pod's Ready condition, else whether all its containers are ready; null when its status says neither. */
function isPodReady(pod: Pod): boolean | null {
  const condition = pod.status?.conditions?.find((c) => c.type === "Ready");
  if (condition !== undefined) return condition.status === "True";
  const containers = pod.status?.containerStatuses ?? [];
  return containers.length === 0 ? null : containers.every((container) => container.ready === true);
}

/**
 * Where no pod of the DaemonSet says whether it is ready, the DaemonSet's own count still tells: as many ready pods as there are nodes that
 * could take one means that each of them has one.
 */
function addFromStatus(inventory: Inventory, daemonSet: TemplatedWorkload, ready: Map<string, boolean>): void {
  const status = daemonSet.status;
  const eligible = inventory.nodes.filter((node) => !isVirtual(node) && systemOf(node) === "linux");
  const count = status?.numberReady ?? 0;
  if (count === 0 || count < eligible.length || (status?.desiredNumberScheduled ?? 0) > count) return;
  for (const node of eligible) ready.set(node.metadata.name, true);
}

function coverageOf(node: Node, ready: ReadonlyMap<string, boolean>): NodeCoverage {
  const state = ready.get(node.metadata.name);
  if (state === true) return "ready";
  if (isVirtual(node)) return "virtual";
  if (state === undefined && systemOf(node) !== "linux") return "other-os";
  if (node.spec?.unschedulable === true) return "unschedulable";
  return state === undefined ? "missing" : "not-ready";
}

/** Nodes on which no DaemonSet pod can run. */
export function isVirtual(node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  return (
    labels["eks.amazonaws.com/compute-type"] === "fargate" ||
    labels.type === "virtual-kubelet" ||
    labels["kubernetes.azure.com/virtual-node"] !== undefined ||
    (node.spec?.taints ?? []).some((taint) => taint.key.startsWith("virtual-kubelet.io/"))
  );
}

function systemOf(node: Node): string {
  return node.status?.nodeInfo?.operatingSystem ?? node.metadata.labels?.["kubernetes.io/os"] ?? "linux";
}

function daemonSetKey(daemonSet: TemplatedWorkload): string {
  return `${namespaceOf(daemonSet)}/${daemonSet.metadata.name}`;
}

function evidenceOf(plugin: RecognisedPlugin): EvidenceLike {
  const image = plugin.daemonSet.spec.template.spec.containers[plugin.containerIndex]?.image;
  return {
    ref: refOf(plugin.daemonSet),
    pointer: `/spec/template/spec/containers/${plugin.containerIndex}/image`,
    ...(image === undefined ? {} : { found: image }),
  };
}

/** Enforcement for the pods of a namespace: on the nodes that run its live pods, or over the cluster while it has none. */
export function namespaceEnforcement(
  inventory: Inventory,
  namespace: string,
): { status: EnforcementStatus; ground: string } {
  let found = byNamespace.get(inventory);
  if (found === undefined) {
    found = new Map();
    byNamespace.set(inventory, found);
  }
  let answer = found.get(namespace);
  if (answer === undefined) {
    const nodes = inventory
      .livePodsIn(namespace)
      .filter((pod) => pod.spec.hostNetwork !== true)
      .flatMap((pod) => pod.spec.nodeName ?? []);
    answer = enforcementOn(inventory, nodes);
    found.set(namespace, answer);
  }
  return answer;
}
const byNamespace = new WeakMap<Inventory, Map<string, { status: EnforcementStatus; ground: string }>>();
