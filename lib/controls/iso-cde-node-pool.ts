/**
 * CDE nodes are labelled, tainted and the label cannot be self-assigned.
 *
 * Reads: labels and taints of nodes, live CDE pods with their node, the API server's admission plug-ins, policies about nodes.
 * Which label and taint mark a CDE node: cde-nodes.ts. CDE pods are those of namespaces that say they are CDE; DaemonSets and static
 * pods run everywhere by their nature and don't count.
 * Pass: a node carries both the label and a NoSchedule or NoExecute taint for the CDE, and its kubelet can't set the label
 * (reserved prefix, with NodeRestriction on every API server). A node of Fargate runs one pod only.
 * Fail: CDE pods run and no node is kept for them; a node has the label without the taint or the reverse; a CDE pod runs on a
 * control-plane node or on one that isn't kept. Medium: the label's key can be set by the kubelet itself.
 * Unknown: nodes or pods could not be read; CDE pods have no node yet; the API server's plug-ins are not visible; a policy about
 * nodes may protect the label.
 * Not applicable: the cluster holds nothing but CDE and connected-to (iso-dedicated-cluster passes), or no CDE pod and no CDE node.
 *
 * NoSchedule lets pods stay that were there before; NoExecute drives them out. A new pool without taint is seen at the next scan.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Node, Pod } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import {
  admissionPlugin,
  type CdeNodes,
  cdeNodes,
  isDeclaredCde,
  isFargate,
  isRestrictedKey,
  restrictedPair,
} from "./cde-nodes";
import { dedicationOf } from "./dedicated-cluster";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { script, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

const CONTROL_PLANE = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

export const isoCdeNodePool: Control = {
  id: "iso-cde-node-pool",
  title: "CDE nodes are labelled, tainted and the label cannot be self-assigned",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.3",
      kind: "primary",
      rationale: "Nodes that are kept for the CDE separate its functions from those of other security levels.",
    },
    {
      requirement: "1.3.1",
      kind: "supporting",
      rationale: "Traffic into the CDE can be limited at the node only where nodes belong to it alone.",
    },
    {
      requirement: "12.5.1",
      kind: "supporting",
      rationale: "The label is the inventory's answer to which machines are system components of the CDE.",
    },
  ],
  judges: "node",
  sections: [...WORKLOAD_SECTIONS, "nodes"],
  rule: {
    reads:
      "Labels and taints of nodes, live CDE pods with their nodes, the API server's admission plug-ins and policies about nodes.",
    pass: "A node carries the CDE's label and a NoSchedule or NoExecute taint for the CDE, and its kubelet can't set the label; or it is a node of Fargate.",
    fail: "CDE pods run and no node is kept for them, label and taint disagree, or a CDE pod runs on a control-plane or unkept node; medium when the kubelet could set the label itself.",
    unknown: "Nodes or pods could not be read, CDE pods have no node yet, or what protects the label is not visible.",
    notApplicable:
      "The cluster holds nothing but CDE and connected-to namespaces, or neither a CDE pod nor a CDE node.",
    why: "The label draws CDE pods to the node, the taint keeps others off, and the reserved prefix keeps a stolen node from posing as one.",
    cannotSee:
      "Pools that are scaled to zero, and who may change nodes through the cloud; rights on nodes are judged by RBAC controls.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      if (dedicationOf(context).status === "dedicated") {
        return [
          clusterResult(
            "not-applicable",
            "the whole cluster is kept for the CDE",
            "Every namespace is CDE or connected-to, so no node of this cluster has to be kept apart from others.",
          ),
        ];
      }
      const unreadable = findUnreadable(context, ["nodes"]) ?? findUnreadable(context, ["pods"]);
      if (unreadable !== null) return [unreadable];
      return [...judgeNodes(context), ...invalidResults(context, ["Node"])];
    }),
  verify: ({ scope }) => ({
    command: script(
      `kubectl get nodes -o json | jq -r --arg key ${shellQuote(scope.settings.labelKey)} '.items[]|[.metadata.name,"labels="+([(.metadata.labels//{})|to_entries[]|select((.key|endswith($key)) or (.key|startswith("node-restriction.kubernetes.io/")))|"\\(.key)=\\(.value)"]|join(",")),"taints="+([(.spec.taints//[])[]|"\\(.key)=\\(.value//""):\\(.effect)"]|join(","))]|join(" ")'`,
      `kubectl -n kube-system get pods -l component=kube-apiserver -o json | jq -r '.items[]|.metadata.name as $n|.spec.containers[0]|((.command//[])+(.args//[]))[]|select(startswith("--enable-admission-plugins"))|"\\($n) \\(.)"'`,
    ),
    expect:
      "Each CDE node shows both a label below node-restriction.kubernetes.io/ and a taint with NoSchedule or NoExecute; the API server's plug-ins hold NodeRestriction. Any other label key of the CDE can be set by the node's own kubelet.",
    needs: [],
  }),
  remediate: (context, result) => remediate(context, result),
};

function remediate(context: EvaluationContext, result: Result) {
  const { key, value } = restrictedPair(context.scope);
  const nodes = result.object.kind === "Node" ? [result.object.name] : ["NODE"];
  const { labelKey } = context.scope.settings;
  const commands = nodes.map(
    (node) =>
      `kubectl label node ${shellQuote(node)} ${key}=${value} --overwrite; kubectl taint node ${shellQuote(node)} ${labelKey}=${value}:NoExecute --overwrite`,
  );
  return {
    summary: `Set label and taint in the settings of the node pool, so that new nodes have them, and on the nodes that exist: ${commands.join("; ")}. Give CDE workloads the matching nodeSelector and toleration first, and start the API server with NodeRestriction.`,
    risk: "NoExecute evicts every pod without the toleration at once; there must be room for them elsewhere.",
  };
}

function judgeNodes(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const kept = cdeNodes(context);
  const pods = new Map<string, Pod[]>();
  const unplaced: string[] = [];
  for (const { pod, workload } of inventory.livePods) {
    if (!isDeclaredCde(scope, namespaceOf(pod)) || workload.ref.kind === "DaemonSet" || workload.isStatic) continue;
    const node = pod.spec.nodeName ?? "";
    if (node === "") unplaced.push(`${namespaceOf(pod)}/${pod.metadata.name}`);
    else pods.set(node, [...(pods.get(node) ?? []), pod]);
  }
  const withPods = [...pods.keys()].sort();
  const marked = inventory.nodes.filter(
    (node) => kept.isKept(node) || kept.labelsOf(node).length > 0 || kept.taintsOf(node).length > 0,
  );
  if (withPods.length > 0 && !marked.some((node) => kept.isKept(node))) return [noNodeKept(context, pods)];

  const results = inventory.nodes
    .filter((node) => marked.includes(node) || pods.has(node.metadata.name))
    .map((node) => judgeNode(context, node, kept, pods.get(node.metadata.name) ?? []));
  const unseen = withPods.filter((name) => !inventory.nodes.some((node) => node.metadata.name === name));
  for (const name of unseen) {
    results.push({
      status: "unknown",
      object: { apiVersion: "v1", kind: "Node", name },
      reason: "runs CDE pods, and there is no Node object",
      detail: `CDE pods run on node ${name}, and the snapshot holds no Node object for it, so its labels and taints are not known.`,
      evidence: podEvidence(pods.get(name) ?? [], name),
    });
  }
  if (unplaced.length > 0) {
    results.push(
      clusterResult(
        "unknown",
        `${unplaced.length} CDE ${unplaced.length === 1 ? "pod has" : "pods have"} no node yet`,
        `These CDE pods are not placed: ${nameSome(unplaced)}. Where they will run isn't known.`,
      ),
    );
  }
  if (results.length > 0) return results;
  return [
    clusterResult(
      "not-applicable",
      "no CDE pod runs and no node is kept for the CDE",
      "No live pod of a namespace that says it is CDE runs on a node, and no node carries the CDE's label or taint.",
    ),
  ];
}

function noNodeKept(context: EvaluationContext, pods: ReadonlyMap<string, Pod[]>): Result {
  const { inventory } = context;
  const { key, value } = restrictedPair(context.scope);
  const names = [...pods.keys()].sort();
  return {
    ...clusterResult(
      "fail",
      shortReason(`CDE pods run and no node is kept for them: ${nameSome(names, 3)}`),
      `CDE pods run on ${nameSome(
        names.map(
          (name) =>
            `${name} (${nameSome(
              (pods.get(name) ?? []).map((pod) => pod.metadata.name),
              3,
            )})`,
        ),
      )}. No node carries both a label of the CDE (${key}=${value}, or ${context.scope.settings.labelKey}=${value}) and a NoSchedule or NoExecute taint of that name.`,
    ),
    evidence: names.slice(0, 20).flatMap((name) => {
      const node = inventory.nodes.find((candidate) => candidate.metadata.name === name);
      return [...(node === undefined ? [] : nodeEvidence(node)), ...podEvidence(pods.get(name) ?? [], name)];
    }),
  };
}

function judgeNode(context: EvaluationContext, node: Node, kept: CdeNodes, pods: readonly Pod[]): Result {
  const name = node.metadata.name;
  const labels = kept.labelsOf(node);
  const taints = kept.taintsOf(node);
  const evidence = [...nodeEvidence(node), ...podEvidence(pods, name)];
  const base = { object: refOf(node), evidence };
  const labelWords = labels.map(({ key, value }) => `${key}=${value}`).join(", ");
  const taintWords = taints.map(({ key, value, effect }) => `${key}=${value ?? ""}:${effect}`).join(", ");
  const podWords =
    pods.length === 0
      ? ""
      : ` CDE pods on it: ${nameSome(
          pods.map((pod) => pod.metadata.name),
          4,
        )}.`;
  const fail = (reason: string, detail: string): Result => ({
    ...base,
    status: "fail",
    reason,
    detail: `${detail}${podWords}`,
  });
  if (isFargate(node)) {
    return {
      ...base,
      status: "pass",
      reason: "a node of Fargate runs one pod only",
      detail: `Node ${name} is a virtual machine that Fargate makes for one pod.${podWords}`,
    };
  }
  if (pods.length > 0 && CONTROL_PLANE.some((key) => node.metadata.labels?.[key] !== undefined)) {
    return fail("CDE pods run on a control-plane node", `Node ${name} is part of the control plane.`);
  }
  if (labels.length === 0 && taints.length === 0)
    return fail(
      "runs CDE pods and is not kept for the CDE",
      `Node ${name} has neither the label nor the taint of the CDE.`,
    );
  if (taints.length === 0)
    return fail(
      "has the CDE's label and no taint that keeps others off",
      `Node ${name} has the label ${labelWords} and no NoSchedule or NoExecute taint of the CDE, so any pod may be scheduled on it.`,
    );
  if (labels.length === 0)
    return fail(
      "has the CDE's taint and not its label",
      `Node ${name} has the taint ${taintWords} and no label of the CDE, so that CDE pods can't be drawn to it.`,
    );

  const stays = taints.every(({ effect }) => effect !== "NoExecute")
    ? " NoSchedule lets pods stay that ran there before the taint was set."
    : "";
  const facts = `Node ${name} has the label ${labelWords} and the taint ${taintWords}.${stays}${podWords}`;
  const protectedKey = labels.find(({ key }) => isRestrictedKey(key))?.key;
  if (protectedKey === undefined) {
    const guards = nodePolicies(context);
    if (guards.length > 0) {
      return {
        ...base,
        status: "unknown",
        reason: "a policy may keep kubelets from setting the label",
        detail: `${facts} The kubelet may set this key on its own node, unless ${nameSome(guards)} refuses it; its content is not understood.`,
      };
    }
    return {
      ...fail(
        shortReason(`its kubelet could set the label ${labels[0]?.key ?? ""} itself`),
        `Node ${name} has the label ${labelWords} and the taint ${taintWords}. A stolen kubelet can set this key on its own Node object and draw CDE pods to it; NodeRestriction guards node-restriction.kubernetes.io/ only.`,
      ),
      severity: "medium",
    };
  }
  const plugin = admissionPlugin(context.inventory, "NodeRestriction");
  if (plugin.status === "on")
    return {
      ...base,
      status: "pass",
      reason: "labelled, tainted, and the label is guarded",
      detail: `${facts} ${sentence(plugin.words)}.`,
    };
  if (plugin.status === "off") {
    return {
      ...fail(
        "the label's prefix is not guarded: NodeRestriction is off",
        `${facts} ${sentence(plugin.words)}, so a kubelet may set any label.`,
      ),
      severity: "medium",
    };
  }
  return {
    ...base,
    status: "unknown",
    reason: "whether NodeRestriction guards the label is not known",
    detail: `${facts} ${sentence(plugin.words)}.`,
  };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** Policies in force that are asked about nodes; what they say is not understood here. */
