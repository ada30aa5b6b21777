import { cdeNamespace, deployment, namespace, object, service } from "@/lib/fixtures/builders";
import { admEngineHealthy } from "./adm-engine-healthy";
import { describeControl } from "./testing";

const rules = (operations = ["CREATE", "UPDATE"], resources = ["pods", "pods/ephemeralcontainers"]) => [
  { apiGroups: [""], apiVersions: ["v1"], operations, resources },
];
const hook = (name: string, fields: object = {}) => ({
  name,
  failurePolicy: "Fail",
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  clientConfig: { service: { name: "engine", namespace: "engine-system" } },
  rules: rules(),
  ...fields,
});
const configuration = (name: string, ...webhooks: object[]) =>
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, undefined, { webhooks });
const gatekeeper = (fields: object = {}) =>
  configuration("gatekeeper-validating-webhook-configuration", hook("validation.gatekeeper.sh", fields));
const kyverno = (...webhooks: object[]) => configuration("kyverno-resource-validating-webhook-cfg", ...webhooks);
const endpoints = (...ready: boolean[]) =>
  object("discovery.k8s.io/v1", "EndpointSlice", "engine-abc", "engine-system", {
    metadata: { labels: { "kubernetes.io/service-name": "engine" } },
    addressType: "IPv4",
    endpoints: ready.map((isReady, i) => ({ addresses: [`10.0.0.${i + 1}`], conditions: { ready: isReady } })),
    ports: [],
  });
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  namespace("engine-system", { "pci-scope": "connected-to" }),
  ...objects,
];
const selector = (operator: string, values: string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator, values }] },
});
const policy = (fields: object = {}, resources = ["pods", "pods/ephemeralcontainers"]) =>
  object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "cde-pods", undefined, {
    spec: {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules: rules(["CREATE", "UPDATE"], resources) },
      validations: [{ expression: "true" }],
      ...fields,
    },
  });
const binding = (actions = ["Deny"], matchResources: object = {}) =>
  object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "cde-pods", undefined, {
    spec: { policyName: "cde-pods", validationActions: actions, matchResources },
  });

