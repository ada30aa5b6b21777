/**
 * rbac-secrets-humans: people cannot read CDE Secrets, or only by approved break-glass.
 *
 * Reads: every binding whose subject is a User or a Group of people, its rules on Secrets of the core group, the register of
 *   approved access, and the provider's mapping of identities where one is imported.
 * Pass: nobody holds get, list or watch on Secrets in a CDE namespace but approved subjects.
 * Fail: anybody else does, also through admin or edit, a wildcard, or a policy of the provider; rules that name single Secrets
 *   are medium. An approval that has expired is none.
 * Unknown: RBAC could not be read, an RBAC object is not valid, no scope is declared, or (in manifests) a bound role is not among
 *   the files, or there is no binding at all. On EKS, GKE and AKS, while the provider's mapping is not imported: its own
 *   policies give rights beside RBAC.
 * Not applicable: no CDE namespace.
 * Left out: system:masters and kubeadm's administrators (rbac-cluster-admin, auth-shared-accounts), components of the platform.
 * Traps: ClusterRole view doesn't hold Secrets, edit and admin do. A RoleBinding to a ClusterRole is normal and holds in its
 *   namespace only. Groups of everybody (system:authenticated) hold people too.
 */
import { standsForPeople } from "@/lib/rbac/subjects";
import { holdingsOf, isUnapproved, judgeRightsInCde, RBAC_SECTIONS, type RightsInCde } from "./cde-rights";
import { findApproval, describeApproval } from "./approved";
import { narrowBindings } from "./narrowed-bindings";
import { clusterResult, nameSome } from "./population";
import { GRANTS, RULES_CAN, script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "./types";

const READING = ["get", "list", "watch"] as const;
const RIGHTS = [{ group: "", resource: "secrets", verbs: READING }];
const SPEC: RightsInCde = {
  control: "rbac-secrets-humans",
  rights: RIGHTS,
  isJudged: standsForPeople,
  does: "read Secrets",
  nobody: "no person or group",
  severityOf: (holdings) => (holdings.every(({ names }) => names.length > 0) ? "medium" : "high"),
};

/** Policies of providers that give nothing of Secrets: EKS access policies and GKE or Azure roles that only look. */
const WITHOUT_SECRETS =
  /^(AmazonEKSViewPolicy|AmazonEKSNetwork.*|AmazonEKSAuditorPolicy|roles\/container\.(viewer|clusterViewer)|Azure Kubernetes Service RBAC Reader|Azure Kubernetes Service Cluster User Role)$/;

export const rbacSecretsHumans: Control = {
  id: "rbac-secrets-humans",
  title: "People cannot read CDE Secrets, or only by approved break-glass",
  severity: "high",
  requirements: [
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale:
        "Reading credentials and keys is beyond what most jobs need, so that everybody who can must be approved.",
    },
    {
      requirement: "7.2.6",
      kind: "primary",
      rationale: "Credentials of data stores in Secrets open a way to stored card data past the application.",
    },
    {
      requirement: "10.2.1.1",
      kind: "supporting",
      rationale: "Whoever can read Secrets is whose access to card data the audit log has to show.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "Credentials in Secrets are readable in the clear for everybody who holds this right.",
    },
  ],
  judges: "subject",
  sections: ["namespaces", ...RBAC_SECTIONS],
  rule: {
    reads:
      "Bindings of users and groups, the rules behind them that touch Secrets, the list of approved access, and the provider's mapping.",
    pass: "No person or group of people holds get, list or watch on Secrets in a CDE namespace outside the approved list.",
    fail: "Anybody else does, also through admin, edit, a wildcard or a provider's policy (medium when limited to named Secrets).",
    unknown:
      "RBAC could not be read, an RBAC object is invalid, a bound role is not among the files, or the mapping of a managed provider is not imported.",
    notApplicable: "The cluster has no CDE namespace.",
    why: "With a Secret in hand a person reaches the data store directly, and nothing in the application or its logs shows it.",
    cannotSee:
      "Who is in a group: that is known to the identity provider. Members of system:masters and of kubeadm's administrators. Who may run pods can mount a Secret (see rbac-escalation-paths).",
  },
  evaluate: (context) => [...judgeRightsInCde(context, SPEC), ...judgeProvider(context)],
  verify({ scope }) {
    return {
      command: script(
        selectNamespaces(scope),
        `RB=${shellQuote(RULES_CAN)}`,
        GRANTS,
        `grants | jq -r --argjson cde "$CDE" "$RB"'select(.ns=="*" or (.ns as $n|$cde|index($n)))|select(.subject.kind!="ServiceAccount")|select((.subject.name|startswith("system:")|not) or (.subject.name|IN("system:authenticated","system:unauthenticated","system:anonymous")))|select(can("";"secrets";["get","list","watch"]))|[.ns,.binding,.role,.subject.kind,.subject.name]|@tsv'`,
      ),
      expect:
        "No lines, or only subjects of the list of approved access; kubeadm:cluster-admins on kubeadm clusters. On managed clusters compare the provider's own policies too.",
      needs: [],
    };
  },
  remediate(context, result) {
    const summary = `Take get, list and watch on Secrets from ${result.object.kind} ${result.object.name}; for emergencies bind a break-glass group that is empty in daily work, and enter it in the list of approved access with an end.`;
    const risk =
      "Whoever looks Secrets up by hand can't any more. The narrower role keeps everything else that could be kept; what a wildcard gave has to be named.";
    const holdings = holdingsOf(context, SPEC, result);
    const narrowed = narrowBindings({
      grants: holdings.map(({ grant }) => grant),
      rights: RIGHTS,
      loses: isUnapproved(context, SPEC),
      suffix: "without-secrets",
    });
    return narrowed === null ? { summary, risk } : { summary, ...narrowed, risk };
  },
};