function nodePolicies({ inventory }: EvaluationContext): string[] {
  const denying = new Set(
    inventory
      .list("validatingadmissionpolicybindings")
      .filter(({ spec }) => JSON.stringify(spec?.validationActions ?? []).includes("Deny"))
      .map(({ spec }) => spec?.policyName),
  );
  const native = inventory
    .list("validatingadmissionpolicies")
    .filter(
      ({ metadata, spec }) =>
        denying.has(metadata.name) && /"(nodes|\*)"/.test(JSON.stringify(spec?.matchConstraints ?? {})),
    );
  const kyverno = inventory
    .list("kyverno-clusterpolicies")
    .filter(
      ({ spec }) =>
        /"(?:v1\/)?Node"/.test(JSON.stringify(spec?.rules ?? [])) && /Enforce|enforce/.test(JSON.stringify(spec)),
    );
  return [...native, ...kyverno].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

function nodeEvidence(node: Node): EvidencePointer[] {
  const ref = refOf(node);
  return [
    { ref, pointer: "/metadata/labels", found: JSON.stringify(node.metadata.labels ?? {}) },
    { ref, pointer: "/spec/taints", found: JSON.stringify(node.spec?.taints ?? []) },
  ];
}
function podEvidence(pods: readonly Pod[], node: string): EvidencePointer[] {
  return pods.slice(0, 10).map((pod) => ({ ref: refOf(pod), pointer: "/spec/nodeName", found: node }));
}
