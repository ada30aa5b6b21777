/**
 * net-flow-register: every allowed CDE flow is approved, justified and reviewed within six months.
 *
 * Reads: the flows that each policy allows to and from CDE pods (lib/network/policy-flows), the flow register, and the annotations
 *   ringfence.dev/justification, approved-by, reviewed-on and approved-digest of policies.
 * Pass: each flow of the policy has an entry with approver and justification, reviewed within 183 days, and the policy is the one
 *   that was approved: its digest stands in the entry, or it has never been changed and is older than the review.
 * Fail: a flow without an entry; an entry without an approver, expired, last reviewed more than 183 days ago, or approved for
 *   another version of the policy; CDE pods that no policy isolates, whose flows nobody can list. An entry whose flow no longer
 *   exists is low.
 * Unknown: whether the policy changed after the review can't be told; what the policy allows isn't known.
 * Not applicable: a CDE namespace without an allow rule and without an open pod.
 * Traps: the review must be younger than the policy's last change; an approval by whoever asked for the flow is named.
 */
import { refKey } from "@/lib/inventory/inventory";
import type { KubeObject } from "@/lib/inventory/kinds";
import type { Flow } from "@/lib/inventory/registers/flows";
import { parseBlock, overlaps } from "@/lib/network/addresses";
import { describeEnd, isEnd, portsOfFlow } from "@/lib/network/declared-flows";
import type { Policy } from "@/lib/network/model";
import { DIRECTIONS } from "@/lib/network/policies";
import { findPolicyObject, policyDigest } from "@/lib/network/policy-digest";
import { flowsOfPolicy, type PolicyFlow } from "@/lib/network/policy-flows";
import {
  describePorts,
  intersectPorts,
  isNoPort,
  NO_PORTS,
  type PortSet,
  subtractPorts,
  unionPorts,
} from "@/lib/network/ports";
import { type PodClass, reachability } from "@/lib/network/reachability";
import { annotatedEntry, type EntryVerdict, judgeEntry, REVIEW_DAYS } from "./flow-approvals";
import { endpointsOf, PATH_SECTIONS } from "./network-paths";
import { findUnreadable, invalidResults, judgeNamespaces, namespaceRef, nameSome, scopeEvidence } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

export const netFlowRegister: Control = {
  id: "net-flow-register",
  title: "Every allowed CDE flow is approved, justified and reviewed within six months",
  severity: "high",
  requirements: [
    {
      requirement: "1.2.5",
      kind: "primary",
      rationale:
        "Each service, protocol and port that is allowed needs an approval and a reason; the register holds both.",
    },
    {
      requirement: "1.2.7",
      kind: "primary",
      rationale: "Rules have to be reviewed every six months; the day of the last review stands beside each flow.",
    },
    {
      requirement: "1.2.2",
      kind: "supporting",
      rationale: "A policy that differs from the approved one was changed outside the process for changes.",
    },
    {
      requirement: "1.2.3",
      kind: "supporting",
      rationale: "The computed flows are what a network diagram of the CDE has to show.",
    },
    {
      requirement: "1.2.4",
      kind: "supporting",
      rationale: "The register says which card data takes which way, which is what a data-flow diagram is drawn from.",
    },
  ],
  judges: "networkpolicy",
  sections: PATH_SECTIONS,
  rule: {
    reads:
      "The flows that policies allow to and from CDE pods, the flow register, and the approval annotations of the policies.",
    pass: "Every flow that the policy allows has an approved entry with a reason, reviewed within 183 days, for this version of the policy.",
    fail: "A flow has no entry, or its entry has no approver, has expired, is overdue for review or was approved for another version; CDE pods that no policy isolates; an entry whose flow no longer exists (low).",
    unknown: "Whether the policy changed after the review, or what it allows, can't be told.",
    notApplicable: "The namespace has no allow rule and no open pod.",
    why: "Only what somebody approved for a reason, and looked at again lately, is allowed; the policies themselves say what that comes to.",
    cannotSee:
      "Whether the reason is good and whether the reviewer looked. Annotations can be written by whoever may change the policy; the register is kept apart.",
  },
  evaluate(context) {
    const results = judgeNamespaces(context, ["cde"], (namespace) => judgeNamespace(context, namespace));
    if (context.scope.inCategory("cde").length === 0 || findUnread(context) !== null) return results;
    return [...results, ...foreignPolicies(context), ...staleEntries(context)];
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get networkpolicy -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|[.metadata.namespace,.metadata.name,"created \\(.metadata.creationTimestamp//"never")","generation \\(.metadata.generation//"none")","reviewed \\((.metadata.annotations//{})["ringfence.dev/reviewed-on"]//"never")","by \\((.metadata.annotations//{})["ringfence.dev/approved-by"]//"nobody")",((.spec|{ingress,egress})|tojson)]|@tsv'`,
      ),
      expect:
        "Each rule stands in the flow register with a reason, an approver and a review within the last six months that is younger than the policy; or the annotations on the line say so.",
      needs: [],
    };
  },
  remediate(context, result) {
    const risk = "None to traffic. An approval that nobody thought about is worse than none.";
    if (result.object.kind === "Flow") {
      return {
        summary: `Take entry ${result.object.name} out of the flow register, or restore the flow that it is about.`,
        risk,
      };
    }
    if (result.object.kind === "Namespace") {
      return {
        summary: `Isolate the pods of ${result.object.name} first (see net-default-deny-ingress and net-default-deny-egress), so that what is allowed can be listed.`,
        risk: "Traffic that no policy allows stops at once; declare the flows that are needed first.",
      };
    }
    const policy = findPolicyObject(context.inventory, result.object);
    const digest =
      policy === undefined
        ? ""
        : ` with policies: [{ kind: ${policy.kind}, ${policy.metadata.namespace === undefined ? "" : `namespace: ${policy.metadata.namespace}, `}name: ${policy.metadata.name}, digest: ${policyDigest(policy)} }]`;
    return {
      summary: `Have somebody other than its author decide on each flow named: either take its rule out of the policy, or write it into the flow register (id, from, to, protocol, ports, reason, approvedBy, approvedAt, reviewedAt)${digest} and import the register again. A manifest can't approve.`,
      risk,
    };
  },
};

