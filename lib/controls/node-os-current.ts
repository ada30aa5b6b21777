/**
 * node-os-current: Node operating system, kernel and runtime are supported and patched.
 *
 * Reads: osImage, containerRuntimeVersion, kernelVersion and the age of every CDE and control-plane node; imported patch records of
 *   nodes; dated calendars of support and the organization's register of them.
 * Pass: system and runtime are supported, and the node was updated within 30 days: by its patch record, or, where the system is an
 *   image that is replaced as a whole, by its age.
 * Fail: support of the system or the runtime has ended (containerd 1.6 or older, the Docker shim): high. The patch record is older than 30 days, a restart
 *   has been pending that long, or a critical finding of the node has been open that long: high.
 * Unknown: a system or runtime that the calendars don't hold; a planned end that has passed since the calendar was made; support for
 *   subscribers only; no evidence of the last update; nodes or pods not read.
 * Not applicable: no CDE namespace; serverless nodes.
 * The kernel shown is the running one. CRI-O is supported with the Kubernetes version that it belongs to.
 */
import type { Node } from "@/lib/inventory/kinds";
import {
  HOST_CALENDAR_MAX_AGE_DAYS,
  HOST_CALENDAR_SEEN_AT,
  type HostSupport,
  OS_CALENDAR,
  RUNTIME_CALENDAR,
  RUNTIME_CALENDAR_SEEN_AT,
} from "./host-calendar";
import { type JudgedNode, judgeNodes } from "./nodes-in-scope";
import { nameSome } from "./population";
import { describeOrigin } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import { registeredSupport } from "./support-register";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const PATCH_DAYS = 30;

