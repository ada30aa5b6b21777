/**
 * A runtime threat sensor watches every CDE node and its alerts are delivered.
 *
 * Reads: nodes; DaemonSets and pods of known sensors (Falco, Tetragon, Tracee, KubeArmor and vendors' agents); imported records of
 * sensors: nodes on which the driver receives events, age of the rules, outputs, last test event.
 * Pass: a ready sensor pod (or a host agent by record) on the node, rules of the last 90 days, an output outside the cluster, a test
 * event that arrived within 30 days, and a sensor namespace that is in scope.
 * Fail: a sensor runs elsewhere but not here; only outputs inside the cluster; stale rules; no test event; a driver that sees
 * nothing; the sensor's namespace is declared out of scope; a serverless node whose CDE pods have no sensor beside them.
 * Unknown: no sensor is visible and no record was imported (it may be a host agent); the record lacks a part; no scope.
 * Not applicable: a cluster without CDE.
 *
 * Nodes are taken from the list of nodes, not from the DaemonSet's desired count: a missing toleration makes that count small and
 * the rollout look complete. 11.5.1 also asks for detection in the network, which a sensor on nodes does not replace.
 */
import type { SensorRecord } from "@/lib/inventory/imported-monitoring";
import { type ResourceRef, type Workload } from "@/lib/inventory/inventory";
import { livePodsOn } from "@/lib/inventory/look-ups";
import { namespaceOf } from "@/lib/inventory/workloads";
import { agentPodsOn, findAgents, hasSidecar, judgeAgentNodes } from "./host-agents";
import type { JudgedNode } from "./nodes-in-scope";
import { script, selectNamespaces } from "./prelude";
import { daysBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const RULES_DAYS = 90;
const TEST_DAYS = 30;
const RECORD_DAYS = 30;

export const monRuntimeDetection: Control = {
  id: "mon-runtime-detection",
  title: "A runtime threat sensor watches every CDE node and its alerts are delivered",
  severity: "high",
  requirements: [
    {
      requirement: "11.5.1",
      kind: "primary",
      rationale: "A sensor on each node detects intrusions where card data is processed and alerts somebody.",
    },
    {
      requirement: "5.3.2",
      kind: "primary",
      rationale: "Watching the behaviour of processes all the time is one of the two ways to detect malware.",
    },
    {
      requirement: "5.2.1",
      kind: "supporting",
      rationale: "A sensor that knows malware's behaviour is a part of protection against it.",
    },
    {
      requirement: "11.5.1.1",
      kind: "supporting",
      rationale: "Covert channels of malware show in a container's processes and connections.",
    },
    { requirement: "10.7.2", kind: "supporting", rationale: "A node without its sensor is a failed security control." },
    { requirement: "5.3.5", kind: "supporting", rationale: "A sensor that workloads of the node can't stop stays on." },
  ],
  judges: "node",
  sections: ["nodes", "pods", "daemonsets"],
  rule: {
    reads:
      "Nodes, sensor pods on them, and what sensors' imported records say of rules, outputs, drivers and test events.",
    pass: "A ready sensor on the node with current rules, an output outside the cluster, and a recent test event; its namespace is in scope.",
    fail: "No sensor here though there is one elsewhere, or one that is blind, stale, untested or heard by nobody outside.",
    unknown: "No sensor is visible and no record was imported, or the record lacks a part.",
    notApplicable: "Only in a cluster without CDE.",
    why: "Only what runs on the node sees the processes of its containers, and an alert that stays in the cluster dies with it.",
    cannotSee: "Whether the rules are good; detection in the network between nodes.",
  },
  evaluate: (context) =>
    judgeAgentNodes(
      context,
      { controlPlane: false },
      (node) => judgeNode(context, node),
      (node, kind) => judgeServerless(context, node, kind),
    ),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `echo "nodes with CDE pods:"; kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '[.items[]|select(.status.phase!="Succeeded" and .status.phase!="Failed")|select(.metadata.namespace as $n|$cde|index($n))|.spec.nodeName//empty]|unique[]'`,
      `echo "sensors:"; kubectl get pods -A -o json | jq -r '.items[]|select(any(.spec.containers[];(.image//"")|test("falco|tetragon|tracee|kubearmor|sysdig|falcon-sensor|defender|neuvector|security-agent")))|[.spec.nodeName//"",.metadata.namespace,.metadata.name,((.status.conditions//[])|map(select(.type=="Ready").status)|first//"-")]|@tsv' | sort`,
    ),
    expect:
      "Each node of the first list appears in the second with a ready sensor. Then ask for the sensor's outputs, the date of its rules and the last test event in the SIEM.",
    needs: [],
  }),
  remediate: ({ inventory }, result) => {
    const [sensor] = findAgents(inventory, "sensor");
    if (sensor === undefined) {
      return {
        summary: `Run a sensor on every node that runs CDE pods, ${result.object.name} among them: Helm values for Falco are below; give it an output outside the cluster and tolerations for tainted nodes, then send a test event.`,
        manifest: `# values.yaml of the chart falcosecurity/falco
driver:
  kind: modern_ebpf
tolerations:
  - operator: Exists
falcosidekick:
  enabled: true
  config:
    existingSecret: falco-outputs
falcoctl:
  artifact:
    follow:
      enabled: true
`,
        apply: "helm upgrade --install falco falcosecurity/falco --namespace falco --values values.yaml",
        risk: "The sensor's pods are privileged: approve them, and keep their namespace in scope. The kernel has to support the driver.",
      };
    }
    return {
      summary: `${sensor.ref.kind} ${sensor.ref.name} in ${sensor.namespace}: let it run on ${result.object.name} (tolerations for the node's taints), update its rules, send its alerts outside the cluster, and record a test event.`,
      risk: "Alerts of a node that was never watched arrive all at once.",
    };
  },
};

