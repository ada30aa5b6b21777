/**
 * cp-tls-config: Control-plane traffic uses verified TLS 1.2 or newer with strong ciphers.
 *
 * Reads: the API servers' flags about certificates, the kubelets' and etcd's authorities, --tls-min-version, --tls-cipher-suites.
 * Pass: every certificate flag is set, the kubelets' certificates are verified, the floor is TLS 1.2 or 1.3 (the default is 1.2), and
 *   no weak cipher suite is named.
 * Fail: a certificate flag is missing, the floor lies below TLS 1.2, TLS is off or an insecure port is open: high or critical. A weak suite is named, or
 *   --kubelet-certificate-authority is missing (kubeadm's default: the API server doesn't know whether it speaks to a kubelet): medium.
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; a value isn't known; a
 *   control-plane node shows no API server.
 * Not applicable: no CDE namespace; a provider that answers for it by the responsibility matrix.
 * Weak: RC4, DES and 3DES, NULL, EXPORT, MD5, CBC with SHA-256 (open to Lucky 13 in Go), and RSA key exchange, which gives no forward
 *   secrecy. With a floor of TLS 1.3 the list of suites has no effect. etcd that is reached through a socket needs no certificates.
 */
import type { ComponentInstance } from "@/lib/inventory/flags";
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
import { isKnownSuite, isWeakSuite } from "./cipher-suites";
import { renderManifest } from "./manifest";
import { judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import type { Control } from "./types";

const ID = "cp-tls-config";
const KUBELET_CA = "kubelet-certificate-authority";
const SERVING = ["tls-cert-file", "tls-private-key-file", "client-ca-file"];
const KUBELET = ["kubelet-client-certificate", "kubelet-client-key"];
const ETCD = ["etcd-cafile", "etcd-certfile", "etcd-keyfile"];
const READ = [...SERVING, ...KUBELET, KUBELET_CA, ...ETCD, "tls-min-version", "tls-cipher-suites"];
const STRONG = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
];