function findUnread(context: EvaluationContext): Result | null {
  return findUnreadable(context, ["pods"]) ?? findUnreadable(context, ["networkpolicies"]);
}

function judgeNamespace(context: EvaluationContext, namespace: string): Result[] {
  const unread = findUnread(context);
  if (unread !== null) return [{ ...unread, object: namespaceRef(namespace) }];
  const network = reachability(context.inventory);
  const own = network.policies.filter(({ ref }) => ref.namespace === namespace);
  const results = [
    ...judgePolicies(context, own),
    ...openPods(context, namespace),
    ...invalidResults(context, ["NetworkPolicy"], [namespace]),
  ];
  if (results.length > 0) return results;
  return [
    {
      status: "not-applicable",
      object: namespaceRef(namespace),
      reason: "no allow rule in the namespace",
      detail: `No policy of ${namespace} allows a flow now and none of its pods is open, so there is nothing to approve.`,
      evidence: scopeEvidence(context, namespace),
    },
  ];
}

/** Policies of connected-to namespaces and of the whole cluster, as far as they open flows of CDE pods. */
function foreignPolicies(context: EvaluationContext): Result[] {
  const { scope } = context;
  const others = reachability(context.inventory).policies.filter(
    ({ ref }) => ref.namespace === undefined || scope.categoryOf(ref.namespace) === "connected-to",
  );
  return judgePolicies(context, others);
}

/** CDE pods that no policy isolates in a direction, or whose policies have no effect: their flows can't be listed. */
function openPods(context: EvaluationContext, namespace: string): Result[] {
  const network = reachability(context.inventory);
  const open: string[] = [];
  const doubts: string[] = [];
  for (const podClass of network.classesIn(namespace)) {
    if (podClass.isHostNetwork) continue;
    const names = endpointsOf(podClass).map(({ workload }) => workload.ref.name);
    const { status, ground } = podClass.enforcement;
    if (status === "unknown") doubts.push(`whether policies are carried out is not known: ${ground}`);
    for (const direction of DIRECTIONS) {
      const isolated = network.isolation(podClass, direction);
      if (status === "not-enforced" || isolated === "no") open.push(...names.map((name) => `${name} (${direction})`));
      else if (isolated === "maybe") doubts.push(`whether ${nameSome(names, 2)} is isolated for ${direction}`);
    }
  }
  const base = { object: namespaceRef(namespace), evidence: [{ ref: namespaceRef(namespace), pointer: "" }] };
  if (open.length > 0) {
    const names = [...new Set(open)];
    return [
      {
        ...base,
        status: "fail",
        reason: shortReason(`flows of ${nameSome(names, 2)} are not limited, so none is approved`),
        detail: `In ${namespace} nothing limits the flows of ${nameSome(names)}: every connection is allowed, and no entry of the register can stand for all of them.`,
      },
    ];
  }
  if (doubts.length === 0) return [];
  return [
    {
      ...base,
      status: "unknown",
      reason: "what is allowed here is not known",
      detail: `Which flows ${namespace} allows can't be said: ${nameSome([...new Set(doubts)], 3)}.`,
    },
  ];
}

