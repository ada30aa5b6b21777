/**
 * scp-component-inventory: in-scope components are inventoried with owner and purpose.
 *
 * Reads: workloads of CDE and connected-to namespaces, the nodes that run CDE pods and the control plane, the cluster itself; their
 *   annotations and labels; the inventory of components.
 * Pass: each has an owner and a purpose, in an annotation or label whose name ends in `owner` and `purpose` (ringfence.dev/owner), or
 *   in the inventory.
 * Fail: one of the two is missing; an entry of the inventory that is not retired and that the cluster no longer holds.
 * Unknown: the snapshot is older than seven days, or something of it was not read.
 * Not applicable: no workload in the namespace; objects that another controller owns are judged at their root only.
 * Traps: static pods belong to their node; Argo Rollouts and Knative own ReplicaSets, so the owner is followed to the root.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { refOf } from "@/lib/inventory/inventory";
import type { KubeObject, Node } from "@/lib/inventory/kinds";
import type { ComponentEntry } from "@/lib/inventory/registers/components";
import { findObject } from "@/lib/inventory/look-ups";
import { endOf } from "@/lib/inventory/registers";
import { REDACTED } from "@/lib/inventory/secret-net";
import { sectionOfKind } from "@/lib/inventory/sections";
import { isControlPlaneNode, nodesInScope } from "./nodes-in-scope";
import { clusterResult, findUndeclared, findUnreadable, judgeCluster, nameSome } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { judgeWorkloads, sourceWords, type Verdict, WORKLOAD_SECTIONS, wordsOf } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
/** After seven days a result is not assessed any more; an inventory that old says nothing about today. */
const FRESH_DAYS = 7;
const DAY = 86_400_000;

export const scpComponentInventory: Control = {
  id: "scp-component-inventory",
  title: "In-scope components are inventoried with owner and purpose",
  severity: "medium",
  requirements: [
    {
      requirement: "12.5.1",
      kind: "primary",
      rationale: "An inventory of system components in scope says of each what it is for and is kept current.",
    },
    {
      requirement: "12.3.4",
      kind: "supporting",
      rationale:
        "Technologies can be reviewed once a year only where somebody knows which are in use and whose they are.",
    },
    {
      requirement: "6.3.2",
      kind: "supporting",
      rationale: "An inventory of software needs to know who answers for each component.",
    },
  ],
  judges: "component",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Workloads of CDE and connected-to namespaces, nodes that run CDE pods or the control plane, the cluster, their annotations and labels, and the inventory of components.",
    pass: "Each component has an owner and a purpose, in its annotations or labels or in the inventory.",
    fail: "Owner or purpose is missing, or an entry of the inventory is not retired and the cluster no longer holds it.",
    unknown: "The snapshot is older than seven days, or workloads or nodes could not be read.",
    notApplicable: "No workload in the namespace, or no namespace in scope.",
    why: "The snapshot is a complete list of what runs; an owner and a purpose beside each entry make it an inventory.",
    cannotSee:
      "Whether owner and purpose are true, components outside the cluster, and what a value that was not sent says.",
  },
  evaluate(context) {
    const undeclared = findUndeclared(context);
    if (undeclared !== null) return [undeclared];
    const { collectedAt } = context.inventory.snapshot;
    if (Date.parse(context.asOf) - Date.parse(collectedAt) > FRESH_DAYS * DAY) {
      return [
        clusterResult(
          "unknown",
          `the snapshot is of ${collectedAt.slice(0, 10)}`,
          `The newest snapshot was collected at ${collectedAt}, more than ${FRESH_DAYS} days before ${context.asOf}. What runs today is not known; it becomes known with the agent's next snapshot.`,
        ),
      ];
    }
    return [
      ...judgeWorkloads(context, CATEGORIES, (workload) => judgeWorkload(context, workload)),
      ...judgeCluster(context, CATEGORIES, () => [
        ...judgeNodeGroups(context),
        judgeClusterItself(context),
        ...judgeEntries(context),
      ]).filter(
        // What can't be judged at all was said for the workloads already.
        ({ object, status }) => object.kind !== "Namespace" && !(object === CLUSTER_REF && status === "not-applicable"),
      ),
    ];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `kubectl get deploy,sts,ds,cronjob -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $o|(((.metadata.annotations//{})+(.metadata.labels//{})+(.spec.template.metadata.annotations//{})+(.spec.template.metadata.labels//{}))|keys) as $k|["owner","purpose"][]|. as $w|select([$k[]|select(test("(^|/)"+$w+"$"))]|length==0)|"\\($o.kind) \\($o.metadata.namespace)/\\($o.metadata.name) lacks \\($w)"'`,
      `kubectl get nodes -o json | jq -r '.items[]|"Node \\(.metadata.name) \\([((.metadata.annotations//{})+(.metadata.labels//{}))|to_entries[]|select(.key|test("(^|/)(owner|purpose)$"))|"\\(.key)=\\(.value)"]|join(" "))"'`,
    ),
    expect:
      "Each line `lacks` is a workload to look up in the inventory of components; so is every node group, and the cluster itself.",
    needs: [],
  }),
  remediate(_context, result) {
    const { kind, namespace, name } = result.object;
    const risk = "None for what runs: annotations of the object itself don't restart its pods.";
    if (kind === "Cluster" || kind === "NodeGroup" || result.part === "inventory") {
      return {
        summary:
          result.part === "inventory"
            ? `Mark ${kind} ${name} as retired in the inventory of components, or find out why it is gone.`
            : `Add ${kind} ${name} with owner and purpose to the inventory of components.`,
        risk,
      };
    }
    const place = namespace === undefined ? "" : ` -n ${shellQuote(namespace)}`;
    return {
      summary: `Say in the manifest of ${kind} ${name}, or in the inventory of components, whose it is and what for; a policy that demands both keeps it so.`,
      apply: `kubectl annotate ${kind.toLowerCase()}${place} ${shellQuote(name)} ringfence.dev/owner="$OWNER" ringfence.dev/purpose="$PURPOSE"`,
      risk,
    };
  },
};

