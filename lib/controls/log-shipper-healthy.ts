/**
 * Audit logs of every control-plane node are shipped by a secure, working forwarder.
 *
 * Reads: DaemonSets and static pods that mount the audit log's folder from the node, their status and pods, the Nodes with the
 * control-plane label, facts about the containers' settings (TLS on or off, never values), and imported output settings.
 * Which workload is the audit shipper: one that mounts the folder or file of --audit-log-path itself, or that is called an audit
 * shipper; else a log shipper by name or image that mounts a folder above it and runs on a control-plane node.
 * Pass: a ready pod on every control-plane node (at least one), the folder mounted and not the file, the right path tailed as JSON,
 * output over TLS with verification and authentication, the position kept, images pinned by digest.
 * Fail: it wants no pod at all, a control-plane node is left out or its pod is not ready, the file is mounted, output in clear or
 * without authentication, the wrong path or format, the position lost; medium where only an image is not pinned.
 * Unknown: no such workload is found (a service on the host may ship), output settings were not imported, no node carries the
 * control-plane label, sections were not read, no scope is declared.
 * Not applicable: managed control planes, where no node of the control plane is visible and a DaemonSet would show nothing; API
 * servers that send their events by webhook.
 *
 * A hostPath of type File holds on to the old file after rotation: shipping stops without a sign. `desired 0, ready 0` is a fail.
 */
import { escapeRegExp, findShippers, imagesOf, type Shipper } from "./audit-shippers";
import { auditFlags } from "./audit-sources";
import { type Inventory, type Workload, refOf } from "@/lib/inventory/inventory";
import type { LogShipperOutput } from "@/lib/inventory/imported";
import type { Pod, TemplatedWorkload } from "@/lib/inventory/kinds";
import { visitContainers } from "@/lib/podsecurity";
import { renderManifest } from "./manifest";
import { clusterResult, findUnreadable, judgeCluster, nameSome } from "./population";
import { script, shellQuote } from "./prelude";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Remediation,
  type Result,
} from "./types";
import { distinct, specEvidence, sourceWords, wordsOf } from "./workloads";
import { shortReason } from "./short-reason";

const MANAGED = ["eks", "gke", "aks"];
const CONTROL_PLANE_LABELS = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
/** Where audit logs usually lie, for clusters whose API servers' flags are not visible. */
const USUAL_LOGS = [
  "/var/log/kubernetes/audit/audit.log",
  "/var/log/kubernetes/audit.log",
  "/var/log/apiserver/audit.log",
  "/var/log/kube-apiserver/audit.log",
];
/** Its legacy configuration tails a fixed path in text format, whatever the environment says. */
const LEGACY_IMAGE = /fluentd-kubernetes-daemonset/;

export const logShipperHealthy: Control = {
  id: "log-shipper-healthy",
  title: "Audit logs of every control-plane node are shipped by a secure, working forwarder",
  severity: "high",
  requirements: [
    {
      requirement: "10.3.3",
      kind: "primary",
      rationale: "A working forwarder on every control-plane node is how audit logs promptly reach the central store.",
    },
    {
      requirement: "10.7.2",
      kind: "primary",
      rationale: "A forwarder that is missing or failing is a failure of audit logging that has to be noticed.",
    },
    {
      requirement: "4.2.1",
      kind: "supporting",
      rationale: "Log events that leave the node travel encrypted and to a verified receiver.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "The shipper's own login is readable in transit when its output is not encrypted.",
    },
  ],
  judges: "daemonset",
  sections: ["pods", "nodes", "daemonsets"],
  rule: {
    reads:
      "Workloads that mount the audit log from control-plane nodes, their pods per node, and their output settings as far as known.",
    pass: "A ready pod on every control-plane node, the folder mounted, the right path, encrypted and authenticated output, position kept, images pinned.",
    fail: "No pod wanted, a node without a ready pod, the file mounted, clear or unauthenticated output, wrong path or format, position lost, image not pinned (medium).",
    unknown: "No such workload is found, or its output settings were not imported.",
    notApplicable: "Managed control planes; API servers that deliver by webhook; no CDE and connected-to namespace.",
    why: "Audit logs lie on the control-plane nodes; only a process on each of them can bring the events away.",
    cannotSee:
      "Whether events arrive: that takes the store's newest event per source. Services that run on the host beside Kubernetes.",
  },
  evaluate: (context) => judgeCluster(context, ["cde", "connected-to"], () => judge(context)),
  verify: (_context, result) => {
    const { kind, namespace = "NAMESPACE", name } = result?.object ?? { kind: "DaemonSet", name: "DAEMONSET" };
    const object = kind === "DaemonSet" ? { namespace, name } : { namespace: "NAMESPACE", name: "DAEMONSET" };
    return {
      command: script(
        "kubectl get nodes -l node-role.kubernetes.io/control-plane --no-headers | wc -l",
        `kubectl get ds -n ${shellQuote(object.namespace)} ${shellQuote(object.name)} -o json | jq '{desired:.status.desiredNumberScheduled,ready:.status.numberReady,images:[.spec.template.spec.containers[].image],volumes:[.spec.template.spec.volumes[]?|select(.hostPath)|{path:.hostPath.path,type:.hostPath.type}],tls:[.spec.template.spec.containers[].env[]?|select(.name|test("SCHEME|SSL|TLS"))|{name,value}]}'`,
      ),
      expect:
        "Desired and ready equal the number of control-plane nodes (first line, above 0); folders, not files; https or TLS with verification on. Look for the DaemonSet's name with kubectl get ds -A.",
      needs: [],
    };
  },
  remediate,
};

