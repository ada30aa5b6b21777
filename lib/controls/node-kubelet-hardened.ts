/**
 * node-kubelet-hardened: Kubelets require authentication, authorisation and rotate certificates.
 *
 * Reads: for every CDE and control-plane node the kubelet's configuration: what runs (/configz), or its file together with the flags
 *   that override it (node collector, upload). kubeadm's ConfigMap says what was intended and settles nothing.
 * Pass: anonymous off, webhook authentication on with a client authority, authorisation by webhook, no read-only port, certificates
 *   rotated, TLS 1.2 or newer. Apart from that: idle streams end after one second to 15 minutes.
 * Fail: anonymous on, AlwaysAllow, or a read-only port: critical. Anything else of the first sentence: medium. The idle limit is 0,
 *   more than 15 minutes, or not set (four hours by default): low.
 * Unknown: no configuration of the node was imported, or only the intended one; the flags that override a file weren't read, or name
 *   another file or a folder of further ones.
 * Not applicable: no CDE namespace; serverless nodes.
 * Without a value the file's defaults count (anonymous off, webhook on, mode Webhook, no read-only port, no rotation); without a file the
 * flags' defaults are others, so a file must be there. The idle limit is about each connection of exec, attach and port-forward and
 * supports 8.2.8 only; newer versions may tunnel such streams through the API server.
 */
import type { ImportedKubeletConfig } from "@/lib/inventory/imported-control-plane";
import { parseBooleanFlag } from "@/lib/inventory/flags";
import { worstSeverity } from "./control-plane";
import { isWeakSuite } from "./cipher-suites";
import { renderManifest } from "./manifest";
import { type JudgedNode, judgeNodes } from "./nodes-in-scope";
import { nameSome } from "./population";
import { describeOrigin, isRecent } from "./provider-profiles";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result, type Severity } from "./types";

const IDLE_PART = "streamingConnectionIdleTimeout";

export const nodeKubeletHardened: Control = {
  id: "node-kubelet-hardened",
  title: "Kubelets require authentication, authorisation and rotate certificates",
  severity: "critical",
  requirements: [
    {
      requirement: "8.3.1",
      kind: "primary",
      rationale: "The kubelet's port runs commands in every container of the node; it has to know who asks.",
    },
    {
      requirement: "7.3.2",
      kind: "primary",
      rationale: "With webhook authorisation the cluster's permissions count at the kubelet, too.",
    },
    {
      requirement: "2.2.7",
      kind: "primary",
      rationale: "Exec and logs are administration that goes over the kubelet's TLS port.",
    },
    {
      requirement: "2.2.4",
      kind: "primary",
      rationale: "The read-only port is a service without a login that nothing needs.",
    },
    {
      requirement: "8.2.8",
      kind: "supporting",
      rationale: "An idle limit ends forgotten terminal sessions; the session limit of the sign-in counts first.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods"],
  rule: {
    reads:
      "The kubelet's running configuration, or its file and the flags that override it, for every CDE and control-plane node.",
    pass: "Anonymous off, webhook authentication with a client authority, mode Webhook, no read-only port, rotation, TLS 1.2; idle streams end within 15 minutes.",
    fail: "Anonymous on, AlwaysAllow or a read-only port (critical), other settings (medium), idle limit (low).",
    unknown: "No configuration of the node was imported, only the intended one, or the overriding flags were not read.",
    notApplicable: "No CDE namespace, or serverless nodes.",
    why: "Whoever reaches an open kubelet runs commands in every pod of the node, past RBAC and audit.",
    cannotSee: "Whether a firewall stands in front of port 10250.",
  },
  evaluate: (context) => judgeNodes(context, (node) => judge(context, node)),
  verify: () => ({
    command: `kubectl get nodes -o json | jq -r '.items[]|"\\(.metadata.name) \\(([.status.addresses[]?|select(.type=="InternalIP").address][0])//.metadata.name)"' | while read -r n a; do echo "== $n"; curl -sk --max-time 10 -H "Authorization: Bearer $TOKEN" "https://$a:10250/configz" | jq -c '.kubeletconfig|{anon:.authentication.anonymous.enabled,webhook:.authentication.webhook.enabled,mode:.authorization.mode,ro:.readOnlyPort,idle:.streamingConnectionIdleTimeout,rotate:.rotateCertificates,serverTLS:.serverTLSBootstrap,minTLS:.tlsMinVersion}'; done`,
    expect:
      "For every node anon false, webhook true, mode Webhook, ro 0 or null, rotate true, idle between 1s and 15m. TOKEN is of an account that may get nodes/configz (from 1.33 on; before that nodes/proxy, which can run commands: take it away again).",
    needs: ["curl"],
  }),
  remediate: (_, result) => ({
    summary: `Put these values into the kubelet's configuration file on ${result.object.name} (kubeadm: also into the ConfigMap kubelet-config, so that the next node gets them), take contradicting flags away, and restart the kubelet. ${result.detail}`,
    manifest: renderManifest({
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
      },
      authorization: { mode: "Webhook" },
      readOnlyPort: 0,
      rotateCertificates: true,
      serverTLSBootstrap: true,
      tlsMinVersion: "VersionTLS12",
      streamingConnectionIdleTimeout: "15m0s",
    }),
    apply: "merge into /var/lib/kubelet/config.yaml on the node, then: systemctl restart kubelet",
    risk: "Monitoring that used the read-only port or no login loses access. With serverTLSBootstrap the request for each serving certificate has to be approved, else logs and exec stop working.",
  }),
};

