import { cdeNamespace, namespace, object } from "@/lib/fixtures/builders";
import { type FailureAlarms, type FailureIncidents, SECURITY_FUNCTIONS } from "@/lib/inventory/imported-monitoring";
import { monControlFailureAlerts } from "./mon-control-failure-alerts";
import { describeControl } from "./testing";

const cde = cdeNamespace();
const origin = { by: "upload", name: "monitoring by jane", collectedAt: "2026-11-20T00:00:00Z" } as const;
type Alarm = FailureAlarms["alarms"][number];
const ALARMS: Alarm[] = SECURITY_FUNCTIONS.map((watches) => ({
  name: `alarm ${watches}`,
  watches,
  isEnabled: true,
  receivers: ["platform-oncall"],
}));
type Incident = FailureIncidents["incidents"][number];
const INCIDENT: Incident = {
  id: "INC-1",
  function: "log-shipper",
  startedAt: "2026-08-02T03:10:00Z",
  endedAt: "2026-08-02T04:00:00Z",
  cause: "disk full",
  fix: "a limit",
};
const facts = (alarms: Alarm[] | null = ALARMS, incidents: Incident[] | null = [INCIDENT], from = "2025-11-01") => ({
  facts: {
    ...(alarms === null ? {} : { failureAlarms: [{ origin, system: "Monitoring", alarms }] }),
    ...(incidents === null ? {} : { failureIncidents: [{ origin, from, to: "2026-11-20", incidents }] }),
  },
});
const without = (name: string) => ALARMS.filter(({ watches }) => watches !== name);
const changed = (name: string, change: Partial<Alarm>) =>
  ALARMS.map((alarm) => (alarm.watches === name ? { ...alarm, ...change } : alarm));
const rule = (alert: string) =>
  object("monitoring.coreos.com/v1", "PrometheusRule", "failures", "monitoring", {
    spec: {
      groups: [
        {
          name: "failures",
          rules: [
            { record: "a:b", expr: "1" },
            { alert, expr: "up == 0" },
          ],
        },
      ],
    },
  });
const route = (receiver: string, receivers: unknown[]) =>
  object("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", "main", "monitoring", {
    spec: { route: { receiver }, receivers },
  });
const monitoring = namespace("monitoring", { "pci-scope": "connected-to" });
const pager = { name: "oncall", pagerdutyConfigs: [{ routingKey: { name: "a", key: "b" } }] };

describeControl(monControlFailureAlerts, [
  {
    name: "an alarm for each function, and whole records of failures",
    objects: [cde, monitoring, rule("FalcoDown"), route("oncall", [pager])],
    options: facts(),
    status: "pass",
    assessor: { prints: "FalcoDown\nmonitoring\tmain\toncall" },
  },
  {
    name: "no alarm for the runtime sensor",
    objects: [cde, monitoring, rule("VeleroBackupFailed")],
    options: facts(without("runtime-sensor")),
    status: "fail",
    says: "no alarm for the runtime sensor",
    assessor: { prints: "VeleroBackupFailed", hides: "Falco" },
    remediates: true,
  },
  {
    name: "a disabled alarm",
    objects: [cde],
    options: facts(changed("backup", { isEnabled: false })),
    status: "fail",
    says: "is disabled",
  },
  {
    name: "a null receiver does not count",
    objects: [cde],
    options: facts(changed("backup", { receivers: ["null"] })),
    status: "fail",
    says: "the alarm for backup has no receiver",
  },
  {
    name: "the heartbeat of the agent has no alarm",
    objects: [cde],
    options: facts(without("agent-heartbeat")),
    status: "fail",
    says: "the agent's heartbeat",
  },
  {
    name: "an alert of Prometheus that is routed to somebody",
    objects: [cde, monitoring, rule("FalcoDown"), route("oncall", [pager])],
    options: facts(without("runtime-sensor")),
    status: "pass",
    says: "alert FalcoDown of PrometheusRule failures is routed",
  },
  {
    name: "an alert of Prometheus that is routed into nothing",
    objects: [cde, monitoring, rule("FalcoDown"), route("blackhole", [{ name: "blackhole" }])],
    options: facts(without("runtime-sensor")),
    status: "fail",
    says: "reaches nobody",
  },
  {
    name: "a receiver by a good name that holds no way to reach anybody",
    objects: [cde, monitoring, rule("FalcoDown"), route("oncall", [{ name: "oncall" }])],
    options: facts(without("runtime-sensor")),
    status: "fail",
  },
  {
    name: "an alert whose route is not visible",
    objects: [cde, monitoring, rule("FalcoDown")],
    options: facts(without("runtime-sensor")),
    status: "unknown",
    says: "which is a Secret",
  },
  {
    name: "a failure without its cause",
    objects: [cde],
    options: facts(ALARMS, [{ ...INCIDENT, cause: null }]),
    status: "fail",
    says: "INC-1 (log-shipper) lacks its cause",
  },
  {
    name: "a failure that never ended",
    objects: [cde],
    options: facts(ALARMS, [{ ...INCIDENT, endedAt: null }]),
    status: "fail",
    says: "its end",
  },
  {
    name: "a failure of today is still under way",
    objects: [cde],
    options: facts(ALARMS, [{ ...INCIDENT, startedAt: "2026-11-21T09:00:00Z", endedAt: null, cause: null, fix: null }]),
    status: "pass",
  },
  {
    name: "no alarm among those imported, and alerts of Prometheus could not be read",
    objects: [cde],
    options: {
      ...facts(without("backup")),
      sections: { "prometheus-rules": { status: "forbidden", message: "list prometheusrules is refused" } },
    },
    status: "unknown",
    says: "list prometheusrules is refused",
  },
  {
    name: "no failure at all",
    objects: [cde],
    options: facts(ALARMS, []),
    status: "pass",
    says: "no failure within twelve months",
  },
  {
    name: "incidents of half a year",
    objects: [cde],
    options: facts(ALARMS, [INCIDENT], "2026-05-01"),
    status: "unknown",
  },
  {
    name: "incidents were not imported",
    objects: [cde],
    options: facts(ALARMS, null),
    status: "unknown",
    says: "an empty list says",
  },
  {
    name: "the alerting system is not connected",
    objects: [cde],
    options: facts(null),
    status: "unknown",
    says: "if there is no alarm, this is a gap",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
