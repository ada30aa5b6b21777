/**
 * net-cni-enforces-policy: the cluster's network plug-in enforces NetworkPolicy on every node.
 *
 * Reads: DaemonSets (images, flags, status), their pods, and the nodes.
 * Pass: a plug-in known to enforce has a ready pod on every node that can take pods.
 * Fail: only plug-ins known not to enforce are there (plain flannel, AWS VPC CNI without its policy agent switched on), or the
 *   enforcing one isn't ready on a node that runs CDE pods.
 * Unknown: no plug-in recognised, or CDE pods on nodes where no DaemonSet runs (Fargate, virtual kubelet) or whose operating
 *   system the plug-in doesn't cover, or it isn't ready on some node where the next CDE pod may come.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 * The look-up itself is lib/network/enforcement; every control about policies asks it.
 */
import { policyEnforcement, enforcementOn } from "@/lib/network/enforcement";
import { clusterResult, judgeCluster } from "./population";
import type { Control, EvaluationContext, Result } from "./types";

export const netCniEnforcesPolicy: Control = {
  id: "net-cni-enforces-policy",
  title: "The cluster network plug-in enforces NetworkPolicy on every node",
  severity: "critical",
  requirements: [
    {
      requirement: "1.2.1",
      kind: "primary",
      rationale: "Rule sets that no component carries out are not implemented network security controls.",
    },
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale: "Inbound restrictions written as NetworkPolicy restrict nothing under a plug-in that ignores them.",
    },
    {
      requirement: "1.3.2",
      kind: "primary",
      rationale: "Outbound restrictions written as NetworkPolicy restrict nothing under a plug-in that ignores them.",
    },
    {
      requirement: "1.4.1",
      kind: "primary",
      rationale:
        "Controls between trusted and untrusted pods exist inside a cluster only if its plug-in enforces them on each node.",
    },
  ],
  judges: "cluster",
  sections: ["daemonsets", "pods", "nodes"],
  rule: {
    reads: "DaemonSets with images, flags and status, their pods, and the nodes.",
    pass: "A plug-in known to enforce NetworkPolicy has a ready pod on every node that can take pods.",
    fail: "Only plug-ins that enforce nothing were found, or the enforcing one is not ready on a node that runs CDE pods.",
    unknown:
      "No plug-in recognised, its switch isn't visible, or CDE pods run where its coverage can't be seen (Fargate, Windows).",
    notApplicable: "The cluster has no CDE and no connected-to namespace.",
    why: "The API server stores any NetworkPolicy and never says that nobody enforces it; the plug-in's agent on each node does the work.",
    cannotSee:
      "What the plug-in does with packets: only a probe shows that. Pods on the host network are outside every policy, and some plug-ins let traffic pass for moments after a pod starts.",
  },
  evaluate(context) {
    return judgeCluster(context, ["cde", "connected-to"], () => [judge(context)]);
  },
  verify() {
    return {
      command: `kubectl get ds -A -o json | jq -r '.items[]|select(any(.spec.template.spec.containers[];.image|test("calico|cilium|antrea|ovn|kube-router|aws-network-policy-agent|amazon-k8s-cni|azure-npm|azure-cns|weave|flannel|kindnet|kube-network-policies")) or (.metadata.name|test("^(anetd|ovnkube-node)$")))|"\\(.metadata.namespace)/\\(.metadata.name) desired=\\(.status.desiredNumberScheduled) ready=\\(.status.numberReady) \\([.spec.template.spec.containers[]|.image,((.command//[])+(.args//[]))[]]|map(select(test("calico|cilium|image|policy|firewall|:v")))|join(" "))"'\nkubectl get nodes -o wide`,
      expect:
        "A plug-in that enforces NetworkPolicy, with as many ready pods as there are nodes; for AWS its agent with --enable-network-policy=true. Names are a hint, a probe is the proof.",
      needs: [],
    };
  },
  remediate(_, result) {
    return {
      summary: `Bring an enforcing plug-in to every node: add Calico's policy engine to flannel (Canal), set enableNetworkPolicy on the AWS VPC CNI add-on, or migrate to Cilium, Calico, Antrea or OVN-Kubernetes. Then probe one path that must be closed. Seen: ${result.detail}`,
      risk: "Policies that were without effect start to block at once: read them all, and probe the allowed paths, before the plug-in enforces them. Changing the plug-in restarts the pod network.",
    };
  },
};

function judge(context: EvaluationContext): Result {
  const { inventory, scope } = context;
  const all = policyEnforcement(inventory);
  const grounds = all.grounds.join(" ");
  const evidence = all.evidence;
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    ...clusterResult(status, reason, detail),
    evidence,
  });
  if (all.status === "not-enforced") {
    return answer(
      "fail",
      `${all.plugin} enforces no NetworkPolicy`,
      `${grounds} No other plug-in that enforces was found, so every NetworkPolicy in this cluster is without effect.`,
    );
  }
  if (all.perNode.length === 0) {
    return answer(
      "unknown",
      all.plugin === null
        ? "no network plug-in was recognised"
        : `whether ${all.plugin} enforces on each node is not visible`,
      `${grounds} A segmentation probe, or an attestation with the plug-in's configuration, would settle it.`,
    );
  }
  const nodes = scope
    .inCategory("cde")
    .flatMap((name) => inventory.livePodsIn(name))
    .flatMap((pod) => pod.spec.nodeName ?? []);
  const cde = enforcementOn(inventory, nodes);
  if (cde.status === "not-enforced") {
    return answer(
      "fail",
      `${all.plugin} is not ready on nodes that run CDE pods`,
      `${cde.ground} CDE pods run there without any policy being enforced. ${grounds}`,
    );
  }
  const gaps = all.perNode.filter(({ coverage }) => coverage === "missing" || coverage === "not-ready");
  if (gaps.length > 0) {
    return answer(
      "unknown",
      `${all.plugin} is not ready on ${gaps.length} of ${all.perNode.length} nodes`,
      `${grounds} No CDE pod runs there now; the next one may. It is known again when the plug-in is ready on every node.`,
    );
  }
  if (cde.status === "unknown") {
    return answer(
      "unknown",
      "CDE pods run on nodes that the plug-in may not cover",
      `${cde.ground} Ask the provider how traffic to these pods is restricted (security groups), or move them. ${grounds}`,
    );
  }
  return answer("pass", `${all.plugin} ${all.version ?? ""} is ready on every node`.replace("  ", " "), grounds);
}
