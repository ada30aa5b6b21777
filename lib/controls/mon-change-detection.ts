/**
 * Unauthorised changes to critical files and settings raise alerts.
 *
 * Reads: nodes; imported records of file integrity tools; FileIntegrity objects (OpenShift); Tetragon policies over file paths with
 * ready Tetragon pods; alarms about configuration drift with their receivers.
 * Pass, for a node: control-plane manifests, PKI, audit policy (control-plane nodes), PKI, kubelet configuration and runtime binaries
 * (every node) are watched, compared within seven days, and alerts have a receiver. Pass, for the cluster: an enabled alarm about
 * configuration drift has a receiver.
 * Fail: a node or a class of files without cover, no receiver, a comparison older than seven days, no drift alarm.
 * Unknown: no tool is visible and no record was imported; who receives a tool's alerts is not known; no alarms were imported.
 * Not applicable: machines of a provider; a cluster without CDE.
 *
 * Tools that put a changed file or object back in silence do not alert: an alert is what is asked for. Signed images and read-only
 * roots make changes harder and do not replace their detection; files in containers are judged by digest and read-only root.
 */
import { WATCHED_FILES, type WatchedFiles } from "@/lib/inventory/imported-monitoring";
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import type { Node } from "@/lib/inventory/kinds";
import { agentPodsOn, findAgents, judgeAgentNodes } from "./host-agents";
import { renderManifest } from "./manifest";
import { isControlPlaneNode, type JudgedNode } from "./nodes-in-scope";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { hasReceiver } from "./receivers";
import { daysBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const COMPARE_DAYS = 7;
const RECORD_DAYS = 30;
const WORDS: Record<WatchedFiles, string> = {
  "control-plane-manifests": "control-plane manifests",
  pki: "keys and certificates",
  "audit-policy": "the audit policy",
  "kubelet-configuration": "the kubelet's configuration",
  "runtime-binaries": "runtime binaries",
};
const EVERY_NODE: readonly WatchedFiles[] = ["pki", "kubelet-configuration", "runtime-binaries"];
/** Where the files usually lie; a policy over a folder above covers them. */
const PLACES: Record<WatchedFiles, readonly string[]> = {
  "control-plane-manifests": ["/etc/kubernetes/manifests"],
  pki: ["/etc/kubernetes/pki", "/var/lib/kubelet/pki"],
  "audit-policy": ["/etc/kubernetes/audit"],
  "kubelet-configuration": ["/var/lib/kubelet"],
  "runtime-binaries": ["/usr/bin", "/usr/local/bin"],
};

export const monChangeDetection: Control = {
  id: "mon-change-detection",
  title: "Unauthorised changes to critical files and settings raise alerts",
  severity: "high",
  requirements: [
    {
      requirement: "11.5.2",
      kind: "primary",
      rationale:
        "A tool that compares a node's critical files at least weekly and alerts somebody is change detection.",
    },
    {
      requirement: "10.3.4",
      kind: "primary",
      rationale: "The audit policy and the log's settings are files whose change has to be noticed.",
    },
    { requirement: "10.2.1.6", kind: "supporting", rationale: "Changing the audit policy is a way to pause the log." },
    { requirement: "6.5.1", kind: "supporting", rationale: "A change that nobody requested shows as drift." },
    {
      requirement: "1.2.8",
      kind: "supporting",
      rationale: "Configuration files of network controls are among what must not change unnoticed.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods", "daemonsets"],
  rule: {
    reads: "Nodes, file integrity records and objects, Tetragon's policies over files, and alarms about drift.",
    pass: "Every critical class of files on the node is watched, compared within a week and alerted; for the cluster, drift alarms are on.",
    fail: "Files without cover, no receiver, a comparison older than seven days, or no drift alarm.",
    unknown: "No tool is visible and no record was imported, or receivers or alarms are not known.",
    notApplicable: "Machines of a provider, and a cluster without CDE.",
    why: "Whoever changes a static pod's manifest or a key on a node changes the cluster without any request to its API.",
    cannotSee: "What a tool's rules leave out; whether somebody acts on an alert.",
  },
  evaluate: (context) => {
    const nodes = judgeAgentNodes(
      context,
      { controlPlane: true },
      (node) => judgeNode(context, node),
      (node, kind) => ({
        status: "not-applicable",
        object: node.ref,
        reason: `${kind}: the provider's machine`,
        detail: `Node ${node.node.metadata.name} is ${kind}; its files are in the provider's responsibility.`,
        evidence: [],
      }),
    );
    const isJudged = nodes.some(({ object }) => object.kind === "Node");
    return isJudged ? [...nodes, ...judgeCluster(context, ["cde"], () => [judgeDrift(context)])] : nodes;
  },
  verify: () => ({
    command: `kubectl get fileintegrities.fileintegrity.openshift.io -A --no-headers 2>/dev/null; kubectl get tracingpolicies.cilium.io --no-headers 2>/dev/null; kubectl get ds -A -o json | jq -r '.items[]|select(any(.spec.template.spec.containers[];(.image//"")|test("falco|wazuh|aide|osquery|tetragon|file-integrity")))|[.metadata.namespace,.metadata.name,.status.desiredNumberScheduled//0,.status.numberReady//0]|@tsv'`,
    expect:
      "A tool with a ready pod on each node. Then ask for its rules (which files), its last comparison of each node, and who receives its alerts; change a harmless watched file and wait for the alert.",
    needs: [],
  }),
  remediate: (_context, result) =>
    result.object.kind === "Node"
      ? {
          summary: `Watch the files of ${result.object.name}: Falco rules over writes to them are below. Give the alerts a receiver and try them with a harmless change.`,
          manifest: renderManifest({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "falco-critical-files", namespace: "falco" },
            data: { "critical-files.yaml": FALCO_RULES },
          }),
          apply:
            "# mount it into Falco's rules folder (customRules of the chart holds the same text), then restart its pods",
          risk: "Upgrades of nodes and certificates change these files too: tie the alerts to changes, or they will be ignored.",
        }
      : {
          summary:
            "Switch an alarm on for changes of CDE objects between snapshots (configuration drift), and send it to somebody; import the alarm with its receiver.",
          risk: "None for the cluster.",
        },
};

const FALCO_RULES = `- rule: Critical file of a node changed
  desc: A control-plane manifest, key, audit policy, kubelet setting or runtime binary was opened for writing
  condition: >
    open_write and (fd.name startswith /etc/kubernetes/ or fd.name startswith /var/lib/kubelet/pki
    or fd.name = /var/lib/kubelet/config.yaml or fd.name startswith /usr/bin/ or fd.name startswith /usr/local/bin/)
    and container.id = host
  output: Critical file changed (file=%fd.name user=%user.name process=%proc.cmdline parent=%proc.pname)
  priority: CRITICAL
`;

interface Cover {
  tool: string;
  covers: ReadonlySet<WatchedFiles>;
  problems: { words: string; evidence: EvidencePointer }[];
  /** What is not known of it. */
  gaps: string[];
  words: string;
  evidence: EvidencePointer;
}

function judgeNode(context: EvaluationContext, { node, ref, why }: JudgedNode): Result {
  const name = node.metadata.name;
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `Node ${name} (${why}): ${detail}`,
    evidence,
  });
  const covers = [
    ...recordCovers(context, name),
    ...objectCovers(context.inventory, node),
    ...tetragonCovers(context.inventory, name),
  ];
  const here: EvidencePointer = { ref, pointer: "/metadata/name", found: name };
  if (covers.length === 0) {
    const records = context.inventory.facts.fileIntegrity ?? [];
    if (records.length === 0) {
      return answer(
        "unknown",
        "no tool that watches its files is visible",
        "no file integrity tool is visible here, and no record of a host tool was imported. Falco and host agents keep their rules where the agent doesn't look: import the tool's record. If there is no tool, this is a gap.",
        [],
      );
    }
    const readable = context.inventory.readable("openshift-fileintegrities", "tetragon-tracingpolicies");
    if (!readable.known) {
      return answer(
        "unknown",
        "tools that may watch its files could not be read",
        `the record of ${nameSome(records.map(({ tool }) => tool))} leaves it out, and whether another tool watches it isn't known: ${readable.message}.`,
        [],
      );
    }
    return answer(
      "fail",
      "no tool watches this node's files",
      `the record of ${nameSome(records.map(({ tool }) => tool))} leaves it out.`,
      [here],
    );
  }
  const wanted = isControlPlaneNode(node) ? WATCHED_FILES : EVERY_NODE;
  const whole = covers.filter(({ problems }) => problems.length === 0);
  const missing = wanted.filter((files) => !whole.some((cover) => cover.covers.has(files)));
  if (missing.length > 0) {
    const problems = covers.flatMap((cover) => cover.problems);
    // Files that a faulty tool watches are named by its fault, the others by themselves.
    const bare = missing.filter((files) => !covers.some((cover) => cover.covers.has(files)));
    const words = [
      ...(bare.length > 0 ? [`nobody watches ${nameSome(bare.map((files) => WORDS[files]))}`] : []),
      ...problems.map((problem) => problem.words),
    ];
    return answer("fail", words[0] ?? "", `${words.join("; ")}. ${covers.map((cover) => cover.words).join(" ")}`, [
      ...problems.map((problem) => problem.evidence),
      ...(problems.length === 0 ? covers.map((cover) => cover.evidence) : []),
    ]);
  }
  const sure = whole.filter(({ gaps }) => gaps.length === 0);
  const unsure = wanted.filter((files) => !sure.some((cover) => cover.covers.has(files)));
  const words = whole.map((cover) => cover.words).join(" ");
  if (unsure.length > 0) {
    const gaps = [...new Set(whole.flatMap((cover) => cover.gaps))];
    return answer(
      "unknown",
      gaps[0] ?? "",
      `its files are watched, but ${gaps.join("; ")}. ${words}`,
      whole.map(({ evidence }) => evidence),
    );
  }
  return answer(
    "pass",
    "its critical files are watched and alerted",
    `${nameSome(wanted.map((files) => WORDS[files]))} are watched. ${words}`,
    sure.map(({ evidence }) => evidence),
  );
}

