/** Rich raw objects of the kinds of monitoring.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

const tracingPolicySpec = {
  kprobes: [
    {
      call: "security_file_permission",
      syscall: false,
      args: [{ index: 0, type: "argument-secret" }],
      selectors: [
        {
          matchArgs: [{ index: 0, operator: "Prefix", values: ["/etc/kubernetes/"], note: "match-secret" }],
          matchActions: [{ action: "Post", argUrl: "https://url-secret" }],
          matchBinaries: [{ operator: "In", values: ["binary-secret"] }],
        },
      ],
    },
  ],
  tracepoints: [{ subsystem: "raw_syscalls", event: "sys_exit" }],
  lsmhooks: [{ hook: "file_open" }],
  uprobes: [{ path: "/bin/bash", symbols: ["symbol-secret"] }],
  options: [{ name: "option", value: "option-secret" }],
};

export const MONITORING_SAMPLES = {
  leases: {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: meta("leases", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "tetragon-tracingpolicies": {
    apiVersion: "cilium.io/v1alpha1",
    kind: "TracingPolicy",
    metadata: meta("tetragon-tracingpolicies"),
    spec: tracingPolicySpec,
  },
  "tetragon-tracingpoliciesnamespaced": {
    apiVersion: "cilium.io/v1alpha1",
    kind: "TracingPolicyNamespaced",
    metadata: meta("tetragon-tracingpoliciesnamespaced", "cde"),
    spec: { ...tracingPolicySpec, podSelector: { matchLabels: { app: "api" } } },
  },
  "openshift-fileintegrities": {
    apiVersion: "fileintegrity.openshift.io/v1alpha1",
    kind: "FileIntegrity",
    metadata: meta("openshift-fileintegrities", "openshift-file-integrity"),
    spec: {
      nodeSelector: { "node-role.kubernetes.io/worker": "" },
      config: { name: "aide", namespace: "openshift-file-integrity", gracePeriod: 900, key: "config-secret" },
      tolerations: [{ key: "node-role.kubernetes.io/master", operator: "Exists", effect: "NoSchedule" }],
      debug: true,
      note: "spec-secret",
    },
    status: { phase: "Active", note: "status-secret" },
  },
  "prometheus-rules": {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: meta("prometheus-rules", "monitoring"),
    spec: {
      groups: [
        {
          name: "audit",
          interval: "30s",
          rules: [
            {
              alert: "AuditLogSilent",
              expr: "absent(audit_events_total)",
              for: "10m",
              labels: { severity: "critical", note: "label-secret" },
              annotations: { description: "annotation-secret" },
            },
            { record: "job:events:rate5m", expr: "rate(audit_events_total[5m])" },
          ],
        },
      ],
      note: "spec-secret",
    },
  },
  "prometheus-alertmanagerconfigs": {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: meta("prometheus-alertmanagerconfigs", "monitoring"),
    spec: {
      route: {
        receiver: "oncall",
        groupBy: ["note-secret"],
        matchers: [{ name: "severity", value: "critical", matchType: "=", note: "matcher-secret" }],
        routes: [{ receiver: "blackhole", continue: true, matchers: [{ name: "a", value: "b", regex: true }] }],
      },
      receivers: [
        {
          name: "oncall",
          pagerdutyConfigs: [{ routingKey: { name: "pager", key: "key-secret" }, url: "https://url-secret" }],
          webhookConfigs: [{ url: "https://hooks.example.com/url-secret" }],
          emailConfigs: [{ to: "mail-secret@example.com" }],
        },
        { name: "blackhole" },
      ],
      inhibitRules: [{ equal: ["inhibit-secret"] }],
    },
  },
};
