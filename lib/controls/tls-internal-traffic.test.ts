import { cdeNamespace, container, daemonSet, deployment, minimalPod, namespace, object } from "@/lib/fixtures/builders";
import { describeControl } from "./testing";
import { tlsInternalTraffic } from "./tls-internal-traffic";

const app = container();
const sidecar = { name: "istio-proxy", image: "docker.io/istio/proxyv2:1.28.0" };
const pod = (name: string, containers: object[] = [app, sidecar], fields: object = {}) =>
  minimalPod(name, "cde", { metadata: { labels: { app: name } }, spec: { containers, ...fields } });
const peer = (name: string, ns: string, spec: object) =>
  object("security.istio.io/v1", "PeerAuthentication", name, ns, { spec });
const strict = peer("default", "cde", { mtls: { mode: "STRICT" } });
const world = (...objects: unknown[]) => [cdeNamespace(), pod("web"), pod("db"), ...objects];
const rule = (mode: string) =>
  object("networking.istio.io/v1", "DestinationRule", "db", "cde", {
    spec: { host: "db.cde.svc.cluster.local", trafficPolicy: { tls: { mode } } },
  });
const cilium = (...args: string[]) =>
  daemonSet("cilium", "kube-system", {
    containers: [{ name: "cilium-agent", image: "quay.io/cilium/cilium:v1.18.2", args }],
  });
const system = namespace("kube-system", { "pci-scope": "connected-to" });
const root = namespace("istio-system", { "pci-scope": "connected-to" });
const plain = [pod("web", [app]), pod("db", [app])];
const client = (sslmode: string) => pod("api", [{ ...app, env: [{ name: "PGSSLMODE", value: sslmode }] }, sidecar]);
const linkerd = (policy?: string) => [
  namespace("cde", { "pci-scope": "in-scope" }, { metadata: {} }),
  ...["web", "db"].map((name) =>
    minimalPod(name, "cde", {
      metadata: { annotations: policy === undefined ? {} : { "config.linkerd.io/default-inbound-policy": policy } },
      spec: { containers: [app, { name: "linkerd-proxy", image: "cr.l5d.io/linkerd/proxy:edge" }] },
    }),
  ),
];

