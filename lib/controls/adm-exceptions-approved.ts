/**
 * Exceptions and exclusions from policies are approved and expire.
 *
 * Reads: PolicyExceptions and exclusions of Kyverno and Gatekeeper, Pod Security labels, selectors of policy engines' webhooks
 * (exception-sources.ts), and the register of approved exceptions. CDE and connected-to namespaces. One result per object that holds
 * an exception.
 * Pass: the register names the object with owner, reason, compensating control and an expiry that lies ahead; or the exception has no
 * effect, because Kyverno's arguments switch exceptions off or take them from another namespace only.
 * Fail: no record, or one that has expired; rules by wildcard, every namespace, or a label or annotation that the author of a pod
 * writes: these no record covers.
 * Unknown: a kind that may hold exceptions could not be read, or no scope is declared.
 * Not applicable: no exception touches these namespaces.
 */
import { isApprovedAt } from "@/lib/inventory/registers";
import type { ApprovedPolicyException } from "@/lib/inventory/registers/policy-exceptions";
import { findExceptions, type PolicyExceptionFound } from "./exception-sources";
import {
  clusterResult,
  findUndeclared,
  findUnreadable,
  invalidResults,
  nameSome,
  noNamespaceResult,
  undeclaredNamespaces,
} from "./population";
import { script } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";
import { distinct, wordsOf } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;
const SECTIONS = [
  "namespaces",
  "kyverno-policyexceptions",
  "kyverno-celexceptions",
  "kyverno-clusterpolicies",
  "kyverno-policies",
  "gatekeeper-constraints",
  "gatekeeper-configs",
  "validatingwebhookconfigurations",
  "mutatingwebhookconfigurations",
] as const;
const KINDS = [
  "PolicyException",
  "ClusterPolicy",
  "Policy",
  "Config",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
];

export const admExceptionsApproved: Control = {
  id: "adm-exceptions-approved",
  title: "Exceptions and exclusions from policies are approved and expire",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.6",
      kind: "supporting",
      rationale: "An exception that nobody approved takes away a setting that keeps systems from misuse.",
    },
    {
      requirement: "6.5.1",
      kind: "supporting",
      rationale: "Exceptions are changes to what production accepts, and belong into the change procedure with an end.",
    },
  ],
  judges: "policy",
  sections: [...SECTIONS],
  rule: {
    reads:
      "Policy exceptions, exclusions of policies and constraints, Pod Security labels and webhook selectors that touch CDE and connected-to namespaces, and the register of approved exceptions.",
    pass: "The register names the object with owner, reason, compensating control and an expiry that lies ahead, or the exception has no effect.",
    fail: "No record or an expired one; or the exception names rules by wildcard, holds everywhere, or can be taken by whoever writes the pod.",
    unknown: "A kind that may hold exceptions could not be read, or no scope is declared.",
    notApplicable: "No exception touches these namespaces.",
    why: "Policies are as good as their exceptions; each one is an object that the engine reads.",
    cannotSee:
      "Exclusions inside an engine that is configured by files, and Kyverno's resource filters, unless ConfigMaps are read.",
  },
  evaluate: (context) => evaluate(context),
  verify: () => ({
    command: script(
      `kubectl get policyexceptions.kyverno.io,policyexceptions.policies.kyverno.io -A -o json 2>/dev/null | jq -r '.items[]|"exception \\(.metadata.namespace)/\\(.metadata.name) \\((.spec.exceptions//.spec.policyRefs)|tojson) match=\\((.spec.match//.spec.matchConditions)|tojson)"'`,
      `kubectl get clusterpolicies,policies.kyverno.io -A -o json 2>/dev/null | jq -r '.items[]|. as $p|.spec.rules[]?|select(.exclude)|"exclude \\($p.metadata.name) \\(.name) \\(.exclude|tojson)"'`,
      `kubectl get constraints -o json 2>/dev/null | jq -r '.items[]|select(.spec.match.excludedNamespaces or .spec.parameters.exemptImages)|"constraint \\(.kind)/\\(.metadata.name) \\(.spec.match.excludedNamespaces//[]|join(",")) images=\\(.spec.parameters.exemptImages//[]|join(","))"'`,
      `kubectl get configs.config.gatekeeper.sh -A -o json 2>/dev/null | jq -r '.items[]|"config \\(.metadata.name) \\(.spec.match//[]|tojson)"'`,
      `kubectl get ns -o json | jq -r '.items[]|select((.metadata.labels//{})|.["pod-security.kubernetes.io/enforce"]=="privileged" or has("admission.gatekeeper.sh/ignore"))|"namespace \\(.metadata.name) \\(.metadata.labels|tojson)"'`,
      `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o json | jq -r '.items[]|. as $w|.webhooks[]?|select((.namespaceSelector.matchExpressions//[])+(.objectSelector.matchExpressions//[])|any(.operator=="NotIn" or .operator=="DoesNotExist"))|"webhook \\($w.metadata.name) \\(.name) \\({namespaceSelector,objectSelector}|tojson)"'`,
    ),
    expect:
      "For each line about a CDE or connected-to namespace a record in the register with owner, reason, compensating control and an expiry that lies ahead.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Take the exception away, or narrow it to named rules, namespaces and images and have it approved: the register then names kind ${result.object.kind}, name ${result.object.name}${result.object.namespace === undefined ? "" : `, namespace ${result.object.namespace}`} with owner, reason, compensating control and expiry.`,
    risk: "Workloads that live by the exception are refused at their next start.",
  }),
};

