/**
 * CDE workloads are pinned to CDE nodes and admission requires it.
 *
 * Reads: nodeSelector, required node affinity, tolerations and nodeName of live CDE pods, or of the template where no pod lives;
 * labels and taints of nodes; policies, and the namespace's own node selector. Which nodes are the CDE's: cde-nodes.ts. One result
 * per workload for its placement, one per namespace for what admission demands.
 * Pass (workload): its required placement lets it onto CDE nodes only, and it tolerates their taints. Pass (namespace): a policy in
 * force, or the namespace's node selector with the plug-in PodNodeSelector, demands the placement.
 * Fail: no required placement (preferred affinity demands nothing, a toleration draws nobody), a placement that other nodes fulfil
 * too, no toleration for the CDE nodes' taints, nodeName written by hand, or nothing at admission that demands it (medium). Medium:
 * a toleration with operator Exists and no key, which tolerates every node.
 * Unknown: pods were not read; nodes are not known and the selector names no label of the CDE; the placement names nodes by field;
 * a policy may demand it; no scope is declared.
 * Not applicable: iso-dedicated-cluster passes; DaemonSets (iso-no-colocation judges them) and static pods; no workload.
 *
 * NotIn and DoesNotExist are judged against today's nodes: a new node without labels may fulfil them, and the detail says so.
 */
import { refOf, type Workload } from "@/lib/inventory/inventory";
import type { Node, PodSpec } from "@/lib/inventory/kinds";
import { findObject } from "@/lib/inventory/look-ups";
import { visitContainers } from "@/lib/podsecurity";
import { expressionsFor } from "./admission-expressions";
import { POLICY_SECTIONS, policyCovers } from "./admission-policies";
import { admissionPlugin, type CdeNodes, cdeNodes, type LabelPair, restrictedPair } from "./cde-nodes";
import { dedicationOf } from "./dedicated-cluster";
import { renderManifest } from "./manifest";
import { hasRequiredPlacement, mayBePlacedOn, tolerates, toleratesEverything } from "./placement";
import { clusterResult, nameSome } from "./population";
import { CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer, Remediation, Result } from "./types";
import { remediateWorkload } from "./workload-patch";
import {
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const NODE_SELECTOR_ANNOTATION = "scheduler.alpha.kubernetes.io/node-selector";
const POLICY_NAME = "ringfence-cde-nodes";

export const isoCdePodsPinned: Control = {
  id: "iso-cde-pods-pinned",
  title: "CDE workloads are pinned to CDE nodes and admission requires it",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.3",
      kind: "primary",
      rationale: "Nodes separate functions of different security levels only if CDE workloads can run nowhere else.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "Required placement, tolerations and nodeName of CDE workloads, labels and taints of nodes, and what admission demands in each CDE namespace.",
    pass: "A workload's required placement lets it onto CDE nodes only and it tolerates their taints; in a namespace a policy in force or its node selector demands it.",
    fail: "No required placement, one that other nodes fulfil, no toleration, a nodeName by hand; medium for a toleration of everything and for a namespace in which nothing demands the placement.",
    unknown: "Pods or nodes are not known, the placement or a policy is not understood, or no scope is declared.",
    notApplicable: "The whole cluster is kept for the CDE; DaemonSets, static pods, and namespaces without a workload.",
    why: "The scheduler puts a pod only where its required placement and its tolerations let it.",
    cannotSee: "Pods that somebody binds to a node through the API, and nodes that will be added with other labels.",
  },
  evaluate(context) {
    if (context.scope.declared && context.scope.hasCde && dedicationOf(context).status === "dedicated") {
      return [
        clusterResult(
          "not-applicable",
          "the whole cluster is kept for the CDE",
          "Every namespace is CDE or connected-to, so every node of this cluster may run CDE workloads.",
        ),
      ];
    }
    const kept = cdeNodes(context);
    const results = judgeWorkloads(context, ["cde"], (workload) => judge(context, kept, workload));
    const namespaces = distinct(
      results.flatMap((result) =>
        result.object.namespace !== undefined && (result.status === "pass" || result.status === "fail")
          ? [result.object.namespace]
          : [],
      ),
    );
    return [...results, ...namespaces.map((namespace) => judgeAdmission(context, kept, namespace))];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      CDE_PODS,
      `kubectl get nodes -o json | jq -r '.items[]|"node \\(.metadata.name) \\((.metadata.labels//{})|tojson) \\([(.spec.taints//[])[]|"\\(.key)=\\(.value//""):\\(.effect)"]|join(","))"'`,
      `cdepods | jq -r 'select([(.metadata.ownerReferences//[])[].kind]|(index("DaemonSet") or index("Node"))|not)|"pod \\(.metadata.namespace)/\\(.metadata.name) on \\(.spec.nodeName//"-") selector=\\((.spec.nodeSelector//{})|tojson) required=\\(.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution|tojson) tolerations=\\([(.spec.tolerations//[])[]|select((.key//"")|startswith("node.kubernetes.io/")|not)|"\\(.key//"*")\\(if .operator=="Exists" then "" else "=\\(.value//"")" end):\\(.effect//"*")"]|join(","))"'`,
      `kubectl get validatingadmissionpolicies -o json | jq -r '.items[]|select([.spec.validations[]?.expression]|join(" ")|test("nodeSelector|nodeAffinity"))|"policy \\(.metadata.name)"'`,
    ),
    expect:
      "Each CDE pod selects (selector or required) a label that only CDE nodes carry and tolerates their taint by key; no toleration *:*. A policy refuses pods that don't.",
    needs: [],
  }),
  remediate: (context, result) => (result.object.kind === "Namespace" ? demand(context, result) : pin(context, result)),
};

