/**
 * net-no-broad-allow: allow rules on CDE pods name their peers and ports.
 *
 * Reads: the ingress and egress rules of the NetworkPolicies in CDE namespaces, what they match now, the allow rules of Calico,
 *   Cilium and the admin kinds that are about pods there, and the network plug-in.
 * Pass: no rule of the policy is broad (see lib/network/breadth for the table), and a plug-in enforces the policy.
 * Fail: a rule is empty, names no peer, names all namespaces or all pods of the namespace, 0.0.0.0/0, ::/0, a block wider than
 *   /16 (IPv6: /48), no port or more than 100 in a range. Any source or destination is critical, the rest high; all pods of the
 *   namespace and missing ports with a narrow peer are medium.
 * Unknown: policies weren't collected, the policy isn't valid, a rule says more than addresses and ports, or whether the plug-in
 *   carries the policy out isn't known.
 * Not applicable: the namespace has no allow rule.
 * Traps: namespaceSelector and podSelector in one list item are AND, in two items OR; `except` doesn't heal 0.0.0.0/0; a rule of
 *   a direction that policyTypes leaves out has no effect and isn't judged; named ports resolve per pod and are narrow.
 */
import { refKey, refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, NetworkPolicyPeer } from "@/lib/inventory/kinds";
import { type Breadth, DEFAULT_BREADTH_LIMITS, ruleBreadth, stepBreadth, worstGrade } from "@/lib/network/breadth";
import { namespaceEnforcement } from "@/lib/network/enforcement";
import type { Policy, Step } from "@/lib/network/model";
import { isOfOtherEngine, unreadableEngines } from "@/lib/network/other-engines";
import { allowRules, type AllowRule, DIRECTIONS, podsOfPeer, policiesIn } from "@/lib/network/policies";
import { reachability } from "@/lib/network/reachability";
import { renderManifest } from "./manifest";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef, nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import type { Control, EvaluationContext, Remediation, Result } from "./types";
import { shortReason } from "./short-reason";

