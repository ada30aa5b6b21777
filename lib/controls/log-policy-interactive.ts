/**
 * Audit policy records exec, attach, port-forward, debug and proxy use.
 *
 * Reads: the imported audit policy of every API server, evaluated in order for get and create on pods/exec, pods/attach,
 * pods/portforward, pods/proxy, services/proxy and nodes/proxy, and for update and patch on pods/ephemeralcontainers, in each CDE
 * namespace, as an ordinary user and as everybody whom the policy names.
 * Pass: recorded at Metadata or higher for every CDE namespace and verb.
 * Fail: not recorded for some verb, namespace or user (Kubernetes' own components aside).
 * Unknown: the policy file (of some API server) was not imported; no scope is declared.
 * Not applicable: never in a cluster with CDE.
 *
 * Both verbs are asked, because exec over WebSocket, which kubectl uses since about 1.30, is an HTTP GET with the verb get.
 * `pods` does not match `pods/exec`; `pods/*` and `*` do. The command stands in the request's address, so Metadata shows it; what is
 * typed afterwards is never in the audit log.
 */
import type { PolicyQuestion } from "./audit-sources";
import {
  currentPolicies,
  POLICY_FILE_APPLY,
  policyProblems,
  recommendedAuditPolicy,
  serversWithoutPolicy,
  withoutImportedPolicy,
} from "./audit-sources";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { CLUSTER_REF, type Control, type EvaluationContext, type Result } from "./types";

const question = (resource: string, subresource: string, verbs: string[], isNamespaced = true): PolicyQuestion => ({
  apiGroup: "",
  resource,
  subresource,
  verbs,
  isNamespaced,
  mustBeRecorded: true,
  mayHoldBodies: true,
});
const CONNECT = ["get", "create"];
const QUESTIONS: readonly PolicyQuestion[] = [
  question("pods", "exec", CONNECT),
  question("pods", "attach", CONNECT),
  question("pods", "portforward", CONNECT),
  question("pods", "proxy", CONNECT),
  question("services", "proxy", CONNECT),
  question("nodes", "proxy", CONNECT, false),
  question("pods", "ephemeralcontainers", ["update", "patch"]),
];

export const logPolicyInteractive: Control = {
  id: "log-policy-interactive",
  title: "Audit policy records exec, attach, port-forward, debug and proxy use",
  severity: "high",
  requirements: [
    {
      requirement: "10.2.1.2",
      kind: "primary",
      rationale:
        "A shell in a container is interactive use of a system account, and the log has to show who opened it.",
    },
    {
      requirement: "8.6.1",
      kind: "primary",
      rationale: "Interactive use of system accounts can be limited and tied to a person only when it is recorded.",
    },
    {
      requirement: "10.2.1.1",
      kind: "supporting",
      rationale: "Through a shell or a port-forward a person reaches card data past every other record.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads:
      "The audit policy of every API server, rule by rule, for exec, attach, port-forward, proxy and debug containers in each CDE namespace.",
    pass: "Every one of them is recorded, for the verbs get and create (debug containers: update and patch).",
    fail: "Some verb, namespace or user is not recorded.",
    unknown: "The policy file of an API server was not imported.",
    notApplicable: "Only in a cluster without CDE.",
    why: "These subresources are the ways to work inside a container or to reach a pod past the network policies.",
    cannotSee: "What is typed in the session; access through the node itself.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `jq -c 'select(.objectRef.subresource//""|IN("exec","attach","portforward","proxy","ephemeralcontainers"))|{user:.user.username,verb,sub:.objectRef.subresource,ns:.objectRef.namespace,pod:.objectRef.name,time:.requestReceivedTimestamp}' audit.log | tail -5`,
    expect: "After a trial exec and port-forward (with a current kubectl) one line for each, with the person's name.",
    needs: ["audit.log"],
  }),
  remediate: () => ({
    summary:
      "Name the interactive subresources in a rule of level Metadata without verbs, users or namespaces, before any rule of level None.",
    manifest: renderManifest(recommendedAuditPolicy()),
    apply: POLICY_FILE_APPLY,
    risk: "More events are recorded; the request's address holds the command line, which may itself hold a password that somebody typed.",
  }),
};

function judge({ inventory, scope }: EvaluationContext): Result {
  const auditPolicies = currentPolicies(inventory);
  if (auditPolicies.length === 0) return withoutImportedPolicy(inventory);
  const namespaces = scope.inCategory("cde");
  const failing = auditPolicies
    .map(({ imported, index }) => ({ imported, problems: policyProblems(imported, index, QUESTIONS, namespaces) }))
    .filter(({ problems }) => problems.length > 0);
  if (failing.length > 0) {
    return {
      ...clusterResult(
        "fail",
        "some interactive use is not recorded",
        failing
          .map(
            (f) =>
              `${f.imported.instance}: ${nameSome(
                f.problems.map((p) => p.words),
                7,
              )}`,
          )
          .join(". "),
      ),
      evidence: failing.flatMap((f) => f.problems.map((problem) => problem.evidence)),
    };
  }
  const missing = serversWithoutPolicy(inventory);
  const names = auditPolicies.map(({ imported }) => imported.instance);
  if (missing.length > 0) {
    return clusterResult(
      "unknown",
      `policy of ${nameSome(missing, 2)} not imported`,
      `The policy of ${names.join(", ")} records interactive use; that of ${missing.join(", ")} was not imported, and every API server has its own file.`,
    );
  }
  return {
    ...clusterResult(
      "pass",
      "interactive use is recorded",
      `${names.join(", ")}: exec, attach, port-forward, proxy and debug containers are recorded in ${nameSome(namespaces)}, whichever way kubectl connects.`,
    ),
    evidence: auditPolicies.map(({ index }) => ({
      ref: CLUSTER_REF,
      pointer: `/facts/auditPolicies/${index}/policy/rules`,
    })),
  };
}
