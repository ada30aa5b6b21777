/**
 * Audit policy records privilege, identity and system object changes.
 *
 * Reads: the imported audit policy of every API server, evaluated in order for create, update, patch, delete and deletecollection on
 * roles and bindings, service accounts and their tokens, certificate requests and approvals, namespaces, nodes, network policies,
 * ingresses, services, workloads, jobs, webhooks, admission policies, custom resource definitions, API services, storage classes
 * and, where the cluster runs one, the policies of Kyverno or Gatekeeper; in each CDE and connected-to namespace and kube-system.
 * On OpenShift the audit profile, which is a fixed policy.
 * Pass: all recorded at Metadata or higher; what is sent for roles, bindings, network policies and webhooks at Request or higher.
 * Fail: something is not recorded (high); only the content of such an object is missing (low).
 * Unknown: the policy file (of some API server) was not imported; no scope is declared.
 * Not applicable: never in a cluster with CDE.
 *
 * bind, escalate, approve and impersonate are checks of authorization and never the verb of a request: a rule that lists only them
 * matches nothing, so changes of rights are asked by the verbs that requests have. Impersonation shows in impersonatedUser of the
 * event. For a deletion nothing worth keeping is sent, so Metadata is enough. Changes of files on the host (static pods, the
 * policy itself) leave no event: mon-change-detection.
 */
import { ADMIN_CHANGES, type AuditDemand, policyEngineChanges } from "@/lib/audit";
import { type Inventory, refOf } from "@/lib/inventory/inventory";
import {
  currentPolicies,
  POLICY_FILE_APPLY,
  policyProblems,
  type PolicyQuestion,
  recommendedAuditPolicy,
  serversWithoutPolicy,
  withoutImportedPolicy,
} from "./audit-sources";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "./types";

export const logPolicyAdminChanges: Control = {
  id: "log-policy-admin-changes",
  title: "Audit policy records privilege, identity and system object changes",
  severity: "high",
  requirements: [
    {
      requirement: "10.2.1.5",
      kind: "primary",
      rationale: "Roles, bindings, service accounts and certificates are the identities and rights of a cluster.",
    },
    {
      requirement: "10.2.1.7",
      kind: "primary",
      rationale: "Namespaces, nodes, workloads and policies are a cluster's system-level objects.",
    },
    {
      requirement: "10.2.1.2",
      kind: "primary",
      rationale: "Changing these objects is what an administrator of a cluster does.",
    },
    {
      requirement: "1.2.2",
      kind: "supporting",
      rationale: "A recorded change of a network policy can be compared with the change that was approved.",
    },
    {
      requirement: "10.2.1.6",
      kind: "supporting",
      rationale: "Deleting the shipper or a webhook can stop logging, and the record of it shows who did.",
    },
  ],
  judges: "cluster",
  sections: [
    "namespaces",
    "kyverno-clusterpolicies",
    "kyverno-policies",
    "gatekeeper-constrainttemplates",
    "gatekeeper-constraints",
  ],
  rule: {
    reads:
      "The audit policy of every API server, rule by rule, for changes of rights, identities, workloads, policies and other system objects; on OpenShift the audit profile.",
    pass: "Every such change is recorded, and for roles, bindings, network policies and webhooks what was sent.",
    fail: "Some change is not recorded (high), or only that it happened and not what (low).",
    unknown: "The policy file of an API server was not imported.",
    notApplicable: "Only in a cluster without CDE.",
    why: "The first rule that matches decides whether a change leaves an event, and whether the event holds the new object.",
    cannotSee: "Changes of files on the hosts, which leave no event; whether events reach a store.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `jq -r 'select((.objectRef.apiGroup//"")=="rbac.authorization.k8s.io")|select(.verb|IN("create","update","patch","delete","deletecollection"))|[.requestReceivedTimestamp,.level,.user.username,.verb,.objectRef.resource,.objectRef.name]|@tsv' audit.log | tail -5`,
    expect:
      "After a trial change of a role one line with level Request or RequestResponse and the person's name; the same for a network policy (apiGroup networking.k8s.io) and, at any level, a Deployment (apps).",
    needs: ["a copy of audit.log"],
  }),
  remediate: () => ({
    summary:
      "Record changes of rights, network policies and webhooks at RequestResponse and everything else at Metadata, without lists of verbs that miss some and before any rule of level None.",
    manifest: renderManifest(recommendedAuditPolicy()),
    apply: POLICY_FILE_APPLY,
    risk: "More events are recorded, and some with their objects: check the room for logs.",
  }),
};

