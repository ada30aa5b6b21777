/**
 * Failed logins and denied requests are recorded.
 *
 * Reads: the imported audit policy of every API server, evaluated for requests of nobody (failed authentication), of
 * system:anonymous and of an ordinary person, over resources of each CDE namespace and of the cluster and over URLs; and the count
 * of answers 401 and 403 in an imported audit log.
 * Pass: all of them reach a rule at Metadata or higher, usually the last one; or a log of the last 90 days holds both kinds of
 * answer, no policy that was imported says otherwise, and there is no second API server with a policy of its own.
 * Fail: no rule catches them, an earlier rule of level None hides them, or the only stage of a failed login is left out. Only paths
 * that everybody may ask (health, version): low.
 * Unknown: no policy file (of some API server) and no log with 401 and 403 was imported; no scope is declared.
 * Not applicable: never in a cluster with CDE.
 *
 * The event of a failed authentication has no user, so that rules with users or groups never match it, one for system:anonymous
 * neither. Its only stage is ResponseStarted, so that leaving that one out, in the rule or in the policy, hides every failed login;
 * a rule cannot bring a stage back that the policy leaves out. `verbs: ["*"]` matches nothing, empty lists restrict nothing. Logins
 * that fail at the identity provider never reach the API server.
 */
import {
  type AuditDecision,
  type AuditedRequest,
  type AuditedUser,
  evaluateAuditPolicy,
  isFailedLoginRecorded,
  isRecorded,
  PUBLIC_PATHS,
  refusableRequests,
} from "@/lib/audit";
import type { ImportedAuditPolicy } from "@/lib/inventory/imported";
import type { Inventory } from "@/lib/inventory/inventory";
import {
  currentPolicies,
  POLICY_FILE_APPLY,
  recommendedAuditPolicy,
  serversWithoutPolicy,
  withoutImportedPolicy,
} from "./audit-sources";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

/** An older log says nothing about the policy of today. */
const SAMPLE_DAYS = 90;
const ASKERS: readonly { words: string; user: AuditedUser | null }[] = [
  { words: "a failed login", user: null },
  { words: "an anonymous request", user: { username: "system:anonymous", groups: ["system:unauthenticated"] } },
  { words: "a denied request", user: { username: "ringfence:an-ordinary-user", groups: ["system:authenticated"] } },
];

export const logPolicyAuthFailures: Control = {
  id: "log-policy-auth-failures",
  title: "Failed logins and denied requests are recorded",
  severity: "high",
  requirements: [
    {
      requirement: "10.2.1.4",
      kind: "primary",
      rationale:
        "Requests that the API server answers with 401 or 403 are the invalid attempts to get into the cluster.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads:
      "The audit policy of every API server for requests without valid credentials, anonymous and denied ones; answers 401 and 403 in an imported audit log.",
    pass: "Each of them reaches a rule at Metadata or higher, or the imported log holds both kinds of answer.",
    fail: "Some of them match no rule or one of level None, or the only stage of a failed login is left out.",
    unknown: "Neither the policy file of every API server nor a log with both kinds of answer was imported.",
    notApplicable: "Only in a cluster without CDE.",
    why: "Guessing a token or trying a right shows only in refused requests, and the first rule that matches decides whether they are written.",
    cannotSee: "Logins that fail at the identity provider, and logins on nodes.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `jq -c 'select(.responseStatus.code==401 or .responseStatus.code==403)|{code:.responseStatus.code,user:.user.username,uri:.requestURI,ip:(.sourceIPs//[]|last),time:.requestReceivedTimestamp}' audit.log | tail -5`,
    expect:
      'Both codes. Provoke one first: curl -sk -H "Authorization: Bearer invalid" https://API_SERVER/api must be answered with 401 and leave one line with no user.',
    needs: ["a copy of audit.log"],
  }),
  remediate: () => ({
    summary:
      "End the policy with a rule of level Metadata that restricts nothing, put no rule of level None for groups or paths before it that takes refused requests, and leave out no stage but RequestReceived.",
    manifest: renderManifest(recommendedAuditPolicy()),
    apply: POLICY_FILE_APPLY,
    risk: "More events are recorded: scanners and load balancers without credentials make many refused requests.",
  }),
};

interface Hidden {
  words: string;
  isPublic: boolean;
  evidence: EvidencePointer;
}