/** The CDE's nodes as far as they are known; null when the list of nodes isn't. */
function keptNodes({ inventory }: EvaluationContext, kept: CdeNodes): { kept: Node[]; others: Node[] } | null {
  if (!inventory.readable("nodes").known || inventory.nodes.length === 0) return null;
  const labelled = inventory.nodes.filter((node) => kept.isKept(node) || kept.labelsOf(node).length > 0);
  return { kept: labelled, others: inventory.nodes.filter((node) => !labelled.includes(node)) };
}

interface Placement {
  status: "pass" | "fail" | "unknown";
  words: string;
  severity?: "medium";
  evidence: EvidencePointer;
}

function judge(context: EvaluationContext, kept: CdeNodes, workload: Workload): Verdict {
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (workload.ref.kind === "DaemonSet" || workload.isStatic) {
    return {
      status: "not-applicable",
      reason: workload.isStatic ? "a static pod belongs to its node" : "a DaemonSet runs on every node that it fits",
      detail: `${subject}: whether it may share nodes with the CDE is judged by iso-no-colocation.`,
      evidence: [],
    };
  }
  const found = workload.variants.flatMap((variant) =>
    placementsOf(context, kept, workload, variant.spec).map(({ pointer, value, ...rest }) => ({
      ...rest,
      evidence: specEvidence(variant, pointer, value),
    })),
  );
  const evidence = found.map((placement) => placement.evidence);
  const words = distinct(found.map((placement) => placement.words));
  const failed = found.filter(({ status }) => status === "fail");
  if (failed.length > 0) {
    const isMedium = failed.every(({ severity }) => severity === "medium");
    return {
      status: "fail",
      severity: isMedium ? "medium" : "high",
      reason: shortReason(failed[0]?.words ?? ""),
      detail: `${subject}: ${words.join("; ")}.`,
      evidence,
    };
  }
  const isUnknown = found.some(({ status }) => status === "unknown");
  const first = found.find(({ status }) => status === (isUnknown ? "unknown" : "pass"));
  return {
    status: isUnknown ? "unknown" : "pass",
    reason: shortReason(first?.words ?? ""),
    detail: `${subject}: ${words.join("; ")}.`,
    evidence,
  };
}

type Found = Omit<Placement, "evidence"> & { pointer: string; value?: string };

function placementsOf(context: EvaluationContext, kept: CdeNodes, workload: Workload, spec: PodSpec): Found[] {
  const byHand = nodeNameByHand(context, workload);
  if (byHand !== null) {
    return [
      {
        status: "fail",
        words: `nodeName ${byHand} is written by hand, which goes past the scheduler and NoSchedule taints`,
        pointer: "/nodeName",
        value: byHand,
      },
    ];
  }
  const results = [requiredPlacement(context, kept, spec)];
  const [placement] = results;
  if (placement?.status !== "fail") results.push(...tolerationsOf(context, kept, spec));
  if ((spec.tolerations ?? []).some((t) => toleratesEverything(t) && t.effect !== "PreferNoSchedule")) {
    results.push({
      status: "fail",
      severity: "medium",
      words: "a toleration with operator Exists and no key tolerates every node",
      pointer: "/tolerations",
      value: JSON.stringify(spec.tolerations),
    });
  }
  return results;
}

