/**
 * No ephemeral debug containers or interactive leftovers in CDE pods.
 *
 * Reads: ephemeral containers of live pods with their start times, owners of pods, stdin and tty of containers, and the break-glass
 * records. CDE namespaces; node-debugging pods in every namespace, where they run on a node with CDE pods.
 * Pass: no ephemeral container, no pod without owner, no container with stdin and tty; or a break-glass record allows the session
 * at this moment.
 * Fail: an ephemeral container that no record allows, or whose time is over: it can't be taken out of a pod, so the finding stays
 * until the pod is deleted. A pod without owner (kubectl run, kubectl debug) that no record allows. stdin and tty both true.
 * Critical: a pod of `kubectl debug node`, which holds the node's whole file system.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * Static pods have no owner in old clusters and are files on a node; they are not leftovers. A pass proves nothing about how people
 * enter pods: exec leaves no trace in the pod. So the link to 8.6.1 counts only where it fails.
 */
import { refOf, type Workload } from "@/lib/inventory/inventory";
import { livePodsOn } from "@/lib/inventory/look-ups";
import type { Pod } from "@/lib/inventory/kinds";
import { endOf, isApprovedAt, startOf } from "@/lib/inventory/registers";
import type { BreakGlassRecord } from "@/lib/inventory/registers/break-glass-records";
import { isMirror, namespaceOf } from "@/lib/inventory/workloads";
import { visitContainers } from "@/lib/podsecurity";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Result, Severity } from "./types";
import {
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde"] as const;
const NODE_DEBUGGER = /^node-debugger-/;

export const podNoDebugContainers: Control = {
  id: "pod-no-debug-containers",
  title: "No ephemeral debug containers or interactive leftovers in CDE pods",
  severity: "high",
  requirements: [
    {
      requirement: "8.6.1",
      kind: "fail-only",
      rationale:
        "A debug container lets a person work under the application's account, which is allowed only as an approved exception for a limited time.",
    },
    {
      requirement: "10.2.1.2",
      kind: "supporting",
      rationale: "Each finding is an action by a person with administrative access whose audit event can be asked for.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "A container that was put into a running pod is a change to production beside the change procedure.",
    },
    {
      requirement: "7.2.6",
      kind: "supporting",
      rationale: "A shell beside the application can read stored card data without the application's own rules.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Ephemeral containers, owners, stdin and tty of live pods in CDE namespaces, node-debugging pods beside CDE pods, and break-glass records.",
    pass: "There is no ephemeral container, no pod without owner and no container with stdin and tty, or a record allows the session now.",
    fail: "An ephemeral container or ownerless pod that no break-glass record allows now, or a container with stdin and tty; critical for node-debugging pods.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "Debug containers and hand-made pods stay visible in the API until somebody deletes the pod.",
    cannotSee:
      "Sessions by exec or attach, debug pods that were deleted, and who made the pod; the audit log shows these.",
  },
  evaluate(context) {
    const results = judgeWorkloads(context, CATEGORIES, (workload) => judge(context, workload));
    return [...results, ...nodeDebuggersElsewhere(context)];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r '. as $p|(.spec.ephemeralContainers//[])[]|. as $e|"debug \\($p.metadata.namespace)/\\($p.metadata.name) \\(.name) \\(.image) since \\([($p.status.ephemeralContainerStatuses//[])[]|select(.name==$e.name)|(.state.running.startedAt//.state.terminated.startedAt)][0]//"?")"'`,
      `cdepods | jq -r 'select(((.metadata.ownerReferences//[])|length==0) and ((.metadata.annotations//{})|has("kubernetes.io/config.mirror")|not))|"ownerless \\(.metadata.namespace)/\\(.metadata.name) on \\(.spec.nodeName//"-") since \\(.metadata.creationTimestamp//"?")"'`,
      `cdepods | jq -r "$ALLC"' . as $p|allc|select(.stdin==true and .tty==true)|"interactive \\($p.metadata.namespace)/\\($p.metadata.name) \\(.name)"'`,
      `kubectl get pods -A -o json | jq -r '.items[]|select((.metadata.name|startswith("node-debugger-")) and .status.phase!="Succeeded" and .status.phase!="Failed")|"node \\(.metadata.namespace)/\\(.metadata.name) on \\(.spec.nodeName//"-")"'`,
    ),
    expect: "No output, except sessions that a break-glass record allows at this time.",
    needs: [],
  }),
  remediate(context, result) {
    const pods = podsToDelete(context, result);
    const commands = pods
      .slice(0, 5)
      .map((pod) => `kubectl -n ${shellQuote(namespaceOf(pod))} delete pod ${shellQuote(pod.metadata.name)}`);
    return {
      summary: `Find out from the audit log who made it, write a break-glass record or an incident, then delete the pod; its owner makes a new one without the debug container.${commands.length > 0 ? ` ${commands.join("; ")}.` : ""} A container with stdin and tty needs a change of its template.`,
      risk: "Deleting a pod ends its open connections; a pod without owner does not come back.",
    };
  },
};

interface Leftover {
  words: string;
  kind: "debug" | "ownerless" | "interactive" | "node-debugger";
  evidence: EvidencePointer;
  /** The record that allows it now. */
  record: BreakGlassRecord | null;
}

function judge(context: EvaluationContext, workload: Workload): Verdict {
  const leftovers = [...workload.pods.flatMap((pod) => leftoversOf(context, pod)), ...interactive(context, workload)];
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const open = leftovers.filter(({ record }) => record === null);
  if (open.length > 0) {
    const severity: Severity = open.some(({ kind }) => kind === "node-debugger") ? "critical" : "high";
    return {
      status: "fail",
      severity,
      reason: shortReason(open[0]?.words ?? ""),
      detail: `${subject}: ${distinct(open.map(({ words }) => words)).join("; ")}. No break-glass record allows this now. An ephemeral container stays in its pod until the pod is deleted.`,
      evidence: open.map(({ evidence }) => evidence),
    };
  }
  if (leftovers.length > 0) {
    const records = distinct(
      leftovers.flatMap(({ record }) =>
        record === null ? [] : [`${record.ticket} of ${record.person}, until ${record.to}`],
      ),
    );
    return {
      status: "pass",
      reason: shortReason(`allowed now by ${records.join("; ")}`),
      detail: `${subject}: ${distinct(leftovers.map(({ words }) => words)).join("; ")}. Break-glass record: ${records.join("; ")}. When that time is over and the pod is still there, it fails.`,
      evidence: leftovers.map(({ evidence }) => evidence),
    };
  }
  return {
    status: "pass",
    reason: "no debug container and no interactive leftover",
    detail: `${subject}: no ephemeral container, an owner for every pod, no container with stdin and tty.`,
    evidence: workload.variants.map((variant) =>
      specEvidence(
        variant,
        "/containers",
        visitContainers(variant.spec)
          .map((c) => c.container.name)
          .join(", "),
      ),
    ),
  };
}

function leftoversOf(context: EvaluationContext, pod: Pod): Leftover[] {
  const place = `pod ${pod.metadata.name}`;
  const found = (pod.spec.ephemeralContainers ?? []).map((container, index): Leftover => {
    const startedAt = startOfDebug(pod, container.name);
    const since = startedAt === undefined ? "" : ` since ${startedAt}`;
    return {
      words: `${place} has the debug container ${container.name} (${container.image ?? "no image"})${since}`,
      kind: "debug",
      evidence: { ref: refOf(pod), pointer: `/spec/ephemeralContainers/${index}`, found: container.image ?? "" },
      record: findRecord(context, pod, startedAt),
    };
  });
  if ((pod.metadata.ownerReferences ?? []).length > 0 || isMirror(pod)) return found;
  const isNode = NODE_DEBUGGER.test(pod.metadata.name);
  const { creationTimestamp } = pod.metadata;
  const since = creationTimestamp === undefined ? "" : ` since ${creationTimestamp}`;
  const trace = pod.metadata.labels?.run === pod.metadata.name ? ", made by kubectl run" : "";
  return [
    ...found,
    {
      words: isNode
        ? `${place} debugs node ${pod.spec.nodeName ?? "(not placed)"} and holds its file system${since}`
        : `${place} belongs to no workload${trace}${since}`,
      kind: isNode ? "node-debugger" : "ownerless",
      evidence: { ref: refOf(pod), pointer: "/metadata/ownerReferences" },
      record: findRecord(context, pod, creationTimestamp),
    },
  ];
}

/** Containers that somebody can type into. The debug container and the hand-made pod are named already. */
function interactive(context: EvaluationContext, workload: Workload): Leftover[] {
  return workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).flatMap(({ container, pointer }): Leftover[] => {
      if (container.stdin !== true || container.tty !== true || pointer.startsWith("/ephemeral")) return [];
      const pods = workload.pods.filter((pod) => variant.podNames.includes(pod.metadata.name));
      const records = pods.map((pod) => findRecord(context, pod, pod.metadata.creationTimestamp));
      const isAllowed = workload.ref.kind === "Pod" && records.length > 0 && records.every((record) => record !== null);
      return [
        {
          words: `container ${container.name} has stdin and tty`,
          kind: "interactive",
          evidence: specEvidence(variant, `${pointer}/tty`, "true"),
          record: isAllowed ? (records[0] ?? null) : null,
        },
      ];
    }),
  );
}

/** When the debug container was started; absent while it waits. */
function startOfDebug(pod: Pod, container: string): string | undefined {
  const state = pod.status?.ephemeralContainerStatuses?.find(({ name }) => name === container)?.state;
  return state?.running?.startedAt ?? state?.terminated?.startedAt;
}

/** The record that allows the session: given in time, for this pod, begun within its time, and not over at `asOf`. */
function findRecord({ registers, asOf }: EvaluationContext, pod: Pod, startedAt?: string): BreakGlassRecord | null {
  const now = Date.parse(asOf);
  const began = startedAt === undefined ? now : Date.parse(startedAt);
  return (
    (registers?.breakGlassRecords ?? []).find(
      (record) =>
        record.namespace === namespaceOf(pod) &&
        matchesPod(record.pod, pod.metadata.name) &&
        isApprovedAt(record, asOf) &&
        startOf(record.from) <= began &&
        began < endOf(record.to) &&
        now < endOf(record.to),
    ) ?? null
  );
}
function matchesPod(pattern: string | undefined, name: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** `kubectl debug node` makes its pod in whatever namespace the person works in; what counts is the node. */
function nodeDebuggersElsewhere(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  if (!scope.declared || !inventory.readable("pods").known) return [];
  const cde = new Set(scope.inCategory(...CATEGORIES));
  const isCde = (pod: Pod) => cde.has(namespaceOf(pod));
  const debuggers = inventory.livePods.filter(
    ({ pod }) => NODE_DEBUGGER.test(pod.metadata.name) && !isCde(pod) && (pod.spec.nodeName ?? "") !== "",
  );
  return debuggers.flatMap(({ pod, workload }): Result[] => {
    const node = pod.spec.nodeName ?? "";
    const beside = livePodsOn(inventory, node).filter((other) => isCde(other.pod));
    const leftover = leftoversOf(context, pod).find(({ kind }) => kind === "node-debugger");
    if (beside.length === 0 || leftover === undefined || leftover.record !== null) return [];
    const names = beside.map((other) => `${namespaceOf(other.pod)}/${other.pod.metadata.name}`);
    return [
      {
        status: "fail",
        severity: "critical",
        object: workload.ref,
        reason: shortReason(`debugs node ${node}, on which CDE pods run`),
        detail: `${leftover.words}. CDE pods run there: ${nameSome(names)}. No break-glass record allows this now.`,
        evidence: [leftover.evidence, { ref: refOf(pod), pointer: "/spec/nodeName", found: node }],
      },
    ];
  });
}

function podsToDelete(context: EvaluationContext, result: Result): Pod[] {
  return context.inventory.livePods
    .filter(
      ({ workload }) =>
        workload.ref.kind === result.object.kind &&
        workload.ref.name === result.object.name &&
        workload.namespace === result.object.namespace,
    )
    .map(({ pod }) => pod)
    .filter((pod) => leftoversOf(context, pod).some(({ record }) => record === null));
}
