/**
 * Classes of pods that no policy can tell apart: same namespace, same values of the labels that some policy mentions, same named
 * ports, addresses between the same borders of blocks, on or off the host network, policies carried out on their node or not.
 *
 * Reachability is answered per class, so that a thousand replicas cost as much as one. A workload without a live pod is in the
 * class of its template: that is what would run.
 */
import type { Inventory, Workload } from "@/lib/inventory/inventory";
import type { Pod, PodSpec } from "@/lib/inventory/kinds";
import type { Labels } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { type AddressRange, parseAddress } from "./addresses";
import type { PodEndpoint } from "./endpoints";
import { enforcementOn } from "./enforcement";
import type { Policy } from "./model";
import { namespaceLabels } from "./policies";
import { isProtocol, type Protocol } from "./ports";

export interface PodClass extends PodEndpoint {
  labels: Labels;
  /** Position in the list of classes. */
  index: number;
  /** Its pods with their workloads; `pod` null for a workload without a live pod. */
  members: { workload: Workload; pod: Pod | null }[];
  /** Names of the nodes of its pods. */
  nodes: ReadonlySet<string>;
}

/** Calico's names of what every pod has beside its labels; other engines' tests of the same are written with them too. */
export const SERVICE_ACCOUNT_KEY = "projectcalico.org/serviceaccount";
export const NAMESPACE_KEY = "projectcalico.org/namespace";

/** Labels that policies can test: the pod's own, its namespace and its service account. */
export function testableLabels(labels: Labels | undefined, namespace: string, spec: PodSpec): Labels {
  return {
    ...labels,
    [NAMESPACE_KEY]: namespace,
    [SERVICE_ACCOUNT_KEY]: spec.serviceAccountName ?? "default",
    "projectcalico.org/orchestrator": "k8s",
  };
}

/** Labels of a namespace, or null when namespaces could not be read and its own object isn't there. */
export function knownNamespaceLabels(inventory: Inventory, name: string): Labels | null {
  const isKnown =
    inventory.namespaces.has(name) ||
    inventory.snapshot.source === "manifests" ||
    inventory.readable("namespaces").known;
  return isKnown ? { ...namespaceLabels(inventory, name), "projectcalico.org/name": name } : null;
}

/** `isEnforced`: take every policy as carried out, whatever runs in the cluster. */
export function buildPodClasses(inventory: Inventory, policies: readonly Policy[], isEnforced: boolean): PodClass[] {
  const mentions = new Mentions(policies);
  const enforcement = new NodeEnforcement(inventory, isEnforced);
  const classes = new Map<string, PodClass & { nodes: Set<string> }>();
  const spaces = new Map<string, { key: string; labels: Labels | null }>();

  // Replicas that were decoded from the wire share labels and spec.
  const templates = new Map<PodSpec, { namespace: string; labels: Labels | undefined; key: string; tested: Labels }>();
  const templateOf = (namespace: string, spec: PodSpec, labels: Labels | undefined) => {
    let found = templates.get(spec);
    if (found === undefined || found.namespace !== namespace || found.labels !== labels) {
      const tested = testableLabels(labels, namespace, spec);
      found = { namespace, labels, tested, key: `${mentions.labelKey(tested)}\n${mentions.portKey(spec)}` };
      templates.set(spec, found);
    }
    return found;
  };

  const add = (workload: Workload, pod: Pod | null, spec: PodSpec, labels: Labels | undefined): void => {
    const namespace = pod === null ? workload.namespace : namespaceOf(pod);
    let space = spaces.get(namespace);
    if (space === undefined) {
      space = { key: namespace, labels: knownNamespaceLabels(inventory, namespace) };
      spaces.set(namespace, space);
    }
    const isHostNetwork = spec.hostNetwork === true;
    const { key: templateKey, tested } = templateOf(namespace, spec, labels);
    const addresses = pod === null ? null : addressesOf(pod, isHostNetwork);
    const nodeName = pod?.spec.nodeName;
    const enforced = enforcement.of(nodeName);
    // Pods on the host network differ by node: what is on the same node they reach always.
    const host = isHostNetwork ? `host ${nodeName ?? ""}` : "";
    const key = `${namespace}\n${host}\n${templateKey}\n${mentions.cellKey(addresses)}\n${enforced.status}`;
    let found = classes.get(key);
    if (found === undefined) {
      found = {
        kind: "pod",
        index: classes.size,
        namespace,
        namespaceLabels: space.labels,
        labels: tested,
        isHostNetwork,
        addresses,
        isHypothetical: false,
        namedPorts: namedPortsOf(spec),
        members: [],
        nodes: new Set(),
        enforcement: enforced,
      };
      classes.set(key, found);
    }
    found.members.push({ workload, pod });
    if (nodeName !== undefined) found.nodes.add(nodeName);
  };

  for (const { pod, workload } of inventory.livePods) add(workload, pod, pod.spec, pod.metadata.labels);
  for (const workload of inventory.workloads) {
    if (workload.pods.length > 0) continue;
    for (const { spec } of workload.variants) add(workload, null, spec, workload.labels);
  }
  return [...classes.values()];
}

