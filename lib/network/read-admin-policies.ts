/**
 * AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and their successor ClusterNetworkPolicy (v1alpha2) in the common form.
 *
 * | field                   | means                                                                                       |
 * | ----------------------- | ------------------------------------------------------------------------------------------- |
 * | priority                | lower is asked first; two policies of one priority have no order between them               |
 * | tier (ClusterNetworkPolicy) | Admin stands before the namespaces' own policies, Baseline behind them                   |
 * | subject                 | namespaces by label, or pods by label in namespaces by label; never pods on the host network |
 * | action                  | Allow (Accept), Deny, Pass: on to the next tier; from the top, the first match decides       |
 * | ports, protocols        | absent: every port of every protocol; a named port is looked up on the destination          |
 *
 * No isolation: what no rule matches goes on. A peer that is not understood may be anybody. Domain names are beyond L4.
 * Not every plug-in carries these out; where that isn't known the policy is in doubt.
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import { parseBlock } from "./addresses";
import { type Fields, fieldsOf, isFields, listOf, readSelector, setFields, textOf, textsOf } from "./foreign";
import { hiddenIn, hiddenPolicy } from "./hidden-policies";
import { EVERY_LABEL_SET } from "./label-tests";
import {
  ADMIN_TIER,
  BASELINE_TIER,
  type LabelTest,
  type NamedPort,
  type NamespaceTest,
  type Peer,
  type Policy,
  type PortSpec,
  type Step,
  type Tri,
} from "./model";
import { type Direction, DIRECTIONS } from "./policies";
import { ALL_PORTS, everyPortOf, isProtocol, NO_PORTS, PROTOCOLS, type PortSet, portsOf, unionPorts } from "./ports";

/** What is known of the plug-in; `supports` says whether it carries out a kind (null: not known). */
export interface PluginFacts {
  blocksMatchPods: Tri;
  supports(kind: string): boolean | null;
}

const SECTIONS = [
  { section: "adminnetworkpolicies", kind: "AdminNetworkPolicy", tier: ADMIN_TIER },
  { section: "baselineadminnetworkpolicies", kind: "BaselineAdminNetworkPolicy", tier: BASELINE_TIER },
  { section: "clusternetworkpolicies", kind: "ClusterNetworkPolicy", tier: ADMIN_TIER },
] as const;

