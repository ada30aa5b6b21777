/**
 * Failure of a security control raises an alert and is answered.
 *
 * Reads: imported alarms of the monitoring system with their receivers; PrometheusRule and AlertmanagerConfig objects; imported
 * incidents of the last twelve months.
 * Pass: for each security function (network plug-in, policy engine, audit logging, shipper, sensor, scanner, identity provider,
 * certificate renewal, backup, heartbeat of the agent) an enabled alarm has a receiver; and each failure of the last twelve months has
 * an end, a cause and a fix.
 * Fail: a function without an alarm, an alarm that nobody receives, a failure without record of its end, cause or fix.
 * Unknown: the alerting system is not connected; incidents were not imported or don't cover twelve months; no scope.
 * Not applicable: a cluster without CDE and connected-to namespaces.
 *
 * Receivers called null or blackhole, and receivers of an AlertmanagerConfig that hold no way to reach anybody, are none. Alerts of
 * Prometheus count as alarms; who receives them is visible only where an AlertmanagerConfig of the same namespace routes them. When
 * the agent is silent, results turn stale and then not assessed: that is shown, but it tells nobody by itself.
 */
import { SECURITY_FUNCTIONS, type SecurityFunction } from "@/lib/inventory/imported-monitoring";
import { type Inventory, type ResourceRef, refOf } from "@/lib/inventory/inventory";
import { namespaceOf } from "@/lib/inventory/workloads";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { hasReceiver } from "./receivers";
import { daysBetween, newestOf, sourceOf } from "./record-age";
import { shortReason } from "./short-reason";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";

const YEAR_DAYS = 365;
const RECORD_DAYS = 31;
const WATCHED = SECURITY_FUNCTIONS.filter((name) => name !== "configuration-drift");
type Watched = Exclude<SecurityFunction, "configuration-drift">;
const WORDS: Record<Watched, string> = {
  "network-plugin": "the network plug-in",
  "policy-engine": "the policy engine",
  "audit-logging": "audit logging",
  "log-shipper": "the log shipper",
  "runtime-sensor": "the runtime sensor",
  "vulnerability-scanner": "the vulnerability scanner",
  "identity-provider": "the identity provider",
  "certificate-renewal": "certificate renewal",
  backup: "backup",
  "agent-heartbeat": "the agent's heartbeat",
};
/** How alerts of Prometheus are called that watch the function; looked for in the alert's name. */
const ALERT_NAMES: Record<Watched, RegExp> = {
  "network-plugin": /calico|cilium|antrea|ovn|cni|felix|hubble/i,
  "policy-engine": /kyverno|gatekeeper|opa|admission/i,
  "audit-logging": /audit/i,
  "log-shipper": /fluent|vector|promtail|alloy|filebeat|logstash|shipper|forwarder/i,
  "runtime-sensor": /falco|tetragon|tracee|kubearmor|runtimesensor/i,
  "vulnerability-scanner": /trivy|grype|scanner|vulnerab/i,
  "identity-provider": /dex|keycloak|oidc|identity|authentication/i,
  "certificate-renewal": /cert/i,
  backup: /velero|backup/i,
  "agent-heartbeat": /ringfence|complianceagent/i,
};

