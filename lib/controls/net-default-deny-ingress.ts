/**
 * net-default-deny-ingress: CDE namespaces deny inbound traffic by default.
 *
 * Reads: NetworkPolicy podSelector, policyTypes, ingress; live pods; what other engines
 *   deny by default (lib/network/other-engines); the network plug-in.
 * Pass: one NetworkPolicy of the namespace selects every pod, applies to Ingress and has no ingress rule (or a cluster-wide
 *   default deny of another engine covers the namespace), and a plug-in enforces it on the nodes of the namespace.
 * Fail: no such policy: critical when a running pod is selected by no ingress policy (they are listed), medium when all pods
 *   that run now are isolated and only new ones would be open. Or the policy is there and the plug-in doesn't enforce it: critical.
 * Unknown: policies weren't collected, whether the plug-in enforces isn't known, or only a policy of another engine may deny
 *   that could not be read whole, or that the plug-in may not carry out.
 * Not applicable: never for a CDE namespace, also when it is empty.
 * Traps: policyTypes absent means Ingress; `ingress: []` and an absent ingress both deny, `ingress: [{}]` allows everything;
 *   the policy's name says nothing; pods on the host network are outside every policy; finished pods don't count.
 */
import { judgeDefaultDeny, remediateDefaultDeny, verifyDefaultDeny } from "./default-deny";
import type { Control } from "./types";

export const netDefaultDenyIngress: Control = {
  id: "net-default-deny-ingress",
  title: "CDE namespaces deny inbound traffic by default",
  severity: "critical",
  revision: 2,
  requirements: [
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale: "Inbound traffic is limited to what is necessary only if everything that is not allowed is denied.",
    },
    {
      requirement: "1.4.2",
      kind: "supporting",
      rationale: "Inbound traffic from untrusted networks ends in the same pods that the default deny protects.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces", "networkpolicies", "pods", "daemonsets", "nodes"],
  rule: {
    reads:
      "NetworkPolicies of the namespace, its live pods, what other engines deny by default, and whether the plug-in enforces.",
    pass: "A policy selects every pod, applies to Ingress and has no ingress rule, and the network plug-in enforces it.",
    fail: "No such policy (critical when a running pod is selected by none, medium when only new pods would be open), or one that the plug-in does not enforce.",
    unknown:
      "Policies were not collected, enforcement is not known, or a policy of another engine may deny that could not be read whole or that the plug-in may not carry out.",
    notApplicable: "Never for a CDE namespace, also when it is empty. A cluster without CDE has nothing to judge.",
    why: "Under a default deny a forgotten rule closes a path instead of opening one, and a new pod starts closed.",
    cannotSee: "What other policies allow on top: policies add up, so this control alone never proves isolation.",
  },
  evaluate: (context) => judgeDefaultDeny(context, "Ingress"),
  verify: ({ scope }) => verifyDefaultDeny(scope, "Ingress"),
  remediate: (context, result) => remediateDefaultDeny(context, result, "Ingress"),
};