/** Named ports of containers and of restartable init containers, which run beside them. */
export function namedPortsOf(spec: PodSpec): Map<string, { protocol: Protocol; port: number }[]> {
  const out = new Map<string, { protocol: Protocol; port: number }[]>();
  const sidecars = (spec.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  for (const container of [...spec.containers, ...sidecars]) {
    for (const { name, containerPort, protocol = "TCP" } of container.ports ?? []) {
      if (name === undefined || !isProtocol(protocol)) continue;
      const same = out.get(name);
      if (same === undefined) out.set(name, [{ protocol, port: containerPort }]);
      else same.push({ protocol, port: containerPort });
    }
  }
  return out;
}

function addressesOf(pod: Pod, isHostNetwork: boolean): AddressRange[] | null {
  const status = pod.status;
  const texts: (string | undefined)[] = [status?.podIP];
  for (const { ip } of status?.podIPs ?? []) if (!texts.includes(ip)) texts.push(ip);
  if (isHostNetwork) texts.push(status?.hostIP);
  const found: AddressRange[] = [];
  for (const text of texts) {
    const range = text === undefined ? null : parseAddress(text);
    if (range !== null) found.push(range);
  }
  return found.length === 0 ? null : found;
}

/** What the policies can tell apart. */
class Mentions {
  private readonly keys: string[];
  private readonly ports = new Set<string>();
  /** Borders of the blocks, ascending: a cell lies between two of them. */
  private readonly borders: Record<4 | 6, bigint[]>;

  constructor(policies: readonly Policy[]) {
    const keys = new Set<string>();
    const borders = { 4: new Set<bigint>(), 6: new Set<bigint>() };
    for (const policy of policies) {
      for (const key of policy.appliesTo.pods.mentions.keys()) keys.add(key);
      for (const part of [policy.parts.Ingress, policy.parts.Egress]) {
        for (const step of part?.steps ?? []) {
          for (const { name } of step.ports.named) this.ports.add(name);
          for (const peer of step.peers) {
            if (peer.kind === "pods") for (const key of peer.pods.mentions.keys()) keys.add(key);
            if (peer.kind !== "block" || peer.matchesPods === "no") continue;
            for (const range of [peer.range, ...peer.except]) {
              borders[range.family].add(range.first);
              borders[range.family].add(range.last + 1n);
            }
          }
        }
      }
    }
    this.keys = [...keys].sort();
    const sorted = (set: Set<bigint>): bigint[] => [...set].sort((a, b) => (a < b ? -1 : 1));
    this.borders = { 4: sorted(borders[4]), 6: sorted(borders[6]) };
  }

  labelKey(labels: Labels): string {
    let text = "";
    for (const key of this.keys) {
      if (Object.hasOwn(labels, key)) text += `${key}=${labels[key]}\t`;
    }
    return text;
  }

  portKey(spec: PodSpec): string {
    if (this.ports.size === 0) return "";
    return [...namedPortsOf(spec)]
      .filter(([name]) => this.ports.has(name))
      .map(
        ([name, ports]) =>
          `${name}:${ports
            .map(({ protocol, port }) => `${protocol}${port}`)
            .sort()
            .join(",")}`,
      )
      .sort()
      .join(" ");
  }

  cellKey(addresses: readonly AddressRange[] | null): string {
    if (addresses === null) return "?";
    return addresses.map(({ family, first }) => `${family}:${this.cellOf(family, first)}`).join(",");
  }

  /** How many borders are at or below the address. */
  private cellOf(family: 4 | 6, address: bigint): number {
    const borders = this.borders[family];
    let low = 0;
    let high = borders.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((borders[middle] ?? 0n) <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Enforcement per node, asked once for each. */
class NodeEnforcement {
  private readonly found = new Map<string, PodClass["enforcement"]>();
  constructor(
    private readonly inventory: Inventory,
    private readonly isEnforced: boolean,
  ) {}

  of(nodeName: string | undefined): PodClass["enforcement"] {
    if (this.isEnforced) return { status: "enforced", ground: "" };
    const key = nodeName ?? "";
    let answer = this.found.get(key);
    if (answer === undefined) {
      answer = enforcementOn(this.inventory, nodeName === undefined ? [] : [nodeName]);
      this.found.set(key, answer);
    }
    return answer;
  }
}
