import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  cronJob,
  daemonSet,
  deployment,
  minimalPod,
  namespace,
  node,
  object,
  runningDeployment,
  staticPod,
} from "@/lib/fixtures/builders";
import type { Node } from "@/lib/inventory/kinds";
import { isoCdePodsPinned } from "./iso-cde-pods-pinned";
import { mayBePlacedOn } from "./placement";
import { describeControl } from "./testing";

const KEY = "node-restriction.kubernetes.io/pci-scope";
const shop = namespace("shop", { "pci-scope": "out-of-scope" });
const taints = [{ key: "pci-scope", value: "in-scope", effect: "NoExecute" }];
const home = node("n1", { [KEY]: "in-scope" }, { spec: { taints } });
const other = node("n2");
const toleration = { key: "pci-scope", operator: "Equal", value: "in-scope" };
const selector = { nodeSelector: { [KEY]: "in-scope" }, tolerations: [toleration] };
const required = (...matchExpressions: { key: string; operator: string; values?: string[] }[]) => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  },
});
const spec = (fields: object = {}) => ({
  containers: [{ name: "app", image: "registry.example.com/app:1" }],
  ...fields,
});
const policy = (actions = ["Deny"]) => [
  object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "pinned", undefined, {
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      },
      validations: [
        {
          expression: `has(object.spec.nodeSelector) && '${KEY}' in object.spec.nodeSelector && object.spec.nodeSelector['${KEY}'] == 'in-scope'`,
        },
      ],
    },
  }),
  object("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "pinned", undefined, {
    spec: { policyName: "pinned", validationActions: actions },
  }),
];
const world = (...objects: unknown[]) => [cdeNamespace(), shop, home, other, ...policy(), ...objects];
const unguarded = (...objects: unknown[]) => [cdeNamespace(), shop, home, other, ...objects];
const withSelector = {
  ...cdeNamespace(),
  metadata: {
    ...cdeNamespace().metadata,
    annotations: { "scheduler.alpha.kubernetes.io/node-selector": `${KEY}=in-scope` },
  },
};
const apiServer = (plugins: string) =>
  staticPod("kube-apiserver", ["kube-apiserver", `--enable-admission-plugins=${plugins}`], "n2");

