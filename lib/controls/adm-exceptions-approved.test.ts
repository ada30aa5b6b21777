import { cdeNamespace, deployment, namespace, object } from "@/lib/fixtures/builders";
import type { ApprovedPolicyException } from "@/lib/inventory/registers/policy-exceptions";
import { admExceptionsApproved } from "./adm-exceptions-approved";
import { describeControl } from "./testing";

const match = (resources: object) => ({ any: [{ resources: { kinds: ["Pod"], ...resources } }] });
const exception = (spec: object = {}, name = "agent") =>
  object("kyverno.io/v2", "PolicyException", name, "cde", {
    spec: {
      exceptions: [{ policyName: "pod-hardening", ruleNames: ["no-hostpath"] }],
      match: match({ namespaces: ["cde"], names: ["agent-*"] }),
      ...spec,
    },
  });
const record = (changes: Partial<ApprovedPolicyException> = {}) => ({
  registers: {
    policyExceptions: [
      {
        kind: "PolicyException",
        name: "agent",
        namespace: "cde",
        owner: "platform",
        reason: "reads logs",
        compensatingControl: "mounted read-only",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        expiresAt: "2027-03-01",
        ...changes,
      },
    ],
  },
});
const constraint = (matchFields: object, parameters: object = {}) =>
  object("constraints.gatekeeper.sh/v1beta1", "K8sPSPPrivilegedContainer", "no-privileged", undefined, {
    spec: { match: matchFields, parameters },
  });
const webhook = (fields: object) =>
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "gatekeeper-validating", undefined, {
    webhooks: [
      {
        name: "validation.gatekeeper.sh",
        clientConfig: { service: { name: "gatekeeper-webhook-service", namespace: "gatekeeper-system" } },
        rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], operations: ["CREATE", "UPDATE"] }],
        ...fields,
      },
    ],
  });
const excluding = (...resources: object[]) =>
  object("kyverno.io/v1", "ClusterPolicy", "pod-hardening", undefined, {
    spec: {
      rules: resources.map((entry, i) => ({
        name: `rule-${i}`,
        match: match({}),
        exclude: { any: [{ resources: entry }] },
        validate: { failureAction: "Enforce", pattern: { spec: {} } },
      })),
    },
  });
const kyverno = (...args: string[]) =>
  deployment("kyverno-admission-controller", "kyverno", {
    containers: [{ name: "kyverno", image: "ghcr.io/kyverno/kyverno:v1.14.0", args }],
  });
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  namespace("tools", { "pci-scope": "connected-to" }),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  namespace("kyverno", { "pci-scope": "connected-to" }),
  ...objects,
];

