/**
 * rbac-public-groups: anonymous and catch-all groups hold no rights beyond discovery.
 *
 * Reads: bindings whose subjects are system:anonymous, system:unauthenticated, system:authenticated, system:serviceaccounts or
 *   system:serviceaccounts:NS, and the rules behind them.
 * Pass: only Kubernetes' default bindings: system:unauthenticated and system:authenticated to system:public-info-viewer;
 *   system:authenticated to system:basic-user and system:discovery; system:serviceaccounts to
 *   system:service-account-issuer-discovery; each role with no more than its default rules.
 * Fail: any other binding. Medium for kubeadm's cluster-info (remove it after joining nodes), for discovery given to
 *   unauthenticated users as old clusters do, and for a binding that grants nothing today.
 * Unknown: RBAC could not be read, or files hold no binding at all.
 * Not applicable: never.
 */
import { refOf } from "@/lib/inventory/inventory";
import { type Grant, grantsOf } from "@/lib/rbac/grants";
import { PUBLIC_DEFAULTS, publicProblemOf } from "@/lib/rbac/public-bindings";
import { describeRule } from "@/lib/rbac/rules";
import { describeSubject, isPublicSubject } from "@/lib/rbac/subjects";
import { renderManifest } from "./manifest";
import { clusterResult, findNoBinding, findUnreadable, invalidResults, nameSome, RBAC_KINDS } from "./population";
import { GRANTS, script } from "./prelude";
import type { Control, EvidencePointer, Result, Severity } from "./types";
import { shortReason } from "./short-reason";

const SECTIONS = ["clusterroles", "clusterrolebindings", "rolebindings", "roles"] as const;
export const rbacPublicGroups: Control = {
  id: "rbac-public-groups",
  title: "Anonymous and catch-all groups hold no rights beyond discovery",
  severity: "critical",
  requirements: [
    {
      requirement: "7.3.3",
      kind: "primary",
      rationale: "An access control system denies by default only if nobody holds rights merely by asking.",
    },
    {
      requirement: "8.3.1",
      kind: "primary",
      rationale: "Rights of unauthenticated users are access without any authentication factor.",
    },
    {
      requirement: "8.2.1",
      kind: "primary",
      rationale: "Actions under rights of everybody can't be tied to a unique identity.",
    },
    {
      requirement: "7.2.2",
      kind: "primary",
      rationale: "Rights for every user or every workload are not rights by job function.",
    },
  ],
  judges: "binding",
  sections: [...SECTIONS],
  rule: {
    reads:
      "Bindings to anonymous users and to the groups of all users and all service accounts, and the rules behind them.",
    pass: "Only Kubernetes' default bindings for health, version, discovery and self-review, with their default rules.",
    fail: "Any other binding (medium for kubeadm's cluster-info, for unauthenticated discovery, and for one that grants nothing today).",
    unknown: "RBAC could not be read, or an RBAC object is invalid.",
    notApplicable: "Never.",
    why: "These groups hold whoever reaches the API server or runs a pod; on some managed platforms, anybody with an account at the provider.",
    cannotSee:
      "Rights that a provider grants outside RBAC, and whether anonymous requests are accepted at all (see auth-anonymous-scoped).",
  },
  evaluate(context) {
    const unreadable = findUnreadable(context, SECTIONS);
    if (unreadable !== null) return [unreadable];
    const results = [
      ...grantsOf(context.inventory).flatMap((grant) => judge(grant)),
      ...invalidResults(context, RBAC_KINDS),
    ];
    if (results.length > 0) return results;
    return [
      findNoBinding(context) ??
        clusterResult(
          "pass",
          "no binding names a catch-all group",
          "No binding has an anonymous user, all users or all service accounts among its subjects.",
        ),
    ];
  },
  verify() {
    return {
      command: script(
        GRANTS,
        `grants | jq -r 'select(.subject.name|IN("system:anonymous","system:unauthenticated","system:authenticated","system:serviceaccounts") or startswith("system:serviceaccounts:"))|[.bind,.ns,.binding,.role,.subject.name,(.rules|tojson)]|@tsv'`,
      ),
      expect: `Only: ${PUBLIC_DEFAULTS.map((entry) => `${entry.subject} to ${entry.role}`).join("; ")}.`,
      needs: [],
    };
  },
  remediate(context, result) {
    const grant = grantsOf(context.inventory).find(
      (candidate) =>
        candidate.binding.kind === result.object.kind &&
        candidate.binding.metadata.name === result.object.name &&
        (candidate.namespace ?? undefined) === result.object.namespace,
    );
    const { kind, name, namespace } = result.object;
    const kept = grant?.subjects.filter((subject) => publicProblemOf(grant, subject) === null) ?? [];
    const summary = `Take the catch-all subjects out of ${kind} ${name}; bind the people and accounts that need the right by name.`;
    const risk =
      "Whoever relied on the right without having it by name loses it. After kubeadm's cluster-info is closed, new nodes join with a discovery file instead of a token.";
    if (grant === undefined || kept.length === 0) {
      return {
        summary,
        apply: `kubectl delete ${kind.toLowerCase()} ${name}${namespace === undefined ? "" : ` -n ${namespace}`}`,
        risk,
      };
    }
    return {
      summary,
      manifest: renderManifest({
        apiVersion: grant.binding.apiVersion,
        kind,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
        roleRef: { ...grant.binding.roleRef },
        subjects: kept,
      }),
      apply: `kubectl apply -f ${name.replaceAll(":", "-")}.yaml`,
      risk,
    };
  },
};

function judge(grant: Grant): Result[] {
  const subjects = grant.subjects.filter(isPublicSubject);
  if (subjects.length === 0) return [];
  const object = { ...refOf(grant.binding), ...(grant.namespace === null ? {} : { namespace: grant.namespace }) };
  const evidence: EvidencePointer[] = [
    { ref: grant.bindingRef, pointer: "/roleRef", found: `${grant.roleRef.kind} ${grant.roleRef.name}` },
    ...grant.subjects.flatMap((subject, i) =>
      isPublicSubject(subject) ? [{ ref: grant.bindingRef, pointer: `/subjects/${i}`, found: subject.name }] : [],
    ),
    ...grant.rules
      .slice(0, 10)
      .map(({ rule, role, index }) => ({ ref: role, pointer: `/rules/${index}`, found: describeRule(rule) })),
  ];
  const problems = subjects.flatMap((subject) => publicProblemOf(grant, subject) ?? []);
  const names = nameSome(subjects.map((subject) => describeSubject(subject)));
  if (problems.length === 0) {
    return [
      {
        status: "pass",
        object,
        reason: `default binding of ${grant.roleRef.name}`,
        detail: `${grant.binding.kind} ${object.name} gives ${names} the default rights of ${grant.roleRef.name} and nothing more.`,
        evidence,
      },
    ];
  }
  const severity: Severity = problems.some((problem) => problem.grade === "critical") ? "critical" : "medium";
  const rights =
    grant.rules.length === 0
      ? "nothing today"
      : nameSome(
          grant.rules.map(({ rule }) => describeRule(rule)),
          3,
        );
  const where = grant.namespace === null ? "in the whole cluster" : `in namespace ${grant.namespace}`;
  return [
    {
      status: "fail",
      object,
      severity,
      reason: shortReason(`${subjects.map((s) => s.name).join(", ")} bound to ${grant.roleRef.name}`),
      detail: `${grant.binding.kind} ${object.name} gives ${names} ${grant.roleRef.kind} ${grant.roleRef.name} ${where}: ${rights}. ${problems.map((problem) => problem.text).join(" ")}`,
      evidence,
    },
  ];
}