function recordCovers({ inventory, asOf }: EvaluationContext, node: string): Cover[] {
  return newestOf(inventory.facts.fileIntegrity ?? [], ({ tool }) => tool).flatMap(({ record, index }): Cover[] => {
    const i = record.nodes.findIndex((entry) => entry.node === node);
    const entry = record.nodes[i];
    if (entry === undefined) return [];
    const at = (field: string, found: string): EvidencePointer => ({
      ref: CLUSTER_REF,
      pointer: `/facts/fileIntegrity/${index}${field}`,
      found,
    });
    const problems: Cover["problems"] = [];
    if (!hasReceiver(record.receivers)) {
      problems.push({
        words: `nobody receives the alerts of ${record.tool}`,
        evidence: at("/receivers", record.receivers.join(", ")),
      });
    }
    const { comparedAt } = entry;
    if (comparedAt === null || daysBetween(comparedAt, record.origin.collectedAt) > COMPARE_DAYS) {
      problems.push({
        words:
          comparedAt === null ? `${record.tool} never compared it` : `${record.tool} last compared it at ${comparedAt}`,
        evidence: at(`/nodes/${i}/comparedAt`, comparedAt ?? "null"),
      });
    }
    const isOld = daysBetween(record.origin.collectedAt, asOf) > RECORD_DAYS;
    return [
      {
        tool: record.tool,
        covers: new Set(entry.covers),
        problems,
        gaps: isOld ? [`the record of ${record.tool} is older than ${RECORD_DAYS} days`] : [],
        words: `${record.tool}: last comparison ${comparedAt ?? "never"}, alerts to ${nameSome(record.receivers, 3)}. ${sourceOf(record.origin)}`,
        evidence: at(`/nodes/${i}`, entry.covers.join(", ")),
      },
    ];
  });
}

