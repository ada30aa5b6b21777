/**
 * Audit policy records Secret access in the CDE without recording the values.
 *
 * Reads: the imported audit policy of every API server, evaluated in order for every verb on secrets in each CDE namespace, for
 * serviceaccounts/token, tokenreviews and configmaps, as an ordinary user and as everybody whom the policy names; and, where there
 * is one, a count of recorded events about secrets that hold a body.
 * Pass: the first matching rule has level Metadata for all verbs in all CDE namespaces, and no event holds a body.
 * Fail: level None or no match: critical, because access leaves no record. Request or RequestResponse: high, because writes at
 * Request and reads at RequestResponse put the values into the log and its store.
 * Unknown: the policy file (of some API server) was not imported; no scope is declared.
 * Not applicable: never in a cluster with CDE.
 *
 * Rules that list namespaces by name miss the CDE namespace that is added next; each is asked for by name here. A list of verbs
 * without deletecollection leaves a gap. Leaving the routine reads of Kubernetes' own components out is accepted. ConfigMaps and
 * tokenreviews are asked only whether bodies are recorded, because they too may hold credentials.
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

const ALL_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const CREDENTIAL = { mayHoldBodies: false } as const;
const QUESTIONS: readonly PolicyQuestion[] = [
  {
    apiGroup: "",
    resource: "secrets",
    subresource: "",
    verbs: ALL_VERBS,
    isNamespaced: true,
    mustBeRecorded: true,
    ...CREDENTIAL,
  },
  {
    apiGroup: "",
    resource: "serviceaccounts",
    subresource: "token",
    verbs: ["create"],
    isNamespaced: true,
    mustBeRecorded: true,
    ...CREDENTIAL,
  },
  {
    apiGroup: "authentication.k8s.io",
    resource: "tokenreviews",
    subresource: "",
    verbs: ["create"],
    isNamespaced: false,
    mustBeRecorded: false,
    ...CREDENTIAL,
  },
  {
    apiGroup: "",
    resource: "configmaps",
    subresource: "",
    verbs: ALL_VERBS,
    isNamespaced: true,
    mustBeRecorded: false,
    ...CREDENTIAL,
  },
];

export const logPolicySecretAccess: Control = {
  id: "log-policy-secret-access",
  title: "Audit policy records Secret access in the CDE without recording the values",
  severity: "critical",
  requirements: [
    {
      requirement: "10.2.1.1",
      kind: "primary",
      rationale: "Secrets hold the keys and logins to card data; each person's access to them has to be in the log.",
    },
    {
      requirement: "8.3.2",
      kind: "primary",
      rationale: "A log with the contents of Secrets holds authentication factors in readable form.",
    },
    {
      requirement: "10.2.1.2",
      kind: "primary",
      rationale: "Reading a Secret is an administrator's act, and the log has to show it.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads:
      "The audit policy of every API server, rule by rule, for secrets, service account tokens, token reviews and config maps in each CDE namespace.",
    pass: "Every verb on secrets is recorded at level Metadata, and no body of a credential is.",
    fail: "Access is not recorded (critical), or bodies with values are (high).",
    unknown: "The policy file of an API server was not imported.",
    notApplicable: "Only in a cluster without CDE.",
    why: "The first rule that matches decides the level, and the level decides whether there is an event and whether it holds the object.",
    cannotSee: "Whether events reach a store; policies of a managed control plane that the provider does not publish.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `jq -c 'select(.objectRef.resource=="secrets")|select(.requestObject!=null or .responseObject!=null)|{auditID,level,verb,ns:.objectRef.namespace,name:.objectRef.name}' audit.log | head`,
    expect:
      "No output: any line means that contents of Secrets are in the log; then treat the log as holding credentials and rotate them. The same file without the second select shows that access is recorded at all.",
    needs: ["audit.log"],
  }),
  remediate: () => ({
    summary:
      "Record credentials at level Metadata, before any other rule, without a list of namespaces or verbs. If bodies were recorded, rotate the Secrets: the log holds them.",
    manifest: renderManifest(recommendedAuditPolicy()),
    apply: POLICY_FILE_APPLY,
    risk: "More events are recorded; check the room for logs and what the store's readers may see.",
  }),
};

function judge({ inventory, scope }: EvaluationContext): Result {
  const { auditEvents } = inventory.facts;
  const auditPolicies = currentPolicies(inventory);
  if (auditEvents !== undefined && auditEvents.secretEventsWithBody > 0) {
    const example =
      auditEvents.exampleAuditId === undefined ? "" : ` (for example auditID ${auditEvents.exampleAuditId})`;
    return {
      ...clusterResult(
        "fail",
        `${auditEvents.secretEventsWithBody} recorded events hold contents of Secrets`,
        `In the sample from ${auditEvents.from} to ${auditEvents.to}, ${auditEvents.secretEventsWithBody} events about secrets hold a request or response body${example}. Treat the log as holding credentials.`,
      ),
      severity: "high",
      evidence: [
        {
          ref: CLUSTER_REF,
          pointer: "/facts/auditEvents/secretEventsWithBody",
          found: String(auditEvents.secretEventsWithBody),
        },
      ],
    };
  }
  if (auditPolicies.length === 0) return withoutImportedPolicy(inventory);
  const namespaces = scope.inCategory("cde");
  const judged = auditPolicies.map(({ imported, index }) => ({
    imported,
    problems: policyProblems(imported, index, QUESTIONS, namespaces),
  }));
  const failing = judged.filter(({ problems }) => problems.length > 0);
  if (failing.length > 0) {
    const problems = failing.flatMap((f) => f.problems);
    const isSilent = problems.some((problem) => problem.kind === "not-recorded");
    return {
      ...clusterResult(
        "fail",
        isSilent ? "access to Secrets is not recorded" : "contents of Secrets are recorded",
        failing
          .map(
            (f) =>
              `${f.imported.instance}: ${nameSome(
                f.problems.map((p) => p.words),
                6,
              )}`,
          )
          .join(". "),
      ),
      severity: isSilent ? "critical" : "high",
      evidence: problems.map((problem) => problem.evidence),
    };
  }
  const missing = serversWithoutPolicy(inventory);
  const names = auditPolicies.map(({ imported }) => imported.instance);
  if (missing.length > 0) {
    return clusterResult(
      "unknown",
      `policy of ${nameSome(missing, 2)} not imported`,
      `The policy of ${names.join(", ")} records Secret access at Metadata; that of ${missing.join(", ")} was not imported, and every API server has its own file.`,
    );
  }
  return {
    ...clusterResult(
      "pass",
      "Secret access is recorded at Metadata",
      `${names.join(", ")}: all verbs on secrets in ${nameSome(namespaces)} and on service account tokens are recorded, without bodies.`,
    ),
    evidence: auditPolicies.map(({ index }) => ({
      ref: CLUSTER_REF,
      pointer: `/facts/auditPolicies/${index}/policy/rules`,
    })),
  };
}