function judge(context: EvaluationContext): Result[] {
  const { inventory } = context;
  if (MANAGED.includes(inventory.provider)) {
    return [
      clusterResult(
        "not-applicable",
        "managed control plane: the provider delivers the logs",
        `${inventory.provider.toUpperCase()} runs the control plane out of sight; no node carries its label, so a DaemonSet shows nothing. The newest event in the store shows that the provider delivers.`,
      ),
    ];
  }
  const unreadable = findUnreadable(context, ["nodes", "pods", "daemonsets"]);
  if (unreadable !== null) return [unreadable];
  const flags = auditFlags(inventory);
  const logs = flags.visible
    ? distinct(
        flags.servers.flatMap((server) =>
          server.logPath !== null && server.logPath.startsWith("/") ? [server.logPath] : [],
        ),
      )
    : [];
  if (
    flags.visible &&
    logs.length === 0 &&
    flags.servers.every((server) => server.hasWebhook && server.logPath === null)
  ) {
    return [
      {
        ...clusterResult(
          "not-applicable",
          "API servers send audit events by webhook",
          "Every API server sends its audit events by webhook and writes no file, so there is nothing to ship from the nodes.",
        ),
        evidence: flags.servers.map(({ instance }) => ({
          ref: instance.ref,
          pointer: instance.flags.get("audit-webhook-config-file")?.pointer ?? instance.pointer,
        })),
      },
    ];
  }
  const nodes = inventory.nodes
    .filter((node) => CONTROL_PLANE_LABELS.some((label) => node.metadata.labels?.[label] !== undefined))
    .map((node) => node.metadata.name);
  const paths = logs.length > 0 ? logs : USUAL_LOGS;
  const shippers = findShippers(inventory, paths, nodes);
  if (shippers.length === 0) {
    return [
      clusterResult(
        "unknown",
        "no workload ships the audit log",
        `No DaemonSet or static pod mounts ${paths.length === 1 ? paths[0] : "a usual place of the audit log"} from the control-plane nodes. A service on the hosts may ship it; then the newest event in the store has to show that it does.`,
      ),
    ];
  }
  if (nodes.length === 0) {
    return shippers.map((shipper) => ({
      status: "unknown",
      object: shipper.workload.ref,
      reason: "no node carries the control-plane label",
      detail: `${wordsOf(shipper.workload.ref)} mounts the audit log, but no node carries ${CONTROL_PLANE_LABELS[0]}, so it is not known where the log is written.`,
      evidence: [shipper.mount],
    }));
  }
  const results = shippers.map((shipper) => judgeShipper(inventory, shipper, nodes, paths));
  // One healthy shipper is enough: a second agent that also sees the folder is not the one that the log depends on.
  const healthy = results.filter((result) => result.status === "pass");
  return healthy.length > 0 ? healthy : results;
}