interface Judged {
  flow: PolicyFlow;
  /** Ports that no entry covers, or only a bad one. */
  missing: PortSet;
  doubtful: PortSet;
  problems: string[];
  doubts: string[];
}

/** One result per object: an object may hold several policies. */
function judgePolicies(context: EvaluationContext, policies: readonly Policy[]): Result[] {
  const byObject = new Map<string, Policy[]>();
  for (const policy of policies) {
    const key = refKey(policy.ref);
    byObject.set(key, [...(byObject.get(key) ?? []), policy]);
  }
  return [...byObject.values()].flatMap((parts) => judgePolicy(context, parts));
}

function judgePolicy(context: EvaluationContext, parts: readonly Policy[]): Result[] {
  const { inventory, scope } = context;
  const [policy] = parts;
  if (policy === undefined) return [];
  const object = findPolicyObject(inventory, policy.ref);
  // Refused or invalid objects answer for themselves.
  if (object === undefined) return [];
  const isCde = ({ namespace }: PodClass): boolean => scope.categoryOf(namespace) === "cde";
  const flows = parts.flatMap((part) => flowsOfPolicy(reachability(inventory), part, isCde));
  if (flows.length === 0) return [];
  const judged = flows.map((flow) => judgeFlow(context, flow, object));
  const missing = judged.filter((one) => !isNoPort(one.missing));
  const doubtful = judged.filter((one) => !isNoPort(one.doubtful) || !one.flow.isCertain);
  const digest: EvidencePointer = { ref: policy.ref, pointer: "/spec", found: `digest ${policyDigest(object)}` };
  const name = `${policy.ref.kind} ${policy.ref.name}`;
  const evidence = (of: readonly Judged[]): EvidencePointer[] => [
    digest,
    ...of
      .slice(0, 20)
      .map(({ flow }) => ({ ref: policy.ref, pointer: flow.step.pointer, found: describeFlow(flow, flow.ports) })),
  ];
  if (missing.some(({ flow }) => flow.isCertain)) {
    const texts = missing.map(
      ({ flow, missing: ports, problems }) => `${describeFlow(flow, ports)}: ${problems[0] ?? "no entry"}`,
    );
    return [
      {
        status: "fail",
        object: policy.ref,
        reason: shortReason(`${missing.length} of ${flows.length} flows without a valid approval: ${texts[0]}`),
        detail: `${name} allows flows that are not approved: ${nameSome([...new Set(texts)], 8)}.`,
        evidence: evidence(missing),
      },
    ];
  }
  if (doubtful.length > 0 || missing.length > 0) {
    const doubts = [...doubtful, ...missing].flatMap(({ doubts: own, flow }) =>
      flow.isCertain ? own : [`whether ${describeFlow(flow, flow.ports)} gets through`],
    );
    return [
      {
        status: "unknown",
        object: policy.ref,
        reason: shortReason(`not known: ${doubts[0] ?? "what it allows"}`),
        detail: `Whether every flow of ${name} is approved is not known: ${nameSome([...new Set(doubts)], 4)}.`,
        evidence: evidence(doubtful),
      },
    ];
  }
  return [
    {
      status: "pass",
      object: policy.ref,
      reason: `${flows.length} ${flows.length === 1 ? "flow is" : "flows are"} approved and reviewed`,
      detail: `Every flow that ${name} allows has an approved entry that was reviewed within ${REVIEW_DAYS} days for this version of the policy (${policyDigest(object)}).${separationNote(context, flows)}`,
      evidence: [...evidence(judged), ...entryEvidence(context, flows)],
    },
  ];
}

function judgeFlow(context: EvaluationContext, flow: PolicyFlow, policy: KubeObject): Judged {
  const entries = entriesFor(context, flow);
  const annotated = annotatedEntry(policy);
  let good = NO_PORTS;
  let doubtful = NO_PORTS;
  const problems: string[] = [];
  const doubts: string[] = [];
  const add = (ports: PortSet, verdict: EntryVerdict): void => {
    if (verdict.kind === "good") good = unionPorts(good, ports);
    else if (verdict.kind === "doubtful") {
      doubtful = unionPorts(doubtful, ports);
      doubts.push(verdict.text);
    } else problems.push(verdict.text);
  };
  for (const entry of entries) add(portsOfFlow(entry), judgeEntry(entry, policy, context.asOf));
  if (annotated !== null) {
    const verdict: EntryVerdict =
      annotated.problem === null
        ? judgeEntry(annotated.flow, policy, context.asOf)
        : { kind: "bad", text: annotated.problem };
    add(flow.ports, verdict);
  }
  const left = subtractPorts(flow.ports, good);
  return {
    flow,
    missing: subtractPorts(left, doubtful),
    doubtful: intersectPorts(left, doubtful),
    problems,
    doubts,
  };
}