export const netNoBroadAllow: Control = {
  id: "net-no-broad-allow",
  title: "Allow rules on CDE pods name their peers and ports",
  severity: "high",
  revision: 2,
  requirements: [
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale: "Inbound traffic that is allowed from anywhere or on any port is not limited to what is necessary.",
    },
    {
      requirement: "1.3.2",
      kind: "primary",
      rationale: "Outbound traffic that is allowed to anywhere or on any port is not limited to what is necessary.",
    },
    {
      requirement: "1.2.5",
      kind: "primary",
      rationale: "Services, protocols and ports can only be identified and approved where rules name them.",
    },
  ],
  judges: "networkpolicy",
  sections: ["namespaces", "networkpolicies", "pods", "daemonsets", "nodes"],
  rule: {
    reads:
      "Rules, peers and ports of the NetworkPolicies in CDE namespaces, allow rules of other engines about pods there, and whether the plug-in enforces them.",
    pass: "Every rule names its peers (no wider than /16 for addresses) and its ports (no range over 100), and the policy is enforced.",
    fail: "A rule allows any peer (critical), all namespaces, a wide address block or port range (high), the whole namespace or any port (medium), or the plug-in does not enforce the policy.",
    unknown:
      "Policies were not collected or are invalid, a rule says more than addresses and ports, or enforcement is not known.",
    notApplicable: "The namespace has no allow rule.",
    why: "One rule without a peer or port undoes a default deny, because policies add up.",
    cannotSee:
      "Whether a named peer is needed: that is a question for the approved flows. An ingress controller that must be reached from the internet belongs outside the CDE namespace, or behind an approved exception.",
  },
  evaluate(context) {
    return judgeNamespaces(context, ["cde"], (namespace) => {
      const unreadable = findUnreadable(context, ["networkpolicies"]);
      if (unreadable !== null) return [{ ...unreadable, object: namespaceRef(namespace) }];
      const results = [
        ...policiesIn(context.inventory, namespace).flatMap((policy) => judgePolicy(context, policy)),
        ...invalidResults(context, ["NetworkPolicy"], [namespace]),
        ...judgeOthers(context, namespace),
      ];
      return results.length > 0 ? results : [noRule(context, namespace)];
    });
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get networkpolicy -A -o json | jq -r --argjson cde "$CDE" 'def none: ((.//{})|((.matchLabels//{})|length)+((.matchExpressions//[])|length))==0; def broad($d;$k): (.[$d]//[])|to_entries[]|.key as $i|.value|select(((.[$k]//[])|length)==0 or ((.ports//[])|length)==0 or any(.ports[]; .port==null or ((.endPort//0)>0 and .endPort-.port>=100)) or any(.[$k][]; (.ipBlock!=null and ((.ipBlock.cidr|split("/")|.[1]|tonumber) < (if (.ipBlock.cidr|contains(":")) then 48 else 16 end))) or (.ipBlock==null and (.podSelector|none) and (.namespaceSelector|none))))|"\\($d)[\\($i)] \\(tojson)"; .items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $p|.spec|(broad("ingress";"from"),broad("egress";"to"))|"\\($p.metadata.namespace)/\\($p.metadata.name) \\(.)"'`,
      ),
      expect:
        "No lines. Each line is a policy, the rule that is too wide, and its text; a rule of a direction that policyTypes leaves out has no effect.",
      needs: [],
    };
  },
  remediate(context, result) {
    if (!/^(networking\.k8s\.io|extensions)\//.test(result.object.apiVersion)) return remediateOther(result);
    const policy = findPolicy(context, result);
    const findings = policy === undefined ? [] : findingsOf(policy);
    if (policy === undefined || findings.length === 0) {
      return {
        summary:
          "The rules are narrow; make a network plug-in enforce them on the nodes of this namespace (see net-cni-enforces-policy).",
        risk: "Once enforced, the policies of the namespace block what they don't allow.",
      };
    }
    return {
      summary: `Name the peers and ports that are needed in ${policy.metadata.name}: ${findings.map((f) => `${f.pointer} ${f.text}`).join("; ")}. The manifest keeps what is narrow, ${matchedNow(context, policy, findings) === "" ? "and drops what is not" : "and narrows broad selectors to the pods that match now"}; compare it before applying.`,
      manifest: renderManifest(narrowed(context, policy)),
      apply: `kubectl diff -f ${policy.metadata.name}.yaml; kubectl apply -f ${policy.metadata.name}.yaml`,
      risk: "Whatever used the broad rule and is not named by another one is cut off. Put the flows that are needed into the policy first.",
    };
  },
};

/** Every engine has a form of its own, and what was meant stands in none of them. */
function remediateOther(result: Result): Remediation {
  const { kind, name } = result.object;
  return {
    summary: `Name the peers and ports that are needed in ${kind} ${name} (${result.detail}), or take the rule out and let NetworkPolicies of the namespaces allow the flows.`,
    risk: "Whatever used the broad rule and is not named by another one is cut off. Put the flows that are needed into a policy first.",
  };
}

function findingsOf(policy: NetworkPolicy): Breadth[] {
  return rulesOf(policy).flatMap((rule) => ruleBreadth(rule));
}

function rulesOf(policy: NetworkPolicy): AllowRule[] {
  return DIRECTIONS.flatMap((direction) => allowRules(policy, direction));
}

function judgePolicy(context: EvaluationContext, policy: NetworkPolicy): Result[] {
  const { inventory } = context;
  const rules = rulesOf(policy);
  if (rules.length === 0) return [];
  const ref = refOf(policy);
  const { name } = policy.metadata;
  const object = { ...ref, namespace: policy.metadata.namespace ?? "default" };
  const findings = rules.flatMap((rule) => ruleBreadth(rule));
  if (findings.length > 0) {
    const [first] = findings;
    const texts = findings.map((finding) => `${where(finding.pointer)}: ${finding.text}`);
    return [
      {
        status: "fail",
        object,
        severity: worstGrade(findings),
        reason: shortReason(
          `${where(first?.pointer ?? "")}: ${first?.text}${findings.length > 1 ? ` (+${findings.length - 1})` : ""}`,
        ),
        detail: `NetworkPolicy ${name} is too wide: ${texts.join("; ")}.${matchedNow(context, policy, findings)}${hint(rules)}`,
        evidence: findings.map((finding) => ({ ref, pointer: finding.pointer, found: finding.text })),
      },
    ];
  }
  const enforcement = namespaceEnforcement(inventory, object.namespace);
  const detail = `All ${rules.length} rules of NetworkPolicy ${name} name their peers and ports.${hint(rules)} ${enforcement.ground}`;
  const evidence = rules.map((rule) => ({
    ref,
    pointer: rule.pointer,
    found: JSON.stringify({ peers: rule.peers, ports: rule.ports }).slice(0, 200),
  }));
  if (enforcement.status === "not-enforced") {
    return [
      {
        status: "fail",
        object,
        severity: "critical",
        reason: "narrow, but the network plug-in does not enforce it",
        detail: `The policy has no effect. ${detail}`,
        evidence,
      },
    ];
  }
  if (enforcement.status === "unknown") {
    return [{ status: "unknown", object, reason: "narrow; whether it is enforced is not known", detail, evidence }];
  }
  return [
    {
      status: "pass",
      object,
      reason: `${rules.length} ${rules.length === 1 ? "rule names" : "rules name"} peers and ports`,
      detail,
      evidence,
    },
  ];
}

/** Rules of other engines that are about pods of the namespace, object by object, and what could not be read. */
function judgeOthers(context: EvaluationContext, namespace: string): Result[] {
  const { inventory } = context;
  const byObject = new Map<string, Policy[]>();
  for (const policy of reachability(inventory).policiesOnNamespace(namespace)) {
    // `*` stands for a section that was refused.
    if (!isOfOtherEngine(policy) || policy.ref.name === "*") continue;
    const key = refKey(policy.ref);
    byObject.set(key, [...(byObject.get(key) ?? []), policy]);
  }
  const results = [...byObject.values()].flatMap((parts) => judgeOther(context, namespace, parts));
  const unreadable = unreadableEngines(inventory).map(({ section, message }) => `${section} (${message})`);
  if (unreadable.length === 0) return results;
  return [
    ...results,
    {
      status: "unknown",
      object: namespaceRef(namespace),
      reason: "policies of other engines may allow traffic and could not be read",
      detail: `In ${namespace} policies of other engines may allow traffic, and they could not be read: ${nameSome(unreadable)}.`,
      evidence: [],
    },
  ];
}

/** One object of another engine, which may hold several policies. */
function judgeOther(context: EvaluationContext, namespace: string, parts: readonly Policy[]): Result[] {
  const [policy] = parts;
  const steps = parts.flatMap((part) =>
    DIRECTIONS.flatMap((direction) => (part.parts[direction]?.steps ?? []).filter(({ action }) => action === "allow")),
  );
  if (policy === undefined || steps.length === 0) return [];
  const { ref } = policy;
  const name = `${ref.kind} ${ref.name}`;
  // A policy of the whole cluster is judged for each namespace with pods of which it speaks.
  const base = { object: ref, ...(ref.namespace === undefined ? { part: namespace } : {}) };
  const doubts = [
    ...new Set([
      ...parts.flatMap((part) => part.doubts),
      ...steps.flatMap((step) =>
        step.isCertain && !step.peers.some(({ kind }) => kind === "unread")
          ? []
          : [step.doubt ?? `${where(step.pointer)} holds something that could not be understood`],
      ),
    ]),
  ];
  const isKnown = (step: Step): boolean => step.isCertain && parts.every((part) => part.doubts.length === 0);
  const findings = steps.filter(isKnown).flatMap((step) => stepBreadth(step, namespace));
  if (findings.length > 0) {
    const [first] = findings;
    return [
      {
        ...base,
        status: "fail",
        severity: worstGrade(findings),
        reason: shortReason(
          `${where(first?.pointer ?? "")}: ${first?.text}${findings.length > 1 ? ` (+${findings.length - 1})` : ""}`,
        ),
        detail: `${name}, which is about pods of ${namespace}, is too wide: ${findings.map((finding) => `${where(finding.pointer)}: ${finding.text}`).join("; ")}.`,
        evidence: findings.slice(0, 20).map(({ pointer, text }) => ({ ref, pointer, found: text })),
      },
    ];
  }
  const evidence = steps.slice(0, 20).map(({ pointer }) => ({ ref, pointer }));
  if (doubts.length > 0)
    return [
      {
        ...base,
        status: "unknown",
        reason: shortReason(`what it allows is not known: ${doubts[0]}`),
        detail: `What ${name} allows pods of ${namespace} is not known: ${nameSome(doubts, 4)}.`,
        evidence,
      },
    ];
  const enforcement = namespaceEnforcement(context.inventory, namespace);
  const detail = `All ${steps.length} allow rules of ${name} name their peers and ports. ${enforcement.ground}`;
  if (enforcement.status === "not-enforced")
    return [
      {
        ...base,
        status: "fail",
        severity: "critical",
        reason: "narrow, but the network plug-in does not enforce it",
        detail: `The policy has no effect. ${detail}`,
        evidence,
      },
    ];
  if (enforcement.status === "unknown")
    return [{ ...base, status: "unknown", reason: "narrow; whether it is enforced is not known", detail, evidence }];
  return [
    {
      ...base,
      status: "pass",
      reason: `${steps.length} ${steps.length === 1 ? "rule names" : "rules name"} peers and ports`,
      detail,
      evidence,
    },
  ];
}

function noRule(context: EvaluationContext, namespace: string): Result {
  return {
    status: "not-applicable",
    object: namespaceRef(namespace),
    reason: "no allow rule in the namespace",
    detail: `No NetworkPolicy of ${namespace} allows anything, so no rule can be too wide. Whether the namespace is closed is the question of the default-deny controls.`,
    evidence: scopeEvidence(context, namespace),
  };
}

/** `/spec/ingress/0/from/1/ipBlock` → `ingress[0].from[1].ipBlock`. */
function where(pointer: string): string {
  return pointer
    .replace(/^\/spec\//, "")
    .replace(/\/(\d+)/g, "[$1]")
    .replaceAll("/", ".");
}

/** Which pods the broad selectors match now. */
function matchedNow(context: EvaluationContext, policy: NetworkPolicy, findings: readonly Breadth[]): string {
  const peers = findings.flatMap((finding) =>
    finding.kind === "all-namespaces" || finding.kind === "same-namespace" ? [finding.peer] : [],
  );
  if (!context.inventory.readable("pods").known) return "";
  return peers
    .flatMap((peer) => peer ?? [])
    .map((peer) => {
      const pods = podsOfPeer(context.inventory, policy.metadata.namespace ?? "default", peer);
      const spaces = new Set(pods.map((pod) => pod.metadata.namespace));
      return ` It matches ${pods.length} pods in ${spaces.size} ${spaces.size === 1 ? "namespace" : "namespaces"} now.`;
    })
    .join("");
}

/** Two list items where one was probably meant: a dash too many turns AND into OR and opens the namespace. */
function hint(rules: readonly AllowRule[]): string {
  const isSplit = rules.some(
    (rule) =>
      rule.peers.some((peer) => peer.namespaceSelector !== undefined && peer.podSelector === undefined) &&
      rule.peers.some((peer) => peer.podSelector !== undefined && peer.namespaceSelector === undefined),
  );
  return isSplit
    ? " One rule lists a namespaceSelector and a podSelector as two items, which means OR: all pods of those namespaces, or these pods here. If both were meant to hold, write them as one item."
    : "";
}

function findPolicy(context: EvaluationContext, result: Result): NetworkPolicy | undefined {
  return policiesIn(context.inventory, result.object.namespace ?? "default").find(
    (policy) => policy.metadata.name === result.object.name,
  );
}

/**
 * The policy with its narrow rules as they are and its broad ones narrowed: broad selectors to the workloads that match now,
 * whatever can't be narrowed from the snapshot left out.
 */
function narrowed(context: EvaluationContext, policy: NetworkPolicy) {
  const rules = (direction: "Ingress" | "Egress") =>
    allowRules(policy, direction).flatMap((rule) => {
      const peers = rule.peers.flatMap((peer) => narrowPeer(context, policy, rule, peer));
      const ports = rule.ports.filter(
        (port) =>
          port.port !== undefined &&
          ruleBreadth({ ...rule, peers: [], ports: [port] }).every((f) => f.kind === "any-peer"),
      );
      if (peers.length === 0 || ports.length === 0) return [];
      return [direction === "Ingress" ? { from: peers, ports } : { to: peers, ports }];
    });
  const { podSelector, policyTypes, ingress, egress } = policy.spec;
  return {
    apiVersion: policy.apiVersion,
    kind: policy.kind,
    metadata: { name: policy.metadata.name, namespace: policy.metadata.namespace ?? "default" },
    spec: {
      podSelector: podSelector ?? {},
      policyTypes: policyTypes ?? (egress === undefined ? ["Ingress"] : ["Ingress", "Egress"]),
      ...(ingress === undefined ? {} : { ingress: rules("Ingress") }),
      ...(egress === undefined ? {} : { egress: rules("Egress") }),
    },
  };
}

function narrowPeer(
  context: EvaluationContext,
  policy: NetworkPolicy,
  rule: AllowRule,
  peer: NetworkPolicyPeer,
): NetworkPolicyPeer[] {
  const [finding] = ruleBreadth({ ...rule, peers: [peer] }, DEFAULT_BREADTH_LIMITS).filter((f) => f.peer === peer);
  if (finding === undefined) return [peer];
  if (finding.kind !== "all-namespaces" && finding.kind !== "same-namespace") return [];
  const own = policy.metadata.namespace ?? "default";
  const found = new Map<string, NetworkPolicyPeer>();
  for (const pod of podsOfPeer(context.inventory, own, peer)) {
    const { "pod-template-hash": _hash, "controller-revision-hash": _revision, ...labels } = pod.metadata.labels ?? {};
    const namespace = pod.metadata.namespace ?? "default";
    if (Object.keys(labels).length === 0) continue;
    const narrow: NetworkPolicyPeer = {
      ...(namespace === own
        ? {}
        : { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }),
      podSelector: { matchLabels: labels },
    };
    found.set(JSON.stringify(narrow), narrow);
  }
  return [...found.values()];
}
