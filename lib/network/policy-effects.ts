/**
 * Whether a NetworkPolicy does what it says: does it select pods, do its peers exist, does the other side agree, does anybody
 * listen on its ports.
 *
 * Pods are those that run and the templates of workloads that run none now (scaled down, CronJobs). Judged as written: whether the
 * plug-in carries policies out is asked apart.
 * - One-sided: a rule names a pod that another policy isolates, and nothing there allows the same ports. A rule for everybody of a
 *   namespace counts as met when it lets somebody through.
 * - Ports: NetworkPolicy sees the port of the pod, behind the Service's translation. A destination that declares no port says
 *   nothing about what it listens on.
 */
import type { Inventory, Workload } from "@/lib/inventory/inventory";
import { allContainers, refKey, refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "@/lib/inventory/kinds";
import { REDACTED } from "@/lib/inventory/secret-net";
import { isEmptySelector, type Labels, matchesMapSelector, matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { matchPeers, resolvePorts } from "./endpoints";
import { nameOfPolicy } from "./explain";
import type { Policy, Step } from "./model";
import { describeMiss } from "./near-labels";
import { allowRules, type AllowRule, type Direction, DIRECTIONS, namespaceLabels, policyDirections } from "./policies";
import { describePorts, intersectPorts, isNoPort, type PortSet, unionPorts } from "./ports";
import { type PodClass, reachability, type Reachability } from "./reachability";
import { readPeer, readPorts } from "./read-network-policies";

export interface PolicyProblem {
  kind: "selects-nothing" | "peer-matches-nothing" | "dead-rules" | "one-sided" | "overruled" | "port-unheard";
  /** JSON pointer into the policy. */
  pointer: string;
  text: string;
  /** False when what was read does not prove it: labels are hidden, the files may hold only a part. */
  isCertain: boolean;
  /** Of one-sided: the two workloads and the ports that only one side allows. */
  flow?: { direction: Direction; own: Workload; other: Workload; ports: PortSet };
  /** Of port-unheard: the port that a Service translates it to. */
  targetPort?: number | string;
}

export interface PolicyEffects {
  problems: PolicyProblem[];
  /** The pods that it selects. */
  selected: readonly PodClass[];
  /** True for a policy over every pod of a namespace that has none, without a rule. */
  isIdle: boolean;
}

/** What a policy comes to among the pods that there are. */
export function policyEffects(inventory: Inventory, policy: NetworkPolicy): PolicyEffects {
  const network = reachability(inventory, { asWritten: true });
  const model = modelsOf(network).get(refKey({ ...refOf(policy), namespace: namespaceOf(policy) }));
  const selected = model === undefined ? [] : network.selectedBy(model);
  const rules = DIRECTIONS.flatMap((direction) => allowRules(policy, direction));
  const isOverAll = isEmptySelector(policy.spec.podSelector);
  if (selected.length === 0 && isOverAll && rules.length === 0) return { problems: [], selected, isIdle: true };
  const problems = [...deadRules(policy), ...selection(inventory, policy, selected)];
  for (const rule of rules) {
    rule.peers.forEach((peer, i) => {
      const side = rule.direction === "Ingress" ? "from" : "to";
      problems.push(...emptyPeer(inventory, network, policy, peer, `${rule.pointer}/${side}/${i}`));
    });
    problems.push(...unheardPorts(inventory, network, policy, rule, selected));
    if (model !== undefined) problems.push(...oneSided(network, model, rule, selected));
  }
  return { problems, selected, isIdle: false };
}

const models = new WeakMap<Reachability, Map<string, Policy>>();
/** The policies as the engine reads them, by reference. */
function modelsOf(network: Reachability): Map<string, Policy> {
  let found = models.get(network);
  if (found === undefined) {
    // The first of a name counts: an object may hold several policies.
    found = new Map(network.policies.toReversed().map((policy) => [refKey(policy.ref), policy]));
    models.set(network, found);
  }
  return found;
}

function deadRules(policy: NetworkPolicy): PolicyProblem[] {
  const directions = policyDirections(policy);
  return DIRECTIONS.flatMap((direction): PolicyProblem[] => {
    const field = direction === "Ingress" ? "ingress" : "egress";
    const count = (policy.spec[field] ?? []).length;
    if (count === 0 || directions.includes(direction)) return [];
    const text = `its ${count} ${field} ${count === 1 ? "rule has" : "rules have"} no effect, because policyTypes leaves ${direction} out`;
    return [{ kind: "dead-rules", pointer: `/spec/${field}`, text, isCertain: true }];
  });
}

function selection(inventory: Inventory, policy: NetworkPolicy, selected: readonly PodClass[]): PolicyProblem[] {
  if (selected.length > 0) return [];
  const namespace = namespaceOf(policy);
  const labels = inventory.workloadsIn(namespace).map((workload) => workload.labels);
  const selector = policy.spec.podSelector ?? {};
  const isHost = inventory
    .workloadsIn(namespace)
    .some(({ variants }) => variants.some(({ spec }) => spec.hostNetwork === true));
  const why =
    labels.length === 0
      ? "the namespace has no pod"
      : isEmptySelector(selector)
        ? "its pods all use the host network"
        : describeMiss(selector, labels);
  return [
    {
      kind: "selects-nothing",
      pointer: "/spec/podSelector",
      text: `it selects no pod of ${namespace} (${why}${isHost && !isEmptySelector(selector) ? ", or uses the host network" : ""})`,
      isCertain: !isHidden(labels, keysOf(selector)),
    },
  ];
}

function emptyPeer(
  inventory: Inventory,
  network: Reachability,
  policy: NetworkPolicy,
  peer: NetworkPolicyPeer,
  pointer: string,
): PolicyProblem[] {
  if (peer.ipBlock !== undefined) return [];
  const read = readPeer(peer, namespaceOf(policy), "no");
  if (network.named(read).length > 0) return [];
  const { namespaceSelector } = peer;
  const spaces = inventory.namespaceNames.map((name) => namespaceLabels(inventory, name));
  const hit =
    namespaceSelector === undefined
      ? [namespaceOf(policy)]
      : inventory.namespaceNames.filter((_, i) => matchesSelector(namespaceSelector, spaces[i]));
  const isFiles = inventory.snapshot.source === "manifests" && peer.namespaceSelector !== undefined;
  const base = { kind: "peer-matches-nothing" as const, pointer };
  if (hit.length === 0) {
    const text = `its peer names no namespace (${describeMiss(peer.namespaceSelector ?? {}, spaces)})`;
    return [{ ...base, text, isCertain: !isFiles && !isHidden(spaces, keysOf(peer.namespaceSelector ?? {})) }];
  }
  const labels = hit.flatMap((name) => inventory.workloadsIn(name).map((workload) => workload.labels));
  const where = hit.length === 1 ? hit[0] : `${hit.length} namespaces`;
  const why = labels.length === 0 ? "no pod there" : describeMiss(peer.podSelector ?? {}, labels);
  const text = `its peer names no pod of ${where} (${why})`;
  return [{ ...base, text, isCertain: !isFiles && !isHidden(labels, keysOf(peer.podSelector ?? {})) }];
}

/** Rules whose flow the other side denies, or a policy of a higher tier takes away. */
function oneSided(
  network: Reachability,
  model: Policy,
  rule: AllowRule,
  selected: readonly PodClass[],
): PolicyProblem[] {
  const step = model.parts[rule.direction]?.steps.find(({ pointer }) => pointer === rule.pointer);
  if (step === undefined || rule.peers.length === 0) return [];
  const found: PolicyProblem[] = [];
  let isMet = false;
  const peers = network
    .named(step.peers)
    .filter((peer) => !peer.isHostNetwork && matchPeers(step.peers, peer, "no") === "yes");
  for (const own of selected) {
    for (const peer of peers) {
      const problem = pairProblem(network, rule, step, own, peer);
      if (problem === null) isMet = true;
      else found.push(...problem);
    }
  }
  // A rule for whole namespaces is not about one flow; one that gets through is enough.
  const isBroad = rule.peers.every((peer) => isEmptySelector(peer.podSelector) && peer.ipBlock === undefined);
  return isBroad && isMet ? [] : found;
}

function pairProblem(
  network: Reachability,
  rule: AllowRule,
  step: Step,
  own: PodClass,
  peer: PodClass,
): PolicyProblem[] | null {
  const isIngress = rule.direction === "Ingress";
  const [from, to] = isIngress ? [peer, own] : [own, peer];
  const { ingress, egress } = network.between(from, to);
  const [ours, theirs] = isIngress ? [ingress, egress] : [egress, ingress];
  const ports = resolvePorts(step.ports, to);
  if (isNoPort(ports)) return null;
  const opens = (answer: typeof ours): boolean =>
    !isNoPort(intersectPorts(ports, unionPorts(answer.allowed, answer.unknown)));
  if (!opens(ours)) {
    const by = [...new Set(ours.deniedBy.map(({ policy }) => nameOfPolicy(policy)))].join(", ");
    return [{ kind: "overruled", pointer: rule.pointer, text: `what it allows is denied by ${by}`, isCertain: true }];
  }
  const other = isIngress ? "Egress" : "Ingress";
  if (opens(theirs)) {
    const isSure = [ours, theirs].every(({ allowed }) => !isNoPort(intersectPorts(ports, allowed)));
    if (isSure) return null;
    const text = `whether ${other} of the other side lets it through depends on policies that could not be read or understood`;
    return [{ kind: "one-sided", pointer: rule.pointer, text, isCertain: false }];
  }
  const closing = [
    ...new Set([...theirs.isolatedBy.map(nameOfPolicy), ...theirs.deniedBy.map(({ policy }) => nameOfPolicy(policy))]),
  ];
  const closedBy = closing.slice(0, 2).join(", ");
  const words = describePorts(ports);
  return pairsOf(own, peer).map(([mine, yours]): PolicyProblem => {
    const [a, b] = isIngress ? [yours, mine] : [mine, yours];
    return {
      kind: "one-sided",
      pointer: rule.pointer,
      text: `${a.namespace}/${a.ref.name} to ${b.namespace}/${b.ref.name} on ${words} is allowed here and not for ${other} of ${yours.ref.name} (${closedBy})`,
      isCertain: true,
      flow: { direction: rule.direction, own: mine, other: yours, ports },
    };
  });
}

function pairsOf(own: PodClass, peer: PodClass): [Workload, Workload][] {
  const workloads = (podClass: PodClass): Workload[] => [...new Set(podClass.members.map(({ workload }) => workload))];
  return workloads(own).flatMap((mine) => workloads(peer).map((yours): [Workload, Workload] => [mine, yours]));
}

/** Ports of a rule on which no destination listens, as far as pods declare their ports. */
function unheardPorts(
  inventory: Inventory,
  network: Reachability,
  policy: NetworkPolicy,
  rule: AllowRule,
  selected: readonly PodClass[],
): PolicyProblem[] {
  const isIngress = rule.direction === "Ingress";
  const peers = rule.peers.flatMap((peer) => readPeer(peer, namespaceOf(policy), "no"));
  const targets = isIngress
    ? selected
    : network.named(peers).filter((podClass) => matchPeers(peers, podClass, "no") === "yes");
  // Addresses outside listen on what they like.
  if (targets.length === 0 || (!isIngress && rule.peers.some(({ ipBlock }) => ipBlock !== undefined))) return [];
  const workloads = [...new Set(targets.flatMap(({ members }) => members.map(({ workload }) => workload)))];
  return rule.ports.flatMap((port, i): PolicyProblem[] => {
    if (port.port === undefined) return [];
    let isCertain = true;
    for (const workload of workloads) {
      const heard = listens(workload, port);
      if (heard === true) return [];
      if (heard === null) isCertain = false;
    }
    const service = serviceOf(inventory, workloads, port);
    const hint =
      service === null
        ? ""
        : `; ${service.port} is the port of Service ${service.name}, behind which the pods listen on ${service.targetPort}`;
    const who = isIngress ? "the pods that it selects" : "its peers";
    return [
      {
        kind: "port-unheard",
        pointer: `${rule.pointer}/ports/${i}`,
        text: isCertain
          ? `none of ${who} listens on ${port.protocol ?? "TCP"} ${port.port}${hint}`
          : `whether ${who} listen on ${port.protocol ?? "TCP"} ${port.port} is not known, because some declare no port`,
        isCertain,
        ...(service === null ? {} : { targetPort: service.targetPort }),
      },
    ];
  });
}

/** Whether a workload declares the port; null when it declares none at all. */
function listens(workload: Workload, port: NetworkPolicyPort): boolean | null {
  const declared = workload.variants.flatMap(({ spec }) =>
    allContainers(spec).flatMap(({ container }) => container.ports ?? []),
  );
  if (declared.length === 0) return null;
  const wanted = readPorts([port]);
  return declared.some(({ name, containerPort, protocol = "TCP" }) => {
    if (protocol !== (port.protocol ?? "TCP")) return false;
    if (typeof port.port === "string") return name === port.port;
    const ranges = protocol === "TCP" || protocol === "UDP" || protocol === "SCTP" ? wanted.numbers[protocol] : [];
    return ranges.some(([first, last]) => first <= containerPort && containerPort <= last);
  });
}

/** A Service in front of the workloads whose own port was written where the pods' port belongs. */
function serviceOf(
  inventory: Inventory,
  workloads: readonly Workload[],
  { port, protocol = "TCP" }: NetworkPolicyPort,
): { name: string; port: number; targetPort: number | string } | null {
  for (const service of inventory.list("services")) {
    const isInFront = workloads.some(
      (workload) =>
        workload.namespace === namespaceOf(service) && matchesMapSelector(service.spec.selector, workload.labels),
    );
    if (!isInFront) continue;
    for (const one of service.spec.ports ?? []) {
      const isSame = one.port === port && (one.protocol ?? "TCP") === protocol;
      if (isSame && one.targetPort !== undefined && one.targetPort !== one.port)
        return { name: service.metadata.name, port: one.port, targetPort: one.targetPort };
    }
  }
  return null;
}

function keysOf(selector: NonNullable<NetworkPolicyPeer["podSelector"]>): string[] {
  return [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
}

/** True when a value that the selector asks about was taken out of the snapshot. */
function isHidden(all: readonly Labels[], keys: readonly string[]): boolean {
  return all.some((labels) => keys.some((key) => labels[key] === REDACTED));
}