export const monControlFailureAlerts: Control = {
  id: "mon-control-failure-alerts",
  title: "Failure of a security control raises an alert and is answered",
  severity: "high",
  requirements: [
    {
      requirement: "10.7.2",
      kind: "primary",
      rationale:
        "An alarm with a receiver for each security function is how its failure is detected and reported promptly.",
    },
    {
      requirement: "10.7.3",
      kind: "primary",
      rationale: "The record of each failure with its duration, cause and fix shows that it was answered.",
    },
    {
      requirement: "12.10.5",
      kind: "primary",
      rationale: "Alarms of security monitoring have to reach whoever responds to incidents.",
    },
    {
      requirement: "A3.3.1",
      kind: "supporting",
      rationale: "Failures of critical security controls are detected by these alarms.",
    },
    { requirement: "A3.3.1.1", kind: "supporting", rationale: "The same records document the response to a failure." },
    {
      requirement: "10.7.1",
      kind: "supporting",
      rationale: "Service providers have to detect failures of these functions in any case.",
    },
  ],
  judges: "cluster",
  sections: ["namespaces"],
  rule: {
    reads: "Alarms with receivers, alerts of Prometheus and their routes, and incidents of the last twelve months.",
    pass: "Each security function has an alarm that somebody receives, and each failure has an end, a cause and a fix.",
    fail: "A function without an alarm or receiver, or a failure whose record lacks its end, cause or fix.",
    unknown: "The alerting system or the incidents are not known.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "A control that fails in silence is shown as working for as long as nobody looks.",
    cannotSee: "Whether an alarm fires when it should; how quickly somebody answered.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde", "connected-to"], () => [
      ...WATCHED.map((name) => judgeFunction(context, name)),
      judgeIncidents(context),
    ]),
  verify: () => ({
    command: `kubectl get prometheusrules -A -o json | jq -r '.items[].spec.groups[].rules[]|select(.alert//""|test("(?i)kyverno|gatekeeper|calico|cilium|falco|tetragon|audit|fluent|trivy|cert|velero|backup|ringfence"))|.alert' | sort -u; kubectl get alertmanagerconfigs -A -o json | jq -r '.items[]|[.metadata.namespace,.metadata.name,.spec.route.receiver//"-"]|@tsv'`,
    expect:
      "Alerts for each security function, and receivers that are people. The main configuration of Alertmanager lies in a Secret: let an administrator show its receivers; and ask for the incidents of the last twelve months.",
    needs: [],
  }),
  remediate: (_context, result) => {
    const name = WATCHED.find((one) => one === result.part);
    if (name === undefined) {
      return {
        summary:
          "Write down for each failure when it began and ended, its cause and what was changed, and import the incidents of the last twelve months.",
        risk: "None.",
      };
    }
    return {
      summary: `Add an alarm for ${WORDS[name]} and a receiver for it; the rule and the route below are for Prometheus. Then import the alarms.`,
      manifest: renderManifest(
        {
          apiVersion: "monitoring.coreos.com/v1",
          kind: "PrometheusRule",
          metadata: { name: `failure-${name}`, namespace: "monitoring" },
          spec: {
            groups: [
              {
                name: `failure-${name}`,
                rules: [
                  {
                    alert: ALERTS[name].alert,
                    expr: ALERTS[name].expr,
                    for: "10m",
                    labels: { severity: "critical" },
                    annotations: { summary: `${WORDS[name]} has failed` },
                  },
                ],
              },
            ],
          },
        },
        {
          apiVersion: "monitoring.coreos.com/v1alpha1",
          kind: "AlertmanagerConfig",
          metadata: { name: "security-functions", namespace: "monitoring" },
          spec: {
            route: { receiver: "security-oncall", groupBy: ["alertname"] },
            receivers: [
              {
                name: "security-oncall",
                pagerdutyConfigs: [{ routingKey: { name: "security-oncall", key: "routing-key" } }],
              },
            ],
          },
        },
      ),
      apply: "kubectl apply -f alarm.yaml",
      risk: "The metrics are those of the usual add-ons: compare their names. The Secret security-oncall has to hold the routing key.",
    };
  },
};

const absent = (job: string) => `absent(up{job=~"${job}"} == 1)`;
const ALERTS: Record<Watched, { alert: string; expr: string }> = {
  "network-plugin": {
    alert: "CalicoNodeDown",
    expr: 'kube_daemonset_status_number_unavailable{daemonset=~"calico-node|cilium"} > 0',
  },
  "policy-engine": { alert: "KyvernoDown", expr: absent("kyverno.*") },
  "audit-logging": { alert: "AuditLogErrors", expr: "rate(apiserver_audit_error_total[10m]) > 0" },
  "log-shipper": {
    alert: "FluentBitDown",
    expr: 'kube_daemonset_status_number_unavailable{daemonset=~"fluent.*|audit-shipper"} > 0',
  },
  "runtime-sensor": {
    alert: "FalcoDown",
    expr: 'kube_daemonset_status_number_unavailable{daemonset=~"falco|tetragon"} > 0',
  },
  "vulnerability-scanner": { alert: "TrivyOperatorDown", expr: absent("trivy-operator") },
  "identity-provider": { alert: "OidcProviderDown", expr: 'probe_success{job="identity-provider"} == 0' },
  "certificate-renewal": {
    alert: "CertificateNotReady",
    expr: 'certmanager_certificate_ready_status{condition!="True"} == 1',
  },
  backup: { alert: "VeleroBackupFailed", expr: "increase(velero_backup_failure_total[24h]) > 0" },
  "agent-heartbeat": {
    alert: "RingfenceAgentDown",
    expr: 'kube_deployment_status_replicas_available{deployment="ringfence-agent"} == 0',
  },
};

