import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  minimalPod,
  minimalPodSpec,
  namespace,
  networkPolicy,
  role,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { chgEnvironmentSeparation } from "./chg-environment-separation";
import { calicoOn, describeControl } from "./testing";

const production = cdeNamespace("cde", { environment: "production" });
const staging = namespace("staging", { "pci-scope": "out-of-scope", environment: "staging" });
const pod = (name: string, namespaceName: string, nodeName: string) =>
  minimalPod(name, namespaceName, { spec: { ...minimalPodSpec(), nodeName } });
/** Calico on two nodes, a pod of each environment on its own. */
const world = (...objects: unknown[]) => [
  ...calicoOn(["n1", "n2"]),
  production,
  staging,
  pod("api", "cde", "n1"),
  pod("test-runner", "staging", "n2"),
  ...objects,
];
const own = (namespaceName: string, environment: string) =>
  networkPolicy("own", namespaceName, {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { environment } } }] }],
    egress: [{ to: [{ namespaceSelector: { matchLabels: { environment } } }] }],
  });
const separated = [own("cde", "production"), own("staging", "staging")];
const WRITER = [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["create", "update", "patch"] }];
const bindings = (subject: Record<string, unknown>, second = subject) => [
  role("deployer", "cde", WRITER),
  role("tester", "staging", WRITER),
  roleBinding("prod", "cde", "deployer", [subject], "Role"),
  roleBinding("test", "staging", "tester", [second], "Role"),
];
const approval = (change: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "Group" as const, name: "platform" },
        controls: ["chg-environment-separation"],
        isBreakGlass: false,
        reason: "two people run both",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        ...change,
      },
    ],
  },
});

describeControl(chgEnvironmentSeparation, [
  {
    name: "labelled, no path, no shared node, nobody in both",
    objects: world(...separated, ...bindings(groupSubject("prod-team"), groupSubject("dev-team"))),
    status: "pass",
    assessor: { prints: /cde production[\s\S]*n1\t.*production/, hides: "production,staging" },
  },
  {
    name: "a CDE namespace without the label",
    objects: [...calicoOn(["n1"]), cdeNamespace("cde"), pod("api", "cde", "n1")],
    status: "fail",
    object: "Namespace/cde",
    says: "no label environment",
  },
  {
    name: "nothing keeps the environments apart in the network",
    objects: world(),
    status: "fail",
    object: "Namespace/cde",
    says: "pods of staging reach cde",
    remediates: true,
    assessor: { prints: "cde production" },
  },
  {
    name: "production may reach pre-production",
    objects: world(
      own("cde", "production"),
      networkPolicy("out", "cde", {
        podSelector: {},
        policyTypes: ["Egress"],
        egress: [{ to: [{ namespaceSelector: { matchLabels: { environment: "staging" } } }] }],
      }),
    ),
    status: "fail",
    says: "pods of cde reach staging",
  },
  {
    name: "a shared node",
    objects: world(...separated, pod("test-2", "staging", "n1")),
    status: "fail",
    object: "Namespace/cde",
    says: "node n1 runs api beside staging/test-2",
  },
  {
    name: "one group in both, under different bindings",
    objects: world(...separated, ...bindings(groupSubject("platform"))),
    status: "fail",
    object: "Group/platform",
    says: "RoleBinding prod, RoleBinding test",
  },
  {
    name: "one group in both that was approved",
    objects: world(...separated, ...bindings(groupSubject("platform"))),
    options: approval(),
    status: "pass",
    object: "Group/platform",
  },
  {
    name: "an approval that has run out",
    objects: world(...separated, ...bindings(groupSubject("platform"))),
    options: approval({ expiresAt: "2026-10-01" }),
    status: "fail",
    says: "expired",
  },
  {
    name: "one delivery account in both",
    objects: world(...separated, ...bindings(serviceAccountSubject("deployer", "staging"))),
    status: "fail",
    object: "ServiceAccount/staging/deployer",
    says: "one credential",
  },
  {
    name: "a person with rights in the whole cluster",
    objects: world(
      ...separated,
      clusterRole("writer", WRITER),
      clusterRoleBinding("all", "writer", [userSubject("ann")]),
    ),
    status: "fail",
    object: "User/ann",
  },
  {
    name: "who only reads in one of them is no finding",
    objects: world(
      ...separated,
      role("deployer", "staging", WRITER),
      role("viewer", "cde", [{ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list"] }]),
      roleBinding("a", "staging", "deployer", [groupSubject("dev-team")], "Role"),
      roleBinding("b", "cde", "viewer", [groupSubject("dev-team")], "Role"),
    ),
    status: "pass",
  },
  {
    name: "an unlabelled namespace beside it: the pair can't be judged",
    objects: world(...separated, namespace("tools", { "pci-scope": "out-of-scope" }), pod("tool", "tools", "n2")),
    status: "unknown",
    says: "tools names no environment",
  },
  {
    name: "an empty unlabelled namespace holds nothing to be separated from",
    objects: world(...separated, namespace("default", { "pci-scope": "out-of-scope" })),
    status: "pass",
  },
  {
    name: "no other environment in this cluster",
    objects: [...calicoOn(["n1"]), production, pod("api", "cde", "n1")],
    status: "pass",
    says: "other environments are in other clusters",
  },
  {
    name: "names that hint at testing are named",
    objects: [...calicoOn(["n1"]), production, pod("demo-shop", "cde", "n1")],
    status: "pass",
    says: "Names that hint at testing: demo-shop",
  },
  {
    name: "another label and other values by the register",
    objects: [
      ...calicoOn(["n1", "n2"]),
      cdeNamespace("cde", { stage: "live" }),
      namespace("qa", { "pci-scope": "out-of-scope", stage: "qa" }),
      pod("api", "cde", "n1"),
      pod("qa", "qa", "n2"),
    ],
    options: {
      registers: {
        environments: {
          labelKey: "stage",
          production: ["live"],
          shared: [],
          isProductionOnly: false,
          reason: "r",
          approvedBy: "m",
          approvedAt: "2026-01-01",
        },
      },
    },
    status: "fail",
    says: "pods of qa reach cde",
  },
  {
    name: "pre-production with live card data is CDE, and named as another environment",
    objects: [
      ...calicoOn(["n1"]),
      cdeNamespace("cde-staging", { environment: "staging" }),
      pod("api", "cde-staging", "n1"),
    ],
    status: "pass",
    says: "it is CDE in spite of that",
  },
  {
    name: "only production, by declaration",
    objects: [cdeNamespace("cde")],
    options: {
      registers: {
        environments: {
          labelKey: "environment",
          production: ["production"],
          shared: [],
          isProductionOnly: true,
          reason: "r",
          approvedBy: "m",
          approvedAt: "2026-01-01",
        },
      },
    },
    status: "not-applicable",
  },
  {
    name: "bindings could not be listed",
    objects: world(...separated),
    options: { sections: { rolebindings: { status: "forbidden" } } },
    status: "unknown",
  },
  { name: "no CDE", objects: [namespace("x", { "pci-scope": "out-of-scope" })], status: "not-applicable" },
]);
