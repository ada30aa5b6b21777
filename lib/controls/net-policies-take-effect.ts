/**
 * net-policies-take-effect: network policies match real pods and both ends of each flow.
 *
 * Reads: selectors, peers and ports of the NetworkPolicies in CDE and connected-to namespaces; labels of pods, templates and
 *   namespaces; container ports; Services' target ports; node-local DNS; the network plug-in.
 * Pass: the policy selects a pod (or the template of a workload without one), each peer names a namespace and a pod, each flow
 *   between two isolated pods is allowed on both sides, its ports are ports on which somebody listens, and it is carried out.
 * Fail: it selects nothing, a peer names nothing (a misspelt or missing label), rules of a direction that policyTypes leaves out, a
 *   flow that only one side allows or that a policy of a higher tier denies, a port on which nobody listens; or the plug-in carries
 *   out no policy.
 * Unknown: labels were taken out of the snapshot, the files may not hold the peer, no destination declares its ports, pods or the
 *   owners of pods could not be listed, enforcement isn't known, the policy isn't valid.
 * Not applicable: a default deny over an empty namespace; a namespace without a policy.
 * Traps: policies see the pod's port, not the Service's; a rule for kube-dns pods doesn't match the node-local DNS address; Jobs
 *   that run seldom are judged by their templates.
 */
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import { namespaceEnforcement } from "@/lib/network/enforcement";
import { allowRules, DIRECTIONS, namespaceLabels, policiesIn } from "@/lib/network/policies";
import { policyEffects, type PolicyProblem } from "@/lib/network/policy-effects";
import { correctSelector } from "@/lib/network/near-labels";
import { PROTOCOLS, type PortSet } from "@/lib/network/ports";
import { type ManifestObject, renderManifest } from "./manifest";
import { selectorOf } from "./narrowed-policies";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Remediation, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

export const netPoliciesTakeEffect: Control = {
  id: "net-policies-take-effect",
  title: "Network policies match real pods and both ends of each flow",
  severity: "medium",
  requirements: [
    {
      requirement: "1.2.1",
      kind: "primary",
      rationale:
        "A rule set is configured only if its rules do what they say; one that matches nothing protects and serves nobody.",
    },
    {
      requirement: "1.2.8",
      kind: "primary",
      rationale:
        "The policies are the configuration in effect; a difference between what is written and what works shows here.",
    },
    {
      requirement: "1.2.7",
      kind: "supporting",
      rationale: "Rules that name nobody are what a review of the rule sets has to find.",
    },
  ],
  judges: "networkpolicy",
  sections: [...WORKLOAD_SECTIONS, "networkpolicies", "services", "nodes"],
  rule: {
    reads:
      "Selectors, peers and ports of the policies in CDE and connected-to namespaces, the labels and ports of pods, templates and namespaces, Services, and whether the plug-in enforces.",
    pass: "The policy selects pods, its peers exist, both sides of its flows agree, somebody listens on its ports, and the plug-in carries it out.",
    fail: "It selects nothing, a peer names nothing, a rule has no effect, only one side allows a flow, or nobody listens on a port.",
    unknown: "Labels are hidden, the files may hold only a part, ports are not declared, or enforcement is not known.",
    notApplicable: "A default deny over an empty namespace, or a namespace without a policy.",
    why: "A misspelt label turns a protection into a sentence; a flow that only one side allows tempts people to open too much.",
    cannotSee: "Ports on which a pod listens without declaring them, and whether a flow that works is needed.",
  },
  evaluate(context) {
    return judgeNamespaces(context, ["cde", "connected-to"], (namespace) => {
      const unreadable = findUnreadable(context, ["networkpolicies"]) ?? findUnreadable(context, ["pods"]);
      if (unreadable !== null) return [{ ...unreadable, object: namespaceRef(namespace) }];
      const results = [
        ...policiesIn(context.inventory, namespace).map((policy) => judgePolicy(context, policy)),
        ...invalidResults(context, ["NetworkPolicy"], [namespace]),
      ];
      if (results.length > 0) return results;
      return [
        {
          status: "not-applicable",
          object: namespaceRef(namespace),
          reason: "no NetworkPolicy in the namespace",
          detail: `Namespace ${namespace} has no NetworkPolicy that could miss its aim. Whether it needs one is the question of the default-deny controls.`,
          evidence: [],
        },
      ];
    });
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope, ["cde", "connected-to"]),
        `NP=$(kubectl get networkpolicy -A -o json)`,
        `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" --argjson np "$NP" '.items as $p|$np.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $n|def fits($l): all(((.matchLabels//{})|to_entries)[]; $l[.key]==.value) and all((.matchExpressions//[])[]; . as $e|if $e.operator=="In" then ($l[$e.key]!=null and (($e.values//[])|index($l[$e.key]))!=null) elif $e.operator=="NotIn" then ($l[$e.key]==null or (($e.values//[])|index($l[$e.key]))==null) elif $e.operator=="Exists" then $l[$e.key]!=null else $l[$e.key]==null end); [$p[]|select(.metadata.namespace==$n.metadata.namespace)|(.metadata.labels//{}) as $l|select(($n.spec.podSelector//{})|fits($l))] as $hit|"\\($n.metadata.namespace)/\\($n.metadata.name) selects \\($hit|length) pods"'`,
      ),
      expect:
        "At least one pod for each policy (or a template of a workload that runs none now). Peers, both sides of a flow and ports have to be compared by hand; the result names them.",
      needs: [],
    };
  },
  remediate,
};