function judgeNode(context: EvaluationContext, { node, ref, why }: JudgedNode): Result {
  const { inventory, scope, asOf } = context;
  const name = node.metadata.name;
  const agents = findAgents(inventory, "sensor");
  const [found] = agentPodsOn(agents, name);
  const records = newestOf(inventory.facts.sensorRecords ?? [], ({ sensor }) => sensor);
  const here = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `Node ${name} (${why}): ${detail}`,
    evidence,
  });
  const record =
    records.find(({ record: { sensor } }) => found !== undefined && sensor === found.agent.ref.name) ??
    records.find(({ record: { nodes = [] } }) => nodes.some((entry) => entry.node === name));
  if (!found?.isReady) {
    const covers = record?.record.nodes?.some((entry) => entry.node === name && entry.isSeeing) === true;
    if (!covers) {
      if (agents.length === 0 && records.length === 0) {
        return here(
          "unknown",
          "no sensor is visible",
          "no known sensor runs in this cluster, and no record of a host agent was imported. If one runs on the host, import its record; if none does, this is a gap.",
          [],
        );
      }
      const words =
        found === undefined
          ? agents.length > 0
            ? `no pod of ${namesOf(agents)} runs here: check its tolerations and node selector`
            : `the record of ${records.map(({ record: { sensor } }) => sensor).join(", ")} does not name it as watched`
          : `the sensor pod ${found.pod.metadata.name} is not ready`;
      return here("fail", found === undefined ? "no sensor on this node" : "its sensor is not ready", `${words}.`, [
        { ref, pointer: "/metadata/name", found: name },
      ]);
    }
  }
  const evidence: EvidencePointer[] =
    found === undefined ? [] : [{ ref: refOfPod(found), pointer: "/status/conditions" }];
  const subject =
    found === undefined
      ? `host agent ${record?.record.sensor ?? ""}`
      : `${found.agent.ref.name} (pod ${found.pod.metadata.name})`;
  const problems: { words: string; evidence: EvidencePointer }[] = [];
  if (found !== undefined && scope.categoryOf(found.agent.namespace) === "out-of-scope") {
    problems.push({
      words: `its namespace ${found.agent.namespace} is declared out of scope, though whoever changes it can blind the sensor`,
      evidence: { ref: found.agent.ref, pointer: "/metadata/namespace", found: found.agent.namespace },
    });
  }
  const gaps: string[] = [];
  if (record === undefined || daysBetween(record.record.origin.collectedAt, asOf) > RECORD_DAYS) {
    gaps.push(
      record === undefined
        ? "its rules, outputs and test events are not known; import its record"
        : `its record is older than ${RECORD_DAYS} days`,
    );
  } else judgeRecord(record.record, record.index, name, asOf, problems, gaps);
  const source = record === undefined ? "" : ` ${sourceOf(record.record.origin)}`;
  if (problems.length > 0) {
    return here(
      "fail",
      problems[0]?.words ?? "",
      `${subject}: ${problems.map(({ words }) => words).join("; ")}.${source}`,
      [...problems.map((problem) => problem.evidence)],
    );
  }
  if (gaps.length > 0) {
    return here("unknown", gaps[0] ?? "", `${subject} watches it, but ${gaps.join("; ")}.${source}`, evidence);
  }
  return here(
    "pass",
    "watched, and its alerts arrive outside the cluster",
    `${subject} watches it; its rules were updated at ${record?.record.rulesUpdatedAt ?? ""}, and a test event arrived outside the cluster at ${record?.record.testEventAt ?? ""}.${source}`,
    [
      ...evidence,
      {
        ref: CLUSTER_REF,
        pointer: `/facts/sensorRecords/${record?.index ?? 0}`,
        found: record?.record.testEventAt ?? "",
      },
    ],
  );
}

