import { cdeNamespace, namespace, object } from "@/lib/fixtures/builders";
import { DETECTIONS, type DetectionRules, type LogReviews } from "@/lib/inventory/imported-monitoring";
import { logAlertingDailyReview } from "./log-alerting-daily-review";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "SIEM export", collectedAt: "2026-11-21T06:00:00Z" } as const;
type Rule = DetectionRules["rules"][number];
const RULES: Rule[] = DETECTIONS.map((detection) => ({
  name: `rule for ${detection}`,
  detects: [detection],
  isEnabled: true,
  receivers: ["soc-oncall"],
  testedAt: "2026-06-01",
}));
const days = (count: number, skip: readonly string[] = []) =>
  Array.from({ length: count }, (_, i) =>
    new Date(Date.parse("2026-11-21") - (i + 1) * 86_400_000).toISOString().slice(0, 10),
  ).filter((day) => !skip.includes(day));
const REVIEW: LogReviews = { origin, isAutomated: true, days: days(90) };
const facts = (rules: Rule[] = RULES, logReviews: LogReviews[] = [REVIEW], readAt: string = origin.collectedAt) => ({
  facts: {
    detectionRules: [{ origin: { ...origin, collectedAt: readAt }, system: "SIEM", rules }],
    ...(logReviews.length > 0 ? { logReviews } : {}),
  },
});
const changed = (index: number, change: Partial<Rule>) =>
  RULES.map((rule, i) => (i === index ? { ...rule, ...change } : rule));
const untested = ({ testedAt: _, ...rule }: Rule): Rule => rule;
const prometheusRule = (...alerts: string[]) =>
  object("monitoring.coreos.com/v1", "PrometheusRule", "audit", "monitoring", {
    spec: { groups: [{ name: "audit", rules: alerts.map((alert) => ({ alert, expr: "1" })) }] },
  });

describeControl(logAlertingDailyReview, [
  {
    name: "every detection and every day",
    objects: [cde, prometheusRule("ShellInCde", "RbacChanged")],
    options: facts(),
    status: "pass",
    assessor: { prints: "RbacChanged" },
  },
  {
    name: "no rule for webhook changes",
    objects: [cde, prometheusRule("ShellInCde")],
    options: facts(RULES.filter(({ detects }) => !detects.includes("webhook-change"))),
    status: "fail",
    says: "no rule detects changed webhooks",
    assessor: { prints: "ShellInCde", hides: "Webhook" },
  },
  {
    name: "a disabled rule",
    objects: [cde],
    options: facts(changed(0, { isEnabled: false })),
    status: "fail",
    says: "is disabled",
  },
  {
    name: "no receiver",
    objects: [cde],
    options: facts(changed(0, { receivers: [] })),
    status: "fail",
    says: "no receiver",
  },
  {
    name: "a receiver that throws alerts away",
    objects: [cde],
    options: facts(changed(0, { receivers: ["blackhole", "null"] })),
    status: "fail",
    says: "no receiver",
  },
  {
    name: "a second, whole rule for the same detection",
    objects: [cde],
    options: facts([...changed(0, { isEnabled: false }), { ...(RULES[0] as Rule), name: "another" }]),
    status: "pass",
  },
  {
    name: "an old test",
    objects: [cde],
    options: facts(changed(0, { testedAt: "2025-01-01" })),
    status: "fail",
    says: "last tested at 2025-01-01",
  },
  { name: "no test", objects: [cde], options: facts(RULES.map(untested)), status: "fail", says: "was never tested" },
  {
    name: "a day without review",
    objects: [cde],
    options: facts(RULES, [{ ...REVIEW, days: days(90, ["2026-10-10"]) }]),
    status: "fail",
    says: "such as 2026-10-10",
  },
  {
    name: "a review by people alone",
    objects: [cde],
    options: facts(RULES, [{ ...REVIEW, isAutomated: false }]),
    status: "fail",
    says: "by people only",
  },
  {
    name: "a review by people beside the automated one",
    objects: [cde],
    options: facts(RULES, [REVIEW, { ...REVIEW, isAutomated: false }]),
    status: "pass",
  },
  {
    name: "old review records",
    objects: [cde],
    options: facts(RULES, [{ ...REVIEW, origin: { ...origin, collectedAt: "2026-09-01T00:00:00Z" } }]),
    status: "unknown",
  },
  { name: "no review records", objects: [cde], options: facts(RULES, []), status: "unknown" },
  {
    name: "an old record",
    objects: [cde],
    options: facts(RULES, [REVIEW], "2026-11-01T00:00:00Z"),
    status: "unknown",
    says: "older than 7 days",
  },
  { name: "nothing imported", objects: [cde], status: "unknown" },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