function functionResult(
  name: Watched,
  status: Result["status"],
  reason: string,
  detail: string,
  evidence: EvidencePointer[],
): Result {
  return { ...clusterResult(status, shortReason(reason), detail), part: name, evidence };
}

function judgeFunction({ inventory, asOf }: EvaluationContext, name: Watched): Result {
  const systems = newestOf(inventory.facts.failureAlarms ?? [], ({ system }) => system);
  const alarms = systems.flatMap(({ record, index }) =>
    record.alarms.flatMap((alarm, i) =>
      alarm.watches === name ? [{ alarm, record, pointer: `/facts/failureAlarms/${index}/alarms/${i}` }] : [],
    ),
  );
  const what = WORDS[name];
  const whole = alarms.find(({ alarm }) => alarm.isEnabled && hasReceiver(alarm.receivers));
  if (whole !== undefined) {
    const { alarm, record, pointer } = whole;
    const isOld = daysBetween(record.origin.collectedAt, asOf) > RECORD_DAYS;
    return functionResult(
      name,
      isOld ? "unknown" : "pass",
      isOld ? `the record of the alarm for ${what} is older than a month` : `${what}: ${alarm.name}`,
      `For ${what}, alarm ${alarm.name} of ${record.system} goes to ${nameSome(alarm.receivers, 3)}. ${sourceOf(record.origin)}`,
      [{ ref: CLUSTER_REF, pointer, found: alarm.name }],
    );
  }
  const alerts = alertsFor(inventory, ALERT_NAMES[name]);
  const routed = alerts.find(({ route }) => route === "somebody");
  if (routed !== undefined) {
    return functionResult(
      name,
      "pass",
      `${what}: ${routed.alert}`,
      `For ${what}, alert ${routed.alert} of PrometheusRule ${routed.ref.name} is routed by an AlertmanagerConfig of namespace ${routed.ref.namespace ?? ""} to a receiver that reaches somebody.`,
      [routed.evidence],
    );
  }
  const [broken] = alarms;
  if (broken !== undefined) {
    const state = broken.alarm.isEnabled ? "has no receiver" : "is disabled";
    return functionResult(
      name,
      "fail",
      `the alarm for ${what} ${state}`,
      `Alarm ${broken.alarm.name} of ${broken.record.system} for ${what} ${state}. ${sourceOf(broken.record.origin)}`,
      [{ ref: CLUSTER_REF, pointer: broken.pointer, found: broken.alarm.name }],
    );
  }
  const nowhere = alerts.find(({ route }) => route === "nobody");
  if (nowhere !== undefined && alerts.every(({ route }) => route === "nobody")) {
    return functionResult(
      name,
      "fail",
      `alert ${nowhere.alert} for ${what} goes to nobody`,
      `Alert ${nowhere.alert} for ${what} is routed to a receiver of namespace ${nowhere.ref.namespace ?? ""} that reaches nobody.`,
      [nowhere.evidence],
    );
  }
  const [alert] = alerts;
  if (alert !== undefined) {
    return functionResult(
      name,
      "unknown",
      `who receives the alert for ${what} is not known`,
      `Alert ${alert.alert} of PrometheusRule ${alert.ref.name} watches ${what}. Its receivers stand in Alertmanager's own configuration, which is a Secret: import the alarms with their receivers.`,
      [alert.evidence],
    );
  }
  const [system] = systems;
  if (system === undefined) {
    return functionResult(
      name,
      "unknown",
      `no alarm for ${what} is visible`,
      `No PrometheusRule watches ${what}, and no alarms of another alerting system were imported. Import them; if there is no alarm, this is a gap.`,
      [],
    );
  }
  const readable = inventory.readable("prometheus-rules", "prometheus-alertmanagerconfigs");
  if (!readable.known) {
    return functionResult(
      name,
      "unknown",
      `no alarm for ${what} among those imported`,
      `${system.record.system} has no alarm for ${what}, and whether Prometheus has one isn't known: ${readable.message}. ${sourceOf(system.record.origin)}`,
      [],
    );
  }
  return functionResult(
    name,
    "fail",
    `no alarm for ${what}`,
    `Neither ${system.record.system} nor a PrometheusRule of the cluster has an alarm for ${what}. ${sourceOf(system.record.origin)}`,
    [
      {
        ref: CLUSTER_REF,
        pointer: `/facts/failureAlarms/${system.index}/alarms`,
        found: `${system.record.alarms.length} alarms`,
      },
    ],
  );
}

