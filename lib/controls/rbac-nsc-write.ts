/**
 * rbac-nsc-write: only approved subjects can change CDE network policies and exposure.
 *
 * Reads: every binding and its rules on NetworkPolicies, the policies of CNI plug-ins, Ingresses, Gateways and their routes, and
 *   Services, for people and service accounts; the register of approved access.
 * Pass: only approved subjects (the delivery pipeline, network administrators) hold create, update, patch, delete or
 *   deletecollection on any of these in a CDE namespace, or on a cluster-wide policy.
 * Fail: anybody else does.
 * Unknown: RBAC could not be read, an RBAC object is not valid, no scope is declared, or (in manifests) a bound role is not among
 *   the files, or there is no binding at all.
 * Not applicable: no CDE namespace.
 * Left out: system:masters and kubeadm's administrators, components of the platform.
 * Traps: edit and admin hold networkpolicies and services; deleting the default deny is enough to open the CDE, so delete counts
 *   as much as create; cluster-wide policies of a CNI are held through ClusterRoleBindings only.
 */
import type { Right } from "@/lib/rbac/rights";
import { holdingsOf, isUnapproved, judgeRightsInCde, RBAC_SECTIONS, type RightsInCde } from "./cde-rights";
import { narrowBindings } from "./narrowed-bindings";
import { GRANTS, RULES_CAN, script, selectNamespaces, shellQuote } from "./prelude";
import type { Control } from "./types";

const WRITE = ["create", "update", "patch", "delete", "deletecollection"] as const;
const NAMESPACED: readonly [group: string, resources: readonly string[]][] = [
  ["", ["services"]],
  ["networking.k8s.io", ["networkpolicies", "ingresses"]],
  ["gateway.networking.k8s.io", ["gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes"]],
  ["cilium.io", ["ciliumnetworkpolicies"]],
  ["projectcalico.org", ["networkpolicies", "networksets"]],
  ["crd.projectcalico.org", ["networkpolicies", "networksets"]],
  ["networking.istio.io", ["gateways", "virtualservices"]],
  ["security.istio.io", ["authorizationpolicies"]],
  ["route.openshift.io", ["routes"]],
];
const CLUSTER_WIDE: readonly [group: string, resources: readonly string[]][] = [
  ["policy.networking.k8s.io", ["adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"]],
  ["cilium.io", ["ciliumclusterwidenetworkpolicies", "ciliumcidrgroups"]],
  ["projectcalico.org", ["globalnetworkpolicies", "globalnetworksets", "tiers"]],
  ["crd.projectcalico.org", ["globalnetworkpolicies", "globalnetworksets", "tiers"]],
];
const RIGHTS: readonly Right[] = [
  ...NAMESPACED.flatMap(([group, resources]) => resources.map((resource) => ({ group, resource, verbs: WRITE }))),
  ...CLUSTER_WIDE.flatMap(([group, resources]) =>
    resources.map((resource) => ({ group, resource, verbs: WRITE, isClusterScoped: true })),
  ),
];
const SPEC: RightsInCde = {
  control: "rbac-nsc-write",
  rights: RIGHTS,
  isJudged: () => true,
  does: "change network policies or exposure",
  nobody: "nobody",
};

export const rbacNscWrite: Control = {
  id: "rbac-nsc-write",
  title: "Only approved subjects can change CDE network policies and exposure",
  severity: "high",
  requirements: [
    {
      requirement: "1.2.8",
      kind: "primary",
      rationale:
        "NetworkPolicies and exposure are the configuration of the network security controls, which is to be safe from unauthorized change.",
    },
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "Changing what separates the CDE from the rest is the job of few.",
    },
    {
      requirement: "1.2.2",
      kind: "supporting",
      rationale: "Changes of network controls go through change control only if nobody can make them beside it.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Bindings of everybody, their rules on NetworkPolicies, CNI policies, Services, Ingresses, Gateways and routes, and the list of approved access.",
    pass: "Only approved subjects hold create, update, patch, delete or deletecollection on any of these in a CDE namespace or cluster-wide.",
    fail: "Anybody else does, also through edit, admin or a wildcard.",
    unknown: "RBAC could not be read, an RBAC object is invalid, or a bound role is not among the files.",
    notApplicable: "The cluster has no CDE namespace.",
    why: "Who can delete the default deny or publish a Service opens the CDE with one request.",
    cannotSee:
      "Network controls outside the cluster, custom resources of other projects that change exposure, and who is in a group.",
  },
  evaluate: (context) => judgeRightsInCde(context, SPEC),
  verify({ scope }) {
    const asked = [...NAMESPACED, ...CLUSTER_WIDE]
      .flatMap(([group, resources]) => resources.map((r) => `can("${group}";"${r}";$w)`))
      .join(" or ");
    return {
      command: script(
        selectNamespaces(scope),
        `RB=${shellQuote(RULES_CAN)}`,
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" --argjson w ${shellQuote(JSON.stringify(WRITE))} "$RB"'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.subject.name|(startswith("system:")|not) or startswith("system:serviceaccount") or IN("system:authenticated","system:unauthenticated","system:anonymous"))|select(.binding|startswith("system:")|not)|select(${asked})|[.ns,.binding,.role,.subject.kind,(.subject.namespace//"-"),.subject.name]|@tsv'`,
      ),
      expect:
        "No lines, or only the delivery pipeline and network administrators of the list of approved access; kubeadm:cluster-admins on kubeadm clusters.",
      needs: [],
    };
  },
  remediate(context, result) {
    const summary = `Take the writing verbs on network policies, Services, Ingresses and routes from ${result.object.kind} ${result.object.name}; enter the delivery pipeline and the network administrators in the list of approved access.`;
    const risk =
      "Teams that publish Services or Ingresses themselves have to go through the pipeline. The narrower role keeps everything else that could be kept.";
    const narrowed = narrowBindings({
      grants: holdingsOf(context, SPEC, result).map(({ grant }) => grant),
      rights: RIGHTS,
      loses: isUnapproved(context, SPEC),
      suffix: "without-network",
    });
    return narrowed === null ? { summary, risk } : { summary, ...narrowed, risk };
  },
};