function judgeRecord(
  record: SensorRecord,
  index: number,
  node: string,
  asOf: string,
  problems: { words: string; evidence: EvidencePointer }[],
  gaps: string[],
): void {
  const at = (field: string, found: string): EvidencePointer => ({
    ref: CLUSTER_REF,
    pointer: `/facts/sensorRecords/${index}${field}`,
    found,
  });
  const seeing = record.nodes?.findIndex((entry) => entry.node === node) ?? -1;
  if (seeing < 0) gaps.push("whether its driver receives events there is not known");
  else if (record.nodes?.[seeing]?.isSeeing === false) {
    problems.push({ words: "its driver receives no events there", evidence: at(`/nodes/${seeing}/isSeeing`, "false") });
  }
  if (!record.outputs.some(({ isOutsideCluster }) => isOutsideCluster)) {
    problems.push({
      words: "none of its outputs is outside the cluster",
      evidence: at("/outputs", record.outputs.map(({ name }) => name).join(", ")),
    });
  }
  if (record.rulesUpdatedAt === undefined) gaps.push("the age of its rules is not known");
  else if (daysBetween(record.rulesUpdatedAt, asOf) > RULES_DAYS) {
    problems.push({
      words: `its rules were last updated at ${record.rulesUpdatedAt}`,
      evidence: at("/rulesUpdatedAt", record.rulesUpdatedAt),
    });
  }
  if (record.testEventAt === undefined) gaps.push("no test event is recorded");
  else if (daysBetween(record.testEventAt, asOf) > TEST_DAYS) {
    problems.push({
      words: `its last test event arrived at ${record.testEventAt}`,
      evidence: at("/testEventAt", record.testEventAt),
    });
  }
}

/** A node that takes no DaemonSet: its pods need the sensor beside them, or the provider watches by record. */
function judgeServerless(context: EvaluationContext, entry: JudgedNode, kind: string): Result {
  const name = entry.node.metadata.name;
  const { inventory, scope } = context;
  const isRecorded = (inventory.facts.sensorRecords ?? []).some(({ nodes = [] }) =>
    nodes.some(({ node }) => node === name),
  );
  if (isRecorded) return judgeNode(context, entry);
  const pods = livePodsOn(inventory, name)
    .map(({ pod }) => pod)
    .filter((pod) => scope.categoryOf(namespaceOf(pod)) === "cde");
  const bare = pods.filter((pod) => !hasSidecar(pod, "sensor"));
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: entry.ref,
    reason,
    detail: `Node ${name} is ${kind} and takes no DaemonSet: ${detail}`,
    evidence: bare.map((pod) => ({
      ref: { apiVersion: "v1", kind: "Pod", namespace: namespaceOf(pod), name: pod.metadata.name },
      pointer: "/spec/containers",
    })),
  });
  if (bare.length > 0) {
    return answer(
      "fail",
      `${bare.length} CDE ${bare.length === 1 ? "pod" : "pods"} without a sensor beside them`,
      `pods ${bare.map((pod) => pod.metadata.name).join(", ")} have no sensor as a sidecar, and no record says that the provider watches them.`,
    );
  }
  return answer(
    "unknown",
    "sensors run as sidecars; their rules and outputs are not known",
    "every CDE pod here carries a sensor; import its record with this node's name to judge rules, outputs and test events.",
  );
}

function refOfPod({ pod }: { pod: { metadata: { name: string; namespace?: string } } }): ResourceRef {
  return { apiVersion: "v1", kind: "Pod", namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name };
}
function namesOf(agents: readonly Workload[]): string {
  return agents.map(({ ref }) => ref.name).join(", ");
}