/** What the provider's own policies give, which no RBAC object shows. */
function judgeProvider(context: EvaluationContext): Result[] {
  const { inventory, scope } = context;
  const { iamMapping } = inventory.facts;
  const cde = scope.declared ? scope.inCategory("cde") : [];
  if (cde.length === 0) return [];
  if (iamMapping === undefined) {
    if (!["eks", "gke", "aks"].includes(inventory.provider)) return [];
    return [
      clusterResult(
        "unknown",
        "rights that the provider gives beside RBAC are not known",
        `On ${inventory.provider.toUpperCase()} people can hold rights through the provider's own policies, which no binding shows. It becomes known when the provider's mapping of identities is imported.`,
      ),
    ];
  }
  return iamMapping.entries.flatMap((entry, index): Result[] => {
    if (!entry.isPerson) return [];
    const reading = entry.policies.filter(({ name }) => !WITHOUT_SECRETS.test(lastPart(name)));
    const reached = reading.some(({ namespaces }) => namespaces === null)
      ? cde
      : cde.filter((namespace) => reading.some(({ namespaces }) => namespaces?.includes(namespace)));
    if (reached.length === 0) return [];
    const subject = { kind: "User", name: entry.username ?? entry.principal };
    const answers = reached.map((namespace) => findApproval(context, { control: SPEC.control, subject, namespace }));
    const open = reached.filter((_, i) => answers[i]?.state !== "approved");
    const names = nameSome(reading.map(({ name }) => name));
    const evidence = [
      {
        ref: CLUSTER_REF,
        pointer: `/facts/iamMapping/entries/${index}`,
        found: `${entry.principal}: ${names}`,
      },
    ];
    const object = { apiVersion: "ringfence.dev/v1", kind: "ProviderIdentity", name: entry.principal };
    if (open.length === 0) {
      return [
        {
          status: "pass",
          object,
          reason: shortReason(`approved to read Secrets in ${nameSome(reached, 2)}`),
          detail: `${entry.principal} holds ${names} of the provider, ${answers[0] === undefined ? "" : describeApproval(answers[0])}.`,
          evidence,
        },
      ];
    }
    return [
      {
        status: "fail",
        object,
        reason: shortReason(`can read Secrets in ${nameSome(open, 2)} by the provider's policy`),
        detail: `${entry.principal} holds ${names} of the provider in ${nameSome(open)}, and is not on the list of approved access as User ${subject.name}. No RBAC object shows it. Source: ${iamMapping.origin.name}.`,
        evidence,
      },
    ];
  });
}

/** `arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy` is called by its last part; a GKE role keeps its `roles/`. */
function lastPart(name: string): string {
  return name.startsWith("arn:") ? name.slice(name.lastIndexOf("/") + 1) : name;
}
