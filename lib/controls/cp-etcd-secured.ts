/**
 * cp-etcd-secured: etcd accepts only mutually authenticated TLS and is reachable only by the API server.
 *
 * Reads: etcd's flags, its ETCD_ variables and, with --config-file, the imported file; the API servers' --etcd-servers.
 * Pass: for clients and for peers certificate, key and authority are set, client certificates are demanded, nothing is made up by
 *   itself (auto-tls), every address is https, on every instance that API servers use.
 * Fail: an http address, a demand for certificates that is missing or off, auto-tls, a missing file: critical. Metrics on http beyond
 *   the loopback: medium (http://127.0.0.1 is how health checks are made).
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; etcd runs elsewhere (its flags
 *   have to be imported) or is configured by a file that isn't imported; a value isn't known.
 * Not applicable: no CDE namespace; a provider that answers for it by the responsibility matrix.
 * An authority shared with the cluster makes every client certificate of the cluster a login to etcd: it is named.
 */
import {
  type ComponentInstance,
  componentFlags,
  isConfiguredByUnknownFile,
  parseBooleanFlag,
} from "@/lib/inventory/flags";
import type { Inventory } from "@/lib/inventory/inventory";
import {
  type FlagJudgement,
  type FlagProblem,
  flagEvidence,
  flagList,
  flagValue,
  judgeComponent,
  KUBEADM_RISK,
  kubeadmPatch,
} from "./control-plane";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import type { Control, EvaluationContext, Result } from "./types";

const ID = "cp-etcd-secured";
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

export const cpEtcdSecured: Control = {
  id: ID,
  title: "etcd accepts only mutually authenticated TLS and is reachable only by the API server",
  severity: "critical",
  requirements: [
    {
      requirement: "2.2.7",
      kind: "primary",
      rationale: "Access to etcd is administrative access to everything in the cluster, so it has to be encrypted.",
    },
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale: "Every Secret crosses the connections to etcd and between its members.",
    },
    {
      requirement: "8.3.1",
      kind: "supporting",
      rationale: "A client certificate is the only factor by which etcd knows who asks.",
    },
    {
      requirement: "1.3.1",
      kind: "supporting",
      rationale: "Addresses on which etcd listens show who could reach it at all.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "etcd's flags, variables and imported configuration file, and the API servers' --etcd-servers.",
    pass: "Certificates, keys and authorities for clients and peers, certificates demanded of both, no auto-tls, https only.",
    fail: "An http address, certificates not demanded, auto-tls, or a missing file.",
    unknown: "etcd is not visible, configured by a file that is not imported, or a value is not known.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "Whoever reaches etcd without a certificate reads every Secret and writes every object, past RBAC and audit.",
    cannotSee: "Firewalls in front of ports 2379 and 2380.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      FLAGS,
      "flags etcd | grep -E -- '--(client-cert-auth|peer-client-cert-auth|auto-tls|peer-auto-tls|cert-file|trusted-ca-file|peer-|listen-)' || echo 'no etcd visible'",
      `kubectl -n kube-system get pods -l component=etcd -o json | jq -r '.items[]|.metadata.name as $n|.spec.containers[0].env[]?|select(.name|startswith("ETCD_"))|"\\($n)\\t\\(.name)"'`,
      "flags kube-apiserver | grep -E -- '--etcd-servers' || true",
    ),
    expect:
      "For every etcd: cert-file, key-file, trusted-ca-file and client-cert-auth=true, the same with peer-, https in every listen address but metrics on the loopback; https in --etcd-servers.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Give etcd certificates and demand them of clients and peers; with several members change one at a time. Seen: ${result.detail}`,
    manifest: renderManifest(
      kubeadmPatch({
        etcd: {
          "cert-file": "/etc/kubernetes/pki/etcd/server.crt",
          "key-file": "/etc/kubernetes/pki/etcd/server.key",
          "trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
          "client-cert-auth": "true",
          "peer-cert-file": "/etc/kubernetes/pki/etcd/peer.crt",
          "peer-key-file": "/etc/kubernetes/pki/etcd/peer.key",
          "peer-trusted-ca-file": "/etc/kubernetes/pki/etcd/ca.crt",
          "peer-client-cert-auth": "true",
        },
      }),
    ),
    apply:
      "kubeadm init phase etcd local --config kubeadm.yaml  # on each control-plane node, with the rest of your ClusterConfiguration",
    risk: `Members that don't trust each other's certificates lose quorum, and the cluster stops. Take a snapshot first. ${KUBEADM_RISK}`,
  }),
};

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const plain = plainConnections(inventory);
  if (plain !== null) return plain;
  return judgeComponent(context, { id: ID, severity: "critical" }, "etcd", judgeInstance, {
    passes: "https and client certificates for clients and peers",
    remedy: "when etcd's command line or configuration file on each of its hosts is imported",
    hidden: unseenMembers(inventory),
  });
}

