/**
 * net-default-deny-egress: CDE namespaces deny outbound traffic by default.
 *
 * Reads: NetworkPolicy podSelector, policyTypes, egress; live pods; what other engines
 *   deny by default (lib/network/other-engines); the network plug-in.
 * Pass: one NetworkPolicy of the namespace selects every pod, applies to Egress and has no egress rule, or lets only DNS out to
 *   the cluster's DNS pods or the node-local DNS address (or a cluster-wide default deny covers the namespace), and a plug-in
 *   enforces it on the nodes of the namespace.
 * Fail: no such policy, or Egress isn't among its directions: graded as for ingress. Or the plug-in doesn't enforce it.
 * Unknown: as for ingress.
 * Not applicable: never for a CDE namespace.
 * Traps: without egress rules, Egress must be listed in policyTypes; egress through pods on the host network and through the
 *   nodes themselves isn't covered.
 */
import { judgeDefaultDeny, remediateDefaultDeny, verifyDefaultDeny } from "./default-deny";
import type { Control } from "./types";

export const netDefaultDenyEgress: Control = {
  id: "net-default-deny-egress",
  title: "CDE namespaces deny outbound traffic by default",
  severity: "critical",
  revision: 2,
  requirements: [
    {
      requirement: "1.3.2",
      kind: "primary",
      rationale: "Outbound traffic is limited to what is necessary only if everything that is not allowed is denied.",
    },
    {
      requirement: "A3.2.6",
      kind: "supporting",
      rationale: "Denying unknown destinations closes the ordinary ways by which card data leaves unnoticed.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces", "networkpolicies", "pods", "daemonsets", "nodes"],
  rule: {
    reads:
      "NetworkPolicies of the namespace, its live pods, what other engines deny by default, and whether the plug-in enforces.",
    pass: "A policy selects every pod, applies to Egress and has no egress rule (or only DNS to the cluster's DNS servers), and the network plug-in enforces it.",
    fail: "No such policy, or a policy over every pod that does not list Egress (critical when a running pod is open, else medium), or one that the plug-in does not enforce.",
    unknown:
      "Policies were not collected, enforcement is not known, or a policy of another engine may deny that could not be read whole or that the plug-in may not carry out.",
    notApplicable: "Never for a CDE namespace, also when it is empty. A cluster without CDE has nothing to judge.",
    why: "Stolen data leaves by a path that nobody needed; under a default deny each destination has to be allowed by name.",
    cannotSee: "What other policies allow on top, and what leaves through nodes and pods on the host network.",
  },
  evaluate: (context) => judgeDefaultDeny(context, "Egress"),
  verify: ({ scope }) => verifyDefaultDeny(scope, "Egress"),
  remediate: (context, result) => remediateDefaultDeny(context, result, "Egress"),
};
