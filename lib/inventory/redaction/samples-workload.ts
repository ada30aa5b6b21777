/** Rich raw objects of the kinds of workload.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const WORKLOAD_SAMPLES = {
  runtimeclasses: {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: meta("runtimeclasses"),
    spec: { example: "value", password: "spec-secret" },
  },
  "trivy-vulnerabilityreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "VulnerabilityReport",
    metadata: meta("trivy-vulnerabilityreports", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "trivy-sbomreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "SbomReport",
    metadata: meta("trivy-sbomreports", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "trivy-exposedsecretreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "ExposedSecretReport",
    metadata: meta("trivy-exposedsecretreports", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  policyreports: {
    apiVersion: "wgpolicyk8s.io/v1alpha2",
    kind: "PolicyReport",
    metadata: meta("policyreports", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  clusterpolicyreports: {
    apiVersion: "wgpolicyk8s.io/v1alpha2",
    kind: "ClusterPolicyReport",
    metadata: meta("clusterpolicyreports"),
    spec: { example: "value", password: "spec-secret" },
  },
  "kyverno-policyexceptions": {
    apiVersion: "kyverno.io/v2",
    kind: "PolicyException",
    metadata: meta("kyverno-policyexceptions", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "kyverno-validatingpolicies": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "ValidatingPolicy",
    metadata: meta("kyverno-validatingpolicies"),
    spec: { example: "value", password: "spec-secret" },
  },
  "kyverno-imagevalidatingpolicies": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "ImageValidatingPolicy",
    metadata: meta("kyverno-imagevalidatingpolicies"),
    spec: { example: "value", password: "spec-secret" },
  },
  "kyverno-celexceptions": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "PolicyException",
    metadata: meta("kyverno-celexceptions", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "gatekeeper-configs": {
    apiVersion: "config.gatekeeper.sh/v1alpha1",
    kind: "Config",
    metadata: meta("gatekeeper-configs", "cde"),
    spec: { example: "value", password: "spec-secret" },
  },
  "sigstore-clusterimagepolicies": {
    apiVersion: "policy.sigstore.dev/v1beta1",
    kind: "ClusterImagePolicy",
    metadata: meta("sigstore-clusterimagepolicies"),
    spec: { example: "value", password: "spec-secret" },
  },
};