describeControl(tlsInternalTraffic, [
  {
    name: "STRICT for the namespace, a sidecar in every pod",
    assessor: {
      prints: "cde\tdefault\t{}\tSTRICT",
      hides: "no sidecar",
      recorded: { openssl: "Verify return code: 0 (ok)\n" },
    },
    status: "pass",
    objects: world(strict),
    object: "Namespace/cde",
    says: "Istio",
  },
  {
    name: "STRICT for the mesh",
    status: "pass",
    objects: world(root, peer("default", "istio-system", { mtls: { mode: "STRICT" } })),
  },
  {
    name: "UNSET in the namespace inherits the mesh's STRICT",
    status: "pass",
    objects: world(
      root,
      peer("default", "istio-system", { mtls: { mode: "STRICT" } }),
      peer("p", "cde", { mtls: { mode: "UNSET" } }),
    ),
  },
  {
    name: "ambient enrolment without sidecars",
    status: "pass",
    objects: [cdeNamespace("cde", { "istio.io/dataplane-mode": "ambient" }), ...plain, strict],
  },
  {
    name: "a template in a namespace that injects",
    status: "pass",
    objects: [cdeNamespace("cde", { "istio-injection": "enabled" }), deployment("a"), deployment("b"), strict],
  },
  {
    name: "Cilium with WireGuard",
    status: "pass",
    objects: [cdeNamespace(), ...plain, system, cilium("--enable-wireguard=true")],
    says: "Cilium encrypts",
  },
  { name: "Linkerd that refuses plain text", status: "pass", objects: linkerd("all-authenticated") },
  { name: "a database login with verify-full", status: "pass", objects: world(strict, client("verify-full")) },
  {
    name: "no PeerAuthentication means PERMISSIVE",
    status: "fail",
    objects: world(),
    says: "Istio's default PERMISSIVE",
  },
  {
    name: "PERMISSIVE in the namespace wins over the mesh",
    assessor: { prints: "cde\tp\t{}\tPERMISSIVE", recorded: { openssl: "Verify return code: 0 (ok)\n" } },
    status: "fail",
    objects: world(
      root,
      peer("default", "istio-system", { mtls: { mode: "STRICT" } }),
      peer("p", "cde", { mtls: { mode: "PERMISSIVE" } }),
    ),
  },
  {
    name: "DISABLE for one workload wins over the namespace",
    status: "fail",
    objects: world(strict, peer("db", "cde", { selector: { matchLabels: { app: "db" } }, mtls: { mode: "DISABLE" } })),
    says: "db accepts plain text",
  },
  {
    name: "a port that is set to less",
    status: "fail",
    objects: world(
      strict,
      peer("db", "cde", {
        selector: { matchLabels: { app: "db" } },
        mtls: { mode: "STRICT" },
        portLevelMtls: { "5432": { mode: "PERMISSIVE" } },
      }),
    ),
    says: "port 5432",
  },
  {
    name: "a pod outside the mesh",
    status: "fail",
    objects: world(strict, pod("batch", [app])),
    says: "batch is outside the mesh",
  },
  {
    name: "a pod on the host network is outside the mesh",
    status: "fail",
    objects: world(strict, pod("batch", [app, sidecar], { hostNetwork: true })),
  },
  {
    name: "a client rule that switches TLS off",
    status: "fail",
    objects: world(strict, rule("DISABLE")),
    says: "DestinationRule db",
  },
  { name: "sslmode=disable", status: "fail", objects: world(strict, client("disable")), says: "without demanding TLS" },
  { name: "sslmode=prefer falls back to plain text", status: "fail", objects: world(strict, client("prefer")) },
  {
    name: "WireGuard doesn't heal a database login in the clear",
    status: "fail",
    objects: [cdeNamespace(), ...plain, client("disable"), system, cilium("--enable-wireguard")],
  },
  { name: "Linkerd that lets plain text in", status: "fail", objects: linkerd("all-unauthenticated") },
  { name: "Linkerd without a policy here", status: "unknown", objects: linkerd() },
  { name: "no mesh, nothing declared", status: "unknown", objects: [cdeNamespace(), ...plain], says: "Declare" },
  {
    name: "Cilium without encryption",
    status: "unknown",
    objects: [cdeNamespace(), ...plain, system, cilium("--enable-wireguard=false")],
  },
  {
    name: "PeerAuthentications refused",
    status: "unknown",
    objects: world(),
    options: { sections: { "istio-peerauthentications": { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop")], says: "no scope declared" },
  {
    name: "a CDE of one pod",
    status: "not-applicable",
    objects: [cdeNamespace(), pod("web", [app])],
    says: "one pod or none",
  },
  {
    name: "a switch that a later one takes back",
    status: "unknown",
    objects: [cdeNamespace(), system, ...plain, cilium("--enable-wireguard=true", "--enable-wireguard=false")],
    says: "no encryption by the network plug-in",
  },
  {
    name: "files with one Deployment of three replicas",
    status: "unknown",
    objects: [cdeNamespace(), deployment("web", "cde", { containers: [app] }, { spec: { replicas: 3 } })],
    options: { source: "manifests" },
    says: "no mesh",
  },
  {
    name: "files with one Deployment of one replica",
    status: "not-applicable",
    objects: [cdeNamespace(), deployment("web", "cde", { containers: [app] })],
    options: { source: "manifests" },
  },
  {
    name: "files with a DaemonSet",
    status: "unknown",
    objects: [cdeNamespace(), daemonSet("web", "cde", { containers: [app] })],
    options: { source: "manifests" },
  },
  ...[
    { strict: "2026-01-01T00:00:00Z", permissive: "2025-01-01T00:00:00Z", status: "fail" as const },
    { strict: "2025-01-01T00:00:00Z", permissive: "2026-01-01T00:00:00Z", status: "pass" as const },
    { strict: undefined, permissive: undefined, status: "fail" as const },
  ].map((test) => ({
    name: `two policies for the namespace, the older decides: STRICT ${test.strict}, PERMISSIVE ${test.permissive}`,
    status: test.status,
    objects: world(
      { ...strict, metadata: { ...strict.metadata, name: "a", creationTimestamp: test.strict } },
      {
        ...peer("b", "cde", { mtls: { mode: "PERMISSIVE" } }),
        metadata: { name: "b", namespace: "cde", creationTimestamp: test.permissive },
      },
    ),
  })),
  { name: "no CDE namespace", status: "not-applicable", objects: [namespace("x", { "pci-scope": "out-of-scope" })] },
]);
