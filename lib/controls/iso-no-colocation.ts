/**
 * iso-no-colocation: CDE pods and other pods do not share nodes.
 *
 * Reads: live pods with their node and their namespace's scope, the tolerations of workloads, the taints of nodes.
 * Pass: the node runs no CDE pod, or only CDE pods and system DaemonSets (of kube-system or a connected-to namespace, and the
 *   kubelet's static pods).
 * Fail: a pod of an out-of-scope or unlabelled namespace runs on a node with a CDE pod: critical. A workload outside the scope
 *   tolerates every taint that keeps others off such a node, even if it isn't scheduled there: medium.
 * Unknown: pods couldn't be read; CDE pods have no node yet, or only templates are there; nodes couldn't be read, so that taints
 *   aren't known; or pods of connected-to namespaces other than DaemonSets share the node, which takes an approval.
 * Not applicable: the cluster holds no namespace out of scope (all are CDE or connected-to).
 * Traps: operator Exists without a key tolerates every taint, as logging and monitoring agents do; finished pods don't count;
 *   an unlabelled namespace counts as CDE elsewhere, and here it is foreign to what is declared CDE.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { refOf } from "@/lib/inventory/inventory";
import type { Node, Pod } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";
import type { Scope } from "@/lib/scope/types";
import { renderPatch } from "./manifest";
import { keepingTaints, tolerates } from "./placement";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";
import { shortReason } from "./short-reason";

export const isoNoColocation: Control = {
  id: "iso-no-colocation",
  title: "CDE pods and other pods do not share nodes",
  severity: "critical",
  requirements: [
    {
      requirement: "2.2.3",
      kind: "primary",
      rationale:
        "Pods on one node share its kernel, so functions with different security levels are not separated there.",
    },
    {
      requirement: "12.5.2",
      kind: "supporting",
      rationale: "What shares a node with CDE pods can affect them and belongs into the scope.",
    },
    {
      requirement: "7.2.5",
      kind: "supporting",
      rationale: "Who breaks out of a pod holds the rights of every account that runs on the node.",
    },
    {
      requirement: "A1.1.3",
      kind: "supporting",
      rationale: "Customers' environments that share nodes with others are separated by the kernel alone.",
    },
  ],
  judges: "node",
  sections: [...WORKLOAD_SECTIONS, "nodes"],
  rule: {
    reads: "Live pods with their node and scope, tolerations of workloads, taints of nodes.",
    pass: "The node runs no CDE pod, or only CDE pods and system DaemonSets.",
    fail: "A pod of an out-of-scope or unlabelled namespace runs beside a CDE pod; or (medium) a workload outside the scope tolerates the taints of a CDE node.",
    unknown:
      "Pods, their nodes or the taints are not known, or connected-to pods other than DaemonSets share the node.",
    notApplicable: "The cluster has no out-of-scope namespace, or no CDE.",
    why: "A container shares the kernel of its node; a weakness there joins everything that runs on the node.",
    cannotSee: "Whether a sandboxed runtime (Kata) lessens the risk: that takes an approved exception.",
  },
  evaluate(context) {
    return judgeCluster(context, ["cde"], () => {
      const unreadable = findUnreadable(context, ["pods"]);
      if (unreadable !== null) return [unreadable];
      return [...judgeNodes(context), ...invalidResults(context, ["Pod"])];
    });
  },
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '[.items[]|select(.status.phase!="Succeeded" and .status.phase!="Failed" and .spec.nodeName)]|group_by(.spec.nodeName)[]|select(any(.[];.metadata.namespace as $n|$cde|index($n)))|.[0].spec.nodeName as $node|.[]|select(.metadata.namespace as $n|$cde|index($n)|not)|"\\($node) \\(.metadata.namespace)/\\(.metadata.name) \\(.metadata.ownerReferences[0].kind//"-")"'`,
      ),
      expect:
        "Only DaemonSets and static pods (owner Node) of system namespaces. Everything else shares a node with CDE pods.",
      needs: [],
    };
  },
  remediate(context, result) {
    const node = result.object.name;
    const { labelKey, values } = context.scope.settings;
    const label = `node-restriction.kubernetes.io/${labelKey.split("/").pop() ?? "pci-scope"}`;
    return {
      summary: `Keep ${node} for CDE pods: label and taint it, give CDE workloads the matching nodeSelector and toleration (the patch is for their pod template), take the toleration from the others, then drain it.`,
      manifest: renderPatch({
        spec: {
          template: {
            spec: {
              nodeSelector: { [label]: values.cde },
              tolerations: [{ key: labelKey, operator: "Equal", value: values.cde, effect: "NoExecute" }],
            },
          },
        },
      }),
      apply: [
        `kubectl label node ${shellQuote(node)} ${label}=${values.cde}`,
        ...cdeWorkloadsOn(context, node).map(
          ({ ref, namespace }) =>
            `kubectl -n ${shellQuote(namespace)} patch ${ref.kind.toLowerCase()} ${shellQuote(ref.name)} --patch-file patch.yaml`,
        ),
        `kubectl taint node ${shellQuote(node)} ${labelKey}=${values.cde}:NoExecute`,
      ].join(" &&\n"),
      risk: "NoExecute evicts every pod without the toleration at once; there must be room for them elsewhere. Patch the CDE workloads before the taint is set.",
    };
  },
};

/** The CDE workloads with a pod on the node whose template can be patched. */
function cdeWorkloadsOn(context: EvaluationContext, node: string): Workload[] {
  return context.inventory.workloads.filter(
    (workload) =>
      context.scope.categoryOf(workload.namespace) === "cde" &&
      ["Deployment", "StatefulSet", "DaemonSet"].includes(workload.ref.kind) &&
      workload.pods.some((pod) => pod.spec.nodeName === node),
  );
}