describeControl(isoCdePodsPinned, [
  {
    name: "a node selector that only CDE nodes fulfil, a toleration, and a policy",
    status: "pass",
    objects: world(...runningDeployment("app", "cde", spec(selector), { nodeName: "n1" })),
    object: "Deployment/cde/app",
    assessor: { prints: /pod cde\/app-\S+ on n1 selector=\{"node-restriction.kubernetes.io\/pci-scope":"in-scope"\}/ },
  },
  {
    name: "required affinity",
    status: "pass",
    objects: world(
      deployment(
        "app",
        "cde",
        spec({ ...required({ key: KEY, operator: "In", values: ["in-scope"] }), tolerations: [toleration] }),
      ),
    ),
  },
  {
    name: "affinity by exclusion holds today and is warned of",
    status: "pass",
    objects: world(
      node("n3", { pool: "web" }),
      deployment(
        "app",
        "cde",
        spec({
          ...required({ key: KEY, operator: "Exists" }, { key: "pool", operator: "NotIn", values: ["web"] }),
          tolerations: [toleration],
        }),
      ),
    ),
    says: "a new node without labels",
  },
  {
    name: "no required placement",
    status: "fail",
    severity: "high",
    objects: world(...runningDeployment("app", "cde", spec({ tolerations: [toleration] }), { nodeName: "n1" })),
    says: "demands no node",
    assessor: { prints: /selector=\{\} required=null/ },
  },
  {
    name: "a plain selector that other nodes fulfil",
    status: "fail",
    objects: world(
      deployment("app", "cde", spec({ nodeSelector: { "kubernetes.io/hostname": "n2" }, tolerations: [toleration] })),
    ),
    says: "nodes outside the CDE fulfil its placement: n2",
  },
  {
    name: "preferred affinity only",
    status: "fail",
    objects: world(
      cronJob(
        "nightly",
        "cde",
        spec({
          affinity: {
            nodeAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 1, preference: { matchExpressions: [{ key: KEY, operator: "In", values: ["in-scope"] }] } },
              ],
            },
          },
          tolerations: [toleration],
        }),
      ),
    ),
    says: "preferred only",
  },
  {
    name: "no toleration",
    status: "fail",
    objects: world(deployment("app", "cde", spec({ nodeSelector: selector.nodeSelector }))),
    says: "does not tolerate",
  },
  {
    name: "a toleration of everything",
    status: "fail",
    severity: "medium",
    objects: world(deployment("app", "cde", spec({ ...selector, tolerations: [{ operator: "Exists" }] }))),
    says: "tolerates every node",
  },
  {
    name: "nodeName by hand",
    status: "fail",
    severity: "high",
    objects: world(deployment("app", "cde", spec({ ...selector, nodeName: "n1" }))),
    says: "by hand",
  },
  {
    name: "nothing at admission demands it",
    status: "fail",
    severity: "medium",
    object: "Namespace/cde",
    objects: unguarded(deployment("app", "cde", spec(selector))),
  },
  {
    name: "a policy that only audits",
    status: "fail",
    object: "Namespace/cde",
    objects: unguarded(...policy(["Audit"]), deployment("app", "cde", spec(selector))),
    says: "effective action Audit",
  },
  {
    name: "the namespace's node selector, with the plug-in on",
    status: "pass",
    objects: [
      withSelector,
      shop,
      home,
      other,
      apiServer("PodNodeSelector"),
      namespace("kube-system", { "pci-scope": "connected-to" }),
      deployment("app", "cde", spec(selector)),
    ],
    object: "Namespace/cde",
  },
  {
    name: "the namespace's node selector, with the plug-in off",
    status: "fail",
    objects: [
      withSelector,
      shop,
      home,
      other,
      apiServer("NodeRestriction"),
      namespace("kube-system", { "pci-scope": "connected-to" }),
      deployment("app", "cde", spec(selector)),
    ],
    object: "Namespace/cde",
    says: "has no effect",
  },
  {
    name: "the namespace's node selector, and flags are not visible",
    status: "unknown",
    objects: [withSelector, shop, home, other, deployment("app", "cde", spec(selector))],
    object: "Namespace/cde",
  },
  {
    name: "files: the selector names the CDE's label",
    status: "pass",
    objects: [cdeNamespace(), ...policy(), deployment("app", "cde", spec(selector))],
    options: { source: "manifests", sections: { nodes: { status: "not-collected" } } },
  },
  {
    name: "files: another label, and nodes are not known",
    status: "unknown",
    objects: [cdeNamespace(), ...policy(), deployment("app", "cde", spec({ nodeSelector: { pool: "cde" } }))],
    options: { source: "manifests", sections: { nodes: { status: "not-collected" } } },
    object: "Deployment/cde/app",
  },
  {
    name: "DaemonSets are judged elsewhere",
    status: "not-applicable",
    objects: world(daemonSet("agent", "cde")),
    says: "iso-no-colocation",
  },
  {
    name: "a cluster that is kept for the CDE as a whole",
    status: "not-applicable",
    objects: [cdeNamespace(), other, deployment()],
    says: "every node of this cluster",
  },
  {
    name: "finished pods",
    status: "not-applicable",
    objects: world(minimalPod("app", "cde", { status: { phase: "Succeeded" } })),
  },
  {
    name: "pods refused",
    status: "unknown",
    objects: world(),
    options: { sections: { pods: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("x"), deployment("app", "x")] },
]);

describe("where a pod may be placed", () => {
  const target = { metadata: { labels: { pool: "cde", size: "8" } } } as unknown as Node;
  const answer = (...expressions: { key: string; operator: string; values?: string[] }[]) =>
    mayBePlacedOn({ containers: [], ...required(...expressions) }, target);
  it.each([
    [{ key: "pool", operator: "In", values: ["cde"] }, true],
    [{ key: "pool", operator: "NotIn", values: ["cde"] }, false],
    [{ key: "gone", operator: "NotIn", values: ["cde"] }, true],
    [{ key: "pool", operator: "Exists" }, true],
    [{ key: "pool", operator: "DoesNotExist" }, false],
    [{ key: "size", operator: "Gt", values: ["7"] }, true],
    [{ key: "size", operator: "Lt", values: ["8"] }, false],
    [{ key: "pool", operator: "Gt", values: ["1"] }, false],
    [{ key: "pool", operator: "Near", values: ["1"] }, false],
  ])("%j is %s", (expression, expected) => {
    expect(answer(expression)).toBe(expected);
  });

  it("takes terms as alternatives, and a term without any expression as one that matches nothing", () => {
    const spec = (terms: object[]) => ({
      containers: [],
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
    });
    expect(mayBePlacedOn(spec([{}]), target)).toBe(false);
    expect(mayBePlacedOn(spec([{}, { matchExpressions: [{ key: "pool", operator: "Exists" }] }]), target)).toBe(true);
    expect(mayBePlacedOn(spec([{ matchFields: [{ key: "metadata.name", operator: "In" }] }]), target)).toBeNull();
  });
});
