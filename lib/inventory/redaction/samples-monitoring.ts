/** Rich raw objects of the kinds of monitoring.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

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
    spec: { example: "value", password: "spec-secret" },
  },
  "tetragon-tracingpoliciesnamespaced": {
    apiVersion: "cilium.io/v1alpha1",
    kind: "TracingPolicyNamespaced",
    metadata: meta("tetragon-tracingpoliciesnamespaced", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "openshift-fileintegrities": {
    apiVersion: "fileintegrity.openshift.io/v1alpha1",
    kind: "FileIntegrity",
    metadata: meta("openshift-fileintegrities", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "prometheus-rules": {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: meta("prometheus-rules", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "prometheus-alertmanagerconfigs": {
    apiVersion: "monitoring.coreos.com/v1alpha1",
    kind: "AlertmanagerConfig",
    metadata: meta("prometheus-alertmanagerconfigs", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
};
