/**
 * Default deny of one direction in a CDE namespace: what net-default-deny-ingress and net-default-deny-egress share.
 *
 * The verdict comes from lib/network/isolation, whether it has effect from lib/network/enforcement: a policy under a plug-in
 * that doesn't enforce it is a fail, under an unknown plug-in unknown.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { NetworkPolicy, Pod } from "@/lib/inventory/kinds";
import { namespaceEnforcement } from "@/lib/network/enforcement";
import { type NamespaceIsolation, namespaceIsolation } from "@/lib/network/isolation";
import { allowRules, type Direction, policiesIn, policyDirections, selectsEveryPod } from "@/lib/network/policies";
import { type ManifestObject, renderManifest } from "./manifest";
import { findUnreadable, judgeNamespaces, namespaceRef, nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import type { EvaluationContext, EvidencePointer, Remediation, Result, VerifyCommand } from "./types";
import type { Scope } from "@/lib/scope/types";

const WORDS = {
  Ingress: { adjective: "inbound", noun: "ingress" },
  Egress: { adjective: "outbound", noun: "egress" },
} as const;

export function judgeDefaultDeny(context: EvaluationContext, direction: Direction): Result[] {
  return judgeNamespaces(context, ["cde"], (namespace) => {
    const unreadable = findUnreadable(context, ["networkpolicies"]);
    return [
      unreadable === null
        ? judgeNamespace(context, namespace, direction)
        : { ...unreadable, object: namespaceRef(namespace) },
    ];
  });
}

function judgeNamespace(context: EvaluationContext, namespace: string, direction: Direction): Result {
  const { inventory } = context;
  const isolation = namespaceIsolation(inventory, namespace, direction);
  const { adjective } = WORDS[direction];
  const outside =
    isolation.hostNetworkPods.length === 0
      ? ""
      : ` Outside any policy, because they use the host network: ${names(isolation.hostNetworkPods)}.`;
  const answer = (
    status: Result["status"],
    reason: string,
    detail: string,
    evidence: EvidencePointer[],
    severity?: Result["severity"],
  ): Result => ({
    status,
    object: namespaceRef(namespace),
    ...(severity === undefined ? {} : { severity }),
    reason,
    detail: `${detail}${outside}`,
    evidence,
  });

  const denies = [...isolation.denies.map(refOf), ...isolation.otherDenies];
  if (denies.length > 0) {
    const [first] = denies;
    const what = `${first?.kind} ${first?.name} denies ${adjective} traffic by default`;
    const evidence = denyEvidence(isolation, direction);
    const enforcement = namespaceEnforcement(inventory, namespace);
    if (enforcement.status === "not-enforced") {
      return answer(
        "fail",
        `${first?.name} exists, but the network plug-in does not enforce it`,
        `${what} for every pod of ${namespace}, and has no effect: ${enforcement.ground}`,
        evidence,
        "critical",
      );
    }
    if (enforcement.status === "unknown") {
      return answer(
        "unknown",
        `${first?.name} exists; whether it is enforced is not known`,
        `${what} for every pod of ${namespace}. Whether it has effect isn't known: ${enforcement.ground}`,
        evidence,
      );
    }
    const more = policiesIn(inventory, namespace).filter((policy) => allowRules(policy, direction).length > 0).length;
    const dns = isolation.dnsOnly.length > 0 ? " It lets DNS to the cluster's DNS servers out and nothing else." : "";
    return answer(
      "pass",
      what,
      `${what} for every pod of ${namespace}.${dns} ${more} ${more === 1 ? "policy allows" : "policies allow"} traffic on top of it, because policies add up. ${enforcement.ground}`,
      evidence,
    );
  }

  const invalid = inventory.invalid.filter(
    (o) => o.kind === "NetworkPolicy" && (o.namespace ?? "default") === namespace,
  );
  const unjudged = [
    ...isolation.unparsed.map((ref) => `${ref.kind} ${ref.name}`),
    ...isolation.unreadable.map(({ section, message }) => `${section} (${message})`),
    ...invalid.map((o) => `NetworkPolicy ${o.name} (invalid: ${o.problem})`),
  ];
  if (unjudged.length > 0) {
    return answer(
      "unknown",
      `no NetworkPolicy denies ${adjective} traffic by default; whether another policy does is not known`,
      `No NetworkPolicy of ${namespace} denies ${adjective} traffic by default. These may, and could not be read whole, or whether the plug-in carries them out is not known: ${nameSome(unjudged)}. Write the default deny as a NetworkPolicy to make it known.`,
      isolation.unparsed.map((ref) => ({ ref, pointer: "/spec" })),
    );
  }
  return failing(context, namespace, direction, isolation, answer);
}

function failing(
  context: EvaluationContext,
  namespace: string,
  direction: Direction,
  isolation: NamespaceIsolation,
  answer: (
    status: Result["status"],
    reason: string,
    detail: string,
    evidence: EvidencePointer[],
    severity?: Result["severity"],
  ) => Result,
): Result {
  const { inventory } = context;
  const { adjective, noun } = WORDS[direction];
  const policies = policiesIn(inventory, namespace);
  const nearMisses = policies.filter(selectsEveryPod).map((policy) => nearMiss(policy, direction));
  const partial = isolation.partial.map(
    (ref) =>
      `${ref.kind} ${ref.name} applies to every pod and still leaves something open that it does not allow by a rule.`,
  );
  const why = [`No policy of ${namespace} denies ${adjective} traffic by default.`, ...nearMisses, ...partial].join(
    " ",
  );
  const evidence: EvidencePointer[] = [
    ...scopeEvidence(context, namespace),
    ...policies.filter(selectsEveryPod).map((policy) => ({ ref: refOf(policy), pointer: "/spec" })),
  ];
  if (evidence.length === 0) evidence.push({ ref: namespaceRef(namespace), pointer: "" });
  const podsKnown = inventory.readable("pods");
  if (!podsKnown.known) {
    return answer(
      "fail",
      `no default deny for ${noun}`,
      `${why} Which pods are open isn't known: ${podsKnown.message}.`,
      evidence,
      "critical",
    );
  }
  if (isolation.openPods.length > 0) {
    const open = isolation.openPods.map((pod) => ({ ref: refOf(pod), pointer: "/metadata/labels" }));
    return answer(
      "fail",
      `no default deny for ${noun}; ${isolation.openPods.length} ${isolation.openPods.length === 1 ? "pod is" : "pods are"} open`,
      `${why} No ${noun} policy selects ${names(isolation.openPods)}, so anybody may ${direction === "Ingress" ? "connect to them" : "be reached by them"}.`,
      [...evidence, ...open.slice(0, 20)],
      "critical",
    );
  }
  const state =
    isolation.isolatedPods.length > 0
      ? "Every pod that runs now is selected by a narrower policy"
      : "No pod runs in it now";
  return answer(
    "fail",
    `no default deny for ${noun}; new pods would be open`,
    `${why} ${state}; a new pod that no policy selects would be open.`,
    evidence,
    "medium",
  );
}

/** Why a policy over every pod is no default deny of the direction. */
function nearMiss(policy: NetworkPolicy, direction: Direction): string {
  const { name } = policy.metadata;
  if (!policyDirections(policy).includes(direction)) {
    const reason =
      policy.spec.policyTypes === undefined || policy.spec.policyTypes.length === 0
        ? `it has no policyTypes${direction === "Egress" ? " and no egress rule" : ""}`
        : `its policyTypes are ${policy.spec.policyTypes.join(", ")}`;
    return `${name} selects every pod but does not apply to ${direction}: ${reason}.`;
  }
  const rules = allowRules(policy, direction);
  const open = rules.some((rule) => rule.peers.length === 0 && rule.ports.length === 0);
  return open
    ? `${name} selects every pod and allows everything.`
    : `${name} selects every pod and allows ${rules.length} ${rules.length === 1 ? "rule" : "rules"} of ${direction.toLowerCase()} for all of them.`;
}

