/**
 * Calico NetworkPolicy and GlobalNetworkPolicy (projectcalico.org/v3) in the common form, as far as L3 and L4 go.
 *
 * - Policies stand in tiers, ordered by `order` and then by name; Kubernetes' NetworkPolicies stand in the tier `default` at 1000.
 * - `types` absent: Ingress, and Egress too when there are egress rules; a policy with egress rules alone is Egress only.
 * - A pod that some policy of a tier selects is denied what no rule of that tier decides, unless the tier's default action is Pass.
 * - Rules from the top: Allow, Deny, Pass (to the next tier), Log (goes on).
 * - A rule's selector without namespaceSelector means the policy's own namespace, or every namespace in a global policy.
 *   Selectors name network sets too: their addresses.
 * - doNotTrack and preDNAT are about host endpoints; such a policy doesn't hold pods.
 * Beyond this form, and therefore in doubt: HTTP matches, source ports, domains, services, selectors of service accounts' labels.
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import type { Labels } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { type AddressRange, everyAddress, parseAddress, parseBlock } from "./addresses";
import { bothTests, calicoSelector, notTest } from "./calico-selector";
import { matchNamespace } from "./endpoints";
import { type Fields, fieldsOf, listOf, setFields, textOf, textsOf } from "./foreign";
import { hiddenIn, hiddenPolicy } from "./hidden-policies";
import { EVERY_LABEL_SET, labelTest } from "./label-tests";
import {
  ADMIN_TIER,
  BASELINE_TIER,
  type LabelTest,
  type NamedPort,
  NAMESPACE_TIER,
  type NamespaceTest,
  type Peer,
  type Policy,
  type PortSpec,
  type Step,
  type Tier,
  type Tri,
} from "./model";
import { knownNamespaceLabels, NAMESPACE_KEY, SERVICE_ACCOUNT_KEY } from "./pod-classes";
import { type Direction, DIRECTIONS } from "./policies";
import {
  ALL_PORTS,
  everyPortOf,
  isProtocol,
  NO_PORTS,
  type PortSet,
  PROTOCOLS,
  portsOf,
  subtractPorts,
  unionPorts,
} from "./ports";

/** `runs`: whether Calico is the engine that carries them out (null: not known). */
export function readCalicoPolicies(inventory: Inventory, runs: boolean | null): Omit<Policy, "index">[] {
  const world = new World(inventory, runs);
  return (["calico-networkpolicies", "calico-globalnetworkpolicies"] as const).flatMap((section) => [
    ...inventory.list(section).flatMap((policy) => world.read(policy)),
    ...hiddenIn(inventory, section, {
      groups: /projectcalico\.org\//,
      kind: section === "calico-networkpolicies" ? "NetworkPolicy" : "GlobalNetworkPolicy",
      tier: NAMESPACE_TIER,
    }),
  ]);
}

interface NetworkSet {
  /** Null: global. */
  namespace: string | null;
  namespaceLabels: Labels | null;
  labels: Labels;
  ranges: AddressRange[];
}
interface Named extends Tier {
  isolates: Tri;
  doubt: string | null;
}
const FIXED_TIERS: Record<string, Tier> = {
  default: NAMESPACE_TIER,
  adminnetworkpolicy: ADMIN_TIER,
  "kube-admin": ADMIN_TIER,
  baselineadminnetworkpolicy: BASELINE_TIER,
  "kube-baseline": BASELINE_TIER,
};

class World {
  private readonly tiers = new Map<string, Named>();
  private readonly sets: NetworkSet[];
  private readonly areSetsKnown: boolean;

  constructor(
    inventory: Inventory,
    private readonly runs: boolean | null,
  ) {
    for (const tier of inventory.list("calico-tiers")) {
      const { order, defaultAction } = fieldsOf(tier.spec);
      const { name } = tier.metadata;
      this.tiers.set(name, {
        name,
        order: typeof order === "number" ? order : Number.MAX_SAFE_INTEGER,
        isolates: defaultAction === "Pass" ? "no" : "yes",
        doubt: null,
      });
    }
    this.areSetsKnown = inventory.readable("calico-networksets", "calico-globalnetworksets").known;
    this.sets = [...inventory.list("calico-networksets"), ...inventory.list("calico-globalnetworksets")].map((set) => {
      const namespace = set.kind === "NetworkSet" ? namespaceOf(set) : null;
      return {
        namespace,
        namespaceLabels: namespace === null ? null : knownNamespaceLabels(inventory, namespace),
        labels: { ...set.metadata.labels, ...(namespace === null ? {} : { [NAMESPACE_KEY]: namespace }) },
        ranges: textsOf(fieldsOf(set.spec).nets).flatMap((text) => parseNet(text) ?? []),
      };
    });
  }

