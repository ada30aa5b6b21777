/**
 * net-segmentation-probe: active probes confirm that blocked paths are blocked.
 *
 * Reads: imported runs of probes (source namespace, target, port, outcome, time, policies that stood); network policies of the
 *   snapshot; scope.
 * Pass: within 30 days, and with the policies of both namespaces unchanged since, every negative probe between the two timed out or
 *   was prohibited, and every positive control of that source in that run connected.
 * Fail: a negative probe connected, or was refused: a refusal shows that its packets arrived.
 * Unknown: no run, or none into a CDE namespace; older than 30 days; a policy has changed since; a positive control is missing
 *   or failed; a probe ended with an error.
 * Not applicable: no CDE namespace, or no namespace out of scope, so that no segmentation is claimed inside the cluster.
 * It supports and never replaces the yearly penetration test of segmentation (six-monthly for service providers).
 */
import type { SegmentationProbe, SegmentationProbeRun } from "@/lib/inventory/imported-exposure";
import type { SectionName } from "@/lib/inventory/snapshot";
import { clusterResult, judgeCluster, namespaceRef, nameSome } from "./population";
import { script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const LIMIT_DAYS = 30;
const DAY = 86_400_000;
/** Every kind whose change may open or close a path. */
const POLICY_SECTIONS = [
  "networkpolicies",
  "cilium-networkpolicies",
  "cilium-clusterwidenetworkpolicies",
  "calico-networkpolicies",
  "calico-globalnetworkpolicies",
  "adminnetworkpolicies",
  "baselineadminnetworkpolicies",
  "clusternetworkpolicies",
] as const satisfies readonly SectionName[];

export const netSegmentationProbe: Control = {
  id: "net-segmentation-probe",
  title: "Active probes confirm that blocked paths are blocked",
  severity: "high",
  requirements: [
    {
      requirement: "11.4.5",
      kind: "supporting",
      rationale: "Probes between the yearly penetration tests show that segmentation still works as it was tested.",
    },
    {
      requirement: "11.4.6",
      kind: "supporting",
      rationale: "For service providers the same, between tests every six months.",
    },
    {
      requirement: "1.3.1",
      kind: "supporting",
      rationale: "A path into the CDE that a probe could not take is one that the policies really close.",
    },
    {
      requirement: "A1.1.4",
      kind: "supporting",
      rationale: "Separation between customers can be shown by connections that fail.",
    },
    {
      requirement: "A3.2.4",
      kind: "supporting",
      rationale: "Segmentation is confirmed after changes, which probes after each policy change do.",
    },
  ],
  judges: "flow",
  sections: ["namespaces", ...POLICY_SECTIONS],
  rule: {
    reads: "Imported runs of segmentation probes, the network policies of the snapshot, and the scope.",
    pass: "Within 30 days and with unchanged policies, every negative probe timed out or was prohibited, and the positive controls of its source connected.",
    fail: "A negative probe connected or was refused: then its packets arrived.",
    unknown:
      "No run covers the CDE namespace, it is older than 30 days, a policy has changed since, a positive control failed or is missing, or a probe ended with an error.",
    notApplicable: "No CDE namespace, or no namespace out of scope.",
    why: "A policy says what should be; a connection that does not come about shows what is, with the plug-in, the kernel and the nodes in between.",
    cannotSee:
      "Paths that nobody probed, and whether the target was listening at all; it never replaces the penetration test of segmentation.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => judge(context)),
  verify({ scope }, result) {
    const [source = "OUT_OF_SCOPE_NAMESPACE"] = result?.part?.split(" → ") ?? [];
    return {
      command: script(
        selectNamespaces(scope),
        `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" --arg from '${/^[a-z0-9-]+$/.test(source) ? source : "OUT_OF_SCOPE_NAMESPACE"}' '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select(.status.podIP)|. as $p|.spec.containers[].ports[]?|"kubectl run probe-\\($p.metadata.name|.[0:20]) -n \\($from) --image=$PROBE_IMAGE --restart=Never --rm -i --command -- nc -z -w 5 \\($p.status.podIP) \\(.containerPort)"'`,
        `kubectl get networkpolicies -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|"policy \\(.metadata.namespace)/\\(.metadata.name) generation \\(.metadata.generation//"-")"'`,
      ),
      expect:
        "Each line `kubectl run` is a probe to paste, with PROBE_IMAGE set to an image of the internal registry by digest: it must time out. Refused means that the packets arrived. The policies and their generations must be those of the imported run.",
      needs: [],
    };
  },
  remediate(_context, result) {
    return {
      summary: `Find the policy that lets ${result.part ?? "the probe"} through (net-default-deny-ingress, net-no-broad-allow and the reachability of the namespace show it), correct it, and run the same probes again.`,
      risk: "Closing a path also closes it for what uses it rightly; look at the register of flows first.",
    };
  },
};

interface Run extends SegmentationProbeRun {
  index: number;
  /** Of the newest probe. */
  at: number;
}
interface Pair {
  from: string;
  to: string;
  run: Run;
  negative: { probe: SegmentationProbe; index: number }[];
}

function judge(context: EvaluationContext): Result[] {
  const { scope } = context;
  const cde = scope.inCategory("cde");
  const runs = (context.inventory.facts.segmentationProbes ?? []).map(
    (run, index): Run => ({ ...run, index, at: Math.max(...run.probes.map((probe) => Date.parse(probe.at))) }),
  );
  const isClaimed = scope.inCategory("out-of-scope").length > 0;
  const pairs = pairsOf(runs, new Set(cde));
  if (!isClaimed && pairs.length === 0) {
    return [
      clusterResult(
        "not-applicable",
        "no namespace is out of scope",
        "The whole cluster is in scope, so that no segmentation inside it keeps anything out of scope.",
      ),
    ];
  }
  if (runs.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no run of segmentation probes was imported",
        `Nobody has imported what probes could reach in ${nameSome(cde)}. It becomes known with a run of segmentation probes.`,
      ),
    ];
  }
  const untested = cde.filter((name) => !pairs.some(({ from, to }) => to === name && scope.categoryOf(from) !== "cde"));
  return [
    ...pairs.map((pair) => judgePair(context, pair)),
    ...untested.map(
      (name): Result => ({
        status: "unknown",
        object: namespaceRef(name),
        reason: "no probe from outside was aimed at this namespace",
        detail: `The imported runs hold no negative probe from a namespace outside the CDE into ${name}. Add one from each kind of namespace that must not reach it.`,
        evidence: [{ ref: CLUSTER_REF, pointer: "/facts/segmentationProbes" }],
      }),
    ),
  ];
}

