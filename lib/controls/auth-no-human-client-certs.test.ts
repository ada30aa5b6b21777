import { cdeNamespace, clusterRole, clusterRoleBinding, namespace, object, userSubject } from "@/lib/fixtures/builders";
import type { AccessActivityUser } from "@/lib/inventory/imported-access";
import { authNoHumanClientCerts } from "./auth-no-human-client-certs";
import { describeControl } from "./testing";

const origin = { by: "upload" as const, name: "activity.json", collectedAt: "2026-11-21T00:00:00Z" };
const ann: AccessActivityUser = {
  username: "idp:ann",
  lastAt: "2026-11-20T08:00:00Z",
  days: ["2026-11-20"],
  clients: ["kubectl"],
  credentials: ["JTI"],
};
const admin: AccessActivityUser = {
  ...ann,
  username: "kubernetes-admin",
  credentials: ["X509SHA256"],
  days: ["2026-11-03"],
  lastAt: "2026-11-03T21:30:00Z",
};
const events = (users: AccessActivityUser[] = [ann], fields: object = {}) => ({
  accessActivity: [
    { origin, from: "2026-08-01T00:00:00Z", to: "2026-11-20T23:00:00Z", isComplete: true, users, ...fields },
  ],
});
const directory = (isComplete: boolean) => ({
  identityDirectory: { origin, isComplete, users: [{ name: "idp:ann", isEnabled: true }], groups: [] },
});
const csr = (fields: { spec?: object; status?: object; at?: string } = {}) =>
  object("certificates.k8s.io/v1", "CertificateSigningRequest", "ann", undefined, {
    metadata: { creationTimestamp: fields.at ?? "2026-11-21T11:00:00Z" },
    spec: {
      signerName: "kubernetes.io/kube-apiserver-client",
      username: "ann",
      request: "cGVt",
      usages: ["client auth"],
      ...fields.spec,
    },
    status: { conditions: [{ type: "Approved", status: "True" }], ...fields.status },
  });
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const log = (...users: object[]) => ({
  "audit.log": users
    .map((user) => JSON.stringify({ stage: "ResponseComplete", userAgent: "kubectl/v1.34.0 (linux/amd64)", user }))
    .join("\n"),
});
const credential = (id: string) => ({ "authentication.kubernetes.io/credential-id": [id] });

