/**
 * node-benchmark-current: Nodes and control plane pass a CIS benchmark run not older than 90 days.
 *
 * Reads: imported runs (kube-bench and others) for every CDE and control-plane node, or for another node of the same class that the run
 *   names; owners and modes of files that the node collector saw.
 * Pass: a run of at most 90 days with the benchmark for this Kubernetes version and the parts that belong to the node, no check of
 *   level 1 failed, and no key or kubeconfig on the node is open to others.
 * Fail: a check failed (one without a level counts as level 1), the newest run is too old, its benchmark is for other versions, or a
 *   key or kubeconfig can be read by others than its owner.
 * Unknown: no run; a benchmark whose versions this release doesn't know; a run that left out the node's part.
 * Not applicable: no CDE namespace; serverless nodes.
 * Checks that a person has to make are named. An accepted deviation stands beside the fail as an exception; it doesn't pass here.
 * Managed benchmarks (EKS, GKE, AKS) leave the control plane out: that part is the provider's.
 */
import type { BenchmarkRun } from "@/lib/inventory/imported-control-plane";
import { renderManifest } from "./manifest";
import { isControlPlaneNode, type JudgedNode, judgeNodes } from "./nodes-in-scope";
import { nameSome } from "./population";
import { describeOrigin } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { daysBetween } from "./support-calendar";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const MAX_AGE_DAYS = 90;
/** Which Kubernetes minors each benchmark is for: kube-bench, docs/platforms.md, as of October 2026. */
const BENCHMARKS: Readonly<Record<string, readonly [first: number, last: number]>> = {
  "cis-1.20": [19, 21],
  "cis-1.23": [22, 23],
  "cis-1.24": [24, 24],
  "cis-1.7": [25, 25],
  "cis-1.8": [26, 26],
  "cis-1.9": [27, 27],
  "cis-1.10": [28, 28],
  "cis-1.11": [29, 31],
  "cis-1.12": [32, 33],
  "cis-2.0": [34, 35],
  "rke2-cis-1.6": [25, 27],
  "k3s-cis-1.7": [25, 27],
};
const MANAGED = /^(?:eks|gke|aks|ack)-/;

export const nodeBenchmarkCurrent: Control = {
  id: "node-benchmark-current",
  title: "Nodes and control plane pass a CIS benchmark run not older than 90 days",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale: "The benchmark is an industry hardening standard, and the run shows that the node is built to it.",
    },
    {
      requirement: "2.2.6",
      kind: "supporting",
      rationale: "Its checks are about the security parameters of kubelet, API server and etcd.",
    },
    {
      requirement: "10.3.2",
      kind: "supporting",
      rationale: "It looks at who may write the files in which the host keeps logs and configuration.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "Modes and owners of critical files are what change detection starts from.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods"],
  rule: {
    reads: "Imported benchmark runs for every CDE and control-plane node, and file modes that the node collector saw.",
    pass: "A run of at most 90 days with the right benchmark and parts, without a failed check, and no key open to others.",
    fail: "A failed check, a run that is too old or for other versions, or a key or kubeconfig open to others.",
    unknown: "No run, an unknown benchmark, or a run that left out the node's part.",
    notApplicable: "No CDE namespace, or serverless nodes.",
    why: "File modes and host settings can't be seen through the API; a benchmark run is how they are checked.",
    cannotSee: "What changed on the node since the run.",
  },
  evaluate: (context) => judgeNodes(context, (node) => judge(context, node)),
  verify: () => ({
    command: `kube-bench run --targets master,etcd,node --json > kube-bench.json; jq -r '.Controls[].tests[].results[]|select(.status=="FAIL")|[.test_number,.test_desc]|@tsv' kube-bench.json; jq -r '"benchmark \\(.Controls[0].version) for \\(.Controls[0].detected_version), \\([.Controls[].total_fail]|add) failed"' kube-bench.json`,
    expect: "On each node of a class: no line but the last, which names the benchmark for your version and 0 failed.",
    needs: ["kube-bench"],
  }),
  remediate: (_, result) => ({
    summary: `Correct what failed on ${result.object.name}, run the benchmark again with this Job (once for each class of nodes), and import its output. ${result.detail}`,
    manifest: renderManifest({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "kube-bench", namespace: "kube-system" },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: "Never",
            nodeName: result.object.name,
            hostPID: true,
            automountServiceAccountToken: false,
            containers: [
              {
                name: "kube-bench",
                image: "docker.io/aquasec/kube-bench:v0.12.0",
                command: ["kube-bench", "run", "--json"],
                volumeMounts: ["etc-kubernetes", "var-lib-kubelet", "var-lib-etcd", "etc-systemd"].map((name) => ({
                  name,
                  mountPath: `/${name.replaceAll("-", "/")}`,
                  readOnly: true,
                })),
              },
            ],
            volumes: ["etc-kubernetes", "var-lib-kubelet", "var-lib-etcd", "etc-systemd"].map((name) => ({
              name,
              hostPath: { path: `/${name.replaceAll("-", "/")}` },
            })),
          },
        },
      },
    }),
    apply:
      "kubectl apply -f kube-bench.yaml && kubectl -n kube-system wait --for=condition=complete job/kube-bench && kubectl -n kube-system logs job/kube-bench > kube-bench.json",
    risk: "The Job reads the host's files and processes as root; take it away afterwards. Use an image from your own registry, by digest.",
  }),
};