/** All three kinds, in the order of their sections. */
export function readAdminPolicies(inventory: Inventory, plugin: PluginFacts): Omit<Policy, "index">[] {
  return SECTIONS.flatMap(({ section, kind, tier }) => [
    ...inventory.list(section).map((policy) => readPolicy(policy, plugin)),
    ...hiddenIn(inventory, section, { groups: /^policy\.networking\.k8s\.io\//, kind, tier }),
  ]);
}

function readPolicy(policy: CustomObject, plugin: PluginFacts): Omit<Policy, "index"> {
  const spec = fieldsOf(policy.spec);
  const ref = refOf(policy);
  const isBaseline = policy.kind === "BaselineAdminNetworkPolicy" || spec.tier === "Baseline";
  const tier = isBaseline ? BASELINE_TIER : ADMIN_TIER;
  const subject = readSubject(spec.subject);
  if (subject === null)
    return hiddenPolicy(ref, tier, `${ref.kind} ${ref.name} has a subject that could not be understood`);
  const supported = plugin.supports(policy.kind);
  const doubt =
    supported === true
      ? null
      : supported === false
        ? `the network plug-in does not carry out ${policy.kind}, as far as is known`
        : `whether the network plug-in carries out ${policy.kind} is not known`;
  const out: Omit<Policy, "index"> = {
    ref,
    tier,
    order: typeof spec.priority === "number" ? spec.priority : 0,
    rank: "",
    appliesTo: { ...subject, certain: doubt === null },
    parts: { Ingress: null, Egress: null },
    doubts: doubt === null ? [] : [doubt],
  };
  for (const direction of DIRECTIONS) {
    const rules = listOf(spec[direction === "Ingress" ? "ingress" : "egress"]);
    if (rules.length === 0) continue;
    const steps = rules.map((rule, i) => readRule(out as Policy, fieldsOf(rule), direction, i, plugin));
    out.parts[direction] = { isolates: "no", steps: steps.flat() };
  }
  return out;
}

function readSubject(value: unknown): { namespaces: NamespaceTest; pods: LabelTest } | null {
  const peer = isFields(value) ? readPods(value) : null;
  return peer === null ? null : { namespaces: peer.namespaces, pods: peer.pods };
}

/** `{ namespaces: selector }` or `{ pods: { namespaceSelector, podSelector } }`; null for anything else. */
function readPods(value: Fields): { namespaces: NamespaceTest; pods: LabelTest } | null {
  const set = setFields(value);
  if (set.length !== 1) return null;
  if (set[0] === "namespaces") {
    const labels = readSelector(value.namespaces);
    return labels === null ? null : { namespaces: { kind: "labelled", labels }, pods: EVERY_LABEL_SET };
  }
  if (set[0] !== "pods") return null;
  const { namespaceSelector = {}, podSelector = {}, ...rest } = fieldsOf(value.pods);
  const labels = readSelector(namespaceSelector);
  const pods = readSelector(podSelector);
  if (labels === null || pods === null || setFields(rest).length > 0) return null;
  return { namespaces: { kind: "labelled", labels }, pods };
}

const ACTIONS: Record<string, Step["action"]> = { Allow: "allow", Accept: "allow", Deny: "deny", Pass: "pass" };

function readRule(policy: Policy, rule: Fields, direction: Direction, i: number, plugin: PluginFacts): Step[] {
  const field = direction === "Ingress" ? "ingress" : "egress";
  const pointer = `/spec/${field}/${i}`;
  const name = `${policy.ref.kind} ${policy.ref.name} ${field}[${i}]`;
  const peers = listOf(rule[direction === "Ingress" ? "from" : "to"]).flatMap((peer) =>
    readPeer(fieldsOf(peer), plugin),
  );
  const ports = readPorts(rule);
  const action = ACTIONS[textOf(rule.action)];
  const base = { policy, pointer };
  if (action !== undefined && ports !== null && peers.length > 0)
    return [{ ...base, action, peers, ports, isCertain: true }];
  // Any of the three outcomes, for whatever it may be about.
  return Object.values(ACTIONS)
    .filter((one, at, all) => all.indexOf(one) === at && (action === undefined || one === action))
    .map(
      (one): Step => ({
        ...base,
        action: one,
        peers: peers.length > 0 ? peers : [{ kind: "unread" }],
        ports: ports ?? { numbers: ALL_PORTS, named: [] },
        isCertain: false,
        doubt: `${name} holds something that could not be understood`,
      }),
    );
}

function readPeer(peer: Fields, plugin: PluginFacts): Peer[] {
  const pods = readPods(peer);
  if (pods !== null) return [{ kind: "pods", ...pods }];
  const set = setFields(peer);
  const [only] = set;
  if (set.length !== 1) return [{ kind: "unread" }];
  if (only === "nodes") return [{ kind: "nodes", isEvery: readSelector(peer.nodes)?.isEvery === true }];
  if (only === "domainNames") return [{ kind: "outside", isEvery: false }];
  if (only !== "networks") return [{ kind: "unread" }];
  return textsOf(peer.networks).map((text): Peer => {
    const range = parseBlock(text);
    return range === null
      ? { kind: "unread" }
      : { kind: "block", range, except: [], matchesPods: plugin.blocksMatchPods };
  });
}

/** `ports` of v1alpha1 or `protocols` of v1alpha2; null when an entry could not be understood. */
function readPorts(rule: Fields): PortSpec | null {
  const entries = [...listOf(rule.ports), ...listOf(rule.protocols)].map(fieldsOf);
  if (entries.length === 0) return { numbers: ALL_PORTS, named: [] };
  let numbers: PortSet = NO_PORTS;
  const named: NamedPort[] = [];
  for (const entry of entries) {
    const name = entry.namedPort ?? entry.destinationNamedPort;
    const ports = setFields(entry).length === 1 ? readPort(entry) : null;
    if (typeof name === "string") named.push({ protocol: null, name });
    else if (ports === null) return null;
    else numbers = unionPorts(numbers, ports);
  }
  return { numbers, named };
}

function readPort(entry: Fields): PortSet | null {
  if (isFields(entry.portNumber)) {
    const { protocol = "TCP", port } = entry.portNumber;
    return typeof port === "number" && typeof protocol === "string" && isProtocol(protocol)
      ? portsOf(protocol, port)
      : null;
  }
  if (isFields(entry.portRange)) {
    const { protocol = "TCP", start, end } = entry.portRange;
    if (typeof protocol !== "string" || !isProtocol(protocol)) return null;
    return rangeOf(protocol, start, end);
  }
  const protocol = PROTOCOLS.find((one) => isFields(entry[one.toLowerCase()]));
  if (protocol === undefined) return null;
  const { destinationPort, ...rest } = fieldsOf(entry[protocol.toLowerCase()]);
  if (setFields(rest).length > 0) return null;
  if (destinationPort === undefined || destinationPort === null) return everyPortOf(protocol);
  const { number, range } = fieldsOf(destinationPort);
  if (typeof number === "number" && number > 0) return portsOf(protocol, number);
  return isFields(range) ? rangeOf(protocol, range.start, range.end) : null;
}

function rangeOf(protocol: (typeof PROTOCOLS)[number], start: unknown, end: unknown): PortSet | null {
  return typeof start === "number" && typeof end === "number" && start <= end ? portsOf(protocol, start, end) : null;
}