  read(policy: CustomObject): Omit<Policy, "index">[] {
    const spec = fieldsOf(policy.spec);
    if (spec.doNotTrack === true || spec.preDNAT === true) return [];
    const isGlobal = policy.kind === "GlobalNetworkPolicy";
    const own = isGlobal ? null : namespaceOf(policy);
    const ref = own === null ? refOf(policy) : { ...refOf(policy), namespace: own };
    const tier = this.tierOf(textOf(spec.tier));
    const pods = calicoSelector(textOf(spec.selector));
    const namespaces =
      own === null ? namespacesOf(textOf(spec.namespaceSelector)) : ({ kind: "named", name: own } as const);
    if (pods === null || namespaces === null) {
      const doubt = `${ref.kind} ${ref.name} has a selector that could not be understood`;
      return [hiddenPolicy(ref, tier, doubt, own === null ? undefined : { kind: "named", name: own }, "maybe")];
    }
    const byAccount = textOf(spec.serviceAccountSelector);
    const doubts = [
      ...(tier.doubt === null ? [] : [tier.doubt]),
      ...(byAccount === "" || byAccount === "all()"
        ? []
        : [`${ref.kind} ${ref.name} selects by labels of service accounts`]),
      ...(this.runs === true ? [] : [`whether Calico carries out ${ref.kind} ${ref.name} is not known`]),
    ];
    const out: Omit<Policy, "index"> = {
      ref,
      tier,
      order: typeof spec.order === "number" ? spec.order : Number.MAX_SAFE_INTEGER,
      rank: `${ref.namespace ?? ""}/${ref.name}`,
      appliesTo: { namespaces, pods, certain: doubts.length === 0 },
      parts: { Ingress: null, Egress: null },
      doubts,
    };
    for (const direction of directionsOf(spec)) {
      const rules = listOf(spec[direction === "Ingress" ? "ingress" : "egress"]);
      out.parts[direction] = {
        isolates: tier.isolates,
        steps: rules.flatMap((rule, i) => this.readRule(out as Policy, fieldsOf(rule), direction, i, own)),
      };
    }
    return [out];
  }

  private tierOf(name: string): Named {
    const key = name === "" ? "default" : name;
    const found = this.tiers.get(key);
    const fixed = FIXED_TIERS[key];
    // Our own tier of the same order, so that Kubernetes' policies stand in it too.
    if (fixed !== undefined)
      return { ...fixed, isolates: found?.isolates ?? (key === "default" ? "yes" : "no"), doubt: null };
    if (found !== undefined) return found;
    return {
      name: key,
      order: NAMESPACE_TIER.order - 1,
      isolates: "maybe",
      doubt: `the order of Calico's tier ${key} is not known`,
    };
  }

  private readRule(policy: Policy, rule: Fields, direction: Direction, i: number, own: string | null): Step[] {
    const action = { Allow: "allow", Deny: "deny", Pass: "pass" }[textOf(rule.action)] as Step["action"] | undefined;
    if (action === undefined && rule.action === "Log") return [];
    const source = fieldsOf(rule.source);
    const destination = fieldsOf(rule.destination);
    const [theirs, ours] = direction === "Ingress" ? [source, destination] : [destination, source];
    const peers = this.peersOf(theirs, own);
    const ports = portsOfRule(rule, destination);
    const beyond = [
      ...setFields(rule).filter((field) => !RULE_FIELDS.has(field)),
      ...setFields(theirs).filter((field) => !END_FIELDS.has(field)),
      ...setFields(ours).filter((field) => field !== "ports" && field !== "notPorts"),
      ...setFields(source).filter((field) => field === "ports" || field === "notPorts"),
    ];
    if (ports !== null && ports.numbers === NO_PORTS && ports.named.length === 0) return [];
    const isCertain = action !== undefined && ports !== null && beyond.length === 0;
    const field = direction === "Ingress" ? "ingress" : "egress";
    const base = {
      peers,
      ports: ports ?? { numbers: ALL_PORTS, named: [] },
      policy,
      pointer: `/spec/${field}/${i}`,
    };
    if (isCertain) return [{ ...base, action, isCertain }];
    const doubt = `${policy.ref.kind} ${policy.ref.name} ${field}[${i}] says more than addresses and ports${beyond.length > 0 ? ` (${beyond.join(", ")})` : ""}`;
    return (action === undefined ? (["allow", "deny", "pass"] as const) : [action]).map(
      (one): Step => ({
        ...base,
        action: one,
        isCertain: false,
        doubt,
      }),
    );
  }

