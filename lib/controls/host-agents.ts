/**
 * Agents that a DaemonSet runs on each node (sensors, scanners, file watchers), and whom controls about them judge.
 *
 * An agent is known by its image: the repository's own path, whatever registry mirrors it. Operators, relays and web front ends of
 * the same products watch nothing and are left out.
 */
import { type Inventory, type Workload } from "@/lib/inventory/inventory";
import type { Pod } from "@/lib/inventory/kinds";
import { isControlPlaneNode, type JudgedNode, nodesInScope, serverlessKind } from "./nodes-in-scope";
import { clusterResult, findUnreadable, invalidResults, judgeCluster } from "./population";
import type { EvaluationContext, Result } from "./types";

/** Repositories of runtime threat sensors, without registry. */
const SENSOR =
  /(?:^|\/)(?:falcosecurity\/falco(?:-no-driver|-driver-loader)?|falco|cilium\/tetragon|tetragon|aquasecurity\/tracee|tracee|kubearmor\/kubearmor|kubearmor|sysdig\/agent(?:-slim)?|falcon-sensor|falcon-container|azuredefender\/stable\/low-level-collector|aquasec\/enforcer|twistlock\/private|prismacloud\/defender|stackrox\/collector|collector-rhel8|rhacs-collector-rhel[89]|neuvector\/enforcer|neuvector\/agent|wiz-sensor|lacework\/datacollector|sentinelone\/s1-agent|s1-agent)$/;
/** Repositories of malware scanners that run on nodes. */
const MALWARE =
  /(?:^|\/)(?:clamav\/clamav|clamav|clamd|falcon-sensor|sentinelone\/s1-agent|s1-agent|mdatp|microsoft\/mdatp|trendmicro\/[\w-]*(?:agent|scanner)[\w-]*|ds-agent|sophos\/[\w-]*(?:agent|protection)[\w-]*|eset\/[\w-]*agent[\w-]*)$/;
/** Repositories of tools that compare or watch files of the node. */
const FILE_WATCHER =
  /(?:^|\/)(?:wazuh\/wazuh-agent|wazuh-agent|osquery\/osquery|osquery|aide|file-integrity-rhel8-operator|compliance\/openshift-file-integrity|samhain)$/;

export const AGENT_IMAGES = { sensor: SENSOR, malware: MALWARE, fileWatcher: FILE_WATCHER } as const;
export type AgentKind = keyof typeof AGENT_IMAGES;

/** The repository of an image reference: no tag, no digest. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

/** DaemonSets whose template runs such an agent in one of its ordinary containers. */
export function findAgents(inventory: Inventory, kind: AgentKind): readonly Workload[] {
  let found = agents.get(inventory);
  if (found === undefined) {
    found = new Map();
    agents.set(inventory, found);
  }
  let list = found.get(kind);
  if (list === undefined) {
    list = inventory.workloads.filter(
      (workload) =>
        workload.ref.kind === "DaemonSet" && workload.variants.some(({ spec }) => runsAgent(spec.containers, kind)),
    );
    found.set(kind, list);
  }
  return list;
}
const agents = new WeakMap<Inventory, Map<AgentKind, readonly Workload[]>>();

/** The agents' pods on the node, ready ones first. */
export function agentPodsOn(
  agents: readonly Workload[],
  node: string,
): { agent: Workload; pod: Pod; isReady: boolean }[] {
  return agents
    .flatMap((agent) =>
      agent.pods.filter((pod) => pod.spec.nodeName === node).map((pod) => ({ agent, pod, isReady: isReady(pod) })),
    )
    .sort((a, b) => Number(b.isReady) - Number(a.isReady));
}

/** True when the pod itself runs such an agent beside its own containers. */
export function hasSidecar(pod: Pod, kind: AgentKind): boolean {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return runsAgent([...pod.spec.containers, ...sidecars], kind);
}

function runsAgent(containers: readonly { name: string; image?: string }[], kind: AgentKind): boolean {
  return containers.some(
    ({ name, image = "" }) =>
      AGENT_IMAGES[kind].test(repositoryOf(image)) ||
      // Datadog's agent is a monitor; only with this container it watches processes.
      (kind === "sensor" && name === "security-agent" && /(?:^|\/)datadog\/agent$/.test(repositoryOf(image))),
  );
}

export function isReady(pod: Pod): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === "Ready");
  if (condition !== undefined) return condition.status === "True";
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.length > 0 && statuses.every(({ ready }) => ready === true);
}

/**
 * One answer for each node that runs CDE pods (each node while none is placed), and, with `controlPlane`, for the nodes of the
 * control plane. `serverless` answers for nodes that take no DaemonSet.
 */
export function judgeAgentNodes(
  context: EvaluationContext,
  options: { controlPlane: boolean },
  judge: (node: JudgedNode) => Result,
  serverless: (node: JudgedNode, kind: string) => Result,
): Result[] {
  return judgeCluster(context, ["cde"], () => {
    const unreadable = findUnreadable(context, ["nodes", "pods", "daemonsets"]);
    if (unreadable !== null) return [unreadable];
    const runsCde = (entry: JudgedNode) => entry.why !== "it belongs to the control plane";
    const nodes = nodesInScope(context).filter((entry) => options.controlPlane || runsCde(entry));
    const judged = nodes.length > 0 ? nodes : nodesInScope(context).filter(({ node }) => isControlPlaneNode(node));
    const results = judged.map((entry) => {
      const kind = serverlessKind(entry.node);
      return kind === null ? judge(entry) : serverless(entry, kind);
    });
    results.push(...invalidResults(context, ["Node"]));
    if (results.length > 0) return results;
    return [
      clusterResult(
        "unknown",
        "the snapshot holds no node",
        "The list of nodes is empty, so there is nothing to judge and nothing is known. A cluster with workloads has nodes; check the agent's permission.",
      ),
    ];
  });
}
