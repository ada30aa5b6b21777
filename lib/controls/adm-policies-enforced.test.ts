import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { cdeNamespace, container, contextOf, deployment, namespace, object } from "@/lib/fixtures/builders";
import { admPoliciesEnforced } from "./adm-policies-enforced";
import { type ControlCase, describeControl } from "./testing";

type Fields = Record<string, unknown>;
const pss = (level: string) => ({ "pod-security.kubernetes.io/enforce": level });
const cde = cdeNamespace("cde", pss("restricted"));
const READY = { status: { conditions: [{ type: "Ready", status: "True" }] } };
const pods = { any: [{ resources: { kinds: ["Pod"] } }] };

/** A Kyverno rule with a pattern over all three lists of containers. */
const lists = (fields: Fields) => ({
  spec: { containers: [fields], "=(initContainers)": [fields], "=(ephemeralContainers)": [fields] },
});
const rule = (name: string, pattern: unknown, more: Fields = {}, match: unknown = pods): Fields => ({
  name,
  match,
  validate: { failureAction: "Enforce", pattern, ...more },
});
const readOnly = rule("read-only", lists({ securityContext: { readOnlyRootFilesystem: true } }));
const registries = rule("registries", lists({ image: "registry.internal.example.com/*" }));
const pinning = rule("pinning", { spec: { nodeSelector: { "node-restriction.kubernetes.io/pool": "cde" } } });
const signatures: Fields = {
  name: "signed",
  match: pods,
  verifyImages: [{ imageReferences: ["*"], failureAction: "Enforce", attestors: [{ entries: [{}] }] }],
};
const privileged = rule("privileged", lists({ "=(securityContext)": { "=(privileged)": "false" } }));
const hostPath = rule("hostpath", { spec: { "=(volumes)": [{ "X(hostPath)": "null" }] } });
const nonRoot = rule("nonroot", undefined, {
  pattern: undefined,
  anyPattern: [
    {
      spec: {
        securityContext: { runAsNonRoot: true },
        containers: [{ "=(securityContext)": { "=(runAsNonRoot)": true } }],
        "=(initContainers)": [{ "=(securityContext)": { "=(runAsNonRoot)": true } }],
        "=(ephemeralContainers)": [{ "=(securityContext)": { "=(runAsNonRoot)": true } }],
      },
    },
    lists({ securityContext: { runAsNonRoot: true } }),
  ],
});
const ALL = [readOnly, registries, pinning, signatures];
const EVERYTHING = [...ALL, privileged, hostPath, nonRoot];
const policy = (rules: Fields[], spec: Fields = {}, more: Fields = READY, name = "cde") =>
  object("kyverno.io/v1", "ClusterPolicy", name, undefined, { spec: { rules, ...spec }, ...more });
const swap = (rules: Fields[], name: string, change: (rule: Fields) => Fields) =>
  rules.map((r) => (r.name === name ? change(r) : r));
const withValidate = (changes: Fields) => (r: Fields) => ({
  ...r,
  validate: { ...(r.validate as Fields), ...changes },
});

const template = (kind: string) =>
  object("templates.gatekeeper.sh/v1", "ConstraintTemplate", kind.toLowerCase(), undefined, {
    spec: { crd: { spec: { names: { kind } } }, targets: [] },
    status: { created: true },
  });
const constraint = (kind: string, spec: Fields = {}) => [
  template(kind),
  object("constraints.gatekeeper.sh/v1beta1", kind, "cde", undefined, {
    spec: { match: { kinds: [{ apiGroups: [""], kinds: ["Pod"] }] }, ...spec },
  }),
];
const without = (name: string) => policy(ALL.filter((r) => r.name !== name));

/** What the engines register for themselves. */
const webhook = (name: string, changes: Fields = {}) =>
  object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", name, undefined, {
    webhooks: [
      {
        name: "validate.example.com",
        rules: [
          {
            apiGroups: [""],
            apiVersions: ["v1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["pods", "pods/ephemeralcontainers"],
          },
        ],
        ...changes,
      },
    ],
  });
const engines = [
  webhook("kyverno-resource-validating-webhook-cfg"),
  webhook("gatekeeper-validating-webhook-configuration"),
];
const underEngines = (cases: readonly ControlCase[]): ControlCase[] =>
  cases.map((test) => ({ ...test, objects: [...test.objects, ...engines] }));