function evaluate(context: EvaluationContext): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const open = undeclaredNamespaces(context);
  const names = context.scope.inCategory(...CATEGORIES);
  if (names.length === 0) return open.length > 0 ? open : [noNamespaceResult(CATEGORIES)];
  const results = [
    ...findExceptions(context, names).map((found) => judge(context, found)),
    ...invalidResults(context, KINDS),
    ...open,
  ];
  const unreadable = findUnreadable(context, SECTIONS);
  if (unreadable !== null) results.push(unreadable);
  if (results.length > 0) return results;
  return [
    clusterResult(
      "not-applicable",
      "no exception touches these namespaces",
      "No policy exception, exclusion, label or webhook selector takes a CDE or connected-to namespace out of a policy.",
    ),
  ];
}

function judge(context: EvaluationContext, found: PolicyExceptionFound): Result {
  const base = { object: found.ref, evidence: found.evidence };
  const what = `${wordsOf(found.ref)}: ${nameSome(distinct(found.words), 4)}. It touches ${nameSome(found.namespaces)}`;
  if (found.idle !== null) {
    return {
      ...base,
      status: "pass",
      reason: shortReason(`has no effect: ${found.idle}`),
      detail: `${what}. It has no effect: ${found.idle}.`,
    };
  }
  const tooWide = distinct(found.tooWide);
  if (tooWide.length > 0) {
    return {
      ...base,
      status: "fail",
      reason: shortReason(tooWide[0] ?? ""),
      detail: `${what}. ${tooWide.map((words) => words.charAt(0).toUpperCase() + words.slice(1)).join("; ")}. No approval covers that; narrow it.`,
    };
  }
  const records = (context.registers?.policyExceptions ?? []).filter((record) => isAbout(record, found));
  const valid = records.find((record) => isApprovedAt(record, context.asOf));
  if (valid !== undefined) {
    return {
      ...base,
      status: "pass",
      reason: shortReason(`approved by ${valid.approvedBy} until ${valid.expiresAt}`),
      detail: `${what}. Owner ${valid.owner}; ${valid.reason}; instead: ${valid.compensatingControl}; approved by ${valid.approvedBy} until ${valid.expiresAt}.`,
    };
  }
  const [expired] = records;
  return {
    ...base,
    status: "fail",
    reason:
      expired === undefined
        ? "no approved record names it"
        : shortReason(`its approval is not in force (until ${expired.expiresAt})`),
    detail: `${what}. ${expired === undefined ? "The register of approved exceptions does not name it." : `Its approval was given on ${expired.approvedAt} and holds until ${expired.expiresAt}.`}`,
  };
}

function isAbout(record: ApprovedPolicyException, { ref }: PolicyExceptionFound): boolean {
  return record.kind === ref.kind && record.name === ref.name && record.namespace === ref.namespace;
}