function judge(context: EvaluationContext, { node, ref, why }: JudgedNode): Result {
  const { inventory, asOf } = context;
  const { name } = node.metadata;
  const all = inventory.facts.benchmarkRuns ?? [];
  const [run] = all
    .filter((candidate) => candidate.node === name || candidate.standsFor.includes(name))
    .sort((a, b) => (a.ranAt < b.ranAt ? 1 : -1));
  const open = openFiles(context, name);
  const evidence: EvidencePointer[] = open.map(({ path, mode, index }) => ({
    ref: CLUSTER_REF,
    pointer: `/facts/nodeFiles/${index}`,
    found: `${path} ${mode}`,
  }));
  const answer = (status: Result["status"], reason: string, detail: string): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `Node ${name} (${why}): ${detail}`,
    evidence,
  });
  const files = nameSome(
    open.map(({ path, mode }) => `${path} (${mode})`),
    3,
  );
  if (run === undefined) {
    return open.length > 0
      ? answer(
          "fail",
          `open to others: ${files}`,
          `files that only their owner should read are open: ${files}. No benchmark run was imported.`,
        )
      : answer(
          "unknown",
          "no benchmark run of this node was imported",
          "nobody has imported a run for it or for a node of its class. It becomes known when the output of kube-bench, OpenSCAP or the provider's benchmark is imported.",
        );
  }
  const age = daysBetween(run.ranAt, asOf);
  evidence.push({
    ref: CLUSTER_REF,
    pointer: `/facts/benchmarkRuns/${all.indexOf(run)}`,
    found: `${run.tool} ${run.benchmark} on ${run.node}, ${run.ranAt}: ${run.passed} passed, ${run.failed.length} failed`,
  });
  const source = `${run.tool} with ${run.benchmark} on ${run.node}, ${age} days ago: ${run.passed} passed, ${run.failed.length} failed, ${run.manual.length} for a person. ${describeOrigin(run.origin)}`;
  const failed = run.failed.filter(({ level }) => level !== 2);
  const fit = fitOf(run, inventory.facts.gitVersion ?? "");
  const fails = [
    ...(failed.length > 0
      ? [
          `${failed.length} checks failed: ${nameSome(
            failed.map(({ id, text }) => `${id} ${text}`),
            5,
          )}`,
        ]
      : []),
    ...(open.length > 0 ? [`open to others: ${files}`] : []),
    ...(age > MAX_AGE_DAYS ? [`the newest run is ${age} days old`] : []),
    ...(fit.status === "wrong" ? [fit.words] : []),
  ];
  if (fails.length > 0) return answer("fail", fails[0] ?? "", `${fails.join("; ")}. ${source}`);
  const needed = isControlPlaneNode(node) && !MANAGED.test(run.benchmark) ? ["master", "node"] : ["node"];
  const missing = needed.filter((target) => !run.targets.includes(target));
  if (missing.length > 0)
    return answer(
      "unknown",
      `the run left out ${missing.join(" and ")}`,
      `the part ${missing.join(" and ")} was not run. ${source}`,
    );
  if (fit.status === "unknown") return answer("unknown", fit.words, `${fit.words}. ${source}`);
  const manual = run.manual.length > 0 ? ` For a person: ${nameSome(run.manual.map(({ id }) => id))}.` : "";
  return answer("pass", `${run.benchmark}, ${age} days ago: nothing failed`, `${source}${manual}`);
}

function fitOf(run: BenchmarkRun, gitVersion: string): { status: "fits" | "wrong" | "unknown"; words: string } {
  if (MANAGED.test(run.benchmark)) return { status: "fits", words: "" };
  const minor = Number(/^v?1\.(\d+)/.exec(gitVersion)?.[1]);
  if (Number.isNaN(minor))
    return { status: "unknown", words: "the cluster's version isn't known, so the benchmark can't be matched" };
  const range = BENCHMARKS[run.benchmark];
  if (range === undefined) {
    return { status: "unknown", words: `which versions ${run.benchmark} is for is not known to this release` };
  }
  const [first, last] = range;
  if (minor >= first && minor <= last) return { status: "fits", words: "" };
  // Of the newest benchmark nobody has published a successor that would fit better.
  const isNewest = Math.max(...Object.values(BENCHMARKS).map(([, end]) => end)) === last && minor > last;
  const words = `${run.benchmark} is for Kubernetes 1.${first}${last === first ? "" : ` to 1.${last}`}, and this is 1.${minor}`;
  return { status: isNewest ? "unknown" : "wrong", words };
}

/** Keys and kubeconfigs that others than the owner can read. */
function openFiles({ inventory }: EvaluationContext, name: string) {
  return (inventory.facts.nodeFiles ?? [])
    .map((file, index) => ({ ...file, index }))
    .filter(({ node, path, mode, uid }) => {
      if (node !== name || !/\.(?:key|conf|kubeconfig)$/.test(path)) return false;
      return (Number.parseInt(mode, 8) & 0o077) !== 0 || uid !== 0;
    });
}