interface Said {
  owner: EvidencePointer | null;
  purpose: EvidencePointer | null;
}

/** Owner and purpose where annotations or labels say them. A value that was not sent is one; an empty one is none. */
function saidBy(object: KubeObject): Said {
  const find = (word: string): EvidencePointer | null => {
    for (const field of ["annotations", "labels"] as const) {
      for (const [key, value] of Object.entries(object.metadata[field] ?? {})) {
        if (!(key === word || key.endsWith(`/${word}`)) || value.trim() === "") continue;
        return {
          ref: refOf(object),
          pointer: `/metadata/${field}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
          ...(value === REDACTED ? {} : { found: value }),
        };
      }
    }
    return null;
  };
  return { owner: find("owner"), purpose: find("purpose") };
}

function findEntry(
  context: EvaluationContext,
  kind: string,
  namespace: string | undefined,
  name: string,
): { entry: ComponentEntry; evidence: EvidencePointer } | null {
  const entries = context.registers?.components ?? [];
  const index = entries.findIndex(
    (entry) =>
      entry.kind === kind && entry.namespace === namespace && entry.name === name && !isRetired(entry, context.asOf),
  );
  const entry = entries[index];
  if (entry === undefined) return null;
  return {
    entry,
    evidence: {
      ref: CLUSTER_REF,
      pointer: `/registers/components/${index}`,
      found: `${entry.owner}: ${entry.purpose}`,
    },
  };
}
function isRetired({ retiredAt }: ComponentEntry, asOf: string): boolean {
  return retiredAt !== undefined && Date.parse(retiredAt) <= Date.parse(asOf);
}

function judgeWorkload(context: EvaluationContext, workload: Workload): Verdict {
  if (workload.isStatic) {
    return {
      status: "not-applicable",
      reason: "a static pod: part of its node",
      detail: `${wordsOf(workload.ref)} is a static pod; it is inventoried with the node whose kubelet runs it.`,
      evidence: [],
    };
  }
  const registered = findEntry(context, workload.ref.kind, workload.namespace, workload.ref.name);
  if (registered !== null) {
    return {
      status: "pass",
      reason: shortReason(`${registered.entry.owner}: ${registered.entry.purpose}`),
      detail: `${wordsOf(workload.ref)} is in the inventory of components: owner ${registered.entry.owner}, purpose ${registered.entry.purpose}.`,
      evidence: [registered.evidence],
    };
  }
  const said = objectsOf(context, workload)
    .map(saidBy)
    .reduce<Said>((all, one) => ({ owner: all.owner ?? one.owner, purpose: all.purpose ?? one.purpose }), {
      owner: null,
      purpose: null,
    });
  return verdictOf(said, `${wordsOf(workload.ref)}${sourceWords(workload)}`, [
    { ref: workload.ref, pointer: "/metadata/annotations" },
  ]);
}

/** The workload's own object where its kind is read, and its live pods, which repeat what the template says. */
function objectsOf({ inventory }: EvaluationContext, workload: Workload): KubeObject[] {
  const { apiVersion, kind, name } = workload.ref;
  const section = sectionOfKind(apiVersion, kind);
  const own = section === undefined ? undefined : findObject(inventory, section.name, name, workload.namespace);
  return [...(own === undefined ? [] : [own]), ...workload.pods.slice(0, 1)];
}

function verdictOf({ owner, purpose }: Said, words: string, place: EvidencePointer[]): Verdict {
  const missing = [...(owner === null ? ["owner"] : []), ...(purpose === null ? ["purpose"] : [])];
  const evidence = [owner, purpose].flatMap((at) => (at === null ? [] : [at]));
  if (missing.length === 0)
    return {
      status: "pass",
      reason: "owner and purpose are stated",
      detail: `${words} states its owner and its purpose.`,
      evidence,
    };
  return {
    status: "fail",
    reason: `no ${missing.join(" and no ")} is stated`,
    detail: `${words} states no ${missing.join(" and no ")}, and is not in the inventory of components.`,
    evidence: [...place, ...evidence],
  };
}

/** The pool that a node belongs to, as its provider or its roles name it. */
function groupOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  const pool = POOL_LABELS.map((key) => labels[key]).find((value) => value !== undefined && value !== "");
  if (pool !== undefined) return pool;
  if (isControlPlaneNode(node)) return "control-plane";
  const role = Object.keys(labels).find((key) => key.startsWith("node-role.kubernetes.io/"));
  return role?.slice("node-role.kubernetes.io/".length) ?? "worker";
}
const POOL_LABELS = [
  "eks.amazonaws.com/nodegroup",
  "karpenter.sh/nodepool",
  "cloud.google.com/gke-nodepool",
  "kubernetes.azure.com/agentpool",
  "agentpool",
  "node.cluster.x-k8s.io/pool",
];

function judgeNodeGroups(context: EvaluationContext): Result[] {
  const unreadable = findUnreadable(context, ["nodes"]);
  if (unreadable !== null) {
    // Files hold no nodes; a cluster's agent that may not list them has something to hide.
    return context.inventory.snapshot.source === "manifests" ? [] : [unreadable];
  }
  const groups = new Map<string, Node[]>();
  for (const { node } of nodesInScope(context)) groups.set(groupOf(node), [...(groups.get(groupOf(node)) ?? []), node]);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, nodes]): Result => {
      const object = { apiVersion: "ringfence.dev/v1", kind: "NodeGroup", name };
      const registered = findEntry(context, "NodeGroup", undefined, name);
      const words = `Node group ${name} (${nameSome(
        nodes.map((node) => node.metadata.name),
        3,
      )})`;
      if (registered !== null)
        return {
          status: "pass",
          object,
          reason: shortReason(`${registered.entry.owner}: ${registered.entry.purpose}`),
          detail: `${words} is in the inventory of components: owner ${registered.entry.owner}, purpose ${registered.entry.purpose}.`,
          evidence: [registered.evidence],
        };
      const verdicts = nodes.map((node) =>
        verdictOf(saidBy(node), words, [{ ref: refOf(node), pointer: "/metadata/annotations" }]),
      );
      const worst = verdicts.find(({ status }) => status === "fail") ?? verdicts[0];
      return { object, ...(worst ?? verdictOf({ owner: null, purpose: null }, words, [])) };
    });
}

function judgeClusterItself(context: EvaluationContext): Result {
  const entries = context.registers?.components ?? [];
  const index = entries.findIndex((entry) => entry.kind === "Cluster" && !isRetired(entry, context.asOf));
  const entry = entries[index];
  if (entry === undefined)
    return {
      ...clusterResult(
        "fail",
        "the cluster is not in the inventory",
        "No entry of kind Cluster in the inventory of components says whose this cluster is and what for.",
      ),
      evidence: [{ ref: CLUSTER_REF, pointer: "/registers/components" }],
    };
  return {
    ...clusterResult(
      "pass",
      shortReason(`${entry.owner}: ${entry.purpose}`),
      `The inventory of components names the cluster as ${entry.name}: owner ${entry.owner}, purpose ${entry.purpose}.`,
    ),
    evidence: [
      { ref: CLUSTER_REF, pointer: `/registers/components/${index}`, found: `${entry.owner}: ${entry.purpose}` },
    ],
  };
}

/** Entries about workloads of judged namespaces that exist here, which the cluster no longer holds. */
function judgeEntries(context: EvaluationContext): Result[] {
  const { inventory } = context;
  if (!inventory.readable(...WORKLOAD_SECTIONS).known) return [];
  const judged = context.scope.inCategory(...CATEGORIES);
  const held = new Set(inventory.workloads.map(({ ref }) => `${ref.kind}/${ref.namespace}/${ref.name}`));
  return (context.registers?.components ?? []).flatMap((entry, i): Result[] => {
    const { kind, namespace, name } = entry;
    if (namespace === undefined || !judged.includes(namespace) || isRetired(entry, context.asOf)) return [];
    if (held.has(`${kind}/${namespace}/${name}`)) return [];
    const until =
      entry.retiredAt === undefined ? "" : ` (it is to retire at ${new Date(endOf(entry.retiredAt)).toISOString()})`;
    return [
      {
        status: "fail",
        object: { apiVersion: "ringfence.dev/v1", kind, namespace, name },
        part: "inventory",
        reason: "in the inventory, but not in the cluster",
        detail: `The inventory of components names ${kind} ${namespace}/${name} (${entry.purpose}), and the cluster does not hold it${until}. Mark it as retired, or find out why it is gone.`,
        evidence: [
          { ref: CLUSTER_REF, pointer: `/registers/components/${i}`, found: `${entry.owner}: ${entry.purpose}` },
        ],
      },
    ];
  });
}
