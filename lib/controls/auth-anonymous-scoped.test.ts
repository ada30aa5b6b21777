import {
  cdeNamespace,
  clusterRole,
  clusterRoleBinding,
  groupSubject,
  namespace,
  node,
  staticPod,
} from "@/lib/fixtures/builders";
import type { ImportOrigin } from "@/lib/inventory/import-origin";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { authAnonymousScoped } from "./auth-anonymous-scoped";
import { describeControl } from "./testing";

const api = (flags: string[], nodeName = "cp-1") => staticPod("kube-apiserver", ["kube-apiserver", ...flags], nodeName);
const world = (...objects: unknown[]) => [cdeNamespace(), ...objects];
const origin: ImportOrigin = {
  by: "node-collector",
  name: "cp-1:/etc/kubernetes/authn/config.yaml",
  collectedAt: "2026-11-20T00:00:00Z",
};
const file = ["--authentication-config=/etc/kubernetes/authn/config.yaml"];
const config = (anonymous: { enabled: boolean; paths: string[] } | null): ClusterFacts => ({
  authenticationConfigs: [{ origin, instance: "cp-1", issuers: [], anonymous }],
});
const probe = (api: number): ClusterFacts => ({
  anonymousProbes: [
    {
      origin,
      server: "https://10.0.0.1:6443",
      answers: [
        { path: "/healthz", status: 200 },
        { path: "/api", status: api },
      ],
    },
  ],
});
const wide = [
  clusterRole("r", [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }]),
  clusterRoleBinding("b", "r", [groupSubject("system:unauthenticated")]),
];

describeControl(authAnonymousScoped, [
  {
    name: "off",
    assessor: { prints: "/api 401", recorded: { curl: "/api 401\n" } },
    status: "pass",
    objects: world(api(["--anonymous-auth=false"])),
  },
  {
    name: "off, the last of two values counts",
    status: "pass",
    objects: world(api(["--anonymous-auth=true", "--anonymous-auth=false"])),
  },
  { name: "off by another spelling of false", status: "pass", objects: world(api(["--anonymous-auth=F"])) },
  {
    name: "off on both",
    status: "pass",
    objects: world(api(["--anonymous-auth=false"], "a"), api(["--anonymous-auth=false"], "b")),
  },
  {
    name: "limited to health paths by the imported file",
    status: "pass",
    objects: world(api(file)),
    options: { facts: config({ enabled: true, paths: ["/livez", "/readyz", "/healthz"] }) },
    says: "health paths only",
  },
  {
    name: "switched off by the imported file",
    status: "pass",
    objects: world(api(file)),
    options: { facts: config({ enabled: false, paths: [] }) },
  },
  {
    name: "a hidden plane that answers 401",
    status: "pass",
    objects: world(),
    options: { provider: "eks", facts: probe(401) },
  },
  {
    name: "on by default",
    assessor: { prints: "/api 403", recorded: { curl: "/api 403\n" } },
    status: "fail",
    severity: "medium",
    objects: world(api([])),
    says: "the default is true",
  },
  { name: "on by flag", status: "fail", severity: "medium", objects: world(api(["--anonymous-auth=true"])) },
  {
    name: "on, and RBAC gives anonymous users more",
    status: "fail",
    severity: "critical",
    objects: world(api([]), ...wide),
    says: "ClusterRoleBinding b",
  },
  {
    name: "on, and RBAC wasn't read",
    status: "fail",
    severity: "high",
    objects: world(api([])),
    options: { sections: { clusterrolebindings: { status: "forbidden" } } },
  },
  {
    name: "on at one of two",
    status: "fail",
    objects: world(api(["--anonymous-auth=false"], "a"), api([], "b")),
    says: "kube-apiserver-b",
  },
  {
    name: "the file allows another path",
    status: "fail",
    objects: world(api(file)),
    options: { facts: config({ enabled: true, paths: ["/livez", "/api"] }) },
    says: "allowed on /api",
  },
  {
    name: "the file allows every path",
    status: "fail",
    objects: world(api(file)),
    options: { facts: config({ enabled: true, paths: [] }) },
  },
  {
    name: "the file has no anonymous section",
    status: "fail",
    objects: world(api(file)),
    options: { facts: config(null) },
  },
  {
    name: "403 means that anonymous is on",
    status: "fail",
    objects: world(),
    options: { provider: "gke", facts: probe(403) },
    says: "/api 403",
  },
  {
    name: "the probe contradicts the flag",
    status: "fail",
    objects: world(api(["--anonymous-auth=false"])),
    options: { facts: probe(200) },
  },
  { name: "the deciding file isn't imported", status: "unknown", objects: world(api(file)), says: "isn't imported" },
  {
    name: "one of two hidden servers did not answer 401",
    status: "unknown",
    objects: world(),
    options: {
      provider: "eks",
      facts: {
        anonymousProbes: [
          ...(probe(401).anonymousProbes ?? []),
          ...(probe(503).anonymousProbes ?? []).map((found) => ({ ...found, server: "https://other:6443" })),
        ],
      },
    },
    says: "not every API server answered 401",
  },
  { name: "flags not visible, nobody probed", status: "unknown", objects: world(), options: { provider: "aks" } },
  {
    name: "a probe of health paths alone settles nothing",
    status: "unknown",
    objects: world(),
    options: {
      provider: "aks",
      facts: { anonymousProbes: [{ origin, server: "https://x", answers: [{ path: "/healthz", status: 200 }] }] },
    },
  },
  {
    name: "a control-plane node without a visible API server",
    status: "unknown",
    objects: world(api(["--anonymous-auth=false"], "a"), node("b", { "node-role.kubernetes.io/control-plane": "" })),
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), api([])], says: "no scope declared" },
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
