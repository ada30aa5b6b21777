import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  object,
  role,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import { DEFAULT_SCOPE_SETTINGS } from "@/lib/scope/types";
import { guardObjects } from "./label-guard";
import { scpLabelProtected } from "./scp-label-protected";
import { describeControl } from "./testing";

const team = groupSubject("team");
const base = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" })];
const rule = (verbs: string[], fields: object = {}) => ({
  verbs,
  apiGroups: [""],
  resources: ["namespaces"],
  ...fields,
});
const wide = (rules: Record<string, unknown>[], subject: Record<string, unknown> = team) => [
  ...base,
  clusterRole("r", rules),
  clusterRoleBinding("b", "r", [subject]),
];
const approval = (fields: object = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "Group" as const, name: "team" },
        controls: ["scp-label-protected"],
        isBreakGlass: false,
        reason: "platform team",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...fields,
      },
    ],
  },
});
const guard = (
  change: (policy: { spec: Record<string, unknown> }, binding: { spec: Record<string, unknown> }) => void = () => {},
) => {
  const objects = structuredClone(guardObjects(DEFAULT_SCOPE_SETTINGS, ["deployer"], ["system:masters"]));
  const [policy, binding] = objects as unknown as { spec: Record<string, unknown> }[];
  if (policy !== undefined && binding !== undefined) change(policy, binding);
  return objects;
};

describeControl(scpLabelProtected, [
  {
    name: "reading is allowed",
    status: "pass",
    objects: wide([rule(["get", "list"])]),
    says: "nobody but cluster administrators",
    assessor: { prints: "" },
  },
  { name: "approved", status: "pass", objects: wide([rule(["patch"])]), options: approval(), object: "Group/team" },
  {
    name: "a guard keeps the labels",
    status: "pass",
    objects: [...wide([rule(["patch"])]), ...guard()],
    says: "ValidatingAdmissionPolicy keep-scope-labels",
  },
  { name: "out of scope only", status: "pass", objects: wide([rule(["patch"], { resourceNames: ["shop"] })]) },
  {
    name: "a RoleBinding of another namespace",
    status: "pass",
    objects: [...base, role("r", "shop", [rule(["patch"])]), roleBinding("b", "shop", "r", [team], "Role")],
  },
  {
    name: "patch in the whole cluster",
    status: "fail",
    objects: wide([rule(["get", "patch"])]),
    object: "Group/team",
    says: "can patch cde",
    assessor: { prints: "ClusterRoleBinding\t*\tb\tClusterRole/r\tGroup\t-\tteam" },
  },
  {
    name: "a RoleBinding inside the namespace reaches the namespace itself",
    status: "fail",
    objects: [...base, role("r", "cde", [rule(["update"])]), roleBinding("b", "cde", "r", [team], "Role")],
    object: "Group/team",
  },
  { name: "delete", status: "fail", objects: wide([rule(["delete"])]), says: "can delete cde" },
  { name: "by name", status: "fail", objects: wide([rule(["patch"], { resourceNames: ["cde"] })]) },
  {
    name: "by the status, which carries labels too",
    status: "fail",
    objects: wide([rule(["patch"], { resources: ["namespaces/status"] })]),
    says: "namespaces/status",
  },
  {
    name: "a connected-to namespace",
    status: "fail",
    objects: [
      namespace("tools", { "pci-scope": "connected-to" }),
      clusterRole("r", [rule(["patch"])]),
      clusterRoleBinding("b", "r", [userSubject("ann")]),
    ],
    object: "User/ann",
  },
  {
    name: "an approval that has ended",
    status: "fail",
    objects: wide([rule(["patch"])]),
    options: approval({ expiresAt: "2026-10-01" }),
    says: "expired at 2026-10-01",
  },
  {
    name: "an approval for another namespace",
    status: "fail",
    objects: wide([rule(["patch"])]),
    options: approval({ namespaces: ["shop"] }),
  },
  {
    name: "an account whom the guard lets through",
    status: "fail",
    objects: [...wide([rule(["patch"])], userSubject("deployer")), ...guard()],
    object: "User/deployer",
  },
  {
    name: "a guard that only warns",
    status: "fail",
    objects: [...wide([rule(["patch"])]), ...guard((_, binding) => (binding.spec.validationActions = ["Warn"]))],
  },
  {
    name: "a guard that nothing binds",
    status: "fail",
    objects: [...wide([rule(["patch"])]), ...guard((_, binding) => (binding.spec.policyName = "another"))],
  },
  {
    name: "a guard that ignores failures",
    status: "unknown",
    objects: [...wide([rule(["patch"])]), ...guard((policy) => (policy.spec.failurePolicy = "Ignore"))],
  },
  {
    name: "a guard bound to labelled namespaces only: the edit that it should deny takes it away",
    status: "unknown",
    objects: [
      ...wide([rule(["patch"])]),
      ...guard(
        (_, binding) =>
          (binding.spec.matchResources = { namespaceSelector: { matchLabels: { "pci-scope": "in-scope" } } }),
      ),
    ],
  },
  {
    name: "a policy in another wording",
    status: "unknown",
    objects: [
      ...wide([rule(["patch"])]),
      ...guard(
        (policy) => (policy.spec.validations = [{ expression: "object.metadata.labels == oldObject.metadata.labels" }]),
      ),
    ],
    says: "has to be read by a person",
  },
  {
    name: "a Kyverno rule over the old object",
    status: "unknown",
    objects: [
      ...wide([rule(["patch"])]),
      object("kyverno.io/v1", "ClusterPolicy", "labels", undefined, {
        spec: {
          rules: [
            {
              name: "r",
              match: { any: [{ resources: { kinds: ["Namespace"] } }] },
              validate: { deny: { conditions: { any: [{ key: "{{ request.oldObject.metadata.labels }}" }] } } },
            },
          ],
        },
      }),
    ],
    says: "ClusterPolicy labels",
  },
  {
    name: "a webhook of another engine",
    status: "unknown",
    objects: [
      ...wide([rule(["patch"])]),
      object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "capsule", undefined, {
        webhooks: [
          {
            name: "ns.example.com",
            failurePolicy: "Fail",
            rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["namespaces"] }],
          },
        ],
      }),
    ],
    says: "ValidatingWebhookConfiguration capsule",
  },
  {
    name: "admission policies refused",
    status: "unknown",
    objects: wide([rule(["patch"])]),
    options: { sections: { validatingadmissionpolicies: { status: "forbidden" } } },
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { clusterroles: { status: "forbidden" } } },
  },
  {
    name: "files whose role is elsewhere",
    status: "unknown",
    objects: [...base, clusterRoleBinding("b", "r", [team])],
    options: { source: "manifests" },
    says: "is not among the files",
  },
  { name: "files without bindings", status: "unknown", objects: base, options: { source: "manifests" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "cluster-admin is judged elsewhere",
    status: "pass",
    objects: [
      ...base,
      clusterRole("cluster-admin", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]),
      clusterRoleBinding("b", "cluster-admin", [serviceAccountSubject("deployer", "ci")]),
    ],
  },
  { name: "nothing in scope", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
]);
