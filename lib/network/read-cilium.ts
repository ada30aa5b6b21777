/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy in the common form, as far as L3 and L4 go.
 *
 * - A rule list of a direction (also one of empty rules) isolates the endpoints, unless enableDefaultDeny says otherwise.
 * - Allow rules add up with Kubernetes' NetworkPolicies; deny rules win over every allow.
 * - A rule without L3 part means any peer; an empty list of peers nobody; an empty rule `{}` allows nothing.
 * - Selectors of a namespaced policy mean its own namespace unless they name another one; cluster-wide ones every namespace.
 * - CIDR rules never name pods or nodes of the cluster. Entities: world is outside, cluster all pods and nodes, host and
 *   remote-node nodes.
 * Beyond L4, and therefore in doubt: HTTP, Kafka and DNS rules, TLS names, listeners, authentication, domain names, services,
 * cloud groups, requirements (fromRequires).
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { CustomObject } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { everyAddress, parseAddress, parseBlock } from "./addresses";
import { type Fields, fieldsOf, isFields, listOf, readSelector, setFields, textOf, textsOf } from "./foreign";
import { hiddenIn, hiddenPolicy } from "./hidden-policies";
import { EVERY_LABEL_SET } from "./label-tests";
import {
  type LabelTest,
  type NamedPort,
  NAMESPACE_TIER,
  type NamespaceTest,
  NETWORK_POLICY_ORDER,
  type Peer,
  type Policy,
  type PortSpec,
  type Step,
  type Tri,
} from "./model";
import { SERVICE_ACCOUNT_KEY } from "./pod-classes";
import { type Direction, DIRECTIONS } from "./policies";
import { ALL_PORTS, everyPortOf, isProtocol, NO_PORTS, type PortSet, PROTOCOLS, portsOf, unionPorts } from "./ports";