/** Flags of the kubelet and the fields that they override. */
const FLAG_FIELDS = {
  "anonymous-auth": "anonymous",
  "authentication-token-webhook": "webhook",
  "client-ca-file": "clientCAFile",
  "authorization-mode": "authorizationMode",
  "read-only-port": "readOnlyPort",
  "rotate-certificates": "rotateCertificates",
  "tls-min-version": "tlsMinVersion",
  "streaming-connection-idle-timeout": "streamingConnectionIdleTimeout",
} as const;

type Effective = { [K in (typeof FLAG_FIELDS)[keyof typeof FLAG_FIELDS]]?: ImportedKubeletConfig[K] | null } & {
  tlsCipherSuites?: string[] | undefined;
};

function judge(context: EvaluationContext, { node, ref, why }: JudgedNode): Result[] {
  const { name } = node.metadata;
  const configs = (context.inventory.facts.kubeletConfigs ?? []).filter(
    (config) => config.node === name && isRecent(config.origin, context.asOf),
  );
  const rank = { intended: 0, file: 1, running: 2 } as const;
  const [config] = configs.sort(
    (a, b) => rank[b.source] - rank[a.source] || (a.origin.collectedAt < b.origin.collectedAt ? 1 : -1),
  );
  const answer = (status: Result["status"], reason: string, detail: string, part?: string): Result => ({
    status,
    object: ref,
    ...(part === undefined ? {} : { part }),
    reason: shortReason(reason),
    detail: `Kubelet of ${name} (${why}): ${detail}`,
    evidence: [],
  });
  if (config === undefined) {
    return [
      answer(
        "unknown",
        "the kubelet's configuration was not read",
        "its configuration is not visible through the API without a dangerous permission. It becomes known by the node collector, or when the file or /configz of the node is imported.",
      ),
    ];
  }
  if (config.source === "intended") {
    return [
      answer(
        "unknown",
        "only the intended configuration is known",
        "kubeadm's ConfigMap says what new nodes get, not what runs on this one. It becomes known by the node collector, or when the file or /configz of the node is imported.",
      ),
    ];
  }
  const effective = effectiveOf(config);
  const index = (context.inventory.facts.kubeletConfigs ?? []).indexOf(config);
  const problems = problemsOf(effective);
  const evidence = (words: string) => [{ ref: CLUSTER_REF, pointer: `/facts/kubeletConfigs/${index}`, found: words }];
  const source = describeOrigin(config.origin);
  const open = openQuestion(config);
  const main = (): Result => {
    if (problems.length > 0) {
      const words = problems.map((problem) => problem.words);
      return {
        ...answer("fail", nameSome(words, 3), `${words.join("; ")}. ${source}`),
        severity: worstSeverity(
          problems.map(({ severity }) => severity),
          "critical",
        ),
        evidence: evidence(words.join("; ")),
      };
    }
    const unknown =
      open ?? (effective.unknown.length > 0 ? `values that aren't known: ${effective.unknown.join(", ")}` : null);
    if (unknown !== null)
      return { ...answer("unknown", unknown, `${unknown}. ${source}`), evidence: evidence(unknown) };
    const words = "anonymous off, webhook on, mode Webhook, no read-only port, rotation on";
    return { ...answer("pass", words, `${words}. ${source}`), evidence: evidence(words) };
  };
  return [main(), judgeIdle()];

  function judgeIdle(): Result {
    const text = effective.values.streamingConnectionIdleTimeout;
    const seconds = text === undefined ? 4 * 3600 : text === null ? null : secondsOf(text);
    const shown = text ?? "four hours by default";
    if (seconds === null)
      return answer(
        "unknown",
        `idle limit ${shown} is not a duration`,
        `its idle limit ${shown} is not known.`,
        IDLE_PART,
      );
    if (seconds < 1 || seconds > 900) {
      return {
        ...answer(
          "fail",
          `idle streams end after ${seconds === 0 ? "no time at all" : shown}`,
          `idle exec, attach and port-forward streams end after ${shown}; at most 15 minutes are asked. ${source}`,
          IDLE_PART,
        ),
        severity: "low",
        evidence: evidence(`${IDLE_PART} ${shown}`),
      };
    }
    if (open !== null) return answer("unknown", open, `${open}. ${source}`, IDLE_PART);
    return {
      ...answer("pass", `idle streams end after ${shown}`, `idle streams end after ${shown}. ${source}`, IDLE_PART),
      evidence: evidence(`${IDLE_PART} ${shown}`),
    };
  }
}