describeControl(admExceptionsApproved, [
  {
    name: "an approved exception that ends",
    status: "pass",
    objects: world(exception()),
    options: record(),
    object: "PolicyException/cde/agent",
    says: "mounted read-only",
    assessor: { prints: "exception cde/agent" },
  },
  {
    name: "no record",
    status: "fail",
    objects: world(exception()),
    says: "does not name it",
    assessor: { prints: '"ruleNames":["no-hostpath"]' },
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: world(exception()),
    options: record({ expiresAt: "2026-10-01" }),
    says: "until 2026-10-01",
  },
  {
    name: "a record for another object",
    status: "fail",
    objects: world(exception()),
    options: record({ namespace: "tools" }),
  },
  {
    name: "rules by wildcard, whatever the register says",
    status: "fail",
    objects: world(exception({ exceptions: [{ policyName: "pod-hardening", ruleNames: ["*"] }] })),
    options: record(),
    says: "by wildcard",
  },
  {
    name: "every namespace, whatever the register says",
    status: "fail",
    objects: world(exception({ match: match({}) })),
    options: record(),
    says: "every namespace",
  },
  {
    name: "an exception for out-of-scope namespaces",
    status: "not-applicable",
    objects: world(exception({ match: match({ namespaces: ["shop"] }) })),
  },
  {
    name: "Kyverno runs with exceptions switched off",
    status: "pass",
    objects: world(exception(), kyverno("--enablePolicyException=false")),
    says: "enablePolicyException=false",
  },
  {
    name: "Kyverno takes exceptions from another namespace only",
    status: "pass",
    objects: world(exception(), kyverno("--enablePolicyException=true", "--exceptionNamespace=kyverno")),
    says: "from namespace kyverno only",
  },
  {
    name: "a CEL exception without conditions",
    status: "fail",
    objects: world(
      object("policies.kyverno.io/v1", "PolicyException", "cel", "cde", {
        spec: { policyRefs: [{ name: "pod-hardening", kind: "ValidatingPolicy" }] },
      }),
    ),
    says: "every object of every namespace",
  },
  {
    name: "a CEL exception that a label takes",
    status: "fail",
    objects: world(
      object("policies.kyverno.io/v1", "PolicyException", "cel", "cde", {
        spec: {
          policyRefs: [{ name: "pod-hardening", kind: "ValidatingPolicy" }],
          matchConditions: [{ name: "x", expression: "'skip' in object.metadata.labels" }],
        },
      }),
    ),
    says: "whoever writes the pod",
  },
  {
    name: "a policy that excludes the namespace, approved",
    status: "pass",
    objects: world(excluding({ namespaces: ["cde"] })),
    options: {
      registers: {
        policyExceptions: record({ kind: "ClusterPolicy", name: "pod-hardening" }).registers.policyExceptions.map(
          ({ namespace: _, ...rest }) => rest,
        ),
      },
    },
  },
  {
    name: "a policy that excludes pods by annotation",
    status: "fail",
    objects: world(excluding({ annotations: { "example.com/skip": "true" } })),
    says: "whoever writes the pod",
  },
  {
    name: "Gatekeeper's excluded namespaces",
    status: "fail",
    objects: world(constraint({ excludedNamespaces: ["cd*"] })),
    says: "excludedNamespaces cd*",
  },
  {
    name: "exempt images",
    status: "fail",
    objects: world(constraint({}, { exemptImages: ["registry.example.com/agent*"] })),
    says: "exempt images",
  },
  {
    name: "Gatekeeper's Config",
    status: "fail",
    objects: world(
      object("config.gatekeeper.sh/v1alpha1", "Config", "config", "gatekeeper-system", {
        spec: { match: [{ processes: ["webhook"], excludedNamespaces: ["cde"] }] },
      }),
      namespace("gatekeeper-system", { "pci-scope": "connected-to" }),
    ),
    object: "Config/gatekeeper-system/config",
  },
  {
    name: "the label that Gatekeeper ignores a namespace by",
    status: "fail",
    objects: [cdeNamespace("cde", { "admission.gatekeeper.sh/ignore": "true" })],
    object: "Namespace/cde",
  },
  {
    name: "Pod Security privileged by label",
    status: "fail",
    objects: [cdeNamespace("cde", { "pod-security.kubernetes.io/enforce": "privileged" })],
    says: "refuses nothing",
  },
  {
    name: "a webhook that leaves the namespace out",
    status: "fail",
    objects: world(
      webhook({
        namespaceSelector: {
          matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["cde"] }],
        },
      }),
    ),
    says: "leaves out cde",
  },
  {
    name: "a webhook that a pod's label goes past",
    status: "fail",
    objects: world(webhook({ objectSelector: { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] } })),
    says: "whoever writes the pod",
  },
  {
    name: "a webhook that leaves the system's namespace out",
    status: "not-applicable",
    objects: world(
      webhook({
        namespaceSelector: {
          matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["kube-system"] }],
        },
      }),
    ),
  },
  { name: "no exception", status: "not-applicable", objects: world(), says: "no exception" },
  {
    name: "exceptions refused",
    status: "unknown",
    objects: world(),
    options: { sections: { "kyverno-policyexceptions": { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("x")] },
]);