/** `runs`: whether Cilium is the engine that carries them out (null: not known). */
export function readCiliumPolicies(inventory: Inventory, runs: boolean | null): Omit<Policy, "index">[] {
  const groups = new CidrGroups(inventory);
  return (
    [
      ["cilium-networkpolicies", "CiliumNetworkPolicy"],
      ["cilium-clusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy"],
    ] as const
  ).flatMap(([section, kind]) => [
    ...inventory.list(section).flatMap((policy) => readPolicy(policy, groups, runs)),
    ...hiddenIn(inventory, section, { groups: /^cilium\.io\//, kind, tier: NAMESPACE_TIER }),
  ]);
}

function readPolicy(policy: CustomObject, groups: CidrGroups, runs: boolean | null): Omit<Policy, "index">[] {
  const own = policy.kind === "CiliumNetworkPolicy" ? namespaceOf(policy) : null;
  const ref = own === null ? refOf(policy) : { ...refOf(policy), namespace: own };
  const specs = [
    ...(isFields(policy.spec) ? [{ spec: policy.spec, pointer: "/spec" }] : []),
    ...listOf(policy.specs).map((spec, i) => ({ spec: fieldsOf(spec), pointer: `/specs/${i}` })),
  ];
  return specs.flatMap(({ spec, pointer }) => {
    // A node selector is about the host's own firewall, which holds no pod.
    if (spec.endpointSelector === undefined && spec.nodeSelector !== undefined) return [];
    const target = readEnd(spec.endpointSelector, own);
    // A namespaced policy holds only its own pods; one whose selector names a namespace as well is left in doubt.
    if (target === null || (own !== null && target.namespaces.kind !== "named")) {
      const doubt = `${ref.kind} ${ref.name} selects its endpoints in a way that could not be understood`;
      return [
        hiddenPolicy(ref, NAMESPACE_TIER, doubt, own === null ? undefined : { kind: "named", name: own }, "maybe"),
      ];
    }
    const doubts = runs === true ? [] : [`whether Cilium carries out ${ref.kind} ${ref.name} is not known`];
    const make = (order: number, suffix: "" | "Deny"): Omit<Policy, "index"> => {
      const out: Omit<Policy, "index"> = {
        ref,
        tier: NAMESPACE_TIER,
        order,
        rank: "",
        appliesTo: { ...target, certain: doubts.length === 0 },
        parts: { Ingress: null, Egress: null },
        doubts,
      };
      for (const direction of DIRECTIONS) {
        const key = direction === "Ingress" ? "ingress" : "egress";
        const rules = listOf(spec[`${key}${suffix}`]);
        const isolates = isolatesBy(spec, key);
        if (rules.length === 0 && isolates === "no") continue;
        out.parts[direction] = {
          isolates,
          steps: rules.flatMap((rule, i) =>
            readRule(out as Policy, fieldsOf(rule), direction, `${pointer}/${key}${suffix}/${i}`, own, groups),
          ),
        };
      }
      return out;
    };
    // Deny rules are asked before everything else of the tier.
    const hasDenies = ["ingressDeny", "egressDeny"].some((field) => listOf(spec[field]).length > 0);
    return [...(hasDenies ? [make(Number.MIN_SAFE_INTEGER, "Deny")] : []), make(NETWORK_POLICY_ORDER, "")];
  });
}

function isolatesBy(spec: Fields, key: "ingress" | "egress"): Tri {
  const flag = fieldsOf(spec.enableDefaultDeny)[key];
  if (typeof flag === "boolean") return flag ? "yes" : "no";
  return listOf(spec[key]).length + listOf(spec[`${key}Deny`]).length > 0 ? "yes" : "no";
}

const PEER_FIELDS = ["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "FQDNs", "Services", "Groups"] as const;

function readRule(
  policy: Policy,
  rule: Fields,
  direction: Direction,
  pointer: string,
  own: string | null,
  groups: CidrGroups,
): Step[] {
  if (setFields(rule).length === 0) return [];
  const prefix = direction === "Ingress" ? "from" : "to";
  const given = PEER_FIELDS.filter((field) => rule[`${prefix}${field}`] !== undefined);
  const peers =
    given.length === 0
      ? [{ kind: "anybody" } as const]
      : given.flatMap((field) =>
          listOf(rule[`${prefix}${field}`]).flatMap((value) => readPeer(field, value, own, groups)),
        );
  // ICMP alone opens no port.
  if (rule.icmps !== undefined && rule.toPorts === undefined) return [];
  const known = new Set([...PEER_FIELDS.map((field) => `${prefix}${field}`), "toPorts", "icmps"]);
  const beyond = setFields(rule).filter((field) => !known.has(field));
  const action = pointer.includes("Deny/") ? "deny" : "allow";
  const portRules = rule.toPorts === undefined ? [{}] : listOf(rule.toPorts).map(fieldsOf);
  return portRules.map((portRule): Step => {
    const ports = readPorts(portRule);
    const more = [
      ...beyond,
      ...setFields(portRule).filter((field) => field !== "ports" && !isOpenDns(field, portRule)),
    ];
    const isCertain = ports !== null && more.length === 0;
    const step: Step = { action, peers, ports: ports ?? { numbers: ALL_PORTS, named: [] }, isCertain, policy, pointer };
    if (!isCertain) {
      step.doubt = `${policy.ref.kind} ${policy.ref.name} ${pointer.slice(1).replaceAll("/", ".")} says more than addresses and ports${more.length > 0 ? ` (${more.join(", ")})` : ""}`;
    }
    return step;
  });
}

/** DNS rules that let every name through say no more than their ports. */
function isOpenDns(field: string, portRule: Fields): boolean {
  const rules = fieldsOf(portRule.rules);
  const [only] = setFields(rules);
  return (
    field === "rules" &&
    setFields(rules).length === 1 &&
    only === "dns" &&
    listOf(rules.dns).some((one) => fieldsOf(one).matchPattern === "*")
  );
}

function readPeer(field: (typeof PEER_FIELDS)[number], value: unknown, own: string | null, groups: CidrGroups): Peer[] {
  switch (field) {
    case "Endpoints": {
      const end = readEnd(value, own);
      return [end === null ? { kind: "unread" } : { kind: "pods", ...end }];
    }
    case "CIDR":
      return [block(textOf(value), [])];
    case "CIDRSet":
      return groups.read(fieldsOf(value));
    case "Entities":
      return entity(textOf(value));
    case "Nodes":
      return [{ kind: "nodes", isEvery: readSelector(value)?.isEvery === true }];
    case "FQDNs":
      return [{ kind: "outside", isEvery: false }];
    case "Services":
    case "Groups":
      return [{ kind: "unread" }];
  }
}

function block(text: string, except: readonly string[]): Peer {
  const range = parseBlock(text) ?? parseAddress(text);
  const holes = except.map((hole) => parseBlock(hole));
  if (range === null || holes.includes(null)) return { kind: "unread" };
  return { kind: "block", range, except: holes.filter((hole) => hole !== null), matchesPods: "no" };
}

const EVERY_NAMESPACE: NamespaceTest = { kind: "labelled", labels: EVERY_LABEL_SET };
function entity(name: string): Peer[] {
  const space = (family: 4 | 6): Peer => ({
    kind: "block",
    range: everyAddress(family),
    except: [],
    matchesPods: "no",
  });
  switch (name) {
    case "all":
      return [{ kind: "anybody" }];
    case "world":
      return [{ kind: "outside", isEvery: true }];
    case "world-ipv4":
      return [space(4)];
    case "world-ipv6":
      return [space(6)];
    case "cluster":
      return [
        { kind: "pods", namespaces: EVERY_NAMESPACE, pods: EVERY_LABEL_SET },
        { kind: "nodes", isEvery: true },
      ];
    case "host":
    case "remote-node":
      return [{ kind: "nodes", isEvery: false }];
    case "kube-apiserver":
      // Nodes of the control plane, or addresses outside.
      return [
        { kind: "nodes", isEvery: false },
        { kind: "outside", isEvery: false },
      ];
    case "health":
    case "init":
    case "unmanaged":
    case "ingress":
    case "none":
      return [];
    default:
      return [{ kind: "unread" }];
  }
}

const NAMESPACE_NAME = "io.kubernetes.pod.namespace";
const NAMESPACE_LABEL = "io.cilium.k8s.namespace.labels.";

/** An endpoint selector: labels of pods, and of their namespaces under Cilium's names. */
function readEnd(value: unknown, own: string | null): { namespaces: NamespaceTest; pods: LabelTest } | null {
  if (!isFields(value)) return null;
  const labels = Object.entries(fieldsOf(value.matchLabels)).map(([key, one]) => ({ key: keyOf(key), value: one }));
  const expressions = listOf(value.matchExpressions).map((one) => ({
    ...fieldsOf(one),
    key: keyOf(textOf(fieldsOf(one).key)),
  }));
  const all = [...labels, ...expressions];
  // Reserved identities and other clusters are not labels of pods.
  if (all.some(({ key }) => key.startsWith("reserved:") || key === "io.cilium.k8s.policy.cluster")) return null;
  const isSpace = ({ key }: { key: string }): boolean => key === NAMESPACE_NAME || key.startsWith(NAMESPACE_LABEL);
  const rename = (key: string): string =>
    key === NAMESPACE_NAME
      ? "kubernetes.io/metadata.name"
      : key === "io.cilium.k8s.policy.serviceaccount"
        ? SERVICE_ACCOUNT_KEY
        : key.startsWith(NAMESPACE_LABEL)
          ? key.slice(NAMESPACE_LABEL.length)
          : key;
  const part = (of: (one: { key: string }) => boolean): LabelTest | null =>
    readSelector({
      matchLabels: Object.fromEntries(labels.filter(of).map(({ key, value: one }) => [rename(key), one])),
      matchExpressions: expressions.filter(of).map((one) => ({ ...one, key: rename(one.key) })),
    });
  const pods = part((one) => !isSpace(one));
  const space = part(isSpace);
  if (pods === null || space === null) return null;
  if (space.isEvery) return { namespaces: own === null ? EVERY_NAMESPACE : { kind: "named", name: own }, pods };
  return { namespaces: { kind: "labelled", labels: space }, pods };
}

/** `k8s:app` and `any:app` are the label `app`. */
function keyOf(key: string): string {
  return key.replace(/^(k8s|any)[:.]/, "");
}

function readPorts(portRule: Fields): PortSpec | null {
  const entries = listOf(portRule.ports).map(fieldsOf);
  if (entries.length === 0) return { numbers: ALL_PORTS, named: [] };
  let numbers: PortSet = NO_PORTS;
  const named: NamedPort[] = [];
  for (const { port, endPort, protocol = "ANY" } of entries) {
    const name = textOf(protocol).toUpperCase();
    const protocols = name === "ANY" ? PROTOCOLS : isProtocol(name) ? [name] : [];
    const text = typeof port === "number" ? String(port) : textOf(port);
    for (const one of protocols) {
      if (text === "" || text === "0") numbers = unionPorts(numbers, everyPortOf(one));
      else if (/^\d{1,5}$/.test(text)) {
        const first = Number(text);
        numbers = unionPorts(
          numbers,
          portsOf(one, first, typeof endPort === "number" && endPort > 0 ? endPort : first),
        );
      } else named.push({ protocol: one, name: text });
    }
  }
  return { numbers, named };
}

/** CiliumCIDRGroups by name and label. */
class CidrGroups {
  private readonly isKnown: boolean;
  constructor(private readonly inventory: Inventory) {
    this.isKnown = inventory.readable("cilium-cidrgroups").known;
  }

  read(set: Fields): Peer[] {
    const except = textsOf(set.except);
    if (set.cidr !== undefined) return [block(textOf(set.cidr), except)];
    if (!this.isKnown) return [{ kind: "outside", isEvery: false }];
    const groups = this.inventory.list("cilium-cidrgroups").filter(({ metadata }) => {
      if (set.cidrGroupRef !== undefined) return metadata.name === set.cidrGroupRef;
      return isFields(set.cidrGroupSelector) && matchesSelector(set.cidrGroupSelector, metadata.labels);
    });
    return groups.flatMap((group) => textsOf(fieldsOf(group.spec).externalCIDRs).map((text) => block(text, except)));
  }
}