function denyEvidence(isolation: NamespaceIsolation, direction: Direction): EvidencePointer[] {
  const policies = isolation.denies.flatMap((policy): EvidencePointer[] => [
    { ref: refOf(policy), pointer: "/spec/podSelector", found: JSON.stringify(policy.spec.podSelector ?? {}) },
    {
      ref: refOf(policy),
      pointer: "/spec/policyTypes",
      found: policy.spec.policyTypes === undefined ? `absent, means ${direction}` : policy.spec.policyTypes.join(","),
    },
    {
      ref: refOf(policy),
      pointer: "/metadata/uid",
      ...(policy.metadata.uid === undefined ? {} : { found: policy.metadata.uid }),
    },
  ]);
  return [...policies, ...isolation.otherDenies.map((ref) => ({ ref, pointer: "/spec" }))];
}

function names(pods: readonly Pod[]): string {
  return nameSome(pods.map((pod) => pod.metadata.name));
}

export function verifyDefaultDeny(scope: Scope, direction: Direction): VerifyCommand {
  const { noun } = WORDS[direction];
  // An absent policyTypes always means Ingress; Egress has to be listed where there is no egress rule.
  const types =
    direction === "Ingress"
      ? `(if ((.spec.policyTypes//[])|length)==0 then ["Ingress"] else .spec.policyTypes end)`
      : "(.spec.policyTypes//[])";
  return {
    command: script(
      selectNamespaces(scope),
      `for n in $(echo "$CDE" | jq -r '.[]'); do kubectl get networkpolicy -n "$n" -o json | jq -r --arg n "$n" '[.items[]|select(((.spec.podSelector.matchLabels//{})|length)==0 and ((.spec.podSelector.matchExpressions//[])|length)==0 and (${types}|index("${direction}")) and ((.spec.${noun}//[])|length)==0)|.metadata.name]|"\\($n)\\t\\(if length>0 then "OK "+join(",") else "MISSING" end)"'; done`,
    ),
    expect: `OK and a policy's name for every namespace.${direction === "Egress" ? " A policy that only lets DNS out shows as MISSING here; read its rules." : ""} Whether it has effect is another question: see net-cni-enforces-policy.`,
    needs: [],
  };
}

