import {
  cdeNamespace,
  clusterRoleBinding,
  groupSubject,
  namespace,
  node,
  object,
  staticPod,
} from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/import-origin";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { authCentralIdp } from "./auth-central-idp";
import { describeControl } from "./testing";

const api = (flags: string[], nodeName = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const oidc = ["--oidc-issuer-url=https://login.example.com", "--oidc-client-id=kubernetes"];
const file = ["--authentication-config=/etc/kubernetes/authn/config.yaml"];
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const origin: ImportOrigin = { by: "store-api", name: "audit index k8s-audit", collectedAt: "2026-11-20T00:00:00Z" };
const signIns = (
  otherwise: { username: string; method: string }[] = [],
  from = "2026-10-20T00:00:00Z",
  throughProvider = 12,
): ClusterFacts => ({ signIns: { origin, from, to: "2026-11-20T00:00:00Z", throughProvider, otherwise } });
const config = (issuers: string[]): ClusterFacts => ({
  authenticationConfigs: [{ origin, instance: "cp-1", issuers, anonymous: null }],
});
const record = (isOn: boolean): ClusterFacts => ({
  authenticationRecord: { origin, service: "AWS IAM access entries", isOn, bypasses: [] },
});
const oauth = (...types: string[]) =>
  object("config.openshift.io/v1", "OAuth", "cluster", undefined, {
    spec: { identityProviders: types.map((type) => ({ name: type.toLowerCase(), type })) },
  });

describeControl(authCentralIdp, [
  {
    name: "audit events don't show how somebody came",
    objects: world(api(oidc)),
    options: {
      facts: {
        signIns: {
          origin,
          from: "2026-10-20T00:00:00Z",
          to: "2026-11-20T00:00:00Z",
          throughProvider: 3,
          otherwise: [],
          undetermined: ["bo"],
        },
      },
    },
    status: "unknown",
    says: "bo",
  },
  {
    name: "OIDC, and 30 days of events show nobody else",
    assessor: { prints: "--oidc-issuer-url=https://login.example.com" },
    status: "pass",
    objects: world(api(oidc)),
    options: { facts: signIns() },
    says: "all 12 people",
  },
  {
    name: "a webhook on each of two API servers",
    status: "pass",
    objects: world(
      api(["--authentication-token-webhook-config-file=/x"], "a"),
      api(["--authentication-token-webhook-config-file=/x"], "b"),
    ),
    options: { facts: signIns() },
  },
  {
    name: "structured authentication whose imported file names an issuer",
    status: "pass",
    objects: world(api(file)),
    options: { facts: { ...signIns(), ...config(["https://login.example.com"]) } },
  },
  {
    name: "the provider's IAM by its record",
    status: "pass",
    objects: world(),
    options: { provider: "eks", facts: { ...signIns(), ...record(true) } },
  },
  {
    name: "OpenShift with an OpenID provider",
    status: "pass",
    objects: world(oauth("OpenID")),
    options: { provider: "openshift", facts: signIns() },
  },
  {
    name: "e-mail as user name is noted",
    status: "pass",
    objects: world(api([...oidc, "--oidc-username-claim=email"])),
    options: { facts: signIns() },
    says: "claim email",
  },
  {
    name: "groups that no binding names are noted",
    status: "pass",
    objects: world(
      api([...oidc, "--oidc-groups-prefix=idp:"]),
      clusterRoleBinding("b", "view", [groupSubject("developers")]),
    ),
    options: { facts: signIns() },
    says: "unused",
  },
  {
    name: "nothing configured",
    assessor: { prints: "not visible or not set" },
    status: "fail",
    objects: world(api(["--client-ca-file=/ca.crt"])),
    says: "no identity provider is configured",
  },
  {
    name: "configured on one of two",
    status: "fail",
    objects: world(api(oidc, "a"), api([], "b")),
    says: "kube-apiserver-b",
  },
  { name: "an empty issuer", status: "fail", objects: world(api(["--oidc-issuer-url="])) },
  {
    name: "an imported file without an issuer",
    status: "fail",
    objects: world(api(file)),
    options: { facts: config([]) },
  },
  {
    name: "people with certificates beside OIDC",
    status: "fail",
    objects: world(api(oidc)),
    options: { facts: signIns([{ username: "ann", method: "client certificate" }]) },
    says: "ann (client certificate)",
  },
  {
    name: "the provider's record says off",
    status: "fail",
    objects: world(),
    options: { provider: "aks", facts: record(false) },
  },
  {
    name: "OpenShift with a password file only",
    status: "fail",
    objects: world(oauth("HTPasswd")),
    options: { provider: "openshift" },
    says: "password file",
  },
  {
    name: "configured, and no audit events",
    status: "unknown",
    objects: world(api(oidc)),
    says: "whether people use it is not known",
  },
  {
    name: "configured, and events of a week",
    status: "unknown",
    objects: world(api(oidc)),
    options: { facts: signIns([], "2026-11-13T00:00:00Z") },
    says: "cover 7 days",
  },
  {
    name: "a file whose content is not known",
    status: "unknown",
    objects: world(api(file)),
    options: { facts: signIns() },
    says: "until the file is imported",
  },
  { name: "EKS without a record", status: "unknown", objects: world(), options: { provider: "eks" } },
  {
    name: "a control-plane node without a visible API server",
    status: "unknown",
    objects: world(api(oidc, "a"), node("b", { "node-role.kubernetes.io/control-plane": "" })),
    options: { facts: signIns() },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api([])], says: "no scope declared" },
  {
    name: "no person signs in",
    status: "not-applicable",
    objects: world(api([])),
    options: { facts: signIns([], undefined, 0) },
    says: "no person signs in",
  },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
