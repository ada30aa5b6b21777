/**
 * cp-authorization-mode: Authorisation uses Node and RBAC and never AlwaysAllow.
 *
 * Reads: --authorization-mode (it adds up over several occurrences) and --authorization-config of every API server, and the imported
 *   AuthorizationConfiguration that the latter names.
 * Pass: the authorizers of every API server hold Node and RBAC, and neither AlwaysAllow nor ABAC.
 * Fail: AlwaysAllow, also by default when neither flag is given: critical. ABAC, or RBAC or Node missing: high.
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; the file isn't imported; a
 *   value isn't known; a control-plane node shows no API server.
 * Not applicable: no CDE namespace; a provider that answers for it by the responsibility matrix.
 * Webhooks are named with their place, because one that stands before RBAC may allow what RBAC would not. That the API group of RBAC
 * is served proves nothing: the objects exist without being enforced.
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
import { judgeCluster } from "./population";
import { FLAGS, script } from "./prelude";
import type { Control, EvaluationContext } from "./types";

const MODE = "authorization-mode";
const CONFIG = "authorization-config";
const ID = "cp-authorization-mode";

export const cpAuthorizationMode: Control = {
  id: ID,
  title: "Authorisation uses Node and RBAC and never AlwaysAllow",
  severity: "critical",
  requirements: [
    {
      requirement: "7.3.1",
      kind: "primary",
      rationale:
        "The authorizers of the API server are the access control system that restricts access to what a role needs.",
    },
    {
      requirement: "7.3.2",
      kind: "primary",
      rationale: "Permissions that RBAC assigns are enforced only if the API server asks RBAC.",
    },
    {
      requirement: "7.3.3",
      kind: "primary",
      rationale: "Without AlwaysAllow a request that no rule allows is denied.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "The flags --authorization-mode and --authorization-config of every API server, and the imported file.",
    pass: "Every API server asks Node and RBAC, and neither AlwaysAllow nor ABAC.",
    fail: "AlwaysAllow (also by default), ABAC, or RBAC or Node is missing.",
    unknown: "The flags are not visible, the file is not imported, or a control-plane node shows no API server.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "Roles and bindings restrict nobody unless the API server is told to ask them.",
    cannotSee: "What a webhook authorizer allows before RBAC is asked.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      FLAGS,
      `flags kube-apiserver | grep -E -- '--(${MODE}|${CONFIG})' || echo 'not visible or not set'`,
    ),
    expect: `--${MODE} with Node and RBAC, without AlwaysAllow and ABAC, once for every API server; with --${CONFIG} the same in the file's authorizers.`,
    needs: [],
  }),
  remediate: () => ({
    summary:
      "Give every API server --authorization-mode=Node,RBAC through kubeadm, and take AlwaysAllow and ABAC away. Before ABAC goes, write its policies as roles and bindings.",
    manifest: renderManifest(kubeadmPatch({ apiServer: { [MODE]: "Node,RBAC" } })),
    apply:
      "kubeadm init phase control-plane apiserver --config kubeadm.yaml  # on each control-plane node, with the rest of your ClusterConfiguration",
    risk: `Whoever relied on AlwaysAllow or ABAC loses access until roles are bound. ${KUBEADM_RISK}`,
  }),
};

function judge(context: EvaluationContext) {
  return judgeComponent(
    context,
    { id: ID, severity: "critical" },
    "kube-apiserver",
    (instance) => judgeInstance(context, instance),
    { passes: "Node and RBAC are asked, neither AlwaysAllow nor ABAC" },
  );
}

function judgeInstance(context: EvaluationContext, instance: ComponentInstance): FlagJudgement {
  const file = instance.flags.get(CONFIG);
  const hasFile = file !== undefined && file.value !== "";
  const name = hasFile ? CONFIG : MODE;
  const evidence = flagEvidence(instance, name);
  const problem = (status: FlagProblem["status"], words: string, severity?: FlagProblem["severity"]): FlagProblem => ({
    status,
    words,
    evidence,
    ...(severity === undefined ? {} : { severity }),
  });
  const modes = hasFile ? modesOfFile(context, instance) : flagList(instance, MODE);
  if (modes === null) {
    const words = hasFile ? `--${CONFIG} names a file that isn't imported` : `the value of --${MODE} isn't known`;
    return { problems: [problem("unknown", words)], evidence: [] };
  }
  if (modes === undefined || modes.length === 0) {
    const words = `--${MODE} is not set, and the default is AlwaysAllow`;
    return { problems: [problem("fail", words, "critical")], evidence: [] };
  }
  const problems: FlagProblem[] = [];
  if (modes.includes("AlwaysAllow")) problems.push(problem("fail", "AlwaysAllow is among the authorizers", "critical"));
  if (modes.includes("ABAC")) problems.push(problem("fail", "ABAC is among the authorizers", "high"));
  for (const needed of ["RBAC", "Node"]) {
    if (!modes.includes(needed)) problems.push(problem("fail", `${needed} is not among the authorizers`, "high"));
  }
  const rbac = modes.indexOf("RBAC");
  const before = modes.filter((mode, i) => mode === "Webhook" && i < rbac).length;
  const notes = before > 0 ? ["A webhook is asked before RBAC and may allow what RBAC would not."] : [];
  return { problems, evidence: [{ ...evidence, found: modes.join(",") }], notes };
}

/** The authorizers of the imported file; null when it isn't imported. */
function modesOfFile(context: EvaluationContext, instance: ComponentInstance): string[] | null {
  const files = (context.inventory.facts.authorizationConfigs ?? []).filter(
    (file) => file.instance === instance.nodeName || file.instance === instance.ref.name,
  );
  const newest = files.sort((a, b) => (a.origin.collectedAt < b.origin.collectedAt ? -1 : 1)).at(-1);
  return newest === undefined ? null : newest.authorizers.map(({ type }) => type);
}