  private peersOf(end: Fields, own: string | null): Peer[] {
    const nets = textsOf(end.nets);
    const not = textsOf(end.notNets);
    const selects = ["selector", "notSelector", "namespaceSelector", "serviceAccounts"].some(
      (f) => end[f] !== undefined,
    );
    const ranges = nets.map(parseNet);
    const holes = not.map(parseNet);
    if (ranges.includes(null) || holes.includes(null)) return [{ kind: "unread" }];
    const except = holes.filter((hole) => hole !== null);
    const blocks = (list: readonly AddressRange[]): Peer[] =>
      list.map((range) => ({ kind: "block", range, except, matchesPods: "yes" }));
    if (!selects) {
      if (nets.length > 0) return blocks(ranges.filter((range) => range !== null));
      return not.length > 0 ? blocks([everyAddress(4), everyAddress(6)]) : [{ kind: "anybody" }];
    }
    // Selectors and addresses together must both fit, which this form can't say.
    if (nets.length + not.length > 0) return [{ kind: "unread" }];
    const pods = podsTest(end);
    const spaceText = textOf(end.namespaceSelector);
    const isGlobalOnly = spaceText.replaceAll(/\s/g, "") === "global()";
    const namespaces: NamespaceTest | null =
      spaceText === "" && own !== null ? { kind: "named", name: own } : namespacesOf(isGlobalOnly ? "" : spaceText);
    if (pods === null || namespaces === null) return [{ kind: "unread" }];
    const sets = this.sets.filter((set) => {
      if (!pods.test(set.labels)) return false;
      if (set.namespace === null) return isGlobalOnly || (spaceText === "" && own === null);
      const space = { namespace: set.namespace, namespaceLabels: set.namespaceLabels };
      return !isGlobalOnly && matchNamespace(namespaces, space) !== "no";
    });
    return [
      ...(isGlobalOnly ? [] : [{ kind: "pods" as const, namespaces, pods }]),
      ...blocks(sets.flatMap((set) => set.ranges)),
      ...(this.areSetsKnown ? [] : [{ kind: "outside" as const, isEvery: false }]),
    ];
  }
}

const RULE_FIELDS = new Set([
  "action",
  "protocol",
  "notProtocol",
  "ipVersion",
  "icmp",
  "notICMP",
  "source",
  "destination",
  "metadata",
]);
const END_FIELDS = new Set([
  "nets",
  "notNets",
  "selector",
  "notSelector",
  "namespaceSelector",
  "serviceAccounts",
  "ports",
  "notPorts",
]);

function directionsOf(spec: Fields): Direction[] {
  const types = textsOf(spec.types);
  if (types.length > 0) return DIRECTIONS.filter((direction) => types.includes(direction));
  const hasEgress = listOf(spec.egress).length > 0;
  const hasIngress = listOf(spec.ingress).length > 0;
  return hasEgress ? (hasIngress ? ["Ingress", "Egress"] : ["Egress"]) : ["Ingress"];
}

function namespacesOf(text: string): NamespaceTest | null {
  const labels = calicoSelector(text);
  return labels === null ? null : { kind: "labelled", labels };
}

function podsTest(end: Fields): LabelTest | null {
  const selector = calicoSelector(textOf(end.selector));
  const not = end.notSelector === undefined ? null : calicoSelector(textOf(end.notSelector));
  if (selector === null || (end.notSelector !== undefined && not === null)) return null;
  const accounts = fieldsOf(end.serviceAccounts);
  const byLabels = textOf(accounts.selector);
  if (byLabels !== "" && byLabels !== "all()") return null;
  const names = textsOf(accounts.names);
  const byName =
    names.length === 0
      ? EVERY_LABEL_SET
      : labelTest({ matchExpressions: [{ key: SERVICE_ACCOUNT_KEY, operator: "In", values: names }] });
  return bothTests(bothTests(selector, not === null ? EVERY_LABEL_SET : notTest(not)), byName);
}

function parseNet(text: string): AddressRange | null {
  return parseBlock(text) ?? parseAddress(text);
}

const NUMBERS: Record<number, string> = { 6: "TCP", 17: "UDP", 132: "SCTP" };

/** Destination ports of a rule; no port of ours for other protocols (ICMP); null when it can't be said. */
function portsOfRule(rule: Fields, destination: Fields): PortSpec | null {
  const nameOf = (value: unknown): string =>
    typeof value === "number" ? (NUMBERS[value] ?? "other") : textOf(value).toUpperCase();
  let protocols = [...PROTOCOLS];
  if (rule.protocol !== undefined) protocols = protocols.filter((one) => one === nameOf(rule.protocol));
  if (rule.notProtocol !== undefined) protocols = protocols.filter((one) => one !== nameOf(rule.notProtocol));
  const every = protocols.reduce<PortSet>((set, one) => unionPorts(set, everyPortOf(one)), NO_PORTS);
  const wanted = listOf(destination.ports);
  const not = listOf(destination.notPorts);
  let numbers: PortSet = wanted.length === 0 ? every : NO_PORTS;
  const named: NamedPort[] = [];
  for (const port of wanted) {
    for (const protocol of protocols) {
      const range = rangeOf(port);
      if (range !== null) numbers = unionPorts(numbers, portsOf(protocol, ...range));
      else if (typeof port === "string" && isProtocol(protocol)) named.push({ protocol, name: port });
      else return null;
    }
  }
  for (const port of not) {
    const range = rangeOf(port);
    // A named port to leave out depends on the destination.
    if (range === null || named.length > 0) return null;
    for (const protocol of protocols) numbers = subtractPorts(numbers, portsOf(protocol, ...range));
  }
  return { numbers, named };
}

function rangeOf(port: unknown): [number, number] | null {
  if (typeof port === "number") return [port, port];
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(textOf(port));
  if (match === null) return null;
  const first = Number(match[1]);
  return [first, Number(match[2] ?? first)];
}
