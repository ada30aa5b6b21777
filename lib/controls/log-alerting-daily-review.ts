/**
 * Kubernetes events are reviewed automatically every day.
 *
 * Reads: the imported detection rules of the SIEM and the days on which it reviewed the events.
 * Pass: each required detection (exec in the CDE, Secret reads by people, RBAC changes, deleted policies, anonymous access, bursts of
 * refused requests, webhook changes, audit silence, privileged pods, new exposure) has an enabled rule with a receiver and a test of
 * the last twelve months, and each of the 90 days before the record was reviewed automatically.
 * Fail: a missing or disabled rule, no receiver, no test, days without review.
 * Unknown: no rules or no reviews were imported, or the record is older than a week; no scope is declared.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 *
 * A review by people is welcome beside it and is none by itself: 10.4.1.1 asks for automated mechanisms. Receivers that throw alerts
 * away do not count.
 */
import { DETECTIONS, type Detection, type DetectionRules } from "@/lib/inventory/imported-monitoring";
import type { Inventory } from "@/lib/inventory/inventory";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { hasReceiver } from "./receivers";
import { daysBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const REVIEW_DAYS = 90;
const TEST_DAYS = 366;
const RECORD_DAYS = 7;
const DAY_MS = 86_400_000;
const WORDS: Record<Detection, string> = {
  "exec-in-cde": "a shell in a CDE container",
  "secret-reads-by-people": "Secrets read by people",
  "rbac-change": "changed rights",
  "policy-delete": "deleted policies",
  "anonymous-access": "anonymous access",
  "refused-request-burst": "bursts of refused requests",
  "webhook-change": "changed webhooks",
  "audit-silence": "a silent audit log",
  "privileged-pod": "privileged pods",
  "new-exposure": "newly exposed services",
};

export const logAlertingDailyReview: Control = {
  id: "log-alerting-daily-review",
  title: "Kubernetes events are reviewed automatically every day",
  severity: "high",
  requirements: [
    {
      requirement: "10.4.1",
      kind: "primary",
      rationale: "Review records for each day show that the events were looked at daily.",
    },
    {
      requirement: "10.4.1.1",
      kind: "primary",
      rationale: "Enabled rules with receivers are the automated mechanism that reviews the events.",
    },
    {
      requirement: "12.10.5",
      kind: "primary",
      rationale: "Alerts about changed rights, policies and exposure have to reach whoever responds to incidents.",
    },
    {
      requirement: "10.4.3",
      kind: "supporting",
      rationale: "What a rule finds is what has to be followed up.",
    },
    {
      requirement: "A3.5.1",
      kind: "supporting",
      rationale: "Rules over the cluster's events detect patterns of attack when they happen.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads: "Detection rules of the SIEM with receivers and tests, and its review records, as imported.",
    pass: "Each required detection has an enabled, received and tested rule, and each of the last 90 days was reviewed automatically.",
    fail: "A detection without such a rule, or days without an automated review.",
    unknown: "Rules or reviews were not imported, or the record is older than a week.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "Nobody reads a million events a day: a rule that is on, tested and received is the review.",
    cannotSee: "Whether a rule's query is right; the test record says that it found what it must.",
  },
  evaluate: (context) => judgeCluster(context, ["cde", "connected-to"], () => [judge(context)]),
  verify: () => ({
    command: `kubectl get prometheusrules -A -o json | jq -r '.items[].spec.groups[].rules[]|select(.alert)|.alert' | sort -u`,
    expect:
      "Alerts by name, where alerts are Prometheus based. Everything else is in the SIEM: ask for its rules, the last test of each, and the review record of a day of your choice.",
    needs: [],
  }),
  remediate: (_context, result) => ({
    summary: `Add or enable a rule for what is missing (${result.reason}), give it a receiver and try it with an event that it must find. The rules below read counters of a shipper that labels audit events; a SIEM has its own form (Falco's k8s_audit rules, Sigma, Elastic).`,
    manifest: renderManifest(DETECTION_PACK),
    apply:
      "# the metric is that of your shipper; apply the rules where your Prometheus reads them, or translate them for the SIEM",
    risk: "None for the cluster; new alerts need somebody who answers them.",
  }),
};

const count = (selector: string) => `sum(increase(audit_events_total{${selector}}[5m]))`;
const alert = (name: string, expr: string) => ({ alert: name, expr, labels: { severity: "critical" } });
const DETECTION_PACK = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "audit-detections", namespace: "monitoring" },
  spec: {
    groups: [
      {
        name: "audit-detections",
        rules: [
          alert("ShellInCde", `${count('subresource=~"exec|attach|portforward",scope="cde"')} > 0`),
          alert("SecretReadByPerson", `${count('resource="secrets",verb=~"get|list|watch",user_kind="person"')} > 0`),
          alert("RbacChanged", `${count('group="rbac.authorization.k8s.io",verb!~"get|list|watch"')} > 0`),
          alert("PolicyDeleted", `${count('resource=~"networkpolicies|.*policies",verb=~"delete.*"')} > 0`),
          alert("AnonymousAccess", `${count('user="system:anonymous",code!~"401|403"')} > 0`),
          alert("RefusedRequests", `${count('code=~"401|403"')} > 50`),
          alert("WebhookChanged", `${count('group="admissionregistration.k8s.io",verb!~"get|list|watch"')} > 0`),
          alert("AuditLogSilent", "absent_over_time(audit_events_total[15m])"),
          alert("PrivilegedPod", `${count('resource="pods",verb="create",privileged="true"')} > 0`),
          alert("NewExposure", `${count('resource=~"ingresses|services|gateways",verb=~"create|update|patch"')} > 0`),
        ],
      },
    ],
  },
};