/** What keeps a file from being believed: flags that weren't read, or that name other files. */
function openQuestion({ source, flags }: ImportedKubeletConfig): string | null {
  if (source === "running") return null;
  if (flags === null) return "the kubelet's flags, which override its file, were not read";
  if (flags["config-dir"] !== undefined) return "--config-dir names a folder of further settings that wasn't read";
  return null;
}

interface EffectiveConfig {
  values: Effective;
  unknown: string[];
}
/** The file with its defaults, and the flags over it. */
function effectiveOf(config: ImportedKubeletConfig): EffectiveConfig {
  const isFile = config.source === "file";
  const values: Effective = {
    anonymous: config.anonymous ?? (isFile ? false : undefined),
    webhook: config.webhook ?? (isFile ? true : undefined),
    clientCAFile: config.clientCAFile,
    authorizationMode: config.authorizationMode ?? (isFile ? "Webhook" : undefined),
    // configz leaves a port of 0 out.
    readOnlyPort: config.readOnlyPort ?? 0,
    rotateCertificates: config.rotateCertificates ?? false,
    tlsMinVersion: config.tlsMinVersion,
    tlsCipherSuites: config.tlsCipherSuites,
    streamingConnectionIdleTimeout: config.streamingConnectionIdleTimeout,
  };
  const unknown: string[] = [];
  if (values.anonymous === undefined) unknown.push("authentication.anonymous.enabled");
  if (values.webhook === undefined) unknown.push("authentication.webhook.enabled");
  if (values.authorizationMode === undefined) unknown.push("authorization.mode");
  for (const [flag, field] of Object.entries(FLAG_FIELDS)) {
    const text = isFile ? config.flags?.[flag] : undefined;
    if (text === undefined) continue;
    if (field === "readOnlyPort") values.readOnlyPort = Number(text);
    else if (field === "anonymous" || field === "webhook" || field === "rotateCertificates") {
      const value = parseBooleanFlag(text);
      values[field] = value;
      if (value === null) unknown.push(`--${flag}`);
    } else values[field] = text;
  }
  const suites = isFile ? config.flags?.["tls-cipher-suites"] : undefined;
  if (suites !== undefined) values.tlsCipherSuites = suites.split(",");
  return { values, unknown };
}

function problemsOf({ values }: EffectiveConfig): { words: string; severity: Severity }[] {
  const problems: { words: string; severity: Severity }[] = [];
  const add = (isWrong: boolean, words: string, severity: Severity = "medium"): void => {
    if (isWrong) problems.push({ words, severity });
  };
  const mode = values.authorizationMode;
  const port = values.readOnlyPort ?? 0;
  add(values.anonymous === true, "anonymous requests are on", "critical");
  add(mode === "AlwaysAllow", "authorisation is AlwaysAllow", "critical");
  add(mode != null && mode !== "AlwaysAllow" && mode !== "Webhook", `authorisation mode is ${mode}`);
  add(port !== 0, `the read-only port ${port} is open`, "critical");
  add(values.webhook === false, "webhook authentication is off");
  add((values.clientCAFile ?? "") === "", "no client authority is set");
  add(values.rotateCertificates === false, "certificates are not rotated");
  const floor = values.tlsMinVersion ?? "";
  add(floor === "VersionTLS10" || floor === "VersionTLS11", `the TLS floor is ${floor}`);
  const weak = (values.tlsCipherSuites ?? []).filter(isWeakSuite);
  add(weak.length > 0 && floor !== "VersionTLS13", `weak cipher suites: ${nameSome(weak, 2)}`);
  return problems;
}

/** Seconds of a Go duration (`4h0m0s`, `15m`, `90s`, `0`); null for anything else. */
export function secondsOf(duration: string): number | null {
  if (duration === "0") return 0;
  const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([text]) => text).join("") !== duration) return null;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ""] ?? 0), 0);
}