interface FoundAlert {
  alert: string;
  ref: ResourceRef;
  route: "somebody" | "nobody" | "not known";
  evidence: EvidencePointer;
}

function alertsFor(inventory: Inventory, pattern: RegExp): FoundAlert[] {
  return inventory.list("prometheus-rules").flatMap((object) => {
    const groups = (object.spec?.groups ?? []) as { rules?: { alert?: string }[] }[];
    return groups.flatMap(({ rules = [] }, g) =>
      rules.flatMap(({ alert }, r): FoundAlert[] => {
        if (alert === undefined || !pattern.test(alert)) return [];
        const ref = refOf(object);
        const evidence = { ref, pointer: `/spec/groups/${g}/rules/${r}`, found: alert };
        return [{ alert, ref, route: routeOf(inventory, namespaceOf(object)), evidence }];
      }),
    );
  });
}

interface Receiver {
  name: string;
  [kind: string]: unknown;
}
/** Where an AlertmanagerConfig sends the alerts of its own namespace; the operator adds that condition to each of its routes. */
function routeOf(inventory: Inventory, namespace: string): FoundAlert["route"] {
  const configs = inventory
    .list("prometheus-alertmanagerconfigs")
    .filter((config) => namespaceOf(config) === namespace);
  if (configs.length === 0) return "not known";
  const reaches = configs.some(({ spec }) => {
    const receivers = (spec?.receivers ?? []) as Receiver[];
    const top = (spec?.route as { receiver?: string } | undefined)?.receiver;
    const found = receivers.find(({ name }) => name === top);
    return (
      found !== undefined &&
      hasReceiver([found.name]) &&
      Object.entries(found).some(([key, value]) => key.endsWith("Configs") && Array.isArray(value) && value.length > 0)
    );
  });
  return reaches ? "somebody" : "nobody";
}

function judgeIncidents({ inventory, asOf }: EvaluationContext): Result {
  const records = inventory.facts.failureIncidents ?? [];
  const [first] = records;
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    part: "incidents",
    evidence,
  });
  if (first === undefined) {
    return answer(
      "unknown",
      "incidents were not imported",
      "Which security functions failed within the last twelve months, and how that was answered, isn't known. Import the incidents; an empty list says that there was none.",
      [],
    );
  }
  const open = records.flatMap(({ incidents }, index) =>
    incidents.flatMap((incident, i) => {
      const lacks = [
        ...(incident.endedAt === null ? ["its end"] : []),
        ...(incident.cause === null ? ["its cause"] : []),
        ...(incident.fix === null ? ["its fix"] : []),
      ];
      // What began today may still be under way.
      const isRecent = incident.endedAt === null && daysBetween(incident.startedAt, asOf) < 1;
      return lacks.length === 0 || isRecent
        ? []
        : [
            {
              words: `${incident.id} (${incident.function}) lacks ${lacks.join(" and ")}`,
              pointer: `/facts/failureIncidents/${index}/incidents/${i}`,
              id: incident.id,
            },
          ];
    }),
  );
  if (open.length > 0) {
    return answer(
      "fail",
      `${open.length} ${open.length === 1 ? "failure lacks" : "failures lack"} a whole record`,
      `${nameSome(open.map(({ words }) => words))}. ${sourceOf(first.origin)}`,
      open.map(({ pointer, id }) => ({ ref: CLUSTER_REF, pointer, found: id })),
    );
  }
  const from = records.map((record) => record.from).reduce((a, b) => (a < b ? a : b));
  const to = records.map((record) => record.to).reduce((a, b) => (a > b ? a : b));
  const evidence = records.map((record, index) => ({
    ref: CLUSTER_REF,
    pointer: `/facts/failureIncidents/${index}/incidents`,
    found: `${record.incidents.length} incidents`,
  }));
  if (daysBetween(from, asOf) < YEAR_DAYS || daysBetween(to, asOf) > RECORD_DAYS) {
    return answer(
      "unknown",
      "incidents do not cover the last twelve months",
      `The imported incidents cover ${from} to ${to}; what lies before or after isn't known.`,
      evidence,
    );
  }
  const total = records.reduce((sum, { incidents }) => sum + incidents.length, 0);
  return answer(
    "pass",
    total === 0
      ? "no failure within twelve months"
      : `${total} ${total === 1 ? "failure" : "failures"}, each with a whole record`,
    `From ${from} to ${to}: ${total} failures of security functions, each with its end, cause and fix. ${sourceOf(first.origin)}`,
    evidence,
  );
}
