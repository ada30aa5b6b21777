import { cdeNamespace, daemonSet, deployment, ingress, namespace, object, service } from "@/lib/fixtures/builders";
import { netExternalExposure } from "./net-external-exposure";
import { describeControl } from "./testing";

const world = (...objects: unknown[]) => [cdeNamespace(), deployment("app"), ...objects];
const approval = { reason: "customers pay here", approvedBy: "maria", approvedAt: "2026-09-01" };
const entry = (kind: string, name: string, fields: object = {}) => ({
  object: { kind, namespace: "cde", name },
  reach: "internet" as const,
  externalIPs: [],
  ...approval,
  ...fields,
});
const registered = (...publicServices: ReturnType<typeof entry>[]) => ({ registers: { publicServices } });
const loadBalancer = (spec: object = {}, annotations: Record<string, string> = {}, status: object = {}) => ({
  ...service("app", "cde", { type: "LoadBalancer", ...spec }),
  metadata: { name: "app", namespace: "cde", annotations },
  status,
});
const web = ingress("web", "cde", {
  rules: [{ host: "pay.example.com", http: { paths: [{ path: "/", backend: { service: { name: "app" } } }] } }],
});
const elsewhere = namespace("shop", { "pci-scope": "out-of-scope" });
const httpRoute = (namespaceName: string, backend: object) =>
  object("gateway.networking.k8s.io/v1", "HTTPRoute", "pay", namespaceName, {
    spec: { parentRefs: [{ name: "public" }], hostnames: ["pay.example.com"], rules: [{ backendRefs: [backend] }] },
  });
const database = deployment(
  "ledger",
  "cde",
  { containers: [{ name: "db", image: "docker.io/library/postgres:16" }] },
  {
    spec: {
      template: {
        metadata: { labels: { app: "ledger" } },
        spec: { containers: [{ name: "db", image: "docker.io/library/postgres:16" }] },
      },
    },
  },
);

