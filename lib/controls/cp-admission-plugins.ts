/**
 * cp-admission-plugins: Required admission plugins are on and dangerous ones are off.
 *
 * Reads: --enable-admission-plugins and --disable-admission-plugins of every API server (both add up).
 * Pass: NodeRestriction is enabled (the binary's default leaves it off), no plug-in that protects is disabled, AlwaysAdmit is off.
 * Fail: NodeRestriction is missing or disabled, or a plug-in that protects is disabled: high. AlwaysAdmit is on: high.
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; a value isn't known; a
 *   control-plane node shows no API server.
 * Not applicable: no CDE namespace; a provider that answers for it by the responsibility matrix.
 * Plug-ins that are on by default and protect: NamespaceLifecycle, ServiceAccount, PodSecurity, ResourceQuota, LimitRanger, both
 *   webhooks, ValidatingAdmissionPolicy, and those about certificates. Others that are disabled are named and don't fail.
 * Not asked: PodSecurityPolicy (gone since 1.25) and SecurityContextDeny (gone). AlwaysPullImages matters on shared nodes only.
 */
import type { ComponentInstance } from "@/lib/inventory/flags";
import {
  type FlagJudgement,
  type FlagProblem,
  flagEvidence,
  flagList,
  judgeComponent,
  KUBEADM_RISK,
  kubeadmPatch,
} from "./control-plane";
import { renderManifest } from "./manifest";
import { judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import type { Control } from "./types";

const ID = "cp-admission-plugins";
const ENABLE = "enable-admission-plugins";
const DISABLE = "disable-admission-plugins";
const PROTECTING = [
  "NamespaceLifecycle",
  "ServiceAccount",
  "PodSecurity",
  "ResourceQuota",
  "LimitRanger",
  "MutatingAdmissionWebhook",
  "ValidatingAdmissionWebhook",
  "ValidatingAdmissionPolicy",
  "CertificateApproval",
  "CertificateSigning",
  "CertificateSubjectRestriction",
];
const ADVISED = ["DenyServiceExternalIPs", "AlwaysPullImages", "EventRateLimit"];

export const cpAdmissionPlugins: Control = {
  id: ID,
  title: "Required admission plugins are on and dangerous ones are off",
  severity: "high",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "Admission plug-ins are security parameters of the API server that have to be set to prevent misuse.",
    },
    {
      requirement: "2.2.4",
      kind: "primary",
      rationale: "AlwaysAdmit switches off every later check, a function that nobody needs.",
    },
    {
      requirement: "1.4.2",
      kind: "supporting",
      rationale: "NodeRestriction keeps a taken-over node from relabelling itself into another zone.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "The flags --enable-admission-plugins and --disable-admission-plugins of every API server.",
    pass: "NodeRestriction is on, no protecting plug-in is disabled, AlwaysAdmit is off.",
    fail: "NodeRestriction is missing, a protecting plug-in is disabled, or AlwaysAdmit is on.",
    unknown: "The flags are not visible, or a control-plane node shows no API server.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "Pod Security, quotas and policies are enforced by these plug-ins; one that is disabled enforces nothing.",
    cannotSee: "What the plug-ins' own configuration exempts.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => [
      judgeComponent(context, { id: ID, severity: "high" }, "kube-apiserver", judgeInstance, {
        passes: "NodeRestriction is on and no protecting plug-in is disabled",
      }),
    ]),
  verify: () => ({
    command: script(
      FLAGS,
      "flags kube-apiserver | grep -E -- '--(enable|disable)-admission-plugins' || echo 'not visible or not set'",
    ),
    expect: `--${ENABLE} with NodeRestriction and without AlwaysAdmit, once for every API server; --${DISABLE} without ${PROTECTING.join(", ")}.`,
    needs: [],
  }),
  remediate: () => ({
    summary: `Give every API server --${ENABLE}=NodeRestriction (with what it names already) through kubeadm, and take protecting plug-ins out of --${DISABLE}. Worth adding: ${ADVISED.join(", ")}.`,
    manifest: renderManifest(kubeadmPatch({ apiServer: { [ENABLE]: "NodeRestriction" } })),
    apply:
      "kubeadm init phase control-plane apiserver --config kubeadm.yaml  # on each control-plane node, with the rest of your ClusterConfiguration",
    risk: `Kubelets that write to other nodes' objects or set protected labels on themselves are refused. ${KUBEADM_RISK}`,
  }),
};

function judgeInstance(instance: ComponentInstance): FlagJudgement {
  const enabled = flagList(instance, ENABLE);
  const disabled = flagList(instance, DISABLE);
  const problems: FlagProblem[] = [];
  const add = (status: FlagProblem["status"], flag: string, words: string): void => {
    problems.push({ status, words, evidence: flagEvidence(instance, flag) });
  };
  if (enabled === null) add("unknown", ENABLE, `the value of --${ENABLE} isn't known`);
  if (disabled === null) add("unknown", DISABLE, `the value of --${DISABLE} isn't known`);
  if (instance.flags.has("admission-control")) {
    add("unknown", "admission-control", "the old flag --admission-control replaces the whole list");
  }
  if (enabled?.includes("AlwaysAdmit")) add("fail", ENABLE, "AlwaysAdmit is enabled");
  if (enabled !== null && !enabled?.includes("NodeRestriction")) {
    add("fail", ENABLE, "NodeRestriction is not enabled, and it is off by default");
  }
  const off = (disabled ?? []).filter((plugin) => PROTECTING.includes(plugin) || plugin === "NodeRestriction");
  if (off.length > 0) add("fail", DISABLE, `${nameSome(off, 3)} ${off.length === 1 ? "is" : "are"} disabled`);
  const others = (disabled ?? []).filter((plugin) => !off.includes(plugin));
  const missing = ADVISED.filter((plugin) => !enabled?.includes(plugin));
  return {
    problems,
    evidence: [ENABLE, DISABLE].filter((flag) => instance.flags.has(flag)).map((flag) => flagEvidence(instance, flag)),
    notes: [
      ...(others.length > 0 ? [`Disabled without weight here: ${nameSome(others)}.`] : []),
      ...(missing.length > 0 ? [`Advised and not on: ${missing.join(", ")}.`] : []),
    ],
  };
}