function requiredPlacement(context: EvaluationContext, kept: CdeNodes, spec: PodSpec): Found {
  const affinity = spec.affinity?.nodeAffinity;
  if (!hasRequiredPlacement(spec)) {
    const isPreferred = (affinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0;
    return {
      status: "fail",
      words: isPreferred
        ? "its node affinity is preferred only, which demands nothing"
        : "it demands no node: neither nodeSelector nor required affinity",
      pointer: isPreferred ? "/affinity/nodeAffinity" : "/nodeSelector",
    };
  }
  const isSelector = Object.keys(spec.nodeSelector ?? {}).length > 0;
  const at = isSelector
    ? { pointer: "/nodeSelector", value: JSON.stringify(spec.nodeSelector) }
    : {
        pointer: "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution",
        value: JSON.stringify(affinity?.requiredDuringSchedulingIgnoredDuringExecution),
      };
  const pair = kept.pairs.find(({ key, value }) => spec.nodeSelector?.[key] === value);
  const nodes = keptNodes(context, kept);
  if (nodes === null) {
    return pair === undefined
      ? { status: "unknown", words: "which nodes fulfil its placement isn't known, because nodes are not", ...at }
      : { status: "pass", words: `it selects ${pair.key}=${pair.value}`, ...at };
  }
  const strangers = nodes.others.filter((node) => mayBePlacedOn(spec, node) === true).map((node) => node.metadata.name);
  if (strangers.length > 0)
    return { status: "fail", words: `nodes outside the CDE fulfil its placement: ${nameSome(strangers)}`, ...at };
  if (nodes.others.some((node) => mayBePlacedOn(spec, node) === null))
    return { status: "unknown", words: "its placement names nodes by field, and which ones isn't kept", ...at };
  const homes = nodes.kept.filter((node) => mayBePlacedOn(spec, node) === true).map((node) => node.metadata.name);
  if (homes.length === 0 && pair === undefined)
    return { status: "unknown", words: "no node that exists fulfils its placement", ...at };
  const negative = (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).some((term) =>
    (term.matchExpressions ?? []).some(({ operator }) => operator === "NotIn" || operator === "DoesNotExist"),
  );
  const warning =
    negative && pair === undefined ? " (by exclusion: a new node without labels may fulfil it as well)" : "";
  return {
    status: "pass",
    words: `${homes.length === 0 ? "it demands CDE nodes, of which none exists now" : `only CDE nodes fulfil its placement: ${nameSome(homes)}`}${warning}`,
    ...at,
  };
}

/** The CDE nodes' taints must be tolerated, or the pods can't run where they belong. */
function tolerationsOf(context: EvaluationContext, kept: CdeNodes, spec: PodSpec): Found[] {
  const tolerations = spec.tolerations ?? [];
  const at = { pointer: "/tolerations", value: JSON.stringify(tolerations) };
  const nodes = keptNodes(context, kept);
  const tainted = (nodes?.kept ?? []).filter(
    (node) => kept.taintsOf(node).length > 0 && mayBePlacedOn(spec, node) !== false,
  );
  if (tainted.length === 0) {
    const keys = new Set(kept.pairs.map(({ key }) => key.slice(key.lastIndexOf("/") + 1)));
    const hasOne = tolerations.some(({ key = "" }) => keys.has(key.slice(key.lastIndexOf("/") + 1)));
    if (hasOne) return [{ status: "pass", words: "it tolerates the CDE's taint", ...at }];
    // Without a taint to compare with, a toleration can't be asked for.
    return nodes === null
      ? [
          {
            status: "unknown",
            words: "it has no toleration of the CDE's taint by name, and nodes are not known",
            ...at,
          },
        ]
      : [];
  }
  const welcome = tainted.find((node) =>
    kept.taintsOf(node).every((taint) => tolerations.some((toleration) => tolerates(toleration, taint))),
  );
  return welcome === undefined
    ? [
        {
          status: "fail",
          words: `it does not tolerate the taints of the CDE nodes ${nameSome(
            tainted.map((n) => n.metadata.name),
            3,
          )}`,
          ...at,
        },
      ]
    : [{ status: "pass", words: `it tolerates the taints of ${welcome.metadata.name}`, ...at }];
}

/** A running pod always has a nodeName; only a template, or a pod in files, shows that somebody wrote it. */
function nodeNameByHand({ inventory }: EvaluationContext, workload: Workload): string | null {
  const { kind, name } = workload.ref;
  if (kind === "Pod" && inventory.snapshot.source === "manifests")
    return workload.variants.find(({ spec }) => (spec.nodeName ?? "") !== "")?.spec.nodeName ?? null;
  const sections = {
    Deployment: "deployments",
    StatefulSet: "statefulsets",
    ReplicaSet: "replicasets",
    Job: "jobs",
  } as const;
  const template =
    kind === "CronJob"
      ? findObject(inventory, "cronjobs", name, workload.namespace)?.spec.jobTemplate.spec.template
      : kind in sections
        ? findObject(inventory, sections[kind as keyof typeof sections], name, workload.namespace)?.spec.template
        : undefined;
  return template?.spec.nodeName || null;
}

function judgeAdmission(context: EvaluationContext, kept: CdeNodes, name: string): Result {
  const { inventory } = context;
  const object = inventory.namespaces.get(name);
  const ref = object === undefined ? { apiVersion: "v1", kind: "Namespace", name } : refOf(object);
  if (object === undefined) {
    return {
      status: "unknown",
      object: ref,
      reason: "no Namespace object, so its labels are not known",
      detail: `Namespace ${name} is not among the objects. Its labels and annotations decide what admission demands in it.`,
      evidence: [],
    };
  }
  const annotation = object.metadata.annotations?.[NODE_SELECTOR_ANNOTATION];
  const evidence: EvidencePointer[] = [
    {
      ref,
      pointer: `/metadata/annotations/${NODE_SELECTOR_ANNOTATION.replaceAll("/", "~1")}`,
      ...(annotation === undefined ? {} : { found: annotation }),
    },
  ];
  const demanded = kept.pairs.find((pair) => selects(annotation, pair));
  const plugin = demanded === undefined ? null : admissionPlugin(inventory, "PodNodeSelector");
  if (plugin?.status === "on") {
    return {
      status: "pass",
      object: ref,
      reason: "the namespace's node selector demands CDE nodes",
      detail: `Namespace ${name}: the annotation ${NODE_SELECTOR_ANNOTATION} is ${annotation}, and ${plugin.words}.`,
      evidence,
    };
  }
  const labels = { "kubernetes.io/metadata.name": name, ...object.metadata.labels };
  const images = distinct(
    inventory
      .workloadsIn(name)
      .flatMap((workload) =>
        workload.variants.flatMap((v) => visitContainers(v.spec).flatMap((c) => c.container.image ?? [])),
      ),
  );
  const covers = policyCovers(inventory, { name, labels, images }).filter(
    (cover) => cover.probes.includes("node-pinning") || cover.possible.includes("node-pinning"),
  );
  evidence.push(
    ...covers.map((cover) => ({ ref: cover.ref, pointer: cover.pointer, found: cover.gap ?? cover.action })),
  );
  const active = covers.filter((cover) => cover.gap === null && cover.probes.includes("node-pinning"));
  if (active.length > 0) {
    return {
      status: "pass",
      object: ref,
      reason: shortReason(
        `demanded by ${nameSome(
          active.map((cover) => cover.words),
          2,
        )}`,
      ),
      detail: `Namespace ${name}: ${nameSome(active.map((cover) => cover.words))} refuses pods that name no node pool.`,
      evidence,
    };
  }
  const possible = covers.filter((cover) => cover.gap === null).map((cover) => cover.words);
  const unread = inventory.readable(...POLICY_SECTIONS);
  const doubts = [
    ...possible.map((words) => `${words} may demand it; its content is not understood`),
    ...(plugin?.status === "unknown" ? [`the namespace's node selector demands it, and ${plugin.words}`] : []),
    ...(unread.known ? [] : [unread.message]),
  ];
  if (doubts.length > 0) {
    return {
      status: "unknown",
      object: ref,
      reason: "whether admission demands the placement is not known",
      detail: `Namespace ${name}: ${doubts.join("; ")}.`,
      evidence,
    };
  }
  const gaps = covers.map((cover) => `${cover.words}: ${cover.gap ?? ""}`);
  if (plugin?.status === "off") gaps.push(`its node selector has no effect: ${plugin.words}`);
  return {
    status: "fail",
    severity: "medium",
    object: ref,
    reason: "nothing at admission demands CDE nodes",
    detail: `Namespace ${name}: no policy in force and no node selector of the namespace refuses a pod that isn't pinned${gaps.length > 0 ? ` [${nameSome(gaps)}]` : ""}.`,
    evidence,
  };
}

/** `pool=cde,zone=a`: the plug-in's selector holds the pair. */
function selects(annotation: string | undefined, { key, value }: LabelPair): boolean {
  return (annotation ?? "").split(",").some((part) => part.trim().replace(/\s*==?\s*/, "=") === `${key}=${value}`);
}

/** The pair that nodes of the CDE carry now; else the one that a remediation of iso-cde-node-pool sets. */
function pairFor(context: EvaluationContext): {
  pair: LabelPair;
  taints: { key: string; value?: string; effect: string }[];
} {
  const kept = cdeNodes(context);
  const home = context.inventory.nodes.find((node) => kept.labelsOf(node).length > 0 && kept.taintsOf(node).length > 0);
  const pair =
    home === undefined ? restrictedPair(context.scope) : (kept.labelsOf(home)[0] ?? restrictedPair(context.scope));
  return { pair, taints: home === undefined ? [] : kept.taintsOf(home) };
}

function pin(context: EvaluationContext, result: Result): Remediation {
  const { pair, taints } = pairFor(context);
  const { labelKey, values } = context.scope.settings;
  const wanted = taints.length > 0 ? taints : [{ key: labelKey, value: values.cde }];
  return remediateWorkload(
    context,
    result,
    {
      summary: `Demand nodes with ${pair.key}=${pair.value} and tolerate their taint by name.`,
      risk: "Pods stay pending while no CDE node has room for them; check the pool's size first.",
    },
    (spec) => ({
      spec: {
        nodeName: null,
        nodeSelector: { [pair.key]: pair.value },
        tolerations: [
          ...(spec.tolerations ?? []).filter((toleration) => !toleratesEverything(toleration)),
          ...wanted
            .filter((taint) => !(spec.tolerations ?? []).some((t) => !toleratesEverything(t) && t.key === taint.key))
            .map(({ key, value }) => ({ key, operator: "Equal", value: value ?? "" })),
        ],
      },
    }),
  );
}

/** A policy of the API server's own kind that refuses pods of the CDE without the node selector. */
function demand(context: EvaluationContext, result: Result): Remediation {
  const { pair } = pairFor(context);
  const { scope } = context;
  const validations = expressionsFor([], pair)
    .filter(({ outcome }) => outcome === "node-pinning")
    .map(({ expression, message }) => ({ expression, message }));
  const isByLabel = Object.keys(scope.settings.namespaces).length === 0;
  return {
    summary: `Refuse pods of ${result.object.name} and the other CDE namespaces that don't select ${pair.key}=${pair.value}; the policy needs no engine.`,
    manifest: renderManifest(
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicy",
        metadata: { name: POLICY_NAME },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: {
            resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
          },
          validations,
        },
      },
      {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: POLICY_NAME },
        spec: {
          policyName: POLICY_NAME,
          validationActions: ["Deny"],
          matchResources: {
            namespaceSelector:
              isByLabel &&
              context.inventory.namespaces.get(result.object.name)?.metadata.labels?.[scope.settings.labelKey] ===
                scope.settings.values.cde
                ? { matchLabels: { [scope.settings.labelKey]: scope.settings.values.cde } }
                : {
                    matchExpressions: [
                      { key: "kubernetes.io/metadata.name", operator: "In", values: scope.inCategory("cde") },
                    ],
                  },
          },
        },
      },
    ),
    apply: "kubectl apply -f policy.yaml",
    risk: "Pods without the selector are refused from then on, DaemonSets of these namespaces too; bind it with validationActions [Warn, Audit] first.",
  };
}