describeControl(admPoliciesEnforced, [
  {
    name: "policies whose engine was taken away",
    assessor: { prints: "cde\tread-only\tEnforce" },
    objects: [cde, policy(ALL)],
    status: "fail",
    says: "no webhook of Kyverno is asked",
  },
  {
    name: "files do not hold the engine's webhook",
    objects: [cde, policy(ALL)],
    options: { source: "manifests" },
    status: "pass",
  },
  {
    name: "a label exempts the namespace from the engine's webhook",
    objects: [
      cdeNamespace("cde", { ...pss("restricted"), "admission.gatekeeper.sh/ignore": "yes" }),
      policy(ALL.filter((r) => r.name !== "read-only")),
      ...constraint("K8sPSPReadOnlyRootFilesystem"),
      webhook("kyverno-resource-validating-webhook-cfg"),
      webhook("gatekeeper-validating-webhook-configuration", {
        namespaceSelector: { matchExpressions: [{ key: "admission.gatekeeper.sh/ignore", operator: "DoesNotExist" }] },
      }),
    ],
    status: "fail",
    says: "no webhook of Gatekeeper is asked",
  },
  {
    name: "the engine's webhook is not asked about debug containers",
    objects: [
      cde,
      policy(ALL),
      webhook("kyverno-resource-validating-webhook-cfg", {
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["pods"] }],
      }),
    ],
    status: "fail",
    says: /not for ephemeral containers/,
  },
  ...underEngines([
    {
      name: "Pod Security and Kyverno together",
      objects: [cde, policy(ALL)],
      status: "pass",
      object: "Namespace/cde",
      says: "all 7",
    },
    {
      name: "Kyverno alone",
      assessor: { prints: "cde\tread-only\tEnforce" },
      objects: [cdeNamespace(), policy(EVERYTHING)],
      status: "pass",
    },
    {
      name: "Kyverno's podSecurity rule instead of patterns",
      objects: [
        cdeNamespace(),
        policy([
          ...ALL,
          {
            name: "pss",
            match: pods,
            validate: { failureAction: "Enforce", podSecurity: { level: "restricted", version: "latest" } },
          },
        ]),
      ],
      status: "pass",
    },
    { name: "no policy at all", objects: [cdeNamespace()], status: "fail", says: "7 of 7" },
    { name: "Pod Security alone leaves four outcomes open", objects: [cde], status: "fail", says: "4 of 7" },
    {
      name: "the default action is Audit",
      objects: [cde, policy(swap(ALL, "read-only", withValidate({ failureAction: undefined })))],
      status: "fail",
      says: "rule read-only: effective action Audit",
    },
    {
      name: "the deprecated field says Audit while rules enforce",
      objects: [cde, policy(ALL, { validationFailureAction: "Audit" })],
      status: "pass",
    },
    {
      name: "the deprecated field says Enforce while a rule audits",
      objects: [
        cde,
        policy(swap(ALL, "pinning", withValidate({ failureAction: "Audit" })), { validationFailureAction: "Enforce" }),
      ],
      status: "fail",
      says: "rule pinning: effective action Audit",
    },
    {
      name: "the deprecated field in its old spelling",
      objects: [
        cde,
        policy(swap(ALL, "pinning", withValidate({ failureAction: undefined })), {
          validationFailureAction: "enforce",
        }),
      ],
      status: "pass",
    },
    {
      name: "a rule's override for the namespace wins over its action",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", withValidate({ failureActionOverrides: [{ action: "Audit", namespaces: ["cde*"] }] })),
        ),
      ],
      status: "fail",
      says: "effective action Audit",
    },
    {
      name: "a rule's override for another namespace does not",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", withValidate({ failureActionOverrides: [{ action: "Audit", namespaces: ["dev"] }] })),
        ),
      ],
      status: "pass",
    },
    {
      name: "the policy's override by selector stands behind the rule's action",
      objects: [
        cde,
        policy(swap(ALL, "pinning", withValidate({ failureAction: undefined })), {
          validationFailureAction: "Audit",
          validationFailureActionOverrides: [
            { action: "Enforce", namespaceSelector: { matchLabels: { "pci-scope": "in-scope" } } },
          ],
        }),
      ],
      status: "pass",
    },
    {
      name: "spec.admission=false",
      objects: [cde, policy(ALL, { admission: false })],
      status: "fail",
      says: "spec.admission is false",
    },
    {
      name: "not Ready",
      objects: [cde, policy(ALL, {}, { status: { conditions: [{ type: "Ready", status: "False" }] } })],
      status: "fail",
      says: "not Ready",
    },
    {
      name: "no status yet in a running cluster",
      objects: [cde, policy(ALL, {}, {})],
      status: "unknown",
      says: "not understood",
    },
    {
      name: "no status in manifests",
      objects: [cde, policy(ALL, {}, {})],
      options: { source: "manifests" },
      status: "pass",
    },
    {
      name: "the match uses a wrong label",
      remediates: true,
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            match: { any: [{ resources: { kinds: ["Pod"], namespaceSelector: { matchLabels: { scope: "pci" } } } }] },
          })),
        ),
      ],
      status: "fail",
      says: "does not match the namespace's labels",
    },
    {
      name: "the match names the namespace by wildcard",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            match: { all: [{ resources: { kinds: ["v1/Pod"], namespaces: ["cde*"] } }] },
          })),
        ),
      ],
      status: "pass",
    },
    {
      name: "the namespace is excluded",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            exclude: { any: [{ resources: { kinds: ["Pod"], namespaces: ["cde"] } }] },
          })),
        ),
      ],
      status: "fail",
      says: "excludes the namespace",
    },
    ...[
      { resources: { kinds: ["Pod"], names: ["debug-*"] } },
      { resources: { kinds: ["Pod"], selector: { matchLabels: { "policy-exempt": "true" } } } },
      { resources: { namespaces: ["cde"], annotations: { exempt: "*" } } },
    ].map((filter) => ({
      name: `some pods are excluded: ${JSON.stringify(filter)}`,
      objects: [cde, policy(swap(ALL, "pinning", (r) => ({ ...r, exclude: { any: [filter] } })))],
      status: "fail" as const,
      says: "it excludes",
    })),
    {
      name: "pods with a label are excluded elsewhere",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            exclude: { all: [{ resources: { namespaces: ["shop"] } }, { resources: { names: ["debug-*"] } }] },
          })),
        ),
      ],
      status: "pass",
    },
    {
      name: "some users are excluded",
      objects: [
        cde,
        policy(swap(ALL, "pinning", (r) => ({ ...r, exclude: { any: [{ clusterRoles: ["cluster-admin"] }] } }))),
      ],
      status: "unknown",
    },
    {
      name: "a rule for creation alone does not see debug containers",
      objects: [
        cde,
        policy(
          swap(ALL, "read-only", (r) => ({
            ...r,
            match: { any: [{ resources: { kinds: ["Pod"], operations: ["CREATE"] } }] },
          })),
        ),
      ],
      status: "fail",
      says: /not for ephemeral containers/,
    },
    {
      name: "only pods with a label are matched",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            match: { any: [{ resources: { kinds: ["Pod"], selector: { matchLabels: { app: "x" } } } }] },
          })),
        ),
      ],
      status: "fail",
      says: "certain labels only",
    },
    {
      name: "only Deployments are matched, bare pods get in",
      objects: [
        cde,
        policy(swap(ALL, "pinning", (r) => ({ ...r, match: { any: [{ resources: { kinds: ["Deployment"] } }] } }))),
      ],
      status: "fail",
      says: "does not match pods",
    },
    {
      name: "Pod alone with autogen disabled still stops pods",
      objects: [
        cde,
        object("kyverno.io/v1", "ClusterPolicy", "cde", undefined, {
          metadata: { annotations: { "pod-policies.kyverno.io/autogen-controllers": "none" } },
          spec: { rules: ALL },
          ...READY,
        }),
      ],
      status: "pass",
    },
    {
      name: "a pattern over containers does not ask init and ephemeral containers",
      objects: [
        cde,
        policy(
          swap(
            ALL,
            "read-only",
            withValidate({
              pattern: { spec: { containers: [{ securityContext: { readOnlyRootFilesystem: true } }] } },
            }),
          ),
        ),
      ],
      status: "fail",
      says: /not for init containers, ephemeral containers/,
    },
    {
      name: "the text pattern false matches the boolean",
      objects: [cdeNamespace(), policy(EVERYTHING)],
      status: "pass",
    },
    {
      name: "preconditions are not understood",
      objects: [
        cde,
        policy(
          swap(ALL, "pinning", (r) => ({
            ...r,
            preconditions: { all: [{ key: "{{ request.operation }}", operator: "Equals", value: "CREATE" }] },
          })),
        ),
      ],
      status: "unknown",
      says: "rule pinning",
    },
    {
      name: "deny conditions in JMESPath are not understood",
      objects: [
        cde,
        without("pinning"),
        policy(
          [
            {
              name: "pin",
              match: pods,
              validate: {
                failureAction: "Enforce",
                deny: {
                  conditions: {
                    any: [
                      { key: "{{ request.object.spec.nodeSelector.pool || '' }}", operator: "NotEquals", value: "cde" },
                    ],
                  },
                },
              },
            },
          ],
          {},
          READY,
          "jmes",
        ),
      ],
      status: "unknown",
      says: "pinning to CDE nodes",
    },
    {
      name: "a namespaced Policy of another namespace",
      objects: [
        cde,
        namespace("dev", { "pci-scope": "out-of-scope" }),
        without("pinning"),
        object("kyverno.io/v1", "Policy", "pin", "dev", { spec: { rules: [pinning] }, ...READY }),
      ],
      status: "fail",
    },
    {
      name: "a namespaced Policy of the namespace",
      objects: [
        cde,
        without("pinning"),
        object("kyverno.io/v1", "Policy", "pin", "cde", { spec: { rules: [pinning] }, ...READY }),
      ],
      status: "pass",
    },
    {
      name: "signatures without attestors",
      objects: [
        cde,
        policy(
          swap(ALL, "signed", (r) => ({ ...r, verifyImages: [{ imageReferences: ["*"], failureAction: "Enforce" }] })),
        ),
      ],
      status: "fail",
      says: "signed images",
    },
    {
      name: "signatures audited only",
      objects: [
        cde,
        policy(
          swap(ALL, "signed", (r) => ({
            ...r,
            verifyImages: [{ imageReferences: ["*"], failureAction: "Audit", attestors: [{}] }],
          })),
        ),
      ],
      status: "fail",
      says: "effective action Audit",
    },
    {
      name: "signatures for a registry that all running images come from",
      objects: [
        cde,
        deployment("app", "cde", { containers: [container({ image: "registry.internal.example.com/app:1" })] }),
        policy(
          swap(ALL, "signed", (r) => ({
            ...r,
            verifyImages: [
              { imageReferences: ["registry.internal.example.com/*"], failureAction: "Enforce", attestors: [{}] },
            ],
          })),
        ),
      ],
      status: "pass",
    },
    {
      name: "signatures for another registry than a running image's",
      objects: [
        cde,
        deployment("app", "cde", { containers: [container({ image: "docker.io/app:1" })] }),
        policy(
          swap(ALL, "signed", (r) => ({
            ...r,
            verifyImages: [
              { imageReferences: ["registry.internal.example.com/*"], failureAction: "Enforce", attestors: [{}] },
            ],
          })),
        ),
      ],
      status: "fail",
    },
    {
      name: "Gatekeeper denies by default",
      objects: [cde, without("read-only"), ...constraint("K8sPSPReadOnlyRootFilesystem")],
      status: "pass",
    },
    {
      name: "Gatekeeper dryrun",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", { enforcementAction: "dryrun" }),
      ],
      status: "fail",
      says: "effective action dryrun",
    },
    {
      name: "Gatekeeper warns only",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", { enforcementAction: "warn" }),
      ],
      status: "fail",
    },
    {
      name: "Gatekeeper scoped to deny at admission",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", {
          enforcementAction: "scoped",
          scopedEnforcementActions: [
            { action: "warn", enforcementPoints: [{ name: "audit.gatekeeper.sh" }] },
            { action: "deny", enforcementPoints: [{ name: "validation.gatekeeper.sh" }] },
          ],
        }),
      ],
      status: "pass",
    },
    {
      name: "Gatekeeper scoped to deny at audit only",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", {
          enforcementAction: "scoped",
          scopedEnforcementActions: [{ action: "deny", enforcementPoints: [{ name: "audit.gatekeeper.sh" }] }],
        }),
      ],
      status: "fail",
    },
    {
      name: "Gatekeeper excludes the namespace",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", { match: { excludedNamespaces: ["cde"] } }),
      ],
      status: "fail",
      says: "excludes the namespace",
    },
    {
      name: "a constraint without its template",
      objects: [cde, without("read-only"), ...constraint("K8sPSPReadOnlyRootFilesystem").slice(1)],
      status: "fail",
      says: "ConstraintTemplate does not exist",
    },
    {
      name: "Gatekeeper's allowed repositories",
      objects: [
        cde,
        without("registries"),
        ...constraint("K8sAllowedRepos", { parameters: { repos: ["registry.internal.example.com/"] } }),
      ],
      status: "pass",
    },
    {
      name: "Gatekeeper's template with an exempted registry",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", { parameters: { exemptImages: ["docker.io/*"] } }),
      ],
      status: "unknown",
    },
    {
      name: "Gatekeeper's template that exempts every image",
      objects: [
        cde,
        without("read-only"),
        ...constraint("K8sPSPReadOnlyRootFilesystem", { parameters: { exemptImages: ["*"] } }),
      ],
      status: "fail",
      says: "read-only",
    },
    {
      name: "Gatekeeper's own Rego is not understood",
      objects: [cde, without("registries"), ...constraint("AcmeApprovedRegistries")],
      status: "unknown",
      says: "AcmeApprovedRegistries",
    },
    {
      name: "an empty list of host paths restricts nothing",
      objects: [
        cdeNamespace(),
        policy(EVERYTHING.filter((r) => r.name !== "hostpath")),
        ...constraint("K8sPSPHostFilesystem", { parameters: { allowedHostPaths: [] } }),
      ],
      status: "fail",
      says: "no hostPath volumes",
    },
    {
      name: "foreign CEL is not understood",
      objects: [
        cde,
        without("pinning"),
        object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "pin", undefined, {
          spec: {
            matchConstraints: {
              resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
            },
            validations: [{ expression: "object.spec.?nodeSelector.orValue({}).size() > 0" }],
          },
        }),
        object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "pin", undefined, {
          spec: { policyName: "pin", validationActions: ["Deny"] },
        }),
      ],
      status: "unknown",
      says: "ValidatingAdmissionPolicy pin",
    },
    {
      name: "another engine's webhook is not understood",
      objects: [
        cde,
        object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "kubewarden", undefined, {
          webhooks: [
            {
              name: "clusterwide.kubewarden.admission",
              sideEffects: "None",
              admissionReviewVersions: ["v1"],
              clientConfig: { service: { name: "x", namespace: "y" } },
              rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
            },
          ],
        }),
      ],
      status: "unknown",
      says: "kubewarden",
    },
    {
      name: "policies are forbidden",
      objects: [cde],
      options: { sections: { "kyverno-clusterpolicies": { status: "forbidden" } } },
      status: "unknown",
      says: "clusterpolicies",
    },
    {
      name: "engines that are not installed are known to be absent",
      objects: [cde],
      options: { sections: { "kyverno-clusterpolicies": { status: "unserved" } } },
      status: "fail",
    },
    { name: "no CDE", objects: [namespace("dev", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
    { name: "no scope declared", objects: [namespace("dev")], status: "unknown" },
  ]),
]);

describe("remediation", () => {
  it("hands out a policy that covers everything but signatures, and is recognised", () => {
    const context = contextOf([cdeNamespace()]);
    const [result] = admPoliciesEnforced.evaluate(context);
    if (result === undefined) throw new Error("no result");
    const { manifest = "" } = admPoliciesEnforced.remediate(context, result);
    const objects = parseAllDocuments(manifest).map((document) => document.toJS() as unknown);
    const [after] = admPoliciesEnforced.evaluate(contextOf([cdeNamespace(), ...objects]));
    expect(after?.reason).toBe("1 of 7 outcomes not enforced");
    expect(after?.detail).toContain("signed images");
    const [complete] = admPoliciesEnforced.evaluate(
      contextOf([cdeNamespace(), ...objects, policy([signatures]), ...engines]),
    );
    expect(complete?.status).toBe("pass");
    // Debug containers come by an update: a policy that only sees creation never meets them.
    const atCreation = JSON.parse(JSON.stringify(objects).replaceAll('"CREATE","UPDATE"', '"CREATE"')) as unknown[];
    const [open] = admPoliciesEnforced.evaluate(
      contextOf([cdeNamespace(), ...atCreation, policy([signatures]), ...engines]),
    );
    expect(open?.status).toBe("fail");
    expect(open?.detail).toContain("not for ephemeral containers");
  });
});
