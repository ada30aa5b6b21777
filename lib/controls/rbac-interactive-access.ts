/**
 * rbac-interactive-access: exec, attach, port-forward, debug and proxy into the CDE are limited and time-bound.
 *
 * Reads: every binding and its rules on pods/exec, pods/attach, pods/portforward, pods/proxy, services/proxy,
 *   pods/ephemeralcontainers and nodes/proxy, for people and service accounts; the register of approved access.
 * Pass: only subjects that are approved as break-glass, with an end, hold any of these in a CDE namespace.
 * Fail: anybody else does. An approval without an end, or not as break-glass, is not enough here.
 * Unknown: RBAC could not be read, an RBAC object is not valid, no scope is declared, or (in manifests) a bound role is not among
 *   the files, or there is no binding at all.
 * Not applicable: no CDE namespace.
 * Left out: system:masters and kubeadm's administrators, components of the platform.
 * Traps: `get pods/exec` is enough for clients that use WebSockets, on API servers that don't ask for create as well, so both
 *   verbs count; ephemeral containers take update or patch; nodes/proxy reaches every pod of every node, past admission and the
 *   audit log of pods; port-forward goes past NetworkPolicy; edit and admin hold most of these.
 */
import type { Right } from "@/lib/rbac/rights";
import { holdingsOf, isUnapproved, judgeRightsInCde, RBAC_SECTIONS, type RightsInCde } from "./cde-rights";
import { narrowBindings } from "./narrowed-bindings";
import { GRANTS, RULES_CAN, script, selectNamespaces, shellQuote } from "./prelude";
import type { Control } from "./types";

const OPEN = ["get", "create"] as const;
/** A proxied request has the verb of its HTTP method. */
const PROXY = ["get", "create", "update", "patch", "delete"] as const;
const pod = (subresource: string, verbs: readonly string[]): Right => ({
  group: "",
  resource: "pods",
  subresource,
  verbs,
});
const RIGHTS: readonly Right[] = [
  pod("exec", OPEN),
  pod("attach", OPEN),
  pod("portforward", OPEN),
  pod("proxy", PROXY),
  { group: "", resource: "services", subresource: "proxy", verbs: PROXY },
  pod("ephemeralcontainers", ["update", "patch"]),
  { group: "", resource: "nodes", subresource: "proxy", verbs: PROXY, isClusterScoped: true },
];
const SPEC: RightsInCde = {
  control: "rbac-interactive-access",
  rights: RIGHTS,
  isJudged: () => true,
  does: "enter pods",
  nobody: "nobody",
  objectionTo({ entry }) {
    if (!entry.isBreakGlass) return `its approval by ${entry.approvedBy} is not for break-glass`;
    return entry.expiresAt === undefined ? `its approval by ${entry.approvedBy} has no end` : null;
  },
};

export const rbacInteractiveAccess: Control = {
  id: "rbac-interactive-access",
  title: "exec, attach, port-forward, debug and proxy into the CDE are limited and time-bound",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "A session inside a CDE pod has all that its workload has; daily work needs none.",
    },
    {
      requirement: "8.6.1",
      kind: "primary",
      rationale:
        "Whoever enters a pod acts with the workload's own account, which is to be exceptional, approved and time-bound.",
    },
    {
      requirement: "7.2.6",
      kind: "primary",
      rationale: "A session or a forwarded port reaches data stores past the application that guards them.",
    },
    {
      requirement: "3.4.2",
      kind: "supporting",
      rationale: "Sessions and forwarded ports are ways to copy card data out of the environment.",
    },
    {
      requirement: "10.2.1.2",
      kind: "supporting",
      rationale: "Whoever may open such sessions is whose administrative actions the audit log has to show.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Bindings of everybody, their rules on pods/exec, attach, portforward, proxy, ephemeralcontainers, services/proxy and nodes/proxy, and the list of approved access.",
    pass: "Only subjects that are approved as break-glass, with an end, hold any of these in a CDE namespace.",
    fail: "Anybody else holds one, also through edit, admin or a wildcard; or the approval has no end or is not for break-glass.",
    unknown: "RBAC could not be read, an RBAC object is invalid, or a bound role is not among the files.",
    notApplicable: "The cluster has no CDE namespace.",
    why: "A shell or a tunnel into a CDE pod reads what the workload reads, and NetworkPolicy and admission don't see it.",
    cannotSee:
      "Who is in a group at this moment, and what was done in a session. Whether an API server asks for create besides get: get alone counts.",
  },
  evaluate: (context) => judgeRightsInCde(context, SPEC),
  verify({ scope }) {
    const asked = [
      ...["pods/exec", "pods/attach", "pods/portforward"].map((r) => `can("";"${r}";["get","create"])`),
      ...["pods/proxy", "services/proxy", "nodes/proxy"].map((r) => `can("";"${r}";${JSON.stringify(PROXY)})`),
      'can("";"pods/ephemeralcontainers";["update","patch"])',
    ].join(" or ");
    return {
      command: script(
        selectNamespaces(scope),
        `RB=${shellQuote(RULES_CAN)}`,
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" "$RB"'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.subject.name|(startswith("system:")|not) or startswith("system:serviceaccount") or IN("system:authenticated","system:unauthenticated","system:anonymous"))|select(.binding|startswith("system:")|not)|select(${asked})|[.ns,.binding,.role,.subject.kind,(.subject.namespace//"-"),.subject.name]|@tsv'`,
      ),
      expect:
        "No lines, or only break-glass subjects of the list of approved access, each with an end; kubeadm:cluster-admins on kubeadm clusters.",
      needs: [],
    };
  },
  remediate(context, result) {
    const summary = `Take exec, attach, port-forward, debug and proxy from ${result.object.kind} ${result.object.name}; for emergencies bind a break-glass group for a limited time and enter it in the list of approved access with its end.`;
    const risk =
      "Nobody of those named can open a shell or a tunnel into these pods any more; tools that proxy through the API server (dashboards, some monitoring) need another way in.";
    const narrowed = narrowBindings({
      grants: holdingsOf(context, SPEC, result).map(({ grant }) => grant),
      rights: RIGHTS,
      loses: isUnapproved(context, SPEC),
      suffix: "without-sessions",
    });
    return narrowed === null ? { summary, risk } : { summary, ...narrowed, risk };
  },
};