function entriesFor({ registers }: EvaluationContext, flow: PolicyFlow): Flow[] {
  return (registers?.flows ?? []).filter((entry) => isEnd(entry.from, flow.from) && isEnd(entry.to, flow.to));
}

function describeFlow({ fromName, toName }: PolicyFlow, ports: PortSet): string {
  return `${fromName} to ${toName} on ${describePorts(ports)}`;
}

/** Approvals by whoever asked for the flow: no second pair of eyes. */
function separationNote(context: EvaluationContext, flows: readonly PolicyFlow[]): string {
  const own = flows
    .flatMap((flow) => entriesFor(context, flow))
    .filter(({ requestedBy, approvedBy }) => requestedBy !== undefined && requestedBy === approvedBy);
  const names = [...new Set(own.map(({ approvedBy, id }) => `${id} (${approvedBy})`))];
  return names.length === 0
    ? ""
    : ` Warning: these entries were approved by whoever asked for them, so that nobody else looked: ${nameSome(names)}.`;
}

function entryEvidence({ registers }: EvaluationContext, flows: readonly PolicyFlow[]): EvidencePointer[] {
  return (registers?.flows ?? []).flatMap((entry, i): EvidencePointer[] => {
    if (!flows.some((flow) => isEnd(entry.from, flow.from) && isEnd(entry.to, flow.to))) return [];
    const found = `${entry.id}: approved by ${entry.approvedBy ?? "nobody"} on ${entry.approvedAt ?? "no day"}, reviewed on ${entry.reviewedAt ?? entry.approvedAt ?? "no day"}`;
    return [{ ref: CLUSTER_REF, pointer: `/registers/flows/${i}`, found }];
  });
}

/** Entries about namespaces of this cluster whose flow no policy allows any more. */
function staleEntries(context: EvaluationContext): Result[] {
  const { inventory, registers } = context;
  const exists = (end: Flow["from"]): boolean => !("namespace" in end) || inventory.namespaces.has(end.namespace);
  const isOurs = (end: Flow["from"]): boolean =>
    "namespace" in end && context.scope.categoryOf(end.namespace) === "cde";
  return (registers?.flows ?? []).flatMap((entry, i): Result[] => {
    const { from, to, id } = entry;
    if ("domain" in from || "domain" in to || !exists(from) || !exists(to) || !(isOurs(from) || isOurs(to))) return [];
    if (isPossible(context, entry)) return [];
    return [
      {
        status: "fail",
        severity: "low",
        object: { apiVersion: "ringfence.dev/v1", kind: "Flow", name: id },
        reason: shortReason(`entry ${id} is stale: its flow is not possible now`),
        detail: `Entry ${id} of the flow register (${describeEnd(from)} to ${describeEnd(to)}, ${describePorts(portsOfFlow(entry))}) stands for a flow that no policy allows or no pod has an end of. Remove it, or restore the flow.`,
        evidence: [{ ref: CLUSTER_REF, pointer: `/registers/flows/${i}`, found: id }],
      },
    ];
  });
}

function isPossible({ inventory }: EvaluationContext, entry: Flow): boolean {
  const network = reachability(inventory);
  const wanted = portsOfFlow(entry);
  const fits = (end: Flow["from"], podClass: PodClass): boolean =>
    endpointsOf(podClass).some(({ endpoint }) => isEnd(end, endpoint));
  const opens = (ports: PortSet): boolean => !isNoPort(intersectPorts(ports, wanted));
  const { from, to } = entry;
  const sources = network.classes.filter((podClass) => fits(from, podClass));
  const targets = network.classes.filter((podClass) => fits(to, podClass));
  if ("cidr" in to || "cidr" in from) {
    const [end, pods, direction] =
      "cidr" in to ? ([to, sources, "Egress"] as const) : ([from as { cidr: string }, targets, "Ingress"] as const);
    const block = parseBlock(end.cidr);
    return pods.some((podClass) =>
      network
        .outside(podClass, direction)
        .some(
          ({ range, answer }) =>
            block !== null && overlaps(range, block) && opens(unionPorts(answer.allowed, answer.unknown)),
        ),
    );
  }
  return sources.some((source) =>
    targets.some((target) => {
      const { allowed, unknown } = network.between(source, target);
      return opens(unionPorts(allowed, unknown));
    }),
  );
}