/** OpenShift's File Integrity Operator compares all of /etc and the binaries several times an hour while it is active. */
function objectCovers(inventory: Inventory, node: Node): Cover[] {
  return inventory.list("openshift-fileintegrities").flatMap((object): Cover[] => {
    const selector = (object.spec?.nodeSelector ?? {}) as Record<string, string>;
    const labels = node.metadata.labels ?? {};
    if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return [];
    const phase = (object.status as { phase?: string } | undefined)?.phase;
    const evidence: EvidencePointer = { ref: refOf(object), pointer: "/status/phase", found: phase ?? "" };
    const name = object.metadata.name;
    return [
      {
        tool: `FileIntegrity ${name}`,
        covers: new Set(WATCHED_FILES),
        problems:
          phase === "Active" || phase === undefined
            ? []
            : [{ words: `FileIntegrity ${name} is ${phase}, not Active`, evidence }],
        gaps: [
          ...(phase === undefined ? [`FileIntegrity ${name} reports no phase`] : []),
          ...(alarmOf(inventory)?.isReceived === true
            ? []
            : ["who receives its alerts is not known; import the alarms with their receivers"]),
        ],
        words: `FileIntegrity ${name} is ${phase ?? "of unknown state"}.`,
        evidence,
      },
    ];
  });
}