/** Each pair of namespaces with a negative probe, from the newest run that holds one, in name order. */
function pairsOf(runs: readonly Run[], cde: ReadonlySet<string>): Pair[] {
  const found = new Map<string, Pair>();
  for (const run of runs) {
    run.probes.forEach((probe, index) => {
      const [from, to] = [probe.from.namespace, probe.to.namespace];
      if (probe.expects !== "blocked" || !(cde.has(from) || cde.has(to))) return;
      const key = `${from} → ${to}`;
      const known = found.get(key);
      if (known?.run === run) known.negative.push({ probe, index });
      else if (known === undefined || known.run.at < run.at)
        found.set(key, { from, to, run, negative: [{ probe, index }] });
    });
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

function judgePair(context: EvaluationContext, { from, to, run, negative }: Pair): Result {
  const object = namespaceRef(to);
  const part = `${from} → ${to}`;
  const at = ({ index, probe }: Pair["negative"][number]): EvidencePointer => ({
    ref: CLUSTER_REF,
    pointer: `/facts/segmentationProbes/${run.index}/probes/${index}`,
    found: `${probe.outcome} at ${probe.at}${probe.from.podUid === undefined ? "" : `, pod ${probe.from.podUid}`}`,
  });
  const words = ({ probe }: Pair["negative"][number]): string =>
    `${probe.to.address}:${probe.to.port} ${probe.outcome}`;
  const source = `imported from ${run.origin.name}`;
  const arrived = negative.filter(({ probe }) => probe.outcome === "connected" || probe.outcome === "refused");
  if (arrived.length > 0) {
    return {
      status: "fail",
      object,
      part,
      reason: shortReason(`${from} reached ${arrived.map(words)[0]}`),
      detail: `From ${from}, probes that had to be blocked reached ${to}: ${nameSome(arrived.map(words))} (${source}). A refused connection shows that the packets arrived.`,
      evidence: arrived.slice(0, 20).map(at),
    };
  }
  const problem = problemOf(context, { from, to, run, negative });
  const evidence = negative.slice(0, 20).map(at);
  if (problem !== null)
    return {
      status: "unknown",
      object,
      part,
      reason: shortReason(problem),
      detail: `From ${from} to ${to}: ${problem} (${source}). Run the probes again.`,
      evidence,
    };
  return {
    status: "pass",
    object,
    part,
    reason: shortReason(
      `${negative.length} ${negative.length === 1 ? "probe" : "probes"} blocked, positive controls connected`,
    ),
    detail: `From ${from} to ${to}: ${nameSome(negative.map(words))}; the positive controls from ${from} connected, and the policies are unchanged since (${source}).`,
    evidence,
  };
}

/** Why the run proves nothing about the pair, or null. */
function problemOf(context: EvaluationContext, { from, to, run, negative }: Pair): string | null {
  const failed = negative.find(({ probe }) => probe.outcome === "error");
  if (failed !== undefined)
    return `the probe of ${failed.probe.to.address}:${failed.probe.to.port} ended with an error`;
  const oldest = Math.min(...negative.map(({ probe }) => Date.parse(probe.at)));
  const now = Date.parse(context.asOf);
  if (oldest > now) return "the probes are dated after the moment that is judged";
  if (now - oldest > LIMIT_DAYS * DAY) return `the probes are older than ${LIMIT_DAYS} days`;
  const controls = run.probes.filter(({ expects, from: source }) => expects === "open" && source.namespace === from);
  if (controls.length === 0) return `no positive control shows that a pod in ${from} can connect at all`;
  const broken = controls.find(({ outcome }) => outcome !== "connected");
  if (broken !== undefined)
    return `the positive control to ${broken.to.address}:${broken.to.port} ended with ${broken.outcome}`;
  return changedPolicy(context, run, new Set([from, to]));
}

/** A policy of either namespace, or of the whole cluster, that is not as it was when the run was made. */
function changedPolicy({ inventory }: EvaluationContext, run: Run, namespaces: ReadonlySet<string>): string | null {
  const concerns = (namespace: string | undefined): boolean => namespace === undefined || namespaces.has(namespace);
  const nameOf = (kind: string, namespace: string | undefined, name: string): string =>
    `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
  const before = new Map(
    run.policies
      .filter(({ namespace }) => concerns(namespace))
      .map(({ kind, namespace, name, uid, generation }) => [nameOf(kind, namespace, name), `${uid} ${generation}`]),
  );
  for (const section of POLICY_SECTIONS) {
    for (const { kind, metadata } of inventory.list(section)) {
      if (!concerns(metadata.namespace)) continue;
      const name = nameOf(kind, metadata.namespace, metadata.name);
      const recorded = before.get(name);
      before.delete(name);
      if (recorded === undefined) return `${name} was not there when the probes ran`;
      if (metadata.uid === undefined || metadata.generation === undefined)
        return `whether ${name} has changed since is not known: the snapshot holds no generation of it`;
      if (recorded !== `${metadata.uid} ${metadata.generation}`) return `${name} has changed since the probes ran`;
    }
  }
  const [gone] = before.keys();
  return gone === undefined ? null : `${gone} is gone since the probes ran`;
}
