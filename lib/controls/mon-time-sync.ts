/**
 * mon-time-sync: Node clocks are synchronised and protected.
 *
 * Reads: for every CDE and control-plane node what its time service says (node collector, node exporter, upload), the condition
 *   NTPProblem, the moment at which its kubelet last renewed its lease against the API server's clock, containers that may set the
 *   clock, and the register of designated time sources.
 * Pass: the time service is synchronised and less than a second off; or the lease lies within 15 seconds and a time source is
 *   designated for the node. No container may set the clock.
 * Fail: the time service is not synchronised, a second or more off, or uses servers that aren't designated; NTPProblem; the lease lies
 *   more than 15 seconds ahead; a container has SYS_TIME that nobody approved.
 * Unknown: only a lease, and no designated source; nothing at all; a lease that lags behind, which a slow kubelet explains as well.
 * Not applicable: no CDE namespace; serverless nodes, whose provider keeps the time.
 * Leases are renewed every ten seconds, so they show gross differences only. Containers use the clock of their node.
 */
import { isApprovedAt } from "@/lib/inventory/registers";
import { allContainers } from "@/lib/inventory/inventory";
import { livePodsOn } from "@/lib/inventory/look-ups";
import { namespaceOf } from "@/lib/inventory/workloads";
import { type JudgedNode, judgeNodes } from "./nodes-in-scope";
import { nameSome } from "./population";
import { describeOrigin, newestOf } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const MAX_OFFSET_SECONDS = 1;
const MAX_LEASE_SECONDS = 15;
const REPORT_MAX_AGE_DAYS = 7;

export const monTimeSync: Control = {
  id: "mon-time-sync",
  title: "Node clocks are synchronised and protected",
  severity: "medium",
  requirements: [
    {
      requirement: "10.6.1",
      kind: "primary",
      rationale: "Every log that is written on a node carries the node's time; it has to be synchronised.",
    },
    {
      requirement: "10.6.2",
      kind: "supporting",
      rationale: "The register names the designated sources, and the nodes' settings are compared with it.",
    },
    {
      requirement: "10.6.3",
      kind: "supporting",
      rationale: "Containers that may set the clock can falsify the order of events.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods"],
  rule: {
    reads:
      "What the time service of each node says, NTPProblem, leases against the API server's clock, containers with SYS_TIME, designated sources.",
    pass: "Synchronised and less than a second off; or a lease within 15 seconds and a designated source. Nobody may set the clock.",
    fail: "Not synchronised, too far off, other servers than designated, NTPProblem, or SYS_TIME that nobody approved.",
    unknown: "Only a lease without a designated source, or nothing.",
    notApplicable: "No CDE namespace, or serverless nodes.",
    why: "Events of several systems can be put in order only if their clocks agree.",
    cannotSee: "Whether the time servers themselves are right.",
  },
  evaluate: (context) =>
    judgeNodes(context, (node) => judge(context, node), { serverless: "Its provider keeps the time." }),
  verify: () => ({
    command: `kubectl get leases -n kube-node-lease -o json | jq -r --arg now "$(date -u +%FT%TZ)" '.items[]|[.metadata.name,.spec.renewTime,(($now|fromdate)-(.spec.renewTime|sub("\\\\.[0-9]+";"")|fromdate))]|@tsv'; kubectl get pods -A -o json | jq -r '.items[]|. as $p|(.spec.initContainers//[])[],.spec.containers[]|select((.securityContext.capabilities.add//[])|any(.=="SYS_TIME" or .=="CAP_SYS_TIME" or .=="ALL"))|"SYS_TIME \\($p.metadata.namespace)/\\($p.metadata.name) \\(.name)"'`,
    expect:
      "Differences between 0 and 15 seconds, and no line with SYS_TIME that wasn't approved. On each node: chronyc tracking (or timedatectl timesync-status) shows an offset below a second and a designated server.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Run chrony or systemd-timesyncd on ${result.object.name} with the designated servers (Amazon Time Sync: 169.254.169.123; Google: metadata.google.internal), set in the node image or MachineConfig; take SYS_TIME from containers; watch with node-problem-detector or the node exporter. ${result.detail}`,
    risk: "A clock that jumps may end leases and certificates' validity at once; let it be slewed.",
  }),
};

function judge(context: EvaluationContext, { node, ref, why }: JudgedNode): Result {
  const { inventory, asOf, registers } = context;
  const { name } = node.metadata;
  const evidence: EvidencePointer[] = [];
  const fails: string[] = [];
  const notes: string[] = [];
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `Node ${name} (${why}): ${detail}${notes.length > 0 ? ` ${notes.join(" ")}` : ""}`,
    evidence,
  });

  const problem = (node.status?.conditions ?? []).findIndex(
    ({ type, status }) => type === "NTPProblem" && status === "True",
  );
  if (problem >= 0) {
    fails.push("node-problem-detector reports NTPProblem");
    evidence.push({ ref, pointer: `/status/conditions/${problem}`, found: "NTPProblem True" });
  }
  for (const { words, pointer, isApproved } of clockSetters(context, name)) {
    if (isApproved) notes.push(`${words} may set the clock, which was approved.`);
    else {
      fails.push(`${words} may set the clock (SYS_TIME)`);
      evidence.push(pointer);
    }
  }
  const designated = (registers?.timeSources ?? []).find(({ nodes }) =>
    nodes.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name)),
  );
  const reports = (inventory.facts.timeSync ?? []).filter((report) => report.node === name);
  const report = newestOf(reports, asOf, REPORT_MAX_AGE_DAYS);
  if (report !== null) {
    const index = (inventory.facts.timeSync ?? []).indexOf(report);
    const offset = report.offsetSeconds;
    const found = `${report.tool}: ${report.isSynchronized ? "synchronised" : "not synchronised"}, ${offset === null ? "offset not told" : `${offset} s off`}`;
    evidence.push({ ref: CLUSTER_REF, pointer: `/facts/timeSync/${index}`, found });
    if (!report.isSynchronized) fails.push(`${report.tool} says that the clock is not synchronised`);
    if (offset !== null && Math.abs(offset) >= MAX_OFFSET_SECONDS) fails.push(`the clock is ${offset} seconds off`);
    const other =
      designated?.servers === undefined ? [] : report.sources.filter((server) => !designated.servers?.includes(server));
    if (other.length > 0) fails.push(`it uses servers that aren't designated: ${nameSome(other, 3)}`);
    notes.push(describeOrigin(report.origin));
  }
  const lease = leaseOf(context, name);
  if (lease !== null) {
    evidence.push({
      ref: CLUSTER_REF,
      pointer: "/facts/clock",
      found: `lease ${lease} s behind the API server's clock`,
    });
    if (lease < -MAX_LEASE_SECONDS) fails.push(`its lease lies ${-lease} seconds ahead of the API server's clock`);
  }
  if (fails.length > 0) return answer("fail", fails[0] ?? "", `${fails.join("; ")}.`);
  if (report !== null && report.offsetSeconds !== null) {
    const source = report.sources.length > 0 ? ` with ${nameSome(report.sources, 2)}` : "";
    return answer(
      "pass",
      `${report.tool}: ${Math.abs(report.offsetSeconds)} s off`,
      `${report.tool} is synchronised${source} and ${Math.abs(report.offsetSeconds)} seconds off.`,
    );
  }
  if (lease === null) {
    return answer(
      "unknown",
      report === null ? "nothing says how this node's clock is kept" : `${report.tool} doesn't tell the offset`,
      "its offset isn't known. It becomes known by the node collector, or when the state of chrony, timesyncd or node_timex is imported.",
    );
  }
  if (lease > MAX_LEASE_SECONDS) {
    return answer(
      "unknown",
      `its lease lags ${lease} seconds behind`,
      `its lease is ${lease} seconds older than the API server's clock, which a slow kubelet explains as well as a clock that is late. The time service's own state would tell.`,
    );
  }
  if (designated === undefined) {
    return answer(
      "unknown",
      "only its lease is known, which is coarse",
      `its lease lies within ${MAX_LEASE_SECONDS} seconds, which shows gross differences only, and no time source is designated for it. It becomes known by the node collector, or by a designated source in the register.`,
    );
  }
  return answer(
    "pass",
    `lease within ${MAX_LEASE_SECONDS} s, source designated`,
    `its lease lies within ${MAX_LEASE_SECONDS} seconds of the API server's clock, and its time source is designated: ${designated.source}.`,
  );
}