describeControl(netExternalExposure, [
  {
    name: "an Ingress on the register",
    status: "pass",
    objects: world(service(), web),
    options: registered(entry("Ingress", "web")),
    object: "Ingress/cde/web",
    says: "authorised for the internet by maria",
    assessor: { prints: "Ingress cde/web pay.example.com" },
  },
  {
    name: "an internal load balancer",
    status: "pass",
    objects: world(loadBalancer({}, { "service.beta.kubernetes.io/azure-load-balancer-internal": "true" })),
    options: registered(entry("Service", "app", { reach: "internal" })),
  },
  {
    name: "an internal service behind source ranges",
    status: "pass",
    objects: world(loadBalancer({ loadBalancerSourceRanges: ["198.51.100.0/24"] })),
    options: { ...registered(entry("Service", "app", { reach: "internal" })), provider: "gke" },
  },
  {
    name: "externalIPs that the register names",
    status: "pass",
    objects: world(service("app", "cde", { externalIPs: ["203.0.113.7"] })),
    options: registered(entry("Service", "app", { externalIPs: ["203.0.113.7"] })),
  },
  {
    name: "a load balancer that nobody has authorised",
    status: "fail",

    objects: world(loadBalancer()),
    object: "Service/cde/app",
    says: "is not on the register of public services",
    assessor: { prints: "Service cde/app LoadBalancer ranges=ANY" },
  },
  {
    name: "a pending load balancer is one, and opens node ports",
    status: "fail",
    objects: world(loadBalancer()),
    says: "opens node ports on every node as well",
  },
  {
    name: "a NodePort is open on every node",
    status: "fail",
    objects: world(service("app", "cde", { type: "NodePort" })),
    says: "also on those outside the CDE",
  },
  {
    name: "an approval that has ended",
    status: "fail",
    objects: world(service(), web),
    options: registered(entry("Ingress", "web", { expiresAt: "2026-10-01" })),
    says: "ended at 2026-10-01",
  },
  {
    name: "an approval of another namespace",
    status: "fail",
    objects: world(service(), web),
    options: registered({ ...entry("Ingress", "web"), object: { kind: "Ingress", namespace: "x", name: "web" } }),
  },
  {
    name: "authorised, but it leads to what stores account data",
    status: "fail",
    objects: [
      cdeNamespace("cde", { tier: "encrypted-datastore" }),
      deployment("app"),
      service("app", "cde", { type: "NodePort" }),
    ],
    options: registered(entry("Service", "app")),
    says: "its namespace carries tier=encrypted-datastore",
  },
  {
    name: "the inventory of components says what stores account data",
    status: "fail",
    objects: world(service("app", "cde", { type: "NodePort" })),
    options: {
      registers: {
        publicServices: [entry("Service", "app")],
        components: [
          {
            kind: "Deployment",
            namespace: "cde",
            name: "app",
            owner: "x",
            purpose: "token vault",
            storesAccountData: true,
          },
        ],
      },
    },
    says: "token vault",
  },
  {
    name: "an internal service whose load balancer faces the internet",
    status: "fail",
    objects: world(loadBalancer()),
    options: { ...registered(entry("Service", "app", { reach: "internal" })), provider: "gke" },
    says: "faces the internet",
  },
  {
    name: "an internal service with a public address",
    status: "fail",
    objects: world(loadBalancer({}, {}, { loadBalancer: { ingress: [{ ip: "203.0.113.9" }] } })),
    options: registered(entry("Service", "app", { reach: "internal" })),
    says: "203.0.113.9 is public",
  },
  {
    name: "source ranges that let everybody in",
    status: "fail",
    objects: world(loadBalancer({ loadBalancerSourceRanges: ["10.0.0.0/8", "0.0.0.0/0"] })),
    options: { ...registered(entry("Service", "app", { reach: "internal" })), provider: "eks" },
    says: "let everybody in (0.0.0.0/0)",
  },
  {
    name: "two halves are everybody too",
    status: "fail",
    objects: world(loadBalancer({ loadBalancerSourceRanges: ["0.0.0.0/1", "128.0.0.0/1"] })),
    options: { ...registered(entry("Service", "app", { reach: "internal" })), provider: "eks" },
  },
  {
    name: "externalIPs that the register does not name",
    status: "fail",
    objects: world(service("app", "cde", { externalIPs: ["203.0.113.7"] })),
    options: registered(entry("Service", "app")),
    says: "203.0.113.7",
  },
  {
    name: "a hostPort",
    status: "fail",
    objects: [
      cdeNamespace(),
      deployment("app", "cde", {
        containers: [{ name: "app", image: "x", ports: [{ containerPort: 8443, hostPort: 443 }] }],
      }),
    ],
    object: "Deployment/cde/app",
  },
  {
    name: "the host's network in the CDE",
    status: "fail",
    objects: [
      cdeNamespace(),
      daemonSet("agent", "cde", { hostNetwork: true, containers: [{ name: "agent", image: "x" }] }),
    ],
    object: "DaemonSet/cde/agent",
  },
  {
    name: "a route of another namespace into the CDE",
    status: "fail",
    objects: world(elsewhere, service(), httpRoute("shop", { name: "app", namespace: "cde", port: 443 })),
    object: "HTTPRoute/shop/pay",
  },
  {
    name: "an Ingress elsewhere that leads in through an ExternalName Service",
    status: "fail",
    objects: world(
      elsewhere,
      service(),
      object("v1", "Service", "alias", "shop", {
        spec: { type: "ExternalName", externalName: "app.cde.svc.cluster.local" },
      }),
      ingress("web", "shop", { defaultBackend: { service: { name: "alias" } } }),
    ),
    object: "Ingress/shop/web",
    says: "Deployment cde/app",
  },
  {
    name: "a VirtualService behind a gateway",
    status: "fail",
    objects: world(
      service(),
      object("networking.istio.io/v1", "VirtualService", "pay", "cde", {
        spec: {
          hosts: ["pay.example.com"],
          gateways: ["public"],
          http: [{ route: [{ destination: { host: "app" } }] }],
        },
      }),
    ),
    object: "VirtualService/cde/pay",
  },
  {
    name: "an OpenShift Route",
    status: "fail",
    objects: world(
      service(),
      object("route.openshift.io/v1", "Route", "pay", "cde", {
        spec: { host: "pay.example.com", to: { name: "app" } },
      }),
    ),
    object: "Route/cde/pay",
  },
  {
    name: "an internal service, and nobody knows what its load balancer faces",
    status: "unknown",
    objects: world(loadBalancer()),
    options: registered(entry("Service", "app", { reach: "internal" })),
    says: "whether it faces the internet is not known",
  },
  {
    name: "the AWS controller's default differs by version",
    status: "unknown",
    objects: world(loadBalancer({ loadBalancerClass: "service.k8s.aws/nlb" })),
    options: { ...registered(entry("Service", "app", { reach: "internal" })), provider: "eks" },
  },
  {
    name: "it looks like a database and nobody says whose data it holds",
    status: "unknown",
    objects: [cdeNamespace(), database, service("ledger", "cde", { type: "NodePort" })],
    options: registered(entry("Service", "ledger")),
    says: "looks like a data store",
  },
  {
    name: "Ingresses refused",
    status: "unknown",
    objects: world(),
    options: { sections: { ingresses: { status: "forbidden" } } },
  },
  { name: "no scope declared", status: "unknown", objects: [namespace("shop"), service()], says: "no scope declared" },
  { name: "only a ClusterIP Service", status: "not-applicable", objects: world(service()) },
  {
    name: "a VirtualService of the mesh only",
    status: "not-applicable",
    objects: world(
      service(),
      object("networking.istio.io/v1", "VirtualService", "pay", "cde", {
        spec: { hosts: ["app"], http: [{ route: [{ destination: { host: "app" } }] }] },
      }),
    ),
  },
  {
    name: "a connected-to node agent on the host's network",
    status: "not-applicable",
    objects: [
      namespace("tools", { "pci-scope": "connected-to" }),
      daemonSet("agent", "tools", { hostNetwork: true, containers: [{ name: "agent", image: "x" }] }),
    ],
  },
  {
    name: "exposures out of scope",
    status: "not-applicable",
    objects: world(elsewhere, service("web", "shop", { type: "LoadBalancer" })),
  },
]);