function judgePolicy(context: EvaluationContext, policy: NetworkPolicy): Result {
  const { inventory } = context;
  const namespace = namespaceOf(policy);
  const object = { ...refOf(policy), namespace };
  const name = `NetworkPolicy ${policy.metadata.name}`;
  const effects = policyEffects(inventory, policy);
  if (effects.isIdle) {
    return {
      status: "not-applicable",
      object,
      reason: "a default deny over an empty namespace",
      detail: `${name} denies for every pod of ${namespace}, and there is none now.`,
      evidence: [{ ref: refOf(policy), pointer: "/spec/podSelector" }],
    };
  }
  const owners = findUnreadable(context, WORKLOAD_SECTIONS);
  // Without the owners of pods a template may be missing that would match.
  const isProof = (problem: PolicyProblem): boolean =>
    problem.isCertain &&
    (owners === null || (problem.kind !== "selects-nothing" && problem.kind !== "peer-matches-nothing"));
  const failing = effects.problems.filter(isProof);
  const doubtful = effects.problems.filter((problem) => !isProof(problem));
  const evidence = (of: readonly PolicyProblem[]): Result["evidence"] =>
    of.slice(0, 20).map(({ pointer, text }) => ({ ref: refOf(policy), pointer, found: text.slice(0, 200) }));
  const enforcement = namespaceEnforcement(inventory, namespace);
  if (failing.length > 0) {
    const texts = [...new Set(failing.map(({ text }) => text))];
    return {
      status: "fail",
      object,
      reason: shortReason(texts[0] ?? ""),
      detail: `${name} does not do what it says: ${nameSome(texts, 6)}.${dnsNote(context, policy)}`,
      evidence: evidence(failing),
    };
  }
  const matched = `It selects ${effects.selected.reduce((sum, { members }) => sum + members.length, 0)} pods or templates.`;
  const place: Result["evidence"] = [
    {
      ref: refOf(policy),
      pointer: "/spec/podSelector",
      found: JSON.stringify(policy.spec.podSelector ?? {}).slice(0, 200),
    },
  ];
  if (enforcement.status === "not-enforced") {
    return {
      status: "fail",
      object,
      reason: "it matches, but the network plug-in does not enforce it",
      detail: `${name} has no effect: ${enforcement.ground} ${matched}`,
      evidence: place,
    };
  }
  if (doubtful.length > 0 || enforcement.status === "unknown") {
    const texts = [
      ...new Set(doubtful.map(({ text }) => text)),
      ...(enforcement.status === "unknown" ? [`whether it is enforced (${enforcement.ground})`] : []),
    ];
    return {
      status: "unknown",
      object,
      reason: shortReason(`not known: ${texts[0]}`),
      detail: `Whether ${name} takes effect is not known: ${nameSome(texts, 5)}.${owners === null ? "" : ` ${owners.detail}`} ${matched}`,
      evidence: doubtful.length > 0 ? evidence(doubtful) : place,
    };
  }
  return {
    status: "pass",
    object,
    reason: "matches pods, peers and ports on both sides",
    detail: `${name} matches what it names. ${matched} ${enforcement.ground}${dnsNote(context, policy)}`,
    evidence: place,
  };
}

const nodeLocal = new WeakMap<Inventory, boolean>();
function runsNodeLocalDns(inventory: Inventory): boolean {
  let found = nodeLocal.get(inventory);
  if (found === undefined) {
    found = inventory.workloads.some(({ labels }) => labels["k8s-app"] === "node-local-dns");
    nodeLocal.set(inventory, found);
  }
  return found;
}