/** `declared` pods say that they are CDE; `unlabelled` ones count as CDE because nobody said anything. */
type Standing = "declared" | "unlabelled" | "connected" | "foreign";

function standingOf(scope: Scope, namespace: string): Standing {
  const entry = scope.namespaces.find((candidate) => candidate.namespace === namespace);
  if (entry === undefined || entry.category === "undeclared" || entry.category === "out-of-scope") return "foreign";
  if (entry.category === "connected-to") return "connected";
  return entry.reasons.some((reason) => reason.code === "missing-label") ? "unlabelled" : "declared";
}

interface Resident {
  pod: Pod;
  workload: Workload;
  standing: Standing;
}

function judgeNodes(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const standings = new Map(inventory.namespaceNames.map((name) => [name, standingOf(scope, name)]));
  const standing = (name: string): Standing => standings.get(name) ?? "foreign";
  if (![...standings.values()].some((s) => s === "foreign" || s === "unlabelled")) {
    return [
      clusterResult(
        "not-applicable",
        "no namespace of this cluster is out of scope",
        "Every namespace is CDE or connected-to, so no pod outside the scope can share a node with CDE pods.",
      ),
    ];
  }
  const byNode = new Map<string, Resident[]>();
  const unplaced: string[] = [];
  for (const { pod, workload } of inventory.livePods) {
    const resident = { pod, workload, standing: standing(namespaceOf(pod)) };
    const node = pod.spec.nodeName;
    if (node === undefined || node === "") {
      if (resident.standing === "declared") unplaced.push(`${namespaceOf(pod)}/${pod.metadata.name}`);
      continue;
    }
    const known = byNode.get(node);
    if (known === undefined) byNode.set(node, [resident]);
    else known.push(resident);
  }
  const templates = inventory.workloads.filter((w) => w.pods.length === 0 && standing(w.namespace) === "declared");
  const names = [...new Set([...inventory.nodes.map((node) => node.metadata.name), ...byNode.keys()])].sort();
  const tolerant = inventory.workloads.filter(
    (workload) => standing(workload.namespace) === "foreign" && !isSystem(workload),
  );
  const results = names.map((name) => judgeNode(context, name, byNode.get(name) ?? [], tolerant));
  if (unplaced.length > 0) {
    results.push(
      clusterResult(
        "unknown",
        `${unplaced.length} CDE ${unplaced.length === 1 ? "pod has" : "pods have"} no node yet`,
        `These CDE pods are not placed: ${nameSome(unplaced)}. Where they will run isn't known.`,
      ),
    );
  } else if (names.length === 0) {
    results.push(
      clusterResult(
        "unknown",
        "no placement is visible",
        `The snapshot holds neither nodes nor placed pods${templates.length > 0 ? `, only templates (${nameSome(templates.map((w) => w.ref.name))})` : ""}. Where pods run is known from a running cluster.`,
      ),
    );
  }
  return results;
}