function judge({ inventory, scope, asOf }: EvaluationContext): Result {
  const policies = currentPolicies(inventory);
  const sample = sampleOf(inventory, asOf);
  const judged = policies.map(({ imported, index }) => ({
    imported,
    hidden: hiddenBy(imported, index, scope.inCategory("cde")),
  }));
  const failing = judged.filter(({ hidden }) => hidden.length > 0);
  if (failing.length > 0) {
    const all = failing.flatMap(({ hidden }) => hidden);
    const isPublic = all.every((one) => one.isPublic);
    const words = failing.map(
      ({ imported, hidden }) =>
        `${imported.instance}: ${nameSome(
          hidden.map((one) => one.words),
          7,
        )}`,
    );
    return {
      ...clusterResult(
        "fail",
        isPublic ? "refused requests for public paths are not recorded" : "some refused requests are not recorded",
        `${words.join(". ")}.`,
      ),
      severity: isPublic ? "low" : "high",
      evidence: all.map((one) => one.evidence),
    };
  }
  const missing = serversWithoutPolicy(inventory);
  const names = policies.map(({ imported }) => imported.instance);
  if (policies.length > 0 && missing.length === 0) {
    return {
      ...clusterResult(
        "pass",
        "refused requests are recorded",
        `${names.join(", ")}: failed logins, anonymous and denied requests are recorded for resources and URLs.${sample === null ? "" : ` ${sample.words}`}`,
      ),
      evidence: [
        ...policies.map(({ index }) => ({ ref: CLUSTER_REF, pointer: `/facts/auditPolicies/${index}/policy/rules` })),
        ...(sample?.evidence ?? []),
      ],
    };
  }
  // One file is the log of one server, and each server has a policy of its own.
  if (sample?.hasBoth && missing.length <= 1) {
    return {
      ...clusterResult("pass", "the log holds refused requests of both kinds", sample.words),
      evidence: sample.evidence,
    };
  }
  if (policies.length === 0) {
    const without = withoutImportedPolicy(inventory);
    if (without.status === "fail") return without;
    return {
      ...without,
      detail: `${without.detail} An audit log that holds an answer 401 and one 403 also shows it.${sample === null ? "" : ` ${sample.words}`}`,
    };
  }
  return clusterResult(
    "unknown",
    shortReason(`policy of ${nameSome(missing, 2)} not imported`),
    `The policy of ${names.join(", ")} records refused requests; that of ${missing.join(", ")} was not imported, and every API server has its own file.`,
  );
}

function hiddenBy({ policy }: ImportedAuditPolicy, index: number, namespaces: readonly string[]): Hidden[] {
  const folded = new Map<string, { decision: AuditDecision; who: string; isPublic: boolean; what: Set<string> }>();
  for (const { words, user } of ASKERS) {
    const paths = PUBLIC_PATHS.map((path): AuditedRequest => ({ kind: "url", user, verb: "get", path }));
    for (const request of [...refusableRequests(user, namespaces), ...paths]) {
      const decision = evaluateAuditPolicy(policy, request);
      if (user === null ? isFailedLoginRecorded(decision) : isRecorded(decision)) continue;
      const isPublic = request.kind === "url" && PUBLIC_PATHS.includes(request.path);
      const key = [words, decision.ruleIndex, isPublic].join("\n");
      const entry = folded.get(key) ?? { decision, who: words, isPublic, what: new Set<string>() };
      entry.what.add(request.kind === "url" ? request.path : request.resource);
      folded.set(key, entry);
    }
  }
  return [...folded.values()].map(({ decision, who, isPublic, what }) => {
    const rules = `/facts/auditPolicies/${index}/policy/rules`;
    const isStage = decision.level !== "None";
    const rule =
      decision.ruleIndex === null
        ? "matches no rule"
        : isStage
          ? `matches rule ${decision.ruleIndex + 1}, but the stage of its event is left out (omitStages)`
          : `matches rule ${decision.ruleIndex + 1} of level None`;
    return {
      words: `${who} for ${nameSome([...what], 4)} ${rule}`,
      isPublic,
      evidence:
        decision.ruleIndex === null
          ? { ref: CLUSTER_REF, pointer: rules, found: `${policy.rules.length} rules, none matches` }
          : { ref: CLUSTER_REF, pointer: `${rules}/${decision.ruleIndex}`, found: decision.level },
    };
  });
}

/** What the imported logs show, or null when there is none. */
function sampleOf(
  { facts }: Inventory,
  asOf: string,
): { words: string; hasBoth: boolean; evidence: EvidencePointer[] } | null {
  const oldest = Date.parse(asOf) - SAMPLE_DAYS * 86_400_000;
  const logs = (facts.auditLogs ?? []).filter(({ to }) => Date.parse(to) >= oldest);
  const [first] = logs;
  if (first === undefined) return null;
  const total = (key: "unauthorized" | "forbidden") => logs.reduce((sum, log) => sum + log[key].count, 0);
  const [failed, denied] = [total("unauthorized"), total("forbidden")];
  const examples = logs.flatMap(({ unauthorized, forbidden }) => [
    unauthorized.exampleAuditId,
    forbidden.exampleAuditId,
  ]);
  const named = examples.filter((id) => id !== undefined).slice(0, 2);
  return {
    words: `The imported audit log (from ${first.from}) holds ${failed} answers 401 and ${denied} answers 403${named.length > 0 ? `, for example auditID ${named.join(" and ")}` : ""}.`,
    hasBoth: failed > 0 && denied > 0,
    evidence: [{ ref: CLUSTER_REF, pointer: "/facts/auditLogs", found: `401: ${failed}, 403: ${denied}` }],
  };
}
