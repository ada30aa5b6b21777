import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  roleBinding,
  serviceAccount,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { AccessActivityUser } from "@/lib/inventory/imported-access";
import { rbacUnusedAccess } from "./rbac-unused-access";
import { describeControl } from "./testing";

const origin = { by: "upload" as const, name: "activity.json", collectedAt: "2026-11-21T00:00:00Z" };
const base = [
  cdeNamespace(),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  clusterRole("view", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]),
  clusterRole("secrets", [{ verbs: ["get"], apiGroups: [""], resources: ["secrets", "pods"] }]),
  serviceAccount("web", "cde"),
];
const ann = roleBinding("ann", "cde", "view", [userSubject("ann")]);
const ops = roleBinding("ops", "cde", "view", [groupSubject("ops")]);
const user = (username: string, lastAt = "2026-11-20T08:00:00Z", fields: Partial<AccessActivityUser> = {}) => ({
  username,
  lastAt,
  uses: [{ verb: "get", apiGroup: "", resource: "pods" }],
  ...fields,
});
const events = (users: AccessActivityUser[], fields: object = {}) => ({
  accessActivity: [
    { origin, from: "2026-07-01T00:00:00Z", to: "2026-11-20T23:00:00Z", isComplete: true, users, ...fields },
  ],
});
const directory = (members: string[], disabled: string[] = []) => ({
  identityDirectory: {
    origin,
    isComplete: true,
    users: ["ann", "ben"].map((name) => ({ name, isEnabled: !disabled.includes(name) })),
    groups: [{ name: "ops", members }],
  },
});
const log = (...users: { username: string; at: string }[]) => ({
  "audit.log": users
    .map(({ username, at }) => JSON.stringify({ user: { username }, requestReceivedTimestamp: at }))
    .join("\n"),
});
const approved = (isBreakGlass: boolean) => ({
  approvedAccess: [
    {
      subject: { kind: "User" as const, name: "ann" },
      controls: ["rbac-unused-access"],
      isBreakGlass,
      reason: "emergencies",
      approvedBy: "maria",
      approvedAt: "2026-01-01",
    },
  ],
});

describeControl(rbacUnusedAccess, [
  {
    name: "everybody is active",
    status: "pass",
    objects: [...base, ann],
    options: { facts: events([user("ann")]) },
    object: "User/ann",
    assessor: {
      prints: "ann\t2026-11-20",
      hides: "RoleBinding",
      recorded: log({ username: "ann", at: "2026-11-20T08:00:00Z" }),
    },
  },
  { name: "nobody is bound", status: "pass", objects: base, options: { facts: events([]) } },
  {
    name: "all members of a group are active",
    status: "pass",
    objects: [...base, ops],
    options: { facts: { ...events([user("ann"), user("ben")]), ...directory(["ann", "ben"]) } },
  },
  {
    name: "an inactive member whose account is disabled",
    status: "pass",
    objects: [...base, ops],
    options: { facts: { ...events([user("ann")]), ...directory(["ann", "ben"], ["ben"]) } },
  },
  {
    name: "break-glass is meant to be unused",
    status: "pass",
    objects: [...base, ann],
    options: { facts: events([]), registers: approved(true) },
    says: "break-glass",
  },
  {
    name: "a sensitive right that is used",
    status: "pass",
    objects: [...base, roleBinding("ann", "cde", "secrets", [userSubject("ann")])],
    options: {
      facts: events([user("ann", undefined, { uses: [{ verb: "get", apiGroup: "", resource: "secrets" }] })]),
    },
  },
  {
    name: "an unused sensitive right that is approved",
    status: "pass",
    objects: [...base, roleBinding("ann", "cde", "secrets", [userSubject("ann")])],
    options: { facts: events([user("ann")]), registers: approved(false) },
  },
  {
    name: "default bindings of controllers that don't run",
    status: "pass",
    objects: [
      ...base,
      {
        ...clusterRoleBinding("system:controller:route-controller", "view", [
          serviceAccountSubject("route-controller", "kube-system"),
        ]),
        metadata: {
          name: "system:controller:route-controller",
          labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
        },
      },
    ],
    options: { facts: events([]) },
  },
  {
    name: "a dangling binding out of scope",
    status: "pass",
    objects: [...base, roleBinding("b", "shop", "gone", [userSubject("ann")])],
    options: { facts: events([]) },
  },
  {
    name: "a role that doesn't exist",
    status: "fail",
    objects: [...base, roleBinding("b", "cde", "gone", [userSubject("ann")])],
    options: { facts: events([user("ann")]) },
    object: "RoleBinding/cde/b",
    says: "Whoever creates a role of that name",
    assessor: {
      prints: "RoleBinding\tcde\tb\tClusterRole/gone",
      recorded: log({ username: "ann", at: "2026-11-20T08:00:00Z" }),
    },
  },
  {
    name: "an account that doesn't exist, beside one that does",
    status: "fail",
    objects: [
      ...base,
      roleBinding("b", "cde", "view", [serviceAccountSubject("gone", "cde"), serviceAccountSubject("web", "cde")]),
    ],
    options: { facts: events([]) },
    object: "RoleBinding/cde/b",
    says: "ServiceAccount cde/gone",
  },
  {
    name: "somebody who never appears",
    status: "fail",
    objects: [...base, ann],
    options: { facts: events([]) },
    object: "User/ann",
    says: "does not appear",
  },
  {
    name: "inactive for over 90 days",
    status: "fail",
    objects: [...base, ann],
    options: { facts: events([user("ann", "2026-08-01T00:00:00Z")]) },
    says: "inactive for 112 days",
  },
  {
    name: "an inactive member",
    status: "fail",
    objects: [...base, ops],
    options: { facts: { ...events([user("ann")]), ...directory(["ann", "ben"]) } },
    object: "Group/ops",
    says: "ben",
  },
  {
    name: "a leaver who is still bound",
    status: "fail",
    objects: [...base, ann],
    options: { facts: { ...events([user("ann")]), ...directory([], ["ann"]) } },
    says: "disabled",
  },
  {
    name: "a sensitive right that nobody used",
    status: "fail",
    severity: "low",
    objects: [...base, roleBinding("ann", "cde", "secrets", [userSubject("ann")])],
    options: { facts: events([user("ann")]) },
    says: "read Secrets",
  },
  {
    name: "less than 90 days of events",
    status: "unknown",
    objects: [...base, ann],
    options: { facts: events([user("ann")], { from: "2026-10-01T00:00:00Z" }) },
    says: "complete for 51 days",
  },
  {
    name: "no events: a dangling binding is still decided",
    status: "fail",
    objects: [...base, roleBinding("b", "cde", "gone", [userSubject("ann")])],
    object: "RoleBinding/cde/b",
  },
  {
    name: "the members of a group are not supplied",
    status: "unknown",
    objects: [...base, ops],
    options: { facts: events([user("ann")]) },
    object: "Group/ops",
  },
  {
    name: "manifests: the role is not among the files",
    status: "unknown",
    objects: [...base, roleBinding("b", "cde", "gone", [userSubject("ann")])],
    options: { source: "manifests", facts: events([user("ann")]) },
    object: "RoleBinding/cde/b",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { rolebindings: { status: "forbidden" } }, facts: events([]) },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