function judgeShipper(
  inventory: Inventory,
  shipper: Shipper,
  nodes: readonly string[],
  logs: readonly string[],
): Result {
  const { workload } = shipper;
  const problems: { words: string; evidence: EvidencePointer; isMinor?: boolean }[] = [];
  const pods = shipper.parts.flatMap((part) => part.pods);
  const daemonSet = inventory
    .list("daemonsets")
    .find((d) => d.metadata.name === workload.ref.name && d.metadata.namespace === workload.namespace);
  const desired = daemonSet?.status?.desiredNumberScheduled;
  if (daemonSet !== undefined && desired === 0) {
    problems.push({
      words: "it wants no pod on any node (desired 0): its node selector or tolerations match none",
      evidence: { ref: refOf(daemonSet), pointer: "/status/desiredNumberScheduled", found: "0" },
    });
  } else problems.push(...nodeProblems(pods, nodes, daemonSet, shipper));
  if (shipper.mountsFile) {
    problems.push({
      words: `it mounts the file itself, ${shipper.mountWords}: after rotation it keeps reading the old file`,
      evidence: shipper.mount,
    });
  }

  const outputs = (inventory.facts.logShippers ?? []).filter((output) => output.shipper === workload.ref.name);
  const outputIndex = (inventory.facts.logShippers ?? []).findIndex((output) => output.shipper === workload.ref.name);
  for (const output of outputs) problems.push(...outputProblems(output, outputIndex, logs));
  problems.push(...factProblems(workload), ...imageProblems(workload));

  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  const legacy = imagesOf(workload).some((image) => LEGACY_IMAGE.test(image))
    ? " Its image reads /var/log/kubernetes/kube-apiserver-audit.log in an old text format by default and sends over plain HTTP unless told otherwise; check its configuration."
    : "";
  if (problems.length > 0) {
    const isMinor = problems.every((problem) => problem.isMinor);
    return {
      status: "fail",
      object: workload.ref,
      ...(isMinor ? { severity: "medium" as const } : {}),
      reason: shortReason(problems[0]?.words.replace(/[:(].*/, "").trim() ?? ""),
      detail: `${subject}: ${problems.map((problem) => problem.words).join("; ")}.${legacy}`,
      evidence: problems.map((problem) => problem.evidence),
    };
  }
  const healthy = `${subject} has a ready pod on each of the ${nodes.length} control-plane ${nodes.length === 1 ? "node" : "nodes"} and mounts ${shipper.mountWords}`;
  if (outputs.length === 0) {
    return {
      status: "unknown",
      object: workload.ref,
      reason: "running everywhere; its output settings are not known",
      detail: `${healthy}. Which path it tails and whether its output is encrypted, verified and authenticated stands in its configuration, which is not in the snapshot; import its output settings.${legacy}`,
      evidence: [shipper.mount],
    };
  }
  return {
    status: "pass",
    object: workload.ref,
    reason: `ready on all ${nodes.length} control-plane nodes, output secured`,
    detail: `${healthy}; its output is encrypted, verified and authenticated. Source of the output settings: ${outputs[0]?.origin.name ?? ""}.`,
    evidence: [
      shipper.mount,
      { ref: CLUSTER_REF, pointer: `/facts/logShippers/${outputIndex}`, found: outputs[0]?.scheme },
    ],
  };
}

function nodeProblems(
  pods: readonly Pod[],
  nodes: readonly string[],
  daemonSet: TemplatedWorkload | undefined,
  shipper: Shipper,
) {
  const problems: { words: string; evidence: EvidencePointer }[] = [];
  const ready = new Set(pods.filter(isReady).map((pod) => pod.spec.nodeName));
  const present = new Set(pods.map((pod) => pod.spec.nodeName));
  const missing = nodes.filter((node) => !present.has(node));
  if (missing.length > 0) {
    const evidence: EvidencePointer =
      daemonSet === undefined
        ? shipper.mount
        : { ref: refOf(daemonSet), pointer: "/status/numberReady", found: String(daemonSet.status?.numberReady ?? 0) };
    problems.push({ words: `no pod on ${nameSome(missing)}`, evidence });
  }
  const unready = pods.filter((pod) => nodes.includes(pod.spec.nodeName ?? "") && !ready.has(pod.spec.nodeName));
  for (const pod of unready) {
    const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount ?? 0));
    problems.push({
      words: `not ready on ${pod.spec.nodeName}${restarts > 3 ? ` after ${restarts} restarts` : ""}`,
      evidence: { ref: refOf(pod), pointer: "/status/containerStatuses", found: `restarts: ${restarts}` },
    });
  }
  return problems;
}

function isReady(pod: Pod): boolean {
  const condition = pod.status?.conditions?.find((c) => c.type === "Ready");
  if (condition !== undefined) return condition.status === "True";
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.length > 0 && statuses.every((status) => status.ready === true);
}

