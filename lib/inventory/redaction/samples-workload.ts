/** Rich raw objects of the kinds of workload.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

const artifact = { repository: "payments/api", digest: "sha256:aaaa", tag: "2.1", mimeType: "mime-secret" };
const registry = { server: "registry.example.com" };
const scanner = { name: "Trivy", vendor: "Aqua Security", version: "0.60.0" };
const celPolicy = {
  failurePolicy: "Fail",
  validationActions: ["Deny"],
  matchConstraints: { resourceRules: [{ resources: ["pods"] }] },
  matchConditions: [{ name: "only-cde", expression: "namespaceObject.metadata.name == 'cde'" }],
  variables: [{ name: "all", expression: "object.spec.containers" }],
  evaluation: { mode: "Kubernetes", admission: { enabled: true }, background: { enabled: false } },
  webhookConfiguration: { timeoutSeconds: 10 },
  validations: [{ expression: "true", reason: "Invalid", message: "message-secret" }],
};
const celStatus = { conditionStatus: { ready: true, conditions: [{ type: "Ready", status: "True" }] } };
const identities = [
  {
    subject: "https://github.com/example/api",
    issuer: "https://token.actions.githubusercontent.com",
    subjectRegExp: "^https://github.com/example/.+$",
    issuerRegExp: "^https://token.+$",
  },
];
const policyReport = {
  scope: { apiVersion: "v1", kind: "Pod", name: "app", namespace: "cde", uid: "scope-secret" },
  source: "kyverno",
  summary: { pass: 1, fail: 1, warn: 0, error: 0, skip: 0 },
  results: [
    {
      source: "kyverno",
      policy: "pod-hardening",
      rule: "no-privileged",
      result: "fail",
      severity: "high",
      category: "Pod Security",
      scored: true,
      message: "password=report-secret",
      properties: { process: "property-secret" },
      resources: [{ apiVersion: "v1", kind: "Pod", name: "app", namespace: "cde", uid: "resource-secret" }],
    },
  ],
};

export const WORKLOAD_SAMPLES = {
  runtimeclasses: {
    apiVersion: "node.k8s.io/v1",
    kind: "RuntimeClass",
    metadata: meta("runtimeclasses"),
    handler: "runsc",
    overhead: { podFixed: { memory: "overhead-secret" } },
    scheduling: { nodeSelector: { sandbox: "gvisor" }, tolerations: [{ key: "toleration-secret" }] },
  },
  "trivy-vulnerabilityreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "VulnerabilityReport",
    metadata: meta("trivy-vulnerabilityreports", "cde"),
    report: {
      artifact,
      registry,
      os: { family: "debian", name: "12.7", eosl: true },
      scanner,
      summary: { criticalCount: 1, highCount: 0, mediumCount: 0, lowCount: 0, unknownCount: 0, noneCount: 0 },
      updateTimestamp: "2026-11-20T03:00:00Z",
      vulnerabilities: [
        {
          vulnerabilityID: "CVE-2026-1234",
          severity: "CRITICAL",
          score: 9.8,
          resource: "openssl",
          installedVersion: "3.0.1",
          fixedVersion: "3.0.2",
          publishedDate: "2026-11-01T00:00:00Z",
          lastModifiedDate: "modified-secret",
          class: "os-pkgs",
          title: "title-secret",
          description: "description-secret",
          target: "target-secret",
          primaryLink: "https://link-secret",
          links: ["https://link-secret"],
        },
      ],
    },
  },
  "trivy-sbomreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "SbomReport",
    metadata: meta("trivy-sbomreports", "cde"),
    report: {
      artifact,
      registry,
      scanner,
      summary: { componentsCount: 2, dependenciesCount: 1 },
      updateTimestamp: "2026-11-20T03:00:00Z",
      components: {
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        serialNumber: "serial-secret",
        metadata: {
          timestamp: "2026-11-20T03:00:00Z",
          tools: { components: [{ type: "application", name: "trivy", version: "0.60.0" }] },
          component: { name: "component-secret" },
        },
        components: [
          { type: "operating-system", name: "debian", version: "12.7" },
          { type: "library", name: "bash", version: "5.2", purl: "pkg:deb/debian/bash@5.2" },
          {
            type: "library",
            name: "library-secret",
            version: "1",
            licenses: [{ license: { name: "license-secret" } }],
          },
        ],
        dependencies: [{ ref: "dependency-secret" }],
      },
    },
  },
  "trivy-exposedsecretreports": {
    apiVersion: "aquasecurity.github.io/v1alpha1",
    kind: "ExposedSecretReport",
    metadata: meta("trivy-exposedsecretreports", "cde"),
    report: {
      artifact,
      registry,
      scanner,
      summary: { criticalCount: 1, highCount: 0, mediumCount: 0, lowCount: 0 },
      updateTimestamp: "2026-11-20T03:00:00Z",
      secrets: [
        {
          ruleID: "aws-access-key-id",
          severity: "CRITICAL",
          category: "AWS",
          title: "AWS Access Key ID",
          target: "/app/config.yaml",
          match: "key: match-secret",
        },
      ],
    },
  },
  policyreports: {
    apiVersion: "wgpolicyk8s.io/v1alpha2",
    kind: "PolicyReport",
    metadata: meta("policyreports", "cde"),
    ...policyReport,
  },
  clusterpolicyreports: {
    apiVersion: "wgpolicyk8s.io/v1alpha2",
    kind: "ClusterPolicyReport",
    metadata: meta("clusterpolicyreports"),
    ...policyReport,
  },
  "kyverno-policyexceptions": {
    apiVersion: "kyverno.io/v2",
    kind: "PolicyException",
    metadata: meta("kyverno-policyexceptions", "cde"),
    spec: {
      background: true,
      match: { any: [{ resources: { kinds: ["Pod"], namespaces: ["cde"], names: ["agent-*"] } }] },
      conditions: { any: [{ key: "{{ request.operation }}", operator: "Equals", value: "CREATE" }] },
      exceptions: [{ policyName: "pod-hardening", ruleNames: ["no-hostpath"] }],
      podSecurity: [{ controlName: "HostPath Volumes", images: ["registry.example.com/agent*"] }],
      note: "note-secret",
    },
  },
  "kyverno-validatingpolicies": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "ValidatingPolicy",
    metadata: meta("kyverno-validatingpolicies"),
    spec: { ...celPolicy, validationAction: ["Deny"], auditAnnotations: [{ key: "audit-secret" }] },
    status: { ...celStatus, autogen: { configs: "autogen-secret" }, ready: true, generated: false },
  },
  "kyverno-imagevalidatingpolicies": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "ImageValidatingPolicy",
    metadata: meta("kyverno-imagevalidatingpolicies"),
    spec: {
      ...celPolicy,
      validationAction: ["Deny"],
      matchImageReferences: [{ glob: "registry.example.com/*" }, { expression: "image.registry() == 'ghcr.io'" }],
      validationConfigurations: { required: true, verifyDigest: true, mutateDigest: false },
      credentials: { secrets: ["pull-secret"] },
      attestors: [
        {
          name: "pipeline",
          cosign: {
            key: { data: "-----BEGIN PUBLIC KEY----- key-secret" },
            keyless: { identities, roots: "roots-secret" },
            certificate: { cert: { value: "certificate-secret" } },
          },
          notary: { certs: { value: "notary-secret" } },
        },
      ],
      attestations: [{ name: "sbom", intoto: { type: "intoto-secret" } }],
      images: [{ name: "containers", expression: "object.spec.containers.map(c, c.image)" }],
    },
    status: celStatus,
  },
  "kyverno-celexceptions": {
    apiVersion: "policies.kyverno.io/v1",
    kind: "PolicyException",
    metadata: meta("kyverno-celexceptions", "cde"),
    spec: {
      policyRefs: [{ name: "pod-hardening", kind: "ValidatingPolicy" }],
      matchConditions: [{ name: "agent", expression: "object.metadata.name.startsWith('agent')" }],
      images: ["registry.example.com/agent*"],
      allowedValues: ["NET_RAW"],
      reportResult: "skip",
      note: "note-secret",
    },
  },
  "gatekeeper-configs": {
    apiVersion: "config.gatekeeper.sh/v1alpha1",
    kind: "Config",
    metadata: meta("config", "gatekeeper-system"),
    spec: {
      match: [{ processes: ["*"], excludedNamespaces: ["kube-*"] }],
      sync: { syncOnly: [{ group: "", version: "v1", kind: "sync-secret" }] },
      validation: { traces: [{ user: "trace-secret" }] },
    },
  },
  "sigstore-clusterimagepolicies": {
    apiVersion: "policy.sigstore.dev/v1beta1",
    kind: "ClusterImagePolicy",
    metadata: meta("sigstore-clusterimagepolicies"),
    spec: {
      mode: "enforce",
      images: [{ glob: "registry.example.com/**" }],
      match: [{ group: "apps", version: "v1", resource: "deployments", selector: { matchLabels: { tier: "cde" } } }],
      authorities: [
        {
          name: "pipeline",
          key: { data: "-----BEGIN PUBLIC KEY----- key-secret", hashAlgorithm: "sha256" },
          keyless: {
            url: "https://url-secret",
            identities,
            trustRootRef: "trust-root",
            "ca-cert": { data: "ca-secret" },
          },
          static: { action: "fail" },
          ctlog: { url: "https://ctlog-secret" },
          attestations: [{ name: "sbom", predicateType: "cyclonedx", policy: { data: "rego-secret" } }],
        },
      ],
      policy: { type: "cue", data: "cue-secret" },
    },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  },
};