/** Node-local DNS answers on an address that no rule for pods matches under some plug-ins. */
function dnsNote({ inventory }: EvaluationContext, policy: NetworkPolicy): string {
  if (!runsNodeLocalDns(inventory)) return "";
  const rules = allowRules(policy, "Egress");
  const isDns = rules.some(
    ({ ports, peers }) => ports.some(({ port }) => port === 53) && peers.some((peer) => peer.podSelector !== undefined),
  );
  const hasAddress = policiesIn(inventory, namespaceOf(policy)).some((one) =>
    allowRules(one, "Egress").some(({ peers }) => peers.some(({ ipBlock }) => ipBlock?.cidr.startsWith("169.254."))),
  );
  return isDns && !hasAddress
    ? " The cluster runs node-local DNS: under some plug-ins the rule for the DNS pods does not match its address (169.254.20.10 unless configured), and an ipBlock is needed."
    : "";
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const policy = policiesIn(context.inventory, result.object.namespace ?? "default").find(
    ({ metadata }) => metadata.name === result.object.name,
  );
  const problems =
    policy === undefined ? [] : policyEffects(context.inventory, policy).problems.filter((p) => p.isCertain);
  if (policy === undefined || problems.length === 0) {
    return {
      summary: "The policy matches what it names; make a network plug-in enforce it (see net-cni-enforces-policy).",
      risk: "Once enforced, the policies of the namespace block what they don't allow.",
    };
  }
  const fixed = fix(context, policy, problems);
  if (fixed === null) {
    return {
      summary: `Correct ${policy.metadata.name}: ${nameSome([...new Set(problems.map(({ text }) => text))], 4)}. What was meant can't be told from the cluster; if nothing was, delete the policy.`,
      risk: "None while the rule matches nothing; once it does, it allows or denies what it says.",
    };
  }
  return {
    summary: `Correct ${policy.metadata.name} and add what the other side lacks: ${nameSome([...new Set(problems.map(({ text }) => text))], 3)}.`,
    manifest: renderManifest(...fixed),
    apply: `kubectl diff -f ${policy.metadata.name}.yaml; kubectl apply -f ${policy.metadata.name}.yaml`,
    risk: "Corrected rules begin to work: what they allow opens, and what a corrected selector isolates is closed to everything else. Approve new flows in the register first.",
  };
}

/** The corrected policy and the policies of the other sides, or null when some problem has no clear correction. */
function fix(
  context: EvaluationContext,
  policy: NetworkPolicy,
  problems: readonly PolicyProblem[],
): ManifestObject[] | null {
  const { inventory, scope } = context;
  const namespace = namespaceOf(policy);
  const labelsIn = (name: string) => inventory.workloadsIn(name).map(({ labels }) => labels);
  const spec = structuredClone(policy.spec);
  const dropped = new Set<string>();
  const added: ManifestObject[] = [];
  for (const { kind, pointer, flow, targetPort } of problems) {
    const [, , field = "", rule = "", list = "", item = ""] = pointer.split("/");
    const place = `${field}/${rule}/${list}/${item}`;
    switch (kind) {
      case "dead-rules":
        spec.policyTypes = [...DIRECTIONS];
        break;
      case "overruled":
        return null;
      case "selects-nothing": {
        const corrected = correctSelector(spec.podSelector ?? {}, labelsIn(namespace));
        if (corrected === null) return null;
        spec.podSelector = corrected;
        break;
      }
      case "peer-matches-nothing": {
        const peer = peerAt(spec, field, Number(rule), Number(item));
        const corrected = peer === null ? null : correctPeer(context, namespace, peer);
        // A peer that names nobody opens nothing: without it nothing changes.
        if (corrected === null) dropped.add(place);
        else if (peer !== null) Object.assign(peer, corrected);
        break;
      }
      case "port-unheard": {
        const rules = field === "ingress" ? spec.ingress : spec.egress;
        const port = rules?.[Number(rule)]?.ports?.[Number(item)];
        if (targetPort === undefined || port === undefined) return null;
        port.port = targetPort;
        delete port.endPort;
        break;
      }
      case "one-sided": {
        if (flow === undefined) return null;
        // Opening another team's namespace for the CDE is not ours to hand out.
        if (scope.categoryOf(flow.other.namespace) === "out-of-scope") return null;
        added.push(counterpart(flow));
        break;
      }
    }
  }
  const withoutDropped = (side: "from" | "to", field: "ingress" | "egress") =>
    (spec[field] ?? []).flatMap((rule, i) => {
      const peers: NetworkPolicyPeer[] = ("from" in rule ? rule.from : "to" in rule ? rule.to : undefined) ?? [];
      const kept = peers.filter((_, j) => !dropped.has(`${field}/${i}/${side}/${j}`));
      // A rule whose last peer goes must go too: without peers it would mean anybody.
      if (peers.length > 0 && kept.length === 0) return [];
      return [{ ...rule, ...(peers.length > 0 ? { [side]: kept } : {}) }];
    });
  const own: ManifestObject = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: policy.metadata.name, namespace },
    spec: {
      ...spec,
      podSelector: spec.podSelector ?? {},
      policyTypes: spec.policyTypes ?? (spec.egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]),
      ...(spec.ingress === undefined ? {} : { ingress: withoutDropped("from", "ingress") }),
      ...(spec.egress === undefined ? {} : { egress: withoutDropped("to", "egress") }),
    },
  };
  const isChanged = problems.some(({ kind }) => kind !== "one-sided");
  return [...(isChanged ? [own] : []), ...joinByName(added)];
}