/** API servers that speak to etcd over http, wherever it runs. */
function plainConnections(inventory: Inventory): Result | null {
  const servers = componentFlags(inventory, "kube-apiserver");
  if (!servers.visible) return null;
  const plain = servers.instances.filter((instance) =>
    (flagList(instance, "etcd-servers") ?? []).some((url) => url.startsWith("http:")),
  );
  if (plain.length === 0) return null;
  const names = nameSome(plain.map(({ ref }) => ref.name));
  return {
    ...clusterResult("fail", `${names} speaks to etcd over http`, `--etcd-servers of ${names} names an http address.`),
    severity: "critical",
    evidence: plain.map((instance) => flagEvidence(instance, "etcd-servers")),
  };
}

/** Nodes whose API server uses an etcd beside it that the API doesn't show, and members elsewhere. */
function unseenMembers(inventory: Inventory): string[] {
  const servers = componentFlags(inventory, "kube-apiserver");
  const members = componentFlags(inventory, "etcd");
  if (!servers.visible || !members.visible) return [];
  const nodes = new Set(members.instances.map(({ nodeName }) => nodeName));
  const addresses = new Set(
    inventory.nodes
      .filter(({ metadata }) => nodes.has(metadata.name))
      .flatMap(({ metadata, status }) => [metadata.name, ...(status?.addresses ?? []).map(({ address }) => address)]),
  );
  const unseen = servers.instances.flatMap((instance) =>
    (flagList(instance, "etcd-servers") ?? []).flatMap((url) => {
      const host = /^https:\/\/(\[[^\]]*\]|[^:/]*)/.exec(url)?.[1] ?? "";
      if (host === "") return [];
      if (LOOPBACK.test(host)) return nodes.has(instance.nodeName) ? [] : [instance.nodeName ?? instance.ref.name];
      return addresses.size === 0 || addresses.has(host.replace(/^\[|\]$/g, "")) ? [] : [host];
    }),
  );
  return [...new Set(unseen)].sort();
}

function judgeInstance(instance: ComponentInstance): FlagJudgement {
  if (isConfiguredByUnknownFile(instance)) {
    const evidence = flagEvidence(instance, "config-file");
    return {
      problems: [{ status: "unknown", words: "etcd is configured by a file that isn't imported", evidence }],
      evidence: [],
    };
  }
  const problems: FlagProblem[] = [];
  const add = (
    status: FlagProblem["status"],
    flag: string,
    words: string,
    severity?: FlagProblem["severity"],
  ): void => {
    const evidence = flagEvidence(instance, flag);
    problems.push({ status, words, evidence, ...(severity === undefined ? {} : { severity }) });
  };
  for (const prefix of ["", "peer-"]) {
    const missing = [`${prefix}cert-file`, `${prefix}key-file`, `${prefix}trusted-ca-file`].filter(
      (flag) => flagValue(instance, flag) === undefined,
    );
    if (missing.length > 0) add("fail", missing[0] ?? "", `${missing.map((flag) => `--${flag}`).join(", ")} not set`);
    const demand = `${prefix}client-cert-auth`;
    const demands = flagValue(instance, demand);
    if (demands === undefined) add("fail", demand, `--${demand} is not set, and the default is false`);
    else if (parseBooleanFlag(demands) === null) add("unknown", demand, `the value of --${demand} isn't known`);
    else if (parseBooleanFlag(demands) === false) add("fail", demand, `--${demand} is false`);
    const auto = `${prefix}auto-tls`;
    const makesUp = flagValue(instance, auto);
    if (makesUp === null) add("unknown", auto, `the value of --${auto} isn't known`);
    else if (makesUp !== undefined && parseBooleanFlag(makesUp) !== false) add("fail", auto, `--${auto} is ${makesUp}`);
  }
  for (const flag of ["listen-client-urls", "listen-peer-urls"]) {
    const urls = flagList(instance, flag);
    if (urls === null) add("unknown", flag, `the value of --${flag} isn't known`);
    else if (urls === undefined) add("fail", flag, `--${flag} is not set, and the default is http on the loopback`);
    else if (urls.some((url) => url.startsWith("http:"))) add("fail", flag, `--${flag} has an http address`);
  }
  const metrics = flagList(instance, "listen-metrics-urls") ?? [];
  const open = metrics.filter(
    (url) => url.startsWith("http:") && !LOOPBACK.test(/^http:\/\/(\[[^\]]*\]|[^:/]*)/.exec(url)?.[1] ?? ""),
  );
  if (open.length > 0) add("fail", "listen-metrics-urls", `metrics are served on ${nameSome(open, 2)}`, "medium");
  const cited = ["client-cert-auth", "peer-client-cert-auth", "listen-client-urls", "trusted-ca-file"];
  const isShared = flagValue(instance, "trusted-ca-file") === "/etc/kubernetes/pki/ca.crt";
  return {
    problems,
    evidence: cited.filter((flag) => instance.flags.has(flag)).map((flag) => flagEvidence(instance, flag)),
    notes: isShared
      ? [
          "etcd trusts the cluster's own authority, so every client certificate of the cluster is a login to etcd; give it one of its own.",
        ]
      : [],
  };
}