export const cpTlsConfig: Control = {
  id: ID,
  title: "Control-plane traffic uses verified TLS 1.2 or newer with strong ciphers",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.7",
      kind: "primary",
      rationale:
        "All administration of the cluster goes through the API server, so its TLS is the encryption of administrative access.",
    },
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale: "Tokens and passwords that the API server receives and forwards travel inside these connections.",
    },
    {
      requirement: "12.3.3",
      kind: "primary",
      rationale: "Protocol floor and cipher suites in use are what the yearly review of cryptography looks at.",
    },
    {
      requirement: "4.2.1",
      kind: "supporting",
      rationale: "Where the API server is reached over an open network, the same settings protect what crosses it.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "The API servers' flags about certificates, authorities, protocol floor and cipher suites.",
    pass: "Every certificate flag is set, kubelets are verified, the floor is TLS 1.2 or newer, no weak suite is named.",
    fail: "A certificate flag is missing, kubelets aren't verified, the floor is too low, a weak suite or an insecure port.",
    unknown: "The flags are not visible, a value is not known, or a control-plane node shows no API server.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "Whoever can stand between the API server, the kubelets and etcd reads every credential and can run commands in every pod.",
    cannotSee:
      "What a load balancer in front negotiates, and whether the certificates are valid: other controls ask that.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => [
      judgeComponent(context, { id: ID, severity: "high" }, "kube-apiserver", judgeInstance, {
        passes: "certificates are set, kubelets are verified, TLS 1.2 or newer, no weak suite",
      }),
    ]),
  verify: () => ({
    command: script(
      FLAGS,
      "flags kube-apiserver | grep -E -- '--(tls-|client-ca-file|kubelet-c|etcd-)' || echo 'not visible or not set'",
    ),
    expect: `${READ.slice(0, -2).join(", ")} for every API server; --tls-min-version absent, VersionTLS12 or VersionTLS13; no RC4, 3DES, CBC_SHA256 or TLS_RSA_ suite.`,
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Set the flags through kubeadm. Before --${KUBELET_CA} is set, every kubelet needs a serving certificate of that authority: serverTLSBootstrap: true in its configuration, then approve the requests. Seen: ${result.detail}`,
    manifest: renderManifest(
      kubeadmPatch({
        apiServer: {
          [KUBELET_CA]: "/etc/kubernetes/pki/ca.crt",
          "tls-min-version": "VersionTLS12",
          "tls-cipher-suites": STRONG.join(","),
        },
      }),
    ),
    apply:
      "kubeadm init phase control-plane apiserver --config kubeadm.yaml  # on each control-plane node, with the rest of your ClusterConfiguration",
    risk: `Without serving certificates of the authority, logs, exec and port-forward stop working for every pod. ${KUBEADM_RISK}`,
  }),
};

function judgeInstance(instance: ComponentInstance): FlagJudgement {
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
  const servers = flagList(instance, "etcd-servers");
  const isSocket =
    servers !== null && servers !== undefined && servers.length > 0 && servers.every((s) => s.startsWith("unix:"));
  const needed = [...SERVING, ...KUBELET, ...(isSocket ? [] : ETCD)];
  const missing = needed.filter((flag) => flagValue(instance, flag) === undefined);
  if (missing.length > 0)
    add("fail", missing[0] ?? "", `${missing.map((flag) => `--${flag}`).join(", ")} not set`, "high");
  if (flagValue(instance, KUBELET_CA) === undefined) {
    add("fail", KUBELET_CA, `--${KUBELET_CA} is not set, so kubelets are not verified`, "medium");
  }
  const floor = flagValue(instance, "tls-min-version");
  if (floor === null) add("unknown", "tls-min-version", "the value of --tls-min-version isn't known");
  else if (floor === "VersionTLS10" || floor === "VersionTLS11") {
    add("fail", "tls-min-version", `--tls-min-version is ${floor}`, "high");
  } else if (floor !== undefined && floor !== "VersionTLS12" && floor !== "VersionTLS13") {
    add("unknown", "tls-min-version", `--tls-min-version ${floor} is not a known value`);
  }
  const suites = flagList(instance, "tls-cipher-suites");
  const weak = (suites ?? []).filter(isWeakSuite);
  if (floor !== "VersionTLS13") {
    if (suites === null) add("unknown", "tls-cipher-suites", "the value of --tls-cipher-suites isn't known");
    if (weak.length > 0)
      add("fail", "tls-cipher-suites", `weak cipher suites are named: ${nameSome(weak, 3)}`, "medium");
    const foreign = (suites ?? []).filter((suite) => !isWeakSuite(suite) && !isKnownSuite(suite));
    if (foreign.length > 0) {
      add("unknown", "tls-cipher-suites", `not known as cipher suites: ${nameSome(foreign, 3)}`);
    }
  }
  if (flagValue(instance, "secure-port") === "0") {
    add("fail", "secure-port", "--secure-port is 0, so TLS is off", "critical");
  }
  const port = flagValue(instance, "insecure-port");
  if (port !== undefined && port !== "0") {
    add(
      port === null ? "unknown" : "fail",
      "insecure-port",
      `--insecure-port is ${port ?? "set to a value that isn't known"}`,
      "critical",
    );
  }
  const insecure = flagValue(instance, "insecure-bind-address");
  if (insecure !== undefined && insecure !== null && port !== "0" && !/^(?:127\.|::1$|localhost$)/.test(insecure)) {
    add(
      "fail",
      "insecure-bind-address",
      `--insecure-bind-address is ${insecure}, and the port is not switched off`,
      "critical",
    );
  }
  if (flagValue(instance, "kubelet-https") === "false")
    add("fail", "kubelet-https", "--kubelet-https is false", "high");
  const evidence = READ.filter((flag) => instance.flags.has(flag)).map((flag) => flagEvidence(instance, flag));
  return { problems, evidence };
}