describeControl(authNoHumanClientCerts, [
  {
    name: "everybody came through the identity provider",
    status: "pass",
    objects: world(),
    options: { facts: events() },
    assessor: { prints: "", recorded: log({ username: "idp:ann", extra: credential("JTI=1") }) },
  },
  {
    name: "two counts make one period",
    status: "pass",
    objects: world(),
    options: {
      facts: {
        accessActivity: [
          ...events([ann], { from: "2026-11-10T00:00:00Z" }).accessActivity,
          ...events([ann], { from: "2026-10-01T00:00:00Z", to: "2026-11-09T23:00:00Z" }).accessActivity,
        ],
      },
    },
  },
  {
    name: "recorded break-glass",
    status: "pass",
    objects: world(),
    options: {
      facts: events([ann, admin]),
      registers: {
        sharedAccountUses: [
          {
            account: "kubernetes-admin",
            person: "ann",
            from: "2026-11-03T21:00:00Z",
            to: "2026-11-03T23:00:00Z",
            reason: "incident",
            approvedBy: "maria",
            approvedAt: "2026-11-03",
          },
        ],
      },
    },
    object: "User/kubernetes-admin",
    says: "each use is recorded",
  },
  {
    name: "an approved pipeline that runs kubectl",
    status: "pass",
    objects: world(),
    options: {
      facts: events([{ ...ann, username: "system:serviceaccount:ci:deployer" }]),
      registers: {
        approvedAccess: [
          {
            subject: { kind: "ServiceAccount", name: "deployer", namespace: "ci" },
            controls: ["auth-no-human-client-certs"],
            isBreakGlass: false,
            reason: "pipeline",
            approvedBy: "maria",
            approvedAt: "2026-01-01",
          },
        ],
      },
    },
  },
  {
    name: "a request of a component, of another signer, a denied one",
    status: "pass",
    objects: world(
      csr({ spec: { username: "system:node:a", signerName: "kubernetes.io/kube-apiserver-client-kubelet" } }),
    ),
    options: { facts: events() },
  },
  {
    name: "a denied request",
    status: "pass",
    objects: world(csr({ status: { conditions: [{ type: "Denied", status: "True" }] } })),
    options: { facts: events() },
  },
  {
    name: "an approved request whose certificate is over",
    status: "pass",
    objects: world(csr({ at: "2026-11-01T00:00:00Z", spec: { expirationSeconds: 3600 } })),
    options: { facts: events() },
  },
  {
    name: "a certificate older than the period",
    status: "pass",
    objects: world(),
    options: { facts: events([ann, { ...admin, lastAt: "2026-08-03T00:00:00Z", days: ["2026-08-03"] }]) },
  },
  {
    name: "a person with a certificate",
    status: "fail",
    severity: "high",
    objects: world(),
    options: { facts: events([ann, admin]) },
    object: "User/kubernetes-admin",
    says: "client certificate",
    assessor: {
      prints: "kubernetes-admin\tkubectl",
      recorded: log({ username: "kubernetes-admin", extra: credential("X509SHA256=1") }),
    },
  },
  {
    name: "a record that covers another day",
    status: "fail",
    objects: world(),
    options: {
      facts: events([{ ...admin, days: ["2026-11-03", "2026-11-10"], lastAt: "2026-11-10T08:00:00Z" }]),
      registers: {
        sharedAccountUses: [
          {
            account: "kubernetes-admin",
            person: "ann",
            from: "2026-11-03",
            to: "2026-11-03",
            reason: "incident",
            approvedBy: "maria",
            approvedAt: "2026-11-03",
          },
        ],
      },
    },
    says: "2026-11-10",
  },
  {
    name: "kubectl with a service account, which is a hint",
    status: "fail",
    severity: "medium",
    objects: world(),
    options: { facts: events([{ ...ann, username: "system:serviceaccount:ci:deployer" }]) },
    object: "ServiceAccount/ci/deployer",
    says: "a hint only",
  },
  {
    name: "an approved request of a person",
    status: "fail",
    severity: "high",
    objects: world(csr()),
    options: { facts: events() },
    object: "CertificateSigningRequest/ann",
    says: "365 days",
  },
  {
    name: "a sign-in sample",
    status: "fail",
    objects: world(),
    options: {
      facts: {
        signIns: {
          origin,
          from: "2026-10-20T00:00:00Z",
          to: "2026-11-20T00:00:00Z",
          throughProvider: 1,
          otherwise: [{ username: "kubernetes-admin", method: "client certificate" }],
        },
      },
    },
    object: "User/kubernetes-admin",
  },
  {
    name: "a bound user that the identity provider doesn't know",
    status: "fail",
    severity: "medium",
    objects: world(
      clusterRole("r", []),
      clusterRoleBinding("b", "r", [userSubject("old-admin"), userSubject("idp:ann")]),
    ),
    options: { facts: { ...events(), ...directory(true) } },
    object: "User/old-admin",
  },
  {
    name: "the list of the identity provider isn't complete",
    status: "pass",
    objects: world(clusterRole("r", []), clusterRoleBinding("b", "r", [userSubject("old-admin")])),
    options: { facts: { ...events(), ...directory(false) } },
  },
  { name: "no events", status: "unknown", objects: world(), says: "no audit events are imported" },
  {
    name: "events that don't say that they are complete",
    status: "unknown",
    objects: world(),
    options: { facts: events([ann], { isComplete: false }) },
  },
  {
    name: "events of 20 days",
    status: "unknown",
    objects: world(),
    options: { facts: events([ann], { from: "2026-11-01T00:00:00Z" }) },
    says: "complete for 20 days",
  },
  {
    name: "events that ended long ago",
    status: "unknown",
    objects: world(),
    options: { facts: events([ann], { to: "2026-11-01T00:00:00Z" }) },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