/** Seconds by which the node's lease lies behind the API server's clock at the moment of reading; null when that isn't known. */
function leaseOf({ inventory }: EvaluationContext, name: string): number | null {
  const { clock } = inventory.facts;
  const renewedAt = clock?.leases?.find(({ node }) => node === name)?.renewedAt;
  if (clock === undefined || renewedAt === undefined) return null;
  const seconds = (Date.parse(clock.serverAt) - Date.parse(renewedAt)) / 1000;
  return Number.isNaN(seconds) ? null : Math.round(seconds);
}

interface ClockSetter {
  words: string;
  pointer: EvidencePointer;
  isApproved: boolean;
}
/** Containers on the node that were given SYS_TIME. */
function clockSetters(context: EvaluationContext, name: string): ClockSetter[] {
  const { inventory, registers, asOf } = context;
  return livePodsOn(inventory, name).flatMap(({ pod, workload }) =>
    allContainers(pod.spec).flatMap(({ container, pointer }): ClockSetter[] => {
      const added = container.securityContext?.capabilities?.add ?? [];
      const index = added.findIndex((capability) => ["SYS_TIME", "CAP_SYS_TIME", "ALL"].includes(capability));
      if (index < 0) return [];
      const isApproved = (registers?.approvedCapabilities ?? []).some(
        (entry) =>
          entry.namespace === workload.namespace &&
          entry.workload === workload.ref.name &&
          (entry.container === undefined || entry.container === container.name) &&
          entry.capabilities.includes("SYS_TIME") &&
          isApprovedAt(entry, asOf),
      );
      const place = `/spec${pointer}/securityContext/capabilities/add/${index}`;
      return [
        {
          words: `${namespaceOf(pod)}/${pod.metadata.name} (${container.name})`,
          pointer: {
            ref: { apiVersion: "v1", kind: "Pod", namespace: namespaceOf(pod), name: pod.metadata.name },
            pointer: place,
            found: added[index] ?? "",
          },
          isApproved,
        },
      ];
    }),
  );
}