function judge(context: EvaluationContext): Result {
  const { inventory, scope } = context;
  const profile = judgeProfile(inventory);
  if (profile !== null) return profile;
  const policies = currentPolicies(inventory);
  if (policies.length === 0) return withoutImportedPolicy(inventory);
  const namespaces = [...new Set([...scope.inCategory("cde", "connected-to"), "kube-system"])];
  const questions = [...ADMIN_CHANGES, ...engineChanges(inventory)].map(questionOf);
  const failing = policies
    .map(({ imported, index }) => ({ imported, problems: policyProblems(imported, index, questions, namespaces) }))
    .filter(({ problems }) => problems.length > 0);
  if (failing.length > 0) {
    const problems = failing.flatMap((f) => f.problems);
    const silent = problems.filter(({ kind }) => kind === "not-recorded");
    const words = failing.map(({ imported, problems: own }) => {
      // What leaves no event at all comes first.
      const ordered = [...own].sort((a, b) => Number(a.kind !== "not-recorded") - Number(b.kind !== "not-recorded"));
      return `${imported.instance}: ${nameSome(
        ordered.map((problem) => problem.words),
        7,
      )}`;
    });
    return {
      ...clusterResult(
        "fail",
        silent.length > 0
          ? "some changes by administrators are not recorded"
          : "changes are recorded, but not what was changed",
        `${words.join(". ")}.`,
      ),
      severity: silent.length > 0 ? "high" : "low",
      evidence: problems.map((problem) => problem.evidence),
    };
  }
  const names = policies.map(({ imported }) => imported.instance);
  const missing = serversWithoutPolicy(inventory);
  if (missing.length > 0) {
    return clusterResult(
      "unknown",
      shortReason(`policy of ${nameSome(missing, 2)} not imported`),
      `The policy of ${names.join(", ")} records these changes; that of ${missing.join(", ")} was not imported, and every API server has its own file.`,
    );
  }
  return {
    ...clusterResult(
      "pass",
      "changes by administrators are recorded",
      `${names.join(", ")}: changes of ${questions.length} kinds of request (rights, identities, workloads, policies, system objects) are recorded in ${nameSome(namespaces)} and for the whole cluster; what is sent for roles, bindings, network policies and webhooks too.`,
    ),
    evidence: policies.map(({ index }) => ({
      ref: CLUSTER_REF,
      pointer: `/facts/auditPolicies/${index}/policy/rules`,
    })),
  };
}

function questionOf({ requirements: _, floor, ...probed }: AuditDemand): PolicyQuestion {
  return { ...probed, floor, mustBeRecorded: true, mayHoldBodies: true };
}

/** Policies of the engines that this cluster runs; a policy need not name kinds that nobody has. */
function engineChanges({ list }: Inventory): AuditDemand[] {
  return [
    ...(list("kyverno-clusterpolicies").length > 0 ? policyEngineChanges("kyverno.io", "clusterpolicies", true) : []),
    ...(list("kyverno-policies").length > 0 ? policyEngineChanges("kyverno.io", "policies", false) : []),
    ...(list("gatekeeper-constrainttemplates").length > 0
      ? policyEngineChanges("templates.gatekeeper.sh", "constrainttemplates", true)
      : []),
    ...[...new Set(list("gatekeeper-constraints").map(({ kind }) => kind.toLowerCase()))].flatMap((resource) =>
      policyEngineChanges("constraints.gatekeeper.sh", resource, true),
    ),
  ];
}

/** OpenShift's profiles are fixed policies: Default records metadata, the two others what was written. */
function judgeProfile(inventory: Inventory): Result | null {
  const server = inventory.list("openshift-apiservers").find(({ metadata }) => metadata.name === "cluster");
  if (inventory.provider !== "openshift" || server === undefined) return null;
  const audit = server.spec?.audit as
    | { profile?: string; customRules?: { group?: string; profile?: string }[] }
    | undefined;
  const profile = audit?.profile ?? "Default";
  const custom = (audit?.customRules ?? []).map((rule) => ({
    profile: rule.profile ?? "Default",
    words: `${rule.profile ?? "Default"} for group ${rule.group ?? ""}`,
  }));
  const all = [{ profile, words: profile }, ...custom];
  const evidence = [{ ref: refOf(server), pointer: "/spec/audit", found: nameSome(all.map(({ words }) => words)) }];
  const silent = all.filter((one) => one.profile === "None");
  const shallow = all.filter((one) => one.profile === "Default");
  if (silent.length > 0) {
    return {
      ...clusterResult(
        "fail",
        "the audit profile records nothing",
        `APIServer cluster sets the audit profile ${nameSome(silent.map(({ words }) => words))}, under which changes leave no event.`,
      ),
      evidence,
    };
  }
  if (shallow.length > 0) {
    return {
      ...clusterResult(
        "fail",
        "changes are recorded, but not what was changed",
        `APIServer cluster sets the audit profile ${nameSome(shallow.map(({ words }) => words))}, which records metadata only: that a role changed is known, not what it grants now. WriteRequestBodies records what is sent.`,
      ),
      severity: "low",
      evidence,
    };
  }
  const isKnown = all.every((one) => one.profile === "WriteRequestBodies" || one.profile === "AllRequestBodies");
  return {
    ...clusterResult(
      isKnown ? "pass" : "unknown",
      isKnown ? "the audit profile records what is written" : "the audit profile is not one that is known",
      `APIServer cluster sets the audit profile ${nameSome(all.map(({ words }) => words))}${isKnown ? ", which records every change with what was sent" : ": what it records isn't known here"}.`,
    ),
    evidence,
  };
}