function judgeNode(
  context: EvaluationContext,
  name: string,
  residents: readonly Resident[],
  tolerant: readonly Workload[],
): Result {
  const node = context.inventory.nodes.find((candidate) => candidate.metadata.name === name);
  const object = { apiVersion: "v1", kind: "Node", name };
  const hasDeclared = residents.some((r) => r.standing === "declared");
  const cde = residents.filter((r) => r.standing === "declared" || (r.standing === "unlabelled" && !hasDeclared));
  const place = (r: Resident) => `${namespaceOf(r.pod)}/${r.pod.metadata.name}`;
  const evidence = (list: readonly Resident[]): EvidencePointer[] =>
    list.slice(0, 20).map((r) => ({ ref: refOf(r.pod), pointer: "/spec/nodeName", found: name }));
  if (cde.length === 0) {
    return {
      status: "pass",
      object,
      reason: "runs no CDE pod",
      detail: `Node ${name} runs ${residents.length} pods, none of them CDE.`,
      evidence: node === undefined ? [] : [{ ref: refOf(node), pointer: "/metadata/name", found: name }],
    };
  }
  const others = residents.filter((r) => !cde.includes(r) && !isSystem(r.workload, r.standing));
  const foreign = others.filter((r) => r.standing === "foreign" || r.standing === "unlabelled");
  const base = `Node ${name} runs ${cde.length} CDE ${cde.length === 1 ? "pod" : "pods"} (${nameSome(cde.map(place), 3)})`;
  const readable = context.inventory.readable("nodes");
  const intruders = node === undefined ? [] : whoTolerates(node, tolerant);
  const tolerated =
    intruders.length === 0
      ? ""
      : ` These workloads outside the scope tolerate its taints and may come: ${nameSome(intruders.map((w) => `${w.namespace}/${w.ref.name}`))}.`;
  if (foreign.length > 0) {
    return {
      status: "fail",
      object,
      severity: "critical",
      reason: `${foreign.length} ${foreign.length === 1 ? "pod" : "pods"} outside the CDE beside ${cde.length} CDE ${cde.length === 1 ? "pod" : "pods"}`,
      detail: `${base} beside ${nameSome(
        foreign.map((r) => `${place(r)}${r.standing === "unlabelled" ? " (namespace without scope label)" : ""}`),
        6,
      )}.${tolerated}`,
      evidence: [...evidence(foreign), ...evidence(cde)],
    };
  }
  if (intruders.length > 0) {
    return {
      status: "fail",
      object,
      severity: "medium",
      reason: `${intruders.length} ${intruders.length === 1 ? "workload" : "workloads"} outside the CDE may be scheduled here`,
      detail: `${base} and no pod outside the scope now.${tolerated}`,
      evidence: intruders.slice(0, 20).map((w) => ({
        ref: w.variants[0]?.source.ref ?? w.ref,
        pointer: `${w.variants[0]?.source.pointer ?? "/spec"}/tolerations`,
        found: JSON.stringify(w.variants[0]?.spec.tolerations ?? []),
      })),
    };
  }
  const connected = others.filter((r) => r.standing === "connected");
  if (connected.length > 0) {
    return {
      status: "unknown",
      object,
      reason: shortReason(`connected-to pods share the node: ${nameSome(connected.map(place), 2)}`),
      detail: `${base} beside pods of connected-to namespaces that are no DaemonSets: ${nameSome(connected.map(place))}. Move them, or record the approval.`,
      evidence: [...evidence(connected), ...evidence(cde)],
    };
  }
  if (node === undefined) {
    return {
      status: "unknown",
      object,
      reason: "only CDE pods run here; the node's taints are not known",
      detail: `${base} and nothing foreign. Which workloads its taints let in isn't known: ${readable.known ? "the snapshot holds no Node object for it" : readable.message}.`,
      evidence: evidence(cde),
    };
  }
  return {
    status: "pass",
    object,
    reason: `only CDE pods and system DaemonSets`,
    detail: `${base}; everything else on it is a system DaemonSet or static pod. No workload outside the scope tolerates its taints.`,
    evidence: [
      ...evidence(cde),
      { ref: refOf(node), pointer: "/spec/taints", found: JSON.stringify(node.spec?.taints ?? []) },
    ],
  };
}

/** DaemonSets and static pods of kube-system and of connected-to namespaces: they run on every node by their nature. */
function isSystem(workload: Workload, standing?: Standing): boolean {
  const isOnEveryNode = workload.isStatic || workload.ref.kind === "DaemonSet" || workload.ref.kind === "Node";
  return isOnEveryNode && (workload.namespace === "kube-system" || standing === "connected");
}

/**
 * Workloads that tolerate every taint with which the node keeps others off. A node without such a taint is open to all, and
 * whether that matters is a question of node pools (iso-cde-node-pool), so nobody is named here.
 */
function whoTolerates(node: Node, workloads: readonly Workload[]): Workload[] {
  const taints = keepingTaints(node);
  if (taints.length === 0) return [];
  return workloads.filter((workload) =>
    workload.variants.some(({ spec }) =>
      taints.every((taint) => (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint))),
    ),
  );
}