function judge({ inventory, asOf }: EvaluationContext): Result {
  const systems = newestOf(inventory.facts.detectionRules ?? [], ({ system }) => system);
  const [first] = systems;
  if (first === undefined) {
    return clusterResult(
      "unknown",
      "no detection rules were imported",
      "Nobody has imported the detection rules of the SIEM. It becomes known when it is connected, or its rules and review records are uploaded.",
    );
  }
  const old = systems.filter(({ record }) => daysBetween(record.origin.collectedAt, asOf) > RECORD_DAYS);
  const evidence: EvidencePointer[] = [];
  const problems: string[] = [];
  for (const detection of DETECTIONS) {
    const problem = problemOf(systems, detection, asOf);
    if (problem === null) continue;
    problems.push(problem.words);
    evidence.push(problem.evidence);
  }
  const reviews = judgeReviews(inventory, asOf);
  if (reviews.problem !== null) {
    problems.push(reviews.problem);
    evidence.push(reviews.evidence);
  }
  const sources = systems.map(({ record }) => sourceOf(record.origin)).join(" ");
  if (problems.length > 0) {
    return {
      ...clusterResult("fail", shortReason(problems[0] ?? ""), `${problems.join("; ")}. ${sources}`),
      evidence,
    };
  }
  if (old.length > 0) {
    return clusterResult(
      "unknown",
      "the record of the rules is older than a week",
      `Every detection had its rule, but the record of ${nameSome(old.map(({ record }) => record.system))} is older than ${RECORD_DAYS} days. ${sources}`,
    );
  }
  if (reviews.words === null) {
    return clusterResult(
      "unknown",
      "no review records of this week were imported",
      `Every detection has its rule, but on which of the last ${REVIEW_DAYS} days the events were reviewed isn't known. ${sources}`,
    );
  }
  return {
    ...clusterResult(
      "pass",
      "every detection is on and each day was reviewed",
      `Each of ${DETECTIONS.length} detections has an enabled rule with a receiver and a test of the last twelve months; ${reviews.words}. ${sources}`,
    ),
    evidence: [
      ...systems.map(({ record, index }) => ({
        ref: CLUSTER_REF,
        pointer: `/facts/detectionRules/${index}/rules`,
        found: `${record.rules.length} rules`,
      })),
      reviews.evidence,
    ],
  };
}