function peerAt(spec: NetworkPolicy["spec"], field: string, rule: number, item: number): NetworkPolicyPeer | null {
  return (field === "ingress" ? spec.ingress?.[rule]?.from?.[item] : spec.egress?.[rule]?.to?.[item]) ?? null;
}

function correctPeer({ inventory }: EvaluationContext, own: string, peer: NetworkPolicyPeer): NetworkPolicyPeer | null {
  const names = inventory.namespaceNames;
  const labels = (name: string) => inventory.workloadsIn(name).map((workload) => workload.labels);
  if (peer.namespaceSelector !== undefined) {
    const namespaceSelector = correctSelector(
      peer.namespaceSelector,
      names.map((name) => namespaceLabels(inventory, name)),
    );
    if (namespaceSelector !== null) return { ...peer, namespaceSelector };
  }
  const near = peer.namespaceSelector === undefined ? labels(own) : names.flatMap(labels);
  const podSelector = correctSelector(peer.podSelector ?? {}, near);
  return podSelector === null ? null : { ...peer, podSelector };
}

/** The policy that the other side of a flow lacks. */
function counterpart({ direction, own, other, ports }: NonNullable<PolicyProblem["flow"]>): ManifestObject {
  const isIngress = direction === "Egress";
  const peer = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": own.namespace } },
    podSelector: selectorOf(own),
  };
  const rule = { ...(isIngress ? { from: [peer] } : { to: [peer] }), ports: portEntries(ports) };
  const name = `allow-${isIngress ? "from" : "to"}-${own.namespace}-${own.ref.name}-${isIngress ? "to" : "from"}-${other.ref.name}`;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: name
        .toLowerCase()
        .slice(0, 253)
        .replace(/[^a-z0-9]+$/, ""),
      namespace: other.namespace,
    },
    spec: {
      podSelector: selectorOf(other),
      policyTypes: [isIngress ? "Ingress" : "Egress"],
      ...(isIngress ? { ingress: [rule] } : { egress: [rule] }),
    },
  };
}

function portEntries(ports: PortSet): object[] {
  return PROTOCOLS.flatMap((protocol) =>
    ports[protocol].map(([first, last]) =>
      first === last ? { protocol, port: first } : { protocol, port: first, endPort: last },
    ),
  );
}

/** Objects of one name become one, with the rules of all. */
function joinByName(objects: readonly ManifestObject[]): ManifestObject[] {
  const out = new Map<string, ManifestObject>();
  for (const object of objects) {
    const key = `${object.metadata?.namespace}/${object.metadata?.name}`;
    const known = out.get(key);
    out.set(key, known === undefined ? object : { ...object, spec: joinSpecs(known.spec, object.spec) });
  }
  return [...out.values()];
}

function joinSpecs(a: unknown, b: unknown): NetworkPolicy["spec"] {
  const [one, two] = [a as NetworkPolicy["spec"], b as NetworkPolicy["spec"]];
  const rules = <T>(x: T[] | undefined, y: T[] | undefined): T[] => [
    ...new Map([...(x ?? []), ...(y ?? [])].map((rule) => [JSON.stringify(rule), rule])).values(),
  ];
  return {
    ...one,
    ...(one.ingress === undefined ? {} : { ingress: rules(one.ingress, two.ingress) }),
    ...(one.egress === undefined ? {} : { egress: rules(one.egress, two.egress) }),
  };
}