function outputProblems(output: LogShipperOutput, index: number, logs: readonly string[]) {
  const at = (field: keyof LogShipperOutput, found: string): EvidencePointer => ({
    ref: CLUSTER_REF,
    pointer: `/facts/logShippers/${index}/${field}`,
    found,
  });
  const problems: { words: string; evidence: EvidencePointer }[] = [];
  if (!logs.some((log) => matchesGlob(output.tails, log))) {
    problems.push({
      words: `it tails ${output.tails}, which is not where the audit log lies (${nameSome(logs, 2)})`,
      evidence: at("tails", output.tails),
    });
  }
  if (output.format !== "json")
    problems.push({
      words: "it reads the log as text, but audit events are JSON",
      evidence: at("format", output.format),
    });
  if (output.scheme === "http" || output.scheme === "tcp")
    problems.push({ words: `its output is not encrypted (${output.scheme})`, evidence: at("scheme", output.scheme) });
  else if (!output.verifiesCertificate)
    problems.push({
      words: "its output does not verify the receiver's certificate",
      evidence: at("verifiesCertificate", "false"),
    });
  if (!output.authenticates)
    problems.push({ words: "its output does not authenticate", evidence: at("authenticates", "false") });
  if (!output.persistsPosition)
    problems.push({
      words: "it forgets its position when its pod is replaced",
      evidence: at("persistsPosition", "false"),
    });
  return problems;
}

/** What the agent worked out about settings inside the cluster; only a plain "no" counts. */
function factProblems(workload: Workload) {
  return workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).flatMap(({ container, pointer }) => [
      ...(container.facts?.usesTls === false
        ? [
            {
              words: `container ${container.name} is set to send without TLS`,
              evidence: specEvidence(variant, `${pointer}/facts/usesTls`, "false"),
            },
          ]
        : []),
      ...(container.facts?.verifiesTls === false
        ? [
            {
              words: `container ${container.name} is set not to verify certificates`,
              evidence: specEvidence(variant, `${pointer}/facts/verifiesTls`, "false"),
            },
          ]
        : []),
    ]),
  );
}

function imageProblems(workload: Workload) {
  return workload.variants.flatMap((variant) =>
    visitContainers(variant.spec).flatMap(({ container, pointer }) =>
      /@sha256:[0-9a-f]{64}$/.test(container.image ?? "")
        ? []
        : [
            {
              words: `the image of container ${container.name} is not pinned by digest`,
              evidence: specEvidence(variant, `${pointer}/image`, container.image),
              isMinor: true,
            },
          ],
    ),
  );
}

/** `*` stands for any part of a path. */
function matchesGlob(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.split("*").map(escapeRegExp).join(".*")}$`).test(path);
}

function remediate({ inventory }: EvaluationContext, result: Result): Remediation {
  const flags = auditFlags(inventory);
  const log = flags.visible ? flags.servers.find((server) => server.logPath?.startsWith("/"))?.logPath : undefined;
  const folder = log ? log.slice(0, log.lastIndexOf("/")) : "/var/log/kubernetes/audit";
  const { namespace = "monitoring", name } = result.object;
  return {
    summary:
      "Run the forwarder on every control-plane node, mount the log's folder read-only, keep its position on the node, pin its image by digest (replace the digest below by your approved image's), and send over TLS with verification and a credential from a Secret. Its configuration goes into the ConfigMap named.",
    manifest: renderManifest({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace },
      spec: {
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            automountServiceAccountToken: false,
            nodeSelector: { "node-role.kubernetes.io/control-plane": "" },
            tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }],
            containers: [
              {
                name: "fluent-bit",
                image: `registry.example.com/fluent-bit@sha256:${"0".repeat(64)}`,
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ["ALL"] },
                  seccompProfile: { type: "RuntimeDefault" },
                },
                volumeMounts: [
                  { name: "audit-log", mountPath: folder, readOnly: true },
                  { name: "position", mountPath: "/var/lib/audit-shipper" },
                  { name: "configuration", mountPath: "/fluent-bit/etc", readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: "audit-log", hostPath: { path: folder, type: "Directory" } },
              { name: "position", hostPath: { path: "/var/lib/audit-shipper", type: "DirectoryOrCreate" } },
              { name: "configuration", configMap: { name: `${name}-configuration` } },
            ],
          },
        },
      },
    }),
    apply: `kubectl -n ${shellQuote(namespace)} apply -f daemonset.yaml`,
    risk: "The selector of an existing DaemonSet cannot change: compare it first. The namespace of the forwarder becomes connected-to, and its two host folders are an exception that has to be approved.",
  };
}