/** The nearest miss among the rules for the detection, or null when one is whole. */
function problemOf(
  systems: readonly { record: DetectionRules; index: number }[],
  detection: Detection,
  asOf: string,
): { words: string; evidence: EvidencePointer } | null {
  const rules = systems.flatMap(({ record, index }) =>
    record.rules.flatMap((rule, i) =>
      rule.detects.includes(detection) ? [{ rule, pointer: `/facts/detectionRules/${index}/rules/${i}` }] : [],
    ),
  );
  const what = WORDS[detection];
  const misses = rules.map(({ rule, pointer }) => {
    const evidence = { ref: CLUSTER_REF, pointer, found: rule.name };
    if (!rule.isEnabled) return { rank: 1, words: `the rule for ${what} (${rule.name}) is disabled`, evidence };
    if (!hasReceiver(rule.receivers))
      return { rank: 2, words: `the rule for ${what} (${rule.name}) has no receiver`, evidence };
    if (rule.testedAt === undefined || daysBetween(rule.testedAt, asOf) > TEST_DAYS) {
      const since = rule.testedAt === undefined ? "was never tested" : `was last tested at ${rule.testedAt}`;
      return { rank: 3, words: `the rule for ${what} (${rule.name}) ${since}`, evidence };
    }
    return null;
  });
  if (misses.includes(null)) return null;
  const nearest = misses.filter((miss) => miss !== null).sort((a, b) => b.rank - a.rank)[0];
  if (nearest !== undefined) return nearest;
  const [system] = systems;
  return {
    words: `no rule detects ${what}`,
    evidence: {
      ref: CLUSTER_REF,
      pointer: `/facts/detectionRules/${system?.index ?? 0}/rules`,
      found: `${system?.record.rules.length ?? 0} rules`,
    },
  };
}

/** The 90 days that end before the newest review record. `words` is null when there is none. */
function judgeReviews(
  { facts }: Inventory,
  asOf: string,
): {
  problem: string | null;
  words: string | null;
  evidence: EvidencePointer;
} {
  const reviews = facts.logReviews ?? [];
  const evidence: EvidencePointer = { ref: CLUSTER_REF, pointer: "/facts/logReviews" };
  if (reviews.length === 0) return { problem: null, words: null, evidence };
  const readAt = reviews.map(({ origin }) => origin.collectedAt).reduce((a, b) => (a > b ? a : b));
  if (daysBetween(readAt, asOf) > RECORD_DAYS) return { problem: null, words: null, evidence };
  const automated = new Set(reviews.filter((review) => review.isAutomated).flatMap(({ days }) => days));
  const byPeople = new Set(reviews.filter((review) => !review.isAutomated).flatMap(({ days }) => days));
  const end = Date.parse(readAt.slice(0, 10));
  const expected = Array.from({ length: REVIEW_DAYS }, (_, i) =>
    new Date(end - (REVIEW_DAYS - i) * DAY_MS).toISOString().slice(0, 10),
  );
  const missing = expected.filter((day) => !automated.has(day));
  const found = { ...evidence, found: `${REVIEW_DAYS - missing.length} of ${REVIEW_DAYS} days reviewed automatically` };
  if (missing.length === 0) {
    return {
      problem: null,
      words: `each of the ${REVIEW_DAYS} days up to ${expected.at(-1) ?? ""} was reviewed automatically`,
      evidence: found,
    };
  }
  const people = missing.filter((day) => byPeople.has(day)).length;
  const also = people > 0 ? ` (${people} of them by people only, which is not enough)` : "";
  return {
    problem: `${missing.length} of the last ${REVIEW_DAYS} days were not reviewed automatically, such as ${nameSome(missing, 3)}${also}`,
    words: null,
    evidence: found,
  };
}
