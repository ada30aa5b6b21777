import { cdeNamespace, namespace, node, staticPod } from "@/lib/fixtures/builders";
import { authNoStaticCredentials } from "./auth-no-static-credentials";
import { describeControl } from "./testing";

const server = (...flags: string[]) => staticPod("kube-apiserver", ["kube-apiserver", ...flags]);
const world = (...objects: unknown[]) => [
  cdeNamespace(),
  node("control-plane-1", { "node-role.kubernetes.io/control-plane": "" }),
  ...objects,
];
const secrets = (tokenExpiresAt: string | null | undefined, collectedAt = "2026-11-21T09:00:00Z") => ({
  facts: {
    secretInventory: {
      origin: { by: "upload" as const, name: "secrets.json", collectedAt },
      secrets:
        tokenExpiresAt === undefined
          ? []
          : [
              {
                namespace: "kube-system",
                name: "bootstrap-token-abcdef",
                type: "bootstrap.kubernetes.io/token",
                createdAt: "2026-11-01T00:00:00Z",
                tokenExpiresAt,
              },
            ],
    },
  },
});
const on = "--enable-bootstrap-token-auth=true";

describeControl(authNoStaticCredentials, [
  {
    name: "no file, bootstrap tokens off",
    status: "pass",
    objects: world(server("--anonymous-auth=false")),
    says: "can't sign in",
    assessor: { prints: "not visible or not set" },
  },
  { name: "no token", status: "pass", objects: world(server(on)), options: secrets(undefined) },
  {
    name: "a token that ends within 24 hours",
    status: "pass",
    objects: world(server(on)),
    options: secrets("2026-11-22T09:00:00Z"),
    says: "gone within 24 hours",
  },
  {
    name: "tokens without effect",
    status: "pass",
    objects: world(server()),
    options: secrets(null),
    says: "have no effect",
  },
  {
    name: "a file of tokens",
    status: "fail",
    severity: "critical",
    objects: world(server("--token-auth-file=/etc/kubernetes/tokens.csv")),
    says: "--token-auth-file names a file",
    assessor: { prints: "--token-auth-file=/etc/kubernetes/tokens.csv" },
  },
  {
    name: "a file of passwords, flag and value apart",
    status: "fail",
    objects: world(server("--basic-auth-file", "/etc/kubernetes/users.csv")),
  },
  {
    name: "on one of two API servers",
    status: "fail",
    objects: [
      ...world(server()),
      node("control-plane-2", { "node-role.kubernetes.io/control-plane": "" }),
      staticPod("kube-apiserver", ["kube-apiserver", "--token-auth-file=/t"], "control-plane-2"),
    ],
    says: "control-plane-2",
  },
  {
    name: "a token without expiration",
    status: "fail",
    objects: world(server(on)),
    options: secrets(null),
    says: "never expires",
  },
  {
    name: "an expired token that is still there",
    status: "fail",
    severity: "medium",
    objects: world(server(on)),
    options: secrets("2026-11-20T00:00:00Z"),
    says: "is still there",
  },
  {
    name: "a token for months",
    status: "fail",
    severity: "medium",
    objects: world(server(on)),
    options: secrets("2027-03-01T00:00:00Z"),
    says: "more days",
  },
  {
    name: "an expiration that is no time",
    status: "fail",
    objects: world(server(on)),
    options: secrets("soon"),
  },
  {
    name: "flags not visible: the tokens are still decided",
    status: "fail",
    objects: world(),
    options: { provider: "eks", ...secrets(null) },
    says: "never expires",
  },
  {
    name: "flags not visible",
    status: "unknown",
    objects: world(),
    options: { provider: "eks", ...secrets(undefined) },
  },
  {
    name: "the list of Secrets is not imported",
    status: "unknown",
    objects: world(server(on)),
    says: "list of Secrets",
  },
  {
    name: "the list of Secrets is old",
    status: "unknown",
    objects: world(server(on)),
    options: secrets(undefined, "2026-11-01T00:00:00Z"),
    says: "again: the last one",
  },
  {
    name: "a hidden API server",
    status: "unknown",
    objects: [...world(server()), node("control-plane-2", { "node-role.kubernetes.io/control-plane": "" })],
    options: secrets(undefined),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
