import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  roleBinding,
  serviceAccountSubject,
  userSubject,
} from "@/lib/fixtures/builders";
import type { AccessReview, AccessReviewDecision } from "@/lib/inventory/registers/access-reviews";
import { rbacAccessReview } from "./rbac-access-review";
import { describeControl } from "./testing";

const pods = [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }];
const base = [
  cdeNamespace(),
  namespace("shop", { "pci-scope": "out-of-scope" }),
  clusterRole("view", pods),
  clusterRole("edit", pods),
];
const ann = roleBinding("ann", "cde", "view", [userSubject("ann")]);
const decision = (fields: Partial<AccessReviewDecision> = {}): AccessReviewDecision => ({
  subject: { kind: "User", name: "ann" },
  reviewer: "maria",
  decision: "keep",
  decidedAt: "2026-10-14",
  rights: [{ role: { kind: "ClusterRole", name: "view" }, namespace: "cde" }],
  ...fields,
});
const review = (decisions: AccessReviewDecision[], fields: Partial<AccessReview> = {}): AccessReview => ({
  campaign: "2026-H2",
  covers: "people",
  completedAt: "2026-10-15",
  acknowledgedBy: "cto",
  acknowledgedAt: "2026-10-16",
  decisions,
  ...fields,
});
const reviewed = (...accessReviews: AccessReview[]) => ({ registers: { accessReviews } });
const approvedAt = (at: string, decisions: AccessReviewDecision[]) => ({
  registers: {
    accessReviews: [review(decisions)],
    approvedAccess: [
      {
        subject: { kind: "User" as const, name: "ann" },
        controls: ["rbac-access-review"],
        isBreakGlass: false,
        reason: "new in the team",
        approvedBy: "maria",
        approvedAt: at,
      },
    ],
  },
});
const directory = (members: string[]) => ({
  facts: {
    identityDirectory: {
      origin: { by: "upload" as const, name: "groups.yaml", collectedAt: "2026-11-20T00:00:00Z" },
      isComplete: true,
      users: [],
      groups: [{ name: "ops", members }],
    },
  },
});
const ops = roleBinding("ops", "cde", "view", [groupSubject("ops")]);
const opsKept = decision({ subject: { kind: "Group", name: "ops" } });
const ci = roleBinding("ci", "cde", "view", [serviceAccountSubject("ci", "cde")]);
const accounts = (fields: Partial<AccessReview> = {}) =>
  review([decision({ subject: { kind: "ServiceAccount", name: "ci", namespace: "cde" } })], {
    covers: "system-accounts",
    periodDays: 365,
    ...fields,
  });

describeControl(rbacAccessReview, [
  {
    name: "Kubernetes' own bindings to everybody are nobody's access",
    objects: [
      ...base,
      ann,
      clusterRole("system:public-info-viewer", [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/version"] }]),
      clusterRoleBinding("system:public-info-viewer", "system:public-info-viewer", [
        groupSubject("system:authenticated"),
        groupSubject("system:unauthenticated"),
      ]),
    ],
    options: reviewed(review([decision()])),
    status: "pass",
  },
  {
    name: "more than Kubernetes' own binding to everybody is somebody's decision",
    objects: [...base, ann, clusterRoleBinding("open", "view", [groupSubject("system:unauthenticated")])],
    options: reviewed(review([decision()])),
    status: "fail",
    says: "system:unauthenticated",
  },
  {
    name: "everybody was reviewed",
    status: "pass",
    objects: [...base, ann],
    options: reviewed(review([decision()])),
    object: "User/ann",
    says: "maria decided",
    assessor: { prints: "User\t-\tann\tClusterRole/view\tcde" },
  },
  {
    name: "a group with its members",
    status: "pass",
    objects: [...base, ops],
    options: { ...reviewed(review([opsKept])), ...directory(["ann", "ben"]) },
  },
  {
    name: "service accounts within their period",
    status: "pass",
    objects: [...base, ann, ci],
    options: reviewed(review([decision()]), accounts({ completedAt: "2026-01-15" })),
    object: "ServiceAccount/cde/ci",
  },
  {
    name: "added since with an approval",
    status: "pass",
    objects: [...base, ann],
    options: approvedAt("2026-11-01", []),
    says: "approved by maria at 2026-11-01",
  },
  {
    name: "rights outside the scope need no review",
    status: "pass",
    objects: [...base, ann, roleBinding("b", "shop", "edit", [userSubject("ben")])],
    options: reviewed(review([decision()])),
  },
  {
    name: "no review",
    status: "fail",
    objects: [...base, ann],
    object: "Cluster/cluster",
    says: "no completed access review of people",
    assessor: { prints: "User\t-\tann\tClusterRole/view\tcde" },
  },
  {
    name: "no review and nobody bound",
    status: "fail",
    objects: [...base, clusterRoleBinding("cluster-admin", "cluster-admin", [groupSubject("system:masters")])],
  },
  {
    name: "a review that is not completed yet",
    status: "fail",
    objects: [...base, ann],
    options: reviewed(review([decision()], { completedAt: "2026-12-01" })),
  },
  {
    name: "older than 183 days",
    status: "fail",
    objects: [...base, ann],
    options: reviewed(review([decision()], { completedAt: "2026-05-01" })),
    says: "204 days old",
  },
  {
    name: "not acknowledged",
    status: "fail",
    objects: [...base, ann],
    options: {
      registers: {
        accessReviews: [review([decision()])].map(({ acknowledgedBy: _, ...rest }) => rest),
      },
    },
    says: "not acknowledged",
  },
  {
    name: "a subject that was not reviewed",
    status: "fail",
    objects: [...base, ann],
    options: reviewed(review([])),
    object: "User/ann",
    says: "no decision",
  },
  {
    name: "a changed binding reopens only its subject",
    status: "fail",
    objects: [...base, ann, clusterRoleBinding("more", "edit", [userSubject("ann")])],
    options: reviewed(review([decision()])),
    object: "User/ann",
    says: "ClusterRole edit in the whole cluster",
  },
  {
    name: "an approval from before the review",
    status: "fail",
    objects: [...base, ann],
    options: approvedAt("2026-09-01", []),
  },
  {
    name: "a revocation that was not carried out",
    status: "fail",
    objects: [...base, ann],
    options: reviewed(review([decision({ decision: "revoke" })])),
    says: "still bound",
  },
  {
    name: "somebody who reviewed itself",
    status: "fail",
    objects: [...base, ann],
    options: reviewed(review([decision({ reviewer: "ann" })])),
    says: "reviewed by itself",
  },
  {
    name: "a member who reviewed its group",
    status: "fail",
    objects: [...base, ops],
    options: { ...reviewed(review([opsKept])), ...directory(["maria"]) },
    says: "a group it belongs to",
  },
  {
    name: "service accounts without a period from the risk analysis",
    status: "fail",
    objects: [...base, ci],
    options: {
      registers: { accessReviews: [review([]), ...[accounts()].map(({ periodDays: _, ...rest }) => rest)] },
    },
    says: "targeted risk analysis",
  },
  {
    name: "service accounts that nobody reviewed",
    status: "fail",
    objects: [...base, ci],
    options: reviewed(review([])),
    says: "system accounts",
  },
  {
    name: "the members of a group are not supplied",
    status: "unknown",
    objects: [...base, ops],
    options: reviewed(review([opsKept])),
    object: "Group/ops",
  },
  {
    name: "RBAC refused",
    status: "unknown",
    objects: base,
    options: { sections: { roles: { status: "forbidden" } } },
  },
  { name: "files without any binding", status: "unknown", objects: base, options: { source: "manifests" } },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