describeControl(admEngineHealthy, [
  {
    name: "Gatekeeper fails closed with two endpoints",
    status: "pass",
    objects: world(gatekeeper(), endpoints(true, true)),
    says: "2 ready endpoints",
    assessor: { prints: "endpoints engine-system/engine ready=2" },
  },
  {
    name: "Kyverno's webhook that fails closed counts, beside one that fails open",
    status: "pass",
    objects: world(
      kyverno(
        hook("validate.kyverno.svc-ignore", { failurePolicy: "Ignore" }),
        hook("validate.kyverno.svc-fail", selector("NotIn", ["kube-system"])),
      ),
      endpoints(true, true, true),
    ),
  },
  {
    name: "a failurePolicy that is not written means Fail",
    status: "pass",
    objects: world(gatekeeper({ failurePolicy: undefined }), endpoints(true, true)),
  },
  {
    name: "failurePolicy Ignore, as Gatekeeper's default is",
    status: "fail",
    severity: "high",
    objects: world(gatekeeper({ failurePolicy: "Ignore" }), endpoints(true, true)),
    says: "fails open",
    assessor: { prints: "validation.gatekeeper.sh Ignore" },
  },
  {
    name: "Kyverno's policies all fail open",
    status: "fail",
    severity: "high",
    objects: world(kyverno(hook("validate.kyverno.svc-ignore", { failurePolicy: "Ignore" })), endpoints(true, true)),
  },
  {
    name: "a selector that leaves the CDE out",
    status: "fail",
    severity: "high",
    objects: world(gatekeeper(selector("NotIn", ["cde"])), endpoints(true, true)),
    says: "leave out cde",
  },
  {
    name: "pods by label only",
    status: "fail",
    objects: world(gatekeeper({ objectSelector: { matchLabels: { checked: "yes" } } }), endpoints(true, true)),
  },
  {
    name: "no ready endpoint",
    status: "fail",
    severity: "high",
    objects: world(gatekeeper(), endpoints(false, false)),
    says: "nobody answers",
  },
  {
    name: "a single endpoint",
    status: "fail",
    severity: "low",
    objects: world(gatekeeper(), endpoints(true, false)),
    says: "one failure stops it",
  },
  {
    name: "debug containers are not asked about",
    status: "fail",
    severity: "medium",
    objects: world(gatekeeper({ rules: rules(["CREATE", "UPDATE"], ["pods"]) }), endpoints(true, true)),
    says: "pods/ephemeralcontainers",
  },
  {
    name: "changes are not asked about",
    status: "fail",
    severity: "medium",
    objects: world(gatekeeper({ rules: rules(["CREATE"]) }), endpoints(true, true)),
    says: "changes of pods",
  },
  {
    name: "Gatekeeper's Config leaves the namespace out",
    status: "fail",
    objects: world(
      gatekeeper(),
      endpoints(true, true),
      object("config.gatekeeper.sh/v1alpha1", "Config", "config", "engine-system", {
        spec: { match: [{ processes: ["*"], excludedNamespaces: ["cde*"] }] },
      }),
    ),
    says: "Config leaves out cde",
  },
  {
    name: "the namespace's label makes Gatekeeper ignore it",
    status: "fail",
    objects: [cdeNamespace("cde", { "admission.gatekeeper.sh/ignore": "yes" }), gatekeeper(), endpoints(true, true)],
    says: "by its label",
  },
  {
    name: "conditions in CEL decide",
    status: "unknown",
    objects: world(
      gatekeeper({ matchConditions: [{ name: "x", expression: "request.userInfo.username != 'admin'" }] }),
      endpoints(true, true),
    ),
    says: "conditions of",
  },
  {
    name: "an engine outside the cluster",
    status: "unknown",
    objects: world(gatekeeper({ clientConfig: { url: "https://engine.example.com" } })),
    says: "outside the cluster",
  },
  {
    name: "endpoints refused: the Deployment behind the Service counts",
    status: "pass",
    objects: world(
      gatekeeper(),
      service("engine", "engine-system"),
      deployment("engine", "engine-system", undefined, { status: { replicas: 3, readyReplicas: 3 } }),
    ),
    options: { sections: { endpointslices: { status: "forbidden" } } },
    says: "3 ready replicas",
  },
  {
    name: "endpoints refused, and nothing else shows it",
    status: "unknown",
    objects: world(gatekeeper()),
    options: { sections: { endpointslices: { status: "forbidden" } } },
  },
  {
    name: "ValidatingAdmissionPolicies run inside the API server",
    status: "pass",
    objects: world(policy(), binding()),
    says: "inside the API server",
  },
  {
    name: "a binding that only warns is no engine",
    status: "fail",
    severity: "low",
    objects: world(policy(), binding(["Warn"])),
    says: "No webhook",
  },
  {
    name: "policies that fail open",
    status: "fail",
    severity: "high",
    objects: world(policy({ failurePolicy: "Ignore" }), binding()),
  },
  {
    name: "policies that are not asked about debug containers",
    status: "fail",
    severity: "medium",
    objects: world(policy({}, ["pods"]), binding()),
  },
  {
    name: "policies bound to one of two CDE namespaces",
    status: "fail",
    severity: "high",
    objects: [cdeNamespace(), cdeNamespace("cde-db"), policy(), binding(["Deny"], selector("In", ["cde"]))],
    says: "bound to cde-db",
  },
  {
    name: "no engine: advice",
    status: "fail",
    severity: "low",
    objects: world(),
    says: "need no engine",
  },
  {
    name: "files hold no webhooks",
    status: "unknown",
    objects: world(),
    options: { source: "manifests" },
  },
  {
    name: "webhooks refused",
    status: "unknown",
    objects: world(),
    options: { sections: { validatingwebhookconfigurations: { status: "forbidden" } } },
  },
  { name: "no CDE", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
]);