export const nodeOsCurrent: Control = {
  id: "node-os-current",
  title: "Node operating system, kernel and runtime are supported and patched",
  severity: "high",
  requirements: [
    {
      requirement: "6.3.3",
      kind: "primary",
      rationale: "Security updates of the host have to be installed in time, critical ones within a month.",
    },
    {
      requirement: "12.3.4",
      kind: "primary",
      rationale: "The yearly review of technologies asks whether systems still get fixes from their vendor.",
    },
    {
      requirement: "11.3.1.2",
      kind: "supporting",
      rationale: "Findings of scans of the host show what an update would have closed.",
    },
    {
      requirement: "2.2.1",
      kind: "supporting",
      rationale: "Hardening standards are kept for systems that are supported.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods"],
  rule: {
    reads:
      "Operating system, runtime, kernel and age of CDE and control-plane nodes, their patch records, and dated calendars.",
    pass: "System and runtime are supported, and the node was updated within 30 days.",
    fail: "Support has ended, or an update, a restart or a critical finding has been waiting for more than 30 days.",
    unknown: "Not in the calendars, a planned end that has passed since, or no evidence of the last update.",
    notApplicable: "No CDE namespace, or serverless nodes.",
    why: "Containers share the kernel of the node: one open weakness there opens everything that runs on it.",
    cannotSee: "Updates that are installed and wait for a restart, unless the collector or a record says so.",
  },
  evaluate: (context) => judgeNodes(context, (node) => judge(context, node)),
  verify: () => ({
    command: `kubectl get nodes -o json | jq -r '.items[]|[.metadata.name,.status.nodeInfo.osImage,.status.nodeInfo.kernelVersion,.status.nodeInfo.containerRuntimeVersion,.status.nodeInfo.kubeletVersion,.metadata.creationTimestamp]|@tsv'`,
    expect:
      "Systems and runtimes that their vendors support today; for each node a record of an update within the last 30 days.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Replace ${result.object.name} by a node from a current image (or update and restart it), one at a time: cordon, drain, replace. Import the patch record of the new node. ${result.detail}`,
    risk: "Draining moves pods; workloads with one replica are interrupted, and a PodDisruptionBudget may hold the drain up.",
  }),
};

interface Answer {
  status: "pass" | "fail" | "unknown";
  words: string;
  evidence: EvidencePointer[];
}

function judge(context: EvaluationContext, entry: JudgedNode): Result {
  const { node, ref, why } = entry;
  const info = node.status?.nodeInfo;
  const system = supportOf(context, entry, "osImage", OS_CALENDAR, HOST_CALENDAR_SEEN_AT);
  const runtime = (info?.containerRuntimeVersion ?? "").startsWith("cri-o://")
    ? {
        status: "pass" as const,
        words: `${info?.containerRuntimeVersion ?? ""} goes with its Kubernetes version`,
        evidence: [],
      }
    : supportOf(context, entry, "containerRuntimeVersion", RUNTIME_CALENDAR, RUNTIME_CALENDAR_SEEN_AT);
  const parts = [system, runtime, patchOf(context, node)];
  const worst = parts.find(({ status }) => status === "fail") ?? parts.find(({ status }) => status === "unknown");
  const evidence = parts.flatMap((part) => part.evidence);
  return {
    status: worst?.status ?? "pass",
    object: ref,
    reason: shortReason(worst?.words ?? `${info?.osImage ?? ""}: supported and updated within ${PATCH_DAYS} days`),
    detail: `Node ${node.metadata.name} (${why}), kernel ${info?.kernelVersion ?? "not known"}: ${parts.map(({ words }) => words).join("; ")}.`,
    evidence: evidence.length > 0 ? evidence : [{ ref, pointer: "/status/nodeInfo" }],
  };
}

function supportOf(
  context: EvaluationContext,
  { node, ref }: JudgedNode,
  field: "osImage" | "containerRuntimeVersion",
  calendar: readonly HostSupport[],
  seenAt: string,
): Answer {
  const value = node.status?.nodeInfo?.[field];
  if (value === undefined || value === "") return { status: "unknown", words: `${field} is not known`, evidence: [] };
  const evidence: EvidencePointer[] = [{ ref, pointer: `/status/nodeInfo/${field}`, found: value }];
  const registered = registeredSupport(context, value, null);
  if (registered !== null) {
    const status = registered.isSupported ? "pass" : "fail";
    return { status, words: `${value}: ${registered.words}`, evidence: [...evidence, registered.evidence] };
  }
  const support = calendar.find(({ pattern }) => pattern.test(value));
  if (support === undefined) {
    return {
      status: "unknown",
      words: `${value} is in no calendar; enter its end of support into the register`,
      evidence,
    };
  }
  const { name, end, paidUntil, source } = support;
  if (end === null) return { status: "pass", words: `${value}: a rolling release`, evidence };
  const text = `calendar of ${seenAt}, ${source}`;
  if (daysBetween(context.asOf, `${end}T23:59:59Z`) < 0) {
    if (paidUntil !== undefined && daysBetween(context.asOf, `${paidUntil}T23:59:59Z`) >= 0) {
      return {
        status: "unknown",
        words: `${name} ended on ${end}; subscribers get updates until ${paidUntil}, which can't be seen here (${text})`,
        evidence,
      };
    }
    if (end > seenAt)
      return { status: "unknown", words: `the planned end of ${name}, ${end}, has passed since the ${text}`, evidence };
    return { status: "fail", words: `${name} reached its end of support on ${end} (${text})`, evidence };
  }
  if (daysBetween(seenAt, context.asOf) > HOST_CALENDAR_MAX_AGE_DAYS) {
    return { status: "unknown", words: `the ${text} is too old to say that ${name} is supported`, evidence };
  }
  return { status: "pass", words: `${name} is supported until ${end} (${text})`, evidence };
}

function patchOf(context: EvaluationContext, node: Node): Answer {
  const { asOf, inventory } = context;
  const all = inventory.facts.nodePatches ?? [];
  const [record] = all
    .filter((entry) => entry.node === node.metadata.name)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  if (record !== undefined) {
    const age = daysBetween(record.updatedAt, asOf);
    const source = describeOrigin(record.origin).replace(/\.$/, "");
    const evidence: EvidencePointer[] = [
      { ref: CLUSTER_REF, pointer: `/facts/nodePatches/${all.indexOf(record)}`, found: record.updatedAt },
    ];
    const overdue = (record.openCritical ?? []).filter(({ since }) => daysBetween(since, asOf) > PATCH_DAYS);
    if (overdue.length > 0) {
      const names = nameSome(
        overdue.map(({ id, since }) => `${id} since ${since.slice(0, 10)}`),
        3,
      );
      return {
        status: "fail",
        words: `critical findings open for more than ${PATCH_DAYS} days: ${names}. ${source}`,
        evidence,
      };
    }
    if (age > PATCH_DAYS) return { status: "fail", words: `last updated ${age} days ago. ${source}`, evidence };
    const pending = record.isRebootPending === true ? ", and a restart is pending" : "";
    // What was installed and not started is not in use; how long it has been waiting is at most the age of the update.
    return { status: "pass", words: `updated ${age} days ago${pending}. ${source}`, evidence };
  }
  const created = node.metadata.creationTimestamp;
  const isImmutable = OS_CALENDAR.some(
    ({ pattern, isImmutable: is }) => is === true && pattern.test(node.status?.nodeInfo?.osImage ?? ""),
  );
  const age = created === undefined ? null : daysBetween(created, asOf);
  if (isImmutable && created !== undefined && age !== null && age <= PATCH_DAYS) {
    const ref = { apiVersion: "v1", kind: "Node", name: node.metadata.name };
    return {
      status: "pass",
      words: `the node is ${age} days old and its system is an image that is replaced as a whole`,
      evidence: [{ ref, pointer: "/metadata/creationTimestamp", found: created }],
    };
  }
  return {
    status: "unknown",
    words: "when it was last updated is not known; the node collector, a patch record or a scan of the host shows it",
    evidence: [],
  };
}