export function remediateDefaultDeny(context: EvaluationContext, result: Result, direction: Direction): Remediation {
  const namespace = result.object.name;
  const existing = policiesIn(context.inventory, namespace);
  const isolation = namespaceIsolation(context.inventory, namespace, direction);
  if (isolation.denies.length + isolation.otherDenies.length > 0) {
    return {
      summary:
        "The policy is right; make a network plug-in enforce it on the nodes of this namespace (see net-cni-enforces-policy).",
      risk: "Once enforced, the policies of the namespace block what they don't allow.",
    };
  }
  const taken = new Set(existing.map((policy) => policy.metadata.name));
  const free = (name: string): string => (taken.has(name) ? `${name}-ringfence` : name);
  const objects: ManifestObject[] = [
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: free(`default-deny-${WORDS[direction].noun}`), namespace },
      spec: { podSelector: {}, policyTypes: [direction] },
    },
  ];
  if (direction === "Egress") {
    objects.push({
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: free("allow-dns"), namespace },
      spec: {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [
          {
            to: [
              {
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
                podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
              },
            ],
            ports: [
              { protocol: "UDP", port: 53 },
              { protocol: "TCP", port: 53 },
            ],
          },
        ],
      },
    });
  }
  const already = existing.filter((policy) => allowRules(policy, direction).length > 0).length;
  return {
    summary: `Deny ${WORDS[direction].adjective} traffic to every pod of ${namespace} by default, and allow each needed flow by a policy of its own.${direction === "Egress" ? " The second policy keeps DNS working." : ""}`,
    manifest: renderManifest(...objects),
    apply: `kubectl apply -f default-deny-${WORDS[direction].noun}.yaml`,
    risk: `Traffic that no other policy allows stops at once; ${already} ${already === 1 ? "policy allows" : "policies allow"} ${WORDS[direction].adjective} traffic today. Apply the allow policies of the declared flows first.`,
  };
}