/** Tetragon policies whose arguments name the files, where a ready Tetragon pod enforces them. */
function tetragonCovers(inventory: Inventory, node: string): Cover[] {
  const sensors = findAgents(inventory, "sensor").filter(({ variants }) =>
    variants.some(({ spec }) => spec.containers.some(({ image = "" }) => /(?:^|\/)tetragon(?:[:@]|$)/.test(image))),
  );
  const [pod] = agentPodsOn(sensors, node);
  if (pod?.isReady !== true) return [];
  return inventory.list("tetragon-tracingpolicies").flatMap((policy): Cover[] => {
    const paths = pathsIn(policy.spec);
    const covers = WATCHED_FILES.filter((files) =>
      PLACES[files].every((place) =>
        paths.some((path) => place === path || place.startsWith(path.endsWith("/") ? path : `${path}/`)),
      ),
    );
    if (covers.length === 0) return [];
    return [
      {
        tool: `TracingPolicy ${policy.metadata.name}`,
        covers: new Set(covers),
        problems: [],
        gaps:
          alarmOf(inventory)?.isReceived === true
            ? []
            : ["who receives its alerts is not known; import the alarms with their receivers"],
        words: `TracingPolicy ${policy.metadata.name} watches ${nameSome(paths, 4)}, and ${pod.pod.metadata.name} is ready.`,
        evidence: { ref: refOf(policy), pointer: "/spec", found: nameSome(paths, 4) },
      },
    ];
  });
}

interface TetragonProbe {
  selectors?: { matchArgs?: { operator?: string; values?: string[] }[] }[];
}
function pathsIn(spec: Record<string, unknown> | undefined): string[] {
  const probes = (["kprobes", "lsmhooks"] as const).flatMap((key) => (spec?.[key] ?? []) as TetragonProbe[]);
  return probes.flatMap(({ selectors = [] }) =>
    selectors.flatMap(({ matchArgs = [] }) =>
      matchArgs.flatMap(({ operator, values = [] }) =>
        operator === "Prefix" || operator === "Equal" ? values.filter((value) => value.startsWith("/")) : [],
      ),
    ),
  );
}

/** The alarm about drift that was imported, or null. */
function alarmOf({ facts }: Inventory): { isReceived: boolean; words: string; evidence: EvidencePointer } | null {
  const found = newestOf(facts.failureAlarms ?? [], ({ system }) => system).flatMap(({ record, index }) =>
    record.alarms.flatMap((alarm, i) => (alarm.watches === "configuration-drift" ? [{ alarm, index, i, record }] : [])),
  );
  const best = found.find(({ alarm }) => alarm.isEnabled && hasReceiver(alarm.receivers)) ?? found[0];
  if (best === undefined) return null;
  const { alarm, index, i, record } = best;
  const isReceived = alarm.isEnabled && hasReceiver(alarm.receivers);
  const state = isReceived
    ? `goes to ${nameSome(alarm.receivers, 3)}`
    : alarm.isEnabled
      ? "has no receiver"
      : "is disabled";
  return {
    isReceived,
    words: `alarm ${alarm.name} of ${record.system} ${state}`,
    evidence: { ref: CLUSTER_REF, pointer: `/facts/failureAlarms/${index}/alarms/${i}`, found: alarm.name },
  };
}

function judgeDrift({ inventory }: EvaluationContext): Result {
  const alarm = alarmOf(inventory);
  if (alarm !== null) {
    return {
      ...clusterResult(
        alarm.isReceived ? "pass" : "fail",
        alarm.isReceived ? "an alarm about drift is on" : "the alarm about drift reaches nobody",
        `For changes of CDE objects: ${alarm.words}.`,
      ),
      evidence: [alarm.evidence],
    };
  }
  const [first] = inventory.facts.failureAlarms ?? [];
  if (first === undefined) {
    return clusterResult(
      "unknown",
      "alarms about drift are not known",
      "No alarms were imported, so whether somebody is told when a CDE object changes isn't known. Import the alarms with their receivers.",
    );
  }
  return {
    ...clusterResult(
      "fail",
      "no alarm about drift",
      `${first.system} has no alarm about configuration drift. ${sourceOf(first.origin)}`,
    ),
    evidence: [{ ref: CLUSTER_REF, pointer: "/facts/failureAlarms/0/alarms", found: `${first.alarms.length} alarms` }],
  };
}
