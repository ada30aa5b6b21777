import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  role,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { ApprovedAccess } from "@/lib/inventory/registers";
import { rbacInteractiveAccess } from "./rbac-interactive-access";
import { describeControl } from "./testing";

const ops = groupSubject("oncall");
const holds = (resource: string, ...verbs: string[]) => ({ verbs, apiGroups: [""], resources: [resource] });
const base = [cdeNamespace(), namespace("shop", { "pci-scope": "out-of-scope" })];
const inCde = (...rules: Record<string, unknown>[]) => [
  ...base,
  role("r", "cde", [holds("pods", "get", "list"), ...rules]),
  roleBinding("b", "cde", "r", [ops], "Role"),
];
const wide = (...rules: Record<string, unknown>[]) => [
  ...base,
  clusterRole("r", rules),
  clusterRoleBinding("b", "r", [ops]),
];
const approval = (fields: Partial<ApprovedAccess> = {}) => ({
  registers: {
    approvedAccess: [
      {
        subject: { kind: "Group" as const, name: "oncall" },
        controls: ["rbac-interactive-access"],
        isBreakGlass: true,
        reason: "emergencies",
        approvedBy: "maria",
        approvedAt: "2026-09-01",
        expiresAt: "2026-12-31",
        ...fields,
      },
    ],
  },
});

describeControl(rbacInteractiveAccess, [
  {
    name: "reading pods is no session",
    status: "pass",
    objects: inCde(holds("pods/log", "get")),
    object: "Namespace/cde",
    assessor: { prints: "" },
  },
  {
    name: "exec in another namespace",
    status: "pass",
    objects: [...base, role("r", "shop", [holds("pods/exec", "create")]), roleBinding("b", "shop", "r", [ops], "Role")],
  },
  {
    name: "break-glass with an end",
    status: "pass",
    objects: inCde(holds("pods/exec", "create")),
    options: approval(),
    object: "Group/oncall",
    says: "until 2026-12-31",
  },
  {
    name: "nodes/proxy in a RoleBinding has no effect",
    status: "pass",
    objects: inCde(holds("nodes/proxy", "get")),
  },
  {
    name: "create pods/exec",
    status: "fail",
    objects: inCde(holds("pods/exec", "create")),
    object: "Group/oncall",
    says: "create pods/exec",
    assessor: { prints: "cde\tb\tRole/r\tGroup\t-\toncall" },
  },
  {
    name: "get alone, as WebSocket clients need",
    status: "fail",
    objects: inCde(holds("pods/exec", "get")),
    says: "get pods/exec",
  },
  ...["pods/attach", "pods/portforward"].map((resource) => ({
    name: resource,
    status: "fail" as const,
    objects: inCde(holds(resource, "create")),
    says: resource,
  })),
  { name: "a proxied pod", status: "fail", objects: inCde(holds("pods/proxy", "patch")), says: "patch pods/proxy" },
  { name: "a proxied service", status: "fail", objects: inCde(holds("services/proxy", "get")) },
  {
    name: "debugging takes patch, not create",
    status: "pass",
    objects: inCde(holds("pods/ephemeralcontainers", "create", "get")),
  },
  { name: "debugging", status: "fail", objects: inCde(holds("pods/ephemeralcontainers", "patch")) },
  {
    name: "the kubelets' API",
    status: "fail",
    objects: wide(holds("nodes/proxy", "get")),
    says: "get nodes/proxy",
    remediates: true,
  },
  { name: "every subresource exec", status: "fail", objects: inCde(holds("*/exec", "create")) },
  {
    name: "one named pod",
    status: "fail",
    objects: inCde({ ...holds("pods/exec", "create"), resourceNames: ["db-0"] }),
    says: "named db-0",
  },
  {
    name: "edit, as Kubernetes installs it",
    status: "fail",
    objects: [...base, roleBinding("b", "cde", "edit", [userSubject("ann")])],
    options: { source: "manifests" },
    object: "User/ann",
  },
  {
    name: "a service account",
    status: "fail",
    objects: [
      ...base,
      clusterRole("r", [holds("pods/exec", "create")]),
      clusterRoleBinding("b", "r", [serviceAccountSubject("ci", "shop")]),
    ],
    object: "ServiceAccount/shop/ci",
  },
  {
    name: "an approval without an end",
    status: "fail",
    objects: inCde(holds("pods/exec", "create")),
    options: {
      registers: {
        approvedAccess: approval().registers.approvedAccess.map(({ expiresAt: _, ...entry }) => entry),
      },
    },
    says: "has no end",
  },
  {
    name: "an approval that is not for break-glass",
    status: "fail",
    objects: inCde(holds("pods/exec", "create")),
    options: approval({ isBreakGlass: false }),
    says: "not for break-glass",
  },
  {
    name: "an approval that has expired",
    status: "fail",
    objects: inCde(holds("pods/exec", "create")),
    options: approval({ expiresAt: "2026-11-20" }),
    says: "expired at 2026-11-20",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { rolebindings: { status: "forbidden" } } },
  },
  {
    name: "a role that is not among the files",
    status: "unknown",
    objects: [...base, clusterRoleBinding("b", "gone", [ops])],
    options: { source: "manifests" },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("shop", { "pci-scope": "out-of-scope" })] },
]);
