import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  node,
  roleBinding,
  staticPod,
  userSubject,
} from "@/lib/fixtures/builders";
import type { AccessActivityUser, ClaimRule, MfaPolicy } from "@/lib/inventory/imported-access";
import { authMfaEvidence } from "./auth-mfa-evidence";
import { describeControl } from "./testing";

const origin = { by: "upload" as const, name: "policies.yaml", collectedAt: "2026-11-21T00:00:00Z" };
const issuer = "https://login.example.com";
const server = (...flags: string[]) => staticPod("kube-apiserver", ["kube-apiserver", ...flags]);
const configured = server("--authentication-config=/etc/a.yaml");
const world = (api: unknown = configured) => [
  cdeNamespace(),
  node("control-plane-1", { "node-role.kubernetes.io/control-plane": "" }),
  api,
  clusterRole("view", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]),
  clusterRoleBinding("b", "view", [groupSubject("idp:platform"), groupSubject("system:masters")]),
  roleBinding("b", "cde", "view", [userSubject("idp:ann")]),
];
const events = (users: AccessActivityUser[] = [], fields: object = {}) => ({
  accessActivity: [
    { origin, from: "2026-08-01T00:00:00Z", to: "2026-11-20T23:00:00Z", isComplete: true, users, ...fields },
  ],
});
const config = (...claimRules: Omit<ClaimRule, "issuer">[]) => ({
  authenticationConfigs: [
    {
      origin,
      instance: "control-plane-1",
      issuers: [issuer],
      anonymous: null,
      claimRules: claimRules.map((rule) => ({ issuer, ...rule })),
    },
  ],
});
const policy = (fields: Partial<MfaPolicy> = {}) => ({
  mfaPolicies: [
    {
      origin,
      application: "kubernetes",
      covers: { users: ["idp:ann"], groups: ["idp:platform"] },
      requirement: "multi-factor" as const,
      excludes: [],
      ...fields,
    },
  ],
});
const amr = { expression: "'mfa' in claims.amr" };
const recorded = (rules: object[]) => ({
  yq: JSON.stringify({ jwt: [{ issuer: { url: issuer }, claimValidationRules: rules }] }),
});

describeControl(authMfaEvidence, [
  {
    name: "a claim rule on every API server",
    status: "pass",
    objects: world(),
    options: { facts: { ...events(), ...config(amr) } },
    says: "'mfa' in claims.amr",
    assessor: { prints: "claims.amr", recorded: recorded([amr]) },
  },
  {
    name: "acr with a value",
    status: "pass",
    objects: world(),
    options: { facts: { ...events(), ...config({ claim: "acr", requiredValue: "phr" }) } },
  },
  {
    name: "a policy for everybody who is bound",
    status: "pass",
    objects: world(server()),
    options: { facts: { ...events(), ...policy() } },
    says: "User idp:ann",
  },
  {
    name: "only phishing-resistant factors",
    status: "pass",
    objects: world(server()),
    options: { facts: { ...events(), ...policy({ requirement: "phishing-resistant" }) } },
  },
  {
    name: "a person covered through a group",
    status: "pass",
    objects: world(server()),
    options: {
      facts: {
        ...events(),
        ...policy({ covers: { users: [], groups: ["idp:platform"] } }),
        identityDirectory: {
          origin,
          isComplete: true,
          users: [{ name: "idp:ann", isEnabled: true }],
          groups: [{ name: "idp:platform", members: ["idp:ann"] }],
        },
      },
    },
  },
  {
    name: "an approved exclusion",
    status: "pass",
    objects: world(server()),
    options: {
      facts: { ...events(), ...policy({ excludes: [{ kind: "User", name: "idp:emergency", approvedBy: "maria" }] }) },
    },
  },
  {
    name: "an exclusion without approval",
    status: "fail",
    objects: world(server()),
    options: { facts: { ...events(), ...policy({ excludes: [{ kind: "User", name: "idp:boss" }] }) } },
    says: "User idp:boss without approval",
  },
  {
    name: "nothing is demanded",
    status: "fail",
    objects: world(server()),
    options: { facts: { ...events(), ...policy({ requirement: "none" }) } },
    assessor: { prints: '"claimValidationRules":[]', recorded: recorded([]) },
  },
  {
    name: "a file of tokens goes past it",
    status: "fail",
    objects: world(server("--authentication-config=/etc/a.yaml", "--token-auth-file=/t")),
    options: { facts: { ...events(), ...config(amr) } },
    says: "way past the second factor",
  },
  {
    name: "a certificate in a person's hands goes past it",
    status: "fail",
    objects: world(),
    options: {
      facts: {
        ...events([
          {
            username: "kubernetes-admin",
            lastAt: "2026-11-20T08:00:00Z",
            days: ["2026-11-20"],
            credentials: ["X509SHA256"],
          },
        ]),
        ...config(amr),
      },
    },
    says: "kubernetes-admin",
  },
  {
    name: "local accounts go past it",
    status: "fail",
    objects: world(server()),
    options: {
      facts: {
        ...events(),
        ...policy(),
        authenticationRecord: { origin, service: "Entra ID", isOn: true, bypasses: ["local accounts"] },
      },
    },
    says: "local accounts",
  },
  {
    name: "a claim without a value proves nothing",
    status: "unknown",
    objects: world(),
    options: { facts: { ...events(), ...config({ claim: "acr" }) } },
    says: "demands no proof of",
  },
  {
    name: "a rule on another claim",
    status: "unknown",
    objects: world(),
    options: { facts: { ...events(), ...config({ expression: "claims.hd == 'example.com'" }) } },
  },
  {
    name: "another authenticator beside it",
    status: "unknown",
    objects: world(server("--authentication-config=/a", "--authentication-token-webhook-config-file=/w")),
    options: { facts: { ...events(), ...config(amr) } },
    says: "also takes",
  },
  {
    name: "nothing imported",
    status: "unknown",
    objects: world(),
    options: { facts: events() },
    says: "neither claim rules nor a policy",
  },
  {
    name: "a policy that leaves a bound group unmentioned",
    status: "unknown",
    objects: world(server()),
    options: { facts: { ...events(), ...policy({ covers: { users: ["idp:ann"], groups: [] } }) } },
    says: "no imported policy covers Group idp:platform",
  },
  {
    name: "ways past it are not known",
    status: "unknown",
    objects: world(),
    options: { facts: config(amr) },
    says: "no complete audit events",
  },
  {
    name: "a managed control plane without the provider's word",
    status: "unknown",
    objects: world(),
    options: { provider: "gke", facts: { ...events(), ...policy() } },
    says: "files of credentials",
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")] },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
